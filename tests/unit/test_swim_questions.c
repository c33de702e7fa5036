/* SPDX-License-Identifier: MIT */
/* The questions to a suspect before the verdict: their number and times, the helpers, and the accusers after them. */
#include "swim_fixture.h"

#include <string.h>

#include "core/internal.h"
#include "support/unit.h"

/* The number of the peer with this address, or (`addr` NULL) with this name; 0: no peer. */
static unsigned
peer_of(const struct swim_addr *addr, struct wire_str name)
{
	char text[16];

	for (unsigned i = 1; i <= 4; i++) {
		struct swim_addr at = fixture_addr(i);

		if (addr != NULL ? swim_addr_equal(&at, addr)
				 : wire_str_equal(name, fixture_name(i, text)))
			return i;
	}
	return 0;
}

/*
 * All pings and ping-reqs are answered; if questions are `lost`, only ping-reqs are, and if p1 is
 * `silent`, nothing that p1 is asked. Returns the number of pings to p1.
 */
static unsigned
answer_all(struct fixture *f, bool lost, bool silent)
{
	size_t count = f->out_count;
	unsigned asked = 0;

	for (size_t i = 0; i < count; i++) {
		struct wire_message msg = f->out[i].message;
		unsigned to = peer_of(&f->out[i].to, (struct wire_str){0});
		unsigned about = msg.type == WIRE_PING_REQ ? peer_of(NULL, msg.member.id) : to;

		asked += msg.type == WIRE_PING && to == 1;
		if ((msg.type == WIRE_PING ? !lost : msg.type == WIRE_PING_REQ) &&
		    !(silent && (to == 1 || about == 1)))
			fixture_ack(f, to, msg.seq, about, fixture_same_view(f, to));
	}
	fixture_clear(f);
	return asked;
}

/*
 * All answer for a minute; then p1 is silent, and is accused. Returns the number of pings to p1
 * before p1 is dead.
 */
static unsigned
questions(bool lost)
{
	struct fixture *f = fixture_among(4);
	unsigned asked = 0;

	for (unsigned i = 1; i <= 4; i++)
		fixture_routable(f, i);
	for (unsigned step = 0; step < 6000; step++) {
		fixture_run(f, swim_ms(10));
		answer_all(f, lost, false);
	}
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 3);
	fixture_accuse(f, 4, 1, SWIM_SUSPECT, 4, 0);
	for (unsigned step = 0; step < 1000; step++) {
		fixture_run(f, swim_ms(10));
		asked += answer_all(f, lost, true);
		if (fixture_report(f, "p1").status == SWIM_DEAD)
			break;
	}
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
	fixture_free(f);
	return asked;
}

START_TEST(an_observer_whose_questions_are_lost_asks_more_before_a_verdict)
{
	/* A confirmation round, a last round, and perhaps a probe.  Where both rounds are long they share some questions. */
	unsigned few = questions(false), many = questions(true);

	ck_assert_uint_ge(few, 2 * 3);
	ck_assert_uint_le(few, 2 * 3 + 4);
	ck_assert_uint_ge(many, 33 + 3);
}
END_TEST

START_TEST(a_second_accuser_that_comes_late_makes_no_timer_overdue)
{
	/*
	 * The second accuser comes just before a question is due. With two accusers that question
	 * was due long before.
	 */
	for (unsigned wait = 1000; wait <= 2000; wait += 100) {
		struct fixture *f = fixture_among(4);

		for (unsigned i = 1; i <= 4; i++)
			fixture_routable(f, i);
		for (unsigned step = 0; step < 6000; step++) {
			fixture_run(f, swim_ms(10));
			answer_all(f, true, false);
		}
		fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 0);
		for (unsigned step = 0; step < wait / 10; step++) {
			fixture_run(f, swim_ms(10));
			answer_all(f, true, true);
		}
		fixture_accuse(f, 4, 1, SWIM_SUSPECT, 4, 3);
		/* An overdue timer would count as a stall of our own. */
		ck_assert(!swim_time_before(swim_deadline(f->swim), f->now));
		fixture_free(f);
	}
}
END_TEST

