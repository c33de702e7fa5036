/* SPDX-License-Identifier: MIT */
/* What this member tells base peers, and how it understands what base peers say. */
#include <stdio.h>
#include <string.h>

#include "swim_fixture.h"

#include "support/unit.h"

#define SELF "10.0.0.1:7946"

/* An update about the pair (address, address) of this peer; valid until the next call. */
static struct wire_update
pair(unsigned peer, enum swim_status status, uint64_t incarnation)
{
	static char text[SWIM_ADDR_TEXT];
	struct swim_addr addr = fixture_addr(peer);

	if (peer == 0)
		strcpy(text, SELF);
	else
		swim_addr_format(&addr, text);
	return (struct wire_update){.member = {wire_str_of(text), wire_str_of(text)},
	    .status = status,
	    .incarnation = incarnation};
}

static const char *
address_of(unsigned peer)
{
	static char text[SWIM_ADDR_TEXT];
	struct swim_addr addr = fixture_addr(peer);

	return swim_addr_format(&addr, text);
}

/* Make this peer a member: a base peer whose id is its address, and that has answered. */
static void
base_peer(struct fixture *f, unsigned peer)
{
	fixture_clear(f);
	fixture_join(f, peer);
	fixture_base_answer(f, peer, address_of(peer));
	ck_assert_int_eq(fixture_report(f, address_of(peer)).kind, SWIM_KIND_BASE);
	fixture_clear(f);
}

static struct fixture *
among_both(unsigned swimds, unsigned base)
{
	struct fixture *f = fixture_among_routable(swimds);

	base_peer(f, base);
	return f;
}

static bool
is_for_base_peers(const struct fixture_out *out)
{
	return out->message.trailer.has_cluster &&
	       wire_str_equal(out->message.trailer.cluster, WIRE_BASE_CLUSTER);
}

/* Check that no datagram to this peer, unless base peers drop it, has the name of a swimd peer. */
static void
assert_no_names(const struct fixture *f, unsigned to)
{
	struct swim_addr addr = fixture_addr(to);

	for (size_t i = 0; i < f->out_count; i++) {
		const struct fixture_out *out = &f->out[i];
		struct wire_updates_iter iter = {0};
		struct wire_update u;

		if (!swim_addr_equal(&out->to, &addr) || out->message.type >= WIRE_AUTHENTICATED)
			continue;
		/* Only datagrams for base peers have updates, which name swimd peers by their addresses. */
		ck_assert(is_for_base_peers(out) || out->message.updates.count == 0);
		while (wire_updates_next(&out->message.updates, &iter, &u))
			ck_assert_uint_eq(u.member.id.len, u.member.address.len);
		ck_assert(out->message.type != WIRE_ACK ||
			  out->message.member.id.len == out->message.member.address.len);
	}
}

START_TEST(an_ack_to_a_base_peer_names_the_pair_that_it_pinged)
{
	struct fixture *f = among_both(2, 9);
	const struct fixture_out *ack;

	fixture_ping(f, 9, 5, fixture_nothing);
	ack = fixture_expect(f, WIRE_ACK, 9);
	ck_assert(wire_str_equal(ack->message.member.id, SELF));
	ck_assert(wire_str_equal(ack->message.member.address, SELF));
	ck_assert(fixture_has(ack, SELF, SWIM_ALIVE, NULL));
	assert_no_names(f, 9);
	/* A swimd peer is answered with our name. */
	fixture_ping(f, 1, 6, fixture_swimd(1));
	ck_assert(wire_str_equal(fixture_expect(f, WIRE_ACK, 1)->message.member.id, "self"));
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_hears_of_swimds_by_their_addresses)
{
	struct fixture *f = among_both(3, 9);
	struct swim_addr addr = fixture_addr(9);

	for (unsigned i = 0; i < 20; i++) {
		fixture_run(f, swim_ms(500));
		fixture_base_answer_all(f, 9, address_of(9));
		assert_no_names(f, 9);
		fixture_clear(f);
	}
	fixture_ping(f, 9, 5, fixture_nothing);
	ck_assert_uint_gt(fixture_sent_to(f, &addr), 0);
	assert_no_names(f, 9);
	fixture_free(f);
}
END_TEST

START_TEST(an_address_of_which_nothing_is_known_is_not_told_our_name)
{
	struct fixture *f = fixture_among_routable(2);

	fixture_clear(f);
	fixture_join(f, 9);
	assert_no_names(f, 9);
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, 9), SELF, SWIM_ALIVE, NULL));
	/* A swimd peer that answers is told our name. */
	fixture_answer(f, 9, fixture_other_view(9));
	ck_assert(fixture_has(fixture_sent(f, WIRE_SYNC_REQ, 9), "self", SWIM_ALIVE, NULL));
	fixture_free(f);
}
END_TEST

/* The inner message of the envelope that was sent to this peer. */
static struct wire_message
enveloped(const struct fixture *f, unsigned to)
{
	const struct fixture_out *out = fixture_expect(f, WIRE_AUTHENTICATED, to);
	struct wire_message inner;

	ck_assert_uint_eq(out->message.token_len, 0);
	ck_assert_int_eq(wire_decode(out->message.inner, out->message.inner_len, &inner), WIRE_OK);
	return inner;
}

START_TEST(a_seed_of_unknown_kind_is_sent_a_ping_for_each_kind)
{
	struct fixture *f = fixture_started();
	struct wire_updates_iter iter = {0};
	const struct fixture_out *base;
	struct wire_message swimd;
	struct wire_update u;

	fixture_clear(f);
	fixture_join(f, 9);
	ck_assert_uint_eq(f->out_count, 2);
	base = fixture_expect(f, WIRE_PING, 9);
	ck_assert(is_for_base_peers(base));
	ck_assert(!base->message.trailer.has_sender);
	ck_assert_uint_eq(base->message.updates.count, 1);
	ck_assert(fixture_has(base, SELF, SWIM_ALIVE, NULL));
	swimd = enveloped(f, 9);
	ck_assert_int_eq(swimd.type, WIRE_PING);
	ck_assert_uint_eq(swimd.seq, base->message.seq);
	ck_assert(!swimd.trailer.has_cluster);
	ck_assert(wire_str_equal(swimd.trailer.sender, "self"));
	ck_assert(wire_updates_next(&swimd.updates, &iter, &u));
	ck_assert(wire_str_equal(u.member.id, "self"));
	ck_assert(!wire_updates_next(&swimd.updates, &iter, &u));
	fixture_free(f);
}
END_TEST

