/* SPDX-License-Identifier: MIT */
/* Questions outside of the failure detector, of six kinds; the head of inquiry.c says what each of them leads to. */
#ifndef SWIMD_CORE_INQUIRY_H
#define SWIMD_CORE_INQUIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/claim.h"
#include "core/question.h"
#include "core/swim.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

enum inquiry_kind {
	INQUIRY_SEED,   /* can we join through this address? */
	INQUIRY_GREET,  /* who lives at this address? */
	INQUIRY_CHECK,  /* does the view of the member at this address still differ from ours? */
	INQUIRY_CLAIM,  /* does a namesake live at this address? */
	INQUIRY_LEAVER, /* has the base peer at this address left? */
	INQUIRY_FORMER, /* is the base peer that answers at a new address gone from this one? */
};

struct inquiry {
	enum inquiry_kind kind;
	struct swim_addr addr;
	struct question question; /* closed: free */
	size_t len;               /* bytes of the last ping */
	/* the question is small: nobody has answered at this address (see the head of inquiry.c) */
	bool small;
	size_t budget; /* with `small`: the most bytes of a ping */
	bool of_base;  /* a base peer's datagram from this address made us ask */
	bool to_base;  /* only base peers read the pings */
	/* INQUIRY_LEAVER, INQUIRY_FORMER: hash of the name of the member that is asked about */
	uint64_t member;
	struct swim_addr to; /* INQUIRY_FORMER: the new address, where the base peer answers */
	/*
	 * INQUIRY_CLAIM: the incarnation to rise above if no namesake is there.  INQUIRY_LEAVER: the incarnation at
	 * which the base peer is said to have left.
	 */
	uint64_t than;
	/* The fields below are used by INQUIRY_CLAIM alone, `looped` by INQUIRY_SEED too. */
	bool answered;   /* a namesake has answered a ping of this round */
	bool outdone;    /* a claim outdoes ours: we go once the namesake has answered */
	bool claim_open; /* a claim leaves the contest open: the namesake decides */
	/* counts as the older one: a base peer, or its claim outdid ours before it answered */
	bool base;
	bool witnessed;          /* a witness says that our name lives there */
	bool we_stay;            /* by the ages we stay, and our claims say so */
	bool claim_heard;        /* a claim that does not outdo ours has come from there */
	bool tells_decision;     /* the namesake tells when it decides to stay: we go only then */
	bool round_was_silent;   /* nobody answered in the round of pings before */
	unsigned further_rounds; /* rounds of pings after the first one */
	bool looped;             /* our own ping came back: the address is one of our own */
	bool pausing;            /* both stay, and this is the pause before the next contest */
	swim_duration pause;     /* length of the last pause */
};

/* Are we asking at the former address of a base peer whether it has moved to `addr` (INQUIRY_FORMER)? */
bool inquiry_is_move_to(const struct swim *, const struct swim_addr *addr);
/*
 * Begin a question of this kind, which is not INQUIRY_LEAVER or INQUIRY_FORMER.  False: such a question to this address
 * is under way, or there is no slot for it, or no ping can be sent now.
 */
bool inquiry_start(struct swim *, const struct input *, const struct swim_addr *,
    enum inquiry_kind);
/*
 * A namesake is said to live at `addr`: begin a contest.  If nobody answers there, we rise above `than`.  True: the
 * contest has just begun; false: it is under way already, or there is no slot for it.
 */
bool inquiry_contest(struct swim *, const struct input *, const struct swim_addr *addr,
    uint64_t than);
/*
 * A datagram without a sender's name, from the address `at`, says that this base peer left at this incarnation: ask there.
 */
void inquiry_ask_leaver(struct swim *, const struct input *, const struct member *,
    const struct swim_addr *at, uint64_t incarnation);
/* Is a question of inquiry_ask_leaver() to this address under way? */
bool inquiry_is_leaver(const struct swim *, const struct swim_addr *);
/* Is a contest with a namesake at this address under way, or in a pause? */
bool inquiry_is_contested(struct swim *, const struct swim_addr *addr);
/* How long one round of a contest takes at most. */
swim_duration inquiry_round_takes(const struct swim *);
/* Is `seq` the number of a question here?  Then a ping or claim in our name with this number is our own that came back. */
bool inquiry_is_ours(const struct swim *, uint64_t seq);
/*
 * A ping in our own name has come.  If its number is that of a ping of ours to an address, the address is one of our own.
 */
void inquiry_came_back(struct swim *, const struct input *, uint64_t seq);
/* Our own claim has come back from this address, so the address is one of our own: no contest is needed. */
void inquiry_uncontested(struct swim *, const struct input *, const struct swim_addr *addr);
/*
 * Note the outcome that follows from a claim which came from this address.  The outcome takes effect, and the conflict
 * is told, once a namesake has answered there.  `tells_decision`: the namesake is of this version, and tells us when it decides
 * to stay.
 */
void inquiry_claimed(struct swim *, const struct swim_addr *addr, enum claim_end,
    bool tells_decision);
/* Has a claim from this address outdone ours, so that we go once a namesake has answered there? */
bool inquiry_is_outdone(const struct swim *, const struct swim_addr *addr);
/* Is a question of ours to this address under way whose answer tells whether a namesake lives there? */
bool inquiry_asks(const struct swim *, const struct swim_addr *addr);
/* Handles a nack, with which a namesake may have answered a small ping. */
void inquiry_nack(struct swim *, const struct input *);
/* A witness says that our name lives at this address. */
void inquiry_witness(struct swim *, const struct input *, const struct swim_addr *addr);
/* Take up the speaker at `from` under this id, unless the id is known: at incarnation 0, until it tells its incarnation. */
void inquiry_add_speaker(struct swim *, const struct input *, const struct wire_member_id *,
    const struct swim_addr *from);
/* An answer without extensions has come from `from`: take its sender up under the id in it, in place of an unnamed peer. */
void inquiry_learn(struct swim *, const struct input *, const struct swim_addr *from);
/* A member of another cluster has answered.  If that is the seed of a join, the join ends with an event. */
void inquiry_foreign(struct swim *, const struct wire_message *, const struct swim_addr *from);
/* An answer has come.  What it leads to depends on the kind of the question. */
struct answer inquiry_answered(struct swim *, const struct input *, struct question *);
/* The address has not answered in time: ping it again, or give up; or a pause is over. */
void inquiry_unanswered(struct swim *, const struct input *, struct question *);

#endif
