/* SPDX-License-Identifier: MIT */
/* Floods: the standing of a source, the answers that are awaited, and how many updates a source may tell. */
#include <check.h>

#include <string.h>

#include "support/unit.h"
#include "swim_fixture.h"
#include "wire/wire.h"

/*
 * A datagram of this peer with 20 updates: `among` members, the first of which is peer `about`,
 * become alive and suspect in turn, at ever higher incarnations. `life` counts the updates of all
 * calls.
 */
static void
flaps(struct fixture *f, unsigned from, unsigned about, uint64_t *life, unsigned among)
{
	const unsigned count = 20;
	struct wire_update updates[20];

	for (unsigned i = 0; i < count; i++, (*life)++)
		updates[i] = fixture_update(f, about + (unsigned)(*life / 2 % among),
		    *life % 2 ? SWIM_SUSPECT : SWIM_ALIVE, *life / 2 / among + 1);
	fixture_ping(f, from, 1, fixture_telling(fixture_swimd(from), updates, count));
	fixture_clear(f);
}

static uint64_t
refused(const struct fixture *f)
{
	return fixture_stats(f).ignored[SWIM_IGNORE_RATE];
}

START_TEST(a_source_that_uses_up_its_quota_takes_nothing_from_others)
{
	struct fixture *f = fixture_started();
	uint64_t life = 1, before;

	fixture_member(f, 1);
	fixture_member(f, 2);
	/* The quota allows the updates of a cluster of thousands that forms at once. */
	for (unsigned i = 0; i < 2000; i += 20)
		flaps(f, 1, 3, &life, 200);
	ck_assert_uint_eq(refused(f), 0);
	for (unsigned i = 0; i < 50000; i += 20)
		flaps(f, 1, 3, &life, 200);
	before = refused(f);
	ck_assert_uint_ge(before, 40000);
	/* Another source has its own quota. */
	flaps(f, 2, 3, &life, 200);
	ck_assert_uint_eq(refused(f), before);
	/* A second later the first source has a new quota. */
	f->now = swim_time_add(f->now, swim_seconds(1));
	flaps(f, 1, 3, &life, 200);
	ck_assert_uint_eq(refused(f), before);
	fixture_free(f);
}
END_TEST

START_TEST(all_strangers_share_one_quota)
{
	struct fixture *f = fixture_started();
	uint64_t life = 1, before;

	fixture_member(f, 1);
	for (unsigned i = 0; i < 40000; i += 20)
		flaps(f, 10 + i / 20 % 50, 100, &life, 100);
	before = refused(f);
	ck_assert_uint_ge(before, 30000);
	/* A member has its own quota. */
	life = 1;
	flaps(f, 1, 220, &life, 20);
	ck_assert_uint_eq(refused(f), before);
	fixture_free(f);
}
END_TEST

/* A source that tells much can change one member a few times in a second only, whatever its quota. */
START_TEST(the_changes_of_one_member_by_one_source_are_bounded)
{
	struct fixture *f = fixture_started();
	uint64_t life = 1, before;

	fixture_member(f, 1);
	fixture_member(f, 2);
	for (unsigned i = 0; i < 2000; i += 20)
		flaps(f, 1, 3, &life, 1);
	before = refused(f);
	ck_assert_uint_ge(before, 1400);
	/* The source may tell of other members, and another source may tell of this member. */
	life = 1;
	flaps(f, 1, 10, &life, 20);
	fixture_gossip(f, 2, 3, SWIM_ALIVE, 100000);
	ck_assert_uint_eq(refused(f), before);
	ck_assert_uint_eq(fixture_report(f, "p3").incarnation, 100000);
	fixture_free(f);
}
END_TEST

/*
 * A suspicion of us is taken, whatever else its source has told. But each refutation is a write to
 * the disk and a rumour, so their number is bounded.
 */
START_TEST(a_suspicion_of_us_is_heard_in_a_flood)
{
	struct fixture *f = fixture_started();
	uint64_t life = 1, incarnation;
	unsigned refuted = 0;

	fixture_member(f, 1);
	for (unsigned i = 0; i < 50000; i += 20)
		flaps(f, 1, 3, &life, 200);
	for (unsigned i = 0; i < 1000; i++) {
		incarnation = swim_incarnation(f->swim);
		fixture_gossip(f, 1, 0, SWIM_SUSPECT, incarnation);
		refuted += swim_incarnation(f->swim) > incarnation;
		fixture_clear(f);
	}
	ck_assert_uint_eq(refuted, 20);
	/* Many members repeat a suspicion that we have refuted, which does not use up the quota. */
	f->now = swim_time_add(f->now, swim_seconds(1));
	for (unsigned i = 0; i < 1000; i++) {
		fixture_gossip(f, 1, 0, SWIM_SUSPECT, incarnation - 1);
		fixture_clear(f);
	}
	incarnation = swim_incarnation(f->swim);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, incarnation);
	ck_assert_uint_gt(swim_incarnation(f->swim), incarnation);
	fixture_free(f);
}
END_TEST

