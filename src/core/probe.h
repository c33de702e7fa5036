/* SPDX-License-Identifier: MIT */
/* The failure detector: probing, and asking others to probe. */
#ifndef SWIMD_CORE_PROBE_H
#define SWIMD_CORE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/question.h"
#include "core/swim.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

#define RTT_FEW 4 /* fewer measurements than this say too little of how much round trips vary */
/* The smoothed round trip, and the mean deviation of round trips from it. */
struct rtt {
	swim_duration smoothed, deviation;
};

/* The probe of this period. */
struct probe {
	struct member *target;
	/*
	 * The questions to the target at the address `first`, to the target at `second`, and to helpers.  `direct` and
	 * `others` are open until the probe ends.  At the deadline of `direct` helpers are asked.  At the deadline of
	 * `others` the probe ends.
	 */
	struct question direct, elsewhere, others;
	struct swim_addr first;  /* the address in use for the target when the probe began */
	struct swim_addr second; /* another address that was asked too; family 0: none yet */
	unsigned asked;          /* helpers that have been asked */
	unsigned nacks;          /* helpers that have sent a nack */
};

/* Begin the next probe if it is due.  The deadline is the time of the next call. */
void probe_tick(struct swim *);
swim_time probe_deadline(const struct swim *);
/* End the questions of probe.c, link.c and path.c to this member, and forget its unanswered syncs. */
void probe_forget(struct swim *, struct member *);
/* The speaker of the datagram at hand is in this period.  Our next period is not before it. */
void probe_period_seen(struct swim *, const struct input *, uint32_t period);
/* End the probe under way, if there is one. */
void probe_end(struct swim *);
/* Handles a direct answer to the probe.  The answer of another member than the target is used only if that is unnamed. */
struct answer probe_answered(struct swim *, const struct input *, struct question *);
/* Handles the answer of a helper to the probe: the target has answered the helper. */
struct answer probe_answered_to_others(struct swim *, const struct input *, struct question *);
/* The target has not answered us in time: ask helpers. */
void probe_unanswered(struct swim *, const struct input *, struct question *);
/* The target has not answered helpers in time either: the probe has failed. */
void probe_unanswered_by_others(struct swim *, const struct input *, struct question *);
/* Is this the number of a question to helpers, which answer for the member that the question is about? */
bool probe_is_indirect(const struct swim *, uint64_t seq);
/* The speaker of the datagram at hand, a helper, has passed a question of ours on to m, and m has answered the helper. */
void probe_helped(struct swim *, const struct input *, struct member *m);
/* The datagram at hand came from m, from an address of m that we know. */
void probe_heard(const struct swim *, const struct input *, struct member *m);
/* Counts the nack of a helper, if it answers our ping-req of this period. */
void probe_nack(struct swim *, const struct input *);
/* A ping that was sent once, at the time `sent`, has been answered now, by m.  NULL: it is not known by whom. */
void probe_measure(struct swim *, struct member *m, swim_time sent);
/*
 * Ping a known member, for any purpose.  The suspicion or death that we hold of the member comes first, so that the member
 * can refute it; rumours follow.  A suspect is pinged at a second address too, if it has one.
 */
void probe_ping(struct swim *, struct member *, uint64_t seq);
/* The same, at this address only. */
void probe_ping_at(struct swim *, struct member *, const struct swim_addr *, uint64_t seq);
/* How long to wait for a direct answer of the member. */
swim_duration probe_patience(const struct swim *, const struct member *);
/* How long a healthy member with our settings waits for its helpers. */
swim_duration probe_others_wait(const struct swim *);
/* Ask a few helpers to ping the target, and tell them that we wait for `wait`.  Their answers have the number `seq`. */
void probe_ask_others(struct swim *, struct member *target, uint64_t seq, swim_duration wait);
/* Is this id the name of the member? */
bool probe_same_id(struct wire_str id, const struct member *);
/* Ping one dead member, if `reconnect_at` has come. */
void probe_reconnect(struct swim *);
/* The tick is this late.  If that means that the process stood still, void the open questions, and move what is due. */
void probe_check_stall(struct swim *, swim_duration late);

#endif
