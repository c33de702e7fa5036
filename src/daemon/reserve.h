/* SPDX-License-Identifier: MIT */
/*
 * Which incarnations a member may use, and when the next ones have to be on the disk: the decisions of daemon/state.h,
 * without its files.  The caller reads and writes: it passes in the bytes that it read and the outcome of each write, and
 * takes out the bytes that are to be written.  So the same code runs in swimd over files, and in tests/sim over a simulated
 * disk that loses writes.
 *
 * The file has an upper bound of every incarnation that this member ever told others, and the owner's line (daemon/owner.h):
 *
 *	12
 *	of db1 production
 *
 * A start begins at the stored bound and stores a bound RESERVE_BLOCK above it.  While the member runs, a higher bound is
 * stored before the reserved incarnations are used up, and no incarnation is told before the disk has a bound above it.
 */
#ifndef SWIMD_DAEMON_RESERVE_H
#define SWIMD_DAEMON_RESERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "daemon/owner.h"

/*
 * Incarnations reserved at once.  A restart after a crash skips those that are left of them: a base peer refuses an
 * incarnation more than 16 above the one that it knows.
 */
#define RESERVE_BLOCK 4
/* A stored number with no more incarnations than these above it leaves this member too few to refute with. */
#define RESERVE_ROOM 64

#define RESERVE_DIGITS_MAX 21 /* of a number, and a newline */
#define RESERVE_TEXT_MAX                                                                           \
	(RESERVE_DIGITS_MAX + OWNER_LINE_MAX + 2) /* and room to see that there is more */

struct reserve {
	struct owner self;
	uint64_t incarnation; /* to begin with */
	uint64_t bound;       /* all below it are ours to use */
	uint64_t writing;     /* the bound that is on its way to the disk */
	bool busy;            /* one is */
	swim_time began;      /* when it went */
	swim_time next_try;   /* not before, after a failure */
	swim_time next_look;  /* at whether the directory is still in its place */
	swim_time held;       /* since then an incarnation waits for its block; NEVER: none does */
	bool unsaved;         /* the directory does not have our incarnation */
	bool lost;     /* the directory is not the one at its path, so nothing is to be written */
	bool troubled; /* the last write failed, takes too long, or is not possible */
};

/* What the file of an earlier run means. */
enum reserve_found {
	RESERVE_OWN,     /* it is this member's */
	RESERVE_FOREIGN, /* it is another member's, and says nothing of this one */
	RESERVE_DAMAGED, /* it is no text of ours */
	RESERVE_SPENT,   /* its number leaves too few incarnations above it, so it is damaged */
};

/*
 * Judge the bytes of the file, at most RESERVE_TEXT_MAX of them.  *stored is the bound that counts: 0 unless the file is this
 * member's, for then the others' memory of this member is what it rises above, as it does where there is no file.  *whose is
 * the owner that the file names, or one that owner_is_known denies.
 */
enum reserve_found reserve_parse(const struct owner *self, const char *text, size_t len,
    uint64_t *stored, struct owner *whose);

/*
 * Begin with this stored bound (0: none).  Returns the length of the text that has to be on the disk before the member speaks.
 */
size_t reserve_begin(struct reserve *, const struct owner *self, uint64_t stored, swim_time now,
    char text[RESERVE_TEXT_MAX]);
/*
 * What came of it: 0 or -errno.  A disk that is full, broken or read-only is trouble, with which the member starts all the
 * same: better one that may have to refute an earlier life of its own than none.  False: an operator has to mend it first.
 */
bool reserve_begun(struct reserve *, int error, swim_time now);

/* Call the next four in this order before anything is sent.  Is it time to look whether the directory is in its place? */
bool reserve_wants_look(const struct reserve *, uint64_t incarnation, swim_time now);
/* The outcome of that look: the directory is in its place; another one has been opened, with this bound; or there is none. */
void reserve_in_place(struct reserve *, swim_time now);
void reserve_renewed(struct reserve *, uint64_t stored, swim_time now);
void reserve_lost(struct reserve *, swim_time now);
/* Is a write due?  Only one is under way at a time. */
bool reserve_wants_write(const struct reserve *, uint64_t incarnation, swim_time now);
/* The length of the text to be written; reserve_written has to follow. */
size_t reserve_write(struct reserve *, uint64_t incarnation, swim_time now,
    char text[RESERVE_TEXT_MAX]);
/* What came of the write: 0 or -errno. */
void reserve_written(struct reserve *, int error);

/*
 * May anything be sent at this incarnation?  RESERVE_HOLD while the block that it is in is on its way to the disk, as after a
 * leap: ask again when it is written, and at reserve_deadline.  RESERVE_SLOW is told once: the disk takes too long.  The
 * member then speaks, as it does when the disk fails: one that is silent for want of a disk is dead to the others.
 */
enum reserve_speech { RESERVE_SPEAK, RESERVE_HOLD, RESERVE_SLOW };
enum reserve_speech reserve_speech(struct reserve *, uint64_t incarnation, swim_time now);
swim_time reserve_deadline(const struct reserve *); /* or NEVER */

/* Is this errno of a disk that is full, read-only or broken, which may pass, and no mistake of an operator? */
bool reserve_is_disk_fault(int error);

#endif