/* The base peer gossips our join in its next few datagrams, and these must not all be answers to us. */
START_TEST(a_base_peer_that_we_joined_through_gets_only_answers_for_a_probe_interval)
{
	struct fixture *f = fixture_among_routable(0);
	struct swim_addr addr = fixture_addr(9);
	swim_duration interval = f->config.timing.probe_interval;

	base_peer(f, 9);
	for (swim_duration at = {0}; at.ns < interval.ns - swim_ms(2).ns; at.ns += swim_ms(1).ns) {
		fixture_run(f, swim_ms(1));
		for (size_t i = 0; i < f->out_count; i++)
			ck_assert(!swim_addr_equal(&f->out[i].to, &addr));
	}
	/* A ping of the base peer is answered. */
	fixture_ping(f, 9, 4, fixture_nothing);
	fixture_expect(f, WIRE_ACK, 9);
	fixture_clear(f);
	fixture_run(f, interval);
	fixture_expect_first(f, WIRE_PING, 9);
	fixture_free(f);
}
END_TEST

START_TEST(the_answer_to_a_join_shows_the_kind_of_the_member)
{
	for (unsigned swimd = 0; swimd < 2; swimd++) {
		struct fixture *f = fixture_new();
		struct fixture_says says = {.swimd = swimd > 0, .sender = 9, .digest = 1};

		ck_assert(fixture_start(f));
		fixture_clear(f);
		fixture_join(f, 9);
		fixture_answer(f, 9, says);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_ANSWERED, "p9"), 1);
		if (swimd)
			fixture_expect(f, WIRE_SYNC_REQ, 9);
		else
			ck_assert_int_eq(fixture_report(f, "p9").kind, SWIM_KIND_BASE);
		fixture_free(f);
	}
}
END_TEST

START_TEST(a_swimd_drops_datagrams_for_base_peers)
{
	struct fixture *f = among_both(2, 9), *other = fixture_among_routable(3);
	const struct fixture_out *out;
	struct swim_stats before, after;

	fixture_ping(f, 9, 5, fixture_nothing);
	out = fixture_expect(f, WIRE_ACK, 9);
	ck_assert(fixture_has(out, SELF, SWIM_ALIVE, NULL));
	before = fixture_stats(other);
	ck_assert_int_eq(fixture_input(other, 7, out->data, out->len), WIRE_REJECT_FOR_BASE_PEERS);
	fixture_clear(f);
	fixture_wait_ping(f, 9);
	out = fixture_expect(f, WIRE_PING, 9);
	ck_assert_int_eq(fixture_input(other, 7, out->data, out->len), WIRE_REJECT_FOR_BASE_PEERS);
	after = fixture_stats(other);
	ck_assert_uint_eq(other->out_count + other->event_count, 0);
	ck_assert_uint_eq(after.digest, before.digest);
	ck_assert_uint_eq(after.rejected[WIRE_REJECT_FOR_BASE_PEERS], 2);
	ck_assert_uint_eq(after.rejected[WIRE_REJECT_OTHER_CLUSTER], 0);
	fixture_free(other);
	fixture_free(f);
}
END_TEST

START_TEST(a_cluster_with_a_name_has_no_base_peers)
{
	struct fixture *f = fixture_new();
	const struct fixture_out *out;

	f->config.cluster = "blue";
	ck_assert(fixture_start(f));
	fixture_clear(f);
	fixture_join(f, 9);
	ck_assert_uint_eq(f->out_count, 1);
	out = fixture_expect(f, WIRE_PING, 9);
	ck_assert(fixture_has(out, "self", SWIM_ALIVE, NULL));
	ck_assert(wire_str_equal(out->message.trailer.cluster, "blue"));
	fixture_free(f);
}
END_TEST

/* An earlier version of swimd does not mark base peers in its updates. */
START_TEST(a_member_of_unknown_kind_is_told_nothing_of_swimds_before_it_answers)
{
	struct fixture *f = fixture_among_routable(2);
	struct wire_update u = pair(8, SWIM_ALIVE, 0);
	const struct fixture_out *ping;

	for (unsigned i = 0; i < 2; i++) {
		fixture_ping_with(f, 1, 5 + i, &u);
		ck_assert(fixture_report(f, address_of(8)).kind != SWIM_KIND_BASE);
		fixture_wait_ping(f, 8);
		ping = fixture_expect(f, WIRE_PING, 8);
		ck_assert(!is_for_base_peers(ping));
		ck_assert_uint_eq(ping->message.updates.count, 0);
		ck_assert(wire_str_equal(ping->message.trailer.sender, "self"));
	}
	fixture_free(f);
}
END_TEST

START_TEST(a_swimd_that_joins_through_us_is_known_by_its_name)
{
	struct fixture *f = fixture_new(), *joiner = fixture_new();
	struct swim_addr addr = fixture_addr(5), here;

	here = f->config.address;
	joiner->config.name = "p5";
	joiner->config.address = addr;
	joiner->config.incarnation = 40;
	ck_assert(fixture_start(f));
	ck_assert(fixture_start(joiner));
	fixture_clear(joiner);
	ck_assert(swim_join(joiner->swim, joiner->now, &here));
	fixture_drain(joiner);
	ck_assert_uint_eq(joiner->out_count, 2);
	/* A swimd peer must not read the ladder, which is for base peers. */
	ck_assert_uint_eq(joiner->out[0].message.updates.count, 3);
	ck_assert_int_eq(fixture_input(f, 5, joiner->out[0].data, joiner->out[0].len),
	    WIRE_REJECT_FOR_BASE_PEERS);
	ck_assert_uint_eq(f->out_count, 0);
	ck_assert_int_eq(fixture_input(f, 5, joiner->out[1].data, joiner->out[1].len), WIRE_OK);
	ck_assert_uint_eq(fixture_report(f, "p5").incarnation, 40);
	ck_assert_uint_eq(swim_member_count(f->swim), 2);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p5"), 1);
	fixture_free(joiner);
	fixture_free(f);
}
END_TEST

START_TEST(an_update_of_a_base_peer_about_an_address_is_about_the_swimd_there)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update u = pair(2, SWIM_SUSPECT, 0);

	fixture_base_ping_with(f, 9, 5, &u);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	u = pair(2, SWIM_ALIVE, 1);
	fixture_base_ping_with(f, 9, 6, &u);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, 1);
	/* No member has the address of p2 as its name. */
	ck_assert(!fixture_lists(f, address_of(2)));
	ck_assert_uint_eq(swim_member_count(f->swim), 5);
	fixture_free(f);
}
END_TEST

