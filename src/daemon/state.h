/* SPDX-License-Identifier: MIT */
/*
 * What outlives a restart: an upper bound of every incarnation that this member ever used, so that a
 * member that comes back outranks what the others remember of it.  Incarnations are reserved in blocks, each
 * durable before its first one is sent, so that a raise seldom costs a write.
 */
#ifndef SWIMD_DAEMON_STATE_H
#define SWIMD_DAEMON_STATE_H

#include <stdint.h>

#include "base/time.h"

#define STATE_BLOCK 64 /* incarnations reserved at once */

struct state;

/*
 * Open (and lock) the directory and reserve a first block.  Returns 0 with *out the caller's, or the exit
 * status that the fault is worth (sysexits.h), with `error` (FAULT_MAX bytes) naming the path.  A disk that is
 * full, broken or read-only is no fault but state_trouble.
 */
int state_open(const char *dir, swim_time now, struct state **out, char *error);
void state_free(struct state *);

/* What to begin with: above all that was used before, as far as that is known. */
uint64_t state_incarnation(const struct state *);

/*
 * Call before anything is sent: sees to it that `incarnation` is reserved on disk.  May write and sync, a few
 * milliseconds once in STATE_BLOCK incarnations.  When the disk fails, that is remembered and tried again
 * 10 s later; swimd goes on, for a daemon that is silent for want of disk is a dead one to the others.
 */
void state_reserve(struct state *, uint64_t incarnation, swim_time now);

/* The directory, for others who keep something there; as long as the state is open. */
const char *state_dir(const struct state *);
int state_dir_fd(const struct state *);

/* What was wrong with the stored state at the start (a sentence), or NULL. */
const char *state_warning(const struct state *);
/* What is wrong with the directory now (a sentence), or NULL. */
const char *state_trouble(const struct state *);

#endif
