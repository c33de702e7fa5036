/* SPDX-License-Identifier: MIT */
/* The speaker: the member whose word a datagram is. */
#ifndef SWIMD_CORE_SPEAKER_H
#define SWIMD_CORE_SPEAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct input;
struct member;
struct swim;

#define UNNAMED_MAX 64 /* unnamed peers at a time */

/*
 * Find the speaker of the datagram.  A swimd peer names itself in the datagram or its envelope; a datagram without a
 * name is that of the base peer known at its source address.  Sets the speaker, its authority and the kind of sender
 * in the input.  Returns the speaker's member, ourselves included.  NULL: the speaker is not known.
 */
struct member *speaker_identify(struct swim *, struct input *);
/*
 * If a datagram without extensions comes from the address of a swimd peer, send a greeting there to learn who lives
 * there now.
 */
void speaker_check_kind(struct swim *, const struct input *);
/*
 * The ack answers a question of ours: the member that it names is the speaker, as it can be reached at the address
 * that we asked.  If the ack came from another address, the member is asked there too.
 */
void speaker_set_answerer(struct swim *, struct input *);
/* Note whether the answer to a question of ours shows that its sender is a base peer. */
void speaker_note_answer(struct swim *, struct input *);
/* The datagram names `m` as its sender.  If no live member is known at the source address, send a greeting there. */
void speaker_ask(struct swim *, const struct input *, const struct member *m);
/*
 * Find the sender of a ping or ping-req without a name: `known`, or if that is NULL, the member at the source
 * address.  If only gone members lived there, the sender is one of these, and if nobody did, a new unnamed peer is
 * listed; in both cases a greeting goes there, whose answer tells the sender's name.  NULL: there is no room for an
 * unnamed peer, or the sender may be a base peer that is moving there.
 */
struct member *speaker_meet(struct swim *, const struct input *, struct member *known);
/* Drop the unnamed peer at this address, if it has not answered: a member there has answered under its name. */
void speaker_drop_unnamed(struct swim *, const struct input *, const struct swim_addr *);
/* If a swimd peer has answered at this address, drop the alias that base peers made of it by calling it by its address. */
void speaker_drop_alias(struct swim *, const struct input *, const struct swim_addr *);
/* Drop unnamed peers that have not answered in time.  The deadline is the time of the next call; NEVER: none. */
void speaker_tick(struct swim *, const struct input *);
swim_time speaker_deadline(const struct swim *);
/*
 * Make the sender of an envelope a member, if the envelope has the sender's name and address and a message without
 * extensions.
 */
void speaker_add_member(struct swim *, struct input *);

#endif
