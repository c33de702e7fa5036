/* SPDX-License-Identifier: MIT */
/* Pairs of machines of one image, over bad paths: one of each pair loses the name and ends, the other goes on. */
#include "sim/scenario.h"

#define PAIRS_MAX 100

struct pair {
	unsigned first;   /* index of one node; the other is first + 1 */
	unsigned later;   /* index of the node of the two that starts later */
	swim_time starts; /* when this node starts */
	bool started;     /* this node has started */
	unsigned gone;    /* how many of the two have ended */
};

/* End a node that has lost its name, at once, and start the later node when its time has come. */
static void
update_pair(struct sim *s, struct pair *p, swim_time start)
{
	for (unsigned i = p->first; i <= p->first + 1; i++) {
		if (!world_running(&s->world, i) ||
		    !sim_told(s, start, SWIM_EVENT_NAME_LOST, i, ANY))
			continue;
		p->gone++;
		sim_crash(s, i);
	}
	if (!p->started && swim_time_reached(sim_now(s), p->starts)) {
		p->started = true;
		sim_start(s, p->later);
	}
}

/* Draw delays of up to 0.5 s one way and a loss of up to 30 %. */
static void
draw_paths(struct sim *s)
{
	struct rng *rng = &s->world.rng;

	sim_net(s)->delay_max = swim_duration_scale(swim_ms(500), rng_unit(rng));
	sim_net(s)->jitter = swim_duration_scale(swim_ms(100), rng_unit(rng));
	sim_loss(s, rng_below(rng, 4) == 0 ? 0 : 0.3 * rng_unit(rng));
}

/* A random time in the next 2 s. */
static swim_time
draw_start(struct sim *s)
{
	struct rng *rng = &s->world.rng;
	double gap = rng_below(rng, 4) == 0 ? 0 : rng_unit(rng);

	return swim_time_add(sim_now(s), swim_duration_scale(swim_seconds(2), gap * gap));
}

static void
run_pairs(struct sim *s, struct pair *pairs, unsigned count, unsigned seconds)
{
	swim_time start = sim_now(s);
	double slowest = 0;

	for (unsigned k = 0; k < count; k++) {
		unsigned second = (unsigned)rng_below(&s->world.rng, 2);

		pairs[k].starts = draw_start(s);
		pairs[k].later = pairs[k].first + second;
		sim_start(s, pairs[k].first + 1 - second);
	}
	for (unsigned tick = 0; tick < seconds * 100; tick++) {
		for (unsigned k = 0; k < count; k++) {
			unsigned before = pairs[k].gone;

			update_pair(s, &pairs[k], start);
			if (pairs[k].gone > before)
				slowest = sim_since(s, start);
		}
		sim_run(s, 0.01);
	}
	for (unsigned k = 0; k < count; k++) {
		if (pairs[k].gone != 1)
			sim_note(s, "of nodes %u and %u %u ended; ", pairs[k].first,
			    pairs[k].first + 1, pairs[k].gone);
		EXPECT(s, pairs[k].gone == 1);
	}
	sim_note(s, "the last node ended after %.1f s", slowest);
}

/* The two nodes of a pair know each other and nobody else. */
static void
twins_alone(struct sim *s)
{
	struct pair pairs[PAIRS_MAX] = {0};
	unsigned count = s->world.count / 2;

	for (unsigned k = 0; k < count; k++) {
		pairs[k].first = 2 * k;
		sim_seed(s, 2 * k, 2 * k + 1);
		sim_seed(s, 2 * k + 1, 2 * k);
		sim_rename(s, 2 * k + 1, 2 * k);
		check_foreign(s->world.check, s->world.nodes[2 * k].name);
	}
	run_pairs(s, pairs, count, 180);
}

static void
twins_by_chance(struct sim *s)
{
	draw_paths(s);
	twins_alone(s);
}

/* Jitter: each claim takes another time. */
static void
twins_jittered(struct sim *s)
{
	sim_net(s)->delay_max = swim_ms(300);
	sim_net(s)->jitter = swim_ms(100);
	twins_alone(s);
}

const struct scenario scenarios_twins[] = {
    {"twins", 2 * PAIRS_MAX, twins_by_chance, LIGHT,
	"one of two machines of one image ends, at up to 0.5 s delay, 30 % loss and 2 s between starts"},
    {"twins-jittered", 2 * PAIRS_MAX, twins_jittered, LIGHT,
	"one of two machines of one image ends, where each claim takes another time"},
    {0},
};
