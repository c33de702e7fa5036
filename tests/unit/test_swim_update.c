/* SPDX-License-Identifier: MIT */
/* What an update does to what is held: the order of (incarnation, status), refutation, bounds, trust. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

START_TEST(higher_incarnations_win_and_then_the_worse_status)
{
	static const enum swim_status all[] = {SWIM_ALIVE, SWIM_SUSPECT, SWIM_DEAD, SWIM_LEFT};

	for (size_t held = 0; held < 4; held++) {
		for (size_t said = 0; said < 4; said++) {
			for (uint64_t incarnation = 4; incarnation <= 6; incarnation++) {
				struct fixture *f = fixture_started();
				bool wins = incarnation > 5 || (incarnation == 5 && said > held);
				struct swim_report r;

				fixture_member(f, 1);
				fixture_gossip(f, 1, 2, SWIM_ALIVE, 5);
				if (all[held] != SWIM_ALIVE)
					fixture_gossip(f, 1, 2, all[held], 5);
				ck_assert_int_eq(fixture_report(f, "p2").status, all[held]);
				fixture_gossip(f, 1, 2, all[said], incarnation);
				r = fixture_report(f, "p2");
				ck_assert_int_eq(r.status, wins ? all[said] : all[held]);
				ck_assert_uint_eq(r.incarnation, wins ? incarnation : 5);
				fixture_free(f);
			}
		}
	}
}
END_TEST

START_TEST(a_life_is_told_once_and_in_order)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 1);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 2);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 2);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 3);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_JOINED, "p2"), 2); /* anew after it left */
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_SUSPECTED, "p2"), 1);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, "p2"), 1);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_RECOVERED, "p2"), 2);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, "p2"), 1);
	ck_assert_uint_eq(f->event_count, 8); /* and p1 joined */
	ck_assert_str_eq(f->events[1].by, "p1");
	fixture_free(f);
}
END_TEST

START_TEST(the_death_of_a_life_after_a_leave_is_no_failure)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 0);
	fixture_clear(f);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 1);
	ck_assert_uint_eq(f->event_count, 0);
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 2);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_JOINED, "p2"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(whoever_is_first_heard_of_as_dead_is_no_event)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_clear(f);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 3);
	ck_assert_uint_eq(f->event_count, 0);
	/* But it is remembered: an older life does not begin after it. */
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 3);
	ck_assert_uint_eq(f->event_count, 0);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 4);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_JOINED, "p2"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(slander_is_refuted_by_a_higher_incarnation)
{
	static const enum swim_status slanders[] = {SWIM_SUSPECT, SWIM_DEAD, SWIM_LEFT};

	for (size_t i = 0; i < 3; i++) {
		struct fixture *f = fixture_started();
		uint64_t incarnation = 0;

		fixture_proven(f, 1);
		fixture_clear(f);
		fixture_gossip(f, 1, 0, slanders[i], 7);
		ck_assert_uint_eq(swim_incarnation(f->swim), 8);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_INCARNATION, "self"), 1);
		ck_assert_int_eq(fixture_report(f, "self").status, SWIM_ALIVE);
		/* What is below ours is refuted already. */
		fixture_gossip(f, 1, 0, slanders[i], 7);
		ck_assert_uint_eq(swim_incarnation(f->swim), 8);
		fixture_clear(f);
		fixture_run(f, swim_ms(500));
		ck_assert(
		    fixture_has(fixture_sent(f, WIRE_GOSSIP, 1), "self", SWIM_ALIVE, &incarnation));
		ck_assert_uint_eq(incarnation, 8);
		fixture_free(f);
	}
}
END_TEST

START_TEST(own_incarnations_of_an_earlier_life_are_risen_above)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_gossip(f, 1, 0, SWIM_ALIVE, 0);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	fixture_gossip(f, 1, 0, SWIM_ALIVE, 41);
	ck_assert_uint_eq(swim_incarnation(f->swim), 42);
	fixture_free(f);
}
END_TEST

START_TEST(incarnations_saturate)
{
	struct fixture *f = fixture_new();

	f->config.incarnation = UINT64_MAX - 1;
	ck_assert(fixture_start(f));
	fixture_member(f, 1);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, UINT64_MAX - 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), UINT64_MAX);
	fixture_gossip(f, 1, 0, SWIM_DEAD, UINT64_MAX);
	ck_assert_uint_eq(swim_incarnation(f->swim), UINT64_MAX);
	ck_assert_int_eq(fixture_report(f, "self").status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_INCARNATION, NULL), 1);
	fixture_free(f);
}
END_TEST

