/* SPDX-License-Identifier: MIT */
/* The failure detector: whom it pings and asks, when it suspects, when it gives up, and probing for others. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

#define PEERS 4

/* A cluster of us and PEERS others that all answered once, so that nothing but probing goes on. */
static struct fixture *
settled(void)
{
	struct fixture *f = fixture_started();

	for (unsigned i = 1; i <= PEERS; i++)
		fixture_member(f, i);
	/* Answer all for a while: rumours run out, and everybody is known to live where it says. */
	fixture_answer_until(f, 1, PEERS, swim_ms(100), swim_seconds(20), NULL);
	return f;
}

/* Run until a probe goes out; whom it is for. */
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
	ck_abort_msg("no probe in 5 s");
	return 0;
}

/* The first ping-req that was sent, and to whom; there must be one. */
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
	ck_abort_msg("nobody is sent a ping-req");
	return NULL;
}

START_TEST(everybody_is_probed_in_turn)
{
	struct fixture *f = settled();
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

START_TEST(silence_brings_helpers_then_suspicion_then_death)
{
	struct fixture *f = settled();
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
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_SUSPECTED, name), 1);
	/* The suspect is asked a last time, and then the verdict falls. */
	fixture_clear(f);
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, name), 1);
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, target), name, SWIM_SUSPECT, NULL));
	fixture_free(f);
}
END_TEST

/* Members that have answered, but late; as much time for an answer as between probes. */
static struct fixture *
hurried(unsigned peers)
{
	struct fixture *f = fixture_new();

	f->config.timing.probe_timeout = f->config.timing.probe_interval;
	ck_assert(fixture_start(f));
	fixture_proven_slow(f, peers);
	fixture_clear(f);
	return f;
}

START_TEST(others_are_asked_before_a_probe_fails_however_long_the_timeout)
{
	struct fixture *f = hurried(PEERS);
	const struct fixture_out *ask;
	unsigned target, helper = 0;
	uint64_t seq;

	target = next_probe(f, &seq);
	fixture_run(f, swim_ms(1005));
	ask = ping_req_of(f, &helper);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	/* They have as long as the target had. */
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

START_TEST(a_probe_fails_on_time_where_there_is_nobody_to_ask)
{
	struct fixture *f = hurried(1);
	uint64_t seq;

	next_probe(f, &seq);
	fixture_run(f, swim_ms(990));
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	fixture_run(f, swim_ms(10));
	ck_assert_uint_eq(fixture_stats(f).suspicions, 1);
	fixture_free(f);
}
END_TEST

/* Local health stretches timeouts by more than periods. */
START_TEST(others_are_asked_by_one_in_bad_health_too)
{
	struct fixture *f = fixture_new();
	unsigned helper;

	f->config.timing.probe_timeout = swim_ms(900);
	f->config.timing.suspicion_min = swim_seconds(60);
	ck_assert(fixture_start(f));
	fixture_proven_slow(f, PEERS);
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

START_TEST(a_late_tick_asks_others_first)
{
	struct fixture *f = fixture_new();
	unsigned helper;
	uint64_t seq;

	f->config.timing.probe_timeout = swim_ms(800);
	ck_assert(fixture_start(f));
	fixture_proven_slow(f, PEERS);
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

START_TEST(a_helper_waits_as_long_as_it_would_itself)
{
	struct fixture *f = hurried(2);

	fixture_ping_req(f, 1, 78, 2);
	fixture_run(f, swim_ms(700));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_NACK), 0);
	fixture_run(f, swim_ms(299));
	ck_assert_uint_eq(fixture_expect(f, WIRE_NACK, 1)->message.seq, 78);
	fixture_free(f);
}
END_TEST

START_TEST(an_ack_by_way_of_a_helper_is_as_good)
{
	struct fixture *f = settled();
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

/* A swimd is followed by a base peer of its name, which answers when it is asked. */
static void
becomes_base_peer(struct fixture *f, unsigned peer)
{
	fixture_clear(f);
	fixture_ping(f, peer, 1, fixture_nothing);
	fixture_answer(f, peer, fixture_nothing);
}

START_TEST(a_base_peer_has_its_own_time_to_say_nack)
{
	struct fixture *f = settled();
	uint64_t seq, asked;
	unsigned target, helper;

	for (unsigned k = 0; k < 30 * PEERS; k++) {
		target = next_probe(f, &seq);
		fixture_ack(f, target, seq, target, fixture_same_view(f, target));
		fixture_clear(f);
	}
	target = next_probe(f, &seq);
	/* Its deadline is a fixed one, however quick we have learnt to be: four fifths of 400 ms. */
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
	/* All helpers spoke: nothing is wrong with us. */
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	fixture_free(f);
}
END_TEST

START_TEST(an_ack_for_somebody_else_is_none)
{
	struct fixture *f = settled();
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
	struct fixture *f = settled();

	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	fixture_run(f, swim_ms(300));
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 1);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_RECOVERED, "p2"), 1);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	/* And a suspicion of the older incarnation begins none. */
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	fixture_free(f);
}
END_TEST

