/* SPDX-License-Identifier: MIT */
/* Hints: which of them are asked, when, and what is reported of the others. */
#include "discovery/source.h"
#include "support/discovery.h"

static void
source_start(struct discovery_source *source, struct discovery *hub)
{
	(void)source, (void)hub;
}

static void
source_stop(struct discovery_source *source)
{
	(void)source;
}

static const struct discovery_source_ops ops = {
    .name = "found",
    .start = source_start,
    .stop = source_stop,
};

struct hints {
	struct fixture f;
	struct discovery_source source;
};

static void
begin(struct hints *h, swim_duration retry_first)
{
	start(&h->f, retry_first);
	h->source = (struct discovery_source){.ops = &ops};
	discovery_add_source(h->f.hub, &h->source);
}

static enum swim_error
hint(struct hints *h, uint64_t id, const char *address, const char *name)
{
	const struct discovery_hint hint = {
	    .address = addr(address),
	    .interface = "eth0",
	    .service = name,
	    .name = name,
	    .state = DISCOVERY_PENDING,
	    .reason = "",
	};

	return discovery_hint(h->f.hub, loop_now(), &h->source, id, &hint);
}

START_TEST(a_hint_is_asked_and_joined)
{
	struct hints h;

	begin(&h, swim_ms(1));
	ck_assert_int_eq(hint(&h, 7, "10.0.0.1:1", "db1"), SWIM_OK);
	ck_assert_str_eq(peer(&h.f, "10.0.0.1:1").source, "found");
	ck_assert_str_eq(peer(&h.f, "10.0.0.1:1").interface, "eth0");
	ck_assert_str_eq(peer(&h.f, "10.0.0.1:1").member, "db1");
	LOOP_UNTIL(h.f.base, h.f.asked_count == 1);
	answer(&h.f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&h.f, "10.0.0.1:1"), DISCOVERY_JOINED);
	/* A hint that is offered again keeps its state. */
	ck_assert_int_eq(hint(&h, 7, "10.0.0.1:1", "db1"), SWIM_OK);
	ck_assert_int_eq(state(&h.f, "10.0.0.1:1"), DISCOVERY_JOINED);
	ck_assert_uint_eq(discovery_count(h.f.hub), 1);
	discovery_hint_withdraw(h.f.hub, &h.source, 7);
	discovery_hint_withdraw(h.f.hub, &h.source, 7);
	ck_assert_uint_eq(discovery_count(h.f.hub), 0);
	end(&h.f);
}
END_TEST

START_TEST(a_hint_that_is_a_member_is_not_asked)
{
	struct hints h;

	begin(&h, swim_ms(1));
	strcpy(h.f.members, "db1 ");
	ck_assert_int_eq(hint(&h, 1, "10.0.0.1:1", "db1"), SWIM_OK);
	LOOP_UNTIL(h.f.base, state(&h.f, "10.0.0.1:1") == DISCOVERY_MEMBER);
	ck_assert_uint_eq(h.f.asked_count, 0);
	/* When the hint is no member any more, it is asked. */
	h.f.members[0] = '\0';
	LOOP_UNTIL(h.f.base, h.f.asked_count == 1);
	silence(&h.f, "10.0.0.1:1");
	/* A hint that becomes a member in another way gets the state. */
	strcpy(h.f.members, "db1 ");
	LOOP_UNTIL(h.f.base, state(&h.f, "10.0.0.1:1") == DISCOVERY_MEMBER);
	end(&h.f);
}
END_TEST

