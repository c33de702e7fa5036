/* SPDX-License-Identifier: MIT */
/* Datagrams and events waiting to be taken out. */
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

#define OUTBOX_DATAGRAMS 4096 /* datagrams waiting at once; what is above is dropped and counted */

struct out {
	struct swim_addr to;
	size_t offset, len;
	size_t host_offset; /* of host:port, NUL-terminated; SIZE_MAX: none */
	enum wire_type type;
};

/* A writer over `budget` bytes (max_datagram at most) of the outbox; false: it is full. */
bool outbox_begin(struct swim *, struct wire_writer *, const struct wire_trailer *, size_t budget);
/* The datagram goes to this address.  Returns its length, or 0 where it could not be written. */
size_t outbox_end(struct swim *, struct wire_writer *, const struct wire_trailer *, size_t pad_to,
    const struct swim_addr *to);
/* The same to a member: to the address in use for it, or to whatever its host name stands for by now. */
size_t outbox_end_to(struct swim *, struct wire_writer *, const struct wire_trailer *,
    size_t pad_to, const struct member *);
/* Nothing came of outbox_begin. */
void outbox_cancel(struct swim *);
void outbox_event(struct swim *, const struct input *, enum swim_event_type, const struct member *);
void outbox_seed_event(struct swim *, enum swim_event_type, const struct swim_addr *,
    struct wire_str name);
void outbox_seed_answered(struct swim *, const struct swim_addr *, struct wire_str name,
    bool ourselves);
/* The length of an ack about `of`, in bytes, without updates and without a trailer. */
size_t outbox_answer_body(const struct wire_member_id *of);
/* The trailer that every datagram of ours has: cluster and digest. */
void outbox_trailer(const struct swim *, struct wire_trailer *out);
/* The same with our name. */
void outbox_trailer_named(const struct swim *, struct wire_trailer *out);

/*
 * The trailer of an ack or nack about `of` with no updates, in `budget` bytes if it can be: it goes without what does not
 * fit.  Returns the length of the ack.
 */
size_t outbox_answer_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/* The trailer of an answer to a ping-req, with our name where it fits. */
void outbox_relayed_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/*
 * What to pad a ping to, for who answers it to have the bytes for all of that trailer: we may have to show yet that we
 * live here, and without a digest one looks like a base peer.
 */
size_t outbox_room_for_ack(const struct swim *, size_t id_len, size_t address_len);
/* The same, of a ping to this member. */
size_t outbox_room_for(const struct swim *, const struct member *);
/*
 * The bytes of a ping that leave a swimd with a name and an address of these lengths room for its digest in the answer, even
 * if the swimd spends some on a question of its own.  So an answer without a digest is the answer of a base peer.
 */
size_t outbox_room_for_kind(const struct swim *, size_t id_len, size_t address_len);

#endif
