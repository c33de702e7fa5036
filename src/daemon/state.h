/* SPDX-License-Identifier: MIT */
/*
 * Keeps on disk a bound above all incarnations that this member ever used, so that after a restart the member starts above
 * what other members remember.  Incarnations are reserved in blocks, each of which is on disk before its first incarnation
 * is sent; so most rises cost no write.  daemon/reserve.h makes the decisions, daemon/state.c does the I/O.
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
 * Opens and locks the directory for the member `self`, and reserves a first block.  Returns 0 with *out, which the caller
 * frees, or an exit status (sysexits.h) with the error text, which names the path, in `fault` (FAULT_MAX bytes).  A full,
 * broken or read-only disk is not an error; state_trouble tells of it.
 */
int state_open(const char *dir, const struct owner *self, swim_time now, struct state **out,
    char *fault);
void state_free(struct state *);

/*
 * Checks that the open directory is still at its path and has its files: while swimd runs, the directory may be removed,
 * renamed, emptied or mounted over.  If the check fails, the directory at the path is opened with the checks of state_open
 * and gets the bound; until that is possible, state_trouble tells why.  state_reserve makes the same check every 10 s and
 * before each write.
 */
void state_look(struct state *, uint64_t incarnation, swim_time now);
/* True once after the directory was opened again: then other parts write their files again. */
bool state_take_renewed(struct state *);

/* Returns the first incarnation of this run, above all that earlier runs used as far as the directory tells. */
uint64_t state_incarnation(const struct state *);

/*
 * Lets further blocks be written by a child process, before they are needed, so that the loop does not wait for the disk.
 * `done` is called after each write, whether or not it failed.  False: out of memory.
 */
bool state_start(struct state *, struct event_base *, void (*done)(void *ctx), void *ctx);

/*
 * Call before anything is sent.  True: datagrams may be sent at this incarnation.  False: its block is being written, as
 * after a large rise; ask again when `done` is called and at state_deadline.  After a failed or slow write the answer is
 * true, since others would declare a silent member dead; then state_trouble tells why, and 10 s later the write is tried again.
 */
bool state_reserve(struct state *, uint64_t incarnation, swim_time now);
/* When to ask again after state_reserve was false; NEVER: it was not. */
swim_time state_deadline(const struct state *);

/* The path of the directory. */
const char *state_dir(const struct state *);
/* A descriptor of the directory, for other parts that keep files there; valid until the next check of state_look. */
int state_dir_fd(const struct state *);
/* True: the open directory is not at its path, so nothing is to be written into it. */
bool state_is_lost(const struct state *);

/*
 * Call for a file of the directory that belongs to another member, `whose`: appends ".aside" to its name, so that an operator
 * finds the file.
 */
void state_set_aside(struct state *, const char *name, const struct owner *whose);
/* Returns the paths of all files set aside, for the log, with the owner of the first in *whose; NULL: there are none. */
const char *state_aside(const struct state *, const struct owner **whose);
/* This member. */
const struct owner *state_owner(const struct state *);
/* True: the stored bound was of another member, so files without an owner's line belong to that member too. */
bool state_is_foreign(const struct state *);

/* What was wrong with the stored bound when the directory was opened (a sentence), or NULL. */
const char *state_warning(const struct state *);
/* What is wrong with the directory now (a sentence), or NULL. */
const char *state_trouble(const struct state *);
/* Tells whether the child process writes for the state. */
bool state_owns(const struct state *, pid_t child);

#endif
