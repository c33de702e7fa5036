/* SPDX-License-Identifier: MIT */
/* All addresses of this machine's interfaces, with what rtnetlink(7) tells of how well each would serve others. */
#ifndef SWIMD_NET_IFACES_H
#define SWIMD_NET_IFACES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

struct iface_address {
	struct swim_addr addr; /* port 0; a link-local one with its interface */
	unsigned prefix;       /* the length of its network's prefix */
	uint32_t index;        /* of the interface */
	char name[IF_NAMESIZE];
	bool up, running; /* running: it has a carrier too */
	bool loopback;
	bool nowhere; /* loopback or a dummy interface: what is sent by it leaves no machine */
	bool port; /* of a bridge or a bond, which has the traffic and ought to have the address */
	bool
	    leads_out; /* it may lead to another machine: no end of a pair within this one, no tunnel */
	/*
	 * A bridge that nothing but containers or virtual machines is connected to (docker0, virbr0): its address is often
	 * the same on every machine, and leads nowhere else.
	 */
	bool containers;
	/*
	 * One that comes and goes: an IPv6 address that is temporary (RFC 8981) or deprecated, one of keepalived's, or one
	 * beside another of its interface that is secondary or has a prefix of its own length, as floating ones do.
	 */
	bool passing;
};

/* Returns 0 with *out (for free()) and *count in the kernel's order, or -errno. */
int ifaces_list(struct iface_address **out, size_t *count);

/* What a link is, as far as that matters here. */
struct iface_link {
	uint32_t index, master; /* master: of the bridge or bond that it belongs to, or 0 */
	char name[IF_NAMESIZE];
	char kind[16]; /* "bridge", "veth", ...; "" for what drivers make */
	unsigned flags;
	bool elsewhere; /* its other end is in another namespace */
};

/* Is links[i] a bridge of containers?  For ifaces_list, and its tests. */
bool ifaces_is_for_containers(const struct iface_link *links, size_t count, size_t i);
/* Is it loopback or a dummy interface, by which nothing leaves the machine?  For the same. */
bool ifaces_leads_nowhere(const struct iface_link *);

#endif
