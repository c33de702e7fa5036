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

#define RTT_FEW 4 /* measurements that say too little of how much they vary */
/* Round trips, smoothed, and their mean deviation. */
struct rtt {
	swim_duration smoothed, deviation;
};

/* The probe of this period. */
struct probe {
	struct member *target;
	/*
	 * The questions to the target at `first` and at `second`, and the one to others.  `direct` and `others` are open until
	 * the probe ends.  At the deadline of `direct` others are asked; that of `others` is the end of the probe.
	 */
	struct question direct, elsewhere, others;
	struct swim_addr first, second; /* where it was asked; second.family 0: nowhere else yet */
	unsigned asked, nacks;          /* others that have been asked, and their nacks */
};

void probe_tick(struct swim *);
swim_time probe_deadline(const struct swim *);
void probe_forget(struct swim *, struct member *);
void probe_period_seen(struct swim *, const struct input *, uint32_t period);
/* No probe is under way any more. */
void probe_end(struct swim *);
/* The target of this period is alive; if another member answers, only a stand-in counts as answered. */
struct answer probe_answered(struct swim *, const struct input *, struct question *);
/* Others have reached the target of this period, which we have not reached. */
struct answer probe_answered_to_others(struct swim *, const struct input *, struct question *);
/* The target of this period has not answered in time: ask others. */
void probe_unanswered(struct swim *, const struct input *, struct question *);
/* Others have not reached it either: the probe has failed. */
void probe_unanswered_by_others(struct swim *, const struct input *, struct question *);
/* The question of this number went to others, who answer for the member that it is about. */
bool probe_is_indirect(const struct swim *, uint64_t seq);
/* The member that speaks has passed a question of ours on to m, and m has answered it. */
void probe_helped(struct swim *, const struct input *, struct member *m);
/* A datagram of m came from an address where m lives. */
void probe_heard(const struct swim *, const struct input *, struct member *m);
void probe_nack(struct swim *, const struct input *);
/* A ping that was sent once, at that time, has been answered now, by m if that is known (or NULL). */
void probe_measure(struct swim *, struct member *m, swim_time sent);
/*
 * A ping of any kind to a known member.  What we hold against it comes first, so that it can refute;
 * gossip comes along.
 */
void probe_ping(struct swim *, struct member *, uint64_t seq);
/* The same, at this address and nowhere else. */
void probe_ping_at(struct swim *, struct member *, const struct swim_addr *, uint64_t seq);
swim_duration probe_patience(const struct swim *, const struct member *);
/* How long who asks others waits for them, by our constants. */
swim_duration probe_others_wait(const struct swim *);
/* Ask a few others to ping the target; their answers come under `seq`, and are awaited for so long. */
void probe_ask_others(struct swim *, struct member *target, uint64_t seq, swim_duration wait);
bool probe_same_id(struct wire_str id, const struct member *);
void probe_reconnect(struct swim *);
void probe_stalled(struct swim *, swim_duration);

#endif
