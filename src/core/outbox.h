/* SPDX-License-Identifier: MIT */
/* The outbox: datagrams and events that wait for the caller to take them out. */
#ifndef SWIMD_CORE_OUTBOX_H
#define SWIMD_CORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"
#include "wire/wire.h"

struct input;
struct member;
struct swim;

/* most datagrams that wait; further ones are dropped and counted */
#define OUTBOX_DATAGRAMS 4096

/* A datagram that waits. */
struct out {
	struct swim_addr to;
	size_t offset; /* of the datagram in swim.out_bytes */
	size_t len;    /* of the datagram, in bytes */
	/* of the host:port to resolve, NUL-terminated, in swim.out_bytes; SIZE_MAX: none */
	size_t host_offset;
	enum wire_type type;
};

/*
 * Begin a datagram of at most `budget` bytes (max_datagram at most) that ends with this trailer.  Only one is written
 * at a time; outbox_end(), outbox_end_to() or outbox_cancel() ends it.  False: the outbox is full, or no memory.
 */
bool outbox_begin(struct swim *, struct wire_writer *, const struct wire_trailer *, size_t budget);
/*
 * End the datagram, padded to `pad_to` bytes, for this address.  Returns its length in bytes, or 0 if it could not be
 * written.
 */
size_t outbox_end(struct swim *, struct wire_writer *, const struct wire_trailer *, size_t pad_to,
    const struct swim_addr *to);
/*
 * The same for a member: the datagram goes to the address in use.  If the member has a host name and does not answer
 * at that address, the caller is asked to resolve the name.
 */
size_t outbox_end_to(struct swim *, struct wire_writer *, const struct wire_trailer *,
    size_t pad_to, const struct member *);
/* Give up the datagram that was begun. */
void outbox_cancel(struct swim *);
/* Give out an event about a member, by the speaker of the input. */
void outbox_event(struct swim *, const struct input *, enum swim_event_type, const struct member *);
/* Give out an event about an address (a seed or a namesake), with a name. */
void outbox_seed_event(struct swim *, enum swim_event_type, const struct swim_addr *,
    struct wire_str name);
/* Give out SWIM_EVENT_SEED_ANSWERED; `ourselves`: the seed is this member itself. */
void outbox_seed_answered(struct swim *, const struct swim_addr *, struct wire_str name,
    bool ourselves);
/* The length in bytes of an ack about `of`, without updates and trailer. */
size_t outbox_answer_body(const struct wire_member_id *of);
/* The trailer that every datagram to swimd peers has: cluster and digests. */
void outbox_trailer(const struct swim *, struct wire_trailer *out);
/* The same trailer with our name. */
void outbox_trailer_named(const struct swim *, struct wire_trailer *out);

/*
 * The trailer of an ack or nack about `of`, in a datagram of `budget` bytes without updates.  Digests that do not fit
 * are left out.  Returns the length of the ack, which may still be above the budget.
 */
size_t outbox_answer_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/* The trailer of an answer to a ping-req, with our name if it fits. */
void outbox_relayed_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/*
 * To how many bytes a ping is padded so that the answer has room for the whole trailer.  We may not be routable to the
 * receiver yet, and then its answer is no longer than our ping; an answer without a digest looks like that of a base
 * peer.
 */
size_t outbox_room_for_ack(const struct swim *, size_t id_len, size_t address_len);
/* The same for a ping to this member. */
size_t outbox_room_for(const struct swim *, const struct member *);
/*
 * To how many bytes a ping is padded so that a swimd peer, with a name and an address of these lengths, has room for
 * its digest even if it spends bytes on a question of its own.  So an answer without a digest is that of a base peer.
 */
size_t outbox_room_for_kind(const struct swim *, size_t id_len, size_t address_len);

#endif
