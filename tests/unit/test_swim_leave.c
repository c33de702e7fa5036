/* SPDX-License-Identifier: MIT */
/* Leaves, removals, the number of times that a rumour is sent, and failed allocations. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

START_TEST(a_leave_is_told_a_few_times_and_is_then_complete)
{
	struct fixture *f = fixture_among_routable(3);
	unsigned told = 0;

	swim_leave(f->swim, f->now);
	fixture_drain(f);
	ck_assert(!swim_has_left(f->swim));
	ck_assert_int_eq(fixture_report(f, "self").status, SWIM_LEFT);
	fixture_run(f, swim_seconds(5));
	ck_assert(swim_has_left(f->swim));
	ck_assert(swim_time_is_never(swim_deadline(f->swim)));
	for (size_t i = 0; i < f->out_count; i++)
		told += fixture_has(&f->out[i], "self", SWIM_LEFT, NULL);
	ck_assert_uint_ge(told, 6);
	/* A core that has left does not refute, and answers nothing. */
	fixture_clear(f);
	fixture_gossip(f, 1, 0, SWIM_DEAD, 0);
	fixture_ping(f, 1, 1, fixture_nothing);
	swim_tick(f->swim, swim_time_add(f->now, swim_seconds(100)));
	fixture_drain(f);
	ck_assert_uint_eq(f->out_count, 0);
	ck_assert_uint_eq(f->event_count, 0);
	fixture_free(f);
}
END_TEST

/* The gossip interval may be an hour, but an operator who stops the daemon waits for the end of the leave. */
START_TEST(a_leave_takes_5_seconds_at_most_whatever_the_gossip_interval)
{
	struct fixture *f = fixture_new();
	unsigned told = 0;

	f->config.timing.gossip_interval = swim_seconds(3600);
	ck_assert(fixture_start(f));
	fixture_routable(f, 1);
	fixture_routable(f, 2);
	fixture_clear(f);
	swim_leave(f->swim, f->now);
	fixture_drain(f);
	fixture_run(f, swim_ms(4999));
	ck_assert(!swim_has_left(f->swim));
	fixture_run(f, swim_ms(1));
	ck_assert(swim_has_left(f->swim));
	for (size_t i = 0; i < f->out_count; i++)
		told += fixture_has(&f->out[i], "self", SWIM_LEFT, NULL);
	ck_assert_uint_ge(told, 10);
	fixture_free(f);
}
END_TEST

/*
 * A contest about our name is under way, at an address where nobody answers. Without the leave we
 * would keep the name.
 */
START_TEST(a_member_that_leaves_does_not_contradict_about_its_name)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update elsewhere = fixture_update(f, 0, SWIM_ALIVE, 5);
	struct swim_addr there = {.family = 4, .port = 7946, .ip = {10, 0, 9, 9}};
	unsigned told = 0;

	elsewhere.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping_with(f, 1, 1, &elsewhere);
	fixture_run(f, swim_ms(1200));
	ck_assert_uint_gt(fixture_sent_to(f, &there), 0);
	fixture_clear(f);
	swim_leave(f->swim, f->now);
	fixture_run(f, swim_seconds(5));
	ck_assert(swim_has_left(f->swim));
	ck_assert_int_eq(fixture_report(f, "self").status, SWIM_LEFT);
	for (size_t i = 0; i < f->out_count; i++) {
		ck_assert(f->out[i].message.type == WIRE_CLAIM ||
			  !fixture_has(&f->out[i], "self", SWIM_ALIVE, NULL));
		told += fixture_has(&f->out[i], "self", SWIM_LEFT, NULL);
	}
	ck_assert_uint_ge(told, 6);
	fixture_free(f);
}
END_TEST

START_TEST(a_leave_without_other_members_is_complete_at_once)
{
	struct fixture *f = fixture_among_routable(0);

	swim_leave(f->swim, f->now);
	ck_assert(swim_has_left(f->swim));
	fixture_free(f);
}
END_TEST

START_TEST(a_leave_is_complete_although_the_others_leave_too)
{
	struct fixture *f = fixture_among_routable(2);

	swim_leave(f->swim, f->now);
	fixture_drain(f);
	fixture_gossip(f, 1, 1, SWIM_LEFT, 0);
	fixture_gossip(f, 2, 2, SWIM_LEFT, 0);
	fixture_run(f, swim_seconds(5));
	ck_assert(swim_has_left(f->swim));
	fixture_free(f);
}
END_TEST

