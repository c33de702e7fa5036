/* SPDX-License-Identifier: MIT */
/*
 * Decides which incarnations a member may use, and when the next ones must be on disk, without I/O.  The caller passes in
 * the bytes that it has read and the outcome of each write, and takes out the bytes to be written.  So the same code runs in
 * swimd, where daemon/state.c reads and writes the files, and in tests/sim over a simulated disk that loses writes.
 *
 * The file has a bound above each incarnation that this member ever sent to others, and the owner's line (daemon/owner.h):
 *
 *	12
 *	of db1 production
 *
 * A start takes the stored bound as its first incarnation and stores a bound RESERVE_BLOCK above that.  While the member
 * runs, a higher bound is stored before the reserved incarnations are used up.  No incarnation is sent to others before the
 * disk has a bound above it.
 */
#ifndef SWIMD_DAEMON_RESERVE_H
#define SWIMD_DAEMON_RESERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "daemon/owner.h"

/*
 * Incarnations in a block, which is reserved by one write.  A restart after a crash skips the unused rest of the block.  So
 * blocks are small: a base peer refuses an incarnation more than 16 above the one that it knows.
 */
#define RESERVE_BLOCK 4
/* A stored bound with at most so many incarnations above it counts as damaged: too few are left for refutations. */
#define RESERVE_ROOM 64

#define RESERVE_DIGITS_MAX 21 /* bytes of the longest number and a newline */
/* Bytes of the longest text, and two more, so that a longer file is noticed. */
#define RESERVE_TEXT_MAX (RESERVE_DIGITS_MAX + OWNER_LINE_MAX + 2)

struct reserve {
	struct owner self;
	uint64_t incarnation; /* the first one of this run */
	uint64_t bound;       /* this member may use the incarnations below */
	uint64_t writing;     /* the bound of the last or current write */
	bool busy;            /* a write is under way */
	swim_time began;      /* when the last or current write began */
	swim_time next_try;   /* after a failure: earliest time of the next write */
	swim_time next_look;  /* when to check that the open directory is still at its path */
	swim_time held;       /* since when datagrams wait for a write; NEVER: none wait */
	bool unsaved;         /* the directory was opened again and lacks the current bound */
	bool lost;            /* the open directory is not at its path, so nothing is written */
	bool troubled;        /* the last write failed, takes too long, or is not possible */
};

/* What the file of an earlier run is. */
enum reserve_found {
	RESERVE_OWN,     /* a file of this member */
	RESERVE_FOREIGN, /* a file of another member */
	RESERVE_DAMAGED, /* not in the format above */
	RESERVE_SPENT,   /* has a bound that counts as damaged, see RESERVE_ROOM */
};

/*
 * Judges the bytes of the file, of which the caller reads RESERVE_TEXT_MAX at most.  *stored is the bound for reserve_begin,
 * or 0 if the file is not RESERVE_OWN.  With 0, as without a file, this member rises above the incarnation that other members
 * remember.  *whose is the owner that the file names; for a file without an owner's line, owner_is_known is false.
 */
enum reserve_found reserve_parse(const struct owner *self, const char *text, size_t len,
    uint64_t *stored, struct owner *whose);

/*
 * Starts with the stored bound (0: none).  Writes into `text` what must be on disk before the member sends anything, and
 * returns its length.
 */
size_t reserve_begin(struct reserve *, const struct owner *self, uint64_t stored, swim_time now,
    char text[RESERVE_TEXT_MAX]);
/*
 * Takes the outcome of that write, 0 or -errno.  False: the member must not start before an operator has repaired something.
 * But the member starts with a full, broken or read-only disk, although it may then have to refute what others remember of
 * an earlier run.
 */
bool reserve_begun(struct reserve *, int error, swim_time now);

/*
 * Before anything is sent: call reserve_wants_look; if it is true, look at the directory and report what was found; then call
 * reserve_wants_write; if it is true, call reserve_write and write the text; then call reserve_speech.
 */
/* True: check whether the open directory is still at its path. */
bool reserve_wants_look(const struct reserve *, uint64_t incarnation, swim_time now);
/* The directory is at its path. */
void reserve_in_place(struct reserve *, swim_time now);
/* The directory at the path was opened instead; its file has the bound `stored` (0: none). */
void reserve_renewed(struct reserve *, uint64_t stored, swim_time now);
/* No directory at the path can be opened. */
void reserve_lost(struct reserve *, swim_time now);
/* True: a write is due.  Only one write is under way at a time. */
bool reserve_wants_write(const struct reserve *, uint64_t incarnation, swim_time now);
/* Writes into `text` what to write to the file, and returns its length.  The caller reports the outcome to reserve_written. */
size_t reserve_write(struct reserve *, uint64_t incarnation, swim_time now,
    char text[RESERVE_TEXT_MAX]);
/* Takes the outcome of the write, 0 or -errno. */
void reserve_written(struct reserve *, int error);

/*
 * Tells whether datagrams may be sent at the incarnation.  RESERVE_HOLD: its block is being written, as after a large rise;
 * ask again after the write and at reserve_deadline.  RESERVE_SLOW, once for each slow write: yes, although the disk takes
 * too long.  The answer is also yes when the disk fails, since others would declare a silent member dead.
 */
enum reserve_speech { RESERVE_SPEAK, RESERVE_HOLD, RESERVE_SLOW };
enum reserve_speech reserve_speech(struct reserve *, uint64_t incarnation, swim_time now);
/* When RESERVE_HOLD ends; NEVER: datagrams do not wait. */
swim_time reserve_deadline(const struct reserve *);

/* True for the errno of a full, read-only or broken disk, which is not a mistake of an operator and may pass. */
bool reserve_is_disk_fault(int error);

#endif