/* Whether any datagram tells this status of this name, with this accuser. */
static bool
accused_by(const struct fixture *f, const char *name, enum swim_status status, const char *accuser)
{
	for (size_t i = 0; i < f->out_count; i++) {
		struct wire_updates_iter iter = {0};
		struct wire_update u;

		while (wire_updates_next(&f->out[i].message.updates, &iter, &u)) {
			for (unsigned j = 0; j < u.accuser_count; j++) {
				if (wire_str_equal(u.member.id, name) && u.status == status &&
				    u.accusers[j] == fixture_hash(accuser))
					return true;
			}
		}
	}
	return false;
}

static bool
p1_is_dead(const struct fixture *f)
{
	return fixture_report(f, "p1").status == SWIM_DEAD;
}

START_TEST(unknown_accusers_leave_room_for_our_own_accusation)
{
	struct fixture *f = fixture_among(3);
	struct wire_update u = fixture_update(f, 1, SWIM_SUSPECT, 0);

	for (unsigned i = 1; i <= 3; i++)
		fixture_routable(f, i);
	for (unsigned i = 0; i < WIRE_ACCUSERS_MAX; i++)
		u.accusers[u.accuser_count++] = 1 + i;
	fixture_ping_with(f, 2, 77, &u);
	/* The other peers answer, and p1 does not. */
	ck_assert(fixture_answer_until(f, 2, 3, swim_ms(10), swim_seconds(20), p1_is_dead));
	fixture_run(f, swim_seconds(1));
	ck_assert(accused_by(f, "p1", SWIM_DEAD, "self"));
	fixture_free(f);
}
END_TEST

/*
 * This peer answers every ping, but does not refute. The test fails if p1 is declared dead. Returns
 * the number of pings to this peer.
 */
static unsigned
answer_as(struct fixture *f, unsigned peer, swim_duration d)
{
	swim_time end = swim_time_add(f->now, d);
	unsigned pings = 0;

	while (swim_time_before(f->now, end)) {
		fixture_run(f, swim_ms(10));
		pings += fixture_answer_all(f, peer, peer);
		for (size_t i = 0; i < f->event_count; i++)
			ck_assert(f->events[i].type != SWIM_EVENT_FAILED ||
				  strcmp(f->events[i].member.name, "p1") != 0);
		fixture_clear(f);
	}
	return pings;
}

START_TEST(a_suspect_that_answers_every_question_is_not_declared_dead)
{
	struct fixture *f = fixture_among_routable(3);

	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 3);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	answer_as(f, 1, swim_seconds(12));
	/* Once p1 is silent, the verdict comes. */
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 3);
	fixture_accuse(f, 3, 1, SWIM_SUSPECT, 2, 3);
	fixture_run(f, swim_seconds(8));
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

/* A flood from the address of a helper must not make us drop the helper's answers about p1. */
static void
check_that_answers_are_awaited(const struct fixture *f)
{
	for (size_t i = 0; i < f->out_count; i++) {
		const struct wire_message *msg = &f->out[i].message;

		if (msg->type == WIRE_PING_REQ && peer_of(NULL, msg->member.id) == 1)
			ck_assert(fixture_awaits(f, f->out[i].to.ip[3], msg->seq));
	}
}

#define REQUESTS_MAX 256
struct requests {
	uint64_t seq[REQUESTS_MAX];
	unsigned count;
};

/*
 * For this time p1 neither answers us nor refutes. The other peers answer our pings, and they
 * answer our ping-reqs about p1 in the name of `as` (0: not at all). `asked` (may be NULL) gets the
 * sequence numbers of the ping-reqs that they answered. Returns whether we declared p1 dead.
 */
