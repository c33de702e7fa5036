/* SPDX-License-Identifier: MIT */
/* Writes messages as datagrams of the wire format. */
#include "wire/wire.h"

#include <assert.h>
#include <string.h>

#include "wire/updates.h"

#define ENTRY_HEADER_SIZE 3 /* tag:u8 length:u16 */

static void
encode_put_str(struct wbuf *b, const struct wire_str *s)
{
	wbuf_put_u16be(b, s->len);
	wbuf_put_bytes(b, s->bytes, s->len);
}

static void
encode_put_member(struct wbuf *b, const struct wire_member_id *m)
{
	encode_put_str(b, &m->id);
	encode_put_str(b, &m->address);
}

static void
encode_put_header(struct wire_writer *w, enum wire_type type, uint64_t seq)
{
	assert(wbuf_len(&w->buf) == 0); /* a writer writes one message */
	wbuf_put_u8(&w->buf, (uint8_t)type);
	wbuf_put_u64be(&w->buf, seq);
}

/* Write a count of 0, which wire_finish replaces by the number of updates. */
static void
encode_begin_updates(struct wire_writer *w, bool sync)
{
	w->count_offset = wbuf_len(&w->buf);
	w->sync = sync;
	wbuf_put_u16be(&w->buf, 0);
}

void
wire_writer_init(struct wire_writer *w, void *data, size_t capacity, size_t reserve)
{
	wbuf_init(&w->buf, data, capacity < WIRE_DATAGRAM_MAX ? capacity : WIRE_DATAGRAM_MAX);
	w->recipient = WIRE_RECIPIENT_SWIMD;
	w->reserve = reserve;
	w->before = 0;
	w->count_offset = 0;
	w->count = 0;
	w->sync = false;
	w->accused = 0;
	w->tagged = 0;
	w->tags_size = 0;
	w->accusers_size = 0;
	w->flagged = 0; /* the flags themselves need not be cleared */
}

void
wire_begin_ping(struct wire_writer *w, uint64_t seq)
{
	encode_put_header(w, WIRE_PING, seq);
	encode_begin_updates(w, false);
}

void
wire_begin_ping_req(struct wire_writer *w, uint64_t seq, const struct wire_member_id *target)
{
	encode_put_header(w, WIRE_PING_REQ, seq);
	encode_put_member(&w->buf, target);
	encode_begin_updates(w, false);
}

void
wire_begin_ack(struct wire_writer *w, uint64_t seq, const struct wire_member_id *alive)
{
	encode_put_header(w, WIRE_ACK, seq);
	encode_put_member(&w->buf, alive);
	encode_begin_updates(w, false);
}

void
wire_begin_nack(struct wire_writer *w, uint64_t seq, const struct wire_member_id *target)
{
	encode_put_header(w, WIRE_NACK, seq);
	encode_put_member(&w->buf, target);
}

void
wire_begin_gossip(struct wire_writer *w, uint64_t seq)
{
	encode_put_header(w, WIRE_GOSSIP, seq);
	encode_begin_updates(w, false);
}

void
wire_begin_sync_req(struct wire_writer *w, uint64_t seq, struct wire_cursor cursor,
    const uint32_t *digests, uint16_t count)
{
	assert(cursor.bucket < WIRE_SYNC_BUCKETS && cursor.bucket + count <= WIRE_SYNC_BUCKETS);
	encode_put_header(w, WIRE_SYNC_REQ, seq);
	wbuf_put_u16be(&w->buf, cursor.bucket);
	wbuf_put_u64be(&w->buf, cursor.after);
	wbuf_put_u16be(&w->buf, count);
	for (uint16_t i = 0; i < count; i++)
		wbuf_put_u32be(&w->buf, digests[i]);
	encode_begin_updates(w, false);
}

void
wire_begin_sync(struct wire_writer *w, uint64_t seq)
{
	encode_put_header(w, WIRE_SYNC, seq);
	wbuf_put_u16be(&w->buf, 0);
	wbuf_put_u64be(&w->buf, 0);
	encode_begin_updates(w, true);
}

