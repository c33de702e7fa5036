/* SPDX-License-Identifier: MIT */
/* Accusers, suspicions and verdicts, and the return of a member that was declared dead. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

START_TEST(a_death_with_one_accuser_is_a_suspicion)
{
	struct fixture *f = fixture_among(4);

	fixture_accuse(f, 1, 2, SWIM_DEAD, 1, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	/* A second accuser makes a death of it. */
	fixture_accuse(f, 3, 2, SWIM_DEAD, 3, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	/* Two accusers in one datagram count, and one accuser that is named twice does not. */
	fixture_accuse(f, 1, 4, SWIM_DEAD, 1, 1);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_SUSPECT);
	fixture_accuse(f, 1, 4, SWIM_DEAD, 1, 3);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

START_TEST(one_accuser_is_enough_only_if_nobody_else_is_left)
{
	struct fixture *f = fixture_among(2);

	fixture_accuse(f, 1, 2, SWIM_DEAD, 1, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_free(f);
	f = fixture_among(1);
	/* Nobody else is left, so our own accusation is enough. */
	fixture_run(f, swim_seconds(10));
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

/* A base peer, which has answered as one, tells that this peer is dead. */
static void
base_peer_says_dead(struct fixture *f, unsigned from, unsigned about)
{
	struct wire_update u = fixture_update(f, about, SWIM_DEAD, 0);

	fixture_clear(f);
	fixture_ping(f, from, 1, fixture_nothing);
	fixture_answer(f, from, fixture_nothing);
	fixture_base_ping_with(f, from, 2, &u);
}

START_TEST(a_death_of_a_base_peer_that_a_base_peer_tells_is_a_suspicion)
{
	struct fixture *f = fixture_among(3);
	struct wire_update u = fixture_update(f, 8, SWIM_ALIVE, 0);

	for (uint64_t seq = 1; seq <= 2; seq++)
		fixture_base_ping_with(f, 8, seq, &u);
	ck_assert_int_eq(fixture_report(f, "p8").kind, SWIM_KIND_BASE);
	base_peer_says_dead(f, 9, 8);
	ck_assert_int_eq(fixture_report(f, "p8").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

START_TEST(a_sender_that_tells_a_leave_as_a_death_is_told_of_the_leave)
{
	struct fixture *f = fixture_among_routable(3);

	fixture_gossip(f, 2, 2, SWIM_LEFT, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_LEFT);
	fixture_clear(f);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_GOSSIP, 1), "p2", SWIM_LEFT, NULL));
	fixture_free(f);
}
END_TEST

START_TEST(a_death_of_a_swimd_that_base_peers_tell_is_a_suspicion)
{
	struct fixture *f = fixture_among(3);

	base_peer_says_dead(f, 9, 2);
	base_peer_says_dead(f, 8, 2);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p2"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_swimd_whose_leave_follows_a_base_peer_s_death_has_not_failed)
{
	struct fixture *f = fixture_among(3);

	base_peer_says_dead(f, 9, 2);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_LEFT);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p2"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p2"), 0);
	/* A member that suspects p2 by the word of the base peer is told of the leave. */
	fixture_clear(f);
	fixture_accuse(f, 3, 2, SWIM_SUSPECT, 9, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_GOSSIP, 3), "p2", SWIM_LEFT, NULL));
	fixture_free(f);
}
END_TEST

