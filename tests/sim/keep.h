/* SPDX-License-Identifier: MIT */
/*
 * Runs the daemon's code that reserves incarnations (daemon/reserve.h) over the simulated disk of a node.  For files of the
 * simulator other than scenarios.
 */
#ifndef SIM_KEEP_H
#define SIM_KEEP_H

#include "sim/world.h"

/* The node starts: read its disk and reserve a first block.  Returns the incarnation to start at. */
uint64_t keep_begin(struct world *, struct node *);
/* Reserve the incarnation of the core, as the daemon does before it sends.  False: the node may not send yet. */
bool keep_may_speak(struct world *, struct node *);
/* A slow write ends (STORED). */
void keep_written(struct world *, struct node *);
/* The process of the node ends. */
void keep_end(struct node *);

#endif