void
wire_set_cursor(struct wire_writer *w, struct wire_cursor cursor)
{
	size_t offset = WIRE_HEADER_SIZE;

	assert(w->sync && cursor.bucket <= WIRE_SYNC_BUCKETS);
	wbuf_patch_u16be(&w->buf, offset, cursor.bucket);
	for (int shift = 48; shift >= 0; shift -= 16) {
		offset += 2;
		wbuf_patch_u16be(&w->buf, offset, (uint16_t)(cursor.after >> shift));
	}
}

void
wire_put_claim(struct wire_writer *w, uint64_t seq, const struct wire_member_id *member,
    uint64_t age_ms)
{
	encode_put_header(w, WIRE_CLAIM, seq);
	encode_put_member(&w->buf, member);
	wbuf_put_u64be(&w->buf, age_ms);
}

void
wire_put_other_cluster(struct wire_writer *w, uint64_t seq)
{
	encode_put_header(w, WIRE_OTHER_CLUSTER, seq);
}

void
wire_put_authenticated(struct wire_writer *w, uint64_t seq, const void *token, uint16_t token_len,
    const struct wire_member_id *sender, const void *inner, size_t inner_len)
{
	encode_put_header(w, WIRE_AUTHENTICATED, seq);
	wbuf_put_u16be(&w->buf, token_len);
	wbuf_put_bytes(&w->buf, token, token_len);
	encode_put_member(&w->buf, sender);
	wbuf_put_bytes(&w->buf, inner, inner_len);
}

void
wire_begin_envelope(struct wire_writer *w, uint64_t seq)
{
	const struct wire_member_id nobody = {0};

	wire_put_authenticated(w, seq, NULL, 0, &nobody, NULL, 0);
	w->before = wbuf_len(&w->buf);
	w->buf.start = w->buf.pos;
}

static size_t
encode_flags_size(size_t flagged)
{
	return flagged == 0 ? 0 : ENTRY_HEADER_SIZE + flagged * WIRE_FLAG_ENTRY_SIZE;
}

static size_t
encode_accusers_size(const struct wire_writer *w, const struct wire_update *u)
{
	size_t size = w->accusers_size;

	if (u->accuser_count > 0)
		size += WIRE_ACCUSED_ENTRY_SIZE + u->accuser_count * sizeof(uint64_t);
	return size;
}

bool
wire_add_update(struct wire_writer *w, const struct wire_update *u)
{
	uint8_t status = u->status == SWIM_LEFT ? SWIM_DEAD : (uint8_t)u->status;
	uint8_t flags = u->flags | (u->status == SWIM_LEFT ? WIRE_FLAG_LEFT : 0);
	size_t size = WIRE_UPDATE_FIXED + (size_t)u->member.id.len + u->member.address.len;
	uint16_t flagged = w->flagged;
	size_t accusers = encode_accusers_size(w, u);
	size_t tags = w->tags_size;

	if (w->buf.failed)
		return false; /* not even the beginning of the message fitted */
	assert(w->count_offset != 0);
	assert(status == SWIM_DEAD || (flags & (WIRE_FLAG_LEFT | WIRE_FLAG_FORGET)) == 0);
	if (w->sync)
		size += WIRE_SYNC_EXTRA_SIZE;
	else if (flags != 0)
		flagged++;
	size += encode_flags_size(flagged) + (accusers > 0 ? ENTRY_HEADER_SIZE + accusers : 0);
	if (u->tags.len > 0)
		tags += WIRE_TAGGED_ENTRY_SIZE + (size_t)u->tags.len;
	size += tags > 0 ? ENTRY_HEADER_SIZE + tags : 0;
	if (w->count == UINT16_MAX || flagged > WIRE_FLAGGED_MAX ||
	    (tags > w->tags_size && w->tagged == WIRE_TAGGED_MAX) ||
	    (accusers > w->accusers_size && w->accused == WIRE_ACCUSED_MAX) ||
	    size + w->reserve > wbuf_left(&w->buf))
		return false;

	encode_put_member(&w->buf, &u->member);
	wbuf_put_u8(&w->buf, status);
	wbuf_put_u64be(&w->buf, u->incarnation);
	if (w->sync) {
		wbuf_put_u8(&w->buf, flags);
		wbuf_put_u32be(&w->buf, u->age_s);
	} else if (flags != 0) {
		w->flags[w->flagged].index = w->count;
		w->flags[w->flagged].flags = flags;
		w->flagged = flagged;
	}
	if (accusers > w->accusers_size) {
		assert(u->status != SWIM_ALIVE && u->accuser_count <= WIRE_ACCUSERS_MAX);
		w->accused_list[w->accused].index = w->count;
		w->accused_list[w->accused].count = u->accuser_count;
		memcpy(w->accused_list[w->accused].accusers, u->accusers, sizeof(u->accusers));
		w->accused++;
		w->accusers_size = accusers;
	}
	if (tags > w->tags_size) {
		w->tagged_list[w->tagged].index = w->count;
		w->tagged_list[w->tagged].tags = u->tags;
		w->tagged++;
		w->tags_size = tags;
	}
	w->count++;
	return true;
}

