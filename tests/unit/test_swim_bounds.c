/* SPDX-License-Identifier: MIT */
/* Bounds on what hostile peers can make this member believe and send. */
#include <check.h>

#include <string.h>

#include "core/internal.h"
#include "support/unit.h"
#include "swim_fixture.h"
#include "wire/wire.h"

#define HIGH (UINT64_C(1) << 40)

static struct fixture *
started(uint64_t max_jump)
{
	struct fixture *f = fixture_new();

	f->config.max_jump = max_jump;
	ck_assert(fixture_start(f));
	return f;
}

/* Peer 1 acks, and tells this incarnation of a peer. */
static void
ack_saying(struct fixture *f, uint64_t seq, unsigned about, uint64_t incarnation)
{
	struct wire_update update = fixture_update(f, about, SWIM_ALIVE, incarnation);

	fixture_ack(f, 1, seq, 1, fixture_telling(fixture_same_view(f, 1), &update, 1));
}

START_TEST(an_answer_may_raise_our_incarnation_beyond_the_jump_bound)
{
	struct fixture *f = started(10);

	fixture_member(f, 1);
	fixture_gossip(f, 1, 0, SWIM_ALIVE, HIGH);
	ack_saying(f, 4711, 0, HIGH);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_JUMP], 2);
	ack_saying(f, fixture_wait_ping(f, 1), 0, HIGH);
	ck_assert_uint_eq(swim_incarnation(f->swim), HIGH + 1);
	/* An ack with another sequence number is no answer. */
	ack_saying(f, fixture_wait_ping(f, 1) + 1, 0, HIGH * 2);
	ck_assert_uint_eq(swim_incarnation(f->swim), HIGH + 1);
	fixture_free(f);
}
END_TEST

START_TEST(no_answer_raises_our_incarnation_above_2_to_the_63)
{
	struct fixture *f = started(10);

	fixture_member(f, 1);
	ack_saying(f, fixture_wait_ping(f, 1), 0, UINT64_MAX);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	ack_saying(f, fixture_wait_ping(f, 1), 0, UINT64_C(1) << 63);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	ack_saying(f, fixture_wait_ping(f, 1), 0, (UINT64_C(1) << 63) - 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), UINT64_C(1) << 63);
	fixture_free(f);
}
END_TEST

START_TEST(an_answer_may_raise_the_incarnation_of_its_sender_beyond_the_jump_bound)
{
	struct fixture *f = started(10);

	fixture_member(f, 1);
	fixture_member(f, 2);
	fixture_gossip(f, 1, 1, SWIM_ALIVE, HIGH);
	ck_assert_uint_eq(fixture_report(f, "p1").incarnation, 0);
	/* An answer may not raise the incarnation of another member beyond the jump bound. */
	ack_saying(f, fixture_wait_ping(f, 1), 2, HIGH);
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, 0);
	ack_saying(f, fixture_wait_ping(f, 1), 1, HIGH);
	ck_assert_uint_eq(fixture_report(f, "p1").incarnation, HIGH);
	ack_saying(f, fixture_wait_ping(f, 1), 1, UINT64_MAX);
	ck_assert_uint_eq(fixture_report(f, "p1").incarnation, HIGH);
	fixture_free(f);
}
END_TEST

/* A ping-req of a base peer about this pair. Returns the size of the datagram in bytes. */
static size_t
base_ping_req(struct fixture *f, unsigned from, const char *id, const char *address)
{
	struct wire_member_id target = {wire_str_of(id), wire_str_of(address)};

	return fixture_base_ping_req(f, from, 7, &target);
}

