/* SPDX-License-Identifier: MIT */
/* Floods: which sources stand out from strangers, which answers are awaited, how many updates a source may tell. */
#include <check.h>

#include <string.h>

#include "support/unit.h"
#include "swim_fixture.h"
#include "wire/wire.h"

static struct fixture *
started(void)
{
	struct fixture *f = fixture_new();

	ck_assert(fixture_start(f));
	return f;
}

/* So many updates of one datagram by turns about a member that comes and goes, each a life further. */
static void
flaps(struct fixture *f, unsigned from, unsigned about, uint64_t *life, unsigned count)
{
	static struct wire_update updates[32];

	ck_assert_uint_le(count, 32);
	for (unsigned i = 0; i < count; i++, (*life)++)
		updates[i] =
		    fixture_update(f, about, *life % 2 ? SWIM_SUSPECT : SWIM_ALIVE, *life / 2);
	fixture_ping(f, from, 1,
	    (struct fixture_says){.ours = true,
		.sender = from,
		.updates = updates,
		.count = count});
	fixture_clear(f);
}

static uint64_t
refused(const struct fixture *f)
{
	return fixture_stats(f).ignored[SWIM_IGNORE_RATE];
}

START_TEST(a_source_has_a_quota_and_takes_none_from_others)
{
	struct fixture *f = started();
	uint64_t life = 1, before;

	fixture_member(f, 1);
	fixture_member(f, 2);
	/* What forms a cluster of thousands at once passes. */
	for (unsigned i = 0; i < 3000; i += 20)
		flaps(f, 1, 3, &life, 20);
	ck_assert_uint_eq(refused(f), 0);
	for (unsigned i = 0; i < 50000; i += 20)
		flaps(f, 1, 3, &life, 20);
	before = refused(f);
	ck_assert_uint_ge(before, 40000);
	/* Another says what it has to say. */
	flaps(f, 2, 3, &life, 20);
	ck_assert_uint_eq(refused(f), before);
	/* And the first does again, later. */
	fixture_run(f, swim_seconds(1));
	flaps(f, 1, 3, &life, 20);
	ck_assert_uint_eq(refused(f), before);
	fixture_free(f);
}
END_TEST

START_TEST(all_strangers_are_one_source)
{
	struct fixture *f = started();
	uint64_t life = 1;

	fixture_member(f, 1);
	for (unsigned i = 0; i < 40000; i += 20)
		flaps(f, 10 + i / 20 % 50, 3, &life, 20);
	ck_assert_uint_ge(refused(f), 20000);
	life = 1;
	/* A member's word passes. */
	{
		uint64_t before = refused(f);

		flaps(f, 1, 4, &life, 20);
		ck_assert_uint_eq(refused(f), before);
	}
	fixture_free(f);
}
END_TEST

/* However much else its source has said. */
START_TEST(who_is_accused_hears_it_in_a_flood)
{
	struct fixture *f = started();
	uint64_t life = 1, incarnation;
	unsigned refuted = 0;

	fixture_member(f, 1);
	for (unsigned i = 0; i < 50000; i += 20)
		flaps(f, 1, 3, &life, 20);
	incarnation = swim_incarnation(f->swim);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, incarnation);
	ck_assert_uint_eq(swim_incarnation(f->swim), incarnation + 1);
	/* But not for ever. */
	for (unsigned i = 0; i < 1000; i++) {
		incarnation = swim_incarnation(f->swim);
		fixture_gossip(f, 1, 0, SWIM_SUSPECT, incarnation);
		refuted += swim_incarnation(f->swim) > incarnation;
	}
	ck_assert_uint_ge(refuted, 50);
	ck_assert_uint_le(refuted, 200);
	fixture_free(f);
}
END_TEST

START_TEST(standing_is_by_address_and_proof)
{
	struct fixture *f = started();
	struct swim_addr one = fixture_addr(1), two = fixture_addr(2);

	fixture_gossip(f, 9, 1, SWIM_ALIVE, 1);
	ck_assert_int_eq(swim_standing(f->swim, &one), SWIM_STANDING_HEARSAY);
	ck_assert_int_eq(swim_standing(f->swim, &two), SWIM_STANDING_STRANGER);
	fixture_proven(f, 1);
	ck_assert_int_eq(swim_standing(f->swim, &one), SWIM_STANDING_PROVEN);
	one.port++;
	ck_assert_int_eq(swim_standing(f->swim, &one), SWIM_STANDING_STRANGER);
	fixture_free(f);
}
END_TEST

START_TEST(answers_are_awaited_by_sequence_number)
{
	struct fixture *f = started();
	struct swim_addr one = fixture_addr(1);
	uint8_t bytes[9] = {WIRE_ACK};
	uint64_t seq;

	fixture_member(f, 1);
	seq = fixture_wait_ping(f, 1);
	for (unsigned i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)(seq >> (56 - 8 * i));
	ck_assert(swim_awaits(f->swim, &one, bytes, sizeof(bytes)));
	ck_assert(!swim_awaits(f->swim, &one, bytes, sizeof(bytes) - 1));
	/* A question with it is no answer. */
	bytes[0] = WIRE_PING;
	ck_assert(!swim_awaits(f->swim, &one, bytes, sizeof(bytes)));
	bytes[0] = WIRE_ACK;
	bytes[8]++;
	ck_assert(!swim_awaits(f->swim, &one, bytes, sizeof(bytes)));
	bytes[8]--;
	/* Once it is answered nothing is awaited any more. */
	fixture_ack(f, 1, seq, 1, (struct fixture_says){.ours = true, .sender = 1});
	ck_assert(!swim_awaits(f->swim, &one, bytes, sizeof(bytes)));
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_quota", a_source_has_a_quota_and_takes_none_from_others,
    all_strangers_are_one_source, who_is_accused_hears_it_in_a_flood,
    standing_is_by_address_and_proof, answers_are_awaited_by_sequence_number)
