/* SPDX-License-Identifier: MIT */
/* Being suspected says something about this member once two members say so that are well themselves. */
#include <string.h>

#include "support/unit.h"
#include "swim_fixture.h"

#define PEERS 5

/* Peer `from` says that it, and `second` unless that is 0, found us silent. */
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

START_TEST(one_accuser_does_not_count_however_often_it_accuses)
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
		/* The refutation does not wait for a second accuser. */
		ck_assert_uint_eq(swim_incarnation(f->swim), incarnation + 1);
		ck_assert(!counts(f, &a));
		ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	}
	fixture_free(f);
}
END_TEST

START_TEST(two_accusers_count_though_the_first_was_refuted_already)
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
	/* A third is the same cause, in the same probe interval. */
	accuse(f, 3, 0);
	ck_assert(counts(f, &a));
	ck_assert_uint_eq(a.count, 3);
	ck_assert_uint_eq(fixture_stats(f).local_health, 1);
	fixture_free(f);
}
END_TEST

START_TEST(two_accusers_named_by_one_teller_count_and_are_told)
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

START_TEST(an_accuser_that_is_suspected_itself_does_not_count)
{
	struct fixture *f = fixture_among(PEERS);
	struct swim_accused a;

	/* One that flaps: two others have found it silent. */
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 3);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	accuse(f, 1, 0);
	accuse(f, 4, 0);
	ck_assert(!counts(f, &a));
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	/* Nor when it is back from that. */
	fixture_gossip(f, 1, 1, SWIM_ALIVE, 1);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	ck_assert(!counts(f, &a));
	accuse(f, 5, 0);
	ck_assert(counts(f, &a));
	fixture_free(f);
}
END_TEST

START_TEST(an_accusation_that_one_flapping_later_made_is_taken_back)
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

START_TEST(more_accusers_than_there_is_room_for_are_bounded)
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

UNIT_MAIN("swim_accused", one_accuser_does_not_count_however_often_it_accuses,
    two_accusers_count_though_the_first_was_refuted_already,
    two_accusers_named_by_one_teller_count_and_are_told,
    an_accuser_that_is_suspected_itself_does_not_count,
    an_accusation_that_one_flapping_later_made_is_taken_back,
    accusations_are_forgotten_after_a_minute, more_accusers_than_there_is_room_for_are_bounded)