START_TEST(only_a_gone_member_can_be_removed_and_the_others_are_told)
{
	struct fixture *f = fixture_among_routable(3);
	bool told = false;

	ck_assert_int_eq(swim_remove(f->swim, f->now, "p9", 2), SWIM_REMOVE_NOT_FOUND);
	ck_assert_int_eq(swim_remove(f->swim, f->now, "p2", 2), SWIM_REMOVE_NOT_DEAD);
	ck_assert_int_eq(swim_remove(f->swim, f->now, "self", 4), SWIM_REMOVE_NOT_DEAD);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 4);
	fixture_clear(f);
	ck_assert_int_eq(swim_remove(f->swim, f->now, "p2", 2), SWIM_REMOVE_OK);
	fixture_drain(f);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, "p2"), 1);
	ck_assert_int_eq(swim_remove(f->swim, f->now, "p2", 2), SWIM_REMOVE_NOT_FOUND);
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_run(f, swim_seconds(1));
	for (size_t i = 0; i < f->out_count; i++) {
		struct wire_updates_iter iter = {0};
		struct wire_update u;

		while (wire_updates_next(&f->out[i].message.updates, &iter, &u))
			told |= wire_str_equal(u.member.id, "p2") && u.flags == WIRE_FLAG_FORGET;
	}
	ck_assert(told);
	/* An update at the known incarnation does not bring p2 back; an update at a higher one does. */
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 4);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 4);
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 5);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p2"), 1);
	fixture_free(f);
}
END_TEST

/* Otherwise members that have not heard of the removal would bring p2 back with their next page. */
START_TEST(a_removed_member_that_is_told_to_have_left_stays_removed)
{
	struct fixture *f = fixture_among_routable(3);
	unsigned told = 0;

	fixture_gossip(f, 1, 2, SWIM_DEAD, 4);
	ck_assert_int_eq(swim_remove(f->swim, f->now, "p2", 2), SWIM_REMOVE_OK);
	fixture_drain(f);
	fixture_clear(f);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 4);
	fixture_run(f, swim_seconds(1));
	for (size_t i = 0; i < f->out_count; i++) {
		struct wire_updates_iter iter = {0};
		struct wire_update u;

		while (wire_updates_next(&f->out[i].message.updates, &iter, &u)) {
			if (!wire_str_equal(u.member.id, "p2"))
				continue;
			ck_assert_uint_eq(u.flags & WIRE_FLAG_FORGET, WIRE_FLAG_FORGET);
			told++;
		}
	}
	ck_assert_uint_gt(told, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_free(f);
}
END_TEST

/* Peer `from` tells that p2 is dead at this incarnation, and removed. */
static void
tell_removal(struct fixture *f, unsigned from, uint64_t incarnation)
{
	struct wire_update u = fixture_update(f, 2, SWIM_DEAD, incarnation);

	u.flags = WIRE_FLAG_FORGET;
	fixture_ping_with(f, from, 1, &u);
	fixture_drain(f);
}

START_TEST(a_live_member_is_not_removed_by_the_word_of_one_member)
{
	struct fixture *f = fixture_among_routable(4);

	tell_removal(f, 1, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	tell_removal(f, 1, 7);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 8);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	/* The removal belonged to the suspicion that p2 has refuted, and does not count for the next death. */
	fixture_gossip(f, 1, 2, SWIM_DEAD, 8);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, "p2"), 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_suspect_of_which_a_removal_was_heard_is_removed_when_it_is_dead)
{
	struct fixture *f = fixture_among_routable(4);

	tell_removal(f, 1, 0);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, "p2"), 0);
	fixture_gossip(f, 3, 2, SWIM_DEAD, 0);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p2"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, "p2"), 1);
	ck_assert_uint_eq(swim_member_count(f->swim), 4);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_tells_its_own_removal_is_removed)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update u = fixture_update(f, 2, SWIM_LEFT, 4);

	u.flags = WIRE_FLAG_LEFT | WIRE_FLAG_FORGET;
	fixture_ping_with(f, 2, 1, &u);
	fixture_drain(f);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p2"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, "p2"), 1);
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_free(f);
}
END_TEST

