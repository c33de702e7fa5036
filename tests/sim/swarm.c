/* SPDX-License-Identifier: MIT */
/*
 * A swarm: a random cluster in a random configuration suffers random faults, and the oracles check each step.  When the faults
 * end, all members must come to one complete view, and then be at rest.  Everything follows from the seed.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "sim/inspect.h"
#include "sim/scenario.h"

/* Probe rounds of a base peer over all members until a swimd peer has had its ping-req for each member that it suspects. */
#define ROUNDS 4

/* The first nodes are the seeds of all nodes.  They do not leave for ever, or the others would find nobody. */
#define SEEDS 2
/* How long a cluster at rest is watched, in probe intervals, and the bound of the mean length of its datagrams. */
#define QUIET 20
#define QUIET_BYTES 100
#define QUIET_BASE_BYTES 300 /* the same bound where base peers are sent reminders */
#define RUMOUR 40            /* datagrams that one leave may cost a member, answers included */

unsigned
swarm_nodes(uint64_t seed)
{
	struct rng rng;

	rng_init(&rng, seed ^ UINT64_C(0x5eed));
	return SEEDS + (unsigned)rng_below(&rng, 39);
}

struct swarm {
	struct sim *s;
	bool mixed; /* some of the nodes are base peers */
	struct rng rng;
	double interval; /* probe_interval in seconds */
	bool *gone;      /* nodes that left, or that an operator removed */
	unsigned bases;  /* number of nodes that are base peers */
	/* bytes of the largest datagram that passes between the halves, to the end of the run; 0: no limit */
	size_t narrow;
};

static unsigned
below(struct swarm *m, unsigned n)
{
	return (unsigned)rng_below(&m->rng, n);
}

static bool
chance(struct swarm *m, double p)
{
	return rng_unit(&m->rng) < p;
}

static swim_duration
up_to(struct swarm *m, swim_duration most)
{
	return swim_duration_scale(most, rng_unit(&m->rng));
}

static void
narrow_path(struct swarm *m)
{
	if (m->narrow > 0)
		sim_narrow(m->s, 0, m->s->world.count / 2, m->narrow);
}

static void
configure(struct swarm *m)
{
	/* Datagrams in packets of 600, 1,100, 1,200 and 1,280 bytes. */
	static const size_t narrow[] = {572, 1072, 1172, 1252};
	static const size_t datagrams[] = {WIRE_DATAGRAM_MIN, WIRE_DATAGRAM_MIN + 100,
	    WIRE_DATAGRAM_DEFAULT, 9000};
	struct world_config *config = sim_config(m->s);
	struct net_config *net = sim_net(m->s);
	enum swim_profile profile = SWIM_PROFILE_LAN;

	if (chance(m, 0.5))
		profile = (enum swim_profile)below(m, SWIM_PROFILE_COUNT);
	swim_timing_profile(profile, &config->timing);
	m->interval = swim_duration_seconds(config->timing.probe_interval);
	config->max_datagram = datagrams[below(m, sizeof(datagrams) / sizeof(datagrams[0]))];
	config->queue_max = 16 + below(m, 240);
	config->clock_ppm = below(m, 500);
	net->delay_max = up_to(m, swim_duration_scale(config->timing.probe_timeout, 0.4));
	net->delay_min = up_to(m, net->delay_max);
	net->jitter = up_to(m, swim_duration_scale(config->timing.probe_timeout, 0.1));
	net->reorder_delay = up_to(m, config->timing.probe_timeout);
	if (chance(m, 0.7))
		net->loss = 0.25 * rng_unit(&m->rng);
	if (chance(m, 0.3))
		net->duplicate = 0.3 * rng_unit(&m->rng);
	if (chance(m, 0.3))
		net->reorder = 0.3 * rng_unit(&m->rng);
	if (chance(m, 0.2))
		world_mix_families(&m->s->world);
	/* A base peer does not look for the largest datagram that passes. */
	if (chance(m, 0.2) && !m->mixed)
		m->narrow = narrow[below(m, sizeof(narrow) / sizeof(narrow[0]))];
	narrow_path(m);
	for (unsigned i = 0; i < m->s->world.count; i++)
		for (unsigned seed = 0; seed < SEEDS; seed++)
			if (seed != i)
				sim_seed(m->s, i, seed);
}