START_TEST(a_stranger_s_ping_gets_the_smallest_possible_ack)
{
	/*
	 * The smallest ack: header, id and address with their lengths, number of updates. The id is
	 * our address to base peers, and our name to swimd peers.
	 */
	const size_t address = strlen("10.0.0.1:7946");
	const size_t least = 9 + 2 + address + 2 + address + 2;
	const size_t named = 9 + 2 + strlen("self") + 2 + address + 2;
	struct fixture *f = started(10);
	const struct fixture_out *ack;

	fixture_ping(f, 200, 1, fixture_nothing);
	ack = fixture_expect(f, WIRE_ACK, 200);
	ck_assert_uint_eq(ack->len, least);
	ck_assert(!ack->message.trailer.has_digest);
	/* The ack has our digest if the ping is large enough, which the ping of peer 201 is not. */
	fixture_clear(f);
	fixture_ping(f, 201, 1, fixture_swimd(20001));
	ck_assert(!fixture_expect(f, WIRE_ACK, 201)->message.trailer.has_digest);
	fixture_clear(f);
	fixture_member(f, 1);
	fixture_clear(f);
	fixture_ping(f, 1, 1,
	    (struct fixture_says){.swimd = true, .sender = 1, .pad_to = named + 11});
	ck_assert(fixture_expect(f, WIRE_ACK, 1)->message.trailer.has_digest);
	ck_assert_uint_eq(fixture_expect(f, WIRE_ACK, 1)->len, named + 11);
	fixture_free(f);
}
END_TEST

START_TEST(a_stranger_s_ping_req_gets_no_more_than_it_sent)
{
	struct fixture *f = started(10);
	size_t len = base_ping_req(f, 200, "10.0.0.1:7946", "10.0.0.1:7946");

	ck_assert_uint_le(fixture_expect(f, WIRE_ACK, 200)->len, len);
	/* An address that cannot be sent to gets a nack at once. */
	fixture_clear(f);
	len = base_ping_req(f, 200, "nobody", "nowhere");
	ck_assert_uint_le(fixture_expect(f, WIRE_NACK, 200)->len, len);
	/* Peer 1 answers the ping of the first ping-req, and not the ping of the second. */
	fixture_member(f, 1);
	fixture_clear(f);
	len = base_ping_req(f, 200, "10.0.1.1:7946", "10.0.1.1:7946");
	fixture_answer(f, 1, fixture_nothing);
	ck_assert_uint_le(fixture_expect(f, WIRE_ACK, 200)->len, len);
	fixture_clear(f);
	len = base_ping_req(f, 200, "10.0.1.1:7946", "10.0.1.1:7946");
	fixture_run(f, swim_ms(599));
	ck_assert_uint_le(fixture_expect(f, WIRE_NACK, 200)->len, len);
	fixture_free(f);
}
END_TEST

/* An attacker could send many small ping-reqs with a forged source address, each about another member. */
START_TEST(a_stranger_s_ping_req_makes_us_send_one_small_ping)
{
	struct fixture *f = started(10);
	const struct fixture_out *ping;
	size_t len;

	fixture_routable(f, 1);
	fixture_routable(f, 2);
	for (unsigned peer = 3; peer < 40; peer++)
		fixture_gossip(f, 1, peer, SWIM_ALIVE, 0);
	fixture_clear(f);
	len = base_ping_req(f, 200, "10.0.1.1:7946", "10.0.1.1:7946");
	ping = fixture_expect(f, WIRE_PING, 1);
	ck_assert_uint_eq(ping->message.updates.count, 0);
	ck_assert_uint_le(ping->len, len);
	/* Peer 2 has answered at its address, so the ping has rumours too. */
	fixture_clear(f);
	base_ping_req(f, 2, "10.0.1.1:7946", "10.0.1.1:7946");
	ck_assert_uint_gt(fixture_expect(f, WIRE_PING, 1)->message.updates.count, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_stranger_s_large_ping_req_tells_the_suspect_of_the_suspicion)
{
	struct fixture *f = started(10);
	struct wire_str address = wire_str_of("10.0.1.1:7946");
	struct wire_member_id target = {address, address};
	uint8_t data[256];
	struct wire_writer w;

	fixture_member(f, 1);
	fixture_gossip(f, 2, 1, SWIM_SUSPECT, 0);
	fixture_clear(f);
	wire_writer_init(&w, data, sizeof(data), 0);
	wire_begin_ping_req(&w, 7, &target);
	fixture_finish(f, 200, &w, NULL, 100);
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, 1), "p1", SWIM_SUSPECT, NULL));
	ck_assert_uint_le(fixture_expect(f, WIRE_PING, 1)->len, 100);
	fixture_free(f);
}
END_TEST