START_TEST(one_address_of_a_member_is_asked_at_a_time)
{
	struct hints h;

	begin(&h, swim_ms(20));
	ck_assert_int_eq(hint(&h, 1, "10.0.0.1:1", "db1"), SWIM_OK);
	ck_assert_int_eq(hint(&h, 2, "[2001:db8::1]:1", "db1"), SWIM_OK);
	LOOP_UNTIL(h.f.base, h.f.asked_count == 1);
	ck_assert_int_eq(state(&h.f, "10.0.0.1:1"), DISCOVERY_CONTACTING);
	ck_assert_int_eq(state(&h.f, "[2001:db8::1]:1"), DISCOVERY_PENDING);
	ck_assert_str_eq(peer(&h.f, "[2001:db8::1]:1").reason,
	    "another address of it is being asked");
	/* The other address has its turn when the first is silent. */
	silence(&h.f, "10.0.0.1:1");
	LOOP_UNTIL(h.f.base, h.f.asked_count == 2);
	if (!was_asked(&h.f, 1, "[2001:db8::1]:1")) {
		silence(&h.f, "10.0.0.1:1");
		LOOP_UNTIL(h.f.base, h.f.asked_count == 3);
	}
	ck_assert(was_asked(&h.f, h.f.asked_count - 1, "[2001:db8::1]:1"));
	answer(&h.f, "[2001:db8::1]:1", "db1", false);
	strcpy(h.f.members, "db1 ");
	LOOP_UNTIL(h.f.base, state(&h.f, "10.0.0.1:1") == DISCOVERY_MEMBER);
	ck_assert_int_eq(state(&h.f, "[2001:db8::1]:1"), DISCOVERY_JOINED);
	end(&h.f);
}
END_TEST

START_TEST(a_peer_that_answered_is_not_asked_at_another_address)
{
	struct hints h;

	begin(&h, swim_ms(20));
	ck_assert_int_eq(hint(&h, 1, "10.0.0.1:1", "db1"), SWIM_OK);
	LOOP_UNTIL(h.f.base, h.f.asked_count == 1);
	answer(&h.f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(hint(&h, 2, "[2001:db8::1]:1", "db1"), SWIM_OK);
	LOOP_UNTIL(h.f.base, *peer(&h.f, "[2001:db8::1]:1").reason != '\0' || h.f.asked_count > 1);
	ck_assert_uint_eq(h.f.asked_count, 1);
	strcpy(h.f.members, "db1 ");
	LOOP_UNTIL(h.f.base, state(&h.f, "[2001:db8::1]:1") == DISCOVERY_MEMBER);
	ck_assert_uint_eq(h.f.asked_count, 1);
	/* A hint that was answered under another name is no twin of a hint with the claimed name. */
	strcpy(h.f.members, "db2 db3 ");
	ck_assert_int_eq(hint(&h, 3, "10.0.0.4:1", "db4"), SWIM_OK);
	LOOP_UNTIL(h.f.base, was_asked(&h.f, h.f.asked_count - 1, "10.0.0.4:1"));
	answer(&h.f, "10.0.0.4:1", "db3", false);
	ck_assert_int_eq(hint(&h, 5, "10.0.0.5:1", "db4"), SWIM_OK);
	LOOP_UNTIL(h.f.base, was_asked(&h.f, h.f.asked_count - 1, "10.0.0.5:1"));
	end(&h.f);
}
END_TEST

START_TEST(a_hint_that_must_not_be_joined_is_only_shown)
{
	static const enum discovery_state states[] = {DISCOVERY_OTHER_CLUSTER, DISCOVERY_SELF,
	    DISCOVERY_NAMESAKE, DISCOVERY_MALFORMED, DISCOVERY_UNRESOLVED};
	struct discovery_hint refused = {
	    .address = addr("10.0.0.1:1"),
	    .interface = "",
	    .service = "s",
	    .name = "db1",
	    .reason = "because",
	};
	struct hints h;

	begin(&h, swim_ms(1));
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		refused.state = states[i];
		ck_assert_int_eq(discovery_hint(h.f.hub, loop_now(), &h.source, 1, &refused),
		    SWIM_OK);
		LOOP_ONCE(h.f.base);
		ck_assert_int_eq(state(&h.f, "10.0.0.1:1"), states[i]);
		ck_assert_str_eq(peer(&h.f, "10.0.0.1:1").reason, "because");
	}
	ck_assert_uint_eq(h.f.asked_count, 0);
	/* Now the source says that the hint may be joined. */
	ck_assert_int_eq(hint(&h, 1, "10.0.0.1:1", "db1"), SWIM_OK);
	LOOP_UNTIL(h.f.base, h.f.asked_count == 1);
	/* The source takes this back while the hint is being asked: the answer is ignored. */
	ck_assert_int_eq(discovery_hint(h.f.hub, loop_now(), &h.source, 1, &refused), SWIM_OK);
	answer(&h.f, "10.0.0.1:1", "db1", false);
	ck_assert_int_eq(state(&h.f, "10.0.0.1:1"), DISCOVERY_UNRESOLVED);
	end(&h.f);
}
END_TEST

