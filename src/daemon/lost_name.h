/* SPDX-License-Identifier: MIT */
/*
 * Decides how long the process stays silent before it ends because another member has its name.  The service manager
 * starts swimd again at once and the other member may keep the name for good, so each further loss of the name makes the
 * pause longer.  The file "name-lost" in the state directory has the number of losses and the time of the last one (in
 * seconds since the epoch).
 */
#ifndef SWIMD_DAEMON_LOST_NAME_H
#define SWIMD_DAEMON_LOST_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* A loss so long after the previous one counts as the first. */
#define LOST_NAME_MEMORY_S 600
#define LOST_NAME_PAUSE_MAX_S 60

/*
 * Counts one more loss, at the wall time `wall_s`, in the state directory `dir_fd`.  Returns the number of losses in a
 * row: 1 if the file cannot be read.  Waits for the disk.
 */
unsigned lost_name_count(int dir_fd, int64_t wall_s);
/* Tells whether the name was lost in the last LOST_NAME_MEMORY_S seconds.  Waits for the disk. */
bool lost_name_recently(int dir_fd, int64_t wall_s);
/*
 * Returns the pause after loss number `count`: 0 for the first, then 2 s, 4 s, ... up to LOST_NAME_PAUSE_MAX_S, plus or
 * minus a quarter.  `spread`, from 0 to below 1, decides where in this range.
 */
swim_duration lost_name_pause(unsigned count, double spread);

#endif
