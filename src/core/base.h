/* SPDX-License-Identifier: MIT */
/* Base peers: the id by which they are told of a member, and the member that they mean by an id. */
#ifndef SWIMD_CORE_BASE_H
#define SWIMD_CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"
#include "wire/wire.h"

struct input;
struct member;
struct swim;

/*
 * For this long after its start, or after its return, a base peer is new: it may not have heard of members with high
 * incarnations.
 */
#define BASE_NEW_FOR swim_seconds(10)
/* Base peers are told of no member above this incarnation, as the ladder would be too long. */
#define BASE_LADDER_MOST 4096
/*
 * A base peer, and a stranger that speaks of another member, raise an incarnation by at most this at once, unless
 * they answer a question of ours.
 */
#define BASE_JUMP_MOST 64
/*
 * A visitor is listed at no higher incarnation than this on the word of a stranger or a base peer, so that it can
 * still rise.
 */
#define BASE_FIRST_MOST (BASE_LADDER_MOST / 2)
/* Up to this incarnation, gossip to a base peer has the whole ladder. */
#define BASE_LADDER_WHOLE 128

/* Does the message lack extensions?  Then a base peer sent it, or a swimd peer whose answer had no room for extensions. */
bool base_lacks_extensions(const struct wire_message *);
/* Is this an ack for the pair (address, address), which only a base peer sends? */
bool base_answers(const struct swim *, const struct input *);
/* Is m a base peer, by its own datagrams or by the word of a swimd peer? */
bool base_is_peer(const struct member *m);
/* The kind of peer that m is, for reports. */
enum swim_kind base_kind(const struct swim *, const struct member *m);
/* The kind of recipient for which a datagram to m is written.  m is NULL if no member is known at the target address. */
enum wire_recipient base_recipient(const struct swim *, const struct member *m);
/* Is the recipient a base peer, new or not? */
bool base_is_recipient(enum wire_recipient);
/* Set *out to the trailer of a ping or ping-req to this recipient. */
void base_trailer(const struct swim *, enum wire_recipient, struct wire_trailer *out);
/*
 * Set *out to the trailer of an ack to a base peer about the member `of`, for a datagram of at most `budget` bytes.
 * The trailer is empty if the cluster entry does not fit.  Returns the bytes of the ack without updates, which may be
 * above the budget.
 */
size_t base_answer_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/*
 * To how many bytes a ping to m is padded; 0 for a base peer.  The answer of a swimd peer then has room for its
 * digest, so that an answer without a digest shows a base peer.
 */
size_t base_room_for_answer(const struct swim *, enum wire_recipient, const struct member *m);
/* May the recipient of this datagram be told of m by name and with extensions? */
bool base_hears_names(const struct wire_writer *, const struct member *m);
/* The pair of id and address by which this recipient is told of m.  It points into m or into `text`. */
struct wire_member_id base_pair(const struct member *m, enum wire_recipient,
    char text[SWIM_ADDR_TEXT]);
/* Is the id of this pair equal to its address, and the address numeric? */
bool base_is_address(const struct swim *, const struct input *, const struct wire_member_id *pair);
/* Is the id of this pair equal to its address `addr`, while we know a swimd peer there (live or gone) by another name? */
bool base_is_alias(const struct swim *, const struct input *, const struct wire_member_id *pair,
    const struct swim_addr *addr);
/*
 * May m be an alias, which is a second record of a swimd peer?  Its name is its address, it has never answered or
 * spoken to us under this name, and it is not an unnamed peer.
 */
bool base_may_be_alias(const struct member *m);
/*
 * The name and address of the member that a base peer means by this pair, or the pair itself if we know no such
 * member.  The result points into the member or to the pair's strings.
 */
struct wire_member_id base_meant(const struct swim *, const struct input *,
    const struct wire_member_id *pair);
/* A copy of an ack or nack of a base peer, with the name by which we know the member. */
struct base_heard {
	struct wire_message message;
	char id[SWIM_NAME_MAX], address[SWIM_HOSTPORT_MAX];
};
/* The message to handle: &heard->message if its name had to be translated, else the datagram's own message. */
const struct wire_message *base_hear(const struct swim *, const struct input *,
    struct base_heard *heard);
/* Can base peers be told of m at all, by gossip or by introductions? */
bool base_can_tell(const struct swim *, const struct member *m);
/* Does gossip to this recipient leave out m? */
bool base_withholds(const struct swim *, enum wire_recipient, const struct member *m);
/*
 * Add the updates that tell the recipient, a base peer, of m: all of them or none.  False: they do not fit.  True
 * without an update: gossip to this recipient leaves out m.
 */
bool base_add(const struct swim *, struct wire_writer *, const struct member *m);
/*
 * Add the updates that tell a base peer of ourselves, which may be new: the whole ladder, or above BASE_LADDER_WHOLE
 * the first rung.  False: no room.
 */
bool base_add_self(const struct swim *, struct wire_writer *);
/*
 * Add the rungs of m above the incarnation *known, in their order, and set *known to the last one that was added.
 * False: the datagram is full before the last rung.
 */
bool base_add_ladder(struct wire_writer *, const struct member *m, uint64_t *known);

#endif