/*
 * Base peers know one pair for both members, so they take the answers of the successor for answers
 * of the member that crashed.
 */
START_TEST(an_update_of_a_base_peer_about_an_address_is_about_the_successor_there)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update successor = fixture_update(f, 2, SWIM_ALIVE, 0), u;

	successor.member.id = wire_str_of("successor");
	fixture_ping(f, 1, 5,
	    (struct fixture_says){.swimd = true, .sender = 1, .updates = &successor, .count = 1});
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert_int_eq(fixture_report(f, "successor").status, SWIM_ALIVE);
	u = pair(2, SWIM_ALIVE, 1);
	fixture_ping(f, 9, 6, (struct fixture_says){.updates = &u, .count = 1});
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, 0);
	ck_assert_uint_eq(fixture_report(f, "successor").incarnation, 1);
	fixture_free(f);
}
END_TEST

START_TEST(an_update_of_a_base_peer_about_our_address_is_about_us)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update u = pair(0, SWIM_SUSPECT, 0);
	uint64_t incarnation;

	fixture_base_ping_with(f, 9, 5, &u);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	ck_assert(fixture_has(fixture_sent(f, WIRE_ACK, 9), SELF, SWIM_ALIVE, &incarnation));
	ck_assert_uint_eq(incarnation, 1);
	/*
	 * Our ack ended the suspicion of us at the base peer, so the base peer raised our
	 * incarnation; our next update is above that incarnation.
	 */
	u = pair(0, SWIM_ALIVE, 2);
	fixture_base_ping_with(f, 9, 6, &u);
	ck_assert_uint_gt(swim_incarnation(f->swim), 2);
	ck_assert_uint_eq(swim_member_count(f->swim), 5);
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_s_ping_req_is_answered_with_the_pair_it_asked_for)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update u = pair(2, SWIM_ALIVE, 0);
	const struct fixture_out *out;

	fixture_base_ping_req(f, 9, 77, &u.member);
	fixture_answer(f, 2, fixture_other_view(2));
	out = fixture_expect(f, WIRE_ACK, 9);
	ck_assert_uint_eq(out->message.seq, 77);
	ck_assert(wire_str_equal(out->message.member.id, address_of(2)));
	/* A ping-req about ourselves is answered with the pair too. */
	fixture_clear(f);
	u = pair(0, SWIM_ALIVE, 0);
	fixture_base_ping_req(f, 9, 78, &u.member);
	out = fixture_expect(f, WIRE_ACK, 9);
	ck_assert(wire_str_equal(out->message.member.id, SELF));
	fixture_free(f);
}
END_TEST

/*
 * A base peer may have the name of a swimd peer from an earlier version of swimd. The nack makes it
 * drop that pair.
 */
START_TEST(a_base_peer_s_ping_req_for_the_name_of_a_swimd_is_answered_with_a_nack)
{
	struct fixture *f = among_both(3, 9);
	const struct wire_member_id named[] = {
	    {wire_str_of("p2"), wire_str_of("10.0.1.2:7946")},
	    {wire_str_of("self"), wire_str_of(SELF)},
	};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		fixture_clear(f);
		fixture_base_ping_req(f, 9, 77, &named[i]);
		ck_assert_ptr_null(fixture_sent(f, WIRE_PING, 2));
		ck_assert_ptr_null(fixture_sent(f, WIRE_ACK, 9));
		ck_assert(wire_str_equal(fixture_expect(f, WIRE_NACK, 9)->message.member.id,
		    i == 0 ? "p2" : "self"));
	}
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_is_asked_to_ping_a_swimd_by_its_address)
{
	struct fixture *f = among_both(1, 9);
	const struct wire_update u = pair(1, SWIM_ALIVE, 0);
	const struct fixture_out *out;

	for (unsigned i = 0; i < 1000 && fixture_sent(f, WIRE_PING_REQ, 9) == NULL; i++)
		fixture_run(f, swim_ms(10));
	out = fixture_expect(f, WIRE_PING_REQ, 9);
	ck_assert(wire_str_equal(out->message.member.id, address_of(1)));
	ck_assert(wire_str_equal(out->message.member.address, address_of(1)));
	fixture_base_ack_pair(f, 9, out->message.seq, &u.member, NULL);
	ck_assert_uint_eq(fixture_stats(f).probes_acked_indirectly, 1);
	fixture_free(f);
}
END_TEST

START_TEST(an_address_that_a_base_peer_tells_is_pinged_before_it_is_a_member)
{
	struct fixture *f = among_both(2, 9);
	struct wire_update u = pair(7, SWIM_ALIVE, 0), self;

	fixture_ping(f, 9, 5, (struct fixture_says){.updates = &u, .count = 1, .pad_to = 200});
	ck_assert_uint_eq(swim_member_count(f->swim), 4);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, address_of(7)), 0);
	/* A swimd peer lives there, and becomes a member under its name only. */
	self = fixture_update(f, 7, SWIM_ALIVE, 3);
	fixture_answer(f, 7, fixture_telling(fixture_other_view(7), &self, 1));
	ck_assert_uint_eq(swim_member_count(f->swim), 5);
	ck_assert_uint_eq(fixture_report(f, "p7").incarnation, 3);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p7"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(swimds_tell_each_other_which_members_are_base_peers)
{
	struct fixture *f = among_both(2, 9);
	struct wire_update u = pair(8, SWIM_ALIVE, 0);
	const struct fixture_out *out;
	struct wire_updates_iter iter = {0};
	struct wire_update told;

	fixture_clear(f);
	fixture_run(f, swim_ms(300));
	out = fixture_sent(f, WIRE_GOSSIP, 1);
	if (out == NULL)
		out = fixture_expect(f, WIRE_GOSSIP, 2);
	do
		ck_assert(wire_updates_next(&out->message.updates, &iter, &told));
	while (!wire_str_equal(told.member.id, address_of(9)));
	ck_assert_uint_eq(told.flags & WIRE_FLAG_BASE, WIRE_FLAG_BASE);
	/* A base peer that is known by hearsay is not told our name. */
	u.flags = WIRE_FLAG_BASE;
	fixture_ping_with(f, 1, 5, &u);
	ck_assert_int_eq(fixture_report(f, address_of(8)).kind, SWIM_KIND_BASE);
	fixture_wait_ping(f, 8);
	assert_no_names(f, 8);
	fixture_free(f);
}
END_TEST