/*
 * Make some nodes base peers, with a separate random generator so that the other draws stay the same.  Their seeds are swimd
 * peers, as base peers do not tell each other of members.  Their ids are their addresses, or they would suspect each other for
 * ever.  Their timeout is twice that of the swimd peers, as an operator would set it in such a network.
 */
static void
mix_bases(struct swarm *m)
{
	struct sim *s = m->s;
	struct world_config *config = sim_config(s);
	struct rng rng;
	double share;

	rng_init(&rng, s->world.seed ^ UINT64_C(0xba5e));
	share = 0.1 + 0.6 * rng_unit(&rng);
	config->base.timeout = swim_duration_scale(config->timing.probe_timeout, 2);
	config->base.period = swim_duration_scale(config->base.timeout, 2);
	config->base_rejoins = true;
	for (unsigned i = 1; i < s->world.count; i++) {
		if (rng_unit(&rng) >= share)
			continue;
		m->bases++;
		sim_base(s, i);
	}
	for (unsigned i = 1; i < s->world.count; i++) {
		if (s->world.nodes[i].kind != NODE_BASE)
			continue;
		sim_no_seeds(s, i);
		for (unsigned seed = 0; seed < SEEDS; seed++)
			if (s->world.nodes[seed].kind == NODE_SWIMD)
				sim_seed(s, i, seed);
	}
}

static void
start_or_restart(struct swarm *m, unsigned i)
{
	if (!m->gone[i])
		sim_restart(m->s, i, chance(m, 0.5));
}

static void
leave(struct swarm *m, unsigned i)
{
	if (i < SEEDS || m->s->world.nodes[i].state != NODE_UP || m->s->world.nodes[i].paused)
		return;
	m->gone[i] = true;
	sim_leave(m->s, i);
}

/* An operator tells one member to forget another, whose machine is gone for good. */
static void
forget(struct swarm *m, unsigned by, unsigned i)
{
	struct node *observer = &m->s->world.nodes[by];
	struct node *subject = &m->s->world.nodes[i];

	if (i < SEEDS || world_running(&m->s->world, i) || observer->state != NODE_UP ||
	    observer->kind != NODE_SWIMD || observer->paused)
		return;
	m->gone[i] = true;
	swim_remove(observer->core, world_local(&m->s->world, by, sim_now(m->s)), subject->name,
	    strlen(subject->name));
	world_flush(&m->s->world, by);
}

static void
partition(struct swarm *m)
{
	unsigned n = m->s->world.count, first = below(m, n);

	sim_partition(m->s, first, first + below(m, n - first));
}

static void
change(struct swarm *m)
{
	struct sim *s = m->s;
	unsigned i = below(m, s->world.count), j = below(m, s->world.count);

	switch (below(m, 20)) {
	case 0:
	case 1:
		sim_crash(s, i);
		break;
	case 2:
	case 3:
	case 4:
		start_or_restart(m, i);
		break;
	case 5:
		sim_pause(s, i);
		break;
	case 6:
	case 7:
		sim_resume(s, i);
		break;
	case 8:
		partition(m);
		break;
	case 9:
		sim_cut(s, i, j);
		break;
	case 10:
		sim_spoil(s, chance(m, 0.5) ? i : ANY, j, rng_unit(&m->rng));
		break;
	case 11:
	case 12:
		sim_heal(s);
		break;
	case 13:
		leave(m, i);
		break;
	case 14:
		sim_slow(s, i, chance(m, 0.5) ? up_to(m, swim_ms(30)) : swim_ns(0));
		break;
	case 15:
		forget(m, i, j);
		break;
	case 16:
	case 17:
		if (!s->world.nodes[i].paused)
			sim_tag(s, i, below(m, 1000));
		break;
	case 18:
	case 19:
		/* A seed does not move: the others know only its first address. */
		if (i >= SEEDS && !s->world.nodes[i].paused)
			sim_move(s, i);
		break;
	default: /* never: a number below 20 */
		break;
	}
}

