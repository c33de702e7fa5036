/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_NET_ROUTE_H
#define SWIMD_NET_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/addr.h"

/* How good an address is to be told to others, the better the higher. */
enum route_rank {
	ROUTE_RANK_NONE, /* there is none */
	ROUTE_RANK_LOOPBACK,
	ROUTE_RANK_INNER, /* link-local, on an interface that does not lead to another machine */
	ROUTE_RANK_CONTAINERS, /* on a bridge of containers: the same on many machines */
	ROUTE_RANK_LINK_LOCAL, /* of use on one network alone */
	ROUTE_RANK_PASSING,    /* temporary, or one that floats between machines */
	ROUTE_RANK_INTERFACE,
	ROUTE_RANK_DEFAULT,      /* what the default route sends from */
	ROUTE_RANK_SEED_NOWHERE, /* an address of a seed, on an interface of ours that leads nowhere */
	ROUTE_RANK_PEERS,        /* the source of what is sent to other members */
	ROUTE_RANK_SEEDS, /* the source of what is sent to seeds, or itself an address of a seed */
};

/* Somebody who is, or may be, a member. */
struct route_target {
	struct swim_addr addr;
	bool seed; /* an operator says so */
};

#define ROUTE_PASSED_MAX 400
struct route_choice {
	struct swim_addr addr;
	enum route_rank rank;
	enum route_rank
	    current_rank;   /* what the wish's current address is worth now; NONE: it is not here */
	const char *origin; /* "bind", "seeds", "peers", "route", "interface": a word for why */
	/* Addresses of other interfaces that were not taken, and why: "172.17.0.1 (docker0, a bridge of containers), ..." */
	char passed[ROUTE_PASSED_MAX];
	bool doubtful; /* others were as good, and none of them was preferred */
};

struct route_wish {
	const struct swim_addr *bound;
	bool v6_only;
	const char *device; /* NULL or "": any */
	const struct route_target *targets;
	size_t target_count;
	const struct swim_addr *current; /* kept where it is as good as the others; NULL: none */
};

/*
 * The address that others most likely reach this machine at, for a socket bound to a wildcard: the source address that
 * the kernel uses towards the seeds, else towards other targets (a connected UDP socket is asked, nothing is sent); else
 * that of the default route, IPv4 first unless the wildcard is IPv6-only; else one of an interface, one of a bridge of
 * containers last; else loopback.  Of an interface a steady address comes before one that is temporary or floats.  With
 * a `device` only that interface counts.  A `bound` that is no wildcard is returned as it is, with rank DEFAULT; the
 * port is always that of `bound`.  The rank is NONE where there is no address.
 */
void route_choose(const struct route_wish *, struct route_choice *out);

/*
 * Does an interface that is up (NULL or "": any) have an IPv4 address, and an IPv6 address, that is of use beyond its own
 * network?
 */
void route_families(const char *device, bool *v4, bool *v6);

/*
 * After sending to the address failed with EACCES or EINVAL: does a route forbid it (ip-route(8): prohibit, blackhole)?
 * Otherwise the address itself is one that cannot be sent to.
 */
bool route_forbids(const struct swim_addr *to, const char *device);

/* True if the address (port ignored) is one of this machine's interfaces', or in 127.0.0.0/8. */
bool route_is_local(const struct swim_addr *);

/* The same, and the interface (NULL or "": any) is up. */
bool route_is_up(const struct swim_addr *, const char *device);

#endif
