/* SPDX-License-Identifier: MIT */
/* Who accuses whom, and what comes of it; coming back after having been declared dead. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

START_TEST(a_verdict_of_one_alone_is_a_suspicion_to_others)
{
	struct fixture *f = fixture_among(4);

	fixture_accuse(f, 1, 2, SWIM_DEAD, 1, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	/* A second, independent one makes it a verdict. */
	fixture_accuse(f, 3, 2, SWIM_DEAD, 3, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	/* Named together they are as good, and one of them alone twice is not. */
	fixture_accuse(f, 1, 4, SWIM_DEAD, 1, 1);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_SUSPECT);
	fixture_accuse(f, 1, 4, SWIM_DEAD, 1, 3);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

START_TEST(of_three_members_one_word_of_two_is_no_verdict_but_of_the_last_one_is)
{
	struct fixture *f = fixture_among(2);

	fixture_accuse(f, 1, 2, SWIM_DEAD, 1, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_free(f);
	f = fixture_among(1);
	/* Nobody else is there: it is on us alone, and a base peer has to be believed anyway. */
	fixture_run(f, swim_seconds(10));
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

/* A base peer which has shown that it is one says that this one is dead. */
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
	struct fixture *f = fixture_among_proven(3);

	fixture_gossip(f, 2, 2, SWIM_LEFT, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_LEFT);
	fixture_clear(f);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_GOSSIP, 1), "p2", SWIM_LEFT, NULL));
	fixture_free(f);
}
END_TEST

START_TEST(that_a_swimd_is_dead_is_a_suspicion_by_the_base_peer_that_says_so)
{
	struct fixture *f = fixture_among(3);

	base_peer_says_dead(f, 9, 2);
	base_peer_says_dead(f, 8, 2);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, "p2"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_swimd_that_left_has_not_failed_though_a_base_peer_says_so_first)
{
	struct fixture *f = fixture_among(3);

	base_peer_says_dead(f, 9, 2);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_LEFT);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, "p2"), 1);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, "p2"), 0);
	/* Who knows of the leave says so to whom the base peer made suspect p2. */
	fixture_clear(f);
	fixture_accuse(f, 3, 2, SWIM_SUSPECT, 9, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_GOSSIP, 3), "p2", SWIM_LEFT, NULL));
	fixture_free(f);
}
END_TEST

START_TEST(the_word_of_the_dead_counts_for_nothing)
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

/* p1 missed a verdict that is so old, and suspects: with how many accusers it is told of the death. */
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

START_TEST(who_missed_a_verdict_is_told_with_those_who_came_to_it)
{
	struct fixture *f = fixture_among(4);

	ck_assert_uint_eq(told_accusers(f, swim_seconds(1)), 2);
	fixture_free(f);
}
END_TEST

