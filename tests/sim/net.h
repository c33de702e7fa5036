/* SPDX-License-Identifier: MIT */
/*
 * The simulated network.  Each ordered pair of nodes is a link with its own base delay.  Jitter, loss, duplication and
 * reordering apply to all links; rules cut or worsen the links between ranges of nodes.  A rule may have a rate: then all its
 * links share one line of this rate with one queue, as the hosts behind a router or on one radio channel do.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/time.h"

#define NET_COPIES_MAX 2
#define NET_HEADERS 28 /* bytes of the headers of IPv4 and UDP, which a line carries too */

struct net_config {
	swim_duration delay_min, delay_max; /* a link's base delay is uniform between these */
	swim_duration jitter;        /* mean of an exponential delay added to each datagram */
	double loss;                 /* probability that a datagram is lost, 0 to 1 */
	double duplicate;            /* probability that a datagram arrives twice */
	double reorder;              /* probability that a datagram is delayed by reorder_delay */
	swim_duration reorder_delay; /* the upper bound of that delay */
};

struct net_range {
	unsigned first, last; /* both included */
};

struct net_rule {
	enum { NET_RULE_UNUSED, NET_RULE_ONE_WAY, NET_RULE_SPLIT } kind;
	/* ONE_WAY: links from `from` to `to`.  SPLIT: links between `from` and all other nodes. */
	struct net_range from, to;
	double loss;         /* probability, 0 to 1 */
	swim_duration delay; /* added to the delay of the link */
	size_t largest;      /* in bytes; longer datagrams are lost; 0: no limit */
	double rate;         /* bytes a second that these links carry together; 0: no limit */
	size_t queue;      /* bytes that wait at most; a datagram that finds more waiting is lost */
	swim_time free_at; /* when the line has carried all that waits */
	uint64_t offered;  /* bytes that were sent over the line, lost ones included */
};

struct net {
	struct net_config config;
	struct rng rng;
	uint64_t seed;
	struct net_rule *rules;
	size_t rule_count;
	uint64_t lost, duplicated, reordered, cut, too_large, overflowed;
};

void net_init(struct net *, uint64_t seed);
void net_fini(struct net *);
/* Returns the number of the new rule, for net_remove. */
size_t net_add(struct net *, struct net_rule);
void net_remove(struct net *, size_t rule);
/* Removes all rules. */
void net_clear(struct net *);
/* Other traffic keeps the line of this rule busy from now on for this long. */
void net_fill(struct net *, size_t rule, swim_time now, swim_duration);
/* A datagram on its way from one node to another. */
struct net_datagram {
	unsigned from, to;
	size_t len;   /* bytes without headers */
	swim_time at; /* when it is sent */
};
/* Returns how many copies of a datagram arrive (0: it is lost), and sets their delays. */
unsigned net_transmit(struct net *, const struct net_datagram *,
    swim_duration delays[NET_COPIES_MAX]);
/* True: no rule cuts the link completely. */
bool net_open(const struct net *, unsigned from, unsigned to);

#endif
