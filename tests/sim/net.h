/* SPDX-License-Identifier: MIT */
/*
 * The simulated network: what becomes of a datagram from one node to another.  Each ordered pair of
 * nodes is a link with a base delay of its own; jitter, loss, duplication and reordering come on top,
 * and rules cut or worsen links between ranges of nodes.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/time.h"

#define NET_COPIES_MAX 2

struct net_config {
	swim_duration delay_min, delay_max; /* a link's base delay is uniform between these */
	swim_duration jitter; /* mean of an exponential delay added to each datagram */
	double loss;          /* probabilities, 0 to 1, of each datagram */
	double duplicate;
	double reorder;
	swim_duration reorder_delay; /* a reordered one is held back by up to this much */
};

struct net_range {
	unsigned first, last; /* both included */
};

struct net_rule {
	enum { NET_RULE_UNUSED, NET_RULE_ONE_WAY, NET_RULE_SPLIT } kind;
	struct net_range from,
	    to;              /* ONE_WAY: from here to there.  SPLIT: across the border of `from` */
	double loss;         /* 1 cuts */
	swim_duration delay; /* added */
	size_t largest; /* datagrams of more bytes than this are lost; 0: none is for its size */
};

struct net {
	struct net_config config;
	struct rng rng;
	uint64_t seed;
	struct net_rule *rules;
	size_t rule_count;
	uint64_t lost, duplicated, reordered, cut, too_large;
};

void net_init(struct net *, uint64_t seed);
void net_fini(struct net *);
/* Returns the rule's number, for net_remove. */
size_t net_add(struct net *, struct net_rule);
void net_remove(struct net *, size_t rule);
void net_clear(struct net *);
/* How many copies of a datagram of this length arrive (0: it is lost), and after which delays. */
unsigned net_transmit(struct net *, unsigned from, unsigned to, size_t len,
    swim_duration delays[NET_COPIES_MAX]);
/* True when no rule cuts this direction altogether. */
bool net_open(const struct net *, unsigned from, unsigned to);

#endif
