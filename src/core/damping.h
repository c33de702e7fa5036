/* SPDX-License-Identifier: MIT */
/* Flap damping: what a member does if it is declared dead again and again, though it lives. */
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
struct damping {
	bool on_trial;         /* we are held dead, and are on trial */
	unsigned returns;      /* how often we have returned lately */
	swim_time returned;    /* when we returned last */
	uint64_t deaths_below; /* deaths at lower incarnations are counted in `returns` already */
	bool stalled;          /* we stood still for as long as it takes to be declared dead */
	swim_time went_on;     /* the end of that stall */
	uint64_t than;         /* the highest incarnation at which we are held dead */
	swim_time ends;        /* the end of this trial */
	swim_time ping_at;     /* when the next ping of the trial is sent */
	/* pings of this trial: all, those that were answered, and the last ones in a row that were not */
	unsigned asked, acked, unanswered;
	struct question pings[DAMPING_PINGS]; /* the last pings, used in turn */
};

/* We are held dead at this incarnation: refute at once, or begin a trial if we have returned lately. */
void damping_held_dead(struct swim *, const struct input *, uint64_t than);
/* A speaker that may be mistaken says that we are dead or have left: refute at once, unless we are on trial. */
void damping_hearsay(struct swim *, const struct input *, uint64_t than);
/* We are suspected at this incarnation: refute at once, unless we are on trial or are probably held dead by now. */
void damping_suspected(struct swim *, const struct input *, uint64_t than);
/*
 * A member says that it held us dead at `incarnation`, which is below ours, so that we have returned since.  Count
 * that return, unless the return from this death was counted before.
 */
void damping_was_dead(struct swim *, uint64_t incarnation);
/* We take a new incarnation, for whatever reason: the trial ends, if there is one. */
void damping_end_trial(struct swim *);
/* A ping of our trial was answered. */
struct answer damping_answered(struct swim *, const struct input *, struct question *);
/* The process stood still for so long: note that if others may have declared us dead meanwhile.  A trial begins again. */
void damping_stalled(struct swim *, swim_duration late);
/* On trial, send the next ping, and end or repeat the trial.  The deadline is the time of the next call; NEVER: no trial. */
void damping_tick(struct swim *, const struct input *);
swim_time damping_deadline(const struct swim *);

#endif