START_TEST(jumps_are_bounded_against_what_is_known)
{
	struct fixture *f = fixture_new();

	f->config.max_jump = 10;
	ck_assert(fixture_start(f));
	fixture_member(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, UINT64_C(1) << 50); /* nothing to compare with */
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, UINT64_C(1) << 50);
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, (UINT64_C(1) << 50) + 11);
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, UINT64_C(1) << 50);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_JUMP], 1);
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, (UINT64_C(1) << 50) + 10);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 11);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 10);
	ck_assert_uint_eq(swim_incarnation(f->swim), 11);
	fixture_free(f);
}
END_TEST

START_TEST(one_name_at_two_addresses_stays_with_the_first)
{
	struct fixture *f = fixture_started();
	struct wire_update other;

	fixture_member(f, 1);
	fixture_member(f, 2);
	other = fixture_update(f, 2, SWIM_ALIVE, 0);
	other.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping_with(f, 1, 1, &other);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.1.2:7946");
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_CONFLICT], 1);
	/* A higher incarnation comes from the owner itself, who has moved. */
	other.incarnation = 1;
	fixture_ping_with(f, 1, 2, &other);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.9.9:7946");
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_UPDATED, "p2"), 1);
	fixture_free(f);
}
END_TEST

/* p1 says that p2 lives there, with a tag of this value, of one letter (NULL: p1 does not know p2's tags). */
static void
tell_of_tags(struct fixture *f, const char *address, uint64_t incarnation, const char *value)
{
	struct wire_update u = fixture_update(f, 2, SWIM_ALIVE, incarnation);
	char tags[] = {1, 'k', 0, 1, value != NULL ? value[0] : 0};

	u.member.address = wire_str_of(address);
	if (value != NULL)
		u.tags = (struct wire_str){tags, sizeof(tags)};
	else
		u.flags = WIRE_FLAG_PARTIAL;
	fixture_ping_with(f, 1, 1, &u);
}

START_TEST(tags_of_before_a_move_are_not_those_of_after_it)
{
	struct fixture *f = fixture_started();
	uint64_t digest;

	/* p2 moved and rose.  p1 knows it by an ack, which names the new address and not the incarnation. */
	fixture_member(f, 1);
	tell_of_tags(f, "10.0.9.9:7946", 0, NULL);
	digest = fixture_stats(f).digest;
	tell_of_tags(f, "10.0.1.2:7946", 0, "o");
	ck_assert_uint_eq(fixture_report(f, "p2").tags_len, 0);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.9.9:7946");
	ck_assert_uint_eq(fixture_stats(f).digest, digest);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_CONFLICT], 1);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_UPDATED, "p2"), 0);
	/* What p2 says of itself since it moved counts. */
	tell_of_tags(f, "10.0.9.9:7946", 1, "n");
	ck_assert_uint_eq(fixture_report(f, "p2").tags_len, 5);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_UPDATED, "p2"), 1);
	fixture_free(f);
}
END_TEST

/* Who has not moved at all can say so as soon as anybody believes it. */
START_TEST(that_a_member_moved_is_told_where_it_answered_before)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_member(f, 3);
	fixture_proven(f, 2);
	for (unsigned peer = 1; peer <= 2; peer++) {
		struct wire_update moved = fixture_update(f, peer, SWIM_ALIVE, 1);
		const struct fixture_out *told;
		uint64_t incarnation = 0;

		moved.member.address = wire_str_of("10.0.9.9:7946");
		fixture_clear(f);
		fixture_ping_with(f, 3, 1, &moved);
		/* Nobody may have lived there ever: then it is for nobody. */
		if (peer == 1) {
			ck_assert_ptr_null(fixture_sent(f, WIRE_GOSSIP, peer));
			continue;
		}
		told = fixture_expect(f, WIRE_GOSSIP, peer);
		ck_assert(fixture_has(told, "p2", SWIM_ALIVE, &incarnation));
		ck_assert_uint_eq(incarnation, 1);
		ck_assert_uint_eq(told->message.updates.count, 1);
	}
	fixture_free(f);
}
END_TEST

/* p2 is held dead at 1; this one says that it died later, elsewhere. */
static void
died_elsewhere(struct fixture *f, unsigned teller, bool ours)
{
	struct wire_update u = fixture_update(f, 2, SWIM_DEAD, 2);

	u.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping(f, teller, 7,
	    (struct fixture_says){.ours = ours,
		.sender = teller,
		.digest = fixture_stats(f).digest,
		.updates = &u,
		.count = 1});
}

