/* SPDX-License-Identifier: MIT */
/*
 * The driver of a simulated node, in place of the daemon's loop, and the functions of the world that it calls.
 * For files of the simulator other than scenarios.
 */
#ifndef SIM_DRIVER_H
#define SIM_DRIVER_H

#include "sim/world.h"

/* The kinds of items in the world's heap. */
enum {
	WAKE,     /* the deadline of a node */
	DELIVER,  /* a datagram arrives */
	SEED,     /* a base peer joins through a seed */
	RESOLVED, /* the address of a host name that the core asked for */
	STORED,   /* keep.h, saver.h: a write to the disk ends */
	FIND,     /* finder.h: the deadline of discovery */
	LOOKED,   /* finder.h: the addresses of a name that discovery asked for */
	HEARD,    /* finder.h: a multicast arrives */
	SAVE,     /* saver.h: the snapshot looks whether to save the members */
};

/* One turn of the node's loop: read the socket until it is empty or the node is busy, then fire timers. */
void driver_run(struct world *, struct node *);
/* Take datagrams and events out of the core and check the core: after every call into it. */
void driver_flush(struct world *, struct node *);
/* Put the next wake-up of the node into the heap. */
void driver_arm(struct world *, struct node *);
/* A base peer joins through a seed, now or after the given time. */
void driver_seed_try(struct world *, struct node *, unsigned seed);
void driver_seed_later(struct world *, struct node *, unsigned seed, swim_duration);

/* world.c: */
/* Send a datagram through the network: lose it, or deliver one or two copies later. */
void world_transmit(struct world *, const struct swim_addr *from, unsigned from_index,
    const struct swim_addr *to, const void *data, size_t len);
/* Look up a host name; the node gets its address later. */
void world_resolve(struct world *, struct node *, const char *host);
/* Add something that happened to the hash of the trace. */
void world_mix(struct world *, uint64_t kind, uint64_t node, const void *data, size_t len);
/* The first time of the world at which the clock of node i shows `local` or later. */
swim_time world_global(const struct world *, unsigned i, swim_time local);

#endif