static bool
others_answer(struct fixture *f, swim_duration d, unsigned as, struct requests *asked)
{
	swim_time end = swim_time_add(f->now, d);

	while (swim_time_before(f->now, end)) {
		size_t count;

		fixture_run(f, swim_ms(10));
		check_that_answers_are_awaited(f);
		count = f->out_count;
		for (size_t i = 0; i < count; i++) {
			const struct wire_message msg = f->out[i].message;
			unsigned to = peer_of(&f->out[i].to, (struct wire_str){0}), name = to;

			if (to <= 1 || (msg.type != WIRE_PING && msg.type != WIRE_PING_REQ))
				continue;
			if (msg.type == WIRE_PING_REQ)
				name = peer_of(NULL, msg.member.id) == 1 ? as : 0;
			if (name == 0)
				continue;
			if (msg.type == WIRE_PING_REQ && asked != NULL &&
			    asked->count < REQUESTS_MAX)
				asked->seq[asked->count++] = msg.seq;
			fixture_ack(f, to, msg.seq, name, fixture_same_view(f, to));
		}
		fixture_clear(f);
		if (fixture_report(f, "p1").status == SWIM_DEAD)
			return true;
	}
	return false;
}

START_TEST(a_suspect_that_answers_helpers_is_not_declared_dead)
{
	struct fixture *f = fixture_among_routable(4);

	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 0);
	ck_assert(!others_answer(f, swim_seconds(30), 1, NULL));
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	/* The number of accusers does not matter, as the helpers that reach p1 are asked. */
	fixture_accuse(f, 3, 1, SWIM_SUSPECT, 3, 0);
	ck_assert(!others_answer(f, swim_seconds(30), 1, NULL));
	/* Once the helpers do not reach p1 either, the verdict comes. */
	ck_assert(others_answer(f, swim_seconds(12), 0, NULL));
	fixture_free(f);
}
END_TEST

START_TEST(an_answer_through_a_helper_counts_once_and_for_the_member_that_it_names)
{
	struct fixture *f = fixture_among_routable(4);
	struct requests asked = {0};
	bool dead = false;

	/* Another member answers at the address of p1. */
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 0);
	ck_assert(others_answer(f, swim_seconds(12), 3, NULL));
	fixture_free(f);

	f = fixture_among_routable(4);
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 0);
	ck_assert(!others_answer(f, swim_seconds(12), 1, &asked));
	ck_assert_uint_gt(asked.count, 0);
	for (unsigned second = 0; second < 12 && !dead; second++) {
		for (unsigned i = 0; i < asked.count; i++)
			fixture_ack(f, 2, asked.seq[i], 1, fixture_swimd(2));
		dead = others_answer(f, swim_seconds(1), 0, NULL);
	}
	ck_assert(dead);
	fixture_free(f);
}
END_TEST

/* If suspicion_min is shorter than an answer may take, each answer would otherwise cause the next question. */
START_TEST(a_suspect_that_answers_is_asked_once_in_a_probe_interval)
{
	struct fixture *f = fixture_among_routable(3);
	struct swim_timing timing;
	unsigned seconds = 12;

	swim_timing_profile(SWIM_PROFILE_LAN, &timing);
	timing.suspicion_min = swim_ms(10);
	swim_set_timing(f->swim, f->now, &timing);
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 3);
	/* One question in each probe interval, the probes, and the questions that confirm the first suspicion. */
	ck_assert_uint_le(answer_as(f, 1, swim_seconds(seconds)), 2 * seconds + 8);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

START_TEST(an_answer_that_waited_during_a_stall_is_not_measured)
{
	struct fixture *f = fixture_among_routable(3);
	uint64_t seq = fixture_wait_ping(f, 1);
	swim_duration before = fixture_report(f, "p1").rtt;

	/* The socket is read before the timers fire, so there was no tick since the stall. */
	f->now = swim_time_add(f->now, swim_seconds(3));
	fixture_ack(f, 1, seq, 1, fixture_same_view(f, 1));
	ck_assert_int_eq(fixture_report(f, "p1").rtt.ns, before.ns);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_suspects_a_left_member_is_told_of_the_leave_at_once)
{
	struct fixture *f = fixture_among_routable(4);

	fixture_gossip(f, 1, 1, SWIM_LEFT, 0);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_LEFT);
	fixture_run(f, swim_seconds(1));
	fixture_clear(f);
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 0);
	ck_assert(fixture_has(fixture_sent(f, WIRE_GOSSIP, 2), "p1", SWIM_LEFT, NULL));
	fixture_free(f);
}
END_TEST

