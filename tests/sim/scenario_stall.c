/* SPDX-License-Identifier: MIT */
/* Processes that are stopped for a while, once or again and again (SIGSTOP, an overloaded host). */
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

/* Eight members are stopped for `stopped` seconds and run for 64 ms, again and again, each at its own times. */
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

/* When during a suspicion a machine is suspended together with its network, and for how long; times in seconds. */
struct sleep {
	double first;      /* from the beginning of the suspicion to the first moment */
	double step;       /* from one moment to the next */
	double length;     /* of the suspension */
	unsigned moments;  /* how many moments are tried at most */
	unsigned least;    /* how many moments must fall into the suspicion */
	unsigned accusers; /* members that accuse the suspect */
};

/*
 * Node 0 suspects node 1, which lives, and is suspended once at each of these moments of the suspicion.  The time of the
 * suspension must not count as silence of node 1.
 */
static void
suspended_at_each(struct sim *s, struct sleep sleep)
{
	unsigned suspect = 1, k;

	for (k = 0; k < sleep.moments; k++) {
		uint64_t incarnation = swim_incarnation(s->world.nodes[suspect].core);
		swim_time start = sim_now(s);

		/* Node 0 hears the accusers, and nothing after that. */
		for (unsigned i = 0; i < sleep.accusers; i++)
			sim_forge(s, suspect + 1 + i, 0, suspect, SWIM_SUSPECT, incarnation);
		sim_cut(s, ANY, 0);
		EXPECT(s, sim_wait_status(s, 0, suspect, SWIM_SUSPECT, 0.1));
		sim_run(s, sleep.first + sleep.step * k);
		if (!sim_is(s, 0, suspect, SWIM_SUSPECT))
			break; /* node 0 was deaf for the whole suspicion, and its verdict is right */
		/* New tags set a timer that is due at once, so the timer is late by the whole suspension. */
		sim_tag(s, 0, k);
		sim_pause(s, 0);
		sim_run(s, sleep.length);
		sim_heal(s);
		sim_resume(s, 0);
		EXPECT(s, sim_wait_converged(s, 60));
		EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, 0, ANY) == 0);
		sim_run(s, 10); /* until node 0 does not doubt itself any more */
	}
	sim_note(s, "suspended at %u moments of the suspicion", k);
	EXPECT(s, k >= sleep.least);
}

static void
suspended(struct sim *s)
{
	EXPECT(s, sim_form(s));
	suspended_at_each(s, (struct sleep){0, 0.1, 8, 120, 10, 1});
}

/* The others suspect for 60 s: if they held node 0 dead, node 0 would doubt itself and declare nobody failed. */
static bool
form_of_patient(struct sim *s)
{
	sim_start(s, 0);
	sim_config(s)->timing.suspicion_min = swim_seconds(60);
	sim_start_range(s, 1, s->world.count - 1);
	return sim_wait_converged(s, 20);
}

/* A suspension too short for deafness; the last ones end so late that only one more question saves the suspect. */
static void
nodded_off(struct sim *s)
{
	EXPECT(s, form_of_patient(s));
	suspended_at_each(s, (struct sleep){0.82, 0.002, 1.2, 140, 90, 4});
}

/* A suspension too short for a stall, in which both the last questions and the verdict come due. */
static void
dozed(struct sim *s)
{
	EXPECT(s, form_of_patient(s));
	suspended_at_each(s, (struct sleep){1.4, 0.005, 0.49, 30, 30, 2});
}

/* Node 3 hears nothing for 2 s in every 6, and suspects others meanwhile: that does not make them doubt themselves. */
static void
one_accuser(struct sim *s)
{
	unsigned bad = 3, accused = 0;
	struct swim_accused by;

	EXPECT(s, sim_form(s));
	/* A single accuser does not count, even a healthy one. */
	sim_forge(s, 1, 2, 2, SWIM_SUSPECT, swim_incarnation(s->world.nodes[2].core));
	sim_run(s, 0.1);
	EXPECT(s,
	    !swim_accused(s->world.nodes[2].core, world_local(&s->world, 2, sim_now(s)), &by));
	EXPECT(s, by.count == 1);
	sim_run(s, 65); /* until the accusation is forgotten */
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
	sim_note(s, "%u of %u others refuted a suspicion", accused, s->world.count - 1);
	EXPECT(s, accused > s->world.count / 2);
}

/* Several members accuse a member that misses most datagrams: then their accusations count. */
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
	"8 of 64 members are stopped for 4.1 s and run for 64 ms, for 60 s: no other fails"},
    {"flap-16s", 64, flap_long, LIGHT,
	"8 of 64 members are stopped for 16.4 s and run for 64 ms, for 90 s: no other fails"},
    {"suspended", 5, suspended, LIGHT,
	"a member suspended for 8 s asks its suspect again before the verdict"},
    {"nodded-off", 6, nodded_off, LIGHT,
	"a member suspended for 1.2 s until the verdict is due asks its suspect again"},
    {"dozed", 6, dozed, LIGHT,
	"a member suspended for 0.49 s while last questions and verdict come due asks again"},
    {"one-accuser", 12, one_accuser, LIGHT,
	"the suspicions of a member that is deaf for 2 s in every 6 make no other doubt itself"},
    {"many-accusers", 12, many_accusers, LIGHT,
	"a member that misses 80 % of what is sent to it counts several accusers"},
    {0},
};
