/* SPDX-License-Identifier: MIT */
/* The failure detector: the choice of targets and helpers, suspicion and death, and pings for other members. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

#define PEERS 4

/* A core among PEERS members that have answered, without rumours, so that nothing but probing goes on. */
static struct fixture *
quiet(void)
{
	struct fixture *f = fixture_started();

	for (unsigned i = 1; i <= PEERS; i++)
		fixture_member(f, i);
	/* All members answer for a while, until no rumour is left and all are routable. */
	fixture_answer_until(f, 1, PEERS, swim_ms(100), swim_seconds(20), NULL);
	return f;
}

/* Lets time pass until a probe is sent. Returns its target; `seq` gets its sequence number. */
static unsigned
next_probe(struct fixture *f, uint64_t *seq)
{
	for (unsigned step = 0; step < 1000; step++) {
		fixture_run(f, swim_ms(5));
		for (unsigned i = 1; i <= PEERS; i++) {
			const struct fixture_out *ping = fixture_sent(f, WIRE_PING, i);

			if (ping != NULL) {
				*seq = ping->message.seq;
				return i;
			}
		}
	}
	ck_abort_msg("the core sent no probe within 5 s");
	return 0;
}

/* The first ping-req that was sent; `helper` gets its receiver. Without a ping-req the test fails. */
static const struct fixture_out *
ping_req_of(const struct fixture *f, unsigned *helper)
{
	for (unsigned i = 1; i <= PEERS; i++) {
		const struct fixture_out *out = fixture_sent(f, WIRE_PING_REQ, i);

		if (out != NULL) {
			*helper = i;
			return out;
		}
	}
	ck_abort_msg("the core sent no ping-req");
	return NULL;
}

START_TEST(every_member_is_probed_in_turn)
{
	struct fixture *f = quiet();
	unsigned seen[PEERS + 1] = {0};

	for (unsigned k = 0; k < 8 * PEERS; k++) {
		uint64_t seq;
		unsigned target = next_probe(f, &seq);

		seen[target]++;
		fixture_ack(f, target, seq, target, fixture_same_view(f, target));
		fixture_clear(f);
	}
	for (unsigned i = 1; i <= PEERS; i++)
		ck_assert_uint_gt(seen[i], 3);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	ck_assert(fixture_stats(f).probed);
	ck_assert_int_ge(fixture_report(f, "p1").rtt.ns, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_silent_member_is_asked_by_helpers_then_suspect_then_dead)
{
	struct fixture *f = quiet();
	char name[16];
	uint64_t seq;
	unsigned target = next_probe(f, &seq), helper;

	fixture_name(target, name);
	fixture_run(f, swim_ms(600));
	ck_assert(wire_str_equal(ping_req_of(f, &helper)->message.member.id, name));
	ck_assert_uint_ne(helper, target);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_PING_REQ), 3);
	fixture_run(f, swim_seconds(1));
	ck_assert_int_eq(fixture_report(f, name).status, SWIM_SUSPECT);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SUSPECTED, name), 1);
	/* The suspect is asked some last questions, and then declared dead. */
	fixture_clear(f);
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, name), 1);
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, target), name, SWIM_SUSPECT, NULL));
	fixture_free(f);
}
END_TEST

/* Members that have answered late; probe_timeout is as long as probe_interval. */
static struct fixture *
with_long_timeout(unsigned peers)
{
	struct fixture *f = fixture_new();

	f->config.timing.probe_timeout = f->config.timing.probe_interval;
	ck_assert(fixture_start(f));
	fixture_routable_slow(f, peers);
	fixture_clear(f);
	return f;
}

START_TEST(helpers_are_asked_before_a_probe_fails_however_long_the_timeout)
{
	struct fixture *f = with_long_timeout(PEERS);
	const struct fixture_out *ask;
	unsigned target, helper = 0;
	uint64_t seq;

	target = next_probe(f, &seq);
	fixture_run(f, swim_ms(1005));
	ask = ping_req_of(f, &helper);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	/* The helpers have as much time as the target had. */
	ck_assert_uint_ge(ask->message.trailer.timeout_ms, 990);
	seq = ask->message.seq;
	fixture_run(f, swim_ms(980));
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	ck_assert_uint_eq(fixture_stats(f).probes_sent, 1);
	fixture_ack(f, helper, seq, target, fixture_same_view(f, helper));
	ck_assert_uint_eq(fixture_stats(f).probes_acked_indirectly, 1);
	fixture_run(f, swim_ms(20));
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	ck_assert_uint_eq(fixture_stats(f).probes_sent, 2);
	fixture_free(f);
}
END_TEST

