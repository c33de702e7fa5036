/* SPDX-License-Identifier: MIT */
/*
 * What a member knows of its earlier run: nothing but what snapshot.c of the daemon wrote to its disk.  The members have no
 * seeds once they are a cluster, so that a restarted member finds others only by its disk.
 */
#include <errno.h>

#include "sim/scenario.h"

/* Any change is on disk after so many seconds. */
#define SAVED (SNAPSHOT_INTERVAL_S + 2)

/* Nodes 0 to `last` become a cluster, which saves its members and has no seeds from then on. */
static bool
form(struct sim *s, unsigned last)
{
	sim_save(s);
	sim_start_range(s, 0, last);
	if (!sim_wait_converged(s, 20))
		return false;
	for (unsigned i = 0; i <= last; i++)
		sim_no_seeds(s, i);
	return true;
}

static bool
knows(struct sim *s, unsigned observer, unsigned subject)
{
	enum swim_status status;

	return sim_status(s, observer, subject, &status);
}

/* One member has left and one is dead when all others crash. */
static void
ended_members(struct sim *s)
{
	unsigned left = s->world.count - 2, dead = s->world.count - 1;
	swim_time start, quiet;

	EXPECT(s, form(s, dead));
	sim_leave(s, left);
	sim_crash(s, dead);
	EXPECT(s, sim_wait_all(s, left, SWIM_LEFT, 5));
	EXPECT(s, sim_wait_all(s, dead, SWIM_DEAD, 30));
	sim_run(s, SAVED);
	for (unsigned i = 0; i < left; i++)
		sim_crash(s, i);
	sim_run(s, 60);
	start = sim_now(s);
	for (unsigned i = 0; i < left; i++) {
		sim_restart(s, i, true);
		EXPECT(s, sim_is(s, i, left, SWIM_LEFT) && sim_is(s, i, dead, SWIM_DEAD));
	}
	EXPECT(s, sim_wait_converged(s, 30));
	/* No member asks to be let in any more.  The ends are no news, and last. */
	sim_run(s, 10);
	quiet = sim_now(s);
	sim_run(s, 60);
	EXPECT(s, sim_told(s, quiet, SWIM_EVENT_SEED_SILENT, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LEFT, ANY, ANY) == 0);
	for (unsigned i = 0; i < left; i++)
		EXPECT(s, sim_is(s, i, left, SWIM_LEFT) && sim_is(s, i, dead, SWIM_DEAD));
}

/*
 * Members 0 and 1 crash, and 1 loses its disk.  Member 0 comes back without 1, meets 2, and crashes again within a minute: its
 * file then has 2, but must still have 1, which no other disk has.
 */
static void
two_outages(struct sim *s)
{
	EXPECT(s, form(s, 1));
	sim_run(s, SAVED);
	sim_crash(s, 0);
	sim_crash(s, 1);
	sim_run(s, 60);
	sim_restart(s, 0, true);
	sim_start(s, 2);
	EXPECT(s, sim_wait_complete(s, 10));
	sim_run(s, SAVED);
	sim_crash(s, 0);
	sim_crash(s, 2);
	sim_run(s, 60);
	sim_restart(s, 1, false);
	sim_restart(s, 0, true);
	EXPECT(s, sim_wait_complete(s, 60));
}

/* The disk of member 0 has no room when it hears of 1, and nothing changes after that. */
static void
no_room(struct sim *s)
{
	EXPECT(s, form(s, 1));
	/* Nothing is saved yet. */
	s->world.nodes[0].disk.error = ENOSPC;
	sim_run(s, SAVED);
	s->world.nodes[0].disk.error = 0;
	sim_run(s, SAVED);
	sim_crash(s, 0);
	sim_crash(s, 1);
	sim_restart(s, 1, false);
	sim_restart(s, 0, true);
	EXPECT(s, sim_wait_complete(s, 30));
}