START_TEST(the_standing_of_an_address_rises_with_an_answer_from_it)
{
	struct fixture *f = fixture_started();
	struct swim_addr one = fixture_addr(1), two = fixture_addr(2);

	fixture_gossip(f, 1, 1, SWIM_ALIVE, 1);
	ck_assert_int_eq(swim_standing(f->swim, &one), SWIM_STANDING_HEARSAY);
	ck_assert_int_eq(swim_standing(f->swim, &two), SWIM_STANDING_STRANGER);
	fixture_routable(f, 1);
	ck_assert_int_eq(swim_standing(f->swim, &one), SWIM_STANDING_ROUTABLE);
	one.port++;
	ck_assert_int_eq(swim_standing(f->swim, &one), SWIM_STANDING_STRANGER);
	fixture_free(f);
}
END_TEST

START_TEST(answers_are_awaited_by_sequence_number)
{
	struct fixture *f = fixture_started();
	struct swim_addr one = fixture_addr(1);
	uint8_t bytes[9] = {WIRE_ACK};
	uint64_t seq;

	fixture_member(f, 1);
	seq = fixture_wait_ping(f, 1);
	for (unsigned i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)(seq >> (56 - 8 * i));
	ck_assert(swim_awaits(f->swim, &one, bytes, sizeof(bytes)));
	ck_assert(!swim_awaits(f->swim, &one, bytes, sizeof(bytes) - 1));
	/* A ping with this number is no answer. */
	bytes[0] = WIRE_PING;
	ck_assert(!swim_awaits(f->swim, &one, bytes, sizeof(bytes)));
	bytes[0] = WIRE_ACK;
	bytes[8]++;
	ck_assert(!swim_awaits(f->swim, &one, bytes, sizeof(bytes)));
	bytes[8]--;
	/* After the answer nothing is awaited any more. */
	fixture_ack(f, 1, seq, 1, fixture_swimd(1));
	ck_assert(!swim_awaits(f->swim, &one, bytes, sizeof(bytes)));
	fixture_free(f);
}
END_TEST

/* Strangers must not use up the rate that is kept for the answers of members. */
START_TEST(an_answer_whose_number_a_stranger_knows_is_not_awaited)
{
	struct fixture *f = fixture_among_routable(2);
	uint64_t seq;

	/* A stranger makes us ping another address of its own, and another stranger is greeted. */
	fixture_ping_req(f, 20, 1, 21);
	ck_assert(!fixture_awaits(f, 21, fixture_expect(f, WIRE_PING, 21)->message.seq));
	fixture_ping(f, 22, 2, fixture_nothing);
	ck_assert(!fixture_awaits(f, 22, fixture_expect(f, WIRE_PING, 22)->message.seq));
	/* A member asks us to ping another member. */
	fixture_clear(f);
	fixture_ping_req(f, 1, 3, 2);
	seq = fixture_expect(f, WIRE_PING, 2)->message.seq;
	ck_assert(fixture_awaits(f, 2, seq));
	fixture_free(f);
}
END_TEST

/* Otherwise a flood from the address of a suspect would make us drop its answers unread, and declare it dead. */
START_TEST(answers_to_the_questions_before_a_verdict_are_awaited)
{
	struct fixture *f = fixture_among_routable(4);
	unsigned pings = 0;

	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 0);
	for (;;) {
		fixture_clear(f);
		fixture_run(f, swim_ms(1));
		if (fixture_report(f, "p1").status != SWIM_SUSPECT)
			break;
		for (size_t i = 0; i < f->out_count; i++) {
			const struct wire_message *msg = &f->out[i].message;

			if (msg->type != WIRE_PING || f->out[i].to.ip[3] != 1)
				continue;
			ck_assert(fixture_awaits(f, 1, msg->seq));
			pings++;
		}
	}
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
	ck_assert_uint_ge(pings, 2 * 3);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_quota", a_source_that_uses_up_its_quota_takes_nothing_from_others,
    all_strangers_share_one_quota, the_changes_of_one_member_by_one_source_are_bounded,
    a_suspicion_of_us_is_heard_in_a_flood, the_standing_of_an_address_rises_with_an_answer_from_it,
    answers_are_awaited_by_sequence_number, an_answer_whose_number_a_stranger_knows_is_not_awaited,
    answers_to_the_questions_before_a_verdict_are_awaited)
