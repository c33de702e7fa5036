/* SPDX-License-Identifier: MIT */
/*
 * The daemon's code that reserves incarnations (daemon/reserve.h), run over a node's simulated disk.  Inside the simulator
 * only.
 */
#ifndef SIM_KEEP_H
#define SIM_KEEP_H

#include "sim/world.h"

/* A start: read the disk and reserve a first block.  Returns the incarnation to begin with. */
uint64_t keep_begin(struct world *, struct node *);
/* Reserve what the core uses, as the daemon does before it sends anything.  False: nothing may be sent yet. */
bool keep_may_speak(struct world *, struct node *);
/* A write that took its time has ended. */
void keep_written(struct world *, struct node *);
/* The process is gone. */
void keep_end(struct node *);

#endif