START_TEST(a_stranger_s_leave_beyond_the_jump_bound_is_counted_as_a_jump)
{
	struct fixture *f = fixture_among_routable(3);
	struct swim_stats stats;

	fixture_gossip(f, 1, 2, SWIM_DEAD, 4);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	fixture_gossip(f, 9, 2, SWIM_LEFT, UINT64_C(1) << 40);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	swim_stats(f->swim, &stats);
	ck_assert_uint_eq(stats.ignored[SWIM_IGNORE_JUMP], 1);
	fixture_free(f);
}
END_TEST

START_TEST(dead_and_left_members_are_removed_after_their_retention)
{
	struct fixture *f = fixture_new();

	f->config.timing.dead_retention = swim_seconds(100);
	f->config.timing.left_retention = swim_seconds(50);
	ck_assert(fixture_start(f));
	fixture_member(f, 1);
	fixture_member(f, 2);
	fixture_gossip(f, 1, 1, SWIM_LEFT, 0);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	for (unsigned s = 0; s < 49; s++) {
		fixture_clear(f);
		fixture_run(f, swim_seconds(1));
		ck_assert_uint_eq(f->event_count, 0);
	}
	fixture_run(f, swim_seconds(3));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, "p1"), 1);
	fixture_clear(f);
	fixture_run(f, swim_seconds(51));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, "p2"), 1);
	ck_assert_uint_eq(swim_member_count(f->swim), 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_rumour_is_sent_a_bounded_number_of_times)
{
	struct fixture *f = fixture_among_routable(20);
	unsigned sent = 0;

	/* The earlier rumours have gone out by now. That nobody answers does not matter here. */
	fixture_run(f, swim_ms(20));
	for (unsigned i = 1; i <= 20; i++)
		fixture_gossip(f, i, i, SWIM_ALIVE, 1);
	fixture_gossip(f, 1, 50, SWIM_ALIVE, 0);
	fixture_clear(f);
	for (unsigned step = 0; step < 60; step++) {
		fixture_run(f, swim_ms(50));
		for (size_t i = 0; i < f->out_count; i++)
			sent += fixture_has(&f->out[i], "p50", SWIM_ALIVE, NULL);
		fixture_clear(f);
	}
	/* retransmit_mult * ceil(log10(N + 1)) = 4 * 2, for 22 members. */
	ck_assert_uint_ge(sent, 1);
	ck_assert_uint_le(sent, 8);
	fixture_free(f);
}
END_TEST

START_TEST(the_smallest_max_datagram_has_room_for_the_longest_name)
{
	struct fixture *f = fixture_new();
	char name[SWIM_NAME_MAX + 1];

	memset(name, 'n', SWIM_NAME_MAX);
	name[SWIM_NAME_MAX] = '\0';
	f->config.name = name;
	f->config.max_datagram = WIRE_DATAGRAM_MIN;
	f->config.cluster = "";
	ck_assert(fixture_start(f));
	fixture_join(f, 1);
	for (unsigned i = 1; i < 100; i++)
		fixture_gossip(f, 1, i, SWIM_ALIVE, 0);
	for (unsigned step = 0; step < 50; step++) {
		fixture_run(f, swim_ms(100)); /* fixture_drain checks the size of each datagram */
		fixture_clear(f);
	}
	ck_assert_uint_eq(fixture_stats(f).outbox_dropped, 0);
	fixture_free(f);
}
END_TEST

/*
 * Takes a core through all events of its life, with memory for `budget` allocations. Returns
 * whether an allocation was refused.
 */
static bool
life(size_t budget)
{
	struct fixture *f = fixture_new();
	struct swim_addr seed = fixture_addr(1);
	bool starved;

	f->budget = budget;
	if (fixture_start(f)) {
		swim_join(f->swim, f->now, &seed);
		fixture_drain(f);
		for (unsigned i = 1; i <= 20; i++)
			fixture_gossip(f, i, i, SWIM_ALIVE, 0);
		fixture_ping(f, 99, 1, fixture_nothing);
		fixture_ping_req(f, 1, 2, 3);
		fixture_gossip(f, 1, 4, SWIM_DEAD, 0);
		fixture_gossip(f, 1, 5, SWIM_LEFT, 0);
		fixture_gossip(f, 1, 6, SWIM_SUSPECT, 0);
		fixture_gossip(f, 1, 0, SWIM_SUSPECT, 0);
		for (unsigned step = 0; step < 100; step++) {
			fixture_run(f, swim_ms(100));
			fixture_clear(f);
		}
		swim_remove(f->swim, f->now, "p4", 2);
		ck_assert_int_eq(fixture_report(f, "self").status, SWIM_ALIVE);
		swim_leave(f->swim, f->now);
		for (unsigned step = 0; step < 50; step++) {
			fixture_run(f, swim_ms(100));
			fixture_clear(f);
		}
	}
	starved = f->starved;
	fixture_free(f); /* checks that no memory is left */
	return starved;
}

