/* SPDX-License-Identifier: MIT */
/* Accusations against this member: two accusers that are healthy themselves raise its local health. */
#include <string.h>

#include "support/unit.h"
#include "swim_fixture.h"

#define PEERS 5

/* Peer `from` suspects us, and names as accusers itself and `second` (0: nobody). */
static void
accuse(struct fixture *f, unsigned from, unsigned second)
{
	fixture_accuse(f, from, 0, SWIM_SUSPECT, from, second);
	fixture_drain(f);
}

static bool
counts(struct fixture *f, struct swim_accused *out)
{
	return swim_accused(f->swim, f->now, out);
}

START_TEST(repeated_accusations_by_one_member_do_not_count)
{
	struct fixture *f = fixture_among(PEERS);
	struct wire_update u;
	struct swim_accused a;
	char name[16];

	for (uint64_t incarnation = 0; incarnation < 5; incarnation++) {
		u = fixture_update(f, 0, SWIM_SUSPECT, incarnation);
		u.accusers[u.accuser_count++] = fixture_hash(fixture_name(1, name));
		fixture_ping(f, 1, 7, fixture_telling(fixture_same_view(f, 1), &u, 1));
		fixture_drain(f);
		/* One accuser is enough for a refutation. */
		ck_assert_uint_eq(swim_incarnation(f->swim), incarnation + 1);
		ck_assert(!counts(f, &a));
		ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	}
	fixture_free(f);
}
END_TEST

START_TEST(two_accusers_count_even_if_the_first_was_refuted)
{
	struct fixture *f = fixture_among(PEERS);
	struct swim_accused a;

	accuse(f, 1, 0);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	ck_assert(!counts(f, &a));
	accuse(f, 2, 0);
	ck_assert(counts(f, &a));
	ck_assert_uint_eq(a.count, 2);
	ck_assert(swim_time_reached(f->now, a.at) && swim_time_reached(a.at, f->now));
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	/* A third accuser in the same probe interval has the same cause, and does not raise local health again. */
	accuse(f, 3, 0);
	ck_assert(counts(f, &a));
	ck_assert_uint_eq(a.count, 3);
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	fixture_free(f);
}
END_TEST

START_TEST(two_accusers_named_by_one_speaker_count_and_are_reported)
{
	struct fixture *f = fixture_among(PEERS);
	struct swim_accused a;
	bool p2 = false, p3 = false;

	fixture_accuse(f, 1, 0, SWIM_SUSPECT, 2, 3);
	ck_assert(counts(f, &a));
	for (unsigned i = 0; i < SWIM_ACCUSERS_NEEDED; i++) {
		p2 |= a.by_len[i] == 2 && memcmp(a.by[i], "p2", 2) == 0;
		p3 |= a.by_len[i] == 2 && memcmp(a.by[i], "p3", 2) == 0;
	}
	ck_assert(p2 && p3);
	fixture_free(f);
}
END_TEST

START_TEST(an_accuser_that_is_suspect_does_not_count)
{
	struct fixture *f = fixture_among(PEERS);
	struct swim_accused a;

	/* p1 flaps: two others accuse it. */
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 3);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	accuse(f, 1, 0);
	accuse(f, 4, 0);
	ck_assert(!counts(f, &a));
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	/* The accusation does not count when p1 is alive again either. */
	fixture_gossip(f, 1, 1, SWIM_ALIVE, 1);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	ck_assert(!counts(f, &a));
	accuse(f, 5, 0);
	ck_assert(counts(f, &a));
	fixture_free(f);
}
END_TEST

START_TEST(an_accusation_stops_counting_when_its_accuser_is_suspected)
{
	struct fixture *f = fixture_among(PEERS);
	struct swim_accused a;

	accuse(f, 1, 0);
	accuse(f, 2, 0);
	ck_assert(counts(f, &a));
	fixture_accuse(f, 3, 1, SWIM_SUSPECT, 3, 4);
	ck_assert(!counts(f, &a));
	fixture_free(f);
}
END_TEST

START_TEST(accusations_are_forgotten_after_a_minute)
{
	struct fixture *f = fixture_among(PEERS);
	struct swim_accused a;

	accuse(f, 1, 0);
	f->now = swim_time_add(f->now, swim_seconds(59));
	accuse(f, 2, 0);
	ck_assert(counts(f, &a));
	f->now = swim_time_add(f->now, swim_seconds(1));
	ck_assert(!counts(f, &a));
	fixture_free(f);
}
END_TEST

START_TEST(at_most_eight_accusers_are_remembered)
{
	struct fixture *f = fixture_among(20);
	struct swim_accused a;

	for (unsigned i = 1; i <= 20; i++)
		accuse(f, i, 0);
	ck_assert(counts(f, &a));
	ck_assert_uint_eq(a.count, 8);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_accused", repeated_accusations_by_one_member_do_not_count,
    two_accusers_count_even_if_the_first_was_refuted,
    two_accusers_named_by_one_speaker_count_and_are_reported,
    an_accuser_that_is_suspect_does_not_count,
    an_accusation_stops_counting_when_its_accuser_is_suspected,
    accusations_are_forgotten_after_a_minute, at_most_eight_accusers_are_remembered)