START_TEST(strangers_that_use_up_the_greetings_stop_no_ping_req)
{
	struct fixture *f = started(10);

	fixture_routable(f, 2);
	for (unsigned i = 3; i < 200; i++)
		fixture_ping(f, i, i, fixture_nothing);
	ck_assert(!question_has_room_for_stranger(f->swim, QUESTION_INQUIRY));
	fixture_clear(f);
	base_ping_req(f, 200, "10.0.1.2:7946", "10.0.1.2:7946");
	fixture_expect(f, WIRE_PING, 2);
	ck_assert_uint_eq(fixture_stats(f).relays_refused, 0);
	fixture_free(f);
}
END_TEST

START_TEST(strangers_take_at_most_half_of_the_relays)
{
	struct fixture *f = started(10);

	fixture_routable(f, 1);
	fixture_routable(f, 2);
	for (unsigned i = 0; i < 2 * SWIM_RELAYS; i++) {
		base_ping_req(f, 200, "10.0.1.2:7946", "10.0.1.2:7946");
		fixture_clear(f);
	}
	ck_assert_uint_eq(fixture_stats(f).relays_refused, 2 * SWIM_RELAYS - SWIM_RELAYS / 2);
	fixture_ping_req(f, 1, 4711, 2);
	fixture_expect(f, WIRE_PING, 2);
	fixture_free(f);
}
END_TEST

/*
 * The receiver may treat us as a stranger and send us no more bytes than our ping has; its ack
 * shall have room for a digest.
 */
START_TEST(each_ping_of_ours_has_the_bytes_for_an_ack_with_a_digest)
{
	const size_t ack = 9 + 2 + strlen("p12345") + 2 + strlen("10.0.49.57:7946") + 2 + 11;
	struct swim_addr other = {.family = 4, .port = 1, .ip = {2, 2, 2, 2}};
	struct fixture *f = fixture_new();
	unsigned pings = 0;

	f->config.name = "s";
	f->config.address = (struct swim_addr){.family = 4, .port = 1, .ip = {1, 1, 1, 1}};
	ck_assert(fixture_start(f));
	fixture_routable(f, 12345);
	for (unsigned round = 0; round < 200; round++) {
		const struct fixture_out *ping;

		fixture_clear(f);
		fixture_run(f, swim_ms(100));
		ping = fixture_sent(f, WIRE_PING, 12345);
		if (ping == NULL)
			continue;
		pings++;
		ck_assert_uint_ge(ping->len, ack);
		fixture_ack(f, 12345, ping->message.seq, 12345, fixture_same_view(f, 12345));
	}
	ck_assert_uint_ge(pings, 15);
	/* The name of the member at a seed's address is not known, so the longest name is assumed. */
	fixture_clear(f);
	ck_assert(swim_join(f->swim, f->now, &other));
	fixture_drain(f);
	ck_assert_uint_ge(fixture_expect_by(f, WIRE_AUTHENTICATED, &other)->len,
	    9 + 2 + SWIM_NAME_MAX + 2 + 47 + 2 + 11);
	fixture_free(f);
}
END_TEST

/*
 * The number of datagrams to this peer since the last clear, the size of the largest in bytes, and
 * the number of updates in all of them.
 */
static size_t
sent_to(const struct fixture *f, unsigned peer, size_t *largest, size_t *updates)
{
	struct swim_addr addr = fixture_addr(peer);
	size_t count = 0;

	*largest = *updates = 0;
	for (size_t i = 0; i < f->out_count; i++) {
		if (!swim_addr_equal(&f->out[i].to, &addr))
			continue;
		count++;
		*updates += f->out[i].message.updates.count;
		if (f->out[i].len > *largest)
			*largest = f->out[i].len;
	}
	return count;
}