START_TEST(a_probe_of_where_it_was_is_no_probe_of_where_it_is)
{
	struct fixture *f = fixture_new();
	struct wire_update moved = fixture_update(f, 1, SWIM_ALIVE, 1);

	ck_assert(fixture_start(f));
	fixture_member(f, 1);
	while (fixture_stats(f).probes_sent == 0)
		fixture_run(f, swim_ms(10));
	moved.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping_with(f, 1, 1, &moved);
	/* Past the end of that probe, and not yet of the next one. */
	while (fixture_stats(f).probes_sent == 1)
		fixture_run(f, swim_ms(10));
	ck_assert_uint_eq(fixture_stats(f).probes_failed, 0);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	/* There it has to answer as well. */
	fixture_run(f, swim_seconds(2));
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

START_TEST(a_ping_req_is_relayed_and_answered)
{
	struct fixture *f = settled();
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
	struct fixture *f = settled();

	fixture_ping_req(f, 1, 78, 2);
	/* A base peer's deadline is not known: the rest of a period after its own timeout, and four fifths of that. */
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
	struct fixture *f = settled();

	fixture_base_ping_req(f, 1, 5, &self);
	ck_assert_uint_eq(fixture_expect(f, WIRE_ACK, 1)->message.seq, 5);
	fixture_free(f);
}
END_TEST

START_TEST(relays_are_limited)
{
	struct fixture *f = settled();

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

START_TEST(a_stall_of_ours_condemns_nobody)
{
	struct fixture *f = settled();
	uint64_t seq;

	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	next_probe(f, &seq);
	/* We are stopped for a minute; what comes in meanwhile is read first. */
	f->now = swim_time_add(f->now, swim_seconds(60));
	fixture_gossip(f, 2, 2, SWIM_ALIVE, 1);
	swim_tick(f->swim, f->now);
	fixture_drain(f);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, NULL), 0);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_SUSPECTED, NULL), 1);
	fixture_free(f);
}
END_TEST

/* The ping of the next probe is answered. */
static void
answer_one(struct fixture *f)
{
	uint64_t seq;
	unsigned target = next_probe(f, &seq);

	fixture_ack(f, target, seq, target, fixture_same_view(f, target));
	fixture_clear(f);
}

START_TEST(drops_and_lateness_are_doubts_of_ourselves_until_a_probe_is_answered)
{
	struct fixture *f = settled();

	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	/* Nothing dropped, and late by less than half of the 400 ms that an ack has. */
	swim_strained(f->swim, f->now, 0, swim_ms(199));
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	swim_strained(f->swim, f->now, 0, swim_ms(200));
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	answer_one(f);
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	answer_one(f);
	swim_strained(f->swim, f->now, 1, swim_ms(0));
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	/* However many in one period: it is one cause. */
	swim_strained(f->swim, f->now, 1000, swim_ms(300));
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	answer_one(f);
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	fixture_free(f);
}
END_TEST

START_TEST(doubts_of_ourselves_are_bounded_and_stretch_the_waits)
{
	struct fixture *f = settled();
	uint64_t seq;

	for (unsigned k = 0; k < 20; k++) {
		f->now = swim_time_add(f->now, swim_seconds(1));
		swim_strained(f->swim, f->now, 1, swim_ms(0));
	}
	ck_assert_uint_eq(fixture_stats(f).local_health, 8);
	/* Others were asked after 400 ms at the latest, and now after nine times the least wait of 400 / 6 ms. */
	next_probe(f, &seq);
	fixture_run(f, swim_ms(590));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_PING_REQ), 0);
	fixture_run(f, swim_seconds(5));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_PING_REQ), 3);
	fixture_free(f);
}
END_TEST

