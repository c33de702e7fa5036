/* SPDX-License-Identifier: MIT */
/* Under which id base peers are told of a member, and which member they mean by an id. */
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

/* For this long after its (new) start a base peer is new: it may not have heard of members with high incarnations yet. */
#define BASE_NEW_FOR swim_seconds(10)
/* Members above this incarnation are not told to base peers, as the ladder would be too long. */
#define BASE_LADDER_MOST 4096
/* Base peers and strangers may raise the incarnation of a member by this much at once, unless they answer a question of ours. */
#define BASE_JUMP_MOST 64
/* The highest incarnation at which a member is listed that a stranger told, or a base peer by an address: it can still rise. */
#define BASE_FIRST_MOST (BASE_LADDER_MOST / 2)
/* Up to this incarnation every update to a base peer has its whole ladder. */
#define BASE_LADDER_WHOLE 128
/* Has the message no sign of a swimd?  Then a base peer sent it, or a swimd that had no room for such a sign in an answer. */
bool base_speaks(const struct wire_message *);
/* Is this an ack that names the pair of an address and that address, as only a base peer does? */
bool base_answers(const struct swim *, const struct input *);
/* Is m a base peer, by its own datagrams or by the word of a swimd? */
bool base_is_peer(const struct member *m);
/* The kind of m, for reports. */
enum swim_kind base_kind(const struct swim *, const struct member *m);
/* For whom a datagram to m has to be written.  m may be NULL: nobody is known at the address that the datagram goes to. */
enum wire_recipient base_recipient(const struct swim *, const struct member *m);
/* Is this recipient a base peer, new or not? */
bool base_is_recipient(enum wire_recipient);
/* Set *out to the trailer of a ping or ping-req to such a recipient. */
void base_trailer(const struct swim *, enum wire_recipient, struct wire_trailer *out);
/*
 * Set *out to the trailer of an ack to a base peer that names `of`, for a datagram of at most `budget` bytes.  If there is no
 * room for the cluster entry, *out is empty.  Returns the bytes of the ack without updates, which may be above the budget.
 */
size_t base_answer_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/*
 * The bytes to pad a ping to m to, 0 for a base peer.  A swimd then has room for its digest in the answer, so that an answer
 * without a digest shows that m is a base peer.
 */
size_t base_room_for_answer(const struct swim *, enum wire_recipient, const struct member *m);
/* May the recipient of this datagram be told of m as swimds are, by name and with extensions? */
bool base_hears_names(const struct wire_writer *, const struct member *m);
/* The pair by which this recipient is told of m.  The result points into m or into `text`. */
struct wire_member_id base_pair(const struct member *m, enum wire_recipient,
    char text[SWIM_ADDR_TEXT]);
/* Is the id of this pair its address, and the address numeric? */
bool base_is_address(const struct swim *, const struct input *, const struct wire_member_id *pair);
/* Is the id of this pair its address `addr`, where we know a swimd (alive or not) under another name? */
bool base_is_alias(const struct swim *, const struct input *, const struct wire_member_id *pair,
    const struct swim_addr *addr);
/* May m be such an alias of a swimd?  Its name is its address, nobody has answered under it, and we have not heard it. */
bool base_may_be_alias(const struct member *m);
/*
 * The name and address of the member that a base peer means by this pair; the pair itself if we know no such member.  The
 * result points into the member or into what `pair` points to.
 */
struct wire_member_id base_meant(const struct swim *, const struct input *,
    const struct wire_member_id *pair);
/* A copy of an ack or nack of a base peer, in which the member has the name that we know it by. */
struct base_heard {
	struct wire_message message;
	char id[SWIM_NAME_MAX], address[SWIM_HOSTPORT_MAX];
};
/* The message to handle: &heard->message if a name had to be translated, else the message itself. */
const struct wire_message *base_hear(const struct swim *, const struct input *,
    struct base_heard *heard);
/* Can a base peer be told of m at all, by gossip or by introductions? */
bool base_can_tell(const struct swim *, const struct member *m);
/* Does gossip to this recipient leave m out? */
bool base_withholds(const struct swim *, enum wire_recipient, const struct member *m);
/*
 * Add the updates that tell a base peer of m.  False: they do not fit, and none was added.  True with none added if gossip to
 * this recipient leaves m out.
 */
bool base_add(const struct swim *, struct wire_writer *, const struct member *m);
/* Add ourselves for a base peer that may be new: the whole ladder, or above BASE_LADDER_WHOLE its first rung.  False: no room. */
bool base_add_self(const struct swim *, struct wire_writer *);
/*
 * Add the rungs of m above the incarnation *known while there is room, and set *known to the last one that was added.  False:
 * the datagram is full before the last rung.
 */
bool base_add_ladder(struct wire_writer *, const struct member *m, uint64_t *known);

#endif
