/* SPDX-License-Identifier: MIT */
/* Processes that stand still for a while, once or again and again (SIGSTOP, an overloaded host). */
#include "sim/scenario.h"

static void
up_to_1s(struct sim *s)
{
	struct rng *rng = &s->world.rng;
	unsigned n = s->world.count;

	EXPECT(s, sim_form(s));
	for (unsigned k = 0; k < 30; k++) {
		unsigned i = (unsigned)rng_below(rng, n);
		double stopped = k % 2 ? 1 : rng_unit(rng);

		sim_run(s, rng_unit(rng));
		sim_pause(s, i);
		sim_run(s, stopped);
		sim_resume(s, i);
	}
	sim_run(s, 10);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_wait_converged(s, 10));
}

/* The first `bad` members are stopped in turn for so long, then run 64 ms, not in step. */
static void
flap(struct sim *s, double stopped, double seconds)
{
	unsigned bad = 8;
	swim_time next[8], end;
	struct verdicts v;

	EXPECT(s, sim_form(s));
	end = swim_time_add(s->formed, swim_duration_scale(swim_seconds(1), seconds));
	for (unsigned i = 0; i < bad; i++) {
		s->world.nodes[i].bad = true;
		next[i] = swim_time_add(s->formed, swim_ms((int64_t)rng_below(&s->world.rng, 64)));
	}
	while (!swim_time_reached(sim_now(s), end)) {
		swim_time first = end;

		for (unsigned i = 0; i < bad; i++)
			first = swim_time_min(first, next[i]);
		sim_run(s, swim_duration_seconds(swim_time_since(first, sim_now(s))));
		for (unsigned i = 0; i < bad; i++) {
			bool on = s->world.nodes[i].paused;

			if (!swim_time_reached(sim_now(s), next[i]))
				continue;
			if (on)
				sim_resume(s, i);
			else
				sim_pause(s, i);
			next[i] = swim_time_add(next[i],
			    on ? swim_ms(64) : swim_duration_scale(swim_seconds(1), stopped));
		}
	}
	for (unsigned i = 0; i < bad; i++)
		sim_resume(s, i);
	EXPECT(s, sim_wait_complete(s, 20));
	sim_note(s, "whole %.2f s after", sim_since(s, end));
	sim_run(s, 20);
	EXPECT(s, sim_complete(s));
	v = sim_verdicts(s, s->formed);
	sim_note(s, "; failed-events: %u about those stopped, %u about others", v.right, v.wrong);
	EXPECT(s, v.wrong == 0);
}

static void
flap_short(struct sim *s)
{
	flap(s, 4.1, 60);
}

static void
flap_long(struct sim *s)
{
	flap(s, 16.4, 90);
}

/* When in a suspicion a machine is suspended, its network with it, and for how long, in seconds. */
struct sleep {
	double first, step, length;
	unsigned moments, least; /* most, and how many there have to be */
	unsigned accusers;
};

/*
 * It is suspended at each of these moments of a suspicion that it holds against one who lives: what it slept through
 * is no silence of the other's.
 */
static void
suspended_at_each(struct sim *s, struct sleep sleep)
{
	unsigned suspect = 1, k;

	for (k = 0; k < sleep.moments; k++) {
		uint64_t incarnation = swim_incarnation(s->world.nodes[suspect].core);
		swim_time start = sim_now(s);

		/* It hears the slander, and nothing after it. */
		for (unsigned i = 0; i < sleep.accusers; i++)
			sim_forge(s, suspect + 1 + i, 0, suspect, SWIM_SUSPECT, incarnation);
		sim_cut(s, ANY, 0);
		EXPECT(s, sim_wait_status(s, 0, suspect, SWIM_SUSPECT, 0.1));
		sim_run(s, sleep.first + sleep.step * k);
		if (!sim_is(s, 0, suspect, SWIM_SUSPECT))
			break; /* deaf for longer than it waits, it has a right to its verdict */
		/* News of its own are a timer that is due at once: all of its sleep is late. */
		sim_tag(s, 0, k);
		sim_pause(s, 0);
		sim_run(s, sleep.length);
		sim_heal(s);
		sim_resume(s, 0);
		EXPECT(s, sim_wait_converged(s, 60));
		EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, 0, ANY) == 0);
		sim_run(s, 10); /* and it does not doubt itself any more */
	}
	sim_note(s, "stopped at %u moments of the suspicion", k);
	EXPECT(s, k >= sleep.least);
}

