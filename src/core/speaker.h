/* SPDX-License-Identifier: MIT */
/* Who sent a datagram. */
#ifndef SWIMD_CORE_SPEAKER_H
#define SWIMD_CORE_SPEAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct input;
struct member;
struct swim;

#define UNNAMED_MAX 64 /* unnamed base peers not yet routable, at once */

/*
 * Who sent this.  Ours carry their sender's name, an envelope too; a base peer's is the known member at
 * its source address.  Sets the speaker, its authority and what kind of sender it is.  NULL: nobody that we know (yet).
 */
struct member *speaker_identify(struct swim *, struct input *);
/* A base peer that gives no name speaks from the address of a swimd: ask who lives there now. */
void speaker_check_kind(struct swim *, const struct input *);
/*
 * The ack at hand answers a question of ours, and what it says is the word of the member that it names.  That member can
 * be reached at the address that we asked; where the answer came from another address, we ask the member there too.
 */
void speaker_answers(struct swim *, struct input *);
/* The answer to a question of ours may tell that its sender is a base peer. */
void speaker_note_answer(struct swim *, struct input *);
/* `m` says that it speaks, from where nobody is known to: ask there. */
void speaker_ask(struct swim *, const struct input *, const struct member *m);
/*
 * The sender of a ping or ping-req that names nobody: `known`, or if that is NULL, the member that lives at the source
 * address.  If only members that are gone lived there, it is one of these; if nobody did, it is a new stand-in.  In both cases
 * a ping goes there, whose answer tells who the sender is.  NULL: there is no room for a stand-in, or the sender may have
 * moved there.
 */
struct member *speaker_meet(struct swim *, const struct input *, struct member *known);
/* The member at this address has answered by its id: drop the unconfirmed stand-in of this address. */
void speaker_drop_unnamed(struct swim *, const struct input *, const struct swim_addr *);
/* If a swimd has answered at this address, drop the member that base peers made of it by calling it by its address. */
void speaker_drop_alias(struct swim *, const struct input *, const struct swim_addr *);
void speaker_tick(struct swim *, const struct input *);
swim_time speaker_deadline(const struct swim *);
/* A base peer in an envelope says who it is: it need say no more to be a member. */
void speaker_add_member(struct swim *, struct input *);

#endif
