/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_BASE_STATUS_H
#define SWIMD_BASE_STATUS_H

#include <stdbool.h>

/*
 * What is believed of a member.  The first three have the numbers they have on the wire; LEFT
 * travels as DEAD with a flag in the trailer, since a base peer knows no "left" (swimd-wire(7)).
 */
enum swim_status {
	SWIM_ALIVE = 0,
	SWIM_SUSPECT = 1,
	SWIM_DEAD = 2,
	SWIM_LEFT = 3,
};
#define SWIM_STATUS_COUNT 4

/* Held for a member that may answer: suspicion passes by itself. */
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
