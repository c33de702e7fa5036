/* SPDX-License-Identifier: MIT */
/*
 * The driver that each simulated node runs under, in place of the daemon's loop; and what of the world
 * it works with.  Inside the simulator only.
 */
#ifndef SIM_DRIVER_H
#define SIM_DRIVER_H

#include "sim/world.h"

/* What the world's heap holds.  SEED is of base peers; FIND, LOOKED and HEARD are of finder.h, STORED is of keep.h. */
enum { WAKE, DELIVER, SEED, RESOLVED, STORED, FIND, LOOKED, HEARD };

/* One turn of the node's loop: the socket is drained before timers fire, as far as time allows. */
void driver_run(struct world *, struct node *);
/* Take out what the core has to say, after every call into it. */
void driver_flush(struct world *, struct node *);
/* Put the node's next wake-up into the heap. */
void driver_arm(struct world *, struct node *);
/* A base peer asks a seed, now or later. */
void driver_seed_try(struct world *, struct node *, unsigned seed);
void driver_seed_later(struct world *, struct node *, unsigned seed, swim_duration);

/* world.c: */
/* The network: what becomes of a datagram. */
void world_transmit(struct world *, const struct swim_addr *from, unsigned from_index,
    const struct swim_addr *to, const void *data, size_t len);
/* Look a host name up; the answer comes later. */
void world_resolve(struct world *, struct node *, const char *host);
/* Into the hash of all that happened. */
void world_mix(struct world *, uint64_t kind, uint64_t node, const void *data, size_t len);
/* The first moment of the world at which the node's own clock shows `local` or later. */
swim_time world_global(const struct world *, unsigned i, swim_time local);

#endif
