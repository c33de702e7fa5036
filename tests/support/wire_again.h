/* SPDX-License-Identifier: MIT */
/* For tests of the codec: encode a decoded message, and compare two decoded messages. */
#ifndef SWIMD_TESTS_SUPPORT_WIRE_AGAIN_H
#define SWIMD_TESTS_SUPPORT_WIRE_AGAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/wire.h"

static inline void
wire_again_begin(struct wire_writer *w, const struct wire_message *m)
{
	uint32_t digests[WIRE_SYNC_BUCKETS];

	switch (m->type) {
	case WIRE_PING:
		wire_begin_ping(w, m->seq);
		return;
	case WIRE_PING_REQ:
		wire_begin_ping_req(w, m->seq, &m->member);
		return;
	case WIRE_ACK:
		wire_begin_ack(w, m->seq, &m->member);
		return;
	case WIRE_NACK:
		wire_begin_nack(w, m->seq, &m->member);
		return;
	case WIRE_AUTHENTICATED:
		wire_put_authenticated(w, m->seq, m->token, m->token_len, &m->member, m->inner,
		    m->inner_len);
		return;
	case WIRE_SYNC_REQ:
		for (uint16_t i = 0; i < m->digest_count; i++)
			digests[i] = wire_sync_digest(m, i);
		wire_begin_sync_req(w, m->seq, m->cursor, digests, m->digest_count);
		return;
	case WIRE_SYNC:
		wire_begin_sync(w, m->seq);
		wire_set_cursor(w, m->cursor);
		return;
	case WIRE_GOSSIP:
		wire_begin_gossip(w, m->seq);
		return;
	case WIRE_CLAIM:
		wire_put_claim(w, m->seq, &m->member, m->age_ms);
		return;
	case WIRE_OTHER_CLUSTER:
		wire_put_other_cluster(w, m->seq);
		return;
	}
}

/* Encode a decoded message.  Returns the length; 0: the message does not fit, or a writer does not take all its updates. */
static inline size_t
wire_again(const struct wire_message *m, uint8_t *out, size_t cap)
{
	struct wire_updates_iter iter = {0};
	struct wire_writer w;
	struct wire_update u;

	wire_writer_init(&w, out, cap, wire_trailer_size(&m->trailer));
	wire_again_begin(&w, m);
	while (wire_updates_next(&m->updates, &iter, &u)) {
		if (!wire_add_update(&w, &u))
			return 0;
	}
	return wire_finish(&w, &m->trailer, 0);
}

static inline bool
wire_same_str(struct wire_str a, struct wire_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static inline bool
wire_same_member(const struct wire_member_id *a, const struct wire_member_id *b)
{
	return wire_same_str(a->id, b->id) && wire_same_str(a->address, b->address);
}

static inline bool
wire_same_update(const struct wire_update *a, const struct wire_update *b)
{
	return wire_same_member(&a->member, &b->member) && a->status == b->status &&
	       a->flags == b->flags && a->incarnation == b->incarnation && a->age_s == b->age_s &&
	       wire_same_str(a->tags, b->tags) && a->accuser_count == b->accuser_count &&
	       memcmp(a->accusers, b->accusers, a->accuser_count * sizeof(a->accusers[0])) == 0;
}

static inline bool
wire_same_updates(const struct wire_updates *a, const struct wire_updates *b)
{
	struct wire_updates_iter i = {0}, j = {0};
	struct wire_update u, v;

	if (a->count != b->count || a->sync != b->sync)
		return false;
	while (wire_updates_next(a, &i, &u)) {
		if (!wire_updates_next(b, &j, &v) || !wire_same_update(&u, &v))
			return false;
	}
	return !wire_updates_next(b, &j, &v);
}

static inline bool
wire_same_trailer(const struct wire_trailer *a, const struct wire_trailer *b)
{
	return a->has_cluster == b->has_cluster && wire_same_str(a->cluster, b->cluster) &&
	       a->has_sender == b->has_sender && wire_same_str(a->sender, b->sender) &&
	       a->has_digest == b->has_digest && a->digest == b->digest &&
	       a->has_timeout == b->has_timeout && a->timeout_ms == b->timeout_ms &&
	       a->has_period == b->has_period && a->period == b->period;
}

static inline bool
wire_same_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static inline bool
wire_same_message(const struct wire_message *a, const struct wire_message *b)
{
	return a->type == b->type && a->seq == b->seq && a->age_ms == b->age_ms &&
	       wire_same_member(&a->member, &b->member) &&
	       wire_same_updates(&a->updates, &b->updates) &&
	       wire_same_bytes(a->token, a->token_len, b->token, b->token_len) &&
	       wire_same_bytes(a->signed_bytes, a->signed_len, b->signed_bytes, b->signed_len) &&
	       wire_same_bytes(a->inner, a->inner_len, b->inner, b->inner_len) &&
	       a->cursor.bucket == b->cursor.bucket && a->cursor.after == b->cursor.after &&
	       wire_same_bytes(a->digests, a->digest_count * sizeof(uint32_t), b->digests,
		   b->digest_count * sizeof(uint32_t)) &&
	       wire_same_trailer(&a->trailer, &b->trailer);
}

#endif
