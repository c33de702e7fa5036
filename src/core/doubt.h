/* SPDX-License-Identifier: MIT */
/* Self-doubt: may this member accuse others now, and how patient must it be? */
#ifndef SWIMD_CORE_DOUBT_H
#define SWIMD_CORE_DOUBT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "core/loss.h"

struct swim;

#define HEALTH_MAX 8 /* Lifeguard's S */

/* What this member has measured of itself. */
struct doubt {
	unsigned health;         /* Lifeguard's local health multiplier; 0 is best */
	swim_time strain_at;     /* doubt_strain() does nothing before */
	struct loss loss;        /* the share of our questions that are lost */
	bool stalled;            /* we stood still, and no probe has been answered since */
	unsigned stall_failures; /* probes that failed since then */
	swim_time heard;         /* when the last datagram was taken */
	swim_time hearing_since; /* when the first datagram after the last silence was taken */
};

void doubt_init(struct swim *);
/* Our own part of a probe failed (Lifeguard IV.A): raise the health multiplier. */
void doubt_worsen(struct swim *);
/* An answer, or the same finding by another member, shows that our own part works: lower the health multiplier. */
void doubt_improve(struct swim *);
/* Something other than a probe shows that we are slow or miss datagrams.  Counts at most once in a probe interval. */
void doubt_strain(struct swim *);
/* A datagram was taken. */
void doubt_heard(struct swim *);
/* A question to a member that is alive was answered. */
void doubt_question_answered(struct swim *);
/* A question to a member that is alive was not answered in time: the question or its answer was lost. */
void doubt_question_lost(struct swim *);
/* Does a tick that is so late mean that the process stood still? */
bool doubt_is_stall(const struct swim *, swim_duration late);
/* The process stood still: until a probe is answered, or several have failed, a probe that fails accuses nobody. */
void doubt_stood_still(struct swim *);
/* A probe of ours was answered. */
void doubt_probe_answered(struct swim *);
/* Is our loop so late that the time of an answer does not measure the path? */
bool doubt_is_late(const struct swim *);
/* `wait`, which is the wait of a healthy member, stretched by our health: (health + 1) times as long. */
swim_duration doubt_stretch(const struct swim *, swim_duration wait);
/* The probe interval, stretched by half as much as a wait: a member that lost all others has to find that out in time. */
swim_duration doubt_stretch_period(const struct swim *, swim_duration period);
/* False: we have just stood still, so the silence of others may be our own fault. */
bool doubt_may_accuse(const struct swim *);
/* A probe has failed.  True: we have just stood still, so the failure accuses nobody. */
bool doubt_excuses_failure(struct swim *);
/* Is our verdict on a member that became suspect at `since` forbidden, because we have been hearing nobody? */
bool doubt_forbids_verdict(const struct swim *, swim_time since);
/* How many questions in a row have to stay unanswered before the member that was asked counts as silent. */
unsigned doubt_questions(const struct swim *);
/* The same for our verdict on a member that became suspect at `since`. */
unsigned doubt_questions_before_verdict(const struct swim *, swim_time since);

#endif
