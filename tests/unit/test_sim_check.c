/* SPDX-License-Identifier: MIT */
/* The invariants of the simulator: each one reports a breach of its rule, and nothing else. */
#include "sim/check.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

struct heard {
	unsigned count;
	char last[1024];
};

static void
hear(void *ctx, const char *text)
{
	struct heard *h = ctx;

	h->count++;
	snprintf(h->last, sizeof(h->last), "%s", text);
}

/* Observer 0 is n0, observer 1 is n1. */
static struct check *
begun(struct heard *h)
{
	struct check *c;

	*h = (struct heard){0};
	c = check_new(2, hear, h);
	check_life(c, 0, "n0", 0, false);
	check_life(c, 1, "n1", 100, false);
	return c;
}

static struct swim_report
report(const char *name, enum swim_status status, uint64_t incarnation)
{
	struct swim_report r = {.status = status, .incarnation = incarnation};

	r.name_len = (uint16_t)snprintf(r.name, sizeof(r.name), "%s", name);
	snprintf(r.address, sizeof(r.address), "10.0.0.9:7946");
	return r;
}

static void
tell(struct check *c, enum swim_event_type type, const char *name, enum swim_status status,
    uint64_t incarnation)
{
	struct swim_event e = {.type = type, .member = report(name, status, incarnation)};

	check_event(c, 0, &e);
}

#define EXPECT_QUIET(h) ck_assert_msg((h).count == 0, "%s", (h).last)
#define EXPECT_BREACH(h, fragment)                                                                 \
	do {                                                                                       \
		ck_assert_uint_eq((h).count, 1);                                                   \
		ck_assert_msg(strstr((h).last, fragment) != NULL, "%s", (h).last);                 \
		check_free(c);                                                                     \
	} while (0)

START_TEST(a_correct_life_is_no_breach)
{
	struct heard h;
	struct check *c = begun(&h);

	check_foreign(c, "m");
	tell(c, SWIM_EVENT_JOINED, "m", SWIM_ALIVE, 0);
	tell(c, SWIM_EVENT_SUSPECTED, "m", SWIM_SUSPECT, 0);
	tell(c, SWIM_EVENT_RECOVERED, "m", SWIM_ALIVE, 1);
	tell(c, SWIM_EVENT_FAILED, "m", SWIM_DEAD, 1);
	tell(c, SWIM_EVENT_RECOVERED, "m", SWIM_ALIVE, 2);
	tell(c, SWIM_EVENT_LEFT, "m", SWIM_LEFT, 2);
	tell(c, SWIM_EVENT_JOINED, "m", SWIM_ALIVE, 3);
	tell(c, SWIM_EVENT_FAILED, "m", SWIM_DEAD, 3);
	tell(c, SWIM_EVENT_REMOVED, "m", SWIM_DEAD, 3);
	tell(c, SWIM_EVENT_JOINED, "m", SWIM_ALIVE, 0); /* any incarnation is right */
	EXPECT_QUIET(h);
	check_free(c);
}
END_TEST

static const struct {
	enum swim_event_type type;
	enum swim_status status;
	uint64_t incarnation;
	const char *fragment;
} wrong_after_alive_5[] = {
    {SWIM_EVENT_JOINED, SWIM_ALIVE, 6, "it joined already"},
    {SWIM_EVENT_RECOVERED, SWIM_ALIVE, 6, "neither suspect nor dead"},
    {SWIM_EVENT_REMOVED, SWIM_ALIVE, 5, "neither dead nor left"},
    {SWIM_EVENT_SUSPECTED, SWIM_SUSPECT, 4, "from alive@5 back to suspect@4"},
    {SWIM_EVENT_FAILED, SWIM_DEAD, 4, "from alive@5 back to dead@4"},
    {SWIM_EVENT_FAILED, SWIM_ALIVE, 5, "its report says alive"},
    {SWIM_EVENT_UPDATED, SWIM_SUSPECT, 6, "updated changes its status"},
    {SWIM_EVENT_INCARNATION, SWIM_ALIVE, 6, "an incarnation event about another"},
};

START_TEST(each_wrong_event_is_caught)
{
	for (size_t i = 0; i < sizeof(wrong_after_alive_5) / sizeof(wrong_after_alive_5[0]); i++) {
		struct heard h;
		struct check *c = begun(&h);

		tell(c, SWIM_EVENT_JOINED, "m", SWIM_ALIVE, 5);
		EXPECT_QUIET(h);
		tell(c, wrong_after_alive_5[i].type, "m", wrong_after_alive_5[i].status,
		    wrong_after_alive_5[i].incarnation);
		EXPECT_BREACH(h, wrong_after_alive_5[i].fragment);
	}
}
END_TEST

START_TEST(no_event_comes_before_joined)
{
	static const struct {
		enum swim_event_type type;
		enum swim_status status;
	} events[] = {{SWIM_EVENT_SUSPECTED, SWIM_SUSPECT}, {SWIM_EVENT_FAILED, SWIM_DEAD},
	    {SWIM_EVENT_RECOVERED, SWIM_ALIVE}, {SWIM_EVENT_LEFT, SWIM_LEFT},
	    {SWIM_EVENT_REMOVED, SWIM_DEAD}, {SWIM_EVENT_UPDATED, SWIM_ALIVE}};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct heard h;
		struct check *c = begun(&h);

		tell(c, events[i].type, "m", events[i].status, 0);
		EXPECT_BREACH(h, "it never joined");
	}
}
END_TEST

