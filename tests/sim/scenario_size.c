/* SPDX-License-Identifier: MIT */
/* Large clusters; the largest run with `make sim-large`. */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/scenario.h"

static bool
form(struct sim *s)
{
	sim_start_range(s, 0, s->world.count - 1);
	return sim_wait_converged(s, 30);
}

static void
bootstrap(struct sim *s)
{
	swim_time start = sim_now(s);

	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_agreed(s, 15));
	sim_note(s, "one view of %u after %.2f s, %.0f KiB sent a member", s->world.count,
	    sim_since(s, start), (double)sim_sent(s).bytes / 1024 / s->world.count);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

/* The simulator itself must be fast enough for this size. */
static void
minute(struct sim *s)
{
	struct rusage usage;
	double seconds, gib;

	sim_start_range(s, 0, s->world.count - 1);
	sim_run(s, 60);
	EXPECT(s, sim_wait_agreed(s, 1));
	getrusage(RUSAGE_SELF, &usage);
	seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
	gib = (double)usage.ru_maxrss / (1 << 20);
	sim_note(s, "60 s of %u members took %.0f s of one processor and %.2f GiB", s->world.count,
	    seconds, gib);
	EXPECT(s, seconds <= 300);
	EXPECT(s, gib <= 4);
}

/* Crash all members at once but the seed and every `of`-th member; the survivors must agree within `seconds`. */
static void
crash_all_but(struct sim *s, unsigned of, double seconds)
{
	swim_time crash;

	EXPECT(s, form(s));
	crash = sim_now(s);
	for (unsigned i = 1; i < s->world.count; i++) {
		if (i % of != 0)
			sim_crash(s, i);
	}
	EXPECT(s, sim_wait_agreed(s, seconds));
	sim_note(s, "the survivors of %u agree after %.2f s", s->world.count, sim_since(s, crash));
	EXPECT(s, sim_false_failures(s, crash) == 0);
	sim_run(s, 20);
	EXPECT(s, sim_false_failures(s, crash) == 0);
}

static void
half_crashes(struct sim *s)
{
	crash_all_but(s, 2, 15);
}

static void
most_crash(struct sim *s)
{
	crash_all_but(s, 4, 20);
}

/* A member joins while the rumours about the new tags of all others are under way. */
static void
tags_storm(struct sim *s)
{
	unsigned newcomer = s->world.count - 1;
	swim_time start;

	sim_start_range(s, 0, newcomer - 1);
	EXPECT(s, sim_wait_complete(s, 20));
	sim_run(s, 10);
	for (unsigned i = 0; i < newcomer; i++)
		sim_tag(s, i, 7);
	sim_run(s, 0.2);
	start = sim_now(s);
	sim_start(s, newcomer);
	EXPECT(s, sim_wait_all(s, newcomer, SWIM_ALIVE, 5));
	sim_note(s, "all list the newcomer after %.2f s", sim_since(s, start));
}

static void
lossy_joins(struct sim *s)
{
	sim_loss(s, 0.1);
	for (unsigned i = 0; i < s->world.count; i++) {
		sim_start(s, i);
		sim_run(s, 0.5);
	}
	EXPECT(s, sim_wait_complete(s, 10));
	sim_note(s, "complete %.2f s after the first start", sim_since(s, (swim_time){0}));
	sim_run(s, 120);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_REMOVED, ANY, ANY) == 0);
}

/* Mark one in a hundred members as bad, from node 0 on.  Returns how many. */
static unsigned
mark_bad(struct sim *s)
{
	unsigned bad = s->world.count / 100 > 0 ? s->world.count / 100 : 1;

	for (unsigned i = 0; i < bad; i++)
		s->world.nodes[i].bad = true;
	return bad;
}

static void
expect_healthy_alive(struct sim *s, swim_time since)
{
	struct verdicts v = sim_verdicts(s, since);

	sim_note(s,
	    "failed events about bad members: %u; about healthy members: %u, told by healthy members: %u",
	    v.right, v.wrong, v.by_healthy);
	EXPECT(s, v.wrong == 0);
}

/* Rapid (ATC'18), figure 9: one in a hundred receives nothing, 20 s on, 20 s off. */
static void
rapid_ingress(struct sim *s)
{
	unsigned bad = mark_bad(s);
	swim_time start;

	EXPECT(s, form(s));
	start = sim_now(s);
	for (unsigned k = 0; k < 4; k++) {
		for (unsigned i = 0; i < bad; i++)
			sim_cut(s, ANY, i);
		sim_run(s, 20);
		sim_heal(s);
		sim_run(s, 20);
	}
	expect_healthy_alive(s, start);
	EXPECT(s, sim_wait_converged(s, 30));
}

/* Rapid (ATC'18), figure 10: one in a hundred loses 80 % of what it sends. */
static void
rapid_egress(struct sim *s)
{
	unsigned bad = mark_bad(s);
	swim_time start;

	EXPECT(s, form(s));
	start = sim_now(s);
	for (unsigned i = 0; i < bad; i++)
		sim_spoil(s, i, ANY, 0.8);
	sim_run(s, 120);
	expect_healthy_alive(s, start);
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 30));
}

const struct scenario scenarios_size[] = {
    {"bootstrap-300", 300, bootstrap, HEAVY, "300 members with one seed have one view within 15 s"},
    {"bootstrap-2000", 2000, bootstrap, LARGE,
	"2,000 members with one seed have one view within 15 s"},
    {"bootstrap-5000", 5000, bootstrap, LARGE,
	"5,000 members with one seed have one view within 15 s"},
    {"minute-2000", 2000, minute, LARGE,
	"a minute of 2,000 members takes the simulator 5 minutes and 4 GiB at most"},
    {"half-crash-100", 100, half_crashes, LIGHT,
	"half of 100 members crash at once: the survivors agree within 15 s"},
    {"half-crash-400", 400, half_crashes, HEAVY,
	"half of 400 members crash at once: the survivors agree within 15 s"},
    {"half-crash-1000", 1000, half_crashes, LARGE,
	"half of 1,000 members crash at once: the survivors agree within 15 s"},
    {"most-crash-100", 100, most_crash, LIGHT,
	"three quarters of 100 members crash at once: the survivors agree within 20 s"},
    {"tags-storm", 301, tags_storm, HEAVY,
	"a member that joins while 300 others change their tags is listed by all within 5 s"},
    {"join-17-lossy", 17, lossy_joins, LIGHT,
	"of 17 members that join at 10 % loss none is declared failed or removed"},
    {"rapid-ingress-100", 100, rapid_ingress, HEAVY,
	"one of 100 members is deaf 20 s on, 20 s off: no healthy member is declared failed"},
    {"rapid-ingress-1000", 1000, rapid_ingress, LARGE,
	"10 of 1,000 members are deaf 20 s on, 20 s off: no healthy member is declared failed"},
    {"rapid-egress-100", 100, rapid_egress, HEAVY,
	"one of 100 members loses 80 % of what it sends: no healthy member is declared failed"},
    {"rapid-egress-1000", 1000, rapid_egress, LARGE,
	"10 of 1,000 members lose 80 % of what they send: no healthy member is declared failed"},
    {0},
};
