/* SPDX-License-Identifier: MIT */
/*
 * What outlives a restart: an upper bound of every incarnation that this member ever used, so that a
 * member that comes back outranks what the others remember of it.  Incarnations are reserved in blocks, each
 * durable before its first one is sent, so that a raise seldom costs a write.  daemon/reserve.h decides; here are the files.
 */
#ifndef SWIMD_DAEMON_STATE_H
#define SWIMD_DAEMON_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <event2/event.h>

#include "base/time.h"
#include "daemon/owner.h"

struct state;

/*
 * Open (and lock) the directory, as this member, and reserve a first block.  Returns 0 with *out the caller's, or the exit
 * status that the fault is worth (sysexits.h), with `error` (FAULT_MAX bytes) naming the path.  A disk that is
 * full, broken or read-only is no fault but state_trouble.
 */
int state_open(const char *dir, const struct owner *self, swim_time now, struct state **out,
    char *error);
void state_free(struct state *);

/*
 * The directory may be removed, renamed or mounted over, or lose its files, while swimd runs.  That is looked for every 10 s
 * (in state_reserve), before each write, and by state_look.  What is at its path then is opened anew with the checks of
 * state_open and gets this member's incarnation; until that is possible, it is state_trouble.
 */
void state_look(struct state *, uint64_t incarnation, swim_time now);
/* True once after the directory was opened anew: what others keep in it is to be written again. */
bool state_take_renewed(struct state *);

/* What to begin with: above all that was used before, as far as that is known. */
uint64_t state_incarnation(const struct state *);

/*
 * Further blocks are written by a child process, ahead of their use: fsync may take as long as it likes, and the loop
 * must not wait for it.  `done` is called when one is on the disk, or could not be.  False: out of memory.
 */
bool state_start(struct state *, struct event_base *, void (*done)(void *ctx), void *ctx);

/*
 * Call before anything is sent: may it be, at this incarnation?  False while the block that it is in is on its way to
 * the disk, as after a leap: ask again when `done` is called, and at state_deadline.  When the disk fails or takes
 * too long, that is remembered and tried again 10 s later; meanwhile the answer is true, for a daemon that is silent
 * for want of disk is a dead one to the others.
 */
bool state_reserve(struct state *, uint64_t incarnation, swim_time now);
swim_time state_deadline(const struct state *); /* or NEVER */

/* The directory, for others who keep something there.  The descriptor is valid until the state looks again. */
const char *state_dir(const struct state *);
int state_dir_fd(const struct state *);
bool state_is_lost(
    const struct state *); /* it is not the one at its path, so nothing is to be written */

/*
 * A file of the directory turned out to belong to another member: rename it to its name with ".aside" appended, so that an
 * operator finds it, and use nothing of it.  state_aside returns the paths of all such files, for the log, and the owner of
 * the first of them; NULL where there is none.
 */
void state_set_aside(struct state *, const char *name, const struct owner *whose);
const char *state_aside(const struct state *, const struct owner **whose);
const struct owner *state_owner(const struct state *);
/* The stored incarnation was another member's: then files that name no owner are its files too. */
bool state_is_foreign(const struct state *);

/* What was wrong with the stored state when the directory was opened (a sentence), or NULL. */
const char *state_warning(const struct state *);
/* What is wrong with the directory now (a sentence), or NULL. */
const char *state_trouble(const struct state *);
/* Is this child of the process one that writes for it? */
bool state_owns(const struct state *, pid_t child);

#endif