START_TEST(a_probe_without_helpers_fails_at_the_end_of_its_interval)
{
	struct fixture *f = with_long_timeout(1);
	uint64_t seq;

	next_probe(f, &seq);
	fixture_run(f, swim_ms(990));
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	fixture_run(f, swim_ms(10));
	ck_assert_uint_eq(fixture_stats(f).suspicions, 1);
	fixture_free(f);
}
END_TEST

/* Local health lengthens the patience more than the probe interval. */
START_TEST(helpers_are_asked_whatever_the_local_health)
{
	struct fixture *f = fixture_new();
	unsigned helper;

	f->config.timing.probe_timeout = swim_ms(900);
	f->config.timing.suspicion_min = swim_seconds(60);
	ck_assert(fixture_start(f));
	fixture_routable_slow(f, PEERS);
	for (unsigned i = 0; i < PEERS - 1; i++) {
		uint64_t failed = fixture_stats(f).probes_failed;

		fixture_clear(f);
		while (fixture_stats(f).probes_failed == failed)
			fixture_run(f, swim_ms(5));
		ping_req_of(f, &helper);
	}
	ck_assert_uint_gt(fixture_stats(f).local_health, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_late_tick_asks_helpers_before_the_probe_fails)
{
	struct fixture *f = fixture_new();
	unsigned helper;
	uint64_t seq;

	f->config.timing.probe_timeout = swim_ms(800);
	ck_assert(fixture_start(f));
	fixture_routable_slow(f, PEERS);
	fixture_clear(f);
	next_probe(f, &seq);
	fixture_clear(f);
	fixture_run(f, swim_ms(780));
	f->now = swim_time_add(f->now, swim_ms(400));
	swim_tick(f->swim, f->now);
	fixture_drain(f);
	ping_req_of(f, &helper);
	ck_assert_uint_eq(fixture_stats(f).probes_failed, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_helper_takes_its_own_timeout_for_that_of_the_asker)
{
	struct fixture *f = with_long_timeout(2);

	fixture_ping_req(f, 1, 78, 2);
	fixture_run(f, swim_ms(700));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_NACK), 0);
	fixture_run(f, swim_ms(299));
	ck_assert_uint_eq(fixture_expect(f, WIRE_NACK, 1)->message.seq, 78);
	fixture_free(f);
}
END_TEST

START_TEST(an_ack_through_a_helper_answers_the_probe)
{
	struct fixture *f = quiet();
	const struct fixture_out *request;
	uint64_t seq;
	unsigned target = next_probe(f, &seq), helper;
	uint64_t before = fixture_stats(f).probes_acked_indirectly;

	for (unsigned step = 0; step < 100 && fixture_sent_count(f, WIRE_PING_REQ) == 0; step++)
		fixture_run(f, swim_ms(10));
	request = ping_req_of(f, &helper);
	fixture_ack(f, helper, request->message.seq, target, fixture_same_view(f, helper));
	ck_assert_uint_eq(fixture_stats(f).probes_acked_indirectly, before + 1);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	fixture_free(f);
}
END_TEST

/* A base peer with the name of a swimd peer starts at its address, and answers its greeting. */
static void
becomes_base_peer(struct fixture *f, unsigned peer)
{
	fixture_clear(f);
	fixture_ping(f, peer, 1, fixture_nothing);
	fixture_answer(f, peer, fixture_nothing);
}

START_TEST(a_base_peer_that_helps_has_a_fixed_time_for_its_nack)
{
	struct fixture *f = quiet();
	uint64_t seq, asked;
	unsigned target, helper;

	for (unsigned k = 0; k < 30 * PEERS; k++) {
		target = next_probe(f, &seq);
		fixture_ack(f, target, seq, target, fixture_same_view(f, target));
		fixture_clear(f);
	}
	target = next_probe(f, &seq);
	/*
	 * The base peers send their nacks after a fixed time, however short our patience is: four
	 * fifths of 400 ms.
	 */
	for (unsigned i = 1; i <= PEERS; i++) {
		if (i != target)
			becomes_base_peer(f, i);
	}
	fixture_clear(f);
	for (unsigned step = 0; step < 100 && fixture_sent_count(f, WIRE_PING_REQ) == 0; step++)
		fixture_run(f, swim_ms(10));
	asked = fixture_sent_count(f, WIRE_PING_REQ);
	ck_assert_uint_eq(asked, 3);
	seq = ping_req_of(f, &helper)->message.seq;
	fixture_run(f, swim_ms(320));
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	for (unsigned i = 1; i <= PEERS; i++) {
		if (i != target)
			fixture_nack(f, i, seq, target);
	}
	ck_assert_uint_eq(fixture_stats(f).nacks_received, asked);
	fixture_run(f, swim_seconds(1));
	ck_assert_uint_eq(fixture_stats(f).suspicions, 1);
	/* All helpers have sent a nack, so nothing is wrong with us. */
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	fixture_free(f);
}
END_TEST