/* A member whose cluster has one that is dead is configured for another cluster, and keeps its directory. */
static void
other_cluster(struct sim *s)
{
	struct node *moved = &s->world.nodes[0];
	swim_time start;

	sim_config(s)->cluster = "blue";
	EXPECT(s, form(s, 2));
	sim_crash(s, 2);
	EXPECT(s, sim_wait_all(s, 2, SWIM_DEAD, 30));
	sim_run(s, SAVED);
	sim_crash(s, 0);
	sim_crash(s, 1);
	sim_config(s)->cluster = "red";
	sim_seed(s, 4, 3);
	sim_start_range(s, 3, 4);
	start = sim_now(s);
	sim_seed(s, 0, 3);
	moved->unkept = true;
	sim_restart(s, 0, true);
	EXPECT(s, sim_wait_converged(s, 30));
	sim_run(s, 30);
	for (unsigned i = 3; i < 5; i++)
		EXPECT(s, knows(s, i, 0) && !knows(s, i, 1) && !knows(s, i, 2));
	EXPECT(s, !knows(s, 0, 1) && !knows(s, 0, 2));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SEED_SILENT, 0, ANY) == 0);
}

/* Of two members one leaves, and the other is alone. */
static void
left_alone(struct sim *s)
{
	swim_time start;

	EXPECT(s, form(s, 1));
	sim_run(s, SAVED);
	start = sim_now(s);
	sim_leave(s, 1);
	EXPECT(s, sim_wait_all(s, 1, SWIM_LEFT, 5));
	sim_run(s, 120);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SEED_SILENT, 0, ANY) == 0);
}

/* A process that ends by itself writes what is not written yet, and finds its cluster by that. */
static void
leave_and_return(struct sim *s)
{
	EXPECT(s, form(s, s->world.count - 1));
	sim_leave(s, 0);
	sim_run(s, 5);
	EXPECT(s, s->world.nodes[0].state == NODE_LEFT);
	sim_restart(s, 0, true);
	EXPECT(s, sim_wait_converged(s, 30));
}

/* Members with slow disks crash, leave, are stopped and come back in any order. */
static void
many_restarts(struct sim *s)
{
	struct rng *rng = &s->world.rng;

	EXPECT(s, form(s, s->world.count - 1));
	sim_run(s, SAVED);
	for (unsigned k = 0; k < 60; k++) {
		unsigned i = (unsigned)rng_below(rng, s->world.count);

		s->world.nodes[i].disk.takes = swim_ms((int64_t)rng_below(rng, 3000));
		if (!world_running(&s->world, i))
			sim_restart(s, i, true);
		else if (rng_below(rng, 3) > 0)
			sim_crash(s, i);
		else
			sim_leave(s, i);
		sim_run(s, 20 * rng_unit(rng));
	}
	sim_run(s, 5);
	for (unsigned i = 0; i < s->world.count; i++) {
		if (!world_running(&s->world, i))
			sim_restart(s, i, true);
	}
	EXPECT(s, sim_wait_converged(s, 120));
}

const struct scenario scenarios_save[] = {
    {"save-ended", 6, ended_members, LIGHT,
	"when all restart, the members that were dead or had left are no news and still are"},
    {"save-two-outages", 3, two_outages, LIGHT,
	"a member that restarts twice in a minute still finds the members of its first run"},
    {"save-no-room", 2, no_room, LIGHT,
	"a member whose disk was full has its members on disk once there is room"},
    {"save-other-cluster", 5, other_cluster, LIGHT,
	"a member that moves to another cluster brings none of the members of the former one"},
    {"save-left", 2, left_alone, LIGHT, "a member that is alone does not look for one that left"},
    {"save-leave", 4, leave_and_return, LIGHT,
	"a member that leaves right after it joined finds its cluster when it comes back"},
    {"save-restarts", 8, many_restarts, LIGHT,
	"members with slow disks that crash and leave in any order find each other by their disks"},
    {0},
};
