/* SPDX-License-Identifier: MIT */
/* Pushing and piggybacking rumours. */
#ifndef SWIMD_CORE_GOSSIP_H
#define SWIMD_CORE_GOSSIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"
#include "wire/wire.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

/* Queue a rumour about the present record of the member, in place of an older one.  An unnamed peer gets no rumour. */
void gossip_queue(struct swim *, struct member *);
/* End the rumour about the member, if there is one. */
void gossip_drop(struct swim *, struct member *);
/* The number of times that a rumour is sent in a cluster of the present size. */
unsigned gossip_limit(const struct swim *);
/* Another member has told us what our rumour about this member says: count that as one sending of the rumour. */
void gossip_heard(struct swim *, struct member *);
/* Push rumours to a few members, if `gossip_at` has come. */
void gossip_tick(struct swim *);
/*
 * Handles an answer to the ping of gossip_ask_first(): the member that was asked is routable from now on.  The answer of
 * another member is ignored.
 */
struct answer gossip_answered(struct swim *, const struct input *, struct question *);
/* Push waiting rumours to the member that sent such an answer.  Call once the updates of the answer have been applied. */
void gossip_welcome(struct swim *, const struct input *);
/*
 * Send the sender of the datagram at hand what we know of m, at once.  The update has no more bytes than the datagram,
 * unless the sender has answered at this address.
 */
void gossip_tell(struct swim *, const struct input *, struct member *);
/*
 * Some updates of the datagram at hand say `unanswered` of a dead member.  Send the sender an update with `answered` about
 * each such member that has answered somebody, as far as we know.  The size is bounded as in gossip_tell().
 */
void gossip_tell_answered(struct swim *, const struct input *);
/* m has moved.  Tell the new address of m to the former one: if m has not moved, m is still there and contradicts. */
void gossip_moved(struct swim *, struct member *m, const struct swim_addr *former);
/* Ping `to`, which has not answered at its address yet.  The answer shows that `to` lives there, and which kind it is. */
void gossip_ask_first(struct swim *, struct member *to);
/* Set the time of the next push, if rumours wait and no push is due. */
void gossip_wake(struct swim *);
/* Add an update about the member.  False: there is no room for it. */
bool gossip_add_member(struct swim *, struct wire_writer *, struct member *);
/* The same; if there is no room for the tags of the member, the update goes without them, marked as partial. */
bool gossip_add_fitting(struct swim *, struct wire_writer *, struct member *);
/*
 * The same without the tags, for a recipient that may not have answered yet.  While we have just started the tags go along
 * if there is room for them, so that nobody learns of us first without our tags.
 */
bool gossip_add_untagged(struct swim *, struct wire_writer *, struct member *);
/* Add a challenge: a suspicion of the recipient itself, at this incarnation.  A member that is alive refutes it. */
bool gossip_add_challenge(struct wire_writer *, const struct member *, uint64_t incarnation);
/*
 * Add a few random members that are alive, if the recipient is a base peer.  A base peer compares no views, so it would
 * never learn what the rumours once missed.
 */
void gossip_remind(struct swim *, struct wire_writer *, const struct member *recipient);
/* Fill the datagram with rumours, those first that were sent the fewest times; none about a `recipient` that is alive. */
void gossip_fill(struct swim *, struct wire_writer *, const struct member *recipient);

#endif
