/* SPDX-License-Identifier: MIT */
/*
 * Decides when the members are saved for the next run of this member, which of them are saved, and what the members of an
 * earlier run are used for, without I/O.  The caller passes in the bytes of the file and the outcome of each write, and takes
 * out the bytes to be written.  So the same code runs in swimd, where daemon/snapshot_loop.c reads and writes the file, and
 * in tests/sim over a simulated disk.
 *
 * At a start the core gets the members that were dead or had left, so that a restart does not forget them (serf #333).
 * Discovery gets the addresses of members and joins them while this member is alone, so that the members of a cluster that
 * was down as a whole find each other without seeds.
 *
 * The file is written at most once in SNAPSHOT_INTERVAL_S, and once more at the end of the run.
 */
#ifndef SWIMD_DAEMON_SNAPSHOT_H
#define SWIMD_DAEMON_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "core/swim.h"
#include "daemon/members_file.h"
#include "daemon/owner.h"
#include "discovery/source.h"

#define SNAPSHOT_INTERVAL_S 10
/* Live members of the earlier run stay in the file until this member has known other live members for so long. */
#define SNAPSHOT_PEERS_S 60

/* Whose members are saved. */
struct snapshot_of {
	struct swim *swim; /* this member */
	struct discovery_source
	    *known;         /* gets addresses (discovery/known.h); a hub has the source already */
	struct owner self;  /* the names of this member and of its cluster */
	size_t max_members; /* more members are not saved */
	struct swim_timing timing; /* for how long members that ended are remembered */
};

struct snapshot {
	struct snapshot_of of;
	struct members_list earlier; /* members that were alive in the earlier run */
	bool busy;                   /* a write is under way */
	bool stale;                  /* the file lacks a change, even after the current write */
	swim_time next;              /* earliest time of the next write */
	swim_time began;             /* when the last or current write began */
	swim_time due;         /* when to call snapshot_run; NEVER: not before something changes */
	swim_time peers_since; /* since when another member is alive; NEVER: none is */
};

void snapshot_init(struct snapshot *, const struct snapshot_of *);
void snapshot_fini(struct snapshot *);

/* What the file of the earlier run was. */
struct snapshot_found {
	bool out_of_memory;
	bool foreign; /* the file is of another member, and nothing of it was used: set it aside */
	struct owner whose; /* the owner that the file names */
	size_t count;       /* members that were taken up */
	size_t bad_lines;   /* lines that were ignored */
	size_t first_bad;   /* number of the first of them; 0: none */
	const char *why;    /* why the first of them was ignored (static); NULL: none */
};
/*
 * At a start: takes up the members of the file, if there is a file.  `wall_ms` is the time in milliseconds since the epoch.
 * foreign_directory: the other file of the directory is of another member, and so is a file that does not name its owner.
 */
void snapshot_take_up(struct snapshot *, const char *text, size_t len, bool foreign_directory,
    swim_time now, int64_t wall_ms, struct snapshot_found *);

/* Call for each event about another member. */
void snapshot_note(struct snapshot *, const struct swim_event *);
/* The file is gone, or is in another directory: writes all members again, at once. */
void snapshot_renew(struct snapshot *, swim_time now);

/* When to call snapshot_run next. */
swim_time snapshot_deadline(const struct snapshot *);
/* SNAPSHOT_WRITE: write now.  SNAPSHOT_SLOW: the current write takes very long. */
enum snapshot_due { SNAPSHOT_IDLE, SNAPSHOT_WRITE, SNAPSHOT_SLOW };
/* Also gives discovery the addresses to join if this member is ever alone, if a write is due. */
enum snapshot_due snapshot_run(struct snapshot *, swim_time now);

/* Makes the text of the file.  The caller frees text->bytes, and reports to snapshot_began. */
void snapshot_write(struct snapshot *, swim_time now, int64_t wall_ms, struct members_text *text);
/* The write has begun (error 0), or could not begin (-errno): then it is tried again. */
void snapshot_began(struct snapshot *, swim_time now, int error);
/* The write has ended: 0 or -errno; after a failure it is tried again. */
void snapshot_written(struct snapshot *, swim_time now, int error);

/* The number of members that were alive in the earlier run, while this member knows no other live member; else 0. */
size_t snapshot_missing(const struct snapshot *);

#endif
