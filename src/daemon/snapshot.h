/* SPDX-License-Identifier: MIT */
/*
 * Saves the members in the state directory for the next run of this member, and takes them up at the start.  The core gets
 * the dead members and those that left, so that a restart does not forget them (serf #333).  Discovery gets the addresses of
 * members and joins them while this member is alone, so that the members of a cluster that was down as a whole find each
 * other without seeds.
 *
 * A child process writes the file, at most once in SNAPSHOT_INTERVAL_S and once more at the end.
 */
#ifndef SWIMD_DAEMON_SNAPSHOT_H
#define SWIMD_DAEMON_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/time.h"
#include "core/swim.h"

#define SNAPSHOT_INTERVAL_S 10

struct node;
struct snapshot;

/*
 * Reads the file of the earlier run; logs lines that cannot be used, and ignores them.  The node must have its state, core
 * and hub.  NULL: out of memory.
 */
struct snapshot *snapshot_new(struct node *);
void snapshot_free(struct snapshot *);

/* Call for each event about another member. */
void snapshot_note(struct snapshot *, const struct swim_event *);
/* Writes what is not written yet.  Waits for the disk, for a few seconds at most.  The last call before snapshot_free. */
void snapshot_finish(struct snapshot *);

/* Call when the state directory was opened again (state_take_renewed): writes all members into it. */
void snapshot_renew(struct snapshot *, swim_time now);

/* Why the members cannot be saved (a sentence), or NULL. */
const char *snapshot_trouble(const struct snapshot *);
/* The number of members that were alive in the earlier run, while this member knows no other live member; else 0. */
size_t snapshot_missing(const struct snapshot *);
/* Tells whether the child process writes for the snapshot. */
bool snapshot_owns(const struct snapshot *, pid_t child);

#endif