/* The number of incarnations at which this datagram tells of the pair; `top` gets the highest of them. */
static size_t
rungs(const struct fixture_out *out, const char *id, uint64_t *top)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;
	uint64_t known = 0;
	size_t count = 0;

	while (wire_updates_next(&out->message.updates, &iter, &u)) {
		if (!wire_str_equal(u.member.id, id) || (count > 0 && u.incarnation <= known))
			continue;
		ck_assert_uint_le(u.incarnation, known + 16);
		known = u.incarnation;
		count++;
	}
	*top = known;
	return count;
}

START_TEST(a_base_peer_is_told_a_high_incarnation_by_a_ladder)
{
	static const struct {
		uint64_t incarnation;
		size_t rungs;
	} cases[] = {{0, 1}, {1, 1}, {16, 1}, {17, 2}, {32, 2}, {33, 3}, {100, 7}, {128, 8}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *f = fixture_new();
		uint64_t top;

		f->config.incarnation = cases[i].incarnation;
		ck_assert(fixture_start(f));
		base_peer(f, 9);
		fixture_ping(f, 9, 5, fixture_nothing);
		ck_assert_uint_eq(rungs(fixture_expect(f, WIRE_ACK, 9), SELF, &top),
		    cases[i].rungs);
		ck_assert_uint_eq(top, cases[i].incarnation);
		fixture_free(f);
	}
}
END_TEST

/*
 * Base peer 9 acknowledges all pings for this time. Returns of how many peers it has been told
 * since `known` was cleared.
 */
static size_t
let_learn(struct fixture *f, bool known[static 256], swim_duration d)
{
	struct wire_update told;
	size_t count = 0;

	for (swim_time end = swim_time_add(f->now, d); swim_time_before(f->now, end);) {
		fixture_run(f, swim_ms(10));
		for (size_t i = 0; i < f->out_count; i++) {
			struct wire_updates_iter iter = {0};

			if (!fixture_went(&f->out[i], WIRE_PING, 9))
				continue;
			while (wire_updates_next(&f->out[i].message.updates, &iter, &told)) {
				for (unsigned peer = 1; peer < 256; peer++)
					known[peer] |=
					    wire_str_equal(told.member.id, address_of(peer));
			}
			fixture_base_ack(f, 9, f->out[i].message.seq, address_of(9));
		}
		fixture_clear(f);
	}
	for (unsigned peer = 1; peer < 256; peer++)
		count += known[peer];
	return count;
}

START_TEST(a_base_peer_is_introduced_to_all_at_once)
{
	struct fixture *f = fixture_started();
	bool known[256] = {false};

	for (unsigned i = 10; i < 210; i++) {
		fixture_member(f, i);
		fixture_clear(f);
	}
	fixture_run(f, swim_seconds(1));
	fixture_clear(f);
	base_peer(f, 9);
	/*
	 * Two of the other swimd peers may rank before us for the introduction, so the base peer
	 * pings us first. The lower sequence number after that shows that it has started anew.
	 */
	fixture_ping(f, 9, 100, fixture_nothing);
	fixture_ping(f, 9, 0, fixture_nothing);
	known[9] = true;
	ck_assert_uint_ge(let_learn(f, known, swim_seconds(2)), 190);
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_that_tells_an_old_status_is_told_the_new_one)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update u;
	uint64_t incarnation;

	fixture_gossip(f, 2, 2, SWIM_ALIVE, 3);
	for (unsigned status = SWIM_SUSPECT; status <= SWIM_DEAD; status++) {
		u = pair(2, (enum swim_status)status, 1);
		fixture_clear(f);
		fixture_base_ping_with(f, 9, 5, &u);
		ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
		ck_assert(fixture_has(fixture_sent(f, WIRE_ACK, 9), address_of(2), SWIM_ALIVE,
		    &incarnation));
		ck_assert_uint_eq(incarnation, 3);
	}
	fixture_free(f);
}
END_TEST

START_TEST(odd_pairs_of_base_peers_change_no_swimd)
{
	static char longest[65535];
	static const struct {
		const char *id, *address;
	} cases[] = {
	    {"p2", "10.0.1.200:7946"},          /* the name of a swimd peer */
	    {"10.0.1.2:7946", "10.0.1.9:7946"}, /* the address of a swimd peer as a name */
	    {"10.0.1.2:7946", "10.0.1.2:7946"},
	    {"self", "10.0.1.9:7946"},
	    {"b", "10.0.1.2:7946"}, /* two members at one address */
	    {"b", "host.example:7946"},
	    {"b", "10.0.1.9"},
	    {"b", "10.0.1.9:0"},
	    {"b", "[fd00::9]:7946"},
	    {"[fd00::9]:7946", "[fd00::9]:7946"},
	    {"host.example:7946", "host.example:7946"},
	    {"", "10.0.1.9:7946"},
	    {"", ""},
	};

	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i <= sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *f = among_both(3, 9);
		uint8_t data[WIRE_DATAGRAM_MAX];
		struct wire_update u = {.status = SWIM_ALIVE, .incarnation = 1};
		struct wire_writer w;

		if (i < sizeof(cases) / sizeof(cases[0]))
			u.member = (struct wire_member_id){wire_str_of(cases[i].id),
			    wire_str_of(cases[i].address)};
		else
			u.member =
			    (struct wire_member_id){{longest, 65000}, wire_str_of("10.0.1.9:7946")};
		for (unsigned k = 0; k < 3; k++) {
			wire_writer_init(&w, data, sizeof(data), 0);
			wire_begin_ping(&w, k);
			ck_assert(wire_add_update(&w, &u));
			fixture_finish(f, 9, &w, NULL, 0);
		}
		/* An answer with such a pair, and a ping-req about it. */
		fixture_base_ack_pair(f, 9, 1, &u.member, NULL);
		fixture_base_ping_req(f, 9, 1, &u.member);
		for (unsigned peer = 1; peer <= 3; peer++) {
			char name[16];
			struct swim_report r = fixture_report(f, fixture_name(peer, name));

			ck_assert_int_eq(r.status, SWIM_ALIVE);
			ck_assert_str_eq(r.address, address_of(peer));
		}
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p2"), 0);
		ck_assert(
		    wire_str_equal((struct wire_str){fixture_report(f, "self").name, 4}, "self"));
		fixture_free(f);
	}
}
END_TEST