START_TEST(a_member_that_has_not_answered_is_sent_no_rumours)
{
	struct fixture *f = started(10);
	size_t largest, updates, count;

	/* Peer 1 tells of peer 2 and of nine more peers. */
	fixture_routable(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	for (unsigned peer = 3; peer < 12; peer++)
		fixture_gossip(f, 1, peer, SWIM_ALIVE, 0);
	fixture_clear(f);
	fixture_run(f, swim_ms(2500));
	count = sent_to(f, 2, &largest, &updates);
	ck_assert_uint_gt(count, 0);
	ck_assert_uint_lt(count, 25);
	ck_assert_uint_lt(largest, 150);
	/* Peer 1 has answered, so it was sent rumours. */
	sent_to(f, 1, &largest, &updates);
	ck_assert_uint_gt(updates, 10);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_is_sent_rumours_as_soon_as_it_answers)
{
	struct fixture *f = started(10);
	size_t largest, updates;
	uint64_t seq;

	fixture_routable(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 3, SWIM_DEAD, 0);
	seq = fixture_wait_ping(f, 2);
	fixture_clear(f);
	fixture_ack(f, 2, seq + 1, 2, fixture_swimd(2));
	ck_assert_uint_eq(sent_to(f, 2, &largest, &updates), 0);
	fixture_ack(f, 2, seq, 2, fixture_swimd(2));
	sent_to(f, 2, &largest, &updates);
	ck_assert_uint_ge(updates, 1);
	/* The same ack is no answer the second time. */
	fixture_clear(f);
	fixture_ack(f, 2, seq, 2, fixture_swimd(2));
	ck_assert_uint_eq(sent_to(f, 2, &largest, &updates), 0);
	fixture_free(f);
}
END_TEST

START_TEST(one_address_is_pinged_once_in_a_gossip_interval_for_all_members_told_there)
{
	struct fixture *f = started(10);
	size_t most = 0;

	fixture_routable_slow(f, 1);
	for (unsigned peer = 2; peer < 30; peer++) {
		struct wire_update update = fixture_update(f, peer, SWIM_ALIVE, 0);

		update.member.address = wire_str_of("10.0.1.50:7946");
		fixture_ping(f, 1, peer, fixture_telling(fixture_same_view(f, 1), &update, 1));
	}
	fixture_clear(f);
	/* One ping in each gossip interval, and perhaps the ping of a probe. */
	for (unsigned i = 0; i < 4; i++) {
		size_t largest, updates, count;

		fixture_run(f, f->config.timing.gossip_interval);
		count = sent_to(f, 50, &largest, &updates);
		most = count > most ? count : most;
		fixture_clear(f);
	}
	ck_assert_uint_ge(most, 1);
	ck_assert_uint_le(most, 2);
	fixture_free(f);
}
END_TEST

/* A full table: the core, peer 1, which has answered, and four members that only peer 1 told of. */
static struct fixture *
full(void)
{
	struct fixture *f = fixture_new();

	f->config.max_jump = UINT64_MAX;
	f->config.max_members = 6;
	ck_assert(fixture_start(f));
	fixture_routable(f, 1);
	for (unsigned peer = 2; peer <= 5; peer++)
		fixture_gossip(f, 1, peer, SWIM_ALIVE, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 6);
	fixture_clear(f);
	return f;
}

static bool
is_member(const struct fixture *f, const char *name)
{
	return fixture_report(f, name).status == SWIM_ALIVE;
}

START_TEST(a_stranger_that_answers_takes_the_place_of_a_member_that_never_did)
{
	struct fixture *f = full();
	const struct fixture_out *ping;

	/* The word of others gives peer 9 no place, nor does its own word before it has answered. */
	fixture_gossip(f, 1, 9, SWIM_ALIVE, 3);
	ck_assert_uint_eq(f->out_count, 0);
	fixture_gossip(f, 9, 9, SWIM_ALIVE, 3);
	fixture_gossip(f, 9, 9, SWIM_ALIVE, 3);
	ck_assert(!is_member(f, "p9"));
	ping = fixture_expect(f, WIRE_PING, 9);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_PING), 1);
	fixture_ack(f, 9, ping->message.seq + 1, 9, fixture_same_view(f, 9));
	fixture_gossip(f, 9, 9, SWIM_ALIVE, 3);
	ck_assert(!is_member(f, "p9"));
	fixture_ack(f, 9, ping->message.seq, 9, fixture_same_view(f, 9));
	/* The answer makes room for its sender only. */
	fixture_gossip(f, 1, 8, SWIM_ALIVE, 3);
	ck_assert(!is_member(f, "p8"));
	fixture_gossip(f, 9, 9, SWIM_ALIVE, 3);
	ck_assert(is_member(f, "p9"));
	ck_assert(is_member(f, "p1"));
	ck_assert_uint_eq(swim_member_count(f->swim), 6);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, NULL), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p9"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_that_answers_takes_such_a_place_too)
{
	struct fixture *f = full();
	const struct fixture_out *ping;

	fixture_ping(f, 9, 1, fixture_nothing);
	ping = fixture_expect(f, WIRE_PING, 9);
	fixture_ack(f, 9, ping->message.seq, 9, fixture_nothing);
	ck_assert(is_member(f, "p9"));
	ck_assert(is_member(f, "p1"));
	ck_assert_uint_eq(swim_member_count(f->swim), 6);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_has_answered_keeps_its_place)
{
	struct fixture *f = fixture_new();
	const struct fixture_out *ping;

	f->config.max_members = 3;
	ck_assert(fixture_start(f));
	fixture_routable(f, 1);
	fixture_routable(f, 2);
	fixture_clear(f);
	fixture_gossip(f, 9, 9, SWIM_ALIVE, 3);
	ping = fixture_expect(f, WIRE_PING, 9);
	fixture_ack(f, 9, ping->message.seq, 9, fixture_same_view(f, 9));
	fixture_gossip(f, 9, 9, SWIM_ALIVE, 3);
	ck_assert(!is_member(f, "p9"));
	ck_assert(is_member(f, "p1") && is_member(f, "p2"));
	fixture_free(f);
}
END_TEST

