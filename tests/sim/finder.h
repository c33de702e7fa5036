/* SPDX-License-Identifier: MIT */
/*
 * How simulated swimd peers find each other: the daemon's discovery (discovery/discovery.h) under virtual time, with a
 * simulated resolver for the names of seeds, the members of an earlier run (saver.h), and a simulated multicast in place of mDNS.  For
 * files of the simulator other than scenarios.
 */
#ifndef SIM_FINDER_H
#define SIM_FINDER_H

#include "sim/world.h"

/* The node starts, with its seeds and the members that its disk has. */
void finder_begin(struct world *, struct node *);
/* The process of the node ends. */
void finder_end(struct node *);
/* The deadline of discovery is reached (FIND). */
void finder_run(struct world *, struct node *);
/* A lookup ends (LOOKED); `data` is what the heap had for the lookup. */
void finder_resolved(struct world *, struct node *, const void *data);
/* The node runs again after a pause. */
void finder_resume(struct node *);
/* An operator asks the node to join through this address.  False: the join cannot be tried. */
bool finder_join_by_hand(struct world *, struct node *, const struct swim_addr *);
/* The core has refused a datagram of another cluster, from this address. */
void finder_foreign(struct node *, const struct swim_addr *from, const void *data, size_t len);
/* Hand an event of the core about a seed to discovery.  False: the event is not about a seed. */
bool finder_event(struct world *, struct node *, const struct swim_event *);
/* The multicast arrives (HEARD) that tells that node `other` runs, or has ended. */
void finder_hear(struct world *, struct node *, unsigned other);

#endif
