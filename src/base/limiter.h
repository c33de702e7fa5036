/* SPDX-License-Identifier: MIT */
/*
 * A limit on how often something of a kind may happen in a window of time.  What exceeds the limit is counted until
 * the caller asks for the count.  For log lines and events, whose number strangers must not decide.
 */
#ifndef SWIMD_BASE_LIMITER_H
#define SWIMD_BASE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

/* Kinds counted apart at once; further ones share the last place. */
#define LIMITER_KINDS 64
#define LIMITER_NAME 96

struct limiter_kind {
	char name[LIMITER_NAME]; /* cut; "" is a free place */
	uint64_t hash;           /* of the whole name */
	swim_time since;         /* the window's begin */
	unsigned taken;          /* in the window */
	uint64_t left_out;       /* since limiter_next last returned this kind */
	int tag;                 /* the caller's tag of the last one left out */
};

struct limiter {
	swim_duration window;
	struct limiter_kind kinds[LIMITER_KINDS];
	uint64_t left_out; /* altogether */
};

void limiter_init(struct limiter *, swim_duration window);
/* May one more of this kind be let through, of `most` in a window?  If not it is counted as left out. */
bool limiter_take(struct limiter *, swim_time now, const char *kind, unsigned most, int tag);
/*
 * A kind whose window is over and of which some were left out, for the caller to report; its count begins anew.  NULL:
 * there is none.  The result is valid until the next call; `left_out` is how many.
 */
const struct limiter_kind *limiter_next(struct limiter *, swim_time now, uint64_t *left_out);

#endif
