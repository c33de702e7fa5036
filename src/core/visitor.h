/* SPDX-License-Identifier: MIT */
/* Those whom only strangers tell of. */
#ifndef SWIMD_CORE_VISITOR_H
#define SWIMD_CORE_VISITOR_H

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

/* A stranger said that somebody lives at an address; we have pinged that address and wait for the answer. */
struct visitor {
	struct swim_addr addr;
	struct question question; /* closed: free */
	uint64_t hash;            /* of its name */
	uint64_t incarnation;
	swim_time sent;
	size_t asked; /* bytes of the question */
	bool swimd;   /* a swimd told of it */
	/* a base peer gave the address for an id: any member that answers there is meant */
	bool whoever;
	/* with `whoever`: since when base peers have called it suspect; NEVER: they do not */
	swim_time suspected;
};
#define VISITORS_MAX 64

/* May the update at hand make a member, or move one?  `from_subject`: the member itself says so. */
bool visitor_believes_update(const struct swim *, const struct input *, bool from_subject);
/* True in the first seconds of our own life: members that we meet then count as the cluster. */
bool visitor_is_starting(const struct swim *);
/* Does the speaker's word (NULL: a stranger's) count where it tells of others than itself? */
bool visitor_believes_speaker(const struct swim *, const struct input *,
    const struct member *speaker);
/* The update may not: ping the address at which its member is said to live. */
void visitor_hear(struct swim *, const struct input *, const struct wire_update *,
    const struct swim_addr *told, bool from_subject);
/*
 * Have base peers been calling this address, at which we know no member, suspect for 5 seconds, while our pings there were
 * not answered?  Sets *incarnation to the highest one that they told.
 */
bool visitor_is_suspected(const struct swim *, const struct swim_addr *, uint64_t *incarnation);
/* The visitor lives there; it is no answer if another member than the one that was asked for sent it. */
struct answer visitor_answered(struct swim *, const struct input *, struct question *);
/* Does this answer such a ping, one so small that the answer of a swimd would have had no room for a digest? */
bool visitor_had_no_room(const struct swim *, const struct input *);
/* Leave out of a ping's trailer what does not fit.  Returns the least that the ping takes, which may be above the budget. */
size_t visitor_least(struct wire_trailer *trailer, size_t budget);
/* The same, and 0 for more than may be sent. */
size_t visitor_fit(struct swim *, const struct input *, struct wire_trailer *, size_t budget);
/* Take note that so many bytes have been sent to this address. */
void visitor_spend(const struct input *, const struct swim_addr *to, size_t len);
/* May we send one more ping that is larger than the datagram that asked for it?  If so it is counted. */
bool visitor_gift(struct swim *, const struct input *);

#endif
