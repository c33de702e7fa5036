/* SPDX-License-Identifier: MIT */
/* Which rumours go first when not all fit, and which need not be told any more. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

/* Everybody that we know has answered, and has been told all that there was to tell. */
static struct fixture *
quiet(unsigned peers)
{
	struct fixture *f = fixture_among_proven(peers);

	for (unsigned step = 0; step < 95 && fixture_stats(f).rumours > 0; step++)
		fixture_run(f, swim_ms(10));
	ck_assert_uint_eq(fixture_stats(f).rumours, 0);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	fixture_clear(f);
	return f;
}

enum kind { REFUTED, DEAD, SUSPECT, JOINED, CHANGED, REST, KINDS };
#define EACH 25 /* of a kind, at most */

/* Names and addresses of one length, so that what does not fit is no matter of whom it is about. */
static unsigned
first_of(enum kind kind)
{
	return 100 + EACH * ((unsigned)kind - DEAD);
}

static enum kind
kind_of(struct wire_str id)
{
	char name[16];

	if (wire_str_equal(id, "self"))
		return REFUTED;
	for (unsigned kind = DEAD; kind < KINDS; kind++) {
		for (unsigned i = 0; i < EACH; i++) {
			if (wire_str_equal(id, fixture_name(first_of((enum kind)kind) + i, name)))
				return (enum kind)kind;
		}
	}
	ck_abort_msg("nobody has anything to tell of %.*s", (int)id.len, id.bytes);
	return KINDS;
}

/* Of a few more than the share that is kept for a kind; a storm of those would be told in the answers to it. */
static struct wire_str
tags_of(unsigned count)
{
	static char tags[4 + 130] = {1, 'k', 0, (char)130};

	memset(tags + 4, 'v', sizeof(tags) - 4);
	if (count == EACH)
		return (struct wire_str){"\x01k\0\x01v", 5};
	return (struct wire_str){tags, sizeof(tags)};
}

/* Peer 1 tells that this is so with a member, or that one itself that its tags are others. */
static void
tell(struct fixture *f, enum kind kind, unsigned about, struct wire_str tags)
{
	struct wire_update u;

	switch (kind) {
	case REFUTED:
		fixture_gossip(f, 1, 0, SWIM_SUSPECT, 0);
		return;
	case DEAD:
		fixture_gossip(f, 1, about, SWIM_DEAD, 0);
		return;
	case SUSPECT:
		fixture_gossip(f, 1, about, SWIM_SUSPECT, 0);
		return;
	case JOINED:
		fixture_gossip(f, 1, about, SWIM_ALIVE, 0);
		return;
	case CHANGED:
		u = fixture_update(f, about, SWIM_ALIVE, 1);
		u.tags = tags;
		/* It has not answered yet, so that our own answer tells it nothing. */
		fixture_ping_with(f, about, 1, &u);
		return;
	case REST:
		fixture_gossip(f, 1, about, SWIM_ALIVE, 1);
		return;
	case KINDS:
		break;
	}
	ck_abort_msg("no kind");
}

/* With so many of each waiting: how many of each one full ack tells, in the order of their kinds. */
static void
one_ack(const unsigned of_kind[KINDS], unsigned told[KINDS])
{
	struct fixture *f = fixture_started();
	unsigned all = 0;
	struct wire_updates_iter iter = {0};
	enum kind before = REFUTED;
	unsigned waiting = 0;
	struct wire_update u;

	fixture_proven(f, 1);
	for (unsigned kind = DEAD; kind < KINDS; kind++) {
		for (unsigned i = 0; kind != JOINED && i < of_kind[kind]; i++)
			fixture_member(f, first_of((enum kind)kind) + i);
	}
	/* Acks tell of these, until that is no news any more. */
	for (unsigned k = 0; k < 200 && fixture_stats(f).rumours > 0; k++) {
		fixture_ping(f, 1, 1, fixture_swimd(1));
		fixture_clear(f);
	}
	ck_assert_uint_eq(fixture_stats(f).rumours, 0);
	/* The least comes in first, and the weightiest last: the order of the queue is another one. */
	for (unsigned kind = KINDS; kind-- > REFUTED;) {
		for (unsigned i = 0; i < of_kind[kind]; i++)
			tell(f, (enum kind)kind, first_of((enum kind)kind) + i,
			    tags_of(of_kind[CHANGED]));
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

START_TEST(what_more_hangs_on_is_told_first)
{
	static const unsigned of_kind[KINDS] = {1, 4, 4, 25, 3, 25};
	unsigned told[KINDS] = {0};

	one_ack(of_kind, told);
	/* What more hangs on than on a join is few enough to fit, and joins come before the rest. */
	for (unsigned kind = REFUTED; kind < JOINED; kind++)
		ck_assert_uint_eq(told[kind], of_kind[kind]);
	ck_assert_uint_gt(told[JOINED], told[REST]);
	ck_assert_uint_gt(told[CHANGED], 0);
	ck_assert_uint_gt(told[REST], 0);
}
END_TEST

START_TEST(no_storm_of_one_kind_starves_another)
{
	for (unsigned storm = DEAD; storm < KINDS; storm++) {
		unsigned of_kind[KINDS] = {1, 4, 4, 4, 4, 4}, told[KINDS] = {0};

		of_kind[storm] = EACH;
		of_kind[REST] = EACH;
		one_ack(of_kind, told);
		for (unsigned kind = REFUTED; kind < KINDS; kind++)
			ck_assert_uint_gt(told[kind], 0);
	}
}
END_TEST

/* How often these three members are told of as alive. */
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

START_TEST(what_others_tell_us_ourselves_need_not_be_told_on)
{
	struct fixture *f = quiet(20);
	unsigned sent[3] = {0}, by_then;

	for (unsigned k = 0; k < 3; k++)
		fixture_gossip(f, 1, 50 + k, SWIM_ALIVE, 0);
	/* That the last one is known to these is no reason while nobody has heard it from us. */
	for (unsigned i = 2; i <= 12; i++)
		fixture_gossip(f, i, 52, SWIM_ALIVE, 0);
	/* Those that one push reaches are told of all. */
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
	/* lambda * ceil(log10(N + 1)) with lambda 4 and 24 members. */
	ck_assert_uint_eq(sent[1], 8);
	ck_assert_uint_eq(sent[2], 8);
	fixture_free(f);
}
END_TEST

/* How often this peer was told of as alive at this incarnation. */
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
 * Of ten members each is told of eight times, and of nine of them four times.  The tenth is a stranger who never answers.
 * When it is dropped, the rumour of one member is over, and that of another has to be told once more, but not to itself.
 */
START_TEST(an_answer_draws_gossip_only_if_there_is_a_rumour_for_its_sender)
{
	struct fixture *f = quiet(6);
	const struct fixture_says from_first = fixture_swimd(1);
	uint64_t incarnation = 0, seq;

	/* Whom there is something to be told is asked first. */
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

UNIT_MAIN("swim_gossip", what_more_hangs_on_is_told_first, no_storm_of_one_kind_starves_another,
    what_others_tell_us_ourselves_need_not_be_told_on,
    an_answer_draws_gossip_only_if_there_is_a_rumour_for_its_sender)