/*
 * p2 and p3 were heard of before the latest joins, which have been sent as few times, and would
 * fill the datagram alone.
 */
START_TEST(a_storm_of_joins_leaves_room_for_tags_and_other_rumours)
{
	struct fixture *f = started(200);
	const struct fixture_out *out;
	struct wire_update u;

	fixture_routable(f, 1);
	fixture_member(f, 2);
	fixture_member(f, 3);
	/* After this time the earlier rumours have been sent as often as they may be. */
	fixture_run(f, swim_seconds(2));
	for (unsigned i = 4; i < 64; i++)
		fixture_gossip(f, 1, i, SWIM_ALIVE, 0);
	u = fixture_update(f, 2, SWIM_ALIVE, 1);
	u.tags = (struct wire_str){"\x01k\0\x01v", 5};
	fixture_ping_with(f, 2, 1, &u);
	/* Only the incarnation of p3 is new: an other rumour. */
	u = fixture_update(f, 3, SWIM_ALIVE, 1);
	fixture_ping_with(f, 3, 1, &u);
	/* The joins that follow have been sent as few times. */
	for (unsigned i = 64; i < 120; i++)
		fixture_gossip(f, 1, i, SWIM_ALIVE, 0);
	fixture_clear(f);
	fixture_ping(f, 1, 9, fixture_swimd(1));
	out = fixture_expect(f, WIRE_ACK, 1);
	ck_assert(fixture_has(out, "p119", SWIM_ALIVE, NULL));
	ck_assert(fixture_has(out, "p2", SWIM_ALIVE, NULL));
	ck_assert(fixture_has(out, "p3", SWIM_ALIVE, NULL));
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_bounds", an_answer_may_raise_our_incarnation_beyond_the_jump_bound,
    no_answer_raises_our_incarnation_above_2_to_the_63,
    an_answer_may_raise_the_incarnation_of_its_sender_beyond_the_jump_bound,
    a_member_that_has_not_answered_is_sent_no_rumours,
    a_member_is_sent_rumours_as_soon_as_it_answers,
    one_address_is_pinged_once_in_a_gossip_interval_for_all_members_told_there,
    a_stranger_that_answers_takes_the_place_of_a_member_that_never_did,
    a_base_peer_that_answers_takes_such_a_place_too, a_member_that_has_answered_keeps_its_place,
    a_stranger_s_ping_gets_the_smallest_possible_ack,
    a_stranger_s_ping_req_gets_no_more_than_it_sent,
    a_stranger_s_ping_req_makes_us_send_one_small_ping,
    a_stranger_s_large_ping_req_tells_the_suspect_of_the_suspicion,
    strangers_that_use_up_the_greetings_stop_no_ping_req, strangers_take_at_most_half_of_the_relays,
    each_ping_of_ours_has_the_bytes_for_an_ack_with_a_digest,
    a_storm_of_joins_leaves_room_for_tags_and_other_rumours)