START_TEST(an_ack_that_names_another_member_does_not_answer_the_probe)
{
	struct fixture *f = quiet();
	uint64_t seq;
	unsigned target = next_probe(f, &seq), other = target % PEERS + 1;
	uint64_t before = fixture_stats(f).probes_acked;

	/* Another member lives at that address now. */
	fixture_ack(f, target, seq, other, fixture_swimd(other));
	ck_assert_uint_eq(fixture_stats(f).probes_acked, before);
	fixture_free(f);
}
END_TEST

START_TEST(a_refutation_ends_a_suspicion)
{
	struct fixture *f = quiet();

	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	fixture_run(f, swim_ms(300));
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_RECOVERED, "p2"), 1);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	/* A suspicion at the older incarnation does not begin another one. */
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	fixture_free(f);
}
END_TEST

START_TEST(a_probe_of_a_former_address_does_not_fail)
{
	struct fixture *f = fixture_new();
	struct wire_update moved = fixture_update(f, 1, SWIM_ALIVE, 1);

	ck_assert(fixture_start(f));
	fixture_member(f, 1);
	while (fixture_stats(f).probes_sent == 0)
		fixture_run(f, swim_ms(10));
	moved.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping_with(f, 1, 1, &moved);
	/* The end of this probe is over, and the end of the next one is not. */
	while (fixture_stats(f).probes_sent == 1)
		fixture_run(f, swim_ms(10));
	ck_assert_uint_eq(fixture_stats(f).probes_failed, 0);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	/* The member has to answer at its new address too. */
	fixture_run(f, swim_seconds(2));
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

START_TEST(a_ping_req_is_relayed_and_answered)
{
	struct fixture *f = quiet();
	const struct fixture_out *ping;

	fixture_ping_req(f, 1, 77, 2);
	ping = fixture_expect(f, WIRE_PING, 2);
	fixture_ack(f, 2, ping->message.seq, 2, fixture_nothing);
	ck_assert_uint_eq(fixture_expect(f, WIRE_ACK, 1)->message.seq, 77);
	ck_assert(wire_str_equal(fixture_expect(f, WIRE_ACK, 1)->message.member.id, "p2"));
	ck_assert_uint_eq(fixture_stats(f).relays_acked, 1);
	fixture_run(f, swim_seconds(2));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_NACK), 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_ping_req_without_an_answer_ends_in_a_nack_in_time)
{
	struct fixture *f = quiet();

	fixture_ping_req(f, 1, 78, 2);
	/*
	 * The asker tells no timeout, so the nack is sent after four fifths of what probe_timeout
	 * leaves of probe_interval.
	 */
	fixture_run(f, swim_ms(479));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_NACK), 0);
	fixture_run(f, swim_ms(2));
	ck_assert_uint_eq(fixture_expect(f, WIRE_NACK, 1)->message.seq, 78);
	ck_assert(wire_str_equal(fixture_expect(f, WIRE_NACK, 1)->message.member.id, "p2"));
	ck_assert_uint_eq(fixture_stats(f).relays_nacked, 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_ping_req_about_ourselves_is_answered_at_once)
{
	struct wire_member_id self = {wire_str_of("self"), wire_str_of("10.0.0.1:7946")};
	struct fixture *f = quiet();

	fixture_base_ping_req(f, 1, 5, &self);
	ck_assert_uint_eq(fixture_expect(f, WIRE_ACK, 1)->message.seq, 5);
	fixture_free(f);
}
END_TEST

START_TEST(relays_are_bounded)
{
	struct fixture *f = quiet();

	for (uint64_t i = 0; i < 2 * SWIM_RELAYS; i++) {
		fixture_ping_req(f, 1, i, 2);
		fixture_clear(f);
	}
	ck_assert_uint_ge(fixture_stats(f).relays_refused, SWIM_RELAYS);
	fixture_run(f, swim_seconds(1));
	ck_assert_uint_eq(fixture_stats(f).relays_nacked, SWIM_RELAYS);
	fixture_free(f);
}
END_TEST

