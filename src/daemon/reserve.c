/* SPDX-License-Identifier: MIT */
#include "daemon/reserve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rule.h"

/* The next block is written when only so many incarnations of the current block are left. */
#define AHEAD (RESERVE_BLOCK / 2)
/* Longest time that datagrams wait for a write: less than probe_timeout of the profile lan. */
#define HOLD_MS 200
#define RETRY_S 10 /* after a failed write */
/* Between two checks that the open directory is still at its path. */
#define LOOK_S 10

/* --------------------------------------------------------------------------------------- the file */

/* Parses "123\n" and an optional owner's line.  False: the text is anything else. */
static bool
reserve_parse_text(const char *text, size_t len, uint64_t *out, struct owner *whose)
{
	const char *newline = memchr(text, '\n', len);
	size_t digits = newline != NULL ? (size_t)(newline - text) : 0, rest;
	uint64_t n = 0;

	if (digits == 0)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(text[i] - '0'), &n))
			return false;
	}
	rest = len - digits - 1;
	if (rest > 0 && (text[len - 1] != '\n' || !owner_parse(newline + 1, rest - 1, whose)))
		return false;
	*out = n;
	return true;
}

enum reserve_found
reserve_parse(const struct owner *self, const char *text, size_t len, uint64_t *stored,
    struct owner *whose)
{
	uint64_t bound;

	*stored = 0;
	*whose = (struct owner){0};
	if (!reserve_parse_text(text, len, &bound, whose))
		return RESERVE_DAMAGED;
	if (owner_is_known(whose) && !owner_equal(whose, self))
		return RESERVE_FOREIGN;
	/* No member ever uses so many incarnations.  A member at such a bound could soon no longer refute its death. */
	if (RULE(damage_is_no_number) && UINT64_MAX - bound <= RESERVE_ROOM)
		return RESERVE_SPENT;
	*stored = bound;
	return RESERVE_OWN;
}

static size_t
reserve_format(const struct reserve *r, char text[RESERVE_TEXT_MAX])
{
	size_t len = (size_t)snprintf(text, RESERVE_DIGITS_MAX + 1, "%" PRIu64 "\n", r->writing);

	return len + owner_put(&r->self, text + len);
}

static uint64_t
reserve_block_above(uint64_t incarnation)
{
	return incarnation > UINT64_MAX - RESERVE_BLOCK ? UINT64_MAX : incarnation + RESERVE_BLOCK;
}

/* -------------------------------------------------------------------------------------- beginning */

bool
reserve_is_disk_fault(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EROFS || error == EIO ||
	       error == EFBIG;
}

static void
reserve_trouble(struct reserve *r, swim_time now)
{
	r->troubled = true;
	r->next_try = swim_time_add(now, swim_seconds(RETRY_S));
}

size_t
reserve_begin(struct reserve *r, const struct owner *self, uint64_t stored, swim_time now,
    char text[RESERVE_TEXT_MAX])
{
	*r = (struct reserve){
	    .self = *self,
	    .incarnation = RULE(start_at_bound) ? stored : stored / 2,
	    .bound = stored,
	    .writing = reserve_block_above(stored),
	    .next_look = swim_time_add(now, swim_seconds(LOOK_S)),
	    .held = SWIM_TIME_NEVER,
	};
	return reserve_format(r, text);
}

bool
reserve_begun(struct reserve *r, int error, swim_time now)
{
	if (error != 0 && !reserve_is_disk_fault(-error))
		return false;
	if (error == 0)
		r->bound = r->writing;
	else
		reserve_trouble(r, now);
	return true;
}

/* ------------------------------------------------------------------------------------ the directory */

/* True: the incarnation is not reserved, or too few incarnations above it are. */
static bool
reserve_is_short(const struct reserve *r, uint64_t incarnation)
{
	if (r->bound == UINT64_MAX)
		return false;
	return incarnation >= r->bound || r->bound - incarnation <= AHEAD;
}

bool
reserve_wants_look(const struct reserve *r, uint64_t incarnation, swim_time now)
{
	bool due = reserve_is_short(r, incarnation) && !swim_time_before(now, r->next_try);

	return !r->busy && (due || swim_time_reached(now, r->next_look));
}

void
reserve_in_place(struct reserve *r, swim_time now)
{
	r->next_look = swim_time_add(now, swim_seconds(LOOK_S));
}

void
reserve_renewed(struct reserve *r, uint64_t stored, swim_time now)
{
	reserve_in_place(r, now);
	if (stored > r->bound)
		r->bound = stored;
	r->lost = false;
	r->unsaved = true;
	r->next_try = now;
}

void
reserve_lost(struct reserve *r, swim_time now)
{
	reserve_in_place(r, now);
	r->lost = r->troubled = true;
	r->next_try = r->next_look;
}

/* ---------------------------------------------------------------------------------------- writing */

bool
reserve_wants_write(const struct reserve *r, uint64_t incarnation, swim_time now)
{
	return !r->busy && !r->lost && !swim_time_before(now, r->next_try) &&
	       (r->unsaved || reserve_is_short(r, incarnation));
}

/*
 * The new bound is a block above the current bound, or above the incarnation if that is higher.  A directory that was opened
 * again gets the current bound, if that is above the incarnation.
 */
size_t
reserve_write(struct reserve *r, uint64_t incarnation, swim_time now, char text[RESERVE_TEXT_MAX])
{
	if (!r->unsaved || incarnation >= r->bound)
		r->writing = reserve_block_above(incarnation < r->bound ? r->bound : incarnation);
	else
		r->writing = r->bound;
	r->began = now;
	r->busy = true;
	return reserve_format(r, text);
}

void
reserve_written(struct reserve *r, int error)
{
	r->busy = false;
	if (error == 0) {
		r->bound = r->writing;
		r->unsaved = r->troubled = false;
	} else {
		reserve_trouble(r, r->began);
	}
}

/* --------------------------------------------------------------------------------------- speaking */

enum reserve_speech
reserve_speech(struct reserve *r, uint64_t incarnation, swim_time now)
{
	enum reserve_speech speech = RESERVE_SPEAK;

	if (incarnation < r->bound || r->bound == UINT64_MAX) {
		r->held = SWIM_TIME_NEVER;
		return RESERVE_SPEAK;
	}
	if (!r->busy) {
		r->troubled = true;
	} else if (!r->troubled) {
		if (swim_time_is_never(r->held))
			r->held = now;
		if (swim_time_before(now, reserve_deadline(r)))
			return RULE(reserve_before_speech) ? RESERVE_HOLD : RESERVE_SPEAK;
		reserve_trouble(r, now);
		speech = RESERVE_SLOW;
	}
	r->held = SWIM_TIME_NEVER;
	return speech;
}

swim_time
reserve_deadline(const struct reserve *r)
{
	return swim_time_is_never(r->held) ? SWIM_TIME_NEVER
					   : swim_time_add(r->held, swim_ms(HOLD_MS));
}
