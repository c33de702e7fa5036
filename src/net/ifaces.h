/* SPDX-License-Identifier: MIT */
/*
 * Lists all addresses of this machine's interfaces, with what rtnetlink(7) tells about how useful each address is to
 * other machines.
 */
#ifndef SWIMD_NET_IFACES_H
#define SWIMD_NET_IFACES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

struct iface_address {
	struct swim_addr addr; /* port 0; a link-local address has its interface in it */
	unsigned prefix;       /* the length of its network's prefix */
	uint32_t index;        /* of the interface */
	char name[IF_NAMESIZE];
	bool up, running; /* running: it has a carrier too */
	bool loopback;
	/* loopback or a dummy interface: a datagram sent by it does not leave the machine */
	bool nowhere;
	/* a port of a bridge or a bond; the bridge or bond has the traffic and ought to have the address */
	bool port;
	/* may lead to another machine: neither an end of a pair within this machine nor a tunnel */
	bool leads_out;
	/*
	 * A bridge to which only containers or virtual machines are connected (docker0, virbr0): its address is often
	 * the same on every machine, and no other machine can reach it.
	 */
	bool containers;
	/*
	 * The address comes and goes: an IPv6 address that is temporary (RFC 8981) or deprecated, an address that
	 * keepalived set, or a floating address, which has another address of its interface beside it and is
	 * secondary or has a prefix as long as an address.
	 */
	bool passing;
};

/* Returns 0 with *out (for free()) and *count in the kernel's order, or -errno. */
int ifaces_list(struct iface_address **out, size_t *count);

/* The properties of a link that ifaces.c looks at. */
struct iface_link {
	/* master: index of the bridge or bond that the link belongs to, or 0 */
	uint32_t index, master;
	char name[IF_NAMESIZE];
	char kind[16]; /* "bridge", "veth", ...; "" for links that drivers make */
	unsigned flags;
	bool elsewhere; /* the link's other end is in another namespace */
};

/* Tells whether links[i] is a bridge of containers.  Used by ifaces_list and by its tests. */
bool ifaces_is_for_containers(const struct iface_link *links, size_t count, size_t i);
/*
 * Tells whether a link is loopback or a dummy interface, by which nothing leaves the machine.  Used as the function
 * above.
 */
bool ifaces_leads_nowhere(const struct iface_link *);

#endif
