/* SPDX-License-Identifier: MIT */
/*
 * How long to be silent before the name that was lost to another member is tried again.  Whoever starts us anew does so
 * at once, and the other may be there for good: so each loss after another makes the pause longer.  The losses are
 * counted in the state directory, in the file "name-lost": their number, and when the last one was (seconds since the
 * epoch).
 */
#ifndef SWIMD_DAEMON_LOST_NAME_H
#define SWIMD_DAEMON_LOST_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* A loss that much later is the first one again. */
#define LOST_NAME_MEMORY_S 600
#define LOST_NAME_PAUSE_MAX_S 60

/*
 * The name has been lost once more: how many times in a row by now.  Where the file cannot be read it is the first time.
 * Waits for the disk.
 */
unsigned lost_name_count(int dir_fd, int64_t wall_s);
/* Was the name lost less than LOST_NAME_MEMORY_S ago?  Waits for the disk. */
bool lost_name_recently(int dir_fd, int64_t wall_s);
/* 0 for the first, then 2 s, 4 s, ...; a quarter more or less by the `spread`, which is of [0, 1). */
swim_duration lost_name_pause(unsigned count, double spread);

#endif