size_t
wire_trailer_size(const struct wire_trailer *t)
{
	size_t size = 0;

	if (t->has_cluster)
		size += ENTRY_HEADER_SIZE + (size_t)t->cluster.len;
	if (t->has_sender)
		size += ENTRY_HEADER_SIZE + (size_t)t->sender.len;
	if (t->has_digest)
		size += ENTRY_HEADER_SIZE + sizeof(t->digest);
	if (t->has_removals)
		size += ENTRY_HEADER_SIZE + sizeof(t->removals);
	if (t->has_timeout)
		size += ENTRY_HEADER_SIZE + sizeof(t->timeout_ms);
	if (t->has_period)
		size += ENTRY_HEADER_SIZE + sizeof(t->period);
	if (t->has_answer_size)
		size += ENTRY_HEADER_SIZE + sizeof(t->answer_size);
	if (t->has_unreached)
		size += ENTRY_HEADER_SIZE + (size_t)t->unreached.len;
	if (t->has_reached)
		size += ENTRY_HEADER_SIZE + (size_t)t->reached.len;
	if (t->links != NULL)
		size += ENTRY_HEADER_SIZE + (size_t)t->links_len;
	return size;
}

static void
encode_put_entry_header(struct wbuf *b, enum wire_ext tag, size_t len)
{
	assert(len <= UINT16_MAX);
	wbuf_put_u8(b, (uint8_t)tag);
	wbuf_put_u16be(b, (uint16_t)len);
}

static void
encode_put_flags(struct wire_writer *w)
{
	encode_put_entry_header(&w->buf, WIRE_EXT_FLAGS, (size_t)w->flagged * WIRE_FLAG_ENTRY_SIZE);
	for (uint16_t i = 0; i < w->flagged; i++) {
		wbuf_put_u16be(&w->buf, w->flags[i].index);
		wbuf_put_u8(&w->buf, w->flags[i].flags);
	}
}

static void
encode_put_accusers(struct wire_writer *w)
{
	encode_put_entry_header(&w->buf, WIRE_EXT_ACCUSERS, w->accusers_size);
	for (uint16_t i = 0; i < w->accused; i++) {
		wbuf_put_u16be(&w->buf, w->accused_list[i].index);
		wbuf_put_u8(&w->buf, w->accused_list[i].count);
		for (unsigned j = 0; j < w->accused_list[i].count; j++)
			wbuf_put_u64be(&w->buf, w->accused_list[i].accusers[j]);
	}
}

static void
encode_put_tags(struct wire_writer *w)
{
	encode_put_entry_header(&w->buf, WIRE_EXT_TAGS, w->tags_size);
	for (uint16_t i = 0; i < w->tagged; i++) {
		wbuf_put_u16be(&w->buf, w->tagged_list[i].index);
		encode_put_str(&w->buf, &w->tagged_list[i].tags);
	}
}

