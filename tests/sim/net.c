/* SPDX-License-Identifier: MIT */
#include "sim/net.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sim/heap.h"

void
net_init(struct net *n, uint64_t seed)
{
	*n = (struct net){
	    .seed = seed,
	    .config = {.delay_min = swim_us(50), .delay_max = swim_us(500), .jitter = swim_us(50)},
	};
	rng_init(&n->rng, seed);
}

void
net_fini(struct net *n)
{
	free(n->rules);
}

size_t
net_add(struct net *n, struct net_rule rule)
{
	size_t i;

	for (i = 0; i < n->rule_count; i++)
		if (n->rules[i].kind == NET_RULE_UNUSED)
			break;
	if (i == n->rule_count)
		n->rules = heap_resize(n->rules, ++n->rule_count, sizeof(*n->rules));
	n->rules[i] = rule;
	return i;
}

void
net_remove(struct net *n, size_t rule)
{
	if (rule < n->rule_count)
		n->rules[rule].kind = NET_RULE_UNUSED;
}

void
net_clear(struct net *n)
{
	n->rule_count = 0;
}

static bool
inside(struct net_range r, unsigned node)
{
	return r.first <= node && node <= r.last;
}

static bool
applies(const struct net_rule *r, unsigned from, unsigned to)
{
	switch (r->kind) {
	case NET_RULE_UNUSED:
		return false;
	case NET_RULE_ONE_WAY:
		return inside(r->from, from) && inside(r->to, to);
	case NET_RULE_SPLIT:
		return inside(r->from, from) != inside(r->from, to);
	}
	return false;
}

bool
net_open(const struct net *n, unsigned from, unsigned to)
{
	for (size_t i = 0; i < n->rule_count; i++)
		if (applies(&n->rules[i], from, to) && n->rules[i].loss >= 1)
			return false;
	return true;
}

/* The base delay of the link, in ns: a hash of the pair, so that no table of all pairs is needed. */
static int64_t
base_delay(const struct net *n, unsigned from, unsigned to)
{
	int64_t span = n->config.delay_max.ns - n->config.delay_min.ns;
	uint64_t h = hash64_end(
	    hash64_u64(hash64_u64(HASH64_START, n->seed), (uint64_t)from << 32 | to));

	return n->config.delay_min.ns + (span > 0 ? (int64_t)(h % (uint64_t)span) : 0);
}

static bool
chance(struct net *n, double p)
{
	/* No random number is drawn if p is 0: a new kind of fault must not change the traces of old seeds. */
	return p > 0 && rng_unit(&n->rng) < p;
}

void
net_fill(struct net *n, size_t rule, swim_time now, swim_duration length)
{
	n->rules[rule].free_at = swim_time_add(now, length);
}

/*
 * Put the datagram into the queue of the rule's line.  Returns for how long it waits there and is carried, in ns; negative: the
 * queue is full, and the datagram is lost.  `delay`: for how long the datagram has been under way before, in ns.
 */
static int64_t
queued(struct net_rule *r, const struct net_datagram *d, int64_t delay)
{
	swim_time at = swim_time_add(d->at, swim_ns(delay));
	swim_time start = swim_time_before(at, r->free_at) ? r->free_at : at;
	size_t bytes = d->len + NET_HEADERS;

	r->offered += bytes;
	if (swim_duration_seconds(swim_time_since(start, at)) * r->rate > (double)r->queue)
		return -1;
	r->free_at =
	    swim_time_add(start, swim_duration_scale(swim_seconds(1), (double)bytes / r->rate));
	return swim_time_since(r->free_at, at).ns;
}

/* The delay that the rules add to that of the link, in ns; negative: the datagram is lost. */
static int64_t
ruled_delay(struct net *n, const struct net_datagram *d)
{
	int64_t delay = 0, wait;

	for (size_t i = 0; i < n->rule_count; i++) {
		struct net_rule *r = &n->rules[i];

		if (!applies(r, d->from, d->to))
			continue;
		if (r->largest > 0 && d->len > r->largest) {
			n->too_large++;
			return -1;
		}
		if (r->loss >= 1 || chance(n, r->loss)) {
			n->cut++;
			return -1;
		}
		wait = r->rate > 0 ? queued(r, d, delay) : 0;
		if (wait < 0) {
			n->overflowed++;
			return -1;
		}
		delay += r->delay.ns + wait;
	}
	return delay;
}

unsigned
net_transmit(struct net *n, const struct net_datagram *d, swim_duration delays[NET_COPIES_MAX])
{
	int64_t delay = ruled_delay(n, d);
	unsigned copies = 1;

	if (delay < 0)
		return 0;
	delay += base_delay(n, d->from, d->to);
	if (chance(n, n->config.loss)) {
		n->lost++;
		return 0;
	}
	if (chance(n, n->config.duplicate)) {
		n->duplicated++;
		copies = 2;
	}
	for (unsigned i = 0; i < copies; i++) {
		delays[i] = swim_ns(delay);
		if (n->config.jitter.ns > 0)
			delays[i].ns -=
			    (int64_t)((double)n->config.jitter.ns * log1p(-rng_unit(&n->rng)));
		if (n->config.reorder_delay.ns > 0 && chance(n, n->config.reorder)) {
			n->reordered++;
			delays[i].ns +=
			    (int64_t)rng_below(&n->rng, (uint64_t)n->config.reorder_delay.ns);
		}
	}
	return copies;
}