START_TEST(an_odd_ladder_raises_no_incarnation_beyond_its_highest_valid_rung)
{
	static const uint64_t ladders[][4] = {{48, 32, 16, 0}, {16, 64, 16, 80},
	    {UINT64_MAX - 1, UINT64_MAX, 0, 1}, {16, 32, UINT64_MAX, UINT64_MAX}};

	for (size_t i = 0; i < sizeof(ladders) / sizeof(ladders[0]); i++) {
		for (unsigned about = 0; about <= 2; about += 2) {
			struct fixture *f = among_both(3, 9);
			uint64_t most = 0;

			for (unsigned k = 0; k < 4; k++) {
				struct wire_update u = pair(about, SWIM_ALIVE, ladders[i][k]);

				if (ladders[i][k] <= SWIM_JUMP_DEFAULT && ladders[i][k] > most)
					most = ladders[i][k];
				fixture_base_ping_with(f, 9, k, &u);
			}
			/*
			 * We rise above the incarnation that is told of us; p2 gets the incarnation
			 * that is told of it.
			 */
			ck_assert_uint_le(swim_incarnation(f->swim), about == 0 ? most + 1 : 0);
			ck_assert_uint_le(fixture_report(f, "p2").incarnation,
			    about == 2 ? most : 0);
			ck_assert_uint_eq(swim_member_count(f->swim), 5);
			fixture_free(f);
		}
	}
}
END_TEST

/* Base peers are told nothing of a member whose incarnation is above 4096. */
START_TEST(strangers_and_base_peers_do_not_raise_an_incarnation_by_more_than_64)
{
	static const uint64_t far[] = {65, 4096, 5000, SWIM_JUMP_DEFAULT};
	static const unsigned abouts[] = {0, 2, 9}, speakers[] = {9, 77};

	for (unsigned k = 0; k < 4 * 3 * 2 * 2 * 3; k++) {
		unsigned about = abouts[k % 3], from = speakers[k / 3 % 2];
		bool swimd = k / 6 % 2 == 1;
		struct fixture *f = among_both(3, 9);
		struct wire_update u = pair(about, (enum swim_status)(k / 12 % 3), far[k / 36]);
		char name[16];

		if (swimd && about != 9)
			u.member.id = wire_str_of(about == 0 ? "self" : fixture_name(about, name));
		for (unsigned i = 0; i < 3; i++)
			fixture_ping(f, from, i,
			    (struct fixture_says){.swimd = swimd,
				.sender = from,
				.updates = &u,
				.count = 1});
		ck_assert_uint_eq(swim_incarnation(f->swim), 0);
		ck_assert_uint_eq(fixture_report(f, "p2").incarnation, 0);
		ck_assert_uint_eq(fixture_report(f, address_of(9)).incarnation, 0);
		fixture_free(f);
	}
}
END_TEST

/* A member that is listed at an incarnation above 4096 could not be told to base peers later. */
START_TEST(a_new_member_is_not_listed_at_a_high_incarnation_by_hearsay)
{
	static const uint64_t far[] = {2049, UINT64_C(1) << 40, UINT64_MAX};

	for (unsigned k = 0; k < 3 * 2 * 3; k++) {
		unsigned from = k / 3 % 2 == 0 ? 9 : 77;
		struct fixture *f = among_both(3, 9);
		struct wire_update u = pair(78, SWIM_ALIVE, far[k % 3]);

		/*
		 * The update names p78 by its address, or by an id, and the stranger is a base peer
		 * or a swimd peer. Base peer 9 tells only the first, as the word of a member about
		 * an id is taken at once.
		 */
		if (k / 6 > 0) {
			from = 77;
			u.member.id = wire_str_of("b");
		}
		fixture_run(f, swim_seconds(1));
		fixture_clear(f);
		fixture_ping(f, from, 5,
		    (struct fixture_says){.swimd = k / 6 == 2,
			.sender = from,
			.updates = &u,
			.count = 1,
			.pad_to = 400});
		for (unsigned i = 0; i < 200; i++) {
			fixture_run(f, swim_ms(10));
			fixture_base_answer_all(f, 78, k / 6 > 0 ? "b" : address_of(78));
			fixture_clear(f);
		}
		ck_assert_uint_le(fixture_report(f, "b").incarnation, 2048);
		ck_assert_uint_le(fixture_report(f, address_of(78)).incarnation, 2048);
		fixture_free(f);
	}
}
END_TEST

START_TEST(a_member_above_incarnation_4096_is_not_told_to_base_peers)
{
	static const uint64_t incarnations[] = {640, 4096, 4097, UINT64_C(1) << 63, UINT64_MAX};

	for (size_t i = 0; i < sizeof(incarnations) / sizeof(incarnations[0]); i++) {
		struct fixture *f = fixture_new();
		uint64_t top = 0;

		f->config.incarnation = incarnations[i];
		ck_assert(fixture_start(f));
		base_peer(f, 9);
		fixture_ping(f, 9, 5, fixture_nothing);
		for (unsigned step = 0; step < 300; step++) {
			for (size_t k = 0; k < f->out_count; k++) {
				const struct fixture_out *out = &f->out[k];
				struct wire_updates_iter iter = {0};
				struct wire_update told;

				if (out->message.type != WIRE_PING)
					continue;
				while (wire_updates_next(&out->message.updates, &iter, &told)) {
					/*
					 * A base peer refuses an incarnation that is more than 16
					 * above the known one.
					 */
					ck_assert_uint_le(told.incarnation, top + 16);
					top = told.incarnation > top ? told.incarnation : top;
				}
				fixture_base_ack(f, 9, out->message.seq, address_of(9));
			}
			fixture_clear(f);
			fixture_run(f, swim_ms(10));
		}
		ck_assert_uint_eq(top, incarnations[i] <= 4096 ? incarnations[i] : 0);
		fixture_free(f);
	}
}
END_TEST

START_TEST(a_base_peer_that_asks_for_a_dead_member_is_told_of_its_death)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update u;
	bool known[256] = {false};

	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	/* The base peer asks us to ping a dead member, so it does not know of the death. */
	let_learn(f, known, swim_seconds(1));
	u = pair(2, SWIM_ALIVE, 0);
	fixture_ping(f, 9, 4, fixture_nothing);
	fixture_clear(f);
	fixture_base_ping_req(f, 9, 77, &u.member);
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, 9), address_of(2), SWIM_DEAD, NULL));
	fixture_free(f);
}
END_TEST

