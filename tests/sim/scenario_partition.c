/* SPDX-License-Identifier: MIT */
/* Partitions: after each one the members reunite without an operator. */
#include "sim/scenario.h"

/* Does each member in the range `by` hold each member in the range `of` with this status? */
static bool
holds(struct sim *s, struct net_range by, struct net_range of, enum swim_status status)
{
	for (unsigned i = by.first; i <= by.last; i++)
		for (unsigned j = of.first; j <= of.last; j++)
			if (!sim_is(s, i, j, status))
				return false;
	return true;
}

static void
halves_for(struct sim *s, double seconds)
{
	unsigned half = s->world.count / 2;
	struct net_range a = {0, half - 1}, b = {half, s->world.count - 1};
	swim_time start;

	EXPECT(s, sim_form(s));
	sim_partition(s, a.first, a.last);
	sim_run(s, seconds);
	EXPECT(s, holds(s, a, b, SWIM_DEAD));
	EXPECT(s, holds(s, b, a, SWIM_DEAD));
	EXPECT(s, holds(s, a, (struct net_range){1, half - 1}, SWIM_ALIVE));
	sim_heal(s);
	start = sim_now(s);
	EXPECT(s, sim_wait_complete(s, 30));
	sim_note(s, "one cluster after %.2f s", sim_since(s, start));
	EXPECT(s, sim_wait_converged(s, 30));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_JOINED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_RECOVERED, ANY, ANY) >= 2 * half * half);
	/* Nobody believes the deaths that the other half declared. */
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

static void
halves(struct sim *s)
{
	halves_for(s, 30);
}

static void
rough_halves(struct sim *s)
{
	halves_for(s, 120);
}

static void
part_and_heal(struct sim *s, const double *seconds, size_t count)
{
	EXPECT(s, sim_form(s));
	for (size_t k = 0; k < count; k++) {
		swim_time start;

		sim_partition(s, 0, s->world.count / 3 - 1);
		sim_run(s, seconds[k]);
		sim_heal(s);
		start = sim_now(s);
		EXPECT(s, sim_wait_converged(s, 30));
		sim_note(s, "%s%g s: whole after %.2f s", k ? ", " : "", seconds[k],
		    sim_since(s, start));
		sim_run(s, 5);
		EXPECT(s, sim_converged(s));
	}
}

static void
durations(struct sim *s)
{
	static const double seconds[] = {0.5, 1, 2, 5, 10, 60};

	part_and_heal(s, seconds, sizeof(seconds) / sizeof(seconds[0]));
}

static void
long_durations(struct sim *s)
{
	static const double seconds[] = {600, 7200};

	part_and_heal(s, seconds, sizeof(seconds) / sizeof(seconds[0]));
}

static void
three_ways(struct sim *s)
{
	unsigned third = s->world.count / 3;

	EXPECT(s, sim_form(s));
	sim_partition(s, 0, third - 1);
	sim_partition(s, third, 2 * third - 1);
	sim_run(s, 40);
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
isolated(struct sim *s)
{
	EXPECT(s, sim_form(s));
	sim_partition(s, 7, 7);
	sim_run(s, 90); /* node 7 doubts itself, and in the end probes once in nine seconds */
	EXPECT(s, holds(s, (struct net_range){0, 6}, (struct net_range){7, 7}, SWIM_DEAD));
	/* Node 7 doubts itself, so its verdicts take longer. */
	for (unsigned i = 0; i < 7; i++)
		EXPECT(s, sim_wait_status(s, 7, i, SWIM_DEAD, 180));
	/* The others declared nobody failed but node 7. */
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, 7) == s->world.count - 1);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 2 * (s->world.count - 1));
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
half_open(struct sim *s)
{
	unsigned half = s->world.count / 2;

	EXPECT(s, sim_form(s));
	/* The upper half hears the lower half, but the lower half hears nothing from the upper half. */
	for (unsigned i = half; i < s->world.count; i++)
		for (unsigned j = 0; j < half; j++)
			sim_cut(s, i, j);
	sim_run(s, 60);
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
flapping(struct sim *s)
{
	EXPECT(s, sim_form(s));
	for (unsigned k = 0; k < 10; k++) {
		sim_partition(s, 0, s->world.count / 2 - 1);
		sim_run(s, 6);
		sim_heal(s);
		sim_run(s, 3);
	}
	/* Damping delays a member that was declared dead that often by up to 25 s (damping.c); in 340 seeds all took 32.9 s at most. */
	EXPECT(s, sim_wait_converged(s, 40));
}

static void
restarts_inside(struct sim *s)
{
	unsigned half = s->world.count / 2;

	EXPECT(s, sim_form(s));
	sim_partition(s, 0, half - 1);
	sim_run(s, 20);
	/* Members of both halves restart, with and without state; those of the upper half cannot reach their seed. */
	sim_restart(s, 1, false);
	sim_restart(s, 2, true);
	sim_restart(s, half + 1, false);
	sim_restart(s, half + 2, true);
	sim_run(s, 20);
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 40));
}