/* End all faults, and restart most of the nodes that do not run. */
static void
calm(struct swarm *m)
{
	struct sim *s = m->s;
	struct net_config *net = sim_net(s);

	sim_heal(s);
	narrow_path(m);
	net->loss = net->duplicate = net->reorder = 0;
	/* A jitter of a tenth of the probe timeout would delay one datagram in some 100,000 for as long as a probe lasts. */
	net->jitter = swim_duration_scale(net->jitter, 0.2);
	for (unsigned i = 0; i < s->world.count; i++) {
		sim_slow(s, i, swim_ns(0));
		sim_resume(s, i);
		/* Three in ten stay away for ever, but no seed. */
		if (!world_running(&s->world, i) && !m->gone[i] && (i < SEEDS || chance(m, 0.7)))
			sim_restart(s, i, chance(m, 0.5));
	}
}

/* What all nodes have sent since the start. */
struct load {
	uint64_t sent;        /* datagrams */
	uint64_t bytes;       /* of these datagrams */
	uint64_t relays;      /* ping-reqs that were received */
	uint64_t trials;      /* pings that tried a larger datagram */
	uint64_t trial_bytes; /* of these pings; their acks have as many */
};

static struct load
load_of(const struct sim *s)
{
	struct sim_sent sent = sim_sent(s);
	struct load load = {.sent = sent.datagrams, .bytes = sent.bytes};

	for (unsigned i = 0; i < s->world.count; i++) {
		if (s->world.nodes[i].state != NODE_UP)
			continue;
		if (s->world.nodes[i].kind == NODE_BASE) {
			load.relays += base_peer_asked(s->world.nodes[i].peer);
			continue;
		}
		load.relays += sim_stats(s, i).relays;
		load.trials += sim_stats(s, i).path_trials;
		load.trial_bytes += sim_stats(s, i).path_trial_bytes;
	}
	return load;
}

/*
 * Expect the load of a cluster at rest since QUIET intervals ago, whatever its size: a ping and an ack for each member and
 * period (base peers have another period); now and then a ping to a dead member, and one to another address at which it has
 * answered; and four datagrams for each ping-req, as an answer may take too long.  A base peer sends ping-reqs for ever for a
 * pair that it suspects by hearsay, if no swimd peer remembers the address of the pair.  Nothing else is under way.
 */
static void
expect_rest(struct swarm *m, swim_time quiet, struct load since)
{
	struct sim *s = m->s;
	struct load now = load_of(s);
	double reconnects = QUIET * m->interval /
			    swim_duration_seconds(sim_config(s)->timing.reconnect_interval);
	double base_periods = QUIET * m->interval /
			      swim_duration_seconds(sim_config(s)->base.period);
	/* A base peer that says dead of a member that left is told of the leave, and so is a swimd peer that missed it. */
	double up = 0, asked = RUMOUR * sim_told(s, quiet, SWIM_EVENT_LEFT, ANY, ANY);
	size_t most = m->bases > 0 ? QUIET_BASE_BYTES : QUIET_BYTES;
	char why[512];

	for (unsigned i = 0; i < s->world.count; i++) {
		struct node *n = &s->world.nodes[i];

		if (n->state != NODE_UP)
			continue;
		EXPECT(s, n->queued == 0);
		if (n->kind == NODE_BASE) {
			asked += 2 * (base_periods + 1);
			continue;
		}
		up++;
		if (inspect_rest(n->core, why, sizeof(why)))
			world_breach(&s->world, why);
	}
	EXPECT(s, (double)(now.sent - since.sent) <= up * (2 * (QUIET + 1) + 2 * reconnects + 1) +
							 asked +
							 4 * (double)(now.relays - since.relays) +
							 2 * (double)(now.trials - since.trials));
	/* One answer may belong to a trial that began before: at most max_datagram bytes. */
	EXPECT(s, now.bytes - since.bytes <= (now.sent - since.sent) * most +
						 2 * (now.trial_bytes - since.trial_bytes) +
						 sim_config(s)->max_datagram);
}

/*
 * Members learn of a removal one after the other, and forget it one after the other.  Meanwhile their views differ, and
 * members that compare views send more.  This must not happen while the cluster is watched at rest.
 */