START_TEST(a_stall_of_ours_makes_nobody_dead)
{
	struct fixture *f = quiet();
	uint64_t seq;

	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	next_probe(f, &seq);
	/* We stand still for a minute; the datagrams of this time are read before the tick. */
	f->now = swim_time_add(f->now, swim_seconds(60));
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 1);
	swim_tick(f->swim, f->now);
	fixture_drain(f);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, NULL), 0);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SUSPECTED, NULL), 1);
	fixture_free(f);
}
END_TEST

/* The target of the next probe answers. */
static void
answer_one(struct fixture *f)
{
	uint64_t seq;
	unsigned target = next_probe(f, &seq);

	fixture_ack(f, target, seq, target, fixture_same_view(f, target));
	fixture_clear(f);
}

START_TEST(drops_and_a_late_loop_raise_local_health_until_a_probe_is_answered)
{
	struct fixture *f = quiet();

	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	/* Nothing was dropped, and the loop is late by less than half of probe_timeout, which is 400 ms. */
	swim_strained(f->swim, f->now, 0, swim_ms(199));
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	swim_strained(f->swim, f->now, 0, swim_ms(200));
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	answer_one(f);
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	answer_one(f);
	swim_strained(f->swim, f->now, 1, swim_ms(0));
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	/* All drops in one probe interval have one cause. */
	swim_strained(f->swim, f->now, 1000, swim_ms(300));
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	answer_one(f);
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	fixture_free(f);
}
END_TEST

START_TEST(local_health_is_bounded_and_lengthens_the_patience)
{
	struct fixture *f = quiet();
	uint64_t seq;

	for (unsigned k = 0; k < 20; k++) {
		f->now = swim_time_add(f->now, swim_seconds(1));
		swim_strained(f->swim, f->now, 1, swim_ms(0));
	}
	ck_assert_uint_eq(fixture_stats(f).local_health, 8);
	/*
	 * Helpers are asked after 400 ms at the latest in good health, and now after nine times the
	 * least patience of 400 / 6 ms.
	 */
	next_probe(f, &seq);
	fixture_run(f, swim_ms(590));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_PING_REQ), 0);
	fixture_run(f, swim_seconds(5));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_PING_REQ), 3);
	fixture_free(f);
}
END_TEST

START_TEST(a_stall_that_the_caller_reported_counts_once)
{
	struct fixture *f = quiet();

	f->now = swim_time_add(f->now, swim_seconds(5));
	swim_strained(f->swim, f->now, 3, swim_seconds(5));
	swim_tick(f->swim, f->now);
	fixture_drain(f);
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_without_others_keeps_its_local_health)
{
	struct fixture *f = fixture_started();

	swim_strained(f->swim, f->now, 1, swim_seconds(1));
	fixture_run(f, swim_seconds(2));
	f->now = swim_time_add(f->now, swim_seconds(60));
	swim_tick(f->swim, f->now);
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	fixture_free(f);
}
END_TEST

START_TEST(dead_members_are_pinged_again)
{
	struct fixture *f = quiet();
	uint64_t incarnation = 9;

	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	fixture_run(f, swim_ms(500));
	fixture_clear(f);
	fixture_run(f, swim_seconds(5));
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, 2), "p2", SWIM_DEAD, &incarnation));
	ck_assert_uint_eq(incarnation, 0);
	fixture_free(f);
}
END_TEST

/* The number of datagrams to a dead peer in two minutes. */
static size_t
reconnects(struct fixture *f, unsigned peer)
{
	struct swim_addr addr = fixture_addr(peer);
	size_t count = 0;

	for (unsigned i = 0; i < 120; i++) {
		fixture_clear(f);
		fixture_run(f, swim_seconds(1));
		count += fixture_sent_to(f, &addr);
	}
	return count;
}

START_TEST(dead_members_that_never_answered_are_pinged_again_ten_times)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	fixture_routable(f, 2);
	fixture_gossip(f, 1, 3, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 3, SWIM_DEAD, 0);
	ck_assert_int_eq(fixture_report(f, "p3").status, SWIM_DEAD);
	ck_assert_uint_eq(reconnects(f, 3), 10);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert_uint_gt(reconnects(f, 2), 20);
	fixture_free(f);
}
END_TEST

