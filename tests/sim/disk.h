/* SPDX-License-Identifier: MIT */
/*
 * A simulated disk with the one file that a state directory has of incarnations, and what may go wrong with it: writes that
 * take their time or fail, a crash that loses what was not synced or what a disk without a working sync only said to have,
 * an old version, damage.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/time.h"
#include "daemon/reserve.h"

struct disk_file {
	size_t len; /* 0: there is none */
	char text[RESERVE_TEXT_MAX];
};

struct disk {
	struct disk_file now;     /* what a reader finds */
	struct disk_file before;  /* the version that `now` replaced */
	struct disk_file writing; /* what is being written, synced and renamed */
	bool busy;                /* it is */
	/* By the scenario: */
	swim_duration takes; /* a write, from its beginning until it is durable */
	int error;           /* errno of each write; 0: they succeed */
	bool forgets; /* it says that it has synced, and has lost the last write after a crash */
};

/* The length of the file, or -1 where there is none. */
ssize_t disk_read(const struct disk *, char text[RESERVE_TEXT_MAX]);
/* Begin to write; one at a time.  disk_written ends it and returns 0 or -errno. */
void disk_write(struct disk *, const char *text, size_t len);
int disk_written(struct disk *);
/* The machine crashes, or the process is gone: the write under way has not taken place.  True: something that was synced is lost. */
bool disk_crash(struct disk *);

/* By hand: another content, or none. */
void disk_put(struct disk *, const char *text, size_t len);
/* The version before the last write, as of a backup. */
void disk_restore_old(struct disk *);

#endif
