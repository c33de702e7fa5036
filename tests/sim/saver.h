/* SPDX-License-Identifier: MIT */
/*
 * The daemon's code that saves the members for the next run (daemon/snapshot.h), run over a node's simulated disk.  It runs
 * where the scenario has said so (sim_save).  Inside the simulator only.
 */
#ifndef SIM_SAVER_H
#define SIM_SAVER_H

#include "sim/world.h"

/* A start, once the node has its core and its discovery: takes up the members of the earlier run. */
void saver_begin(struct world *, struct node *);
/* The core tells of a member. */
void saver_note(struct world *, struct node *, const struct swim_event *);
/* What it asked to be woken for is due. */
void saver_run(struct world *, struct node *);
/* A write that took its time has ended. */
void saver_written(struct world *, struct node *);
/* The process was stopped, and goes on. */
void saver_resume(struct world *, struct node *);
/* The process ends by itself, and writes what is not written yet. */
void saver_finish(struct world *, struct node *);
/* The process is gone. */
void saver_end(struct node *);

#endif