START_TEST(a_dead_member_that_pings_us_is_told_of_its_death)
{
	struct fixture *f = quiet();
	struct wire_update u[6];
	uint64_t incarnation = 0;

	fixture_gossip(f, 1, 2, SWIM_DEAD, 3);
	fixture_clear(f);
	/* p2 has started again; its ping is large enough for an ack that tells its death. */
	for (unsigned i = 0; i < 6; i++)
		u[i] = fixture_update(f, i == 0 ? 2 : 1, SWIM_ALIVE, 0);
	fixture_ping(f, 2, 5, fixture_telling(fixture_swimd(2), u, 6));
	ck_assert(fixture_has(fixture_sent(f, WIRE_ACK, 2), "p2", SWIM_DEAD, &incarnation));
	ck_assert_uint_eq(incarnation, 3);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_holds_us_dead_is_told_our_incarnation_in_the_ack)
{
	struct fixture *f = quiet();
	struct wire_update u = fixture_update(f, 0, SWIM_DEAD, 0);
	uint64_t incarnation = 0;

	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 4);
	/* After this time no rumour of our refutation is left. */
	fixture_run(f, swim_seconds(5));
	fixture_clear(f);
	fixture_ping_with(f, 3, 6, &u);
	ck_assert(fixture_has(fixture_sent(f, WIRE_ACK, 3), "self", SWIM_ALIVE, &incarnation));
	ck_assert_uint_eq(incarnation, 5);
	fixture_free(f);
}
END_TEST

static uint64_t
draw(void *ctx)
{
	uint64_t *last = ctx;

	return ++*last;
}

/*
 * The sequence numbers that a member sees must not tell the following ones, so the caller draws
 * each number at random.
 */
START_TEST(sequence_numbers_are_drawn_by_the_caller)
{
	enum { BASE = 1000000 };
	struct fixture *f = fixture_new();
	uint64_t last = BASE;
	size_t seen = 0;

	f->config.random = (struct swim_random){draw, &last};
	ck_assert(fixture_start(f));
	for (unsigned i = 1; i <= 5; i++)
		fixture_member(f, i);
	fixture_ping(f, 9, 1, fixture_nothing);
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	ck_assert(swim_join(f->swim, f->now,
	    &(struct swim_addr){.family = 4, .port = 1, .ip = {10, 9, 9, 9}}));
	for (unsigned i = 0; i < 100; i++) {
		fixture_run(f, swim_ms(100));
		for (size_t k = 0; k < f->out_count; k++) {
			const struct wire_message *m = &f->out[k].message;

			/* An answer has the number of its question. */
			if (m->type == WIRE_ACK || m->type == WIRE_NACK)
				continue;
			ck_assert_uint_gt(m->seq, BASE);
			ck_assert_uint_le(m->seq, last);
			seen++;
		}
		fixture_clear(f);
	}
	ck_assert_uint_gt(seen, 50);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_probe", sequence_numbers_are_drawn_by_the_caller, every_member_is_probed_in_turn,
    helpers_are_asked_before_a_probe_fails_however_long_the_timeout,
    a_probe_without_helpers_fails_at_the_end_of_its_interval,
    helpers_are_asked_whatever_the_local_health, a_late_tick_asks_helpers_before_the_probe_fails,
    a_helper_takes_its_own_timeout_for_that_of_the_asker,
    a_silent_member_is_asked_by_helpers_then_suspect_then_dead,
    an_ack_through_a_helper_answers_the_probe, a_probe_of_a_former_address_does_not_fail,
    a_base_peer_that_helps_has_a_fixed_time_for_its_nack,
    an_ack_that_names_another_member_does_not_answer_the_probe, a_refutation_ends_a_suspicion,
    a_ping_req_is_relayed_and_answered, a_ping_req_without_an_answer_ends_in_a_nack_in_time,
    a_ping_req_about_ourselves_is_answered_at_once, relays_are_bounded,
    a_stall_of_ours_makes_nobody_dead,
    drops_and_a_late_loop_raise_local_health_until_a_probe_is_answered,
    local_health_is_bounded_and_lengthens_the_patience,
    a_stall_that_the_caller_reported_counts_once, a_member_without_others_keeps_its_local_health,
    dead_members_are_pinged_again, dead_members_that_never_answered_are_pinged_again_ten_times,
    a_dead_member_that_pings_us_is_told_of_its_death,
    a_member_that_holds_us_dead_is_told_our_incarnation_in_the_ack)