static bool
all_know_the_same_removals(struct sim *s)
{
	const struct node *first = NULL;

	for (unsigned i = 0; i < s->world.count; i++) {
		const struct node *n = &s->world.nodes[i];

		if (n->state != NODE_UP || n->kind != NODE_SWIMD)
			continue;
		if (first == NULL)
			first = n;
		if (inspect_removals(n->core) != inspect_removals(first->core))
			return false;
	}
	return true;
}

static void
wait_out_removals(struct swarm *m)
{
	struct sim *s = m->s;
	const double watched = (QUIET + 5) * m->interval;

	/* A removal that a member missed reaches it on a page. */
	sim_wait_until(s, all_know_the_same_removals, 60 * m->interval);
	for (unsigned i = 0; i < s->world.count; i++) {
		struct node *n = &s->world.nodes[i];
		swim_duration left;

		if (n->state != NODE_UP || n->kind != NODE_SWIMD ||
		    !inspect_forgets_in(n->core, &left) || swim_duration_seconds(left) > watched)
			continue;
		/* All others forget the removal within some intervals, and compare views for a few more. */
		sim_run(s, (left.ns > 0 ? swim_duration_seconds(left) : 0) + 12 * m->interval);
		i = UINT_MAX; /* start again from node 0: another removal may be next */
	}
}

static void
swarm_body(struct swarm *m)
{
	struct sim *s = m->s;
	unsigned changes = 5 + below(m, 60);
	swim_time since, quiet;
	struct load load;

	configure(m);
	if (m->mixed)
		mix_bases(m);
	for (unsigned i = 0; i < s->world.count; i++) {
		if (i < SEEDS || chance(m, 0.8))
			sim_start(s, i);
		if (chance(m, 0.3))
			sim_run(s, rng_unit(&m->rng));
	}
	sim_run(s, 5 * m->interval * rng_unit(&m->rng));
	for (unsigned k = 0; k < changes; k++) {
		change(m);
		sim_run(s, 2 * m->interval * rng_unit(&m->rng));
	}
	calm(m);
	since = sim_now(s);
	/* The next ping to a seed may be 38 s away. */
	EXPECT(s, sim_wait_converged(s, 40 + 60 * m->interval));
	/* In each round a base peer sends three ping-reqs for a member that it suspects by hearsay: one reaches a swimd peer. */
	EXPECT(s,
	    sim_wait_bases_complete(s,
		40 + 60 * m->interval +
		    ROUNDS * s->world.count * swim_duration_seconds(s->world.config.base.period)));
	sim_note(s, "%u members, %u of them base peers, %u changes, one view after %.1f s",
	    s->world.count, m->bases, changes, sim_since(s, since));
	/* A base peer that has just pinged its seed is listed at once, but its joined event comes after its answer. */
	if (m->mixed)
		sim_run(s, m->interval);
	/* A member that was stopped may have told the last joined event at exactly this time. */
	since = swim_time_add(sim_now(s), swim_ns(1));
	/* A probe that began during the faults may still fail: it lasts nine intervals at the worst health. */
	sim_run(s, 12 * m->interval);
	wait_out_removals(m);
	quiet = sim_now(s);
	load = load_of(s);
	sim_run(s, QUIET * m->interval);
	/* The view stays as it is, and no event is told. */
	EXPECT(s, sim_converged(s));
	EXPECT(s, sim_told(s, quiet, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, since, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, since, SWIM_EVENT_JOINED, ANY, ANY) == 0);
	EXPECT(s, sim_bases_complete(s));
	EXPECT(s, sim_bases_wrong(s, quiet) == 0);
	EXPECT(s, sim_bases_told(s, quiet, BASE_REFUSED, ANY) == 0);
	expect_rest(m, quiet, load);
}

static void
swarm(struct sim *s, bool mixed)
{
	struct swarm m = {.s = s, .mixed = mixed};

	m.gone = heap_zeroed(s->world.count, sizeof(*m.gone));
	rng_init(&m.rng, s->world.seed ^ UINT64_C(0xca1a));
	swarm_body(&m);
	free(m.gone);
}

void
swarm_run(struct sim *s)
{
	swarm(s, false);
}

void
swarm_mixed_run(struct sim *s)
{
	swarm(s, true);
}