/* Without this rule a base peer would hear of its own death only by chance. */
START_TEST(a_base_peer_that_is_held_dead_and_pings_is_told_of_its_death_once_it_has_answered)
{
	struct fixture *f = among_both(2, 9);
	struct wire_update u = pair(9, SWIM_DEAD, 0);
	const struct fixture_out *out;

	fixture_ping_with(f, 1, 5, &u);
	fixture_run(f, swim_seconds(20));
	ck_assert_int_eq(fixture_report(f, address_of(9)).status, SWIM_DEAD);
	fixture_clear(f);
	fixture_ping(f, 9, 6, fixture_nothing);
	out = fixture_expect(f, WIRE_PING, 9);
	ck_assert_uint_eq(out->message.updates.count, 0);
	fixture_base_ack(f, 9, out->message.seq, address_of(9));
	ck_assert_uint_gt(f->out_count, 0);
	out = &f->out[f->out_count - 1];
	ck_assert_int_eq(out->message.type, WIRE_PING);
	ck_assert(fixture_has(out, address_of(9), SWIM_DEAD, NULL));
	fixture_free(f);
}
END_TEST

/* Base peers know of no removals, and may gossip a suspicion of a removed member. */
START_TEST(a_base_peer_that_suspects_a_removed_member_is_told_of_its_death)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update u;

	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert_int_eq(swim_remove(f->swim, f->now, "p2", 2), SWIM_REMOVE_OK);
	fixture_drain(f);
	fixture_ping(f, 9, 4, fixture_nothing);
	fixture_clear(f);
	u = pair(2, SWIM_SUSPECT, 0);
	fixture_base_ping_with(f, 9, 5, &u);
	ck_assert(fixture_has(fixture_sent(f, WIRE_ACK, 9), address_of(2), SWIM_DEAD, NULL));
	fixture_free(f);
}
END_TEST

/* Base peer 9 asks us to ping the address of p7, which we do not know. */
static void
ask_for_7(struct fixture *f, uint64_t seq)
{
	struct wire_update u = pair(7, SWIM_ALIVE, 0);

	fixture_clear(f);
	fixture_base_ping_req(f, 9, seq, &u.member);
}

/*
 * Base peer 9 gets a nack with this number. Returns whether p7 was told to be dead too, and the
 * incarnation of that.
 */
static bool
is_told_the_end(struct fixture *f, uint64_t seq, uint64_t *incarnation)
{
	bool nacked = false, told = false;

	for (unsigned step = 0; step < 100; step++) {
		const struct fixture_out *nack = fixture_sent(f, WIRE_NACK, 9);

		nacked |= nack != NULL && nack->message.seq == seq;
		for (size_t i = 0; i < f->out_count; i++)
			told |= fixture_has(&f->out[i], address_of(7), SWIM_DEAD, incarnation);
		fixture_base_answer_all(f, 9, address_of(9));
		fixture_clear(f);
		fixture_run(f, swim_ms(10));
	}
	ck_assert(nacked);
	return told;
}

START_TEST(a_base_peer_is_told_the_death_of_a_suspect_address_that_does_not_answer)
{
	struct fixture *f = among_both(2, 9);
	struct wire_update u = pair(7, SWIM_SUSPECT, 3);
	bool known[256] = {false};
	uint64_t incarnation;

	fixture_ping(f, 9, 5, (struct fixture_says){.updates = &u, .count = 1, .pad_to = 300});
	/* At first the silence of p7 may come from a lost datagram. */
	ask_for_7(f, 6);
	ck_assert(!is_told_the_end(f, 6, &incarnation));
	let_learn(f, known, swim_seconds(6));
	ask_for_7(f, 7);
	ck_assert(is_told_the_end(f, 7, &incarnation));
	ck_assert_uint_eq(incarnation, 3);
	fixture_free(f);
}
END_TEST

/*
 * Base peer 9, which holds member `gone` suspect at this incarnation, asks us to ping that member,
 * which is silent. Returns whether the base peer has taken over a death that we told; `highest`
 * gets the highest incarnation of such a death.
 */
static bool
takes_the_end(struct fixture *f, unsigned gone, uint64_t incarnation, uint64_t *highest)
{
	struct wire_update u = pair(gone, SWIM_SUSPECT, incarnation), told;
	struct swim_addr addr = fixture_addr(9);
	char text[SWIM_ADDR_TEXT];
	bool taken = false;

	strcpy(text, address_of(gone));
	u.member = (struct wire_member_id){wire_str_of(text), wire_str_of(text)};
	fixture_clear(f);
	fixture_base_ping_req(f, 9, 1, &u.member);
	for (unsigned step = 0; step < 100; step++) {
		for (size_t i = 0; i < f->out_count; i++) {
			struct wire_updates_iter iter = {0};

			if (!swim_addr_equal(&f->out[i].to, &addr))
				continue;
			while (wire_updates_next(&f->out[i].message.updates, &iter, &told)) {
				if (!wire_str_equal(told.member.id, text) ||
				    told.status != SWIM_DEAD)
					continue;
				if (told.incarnation > *highest)
					*highest = told.incarnation;
				if (told.incarnation < u.incarnation)
					continue;
				ck_assert_uint_le(told.incarnation, u.incarnation + 16);
				u.status = SWIM_DEAD;
				u.incarnation = told.incarnation;
				taken = true;
			}
			if (f->out[i].message.type != WIRE_PING)
				continue;
			fixture_base_ack_with(f, 9, f->out[i].message.seq, address_of(9),
			    taken ? &u : NULL);
		}
		fixture_clear(f);
		fixture_run(f, swim_ms(10));
	}
	return taken;
}

/* The swimd peers that knew the higher incarnation are gone too: we know the death at a lower one. */
START_TEST(a_base_peer_is_told_of_a_death_above_the_incarnation_that_it_knows)
{
	static const uint64_t knows[] = {0, 1, 2, 3, 16, 17, 40};

	for (size_t k = 0; k < sizeof(knows) / sizeof(knows[0]); k++) {
		struct fixture *f = among_both(3, 9);
		bool known[256] = {false};
		uint64_t highest = 0;
		unsigned asked = 1;

		fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
		ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
		/* At first the update with the higher incarnation may still be on its way to us. */
		let_learn(f, known, swim_seconds(1));
		ck_assert(takes_the_end(f, 2, knows[k], &highest) == (knows[k] == 0));
		ck_assert_uint_eq(highest, 0);
		let_learn(f, known, swim_seconds(12));
		while (!takes_the_end(f, 2, knows[k], &highest))
			ck_assert_uint_le(++asked, 8);
		/* The incarnation of the death stays close to that of the base peer. */
		ck_assert_uint_lt(highest, knows[k] < 3 ? knows[k] + 1 : knows[k] + 16);
		ck_assert_uint_eq(fixture_report(f, "p2").incarnation, highest);
		fixture_free(f);
	}
}
END_TEST

