/* SPDX-License-Identifier: MIT */
/* Visitors: members of which only strangers tell. */
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

/* A visitor: a stranger said that a member lives at this address, and our ping there has not been answered. */
struct visitor {
	struct swim_addr addr;    /* where we have pinged it */
	struct question question; /* the ping; closed: this record is free */
	uint64_t hash;            /* hash of its name */
	uint64_t incarnation;     /* the highest that was told of it, as far as that is believed */
	size_t asked;             /* bytes of the last ping, which bound the answer */
	bool swimd;               /* a swimd peer told of it, and not as a base peer */
	/* a base peer told the address for an id: any member that answers there is meant */
	bool whoever;
	/* with `whoever`: since when base peers have been calling it suspect; NEVER: they do not */
	swim_time suspected;
};
#define VISITORS_MAX 64

/*
 * Is the speaker's word believed in an update that makes a member or moves one?  `from_subject`: the speaker is the
 * subject.  Otherwise visitor_hear() is to be called.
 */
bool visitor_believes_update(const struct swim *, const struct input *, bool from_subject);
/* Have we just started?  Members that we meet in that time count as the cluster. */
bool visitor_is_starting(const struct swim *);
/* Is the word of the speaker (NULL: not known) about others believed? */
bool visitor_believes_speaker(const struct swim *, const struct input *,
    const struct member *speaker);
/*
 * The update is not believed: ping the address that it tells (`told`), or if the speaker is the subject, the source
 * address.
 */
void visitor_hear(struct swim *, const struct input *, const struct wire_update *,
    const struct swim_addr *told, bool from_subject);
/*
 * Have base peers been calling this address suspect for SUSPECTED_FOR, while no member is known there and our pings
 * there were not answered?  Sets *incarnation to the highest one that was told.
 */
bool visitor_is_suspected(const struct swim *, const struct swim_addr *, uint64_t *incarnation);
/*
 * A ping to a visitor is answered: the visitor lives there.  It is no answer if another member than the one in
 * question sent it.
 */
struct answer visitor_answered(struct swim *, const struct input *, struct question *);
/* Does the datagram answer a ping to a visitor that was too small for the digest of a swimd peer in the answer? */
bool visitor_had_no_room(const struct swim *, const struct input *);
/*
 * Drop from a ping's trailer the digests that do not fit into `budget` bytes.  Returns the least size of the ping with
 * what is left of the trailer, which may be above the budget.
 */
size_t visitor_trim_digests(struct wire_trailer *trailer, size_t budget);
/*
 * The same, but a ping above the budget counts as a gift.  Returns 0 if no gift is left, so that the ping may not be
 * sent.
 */
size_t visitor_fit(struct swim *, const struct input *, struct wire_trailer *, size_t budget);
/* Charge `len` bytes, sent to this address, to the allowance of the datagram. */
void visitor_spend(const struct input *, const struct swim_addr *to, size_t len);
/* May the datagram cause a gift, which is a ping larger than itself?  True counts the gift. */
bool visitor_gift(struct swim *, const struct input *);

#endif
