/* SPDX-License-Identifier: MIT */
/* Contests: two members of one name, and which of them keeps it. */
#ifndef SWIMD_CORE_CLAIM_H
#define SWIMD_CORE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct input;
struct inquiry;
struct swim;

/* Who keeps our name, as far as a contest shows. */
enum claim_end {
	CLAIM_WE_STAY, /* we keep the name */
	CLAIM_WE_GO,   /* we lose the name, and leave */
	CLAIM_OPEN,    /* not decided yet */
};

#define CLAIM_KEPT 8     /* namesakes of which we remember that we told them that we stay */
#define CLAIM_ANSWERED 8 /* addresses whose claims are counted at a time */
/* How many claims from one address we have answered. */
struct claim_answers {
	struct swim_addr to; /* the address; family 0: this record is free */
	swim_time since;     /* time of the first answer that is counted */
	unsigned count;      /* answers since then */
};

/* Send our claim to the address of this contest, under the sequence number of its ping. */
void claim_send(struct swim *, const struct inquiry *);
/* Handle a claim: the datagram says for how long its sender has had our name. */
void claim_receive(struct swim *, const struct input *);
/* Another member has answered us: we have company. */
void claim_note_company(struct swim *, const struct input *);
/* Are we settled: have others been answering us for SETTLED_PERIODS probe intervals? */
bool claim_is_settled(const struct swim *);
/* A namesake has answered a question of ours at this address. */
void claim_namesake_answered(struct swim *, const struct swim_addr *);
/* Has a namesake answered at this address in the last SHOWN_HOLD? */
bool claim_is_by_namesake(const struct swim *, const struct swim_addr *);
/* May claims be sent to this address: has a namesake or another member answered there? */
bool claim_is_routable(const struct swim *, const struct input *, const struct swim_addr *);
/*
 * A namesake at this address has answered and claims the name: give out SWIM_EVENT_NAME_CONFLICT, at most once in
 * TELL_AGAIN.
 */
void claim_tell_conflict(struct swim *, const struct swim_addr *of);
/*
 * No namesake answers at `asked`, which is a former address of ours or that of an owner which is away.  `witnessed`: a
 * witness said that our name lives there.
 */
void claim_note_silence(struct swim *, const struct swim_addr *asked, bool witnessed);
/* A member of another name lives at `asked` now: no owner of our name comes back from there. */
void claim_taken(struct swim *, const struct swim_addr *asked);
/*
 * We are said to live elsewhere at incarnation `than`.  If we are settled, take an incarnation above `than` and tell
 * our own address.  `asking`: a contest about the other address has just begun.  Without one we do this at most once in
 * the time that a contest takes.
 */
void claim_contradict(struct swim *, const struct input *, uint64_t than, bool asking);
/*
 * Decide a contest in which a namesake at `from` has answered, and either has had the name for longer or is a base
 * peer, which cannot tell for how long.
 *
 * CLAIM_WE_STAY: we are settled, or have company and no witness.  Gives out SWIM_EVENT_NAME_CONFLICT.  CLAIM_OPEN: we
 * are alone and have no witness; the last question of the contest (`last`) decides.  CLAIM_WE_GO: we are not settled
 * and a witness confirms the namesake, or we are still alone at the last question, or the namesake is an owner that
 * was away.  Gives out SWIM_EVENT_NAME_LOST, once.
 */
enum claim_end claim_outdone(struct swim *, const struct inquiry *, const struct swim_addr *from,
    bool last);

#endif
