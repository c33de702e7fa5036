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

void gossip_queue(struct swim *, struct member *);
void gossip_drop(struct swim *, struct member *);
/* How often a rumour is sent. */
unsigned gossip_limit(const struct swim *);
/* Another tells the same: the rumour needs less of us. */
void gossip_heard(struct swim *, struct member *);
void gossip_tick(struct swim *);
/* The member lives at its address; it is no answer if another member sent it. */
struct answer gossip_answered(struct swim *, const struct input *, struct question *);
/* After that, and what came with it: the rumours that it waits for. */
void gossip_welcome(struct swim *, const struct input *);
/*
 * What we know of m, at once, to the member at this address; in `len` bytes at most, unless it has shown to be
 * there.
 */
void gossip_tell(struct swim *, const struct input *, struct member *);
/*
 * Some of these updates say `unanswered` of a dead member.  Send the sender an update with `answered` of each such member
 * that, as we know, has answered somebody; in `len` bytes at most, unless the sender has answered at this address.
 */
void gossip_tell_answered(struct swim *, const struct input *);
/* That m has moved, to whoever lives now where it has answered before: m itself, if that is not so. */
void gossip_moved(struct swim *, struct member *m, const struct swim_addr *former);
/* Ping `to`, which has not answered at its address yet: the answer shows that `to` lives there, and which kind it is. */
void gossip_ask_first(struct swim *, struct member *to);
void gossip_wake(struct swim *);
bool gossip_add_member(struct swim *, struct wire_writer *, struct member *);
/* The same, but without the member's tags where there is no room for these. */
bool gossip_add_without(struct swim *, struct wire_writer *, struct member *);
/*
 * The same without the member's tags, which only those are told who have answered.  In the first seconds of our own life
 * the tags go along all the same, so that nobody takes us up as a member without our tags first.
 */
bool gossip_add_untagged(struct swim *, struct wire_writer *, struct member *);
/* Ask the member, in a question to it, whether it is alive: it refutes this suspicion at the given incarnation. */
bool gossip_add_challenge(struct wire_writer *, const struct member *, uint64_t incarnation);
/*
 * Add a few members, whoever they are, for a base peer: it compares no views, so that what rumours once missed
 * it would never learn.
 */
void gossip_remind(struct swim *, struct wire_writer *, const struct member *recipient);
/* Fill up with rumours, freshest first, none about `recipient` unless it is not alive. */
void gossip_fill(struct swim *, struct wire_writer *, const struct member *recipient);

#endif