START_TEST(a_stall_that_was_told_counts_once)
{
	struct fixture *f = settled();

	f->now = swim_time_add(f->now, swim_seconds(5));
	swim_strained(f->swim, f->now, 3, swim_seconds(5));
	swim_tick(f->swim, f->now);
	fixture_drain(f);
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	fixture_free(f);
}
END_TEST

START_TEST(who_is_alone_has_nobody_to_doubt_for)
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

START_TEST(the_dead_are_tried_again)
{
	struct fixture *f = settled();
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

/* How many pings a peer that is dead gets within two minutes. */
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

START_TEST(the_dead_that_never_answered_are_tried_again_a_few_times)
{
	struct fixture *f = fixture_started();

	fixture_proven(f, 1);
	fixture_proven(f, 2);
	fixture_gossip(f, 1, 3, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 3, SWIM_DEAD, 0);
	ck_assert_int_eq(fixture_report(f, "p3").status, SWIM_DEAD);
	ck_assert_uint_eq(reconnects(f, 3), 10);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert_uint_gt(reconnects(f, 2), 20);
	fixture_free(f);
}
END_TEST

START_TEST(who_pings_us_is_told_what_we_hold_against_it)
{
	struct fixture *f = settled();
	struct wire_update u[6];
	uint64_t incarnation = 0;

	fixture_gossip(f, 1, 2, SWIM_DEAD, 3);
	fixture_clear(f);
	/* It began anew; its ping is large enough for an answer that says so. */
	for (unsigned i = 0; i < 6; i++)
		u[i] = fixture_update(f, i == 0 ? 2 : 1, SWIM_ALIVE, 0);
	fixture_ping(f, 2, 5, fixture_telling(fixture_swimd(2), u, 6));
	ck_assert(fixture_has(fixture_sent(f, WIRE_ACK, 2), "p2", SWIM_DEAD, &incarnation));
	ck_assert_uint_eq(incarnation, 3);
	fixture_free(f);
}
END_TEST

START_TEST(who_holds_us_dead_is_contradicted_in_the_answer)
{
	struct fixture *f = settled();
	struct wire_update u = fixture_update(f, 0, SWIM_DEAD, 0);
	uint64_t incarnation = 0;

	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 4);
	/* So long ago that no rumour of it is left. */
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

/* What others are sent tells nothing of what they will be: every number is drawn by the caller, and none by the core. */
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

UNIT_MAIN("swim_probe", sequence_numbers_are_drawn_by_the_caller, everybody_is_probed_in_turn,
    others_are_asked_before_a_probe_fails_however_long_the_timeout,
    a_probe_fails_on_time_where_there_is_nobody_to_ask, others_are_asked_by_one_in_bad_health_too,
    a_late_tick_asks_others_first, a_helper_waits_as_long_as_it_would_itself,
    silence_brings_helpers_then_suspicion_then_death, an_ack_by_way_of_a_helper_is_as_good,
    a_probe_of_where_it_was_is_no_probe_of_where_it_is, a_base_peer_has_its_own_time_to_say_nack,
    an_ack_for_somebody_else_is_none, a_refutation_ends_a_suspicion,
    a_ping_req_is_relayed_and_answered, a_ping_req_without_an_answer_ends_in_a_nack_in_time,
    a_ping_req_about_ourselves_is_answered_at_once, relays_are_limited,
    a_stall_of_ours_condemns_nobody,
    drops_and_lateness_are_doubts_of_ourselves_until_a_probe_is_answered,
    doubts_of_ourselves_are_bounded_and_stretch_the_waits, a_stall_that_was_told_counts_once,
    who_is_alone_has_nobody_to_doubt_for, the_dead_are_tried_again,
    the_dead_that_never_answered_are_tried_again_a_few_times,
    who_pings_us_is_told_what_we_hold_against_it, who_holds_us_dead_is_contradicted_in_the_answer)
