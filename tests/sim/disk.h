/* SPDX-License-Identifier: MIT */
/*
 * A simulated disk with the files of a state directory.  Faults: a write is slow or fails; a crash loses the last write
 * although the disk said that it was synced; the file is an old version, or damaged.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

/* The files: of daemon/reserve.h and of daemon/snapshot.h. */
enum disk_name { DISK_INCARNATION, DISK_MEMBERS, DISK_FILES };

struct disk_content {
	char *text;
	size_t len; /* 0: there is no file */
};

struct disk_file {
	struct disk_content now;     /* what a reader finds */
	struct disk_content before;  /* the version that `now` replaced */
	struct disk_content writing; /* the version that is being written, synced and renamed */
	bool busy;                   /* a write is under way */
};

struct disk {
	struct disk_file files[DISK_FILES];
	/* Set by a scenario: */
	swim_duration takes; /* time from the beginning of a write until it is durable */
	int error;           /* errno of each write; 0: writes succeed */
	bool forgets;        /* a crash loses the last write, although it was synced */
};

/* Replaces the disk by an empty one without faults. */
void disk_clear(struct disk *);

/* The content of the file, of *len bytes; NULL: there is no file. */
const char *disk_read(const struct disk *, enum disk_name, size_t *len);
/* Begins a write; only one of a file may be under way. */
void disk_write(struct disk *, enum disk_name, const char *text, size_t len);
/* Ends the write.  Returns 0 or -errno. */
int disk_written(struct disk *, enum disk_name);
/* The machine or the process crashes: writes that are under way have no effect.  True: a synced write is lost. */
bool disk_crash(struct disk *);

/* A scenario replaces the file; `len` 0 removes it. */
void disk_put(struct disk *, enum disk_name, const char *text, size_t len);
/* Restores the version of each file before its last write, as an operator does from a backup. */
void disk_restore_old(struct disk *);

#endif
