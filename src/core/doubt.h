/* SPDX-License-Identifier: MIT */
/* Self-doubt: may we accuse others now, and how patient must we be. */
#ifndef SWIMD_CORE_DOUBT_H
#define SWIMD_CORE_DOUBT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "core/loss.h"

struct swim;

#define HEALTH_MAX 8 /* Lifeguard's S */

/* How far this member doubts itself (doubt.c). */
struct doubt {
	unsigned health;         /* Lifeguard's local health multiplier: 0 is best */
	swim_time strain_at;     /* from then on doubt_strain counts again */
	struct loss loss;        /* share of our questions that are lost */
	bool stalled;            /* we stood still, and have not heard an answer since */
	unsigned stall_failures; /* probes failed meanwhile */
	swim_time heard;         /* when last a datagram came that was taken */
	swim_time hearing_since; /* and the first after a silence */
};

void doubt_init(struct swim *);
/* Our own part of a probe failed (Lifeguard IV.A); or an answer, or somebody else's finding, shows that it works. */
void doubt_worsen(struct swim *);
void doubt_improve(struct swim *);
/* Something other than a probe says that we are slow or miss datagrams; counts once a probe interval at most. */
void doubt_strain(struct swim *);
/* A datagram came that was taken. */
void doubt_heard(struct swim *);
/* A question to a member that lives was answered, or was not in time: it or its answer was lost. */
void doubt_question_answered(struct swim *);
void doubt_question_lost(struct swim *);
/* A tick this late means that the process stood still. */
bool doubt_is_stall(const struct swim *, swim_duration late);
/* The process stood still: until a probe is answered, or several have failed, no failure is believed. */
void doubt_stood_still(struct swim *);
/* A probe of ours was answered. */
void doubt_probe_answered(struct swim *);
/* Our loop is so late that the time of an answer says nothing of the path. */
bool doubt_is_late(const struct swim *);
/* How long to wait for an answer that takes so long when we are well. */
swim_duration doubt_stretch(const struct swim *, swim_duration);
/* The same of the probe interval, by half as much: who has lost all others has to find that out in time. */
swim_duration doubt_stretch_period(const struct swim *, swim_duration period);
/* False: we have just stood still, so that a silence says nothing of others. */
bool doubt_may_accuse(const struct swim *);
/* A probe has failed.  True: we have just stood still, and the failure counts for nothing. */
bool doubt_excuses_failure(struct swim *);
/* May no verdict fall on a member that has been suspected since then?  We hear nobody, or are held dead ourselves. */
bool doubt_forbids_verdict(const struct swim *, swim_time since);
/* How many questions in a row have to stay without an answer to say something of their member. */
unsigned doubt_questions(const struct swim *);
/* The same before the verdict on a member that has been suspected since then. */
unsigned doubt_questions_before_verdict(const struct swim *, swim_time since);

#endif
