/* SPDX-License-Identifier: MIT */
/*
 * The members as another run of this member will want them: kept in the state directory, and taken up at the
 * start.  The dead and those that left are the core's again, so that they are not forgotten by a restart
 * (serf #333); who was alive is looked for while we are alone, so that a cluster all of which was down finds
 * together without seeds.
 *
 * Written SNAPSHOT_INTERVAL_S after the write before at the earliest, in a process of its own, and once
 * more at the end.
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
 * Read what there is; what cannot be used of it is logged and left.  Needs the node's state, core and hub.
 * NULL: out of memory.
 */
struct snapshot *snapshot_new(struct node *);
void snapshot_free(struct snapshot *);

/* Something happened to a member that is not us. */
void snapshot_note(struct snapshot *, const struct swim_event *);
/* Write what is not written yet; waits for the disk, but not for long.  The last call before snapshot_free. */
void snapshot_finish(struct snapshot *);

/* The state directory was opened anew (state_take_renewed): write everything into it. */
void snapshot_renew(struct snapshot *, swim_time now);

/* What is wrong (a sentence), or NULL. */
const char *snapshot_trouble(const struct snapshot *);
/* How many members that were alive in the earlier run are still looked for. */
size_t snapshot_missing(const struct snapshot *);
/* Is this child of the process one that writes for it? */
bool snapshot_owns(const struct snapshot *, pid_t child);

#endif