/*
 * Answers all pings as base peer 9, whose incarnation is `own`: it refutes each suspicion or death
 * at `own` or above.
 */
static void
answer_and_refute(struct fixture *f, uint64_t *own)
{
	size_t count = f->out_count;
	char text[SWIM_ADDR_TEXT];

	strcpy(text, address_of(9));
	for (size_t i = 0; i < count; i++) {
		struct wire_update u, told;
		struct wire_updates_iter iter = {0};
		bool refutes = false;

		if (!fixture_went(&f->out[i], WIRE_PING, 9))
			continue;
		while (wire_updates_next(&f->out[i].message.updates, &iter, &told)) {
			if (!wire_str_equal(told.member.id, text) || told.status == SWIM_ALIVE ||
			    told.incarnation < *own)
				continue;
			*own = told.incarnation + 1;
			refutes = true;
		}
		u = pair(9, SWIM_ALIVE, *own);
		fixture_base_ack_with(f, 9, f->out[i].message.seq, text, refutes ? &u : NULL);
	}
}

/* The base peer's own incarnation is far above the one that we know, and nobody gossips it any more. */
START_TEST(a_base_peer_that_stays_suspect_is_told_so_at_a_higher_incarnation)
{
	static const uint64_t known[] = {0, 1, 9, 600, 4000};

	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
		struct fixture *f = among_both(2, 9);
		struct wire_update u = pair(9, SWIM_SUSPECT, 0);
		uint64_t own = known[k];
		char text[SWIM_ADDR_TEXT];

		strcpy(text, address_of(9));
		fixture_ping_with(f, 1, 5, &u);
		ck_assert_int_eq(fixture_report(f, text).status, SWIM_SUSPECT);
		fixture_clear(f);
		for (unsigned step = 0; step < 4000; step++) {
			answer_and_refute(f, &own);
			fixture_clear(f);
			fixture_run(f, swim_ms(10));
		}
		ck_assert_int_eq(fixture_report(f, text).status, SWIM_ALIVE);
		/* The suspicions do not rise much above the incarnation of the base peer. */
		ck_assert_uint_le(own, 2 * known[k] + 8);
		/* Above 4096, base peers would not be told of this member any more. */
		ck_assert_uint_le(own, 4096);
		fixture_free(f);
	}
}
END_TEST

/* A forged source address does not raise the suspicions: only answers to our questions do. */
START_TEST(suspicions_of_a_base_peer_that_answers_nothing_do_not_rise)
{
	struct fixture *f = among_both(2, 9);
	struct wire_update told;
	uint64_t top = 0;
	char text[SWIM_ADDR_TEXT];

	strcpy(text, address_of(9));
	for (unsigned step = 0; step < 3000; step++) {
		if (step % 10 == 0)
			fixture_ping(f, 9, step + 5, fixture_nothing);
		fixture_run(f, swim_ms(20));
		for (size_t i = 0; i < f->out_count; i++) {
			struct wire_updates_iter iter = {0};

			while (wire_updates_next(&f->out[i].message.updates, &iter, &told)) {
				if (wire_str_equal(told.member.id, text) && told.incarnation > top)
					top = told.incarnation;
			}
		}
		fixture_clear(f);
	}
	ck_assert_int_eq(fixture_report(f, text).status, SWIM_DEAD);
	ck_assert_uint_le(top, 4);
	fixture_free(f);
}
END_TEST

/* The kind of a member that is known by hearsay is uncertain, so both kinds must be able to read the ping. */
START_TEST(a_base_peer_by_hearsay_gets_a_ping_that_a_swimd_can_answer_too)
{
	struct fixture *f = among_both(2, 9);
	struct wire_update u = pair(8, SWIM_ALIVE, 0);
	char text[SWIM_ADDR_TEXT];
	uint64_t seq;

	strcpy(text, address_of(8));
	u.flags = WIRE_FLAG_BASE;
	fixture_ping_with(f, 1, 5, &u);
	ck_assert_int_eq(fixture_report(f, text).kind, SWIM_KIND_BASE);
	seq = fixture_wait_ping(f, 8);
	ck_assert(!is_for_base_peers(fixture_expect(f, WIRE_PING, 8)));
	/* A swimd peer answers there, with its address as its name, and is no base peer any more. */
	{
		struct wire_member_id eight = {wire_str_of(text), wire_str_of(text)};
		struct wire_trailer trailer = {.has_digest = true, .digest = 1};
		uint8_t data[256];
		struct wire_writer w;

		wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
		wire_begin_ack(&w, seq, &eight);
		fixture_finish(f, 8, &w, &trailer, 0);
	}
	ck_assert_int_eq(fixture_report(f, text).kind, SWIM_KIND_SWIMD);
	fixture_free(f);
}
END_TEST

/* An earlier version of swimd lists the pair (address, address) of a swimd peer as a member, and tells of it. */
START_TEST(an_earlier_version_s_update_about_the_address_of_a_swimd_makes_no_member)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update u = pair(2, SWIM_ALIVE, 0);
	struct fixture_says says = fixture_telling(fixture_swimd(1), &u, 1);

	fixture_ping(f, 1, 5, says);
	ck_assert(!fixture_lists(f, address_of(2)));
	/* While the swimd peer at that address is dead, the address is pinged. */
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	fixture_clear(f);
	u = pair(2, SWIM_ALIVE, 0);
	says.pad_to = 300;
	fixture_ping(f, 1, 6, says);
	ck_assert(!fixture_lists(f, address_of(2)));
	fixture_expect(f, WIRE_PING, 2);
	/* If the pair was told before the swimd peer was known, the pair is dropped once the swimd peer answers. */
	u = pair(7, SWIM_ALIVE, 0);
	fixture_ping(f, 1, 7, says);
	ck_assert(fixture_lists(f, address_of(7)));
	fixture_clear(f);
	fixture_routable(f, 7);
	ck_assert_int_eq(fixture_report(f, "p7").status, SWIM_ALIVE);
	ck_assert(!fixture_lists(f, address_of(7)));
	fixture_free(f);
}
END_TEST

