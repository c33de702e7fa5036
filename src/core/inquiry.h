/* SPDX-License-Identifier: MIT */
/* Pings outside the detector: joining, greeting strangers, comparing digests. */
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
	INQUIRY_SEED,   /* for swim_join: ends in an event */
	INQUIRY_GREET,  /* to learn who a stranger is */
	INQUIRY_CHECK,  /* to see whether its view still differs from ours */
	INQUIRY_CLAIM,  /* to see whether another who bears our name is alive there */
	INQUIRY_LEAVER, /* to see whether a base peer that is said to have left is silent */
	INQUIRY_FORMER, /* to see whether a base peer that answers at a new address is silent at its former one */
};

struct inquiry {
	enum inquiry_kind kind;
	struct swim_addr addr;
	struct question question; /* closed: free */
	size_t len;               /* of the ping sent last */
	bool small;    /* nobody has answered there yet, and a stranger told us of the address: */
	size_t budget; /* the pings have so many bytes at most */
	bool of_base;  /* a base peer's datagram from this address made us ask */
	bool to_base;  /* the question is written for base peers only */
	/* INQUIRY_LEAVER, INQUIRY_FORMER: hash of the name of the member that is asked about */
	uint64_t member;
	struct swim_addr to; /* INQUIRY_FORMER: the new address, where the base peer answers */
	/* INQUIRY_CLAIM: the incarnation to rise above when nobody is there.  INQUIRY_LEAVER: the incarnation that left. */
	uint64_t than;
	bool answered; /* INQUIRY_CLAIM: a member of our name has answered, */
	bool
	    outdone; /* a member claims the name for longer: together with `answered` this ends us */
	bool claimed; /* a member claims it for about as long as we have, and is to decide */
	bool base; /* what answered is a base peer, which cannot say for how long it has the name */
	bool witnessed; /* another member says that our name lives there */
	bool stays;     /* by the ages the name is ours, and we say so */
	bool heard;     /* INQUIRY_CLAIM: a claim came from there; it is told after an answer */
	bool modern;    /* the other decides as we do: we go at its decision only */
	bool quiet;     /* nobody answered in the round of questions before */
	unsigned again; /* so many more rounds of questions have been asked in this contest */
	bool
	    looped; /* INQUIRY_CLAIM, INQUIRY_SEED: what we sent there came back: the address is one of our own */
	bool pausing; /* INQUIRY_CLAIM: both stay, and the other is asked again after `rest` */
	swim_duration rest;
};

/* A base peer has answered at `addr`, and we are asking at its former address whether it has moved (INQUIRY_FORMER). */
bool inquiry_is_move_to(const struct swim *, const struct swim_addr *addr);
bool inquiry_start(struct swim *, const struct input *, const struct swim_addr *,
    enum inquiry_kind);
/*
 * Another bears our name, it is said, at `addr`: find out; when nobody answers there, rise above `than`.  True: just
 * begun; else that is under way, or there is no place for it.
 */
bool inquiry_contest(struct swim *, const struct input *, const struct swim_addr *addr,
    uint64_t than);
/* A datagram from the address `at`, which names no sender, says that this base peer left at this incarnation: ask there. */
void inquiry_ask_leaver(struct swim *, const struct input *, const struct member *,
    const struct swim_addr *at, uint64_t incarnation);
/* That question to this address is under way. */
bool inquiry_is_leaver(const struct swim *, const struct swim_addr *);
/* We are finding that out. */
bool inquiry_is_contested(struct swim *, const struct swim_addr *addr);
/* How long it takes at most. */
swim_duration inquiry_contest_takes(const struct swim *);
/* True if `seq` is of a ping or claim of ours that is under way: then we hear ourselves. */
bool inquiry_is_ours(const struct swim *, uint64_t seq);
/* A ping in our own name has come.  If the number is of a ping of ours to a seed, the seed's address is one of our own. */
void inquiry_came_back(struct swim *, const struct input *, uint64_t seq);
void inquiry_uncontested(struct swim *, const struct input *, const struct swim_addr *addr);
/*
 * Note the outcome by the claim that came from this address.  It takes effect once a namesake has answered there, and only
 * then is the conflict told.  `modern`: the claim is of this version, whose sender tells us when it decides to stay.
 */
void inquiry_claimed(struct swim *, const struct swim_addr *addr, enum claim_end, bool modern);
/* A claim has come that ends the contest with the one at this address for us, once that one has answered. */
bool inquiry_is_outdone(const struct swim *, const struct swim_addr *addr);
/* Is a question of ours to this address under way whose answer tells whether one of our name lives there? */
bool inquiry_asks(const struct swim *, const struct swim_addr *addr);
/* A small answer from one of our name. */
void inquiry_nack(struct swim *, const struct input *);
/* Another member says that our name lives there. */
void inquiry_witness(struct swim *, const struct input *, const struct swim_addr *addr);
/* Who speaks from here, and is not known, is a member under this id, at incarnation 0 until it says more of itself. */
void inquiry_introduce(struct swim *, const struct input *, const struct wire_member_id *,
    const struct swim_addr *from);
/* Who answered from here (without our extensions) is a member under the id that it gave. */
void inquiry_learn(struct swim *, const struct input *, const struct swim_addr *from);
/* What answers belongs to another cluster: that is the end of a join that waits for it. */
void inquiry_foreign(struct swim *, const struct wire_message *, const struct swim_addr *from);
/* Somebody lives at the address that was asked: what follows of that depends on the kind of the join. */
struct answer inquiry_answered(struct swim *, const struct input *, struct question *);
/* The address has not answered in time: ask once more, or give up, or ask again after a rest. */
void inquiry_unanswered(struct swim *, const struct input *, struct question *);

#endif
