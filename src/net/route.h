/* SPDX-License-Identifier: MIT */
/* Chooses the address that we advertise, and asks the kernel about its routes and addresses. */
#ifndef SWIMD_NET_ROUTE_H
#define SWIMD_NET_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/addr.h"

/* How good an address is as the address that we tell others; a higher rank is better. */
enum route_rank {
	ROUTE_RANK_NONE, /* there is no address */
	ROUTE_RANK_LOOPBACK,
	ROUTE_RANK_INNER, /* link-local, on an interface that does not lead to another machine */
	ROUTE_RANK_CONTAINERS, /* on a bridge of containers: the same on many machines */
	ROUTE_RANK_LINK_LOCAL, /* usable on one network alone */
	ROUTE_RANK_PASSING,    /* temporary, or an address that floats between machines */
	ROUTE_RANK_INTERFACE,
	ROUTE_RANK_DEFAULT,      /* the source address of the default route */
	ROUTE_RANK_SEED_NOWHERE, /* an address of a seed, on an interface of ours that leads nowhere */
	ROUTE_RANK_PEERS,        /* the source address of datagrams to other members */
	/* the source address of datagrams to seeds, or itself an address of a seed */
	ROUTE_RANK_SEEDS,
};

/* A peer that is, or may be, a member. */
struct route_target {
	struct swim_addr addr;
	bool seed; /* an operator has named it */
};

#define ROUTE_PASSED_MAX 400
struct route_choice {
	struct swim_addr addr;
	enum route_rank rank;
	enum route_rank
	    current_rank; /* the rank of the wish's current address now; NONE: this machine no longer has it */
	/* "bind", "seeds", "peers", "route" or "interface": a word for the reason of the choice */
	const char *origin;
	/*
	 * The addresses of other interfaces that were not chosen, and why: "172.17.0.1 (docker0, a bridge of
	 * containers), ..."
	 */
	char passed[ROUTE_PASSED_MAX];
	bool doubtful; /* other addresses were as good, and nothing made one of them preferable */
};

struct route_wish {
	const struct swim_addr *bound;
	bool v6_only;
	const char *device; /* only this interface; NULL or "": any */
	const struct route_target *targets;
	size_t target_count;
	/* kept where it is as good as the others; NULL: there is none */
	const struct swim_addr *current;
};

/*
 * Chooses the address at which others most likely reach this machine, for a socket bound to a wildcard.  In this
 * order: the source address that the kernel uses towards the seeds, or else towards other targets (a connected UDP
 * socket is asked; nothing is sent); the source address of the default route, IPv4 first unless the wildcard is
 * IPv6-only; an address of an interface, with bridges of containers last; loopback.  On one interface a steady
 * address comes before an address that is temporary or floats.  With a `device` only that interface counts.  A
 * `bound` address that is no wildcard is returned as it is, with rank DEFAULT. The port is always the port of
 * `bound`.  The rank is NONE where there is no address.
 */
void route_choose(const struct route_wish *, struct route_choice *out);

/*
 * Tells whether an interface that is up (NULL or "": any interface) has an IPv4 address, and whether it has an IPv6
 * address, that machines beyond its own network can use.
 */
void route_families(const char *device, bool *v4, bool *v6);

/*
 * Called after sending to the address failed with EACCES or EINVAL. Tells whether a route forbids the address
 * (ip-route(8): prohibit, blackhole); otherwise nobody can send to such an address.
 */
bool route_forbids(const struct swim_addr *to, const char *device);

/* True if one of this machine's interfaces has the address (the port does not matter), or the address is in 127.0.0.0/8. */
bool route_is_local(const struct swim_addr *);

/* As route_is_local, but the interface must be up and, unless `device` is NULL or "", must be that device. */
bool route_is_up(const struct swim_addr *, const char *device);

#endif