/* How many pings to p1 are sent in this time, while everybody but p1 answers us. */
static unsigned
pings_of_silent(struct fixture *f, swim_duration d)
{
	swim_time end = swim_time_add(f->now, d);
	unsigned pings = 0;

	while (swim_time_before(f->now, end)) {
		fixture_run(f, swim_ms(10));
		pings += answer_all(f, false, true);
	}
	return pings;
}

START_TEST(a_chosen_member_asks_no_single_questions_in_its_confirmation_round)
{
	struct fixture *f = fixture_among_routable(4);
	const struct suspicion *x;
	unsigned pings = 0;

	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 0);
	x = suspicion_of(members_find(f->swim, "p1", 2));
	ck_assert_int_eq(x->round, ROUND_CONFIRMATION);
	ck_assert_uint_eq(f->swim->confirmations, 1);
	while (x->round == ROUND_CONFIRMATION) {
		ck_assert(!suspicion_is_ours(f->swim, members_find(f->swim, "p1", 2)));
		pings += pings_of_silent(f, swim_ms(10));
	}
	/* Four questions in a row, and perhaps the probe of this period. */
	ck_assert_uint_ge(pings, 4);
	ck_assert_uint_le(pings, 5);
	ck_assert_uint_eq(f->swim->confirmations, 0);
	ck_assert(suspicion_is_ours(f->swim, members_find(f->swim, "p1", 2)));
	fixture_free(f);
}
END_TEST

START_TEST(an_answer_in_the_confirmation_round_ends_the_round_and_begins_the_suspicion_again)
{
	struct fixture *f = fixture_among_routable(4);
	const struct suspicion *x;

	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 3);
	x = suspicion_of(members_find(f->swim, "p1", 2));
	fixture_run(f, swim_ms(10));
	ck_assert_uint_gt(fixture_answer_all(f, 1, 1), 0);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	ck_assert_int_eq(x->round, ROUND_NONE);
	ck_assert_uint_eq(f->swim->confirmations, 0);
	ck_assert_int_eq(x->began.ns, f->now.ns);
	fixture_free(f);
}
END_TEST

START_TEST(confirmation_rounds_at_a_time_are_bounded)
{
	const unsigned peers = CONFIRMATIONS_MAX + 10;
	struct fixture *f = fixture_among_routable(peers);

	/* At the first suspicion most others are chosen before us; at the next one nearly nobody else is alive. */
	for (uint64_t incarnation = 0; incarnation < 2; incarnation++) {
		for (unsigned i = 2; i <= peers; i++)
			fixture_gossip(f, 1, i, SWIM_SUSPECT, incarnation);
	}
	ck_assert_uint_eq(f->swim->confirmations, CONFIRMATIONS_MAX);
	fixture_run(f, swim_seconds(3));
	ck_assert_uint_eq(f->swim->confirmations, 0);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_questions", an_observer_whose_questions_are_lost_asks_more_before_a_verdict,
    a_second_accuser_that_comes_late_makes_no_timer_overdue,
    unknown_accusers_leave_room_for_our_own_accusation,
    a_suspect_that_answers_every_question_is_not_declared_dead,
    a_suspect_that_answers_helpers_is_not_declared_dead,
    an_answer_through_a_helper_counts_once_and_for_the_member_that_it_names,
    a_suspect_that_answers_is_asked_once_in_a_probe_interval,
    an_answer_that_waited_during_a_stall_is_not_measured,
    a_member_that_suspects_a_left_member_is_told_of_the_leave_at_once,
    a_chosen_member_asks_no_single_questions_in_its_confirmation_round,
    an_answer_in_the_confirmation_round_ends_the_round_and_begins_the_suspicion_again,
    confirmation_rounds_at_a_time_are_bounded)
