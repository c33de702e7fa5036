/* SPDX-License-Identifier: MIT */
/* Telling base peers of all members, and correcting what base peers say of them. */
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

/* How far a pass of introduce.c is through the table of members.  A pass begins at our own place in the table. */
struct progress {
	bool begun, over;
	uint64_t after; /* with `begun`: hash of the name of the last member that was told */
	/* the next member's incarnation that the base peer has been told; 0: none yet */
	uint64_t known;
};

/* What a base peer has been told of the members. */
struct introduction {
	bool ours; /* the base peer pinged us before a swimd told us of it, or has started anew */
	bool back; /* the base peer was dead or had left, and has come back */
	bool passing; /* a pass over the table of members is under way */
	bool all;     /* this pass tells of all members; else of us alone */
	/* the base peer has been told of members with a serial number (`arrived`) up to this */
	uint32_t since;
	uint32_t until;        /* `since` once the pass is over */
	struct progress done;  /* answered by the base peer */
	struct progress ahead; /* sent, and `done` once the base peer answers */
	struct question question;
	swim_time next;     /* no ping before */
	uint64_t heard_seq; /* sequence number of the base peer's last ping */
	/* we joined through the base peer: our incarnation at that time, plus 1; 0: we did not */
	uint64_t joined;
	swim_time again;     /* before this a lower sequence number does not count as a new start */
	swim_time corrected; /* before this no ping corrects what the base peer says */
};

/* m has joined, or has come back: base peers are to be told of m, and m, if it is a base peer, of all members. */
void introduce_arrived(struct swim *, struct member *m);
/* m has died or left: base peers are to be told of that. */
void introduce_gone(struct swim *, struct member *m);
/* The introduction, which may be NULL, is about to be freed or begun anew: its ping waits for no answer any more. */
void introduce_unask(struct swim *, struct introduction *);
/* Free what is kept of the introduction of m. */
void introduce_forget(struct swim *, struct member *);
/* Is this base peer, through which we have just joined, still gossiping our join?  Then send it nothing but answers. */
bool introduce_is_spreading(const struct swim *, const struct member *);
/* This base peer pinged us before a swimd told us of it: we are one of those that introduce it to the members. */
void introduce_met(struct swim *, struct member *);
/* Call for each datagram after its updates have been applied.  Notices a base peer that has started anew. */
void introduce_heard(struct swim *, const struct input *);
/* The base peer has been told of the members in the pings of this round; another source than its address is no answer. */
struct answer introduce_answered(struct swim *, const struct input *, struct question *);
void introduce_tick(struct swim *);
swim_time introduce_deadline(const struct swim *);
/* The datagram at hand says something of m that is no longer so.  Ignored unless a base peer may have sent the datagram. */
void introduce_note_stale(const struct input *, struct member *m);
/* A base peer suspects m, which is dead or has left: tell all base peers of that again. */
void introduce_end_again(struct swim *, const struct input *, struct member *m);
/* Add to the answer to the datagram at hand what is true of the members noted by introduce_note_stale. */
void introduce_add_stale(struct swim *, const struct input *, struct wire_writer *);
/* If there was no such answer, send a ping with the same updates to the base peer at `from`. */
void introduce_answer_stale(struct swim *, const struct input *);
/*
 * The base peer at `from` asked us to ping this pair, and the ping was not answered.  If the member that the base peer means
 * is gone, or base peers have suspected an address at which no member lives, tell the base peer of the death.
 */
void introduce_silent(struct swim *, const struct input *, const struct swim_addr *from,
    const struct wire_member_id *pair);

#endif
