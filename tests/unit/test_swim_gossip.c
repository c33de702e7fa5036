/* SPDX-License-Identifier: MIT */
/* Rumours: which go first when not all fit into a datagram, and which need not be sent any more. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

/* A core among peers that have answered; no rumour is left. */
static struct fixture *
quiet(unsigned peers)
{
	struct fixture *f = fixture_among_routable(peers);

	for (unsigned step = 0; step < 95 && fixture_stats(f).rumours > 0; step++)
		fixture_run(f, swim_ms(10));
	ck_assert_uint_eq(fixture_stats(f).rumours, 0);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	fixture_clear(f);
	return f;
}

enum kind { REFUTE, GONE, SUSPECT, JOIN, TAGS, OTHER, KINDS };
#define EACH 25 /* rumours of one kind, at most */

/*
 * The names and addresses of all these members have the same length, so all updates without tags
 * have the same size.
 */
static unsigned
first_of(enum kind kind)
{
	return 100 + EACH * ((unsigned)kind - GONE);
}

static enum kind
kind_of(struct wire_str id)
{
	char name[16];

	if (wire_str_equal(id, "self"))
		return REFUTE;
	for (unsigned kind = GONE; kind < KINDS; kind++) {
		for (unsigned i = 0; i < EACH; i++) {
			if (wire_str_equal(id, fixture_name(first_of((enum kind)kind) + i, name)))
				return (enum kind)kind;
		}
	}
	ck_abort_msg("the ack has an update about %.*s, of which nobody told", (int)id.len,
	    id.bytes);
	return KINDS;
}

/*
 * Long tags, so that a few tags rumours need more than the share of their kind. In a storm the tags
 * are short: the acks to pings with long tags would have room for the rumours.
 */
static struct wire_str
tags_of(unsigned count)
{
	static char tags[4 + 130] = {1, 'k', 0, (char)130};

	memset(tags + 4, 'v', sizeof(tags) - 4);
	if (count == EACH)
		return (struct wire_str){"\x01k\0\x01v", 5};
	return (struct wire_str){tags, sizeof(tags)};
}

/* Peer 1 tells a change of this kind about this member; the member itself tells its new tags. */
static void
tell(struct fixture *f, enum kind kind, unsigned about, struct wire_str tags)
{
	struct wire_update u;

	switch (kind) {
	case REFUTE:
		fixture_gossip(f, 1, 0, SWIM_SUSPECT, 0);
		return;
	case GONE:
		fixture_gossip(f, 1, about, SWIM_DEAD, 0);
		return;
	case SUSPECT:
		fixture_gossip(f, 1, about, SWIM_SUSPECT, 0);
		return;
	case JOIN:
		fixture_gossip(f, 1, about, SWIM_ALIVE, 0);
		return;
	case TAGS:
		u = fixture_update(f, about, SWIM_ALIVE, 1);
		u.tags = tags;
		/*
		 * The member has not answered yet, so that our ack tells it no more rumours than
		 * its ping has paid for.
		 */
		fixture_ping_with(f, about, 1, &u);
		return;
	case OTHER:
		fixture_gossip(f, 1, about, SWIM_ALIVE, 1);
		return;
	case KINDS:
		break;
	}
	ck_abort_msg("no kind");
}

/*
 * Queues this many rumours of each kind, and sends one full ack. `told` gets the number of rumours
 * of each kind in the ack, which must have them in the order of the kinds.
 */
static void
one_ack(const unsigned of_kind[KINDS], unsigned told[KINDS])
{
	struct fixture *f = fixture_started();
	unsigned all = 0;
	struct wire_updates_iter iter = {0};
	enum kind before = REFUTE;
	unsigned waiting = 0;
	struct wire_update u;

	fixture_routable(f, 1);
	for (unsigned kind = GONE; kind < KINDS; kind++) {
		for (unsigned i = 0; kind != JOIN && i < of_kind[kind]; i++)
			fixture_member(f, first_of((enum kind)kind) + i);
	}
	/* Acks tell of these members until no rumour is left. */
	for (unsigned k = 0; k < 200 && fixture_stats(f).rumours > 0; k++) {
		fixture_ping(f, 1, 1, fixture_swimd(1));
		fixture_clear(f);
	}
	ck_assert_uint_eq(fixture_stats(f).rumours, 0);
	/* The kinds are queued in the reverse order, so the order of the ack is not the order of arrival. */
	for (unsigned kind = KINDS; kind-- > REFUTE;) {
		for (unsigned i = 0; i < of_kind[kind]; i++)
			tell(f, (enum kind)kind, first_of((enum kind)kind) + i,
			    tags_of(of_kind[TAGS]));
		waiting += of_kind[kind];
	}
	ck_assert_uint_eq(fixture_stats(f).rumours, waiting);
	fixture_clear(f);
	fixture_ping(f, 1, 9, fixture_swimd(1));
	while (wire_updates_next(&fixture_expect(f, WIRE_ACK, 1)->message.updates, &iter, &u)) {
		enum kind kind = kind_of(u.member.id);

		ck_assert_int_ge(kind, before);
		before = kind;
		told[kind]++;
		all++;
	}
	ck_assert_uint_lt(all, waiting);
	fixture_free(f);
}

START_TEST(an_ack_has_its_rumours_in_the_order_of_their_kinds)
{
	static const unsigned of_kind[KINDS] = {1, 4, 4, 25, 3, 25};
	unsigned told[KINDS] = {0};

	one_ack(of_kind, told);
	/* All refute, gone and suspect rumours fit, and more join rumours than other rumours. */
	for (unsigned kind = REFUTE; kind < JOIN; kind++)
		ck_assert_uint_eq(told[kind], of_kind[kind]);
	ck_assert_uint_gt(told[JOIN], told[OTHER]);
	ck_assert_uint_gt(told[TAGS], 0);
	ck_assert_uint_gt(told[OTHER], 0);
}
END_TEST