/* A stranger tells the death of a member that lives, at a higher incarnation and with another address. */
START_TEST(a_death_that_is_doubted_moves_nobody)
{
	const enum swim_status ends[] = {SWIM_DEAD, SWIM_LEFT};

	for (unsigned k = 0; k < 2; k++) {
		struct fixture *f = fixture_among_proven(2);
		struct wire_update u = fixture_update(f, 1, ends[k], 1);
		struct swim_report r;

		u.member.address = wire_str_of("10.0.1.50:7946");
		fixture_ping_with(f, 77, 5000, &u);
		r = fixture_report(f, "p1");
		ck_assert_str_eq(r.address, "10.0.1.1:7946");
		ck_assert_int_eq(r.status, SWIM_ALIVE);
		fixture_free(f);
	}
}
END_TEST

START_TEST(the_dead_are_held_where_they_lived_last)
{
	static const struct {
		unsigned teller;
		bool ours;
		uint64_t incarnation;
		const char *address;
	} cases[] = {
	    {1, true, 2, "10.0.9.9:7946"},
	    /* A base peer may have kept an address of before; a stranger says what he likes. */
	    {1, false, 1, "10.0.1.2:7946"},
	    {3, true, 1, "10.0.1.2:7946"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *f = fixture_started();
		struct swim_report r;

		fixture_member(f, 1);
		fixture_gossip(f, 1, 2, SWIM_ALIVE, 1);
		fixture_gossip(f, 1, 2, SWIM_DEAD, 1);
		died_elsewhere(f, cases[i].teller, cases[i].ours);
		r = fixture_report(f, "p2");
		ck_assert_int_eq(r.status, SWIM_DEAD);
		ck_assert_uint_eq(r.incarnation, cases[i].incarnation);
		ck_assert_str_eq(r.address, cases[i].address);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_UPDATED, "p2"), 0);
		fixture_free(f);
	}
}
END_TEST

/* Loopback is another place on each machine; only who is bound to it itself has peers there. */
START_TEST(loopback_is_refused_of_others_unless_we_are_bound_to_it)
{
	static const char *const addresses[] = {"127.0.0.1:7946", "127.8.9.10:1", "[::1]:7946",
	    "[::ffff:127.0.0.1]:7946"};
	const size_t count = sizeof(addresses) / sizeof(addresses[0]);

	for (int loopback = 0; loopback < 2; loopback++) {
		struct fixture *f = fixture_new();
		struct wire_update u;

		f->config.loopback = loopback != 0;
		ck_assert(fixture_start(f));
		fixture_member(f, 1);
		fixture_clear(f);
		for (unsigned i = 0; i < count; i++) {
			u = fixture_update(f, 2 + i, SWIM_ALIVE, 0);
			u.member.address = wire_str_of(addresses[i]);
			fixture_ping_with(f, 1, i, &u);
		}
		ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_BAD_ADDRESS],
		    loopback ? 0 : count);
		ck_assert_uint_eq(swim_member_count(f->swim), loopback ? 2 + count : 2);
		fixture_run(f, swim_seconds(10));
		for (size_t i = 0; i < f->out_count && !loopback; i++)
			ck_assert(!swim_addr_is_loopback(&f->out[i].to));
		fixture_free(f);
	}
}
END_TEST

/* Who left and comes back at another address joins there, which is told once. */
START_TEST(a_rejoin_is_no_update)
{
	struct fixture *f = fixture_started();
	struct wire_update back;

	fixture_member(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 0);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_JOINED, "p2"), 1);
	back = fixture_update(f, 2, SWIM_ALIVE, 3);
	back.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping_with(f, 1, 2, &back);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.9.9:7946");
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_JOINED, "p2"), 2);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_UPDATED, "p2"), 0);
	fixture_free(f);
}
END_TEST

START_TEST(names_and_addresses_that_make_no_sense_are_counted)
{
	static const char *const addresses[] = {"", "host", "host:", "host:0", "0.0.0.0:1",
	    "[::]:1", "224.0.0.1:1", "[ff02::1]:1", "1.2.3.4:65536", "[1.2.3.4]:1x"};
	const size_t bad = sizeof(addresses) / sizeof(addresses[0]);
	char longest[SWIM_NAME_MAX + 2];
	struct fixture *f = fixture_started();
	struct wire_update u;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	fixture_member(f, 1);
	for (size_t i = 0; i < bad; i++) {
		u = fixture_update(f, 2, SWIM_ALIVE, 0);
		u.member.address = wire_str_of(addresses[i]);
		fixture_ping_with(f, 1, i, &u);
		ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_BAD_ADDRESS], i + 1);
	}
	u = fixture_update(f, 2, SWIM_ALIVE, 0);
	u.member.id = wire_str_of(longest);
	fixture_ping_with(f, 1, 1, &u);
	u.member.id = wire_str_of("");
	fixture_ping_with(f, 1, 1, &u);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_BAD_NAME], 2);
	ck_assert_uint_eq(swim_member_count(f->swim), 2);
	/* As long as allowed is good. */
	u.member.id = (struct wire_str){longest, SWIM_NAME_MAX};
	fixture_ping_with(f, 1, 1, &u);
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_free(f);
}
END_TEST