START_TEST(the_accusation_of_a_dead_member_does_not_count)
{
	struct fixture *f = fixture_among(5);

	fixture_accuse(f, 3, 1, SWIM_DEAD, 3, 4);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
	fixture_accuse(f, 1, 2, SWIM_SUSPECT, 0, 0);
	fixture_accuse(f, 3, 2, SWIM_SUSPECT, 1, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	fixture_accuse(f, 3, 2, SWIM_DEAD, 1, 3);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

/* p1 has missed a death of this age, and suspects p2. Returns how many accusers p1 is told with the death. */
static unsigned
told_accusers(struct fixture *f, swim_duration age)
{
	struct wire_updates_iter iter = {0};
	const struct fixture_out *out;
	struct wire_update u;

	fixture_accuse(f, 3, 2, SWIM_DEAD, 3, 4);
	fixture_run(f, age);
	fixture_clear(f);
	fixture_accuse(f, 1, 2, SWIM_SUSPECT, 1, 4);
	out = fixture_expect(f, WIRE_GOSSIP, 1);
	ck_assert(wire_updates_next(&out->message.updates, &iter, &u));
	ck_assert(wire_str_equal(u.member.id, "p2"));
	ck_assert_int_eq((int)u.status, SWIM_DEAD);
	return u.accuser_count;
}

START_TEST(a_member_that_missed_a_death_is_told_of_it_with_its_accusers)
{
	struct fixture *f = fixture_among(4);

	ck_assert_uint_eq(told_accusers(f, swim_seconds(1)), 2);
	fixture_free(f);
}
END_TEST

START_TEST(an_old_death_is_told_without_accusers_and_is_a_suspicion)
{
	struct fixture *f = fixture_among(4);

	/* The accusers are alive, but a partition may have kept them from p2 at that time. */
	ck_assert_uint_eq(told_accusers(f, swim_seconds(8)), 0);
	fixture_free(f);

	/* Deaths without accusers are a suspicion, however many members tell them. */
	f = fixture_among(4);
	fixture_accuse(f, 1, 2, SWIM_DEAD, 0, 0);
	fixture_accuse(f, 3, 2, SWIM_DEAD, 0, 0);
	fixture_accuse(f, 4, 2, SWIM_DEAD, 0, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

START_TEST(a_deaf_member_waits_long_before_its_verdicts)
{
	struct fixture *f = fixture_among(20);

	/* Nobody sends anything. For a minute and a half the fault is more likely our own. */
	for (unsigned second = 0; second < 85; second++) {
		fixture_clear(f);
		fixture_run(f, swim_seconds(1));
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, NULL), 0);
	}
	ck_assert_uint_gt(fixture_stats(f).members[SWIM_SUSPECT], 2);
	for (unsigned second = 0; second < 60; second++) {
		fixture_clear(f);
		fixture_run(f, swim_seconds(1));
	}
	ck_assert_uint_gt(fixture_stats(f).members[SWIM_DEAD], 2);
	fixture_free(f);
}
END_TEST

/* Peers 1 to 3 answer all pings of this time (not `answer`: none), and do not refute. */
static void
live(struct fixture *f, int64_t seconds, bool answer)
{
	fixture_answer_until(f, 1, answer ? 3 : 0, swim_ms(50), swim_seconds(seconds), NULL);
}

START_TEST(the_first_return_is_at_once_and_the_next_after_a_trial)
{
	struct fixture *f = fixture_among(3);

	fixture_gossip(f, 1, 0, SWIM_DEAD, 0);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	/* A repetition of this death is no second death. */
	fixture_gossip(f, 2, 0, SWIM_DEAD, 0);
	live(f, 3, true);
	fixture_gossip(f, 1, 0, SWIM_DEAD, 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	live(f, 1, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	live(f, 2, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	/* The next trial is longer. */
	fixture_gossip(f, 1, 0, SWIM_DEAD, 2);
	live(f, 3, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	live(f, 2, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 3);
	fixture_free(f);
}
END_TEST

START_TEST(deaths_that_strangers_tell_and_leaves_are_always_refuted_at_once)
{
	struct fixture *f = fixture_among(3);

	for (uint64_t k = 0; k < 4; k++) {
		struct wire_update dead = fixture_update(f, 0, SWIM_DEAD, 2 * k);
		struct fixture_says says = {.swimd = true,
		    .sender = 9,
		    .updates = &dead,
		    .count = 1};

		fixture_ping(f, 9, 1, says);
		ck_assert_uint_eq(swim_incarnation(f->swim), 2 * k + 1);
		fixture_gossip(f, 1, 0, SWIM_LEFT, 2 * k + 1);
		ck_assert_uint_eq(swim_incarnation(f->swim), 2 * k + 2);
	}
	fixture_free(f);
}
END_TEST

START_TEST(a_member_on_trial_that_nobody_answers_stays_dead)
{
	struct fixture *f = fixture_among(3);

	fixture_gossip(f, 1, 0, SWIM_DEAD, 0);
	fixture_gossip(f, 1, 0, SWIM_DEAD, 1);
	fixture_clear(f);
	/* The trial goes on for 16 s; some time after that we hold p2 and p3 dead, and nobody is left to ask. */
	for (unsigned k = 0; k < 8; k++) {
		/* We hear p1 all the time. */
		fixture_gossip(f, 1, 0, SWIM_DEAD, 1);
		live(f, 2, false);
	}
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	live(f, 5, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_stood_still_again_takes_a_suspicion_for_a_death)
{
	struct fixture *f = fixture_among(3);

	fixture_gossip(f, 1, 0, SWIM_DEAD, 0);
	live(f, 2, true);
	/* A member that has not stood still refutes. */
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	live(f, 2, true);
	f->now = swim_time_add(f->now, swim_seconds(10));
	swim_tick(f->swim, f->now);
	fixture_drain(f);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 2);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	live(f, 3, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 3);
	fixture_free(f);
}
END_TEST

START_TEST(a_return_is_forgotten_after_ten_minutes)
{
	struct fixture *f = fixture_among(3);

	fixture_gossip(f, 1, 0, SWIM_DEAD, 0);
	live(f, 601, true);
	fixture_gossip(f, 1, 0, SWIM_DEAD, 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	fixture_free(f);
}
END_TEST

/* Anybody can send from an unknown address, under any name. A suspicion is refuted before it does harm. */
START_TEST(a_death_that_a_stranger_tells_is_a_suspicion)
{
	struct fixture *f = fixture_among(4);
	struct wire_update u = fixture_update(f, 2, SWIM_DEAD, 0);
	struct fixture_says says = fixture_telling(fixture_nothing, &u, 1);

	/* The stranger sends as a base peer. */
	fixture_ping(f, 9, 1, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 1);
	/* The stranger sends under the name of a member, and names two accusers. */
	u.incarnation = 1;
	u.accusers[u.accuser_count++] = fixture_hash("p1");
	u.accusers[u.accuser_count++] = fixture_hash("p3");
	says.swimd = true;
	says.sender = 1;
	fixture_ping(f, 9, 2, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, NULL), 0);
	/* The same datagram counts as a death if it comes from the address of that member. */
	fixture_ping(f, 1, 3, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

START_TEST(a_leave_is_taken_from_its_subject_or_from_members)
{
	struct fixture *f = fixture_among(4);
	struct wire_update u = fixture_update(f, 2, SWIM_LEFT, 0);
	struct fixture_says says = fixture_telling(fixture_swimd(2), &u, 1);

	/* The removal that a stranger tells is a suspicion, and p2 is asked. */
	u.flags |= WIRE_FLAG_FORGET;
	fixture_ping(f, 9, 1, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, 2), "p2", SWIM_SUSPECT, NULL));
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 1);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	/* A stranger tells the death of p2 under the name of p2, as a leave is told by base peers. */
	u = fixture_update(f, 2, SWIM_DEAD, 1);
	fixture_ping(f, 9, 2, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, NULL), 0);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, NULL), 0);
	/* The word of p2 from its own address is taken. */
	fixture_ping(f, 2, 3, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_LEFT);
	fixture_gossip(f, 1, 3, SWIM_LEFT, 0);
	ck_assert_int_eq(fixture_report(f, "p3").status, SWIM_LEFT);
	/* A stranger does not make a dead member left, as p4 would not be pinged again. */
	fixture_gossip(f, 1, 4, SWIM_DEAD, 0);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_DEAD);
	u = fixture_update(f, 4, SWIM_LEFT, 0);
	fixture_ping(f, 9, 4, says);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

START_TEST(a_stranger_does_not_accuse_under_the_names_of_members)
{
	struct fixture *f = fixture_among(6);
	struct wire_update u = fixture_update(f, 2, SWIM_SUSPECT, 0);
	struct fixture_says says = {.swimd = true, .updates = &u, .count = 1};

	for (unsigned i = 3; i <= 6; i++) {
		says.sender = i;
		fixture_ping(f, 9, i, says);
	}
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	/* The first member that accuses p2 is therefore its only accuser. */
	fixture_accuse(f, 1, 2, SWIM_DEAD, 1, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_accuse(f, 3, 2, SWIM_DEAD, 3, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	/* A stranger does not remove a dead member either. */
	u = fixture_update(f, 2, SWIM_DEAD, 0);
	u.flags |= WIRE_FLAG_FORGET;
	fixture_ping(f, 9, 7, says);
	ck_assert(fixture_lists(f, "p2"));
	says.sender = 1;
	fixture_ping(f, 1, 8, says);
	ck_assert(!fixture_lists(f, "p2"));
	fixture_free(f);
}
END_TEST

/* Otherwise the word of a stranger would put us on trial, in which we do not refute. */
START_TEST(a_death_of_ours_that_a_stranger_tells_starts_no_trial)
{
	struct fixture *f = fixture_among(3);

	for (uint64_t k = 0; k < 4; k++) {
		struct wire_update dead = fixture_update(f, 0, SWIM_DEAD, k);
		struct fixture_says says = {.swimd = true,
		    .sender = 1,
		    .updates = &dead,
		    .count = 1};

		dead.accusers[dead.accuser_count++] = fixture_hash("p1");
		dead.accusers[dead.accuser_count++] = fixture_hash("p2");
		fixture_ping(f, 9, 1, says);
		ck_assert_uint_eq(swim_incarnation(f->swim), k + 1);
	}
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_missed_our_refutation_is_told_of_it_at_once)
{
	struct fixture *f = fixture_among(3);
	uint64_t incarnation = 0;

	fixture_routable(f, 3);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 0);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	fixture_clear(f);
	fixture_gossip(f, 2, 0, SWIM_SUSPECT, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_GOSSIP, 2), "self", SWIM_ALIVE, &incarnation));
	ck_assert_uint_eq(incarnation, 1);
	/* A member that pings us has the refutation in the ack, and gets no gossip besides. */
	fixture_clear(f);
	fixture_accuse(f, 3, 0, SWIM_SUSPECT, 3, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_ACK, 3), "self", SWIM_ALIVE, &incarnation));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_GOSSIP), 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_missed_a_death_is_told_of_it_whatever_else_it_missed)
{
	for (unsigned order = 0; order < 2; order++) {
		struct fixture *f = fixture_among(4);
		struct wire_update u[2];

		fixture_routable(f, 3);
		fixture_accuse(f, 1, 2, SWIM_DEAD, 1, 3);
		fixture_gossip(f, 1, 0, SWIM_SUSPECT, 0);
		fixture_run(f, swim_seconds(4));
		fixture_clear(f);
		u[order] = fixture_update(f, 2, SWIM_SUSPECT, 0);
		u[!order] = fixture_update(f, 0, SWIM_SUSPECT, 0);
		u[order].accusers[u[order].accuser_count++] = fixture_hash("p3");
		fixture_ping(f, 3, 77, fixture_telling(fixture_same_view(f, 3), u, 2));
		ck_assert(fixture_has(fixture_sent(f, WIRE_GOSSIP, 3), "p2", SWIM_DEAD, NULL));
		fixture_free(f);
	}
}
END_TEST