START_TEST(a_verdict_of_long_ago_is_told_as_a_memory_and_proves_nothing)
{
	struct fixture *f = fixture_among(4);

	/* Those who came to it live; it is only that they may have been cut from the rest. */
	ck_assert_uint_eq(told_accusers(f, swim_seconds(8)), 0);
	fixture_free(f);

	/* Whoever is told so, by as many as may be, suspects and asks. */
	f = fixture_among(4);
	fixture_accuse(f, 1, 2, SWIM_DEAD, 0, 0);
	fixture_accuse(f, 3, 2, SWIM_DEAD, 0, 0);
	fixture_accuse(f, 4, 2, SWIM_DEAD, 0, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

START_TEST(whoever_hears_nobody_at_all_waits_long_for_the_others)
{
	struct fixture *f = fixture_among(20);

	/* Nobody answers, nobody says anything: for a minute and a half it is more likely us. */
	for (unsigned second = 0; second < 85; second++) {
		fixture_clear(f);
		fixture_run(f, swim_seconds(1));
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, NULL), 0);
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

/* Answers the pings since the last clear, all or none, for members that do not refute. */
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
	/* An echo of that death is no second one. */
	fixture_gossip(f, 2, 0, SWIM_DEAD, 0);
	live(f, 3, true);
	fixture_gossip(f, 1, 0, SWIM_DEAD, 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	live(f, 1, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	live(f, 2, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	/* The next one is longer. */
	fixture_gossip(f, 1, 0, SWIM_DEAD, 2);
	live(f, 3, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	live(f, 2, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 3);
	fixture_free(f);
}
END_TEST

START_TEST(the_word_of_a_stranger_and_a_leave_are_refuted_at_once_each_time)
{
	struct fixture *f = fixture_among(3);

	for (uint64_t k = 0; k < 4; k++) {
		struct wire_update dead = fixture_update(f, 0, SWIM_DEAD, 2 * k);
		struct fixture_says says = {.ours = true,
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

START_TEST(whom_nobody_answers_stays_away_and_accuses_nobody)
{
	struct fixture *f = fixture_among(3);

	fixture_gossip(f, 1, 0, SWIM_DEAD, 0);
	fixture_gossip(f, 1, 0, SWIM_DEAD, 1);
	fixture_clear(f);
	for (unsigned k = 0; k < 15; k++) {
		/* Others are heard all the time. */
		fixture_gossip(f, 1, 0, SWIM_DEAD, 1);
		live(f, 2, false);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, NULL), 0);
	}
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	live(f, 5, true);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	fixture_free(f);
}
END_TEST

START_TEST(who_stood_still_again_takes_a_suspicion_for_its_death)
{
	struct fixture *f = fixture_among(3);

	fixture_gossip(f, 1, 0, SWIM_DEAD, 0);
	live(f, 2, true);
	/* As long as it runs it refutes. */
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

START_TEST(a_death_long_ago_is_forgotten)
{
	struct fixture *f = fixture_among(3);

	fixture_gossip(f, 1, 0, SWIM_DEAD, 0);
	live(f, 601, true);
	fixture_gossip(f, 1, 0, SWIM_DEAD, 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), 2);
	fixture_free(f);
}
END_TEST

/* From where nobody lives anything can be said, in anybody's name; as an accusation it is refuted before it harms. */
START_TEST(the_verdict_of_a_stranger_is_an_accusation)
{
	struct fixture *f = fixture_among(4);
	struct wire_update u = fixture_update(f, 2, SWIM_DEAD, 0);
	struct fixture_says says = fixture_telling(fixture_nothing, &u, 1);

	/* As a base peer. */
	fixture_ping(f, 9, 1, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 1);
	/* In the name of a member, and of two who are said to have found it silent. */
	u.incarnation = 1;
	u.accusers[u.accuser_count++] = fixture_hash("p1");
	u.accusers[u.accuser_count++] = fixture_hash("p3");
	says.ours = true;
	says.sender = 1;
	fixture_ping(f, 9, 2, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, NULL), 0);
	/* From where that member lives it is a verdict. */
	fixture_ping(f, 1, 3, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

START_TEST(that_a_member_left_is_its_own_word_or_that_of_members)
{
	struct fixture *f = fixture_among(4);
	struct wire_update u = fixture_update(f, 2, SWIM_LEFT, 0);
	struct fixture_says says = fixture_telling(fixture_swimd(2), &u, 1);

	/* Even one that is to be forgotten: it is asked. */
	u.flags |= WIRE_FLAG_FORGET;
	fixture_ping(f, 9, 1, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, 2), "p2", SWIM_SUSPECT, NULL));
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 1);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	/* A base peer's leave, in an envelope of another's making or without. */
	u = fixture_update(f, 2, SWIM_DEAD, 1);
	fixture_ping(f, 9, 2, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, NULL), 0);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_REMOVED, NULL), 0);
	/* By its own word, from where it lives. */
	fixture_ping(f, 2, 3, says);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_LEFT);
	fixture_gossip(f, 1, 3, SWIM_LEFT, 0);
	ck_assert_int_eq(fixture_report(f, "p3").status, SWIM_LEFT);
	/* And whoever is dead has not left for a stranger's word: it would not be looked for any more. */
	fixture_gossip(f, 1, 4, SWIM_DEAD, 0);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_DEAD);
	u = fixture_update(f, 4, SWIM_LEFT, 0);
	fixture_ping(f, 9, 4, says);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

