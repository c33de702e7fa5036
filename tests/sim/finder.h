/* SPDX-License-Identifier: MIT */
/*
 * How simulated swimds find each other: the daemon's discovery (discovery/discovery.h) under virtual time, with a simulated
 * resolver for the names of its seeds, the members of an earlier run, and a simulated multicast in place of mDNS.  Inside
 * the simulator only.
 */
#ifndef SIM_FINDER_H
#define SIM_FINDER_H

#include "sim/world.h"

/* A start, with the seeds and the members of an earlier run that the node has; and the end of its process. */
void finder_begin(struct world *, struct node *);
void finder_end(struct node *);
/* What it asked to be woken for is due. */
void finder_run(struct world *, struct node *);
/* What it looked up, is found or not. */
void finder_resolved(struct world *, struct node *, const void *data);
/* It was stopped, and goes on. */
void finder_resume(struct node *);
/* An operator's join.  False: it cannot be tried. */
bool finder_join_by_hand(struct world *, struct node *, const struct swim_addr *);
/* The core tells what came of a join.  False: the event is of something else. */
bool finder_event(struct world *, struct node *, const struct swim_event *);
/* The multicast of another node arrives, which runs or is gone. */
void finder_hear(struct world *, struct node *, unsigned other);

#endif