UNIT_MAIN("swim_suspicion", a_member_that_missed_a_death_is_told_of_it_whatever_else_it_missed,
    a_member_that_missed_our_refutation_is_told_of_it_at_once,
    a_death_with_one_accuser_is_a_suspicion, one_accuser_is_enough_only_if_nobody_else_is_left,
    a_death_of_a_base_peer_that_a_base_peer_tells_is_a_suspicion,
    a_death_of_a_swimd_that_base_peers_tell_is_a_suspicion,
    a_swimd_whose_leave_follows_a_base_peer_s_death_has_not_failed,
    a_sender_that_tells_a_leave_as_a_death_is_told_of_the_leave,
    a_death_that_a_stranger_tells_is_a_suspicion, a_leave_is_taken_from_its_subject_or_from_members,
    a_death_of_ours_that_a_stranger_tells_starts_no_trial,
    a_stranger_does_not_accuse_under_the_names_of_members,
    the_accusation_of_a_dead_member_does_not_count,
    a_member_that_missed_a_death_is_told_of_it_with_its_accusers,
    an_old_death_is_told_without_accusers_and_is_a_suspicion,
    a_deaf_member_waits_long_before_its_verdicts,
    the_first_return_is_at_once_and_the_next_after_a_trial,
    deaths_that_strangers_tell_and_leaves_are_always_refuted_at_once,
    a_member_on_trial_that_nobody_answers_stays_dead,
    a_member_that_stood_still_again_takes_a_suspicion_for_a_death,
    a_return_is_forgotten_after_ten_minutes)
