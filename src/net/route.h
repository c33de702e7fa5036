/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_NET_ROUTE_H
#define SWIMD_NET_ROUTE_H

#include <stdbool.h>
#include "base/addr.h"

/*
 * The address that others most likely reach this machine at, for a socket bound to a wildcard: the source
 * address of the default route (IPv4 first unless the wildcard is IPv6-only; a connected UDP socket is
 * asked, nothing is sent), else the first address that is not loopback, else loopback.  Returns 0 or -errno.
 */
int route_advertise_address(const struct swim_addr *bound, bool v6_only, struct swim_addr *out);

/* True if `a` (port ignored) is an address of one of this machine's interfaces. */
bool route_is_local(const struct swim_addr *);

#endif
