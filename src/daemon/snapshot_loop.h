/* SPDX-License-Identifier: MIT */
/*
 * Runs the snapshot (daemon/snapshot.h) on the daemon's loop: reads the file "members" of the state directory at the start,
 * and has a child process write the file.
 */
#ifndef SWIMD_DAEMON_SNAPSHOT_LOOP_H
#define SWIMD_DAEMON_SNAPSHOT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/time.h"
#include "core/swim.h"

struct node;
struct snapshot_loop;

/*
 * Reads the file of the earlier run; logs lines that cannot be used, and ignores them.  The node must have its state, core
 * and hub.  NULL: out of memory.
 */
struct snapshot_loop *snapshot_loop_new(struct node *);
void snapshot_loop_free(struct snapshot_loop *);

/* Call for each event about another member. */
void snapshot_loop_note(struct snapshot_loop *, const struct swim_event *);
/* Writes what is not written yet.  Waits for the disk, for a few seconds at most.  The last call before snapshot_loop_free. */
void snapshot_loop_finish(struct snapshot_loop *);

/* Call when the state directory was opened again (state_take_renewed): writes all members into it. */
void snapshot_loop_renew(struct snapshot_loop *, swim_time now);

/* Why the members cannot be saved (a sentence), or NULL. */
const char *snapshot_loop_trouble(const struct snapshot_loop *);
/* The number of members that were alive in the earlier run, while this member knows no other live member; else 0. */
size_t snapshot_loop_missing(const struct snapshot_loop *);
/* Tells whether the child process writes for the snapshot. */
bool snapshot_loop_owns(const struct snapshot_loop *, pid_t child);

#endif
