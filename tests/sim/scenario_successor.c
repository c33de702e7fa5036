/* SPDX-License-Identifier: MIT */
/*
 * Addresses used again: a member crashes, and another of a new name starts at its address before anybody has noticed.
 * The crash is a failure; the successor says so from the address of the dead, which makes it no word of the dead.
 */
#include "sim/scenario.h"

/* Successors in a row at one address. */
static void
crashes(struct sim *s, unsigned members, bool base)
{
	swim_time start = {0};

	for (unsigned i = members; i < s->world.count; i++) {
		world_inherit(&s->world, i, i - 1);
		/* Two base peers, then a swimd. */
		if (base && (i - members) % 3 != 2)
			sim_base_named(s, i);
	}
	sim_start_range(s, 0, members - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	sim_run(s, 4);
	for (unsigned i = members; i < s->world.count; i++) {
		start = sim_now(s);
		sim_crash(s, i - 1);
		sim_run(s, 0.1 * rng_unit(&s->world.rng));
		sim_start(s, i);
		EXPECT(s, sim_wait_all(s, i - 1, SWIM_DEAD, 40));
		EXPECT(s, sim_wait_all(s, i, SWIM_ALIVE, 20));
		sim_run(s, 2);
		EXPECT(s, sim_told(s, start, SWIM_EVENT_LEFT, ANY, ANY) == 0);
	}
	EXPECT(s, sim_false_failures(s, (swim_time){0}) == 0);
	sim_note(s, "%u crashes, %u told as failed, %u as left", s->world.count - members,
	    sim_told(s, (swim_time){0}, SWIM_EVENT_FAILED, ANY, ANY),
	    sim_told(s, (swim_time){0}, SWIM_EVENT_LEFT, ANY, ANY));
}

static void
few(struct sim *s)
{
	crashes(s, 8, false);
}

static void
many(struct sim *s)
{
	crashes(s, 30, false);
}

static void
base(struct sim *s)
{
	crashes(s, 6, true);
}

/* What these say of the dead is of no use: a base peer takes the successor's answer for that of the dead. */
static void
among_base(struct sim *s)
{
	sim_base(s, 1);
	sim_base(s, 2);
	crashes(s, 6, true);
}

/* To a base peer both swimds are the same pair, so it takes the answer of the successor for an answer of the dead one. */
static void
swimds_among_base(struct sim *s)
{
	sim_base(s, 1);
	sim_base(s, 2);
	crashes(s, 6, false);
}

const struct scenario scenarios_successor[] = {
    {"successor-8", 12, few, LIGHT,
	"of 8 members one crashes and another starts at its address at once: nobody says left"},
    {"successor-30", 80, many, HEAVY, "the same of 30 members, 50 times in a row"},
    {"successor-base", 15, base, LIGHT,
	"the same where base peers and swimds follow each other at the address"},
    {"successor-among-base", 15, among_base, LIGHT, "the same while two more base peers live"},
    {"successor-swimds", 12, swimds_among_base, LIGHT,
	"swimds follow each other at one address while two base peers live"},
    {0},
};
