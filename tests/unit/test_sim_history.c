/* SPDX-License-Identifier: MIT */
/* The history of the simulator: a record of a member that the member never had is a breach. */
#include "sim/history.h"

#include <string.h>

#include "support/unit.h"
#include "swim_fixture.h"

#define BEFORE "10.0.1.2:7946"
#define AFTER "10.0.9.9:7946"
#define NEVER "10.0.8.8:7946"

static void
quiet(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

/* p2 told that it lived at this address at this incarnation, without tags. */
static void
say(struct facts *facts, const char *address, uint64_t incarnation)
{
	uint64_t p2 = fixture_hash("p2");

	facts_add(facts, facts_identity(p2, incarnation, address, "", 0));
	facts_add(facts, facts_identity(p2, incarnation, address, NULL, 0));
	facts_add(facts, facts_lived(p2, address));
	facts_add(facts, facts_had(p2, incarnation));
}

/*
 * p2 lived at BEFORE at incarnation 3, and moved to AFTER at 4. Is a record with this address and
 * incarnation a breach?
 */
static bool
is_breach(const char *address, uint64_t incarnation, bool partial)
{
	struct fixture *f = fixture_among(1);
	struct wire_update u = fixture_update(f, 2, SWIM_ALIVE, incarnation);
	struct check *check = check_new(1, quiet, NULL);
	struct facts facts;
	struct history *h;
	char why[512];
	bool breach;

	facts_init(&facts);
	h = history_new(&facts);
	check_life(check, 0, "p2", 0, false);
	say(&facts, BEFORE, 3);
	say(&facts, AFTER, 4);
	u.member.address = wire_str_of(address);
	u.flags = partial ? WIRE_FLAG_PARTIAL : 0;
	fixture_ping(f, 1, 1,
	    (struct fixture_says){.swimd = true, .sender = 1, .updates = &u, .count = 1});
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, incarnation);
	ck_assert_str_eq(fixture_report(f, "p2").address, address);
	breach = history_look(h, f->swim, check, why, sizeof(why));
	ck_assert(!breach || strstr(why, "p2: has an address") != NULL);
	history_free(h);
	facts_fini(&facts);
	check_free(check);
	fixture_free(f);
	return breach;
}

START_TEST(a_record_that_the_member_told_is_no_breach)
{
	ck_assert(!is_breach(BEFORE, 3, false));
	ck_assert(!is_breach(AFTER, 4, false));
	ck_assert(is_breach(AFTER, 3, false));
	ck_assert(is_breach(BEFORE, 4, false));
}
END_TEST

START_TEST(a_partial_record_may_have_a_later_address_than_incarnation)
{
	ck_assert(!is_breach(AFTER, 3, true));
	ck_assert(!is_breach(AFTER, 0, true));
	/* p2 never lived there, or never had this incarnation. */
	ck_assert(is_breach(NEVER, 3, true));
	ck_assert(is_breach(AFTER, 2, true));
}
END_TEST

UNIT_MAIN("sim_history", a_record_that_the_member_told_is_no_breach,
    a_partial_record_may_have_a_later_address_than_incarnation)
