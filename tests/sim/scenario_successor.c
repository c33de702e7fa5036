/* SPDX-License-Identifier: MIT */
/*
 * Addresses that are used again: a member crashes, and another with a new name starts at its address before anybody has
 * noticed the crash.  All must tell the crash as a failure.  When the successor tells of the death from the same address, this
 * must not count as a leave that the dead member told itself.
 */
#include "sim/scenario.h"

/* Several successors at one address, one after the other. */
static void
crashes(struct sim *s, unsigned members, bool base)
{
	swim_time start = {0};

	for (unsigned i = members; i < s->world.count; i++) {
		world_inherit(&s->world, i, i - 1);
		/* Two base peers, then a swimd peer. */
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

/* Two more base peers take an answer of the successor for an answer of the dead member, so what they tell of it is wrong. */
static void
among_base(struct sim *s)
{
	sim_base(s, 1);
	sim_base(s, 2);
	crashes(s, 6, true);
}

/* Both swimd peers are the same pair to a base peer, so it takes an answer of the successor for one of the dead member. */
static void
swimds_among_base(struct sim *s)
{
	sim_base(s, 1);
	sim_base(s, 2);
	crashes(s, 6, false);
}

const struct scenario scenarios_successor[] = {
    {"successor-8", 12, few, LIGHT,
	"one of 8 members crashes and another starts at its address at once: nobody tells left"},
    {"successor-30", 80, many, HEAVY,
	"50 times one of 30 members crashes and another starts at its address: nobody tells left"},
    {"successor-base", 15, base, LIGHT,
	"base peers and swimd peers crash and succeed each other at one address: nobody tells left"},
    {"successor-among-base", 15, among_base, LIGHT,
	"both kinds succeed each other at one address beside two base peers: nobody tells left"},
    {"successor-swimds", 12, swimds_among_base, LIGHT,
	"swimd peers succeed each other at one address beside two base peers: nobody tells left"},
    {0},
};