START_TEST(a_core_survives_each_failed_allocation)
{
	size_t budget = 0;

	while (life(budget))
		budget++;
	ck_assert_uint_gt(budget, 20);
}
END_TEST

/* Peer 1 suspects peers 2 to `peers`. Returns how many of them are suspect. */
static unsigned
suspected(struct fixture *f, unsigned peers)
{
	unsigned count = 0;
	char name[16];

	for (unsigned i = 2; i <= peers; i++) {
		fixture_gossip(f, 1, i, SWIM_SUSPECT, 0);
		fixture_clear(f);
		count += fixture_report(f, fixture_name(i, name)).status == SWIM_SUSPECT;
	}
	return count;
}

START_TEST(without_memory_one_member_in_eight_can_be_suspected_and_the_others_are_refused)
{
	struct fixture *f = fixture_among_routable(100);
	uint64_t refused;
	unsigned count;

	fixture_clear(f);
	f->budget = 0;
	count = suspected(f, 100);
	ck_assert_uint_ge(count, 100 / 8);
	ck_assert_uint_lt(count, 99);
	refused = fixture_stats(f).ignored[SWIM_IGNORE_NO_MEMORY];
	ck_assert_uint_eq(refused, 99 - count);
	f->budget = SIZE_MAX;
	ck_assert_uint_eq(suspected(f, 100), 99);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_NO_MEMORY], refused);
	fixture_free(f);
}
END_TEST

START_TEST(an_invalid_configuration_creates_no_core)
{
	struct fixture *f = fixture_new();
	struct swim_config good = f->config;
	char longer[SWIM_NAME_MAX + 2];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	f->config.name = "";
	ck_assert(!fixture_start(f));
	f->config.name = longer;
	ck_assert(!fixture_start(f));
	f->config = good;
	f->config.cluster = longer;
	ck_assert(!fixture_start(f));
	f->config = good;
	f->config.max_datagram = WIRE_DATAGRAM_MIN - 1;
	ck_assert(!fixture_start(f));
	f->config.max_datagram = WIRE_DATAGRAM_MAX + 1;
	ck_assert(!fixture_start(f));
	f->config = good;
	f->config.address = (struct swim_addr){.family = 4, .port = 7946};
	ck_assert(!fixture_start(f));
	f->config = good;
	f->config.max_members = 0;
	ck_assert(!fixture_start(f));
	f->config.max_members = SIZE_MAX;
	ck_assert(!fixture_start(f));
	f->config = good;
	ck_assert(fixture_start(f));
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_leave", a_leave_is_told_a_few_times_and_is_then_complete,
    a_leave_takes_5_seconds_at_most_whatever_the_gossip_interval,
    a_member_that_leaves_does_not_contradict_about_its_name,
    a_leave_without_other_members_is_complete_at_once,
    a_leave_is_complete_although_the_others_leave_too,
    only_a_gone_member_can_be_removed_and_the_others_are_told,
    a_removed_member_that_is_told_to_have_left_stays_removed,
    a_live_member_is_not_removed_by_the_word_of_one_member,
    a_suspect_of_which_a_removal_was_heard_is_removed_when_it_is_dead,
    a_member_that_tells_its_own_removal_is_removed,
    a_stranger_s_leave_beyond_the_jump_bound_is_counted_as_a_jump,
    dead_and_left_members_are_removed_after_their_retention,
    a_rumour_is_sent_a_bounded_number_of_times,
    the_smallest_max_datagram_has_room_for_the_longest_name, a_core_survives_each_failed_allocation,
    without_memory_one_member_in_eight_can_be_suspected_and_the_others_are_refused,
    an_invalid_configuration_creates_no_core)