static void
encode_put_trailer(struct wbuf *b, const struct wire_trailer *t)
{
	if (t->has_cluster) {
		encode_put_entry_header(b, WIRE_EXT_CLUSTER, t->cluster.len);
		wbuf_put_bytes(b, t->cluster.bytes, t->cluster.len);
	}
	if (t->has_sender) {
		encode_put_entry_header(b, WIRE_EXT_SENDER, t->sender.len);
		wbuf_put_bytes(b, t->sender.bytes, t->sender.len);
	}
	if (t->has_digest) {
		encode_put_entry_header(b, WIRE_EXT_DIGEST, sizeof(t->digest));
		wbuf_put_u64be(b, t->digest);
	}
	if (t->has_removals) {
		encode_put_entry_header(b, WIRE_EXT_REMOVALS, sizeof(t->removals));
		wbuf_put_u64be(b, t->removals);
	}
	if (t->has_timeout) {
		encode_put_entry_header(b, WIRE_EXT_TIMEOUT, sizeof(t->timeout_ms));
		wbuf_put_u32be(b, t->timeout_ms);
	}
	if (t->has_period) {
		encode_put_entry_header(b, WIRE_EXT_PERIOD, sizeof(t->period));
		wbuf_put_u32be(b, t->period);
	}
	if (t->has_answer_size) {
		encode_put_entry_header(b, WIRE_EXT_ANSWER_SIZE, sizeof(t->answer_size));
		wbuf_put_u16be(b, t->answer_size);
	}
	if (t->has_unreached) {
		encode_put_entry_header(b, WIRE_EXT_UNREACHED, t->unreached.len);
		wbuf_put_bytes(b, t->unreached.bytes, t->unreached.len);
	}
	if (t->has_reached) {
		encode_put_entry_header(b, WIRE_EXT_REACHED, t->reached.len);
		wbuf_put_bytes(b, t->reached.bytes, t->reached.len);
	}
	if (t->links != NULL) {
		encode_put_entry_header(b, WIRE_EXT_LINKS, t->links_len);
		wbuf_put_bytes(b, t->links, t->links_len);
	}
}

size_t
wire_size(const struct wire_writer *w, const struct wire_trailer *trailer)
{
	size_t size = w->before + wbuf_len(&w->buf) + encode_flags_size(w->flagged) +
		      wire_trailer_size(trailer);

	if (w->accused > 0)
		size += ENTRY_HEADER_SIZE + w->accusers_size;
	if (w->tagged > 0)
		size += ENTRY_HEADER_SIZE + w->tags_size;
	return size;
}

void
wire_make_ping(struct wire_writer *w)
{
	assert(w->buf.start[0] == WIRE_GOSSIP);
	w->buf.start[0] = WIRE_PING;
}

size_t
wire_links_put(const struct wire_links *l, uint8_t *out)
{
	struct wbuf b;

	assert(l->count <= WIRE_LINK_PEERS_MAX && l->count <= l->total);
	wbuf_init(&b, out, WIRE_LINKS_SIZE_MAX);
	wbuf_put_u64be(&b, l->teller);
	wbuf_put_u64be(&b, l->stamp);
	wbuf_put_u16be(&b, l->total);
	wbuf_put_u8(&b, l->count);
	for (unsigned i = 0; i < l->count; i++)
		wbuf_put_u64be(&b, l->peers[i]);
	return wbuf_len(&b);
}

size_t
wire_finish(struct wire_writer *w, const struct wire_trailer *trailer, size_t pad_to)
{
	size_t len, missing;

	if (w->count_offset != 0)
		wbuf_patch_u16be(&w->buf, w->count_offset, w->count);
	if (w->flagged > 0)
		encode_put_flags(w);
	if (w->accused > 0)
		encode_put_accusers(w);
	if (w->tagged > 0)
		encode_put_tags(w);
	if (trailer != NULL)
		encode_put_trailer(&w->buf, trailer);
	len = w->before + wbuf_len(&w->buf);
	missing = pad_to > len ? pad_to - len : 0;
	if (missing >= ENTRY_HEADER_SIZE) {
		encode_put_entry_header(&w->buf, WIRE_EXT_PADDING, missing - ENTRY_HEADER_SIZE);
		for (size_t i = ENTRY_HEADER_SIZE; i < missing; i++)
			wbuf_put_u8(&w->buf, 0);
	}
	return w->buf.failed ? 0 : w->before + wbuf_len(&w->buf);
}