static void
born_apart(struct sim *s)
{
	unsigned half = s->world.count / 2;

	/* Two clusters do not know of each other until an operator lets one member join through the other cluster. */
	for (unsigned i = half + 1; i < s->world.count; i++)
		sim_seed(s, i, half);
	s->world.nodes[half].seed_count = 0;
	sim_start_range(s, 0, s->world.count - 1);
	sim_run(s, 20);
	EXPECT(s, !sim_complete(s));
	EXPECT(s, sim_join(s, half + 1, 1));
	EXPECT(s, sim_wait_complete(s, 10));
	EXPECT(s, sim_wait_converged(s, 10));
}

static void
outage(struct sim *s)
{
	swim_time start;

	EXPECT(s, sim_form(s));
	/* All links are cut. */
	sim_cut(s, ANY, ANY);
	start = sim_now(s);
	for (unsigned i = 0; i < s->world.count; i++)
		EXPECT(s, sim_wait_all(s, i, SWIM_DEAD, 300));
	sim_note(s, "all hold all others dead after %.1f s", sim_since(s, start));
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 30));
}

/*
 * All members crash while node 1 is held dead.  Every third member restarts without its state directory, so it knows nobody,
 * and only others know it.
 */
static void
outage_restart(struct sim *s)
{
	unsigned count = s->world.count;
	swim_time last;

	sim_save(s);
	EXPECT(s, sim_form(s));
	for (unsigned i = 0; i < count; i++)
		sim_no_seeds(s, i);
	sim_crash(s, 1);
	EXPECT(s, sim_wait_all(s, 1, SWIM_DEAD, 30));
	sim_run(s, SNAPSHOT_INTERVAL_S + 1);
	for (unsigned i = 0; i < count; i++) {
		if (i != 1)
			sim_crash(s, i);
	}
	sim_run(s, 600);
	for (unsigned i = 0; i < count; i++) {
		sim_restart(s, i, i % 3 != 2);
		sim_run(s, 1);
	}
	last = sim_now(s);
	EXPECT(s, sim_wait_converged(s, 30));
	sim_note(s, "one view %.2f s after the last start", sim_since(s, last));
}

const struct scenario scenarios_partition[] = {
    {"halves-20", 20, halves, LIGHT,
	"halves of 20 members that were cut for 30 s, and held each other dead, reunite within 30 s"},
    {"halves-60", 60, halves, LIGHT,
	"halves of 60 members that were cut for 30 s, and held each other dead, reunite within 30 s"},
    {"rough-halves", 20, rough_halves, LIGHT,
	"halves of 20 members that were cut for 120 s, and held each other dead, reunite within 30 s"},
    {"partition-short", 24, durations, LIGHT,
	"the sides of partitions of 0.5 to 60 s reunite within 30 s"},
    {"partition-long", 24, long_durations, HEAVY,
	"the sides of partitions of ten minutes and of two hours reunite within 30 s"},
    {"partition-three-ways", 15, three_ways, LIGHT, "three parts of a cluster reunite"},
    {"isolated", 8, isolated, LIGHT,
	"a member that is cut off holds all others dead, and they hold only that member dead"},
    {"half-open", 12, half_open, LIGHT,
	"halves of which only one hears the other reunite after the cut"},
    {"flapping", 16, flapping, LIGHT, "a partition that comes and goes ends in one view"},
    {"restarts-inside", 14, restarts_inside, LIGHT,
	"members that restarted during a partition reunite"},
    {"born-apart", 10, born_apart, LIGHT, "two clusters become one by a single join"},
    {"outage", 15, outage, LIGHT, "when all links fail and return, all members return"},
    {"outage-restart", 17, outage_restart, LIGHT,
	"all members crash and reunite by their snapshots without seeds, some without any state"},
    {0},
};