START_TEST(no_member_returns_from_death_without_a_higher_incarnation)
{
	struct heard h;
	struct check *c = begun(&h);

	tell(c, SWIM_EVENT_JOINED, "m", SWIM_ALIVE, 5);
	tell(c, SWIM_EVENT_FAILED, "m", SWIM_DEAD, 5);
	tell(c, SWIM_EVENT_RECOVERED, "m", SWIM_ALIVE, 5);
	EXPECT_BREACH(h, "from dead@5 back to alive@5");
}
END_TEST

START_TEST(after_a_leave_a_new_life_begins_with_joined)
{
	struct heard h;
	struct check *c = begun(&h);
	struct swim_report r = report("m", SWIM_DEAD, 6);

	tell(c, SWIM_EVENT_JOINED, "m", SWIM_ALIVE, 5);
	tell(c, SWIM_EVENT_LEFT, "m", SWIM_LEFT, 5);
	check_report(c, 0, &r); /* an unseen death */
	EXPECT_QUIET(h);
	tell(c, SWIM_EVENT_RECOVERED, "m", SWIM_ALIVE, 7);
	EXPECT_BREACH(h, "neither suspect nor dead");
}
END_TEST

START_TEST(only_the_owner_makes_incarnations)
{
	struct heard h;
	struct check *c = begun(&h);

	tell(c, SWIM_EVENT_JOINED, "n1", SWIM_ALIVE, 100);
	EXPECT_QUIET(h);
	tell(c, SWIM_EVENT_SUSPECTED, "n1", SWIM_SUSPECT, 101);
	EXPECT_BREACH(h, "which its owner never had");
}
END_TEST

START_TEST(own_incarnations_strictly_rise)
{
	struct heard h;
	struct check *c = begun(&h);

	tell(c, SWIM_EVENT_INCARNATION, "n0", SWIM_ALIVE, 3);
	EXPECT_QUIET(h);
	tell(c, SWIM_EVENT_INCARNATION, "n0", SWIM_ALIVE, 3);
	EXPECT_BREACH(h, "own incarnation does not rise: from 3 to 3");
}
END_TEST

START_TEST(own_incarnations_rise_across_restarts_that_keep_the_state)
{
	struct heard h;
	struct check *c = begun(&h);

	check_life(c, 1, "n1", 5, false); /* its state was lost */
	EXPECT_QUIET(h);
	check_life(c, 1, "n1", 100, true);
	EXPECT_BREACH(h, "starts at incarnation 100 with its state kept, but was at 100");
}
END_TEST

START_TEST(no_member_holds_itself_dead)
{
	static const enum swim_status wrong[] = {SWIM_SUSPECT, SWIM_DEAD, SWIM_LEFT};

	for (size_t i = 0; i < 3; i++) {
		struct heard h;
		struct check *c = begun(&h);
		struct swim_report self = report("n0", wrong[i], 0);

		self.local = true;
		check_own(c, 0, &self, false);
		EXPECT_BREACH(h, "holds itself");
	}
}
END_TEST

START_TEST(reports_agree_with_events)
{
	struct heard h;
	struct check *c = begun(&h);
	struct swim_report r = report("m", SWIM_SUSPECT, 5);

	tell(c, SWIM_EVENT_JOINED, "m", SWIM_ALIVE, 5);
	check_report(c, 0, &r);
	EXPECT_BREACH(h, "reported as suspect, but the last event left it alive");
	c = begun(&h);
	r = report("ghost", SWIM_ALIVE, 5);
	check_report(c, 0, &r);
	EXPECT_BREACH(h, "no event told of it");
}
END_TEST

START_TEST(datagrams_are_bounded)
{
	struct heard h;
	struct check *c = begun(&h);

	check_datagram(c, 0, 1400, 1400);
	EXPECT_QUIET(h);
	check_datagram(c, 0, 1401, 1400);
	EXPECT_BREACH(h, "a datagram of 1401 bytes");
}
END_TEST

START_TEST(observers_own_themselves_unless_others_speak_for_them)
{
	struct heard h;
	struct check *c = begun(&h);

	ck_assert(check_is_owned(c, "n1", 2));
	ck_assert(!check_is_owned(c, "n", 1));
	ck_assert(!check_is_owned(c, "ghost", 5));
	check_foreign(c, "n1");
	ck_assert(!check_is_owned(c, "n1", 2));
	ck_assert(check_is_owned(c, "n0", 2));
	check_foreign(c, "*");
	ck_assert(!check_is_owned(c, "n0", 2));
	EXPECT_QUIET(h);
	check_free(c);
}
END_TEST

UNIT_MAIN("sim_check", a_correct_life_is_no_breach, each_wrong_event_is_caught,
    no_event_comes_before_joined, no_member_returns_from_death_without_a_higher_incarnation,
    after_a_leave_a_new_life_begins_with_joined, only_the_owner_makes_incarnations,
    own_incarnations_strictly_rise, own_incarnations_rise_across_restarts_that_keep_the_state,
    no_member_holds_itself_dead, reports_agree_with_events, datagrams_are_bounded,
    observers_own_themselves_unless_others_speak_for_them)