static void
suspended(struct sim *s)
{
	EXPECT(s, sim_form(s));
	suspended_at_each(s, (struct sleep){0, 0.1, 8, 120, 10, 1});
}

/* Others take their time: one that is held dead doubts itself, and judges nobody. */
static bool
form_of_patient(struct sim *s)
{
	sim_start(s, 0);
	sim_config(s)->timing.suspicion_min = swim_seconds(60);
	sim_start_range(s, 1, s->world.count - 1);
	return sim_wait_converged(s, 20);
}

/*
 * For a moment that is no deafness, and in the end so soon before the verdict that only another question saves the
 * suspect.
 */
static void
nodded_off(struct sim *s)
{
	EXPECT(s, form_of_patient(s));
	suspended_at_each(s, (struct sleep){0.82, 0.002, 1.2, 140, 90, 4});
}

/* Too short to be taken for a stall, but both the last questions and the verdict came due in it. */
static void
dozed(struct sim *s)
{
	EXPECT(s, form_of_patient(s));
	suspended_at_each(s, (struct sleep){1.4, 0.005, 0.49, 30, 30, 2});
}

/* One hears nothing for 2 s in every 6, and suspects others meanwhile: it does not make them doubt themselves. */
static void
one_accuser(struct sim *s)
{
	unsigned bad = 3, accused = 0;
	struct swim_accused by;

	EXPECT(s, sim_form(s));
	/* Nor does the word of one that is well, alone. */
	sim_forge(s, 1, 2, 2, SWIM_SUSPECT, swim_incarnation(s->world.nodes[2].core));
	sim_run(s, 0.1);
	EXPECT(s,
	    !swim_accused(s->world.nodes[2].core, world_local(&s->world, 2, sim_now(s)), &by));
	EXPECT(s, by.count == 1);
	sim_run(s, 65); /* until that is forgotten */
	s->world.nodes[bad].bad = true;
	for (unsigned k = 0; k < 20; k++) {
		size_t rule = sim_cut(s, ANY, bad);

		sim_run(s, 2);
		sim_mend(s, rule);
		for (unsigned step = 0; step < 40; step++) {
			sim_run(s, 0.1);
			for (unsigned i = 0; i < s->world.count; i++)
				EXPECT(s,
				    i == bad || !swim_accused(s->world.nodes[i].core,
						    world_local(&s->world, i, sim_now(s)), &by));
		}
	}
	for (unsigned i = 0; i < s->world.count; i++)
		accused += i != bad && sim_told(s, s->formed, SWIM_EVENT_INCARNATION, i, i) > 0;
	sim_note(s, "%u of %u others had to refute it", accused, s->world.count - 1);
	EXPECT(s, accused > s->world.count / 2);
}

/* One that misses most of what is sent to it is found silent by several: that says something about it. */
static void
many_accusers(struct sim *s)
{
	unsigned bad = 3;
	struct swim_accused by;
	bool counted = false;

	EXPECT(s, sim_form(s));
	sim_spoil(s, ANY, bad, 0.8);
	for (unsigned step = 0; step < 1200 && !counted; step++) {
		sim_run(s, 0.1);
		counted = swim_accused(s->world.nodes[bad].core,
		    world_local(&s->world, bad, sim_now(s)), &by);
	}
	sim_note(s, "%zu accusers count after %.1f s", by.count, sim_since(s, s->formed));
	EXPECT(s, counted);
}

const struct scenario scenarios_stall[] = {
    {"pause-up-to-1s", 32, up_to_1s, LIGHT,
	"members stopped again and again for up to 1 s are never declared failed"},
    {"flap-4s", 64, flap_short, LIGHT,
	"8 of 64 stopped for 4.1 s, running for 64 ms, for 60 s: nobody else fails"},
    {"flap-16s", 64, flap_long, LIGHT,
	"8 of 64 stopped for 16.4 s, running for 64 ms, for 90 s: nobody else fails"},
    {"suspended", 5, suspended, LIGHT,
	"one suspended while it suspects another asks again before it calls it failed"},
    {"nodded-off", 6, nodded_off, LIGHT, "the same for a moment, with the verdict due"},
    {"dozed", 6, dozed, LIGHT, "the same for less than a stall, with the last questions due"},
    {"one-accuser", 12, one_accuser, LIGHT,
	"one that is deaf for 2 s in every 6 makes no other say that it is suspected"},
    {"many-accusers", 12, many_accusers, LIGHT,
	"one that misses 80 % of what is sent to it is told so by several others"},
    {0},
};
