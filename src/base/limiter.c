/* SPDX-License-Identifier: MIT */
#include "base/limiter.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

void
limiter_init(struct limiter *limiter, swim_duration window)
{
	*limiter = (struct limiter){.window = window};
}

static bool
limiter_over(const struct limiter *limiter, const struct limiter_kind *kind, swim_time now)
{
	return swim_time_since(now, kind->since).ns >= limiter->window.ns;
}

/*
 * Returns the place of this kind: the kind's own place, or else a place that is free, or whose window is over and
 * which has nothing to report, or else the last place.
 */
static struct limiter_kind *
limiter_find(struct limiter *limiter, swim_time now, const char *name)
{
	uint64_t hash = hash64_end(hash64_bytes(HASH64_START, name, strlen(name)));
	struct limiter_kind *vacant = NULL;

	for (size_t i = 0; i < LIMITER_KINDS; i++) {
		struct limiter_kind *kind = &limiter->kinds[i];

		if (kind->name[0] != '\0' && kind->hash == hash)
			return kind;
		if (vacant == NULL &&
		    (kind->name[0] == '\0' ||
			(kind->left_out == 0 && limiter_over(limiter, kind, now))))
			vacant = kind;
	}
	if (vacant == NULL)
		return &limiter->kinds[LIMITER_KINDS - 1];
	*vacant = (struct limiter_kind){.hash = hash, .since = now};
	snprintf(vacant->name, sizeof(vacant->name), "%s", name);
	return vacant;
}

bool
limiter_take(struct limiter *limiter, swim_time now, const char *name, unsigned most, int tag)
{
	struct limiter_kind *kind = limiter_find(limiter, now, name);

	if (limiter_over(limiter, kind, now)) {
		kind->since = now;
		kind->taken = 0;
	}
	if (kind->taken < most) {
		kind->taken++;
		return true;
	}
	kind->left_out++;
	kind->tag = tag;
	limiter->left_out++;
	return false;
}

const struct limiter_kind *
limiter_next(struct limiter *limiter, swim_time now, uint64_t *left_out)
{
	for (size_t i = 0; i < LIMITER_KINDS; i++) {
		struct limiter_kind *kind = &limiter->kinds[i];

		if (kind->left_out == 0 || !limiter_over(limiter, kind, now))
			continue;
		*left_out = kind->left_out;
		kind->left_out = 0;
		return kind;
	}
	return NULL;
}