START_TEST(hints_are_asked_at_a_bounded_rate_and_new_hints_first)
{
	char text[SWIM_ADDR_TEXT];
	struct hints h;
	swim_time begun;

	begin(&h, swim_ms(1));
	for (unsigned i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "10.0.0.%u:1", i + 1);
		ck_assert_int_eq(hint(&h, i, text, text), SWIM_OK);
	}
	begun = loop_now();
	LOOP_UNTIL(h.f.base, h.f.asked_count == 10);
	ck_assert_int_eq(state(&h.f, "10.0.0.40:1"), DISCOVERY_RATE_LIMITED);
	/*
	 * The hints that were asked are silent and soon due again, but hints that were never asked come
	 * first.
	 */
	for (unsigned i = 0; i < 40; i++) {
		LOOP_UNTIL(h.f.base, h.f.asked_count > i);
		silence(&h.f, swim_addr_format(&h.f.asked[i], text));
	}
	for (unsigned i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "10.0.0.%u:1", i + 1);
		ck_assert_uint_eq(peer(&h.f, text).attempts, 1);
	}
	/* After the first ten hints, ten hints are asked a second. */
	ck_assert_int_ge(swim_duration_ms(swim_time_since(loop_now(), begun)), 2900);
	end(&h.f);
}
END_TEST

START_TEST(a_seed_does_not_wait_for_hints)
{
	char text[SWIM_ADDR_TEXT];
	struct hints h;
	bool asked = false;

	begin(&h, swim_ms(1));
	for (unsigned i = 0; i < DISCOVERY_HINTS_MAX; i++) {
		snprintf(text, sizeof(text), "10.1.%u.%u:1", i / 256, i % 256);
		ck_assert_int_eq(hint(&h, i, text, text), SWIM_OK);
	}
	/* There is no room for more hints, but there is room for a seed. */
	ck_assert_int_eq(hint(&h, DISCOVERY_HINTS_MAX, "10.9.9.9:1", "one too many"),
	    SWIM_ERROR_RESOLUTION_FAILED);
	ck_assert_uint_eq(discovery_count(h.f.hub), DISCOVERY_HINTS_MAX);
	ck_assert_int_eq(set_seeds(&h.f, "10.0.0.1:1", NULL, NULL), SWIM_OK);
	while (!asked) {
		LOOP_ONCE(h.f.base);
		for (size_t i = 0; i < h.f.asked_count; i++)
			asked |= was_asked(&h.f, i, "10.0.0.1:1");
	}
	ck_assert_uint_lt(h.f.asked_count, 100);
	discovery_hint_withdraw_all(h.f.hub, &h.source);
	ck_assert_uint_eq(discovery_count(h.f.hub), 1);
	end(&h.f);
}
END_TEST

START_TEST(a_hint_with_a_new_address_is_asked_again)
{
	struct hints h;

	begin(&h, swim_seconds(100));
	ck_assert_int_eq(hint(&h, 1, "10.0.0.1:1", "db1"), SWIM_OK);
	LOOP_UNTIL(h.f.base, h.f.asked_count == 1);
	silence(&h.f, "10.0.0.1:1");
	ck_assert_int_eq(state(&h.f, "10.0.0.1:1"), DISCOVERY_SILENT);
	ck_assert_int_eq(hint(&h, 1, "10.0.0.2:1", "db1"), SWIM_OK);
	LOOP_UNTIL(h.f.base, h.f.asked_count == 2);
	ck_assert(was_asked(&h.f, 1, "10.0.0.2:1"));
	ck_assert_uint_eq(peer(&h.f, "10.0.0.2:1").attempts, 1);
	/* The answer is our own: the address is translated on the way. */
	answer(&h.f, "10.0.0.2:1", "me", true);
	ck_assert_int_eq(state(&h.f, "10.0.0.2:1"), DISCOVERY_SELF);
	end(&h.f);
}
END_TEST

UNIT_MAIN("hint", a_hint_is_asked_and_joined, a_hint_that_is_a_member_is_not_asked,
    one_address_of_a_member_is_asked_at_a_time,
    a_peer_that_answered_is_not_asked_at_another_address,
    a_hint_that_must_not_be_joined_is_only_shown,
    hints_are_asked_at_a_bounded_rate_and_new_hints_first, a_seed_does_not_wait_for_hints,
    a_hint_with_a_new_address_is_asked_again)
