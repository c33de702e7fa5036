/* SPDX-License-Identifier: MIT */
/*
 * Limits how often something of a kind may happen in a window of time.  The limiter counts what exceeds the limit
 * until the caller asks for the count.  It serves log lines and events: strangers must not decide how many of them
 * there are.
 */
#ifndef SWIMD_BASE_LIMITER_H
#define SWIMD_BASE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

/* So many kinds have a place each; all further kinds share the last place. */
#define LIMITER_KINDS 64
#define LIMITER_NAME 96

struct limiter_kind {
	char name[LIMITER_NAME]; /* the kind's name, perhaps cut; "" marks a free place */
	uint64_t hash;           /* of the whole name */
	swim_time since;         /* when the window began */
	unsigned taken;          /* how many were let through in this window */
	uint64_t left_out;       /* since limiter_next last returned this kind */
	int tag;                 /* the caller's tag of the last event that was left out */
};

struct limiter {
	swim_duration window;
	struct limiter_kind kinds[LIMITER_KINDS];
	uint64_t left_out; /* of all kinds together */
};

void limiter_init(struct limiter *, swim_duration window);
/*
 * Tell whether one more of this kind may be let through, when a window allows `most`.  If not, the limiter counts it
 * as left out.
 */
bool limiter_take(struct limiter *, swim_time now, const char *kind, unsigned most, int tag);
/*
 * Returns a kind whose window is over and of which some were left out, so that the caller can report how many
 * (`left_out`); the kind's count begins at 0 again.  NULL when there is no such kind.  The result is valid until the
 * next call.
 */
const struct limiter_kind *limiter_next(struct limiter *, swim_time now, uint64_t *left_out);

#endif
