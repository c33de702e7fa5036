/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_NET_ROUTE_H
#define SWIMD_NET_ROUTE_H

#include <stdbool.h>
#include "base/addr.h"

/* How good an address is to be told to others, the better the higher. */
enum route_rank {
	ROUTE_RANK_NONE, /* there is none */
	ROUTE_RANK_LOOPBACK,
	ROUTE_RANK_LINK_LOCAL, /* of use on one network alone */
	ROUTE_RANK_INTERFACE,
	ROUTE_RANK_DEFAULT, /* what the default route sends from */
};

/*
 * The address that others most likely reach this machine at, for a socket bound to a wildcard: the source
 * address of the default route (IPv4 first unless the wildcard is IPv6-only; a connected UDP socket is
 * asked, nothing is sent), else the first address that is not loopback, else loopback.  With a `device`
 * (NULL or "": none) only that interface counts.  A `bound` that is no wildcard is returned as it is; the
 * port is always that of `bound`.  Returns how good it is, which is not told (DEFAULT) of a `bound` that
 * is no wildcard, and NONE without an address.
 */
enum route_rank route_advertise_address(const struct swim_addr *bound, bool v6_only,
    const char *device, struct swim_addr *out);

/* Which families an interface that is up (NULL or "": any) has an address of that is of use beyond its own network. */
void route_families(const char *device, bool *v4, bool *v6);

/*
 * Is it by a route (ip-route(8): prohibit, blackhole) that nothing may be sent there, rather than by what the address
 * is?  To be asked after a failure with EACCES or EINVAL.
 */
bool route_forbids(const struct swim_addr *to, const char *device);

/* True if the address (port ignored) is one of this machine's interfaces', or in 127.0.0.0/8. */
bool route_is_local(const struct swim_addr *);

/* The same, and the interface (NULL or "": any) is up. */
bool route_is_up(const struct swim_addr *, const char *device);

#endif
