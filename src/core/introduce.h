/* SPDX-License-Identifier: MIT */
/* Introductions: telling base peers of all members, and correcting what base peers say of them. */
#ifndef SWIMD_CORE_INTRODUCE_H
#define SWIMD_CORE_INTRODUCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/question.h"
#include "core/swim.h"
#include "wire/wire.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

/* How far a pass has come in the table of members.  A pass begins at our own place in the table. */
struct progress {
	bool begun;     /* the pass has told of a member */
	bool over;      /* the pass has told of all members */
	uint64_t after; /* `begun`: hash of the name of the last member that was told */
	/* the highest rung of the next member that was told; 0: none yet */
	uint64_t known;
};

/* The introduction of one base peer: what it has been told of the members. */
struct introduction {
	/* we introduce it: it pinged us before a swimd peer told us of it, or has started anew */
	bool ours;
	bool back;    /* the base peer was dead or had left, and is back */
	bool passing; /* a pass is under way */
	bool all;     /* the pass tells of all members; else of us only */
	/* the base peer has been told of all arrivals and departures (member.arrived) up to this serial number */
	uint32_t since;
	uint32_t until;       /* becomes `since` once the pass is over */
	struct progress done; /* how far the base peer has answered */
	/* how far the pings have been sent; becomes `done` with the answer */
	struct progress ahead;
	struct question question; /* the ping that is under way */
	swim_time next; /* no ping is sent before this, but one that repeats an unanswered one */
	uint64_t heard_seq; /* sequence number of the base peer's last ping */
	/* our incarnation when we joined through the base peer, plus 1; 0: we did not */
	uint64_t joined;
	/* before this, a lower sequence number is no new start of the base peer */
	swim_time again;
	swim_time corrected; /* before this, no ping is sent to correct the base peer */
};

/* m has joined or is back: base peers are told of m, and m, if it is a base peer, of all members. */
void introduce_arrived(struct swim *, struct member *m);
/* m has died or left: base peers are told of that. */
void introduce_gone(struct swim *, struct member *m);
/* The introduction (may be NULL) is about to be freed or begun anew: close its question. */
void introduce_unask(struct swim *, struct introduction *);
/* Free the introduction of m. */
void introduce_forget(struct swim *, struct member *);
/* Have we just joined through this base peer, so that it is still gossiping our join?  Then it is sent nothing but answers. */
bool introduce_is_spreading(const struct swim *, const struct member *);
/* This base peer pinged us before a swimd peer told us of it: we are one of those that introduce it. */
void introduce_met(struct swim *, struct member *);
/* To be called for each datagram, after its updates.  Notices a base peer that has started anew. */
void introduce_heard(struct swim *, const struct input *);
/* The base peer has answered a ping of its introduction.  An answer from another address does not count. */
struct answer introduce_answered(struct swim *, const struct input *, struct question *);
/* The base peer has not answered in time: the ping is sent again when introduce_tick() has room for it. */
void introduce_unanswered(struct swim *, const struct input *, struct question *);
/* Send the pings that are due.  The deadline is the time of the next call; NEVER: none. */
void introduce_tick(struct swim *);
swim_time introduce_deadline(const struct swim *);
/* The datagram tells something outdated of m.  No effect unless a base peer may have sent the datagram. */
void introduce_note_stale(const struct input *, struct member *m);
/* A base peer suspects m, which is gone: tell all base peers its death again. */
void introduce_end_again(struct swim *, const struct input *, struct member *m);
/* Add the records of the members that introduce_note_stale() noted to the answer to the datagram. */
void introduce_add_stale(struct swim *, const struct input *, struct wire_writer *);
/* If no answer has taken the records that introduce_note_stale() noted, send them to the base peer in a ping. */
void introduce_answer_stale(struct swim *, const struct input *);
/*
 * The base peer at `from` asked us to ping this pair, and the ping was not answered.  Tell the base peer the death of
 * the member that it means, if that member is gone, or if base peers have been suspecting the address and no member
 * lives there.
 */
void introduce_silent(struct swim *, const struct input *, const struct swim_addr *from,
    const struct wire_member_id *pair);

#endif
