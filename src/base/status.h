/* SPDX-License-Identifier: MIT */
/* The statuses that a member may have, and their names. */
#ifndef SWIMD_BASE_STATUS_H
#define SWIMD_BASE_STATUS_H

#include <stdbool.h>

/*
 * What a member is believed to be.  The first three have the same numbers as on the wire; LEFT travels as DEAD with a
 * flag in the trailer, because a base peer does not know "left" (swimd-wire(7)).
 */
enum swim_status {
	SWIM_ALIVE = 0,
	SWIM_SUSPECT = 1,
	SWIM_DEAD = 2,
	SWIM_LEFT = 3,
};
#define SWIM_STATUS_COUNT 4

/* True for a member that may still answer: alive, or suspect, since a suspicion can be refuted. */
static inline bool
swim_status_is_live(enum swim_status status)
{
	return status == SWIM_ALIVE || status == SWIM_SUSPECT;
}

/* "alive", "suspect", "dead" or "left"; a static string. */
const char *swim_status_name(enum swim_status);

/* The inverse; false when `name` is none of the four. */
bool swim_status_parse(const char *name, enum swim_status *out);

#endif