START_TEST(a_storm_of_one_kind_leaves_room_for_every_other_kind)
{
	for (unsigned storm = GONE; storm < KINDS; storm++) {
		unsigned of_kind[KINDS] = {1, 4, 4, 4, 4, 4}, told[KINDS] = {0};

		of_kind[storm] = EACH;
		of_kind[OTHER] = EACH;
		one_ack(of_kind, told);
		for (unsigned kind = REFUTE; kind < KINDS; kind++)
			ck_assert_uint_gt(told[kind], 0);
	}
}
END_TEST

/* Adds the number of datagrams that tell of p50, p51 and p52 as alive. */
static void
count(struct fixture *f, unsigned sent[3])
{
	char name[16];

	for (size_t i = 0; i < f->out_count; i++) {
		for (unsigned k = 0; k < 3; k++)
			sent[k] +=
			    fixture_has(&f->out[i], fixture_name(50 + k, name), SWIM_ALIVE, NULL);
	}
	fixture_clear(f);
}

START_TEST(a_rumour_ends_earlier_when_others_tell_it_too)
{
	struct fixture *f = quiet(20);
	unsigned sent[3] = {0}, by_then;

	for (unsigned k = 0; k < 3; k++)
		fixture_gossip(f, 1, 50 + k, SWIM_ALIVE, 0);
	/* We have not sent the rumour about p52 yet, so hearing it from others does not count. */
	for (unsigned i = 2; i <= 12; i++)
		fixture_gossip(f, i, 52, SWIM_ALIVE, 0);
	/* One push tells all three rumours to each of its targets. */
	for (unsigned step = 0; step < 100 && sent[0] < 3; step++) {
		fixture_run(f, swim_ms(10));
		count(f, sent);
	}
	by_then = sent[0];
	ck_assert_uint_ge(by_then, 3);
	ck_assert_uint_lt(by_then, 8);
	for (unsigned i = 2; i <= 12; i++)
		fixture_gossip(f, i, 50, SWIM_ALIVE, 0);
	for (unsigned step = 0; step < 100; step++) {
		fixture_run(f, swim_ms(10));
		count(f, sent);
	}
	ck_assert_uint_eq(sent[0], by_then);
	/* retransmit_mult * ceil(log10(N + 1)) = 4 * 2, for 24 members. */
	ck_assert_uint_eq(sent[1], 8);
	ck_assert_uint_eq(sent[2], 8);
	fixture_free(f);
}
END_TEST

/* How many datagrams tell of this peer as alive at this incarnation. */
static unsigned
told_at(const struct fixture *f, unsigned peer, uint64_t incarnation)
{
	unsigned times = 0;
	uint64_t said;
	char name[16];

	for (size_t i = 0; i < f->out_count; i++)
		times += fixture_has(&f->out[i], fixture_name(peer, name), SWIM_ALIVE, &said) &&
			 said == incarnation;
	return times;
}

/*
 * With ten members each rumour is sent eight times, with nine members four times. The tenth is an
 * unnamed peer that never answers. When the unnamed peer is dropped, one rumour has been sent often
 * enough, and the other must be sent once more, but not to its own subject.
 */
START_TEST(an_answer_draws_gossip_only_if_there_is_a_rumour_for_its_sender)
{
	struct fixture *f = quiet(6);
	const struct fixture_says from_first = fixture_swimd(1);
	uint64_t incarnation = 0, seq;

	/* A member that has not answered is pinged before it is sent rumours. */
	while (fixture_sent(f, WIRE_PING, 50) == NULL) {
		fixture_gossip(f, 1, 50, SWIM_ALIVE, incarnation++);
		fixture_run(f, f->config.timing.gossip_interval);
	}
	seq = fixture_expect(f, WIRE_PING, 50)->message.seq;
	while (fixture_stats(f).rumours > 0)
		fixture_ping(f, 1, 2, from_first);
	fixture_ping(f, 30, 1, fixture_nothing);
	fixture_run(f, swim_ns(4 * f->config.timing.probe_timeout.ns - swim_ms(10).ns));
	fixture_gossip(f, 1, 51, SWIM_ALIVE, 0);
	fixture_run(f, swim_ms(1));
	fixture_gossip(f, 1, 50, SWIM_ALIVE, incarnation);
	while (told_at(f, 50, incarnation) < 3)
		fixture_ping(f, 1, 3, from_first);
	ck_assert_uint_eq(swim_member_count(f->swim), 10);
	fixture_run(f, swim_ms(20));
	ck_assert_uint_eq(swim_member_count(f->swim), 9);
	ck_assert_uint_eq(told_at(f, 50, incarnation), 3);
	ck_assert_uint_ge(told_at(f, 51, 0), 4);
	ck_assert_uint_lt(told_at(f, 51, 0), 8);
	fixture_ack(f, 50, seq, 50, fixture_swimd(50));
	fixture_ping(f, 1, 4, from_first);
	ck_assert_uint_eq(told_at(f, 50, incarnation), 4);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_gossip", an_ack_has_its_rumours_in_the_order_of_their_kinds,
    a_storm_of_one_kind_leaves_room_for_every_other_kind,
    a_rumour_ends_earlier_when_others_tell_it_too,
    an_answer_draws_gossip_only_if_there_is_a_rumour_for_its_sender)
