/* SPDX-License-Identifier: MIT */
/*
 * A simulated disk with the one file in which a state directory keeps the bound of incarnations.  Faults: a write is slow or
 * fails; a crash loses the last write although the disk said that it was synced; the file is an old version, or damaged.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/time.h"
#include "daemon/reserve.h"

struct disk_file {
	size_t len; /* in bytes; 0: there is no file */
	char text[RESERVE_TEXT_MAX];
};

struct disk {
	struct disk_file now;     /* what a reader finds */
	struct disk_file before;  /* the version that `now` replaced */
	struct disk_file writing; /* the version that is being written, synced and renamed */
	bool busy;                /* a write is under way */
	/* Set by a scenario: */
	swim_duration takes; /* time from the beginning of a write until it is durable */
	int error;           /* errno of each write; 0: writes succeed */
	bool forgets;        /* a crash loses the last write, although it was synced */
};

/* Copies the file into `text` and returns its length; -1: there is no file. */
ssize_t disk_read(const struct disk *, char text[RESERVE_TEXT_MAX]);
/* Begins a write; only one may be under way. */
void disk_write(struct disk *, const char *text, size_t len);
/* Ends the write.  Returns 0 or -errno. */
int disk_written(struct disk *);
/* The machine or the process crashes: a write that is under way has no effect.  True: the last synced write is lost. */
bool disk_crash(struct disk *);

/* A scenario replaces the file; `len` 0 removes it. */
void disk_put(struct disk *, const char *text, size_t len);
/* Restores the version before the last write, as an operator does from a backup. */
void disk_restore_old(struct disk *);

#endif
