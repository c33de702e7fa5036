/* SPDX-License-Identifier: MIT */
/*
 * How long to be silent before this process ends because another member has its name.  The service manager starts it
 * again at once, and the other member may keep the name for good: so each further loss makes the pause longer.  The losses
 * are counted in the state directory, in the file "name-lost": their number, and when the last one was (seconds since the
 * epoch).
 */
#ifndef SWIMD_DAEMON_LOST_NAME_H
#define SWIMD_DAEMON_LOST_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* A loss that comes so long after the one before counts as the first again. */
#define LOST_NAME_MEMORY_S 600
#define LOST_NAME_PAUSE_MAX_S 60

/*
 * Count one more loss of the name; returns how many there were in a row.  Where the file cannot be read this is the first.
 * Waits for the disk.
 */
unsigned lost_name_count(int dir_fd, int64_t wall_s);
/* Was the name lost less than LOST_NAME_MEMORY_S ago?  Waits for the disk. */
bool lost_name_recently(int dir_fd, int64_t wall_s);
/* 0 for the first, then 2 s, 4 s, ...; a quarter more or less by the `spread`, which is of [0, 1). */
swim_duration lost_name_pause(unsigned count, double spread);

#endif