/* There was no room for the greeting, so another ping is the first to reach the address. */
START_TEST(an_unnamed_peer_that_answers_any_question_becomes_a_member)
{
	struct fixture *f = fixture_among_routable(2);
	size_t peers = 0;

	/* More base peers come at once than can be greeted at once. */
	for (unsigned step = 0; step < 300; step++) {
		for (unsigned peer = 100; peer < 150; peer++) {
			if (step % 20 == 0)
				fixture_ping(f, peer, step, fixture_nothing);
			fixture_base_answer_all(f, peer, address_of(peer));
		}
		peers += fixture_event_count(f, SWIM_EVENT_JOINED, NULL);
		fixture_clear(f);
		fixture_run(f, swim_ms(10));
	}
	ck_assert_uint_eq(peers, 50);
	fixture_free(f);
}
END_TEST

/* The answer comes from the new address of the swimd peer, and has no room for a digest. */
START_TEST(a_swimd_that_sends_a_small_answer_from_a_new_address_stays_a_swimd)
{
	struct fixture *f = among_both(3, 9);
	uint64_t seq = fixture_wait_ping(f, 1);
	struct wire_update moved = fixture_update(f, 1, SWIM_ALIVE, 1);
	const struct fixture_out *greeting;

	fixture_clear(f);
	fixture_ack(f, 8, seq, 1, fixture_nothing);
	greeting = fixture_expect(f, WIRE_PING, 8);
	seq = greeting->message.seq;
	moved.member.address = wire_str_of(address_of(8));
	fixture_ping_with(f, 1, 5, &moved);
	ck_assert_str_eq(fixture_report(f, "p1").address, address_of(8));
	fixture_ack(f, 8, seq, 1, fixture_nothing);
	ck_assert_int_eq(fixture_report(f, "p1").kind, SWIM_KIND_SWIMD);
	fixture_run(f, swim_seconds(2));
	assert_no_names(f, 9);
	fixture_free(f);
}
END_TEST

/* The name of the member is its address, and the ping leaves no room for a digest in the answer. */
START_TEST(a_small_answer_to_a_visitor_s_ping_does_not_show_a_base_peer)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update u = pair(7, SWIM_ALIVE, 0);

	fixture_base_ping_with(f, 9, 5, &u);
	fixture_expect(f, WIRE_PING, 7);
	fixture_ping_with(f, 1, 6, &u);
	ck_assert_int_eq(fixture_report(f, address_of(7)).kind, SWIM_KIND_UNKNOWN);
	fixture_base_answer_all(f, 7, address_of(7));
	ck_assert_int_eq(fixture_report(f, address_of(7)).kind, SWIM_KIND_UNKNOWN);
	fixture_free(f);
}
END_TEST

/* A relayed ping is no larger than the ping-req, so it leaves no room for a digest in the answer. */
START_TEST(a_small_answer_to_a_relayed_ping_does_not_show_a_base_peer)
{
	struct fixture *f = among_both(3, 9);
	struct wire_update u = pair(7, SWIM_ALIVE, 0);

	fixture_ping_with(f, 1, 6, &u);
	ck_assert_int_eq(fixture_report(f, address_of(7)).kind, SWIM_KIND_UNKNOWN);
	fixture_clear(f);
	fixture_base_ping_req(f, 9, 77, &u.member);
	fixture_expect(f, WIRE_PING, 7);
	fixture_base_answer_all(f, 7, address_of(7));
	fixture_expect(f, WIRE_ACK, 9);
	ck_assert_int_eq(fixture_report(f, address_of(7)).kind, SWIM_KIND_UNKNOWN);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_base", a_base_peer_that_suspects_a_removed_member_is_told_of_its_death,
    a_base_peer_is_told_the_death_of_a_suspect_address_that_does_not_answer,
    a_base_peer_is_told_of_a_death_above_the_incarnation_that_it_knows,
    a_base_peer_that_stays_suspect_is_told_so_at_a_higher_incarnation,
    suspicions_of_a_base_peer_that_answers_nothing_do_not_rise,
    strangers_and_base_peers_do_not_raise_an_incarnation_by_more_than_64,
    a_new_member_is_not_listed_at_a_high_incarnation_by_hearsay,
    a_base_peer_by_hearsay_gets_a_ping_that_a_swimd_can_answer_too,
    an_earlier_version_s_update_about_the_address_of_a_swimd_makes_no_member,
    an_unnamed_peer_that_answers_any_question_becomes_a_member,
    odd_pairs_of_base_peers_change_no_swimd,
    an_odd_ladder_raises_no_incarnation_beyond_its_highest_valid_rung,
    a_member_above_incarnation_4096_is_not_told_to_base_peers,
    a_base_peer_that_asks_for_a_dead_member_is_told_of_its_death,
    a_base_peer_is_introduced_to_all_at_once,
    a_base_peer_that_is_held_dead_and_pings_is_told_of_its_death_once_it_has_answered,
    a_base_peer_that_tells_an_old_status_is_told_the_new_one,
    an_ack_to_a_base_peer_names_the_pair_that_it_pinged,
    a_base_peer_hears_of_swimds_by_their_addresses,
    an_address_of_which_nothing_is_known_is_not_told_our_name,
    a_seed_of_unknown_kind_is_sent_a_ping_for_each_kind,
    a_base_peer_that_we_joined_through_gets_only_answers_for_a_probe_interval,
    the_answer_to_a_join_shows_the_kind_of_the_member, a_swimd_drops_datagrams_for_base_peers,
    a_cluster_with_a_name_has_no_base_peers,
    a_member_of_unknown_kind_is_told_nothing_of_swimds_before_it_answers,
    a_swimd_that_joins_through_us_is_known_by_its_name,
    an_update_of_a_base_peer_about_an_address_is_about_the_swimd_there,
    an_update_of_a_base_peer_about_an_address_is_about_the_successor_there,
    an_update_of_a_base_peer_about_our_address_is_about_us,
    a_base_peer_s_ping_req_is_answered_with_the_pair_it_asked_for,
    a_base_peer_s_ping_req_for_the_name_of_a_swimd_is_answered_with_a_nack,
    a_base_peer_is_asked_to_ping_a_swimd_by_its_address,
    an_address_that_a_base_peer_tells_is_pinged_before_it_is_a_member,
    swimds_tell_each_other_which_members_are_base_peers,
    a_base_peer_is_told_a_high_incarnation_by_a_ladder,
    a_swimd_that_sends_a_small_answer_from_a_new_address_stays_a_swimd,
    a_small_answer_to_a_visitor_s_ping_does_not_show_a_base_peer,
    a_small_answer_to_a_relayed_ping_does_not_show_a_base_peer)