START_TEST(a_stranger_accuses_in_nobody_s_name)
{
	struct fixture *f = fixture_among(6);
	struct wire_update u = fixture_update(f, 2, SWIM_SUSPECT, 0);
	struct fixture_says says = {.ours = true, .updates = &u, .count = 1};

	for (unsigned i = 3; i <= 6; i++) {
		says.sender = i;
		fixture_ping(f, 9, i, says);
	}
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	/* So the first member that finds it silent is the only one. */
	fixture_accuse(f, 1, 2, SWIM_DEAD, 1, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_accuse(f, 3, 2, SWIM_DEAD, 3, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	/* Nor is the dead one forgotten for a stranger's word. */
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

/* Else a stranger's word would put us on trial, in which we refute nothing. */
START_TEST(accusers_that_a_stranger_names_hold_us_dead_no_more_than_itself)
{
	struct fixture *f = fixture_among(3);

	for (uint64_t k = 0; k < 4; k++) {
		struct wire_update dead = fixture_update(f, 0, SWIM_DEAD, k);
		struct fixture_says says = {.ours = true,
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

START_TEST(who_missed_our_return_is_told_at_once)
{
	struct fixture *f = fixture_among(3);
	uint64_t incarnation = 0;

	fixture_proven(f, 3);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 0);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	fixture_clear(f);
	fixture_gossip(f, 2, 0, SWIM_SUSPECT, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_GOSSIP, 2), "self", SWIM_ALIVE, &incarnation));
	ck_assert_uint_eq(incarnation, 1);
	/* Whoever asks has it in the answer, and once is enough. */
	fixture_clear(f);
	fixture_accuse(f, 3, 0, SWIM_SUSPECT, 3, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_ACK, 3), "self", SWIM_ALIVE, &incarnation));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_GOSSIP), 0);
	fixture_free(f);
}
END_TEST

START_TEST(who_missed_a_death_is_told_whatever_else_it_missed)
{
	for (unsigned order = 0; order < 2; order++) {
		struct fixture *f = fixture_among(4);
		struct wire_update u[2];

		fixture_proven(f, 3);
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

UNIT_MAIN("swim_suspicion", who_missed_a_death_is_told_whatever_else_it_missed,
    who_missed_our_return_is_told_at_once, a_verdict_of_one_alone_is_a_suspicion_to_others,
    of_three_members_one_word_of_two_is_no_verdict_but_of_the_last_one_is,
    a_death_of_a_base_peer_that_a_base_peer_tells_is_a_suspicion,
    that_a_swimd_is_dead_is_a_suspicion_by_the_base_peer_that_says_so,
    a_swimd_that_left_has_not_failed_though_a_base_peer_says_so_first,
    a_sender_that_tells_a_leave_as_a_death_is_told_of_the_leave,
    the_verdict_of_a_stranger_is_an_accusation,
    that_a_member_left_is_its_own_word_or_that_of_members,
    accusers_that_a_stranger_names_hold_us_dead_no_more_than_itself,
    a_stranger_accuses_in_nobody_s_name, the_word_of_the_dead_counts_for_nothing,
    who_missed_a_verdict_is_told_with_those_who_came_to_it,
    a_verdict_of_long_ago_is_told_as_a_memory_and_proves_nothing,
    whoever_hears_nobody_at_all_waits_long_for_the_others,
    the_first_return_is_at_once_and_the_next_after_a_trial,
    the_word_of_a_stranger_and_a_leave_are_refuted_at_once_each_time,
    whom_nobody_answers_stays_away_and_accuses_nobody,
    who_stood_still_again_takes_a_suspicion_for_its_death, a_death_long_ago_is_forgotten)
