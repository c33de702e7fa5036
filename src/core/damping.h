/* SPDX-License-Identifier: MIT */
/* Coming back after having been declared dead, again and again. */
#ifndef SWIMD_CORE_DAMPING_H
#define SWIMD_CORE_DAMPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "core/question.h"

struct answer;
struct input;
struct question;
struct swim;

#define DAMPING_PINGS 32
/* What we do to return from the dead, for the second time and later. */
struct damping {
	bool condemned; /* held dead, and on trial */
	unsigned returns;
	swim_time returned;    /* last */
	uint64_t deaths_below; /* deaths at lower incarnations are */
	bool stalled;          /* still, for as long as it takes to be declared dead, */
	swim_time went_on;     /* until then */
	uint64_t than;         /* the incarnation to rise above */
	swim_time ends, ping_at;
	unsigned asked, acked, unanswered;
	struct question pings[DAMPING_PINGS];
};

/* We are held dead at `than`: refute it, now or once we are well. */
void damping_condemned(struct swim *, const struct input *, uint64_t than);
/* We are said to be dead or to have left at `than`, by who need not know. */
void damping_hearsay(struct swim *, const struct input *, uint64_t than);
/* We are suspected at `than`. */
void damping_suspected(struct swim *, const struct input *, uint64_t than);
/*
 * A member says that it held us dead at `incarnation`, which is below ours, so that we have returned since.  Count
 * that return, unless the return from this death was counted before.
 */
void damping_was_dead(struct swim *, uint64_t incarnation);
/* We return for another reason. */
void damping_acquit(struct swim *);
bool damping_doubts_us(const struct swim *);
/* One answer more for our trial. */
struct answer damping_answered(struct swim *, const struct input *, struct question *);
void damping_stalled(struct swim *, swim_duration late);
void damping_tick(struct swim *, const struct input *);
swim_time damping_deadline(const struct swim *);

#endif
