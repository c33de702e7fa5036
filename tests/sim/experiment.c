/* SPDX-License-Identifier: MIT */
/*
 * Three experiments.  Two are modelled on the Lifeguard paper (arXiv 1707.00788, section V), with 128 members.  Interval: the
 * messages of C members are blocked together for D, flow for I, are blocked again, and so on for two minutes.  Threshold: they
 * are blocked once, for long.  The timers of blocked members go on; this models the slow message processing of the paper.  The
 * values of C, D and I are not the paper's.  Detection: the time until a crash is told, by profile and cluster size.
 */
#include "sim/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario.h"

#define MEMBERS 128
#define INTERVAL_SECONDS 120
#define THRESHOLD_MS 32768

struct sim *
experiment_form(uint64_t seed, unsigned members, const struct swim_timing *timing, double seconds)
{
	struct sim *s = sim_new(seed, members, "experiment", false);

	sim_config(s)->timing = *timing;
	/* Experiments measure and do not look for faults, so the checks of whole views are left out for speed. */
	sim_config(s)->check_every = 1000000;
	sim_config(s)->check_events = false;
	sim_start_range(s, 0, members - 1);
	if (!sim_wait_converged(s, seconds)) {
		fprintf(stderr, "experiment, seed %llu: no cluster forms\n",
		    (unsigned long long)seed);
		exit(1);
	}
	return s;
}

static struct sim *
form(uint64_t seed, unsigned members, enum swim_profile profile)
{
	struct swim_timing timing;

	swim_timing_profile(profile, &timing);
	return experiment_form(seed, members, &timing, 120);
}

/* All members in random order; the caller frees the list.  The first of them are blocked. */
static unsigned *
shuffled(struct sim *s)
{
	unsigned *order = heap_resize(NULL, s->world.count, sizeof(*order));

	for (unsigned i = 0; i < s->world.count; i++) {
		unsigned j = (unsigned)rng_below(&s->world.rng, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	return order;
}

static void
block(struct sim *s, const unsigned *members, unsigned count, bool blocked)
{
	for (unsigned i = 0; i < count; i++) {
		s->world.nodes[members[i]].bad = true;
		sim_block(s, members[i], blocked);
	}
}

/* Prints C, D, I, and the numbers of failed events: wrong, wrong by healthy members, right (see struct verdicts). */
static void
interval(uint64_t seed, unsigned stopped, double d_ms, double i_ms)
{
	struct sim *s = form(seed, MEMBERS, SWIM_PROFILE_LAN);
	unsigned *order = shuffled(s);
	swim_time start = sim_now(s);
	struct verdicts v;

	while (sim_since(s, start) < INTERVAL_SECONDS) {
		block(s, order, stopped, true);
		sim_run(s, d_ms / 1000);
		block(s, order, stopped, false);
		sim_run(s, i_ms / 1000);
	}
	v = sim_verdicts(s, (swim_time){0});
	printf("%u %.0f %.0f %u %u %u\n", stopped, d_ms, i_ms, v.wrong, v.by_healthy, v.right);
	free(order);
	sim_free(s);
}

/* For each of the `count` members that failed at `since`: seconds until the first and until the last other told; -1: never. */
static void
print_latencies(struct sim *s, const char *label, const unsigned *order, unsigned count,
    swim_time since)
{
	unsigned others = s->world.count - count;

	for (unsigned i = 0; i < count; i++) {
		double first = -1, last = -1;
		unsigned told = 0;

		for (size_t k = 0; k < s->world.event_count; k++) {
			const struct world_event *e = &s->world.events[k];

			if (e->type != SWIM_EVENT_FAILED || e->subject != order[i] ||
			    s->world.nodes[e->observer].bad || !swim_time_reached(e->at, since))
				continue;
			last = swim_duration_seconds(swim_time_since(e->at, since));
			if (told++ == 0)
				first = last;
		}
		printf("%s %.3f %.3f\n", label, first, told >= others ? last : -1);
	}
}

static void
threshold(uint64_t seed, unsigned stopped)
{
	struct sim *s = form(seed, MEMBERS, SWIM_PROFILE_LAN);
	unsigned *order = shuffled(s);
	char label[16];
	swim_time start;

	/* The block begins at a random time of the probe interval. */
	sim_run(s, 5 + rng_unit(&s->world.rng));
	start = sim_now(s);
	block(s, order, stopped, true);
	sim_run(s, THRESHOLD_MS / 1000.0);
	snprintf(label, sizeof(label), "%u", stopped);
	print_latencies(s, label, order, stopped, start);
	free(order);
	sim_free(s);
}

/* One member after another crashes and restarts. */
static void
detection(uint64_t seed, enum swim_profile profile, unsigned members, unsigned crashes)
{
	struct sim *s = form(seed, members, profile);
	double period = swim_duration_seconds(sim_config(s)->timing.probe_interval);
	char label[64];

	snprintf(label, sizeof(label), "%s %u", swim_profile_name(profile), members);
	for (unsigned k = 0; k < crashes; k++) {
		unsigned victim = (unsigned)rng_below(&s->world.rng, members);
		swim_time start;

		sim_run(s, period * (5 + rng_unit(&s->world.rng)));
		start = sim_now(s);
		sim_crash(s, victim);
		sim_wait_all(s, victim, SWIM_DEAD, 60 * period);
		print_latencies(s, label, &victim, 1, start);
		sim_restart(s, victim, true);
		if (!sim_wait_converged(s, 60 * period))
			printf("%s -1 -1\n", label);
	}
	sim_free(s);
}

static void
grid(uint64_t seed, bool small)
{
	static const unsigned counts[] = {1, 4, 8, 16, 32};
	static const unsigned lengths[] = {128, 512, 2048, 8192, 32768};
	static const unsigned gaps[] = {1, 16, 256, 4096, 16384};
	unsigned step = small ? 2 : 1;

	for (size_t c = small; c < sizeof(counts) / sizeof(counts[0]); c += step)
		for (size_t d = small ? 2 : 0; d < sizeof(lengths) / sizeof(lengths[0]); d += step)
			for (size_t i = small; i < sizeof(gaps) / sizeof(gaps[0]); i += step)
				interval(seed++, counts[c], lengths[d], gaps[i]);
}

bool
experiment_run(const char *name, uint64_t seed, bool small)
{
	static const unsigned sizes[] = {3, 10, 100, 1000};

	if (strcmp(name, "interval") == 0) {
		grid(seed, small);
	} else if (strcmp(name, "threshold") == 0) {
		for (unsigned k = 0; k < (small ? 5 : 50); k++)
			threshold(seed + k, 4 + 4 * (k % 8));
	} else if (strcmp(name, "detection") == 0) {
		for (unsigned p = 0; p < SWIM_PROFILE_COUNT; p++)
			for (unsigned k = 0; k < (small ? 3 : 4); k++)
				detection(seed, (enum swim_profile)p, sizes[k],
				    small            ? 25
				    : sizes[k] > 100 ? 10
						     : 200);
	} else {
		return false;
	}
	return true;
}