START_TEST(members_are_limited_and_the_dead_make_room)
{
	struct fixture *f = fixture_new();

	f->config.max_members = 4;
	ck_assert(fixture_start(f));
	for (unsigned i = 1; i <= 3; i++)
		fixture_member(f, i);
	fixture_gossip(f, 1, 4, SWIM_ALIVE, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 4);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_MEMBER_LIMIT], 1);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	fixture_gossip(f, 1, 5, SWIM_ALIVE, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 4);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_REMOVED, "p2"), 1);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_JOINED, "p5"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(reports_are_ordered_by_name)
{
	struct fixture *f = fixture_started();
	struct swim_report last = {0}, r;

	fixture_member(f, 1);
	for (unsigned i = 200; i > 1; i--)
		fixture_gossip(f, 1, i, i % 3 == 0 ? SWIM_SUSPECT : SWIM_ALIVE, i);
	ck_assert_uint_eq(swim_member_count(f->swim), 201);
	for (size_t i = 0; i < 201; i++) {
		swim_member_at(f->swim, i, &r);
		ck_assert_int_lt(strcmp(last.name, r.name), 0);
		ck_assert_int_eq(r.local, strcmp(r.name, "self") == 0);
		last = r;
	}
	ck_assert_uint_eq(
	    fixture_stats(f).members[SWIM_ALIVE] + fixture_stats(f).members[SWIM_SUSPECT], 201);
	fixture_free(f);
}
END_TEST

static size_t
rises(const struct fixture *f, const char *by)
{
	size_t count = 0;

	for (size_t i = 0; i < f->event_count; i++)
		count += f->events[i].type == SWIM_EVENT_INCARNATION &&
			 f->events[i].by_len == strlen(by) &&
			 memcmp(f->events[i].by, by, strlen(by)) == 0;
	return count;
}

/* Every reason to rise is one: what was said of us where we were is none any more. */
START_TEST(a_move_is_one_rise)
{
	static const enum swim_status old[] = {SWIM_ALIVE, SWIM_SUSPECT, SWIM_DEAD};
	struct fixture *f = fixture_started();
	struct swim_addr moved = {.family = 4, .port = 7946, .ip = {10, 0, 0, 9}};

	fixture_member(f, 1);
	fixture_member(f, 2);
	fixture_clear(f);
	swim_set_address(f->swim, f->now, &moved);
	swim_set_address(f->swim, f->now, &moved);
	fixture_drain(f);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		fixture_gossip(f, 1, 0, old[i], 0);
		fixture_gossip(f, 2, 0, old[i], 0);
	}
	fixture_run(f, swim_seconds(3));
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	ck_assert_uint_eq(rises(f, "self"), 1);
	/* Nor is it asked who else lives there. */
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_CLAIM), 0);
	/* Whom a probe missed in between, and who hears of it before it has moved, had two. */
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 1);
	moved.ip[3] = 10;
	swim_set_address(f->swim, f->now, &moved);
	fixture_drain(f);
	ck_assert_uint_eq(swim_incarnation(f->swim), 3);
	ck_assert_uint_eq(rises(f, "p1"), 1);
	ck_assert_uint_eq(rises(f, "self"), 2);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_update", higher_incarnations_win_and_then_the_worse_status,
    a_life_is_told_once_and_in_order, the_death_of_a_life_after_a_leave_is_no_failure,
    whoever_is_first_heard_of_as_dead_is_no_event, slander_is_refuted_by_a_higher_incarnation,
    own_incarnations_of_an_earlier_life_are_risen_above, incarnations_saturate,
    jumps_are_bounded_against_what_is_known, one_name_at_two_addresses_stays_with_the_first,
    tags_of_before_a_move_are_not_those_of_after_it,
    that_a_member_moved_is_told_where_it_answered_before, a_death_that_is_doubted_moves_nobody,
    the_dead_are_held_where_they_lived_last, a_rejoin_is_no_update,
    names_and_addresses_that_make_no_sense_are_counted,
    loopback_is_refused_of_others_unless_we_are_bound_to_it,
    members_are_limited_and_the_dead_make_room, reports_are_ordered_by_name, a_move_is_one_rise)
