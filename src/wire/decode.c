/* SPDX-License-Identifier: MIT */
/*
 * Turns datagrams into structs.  Decoding goes in the order of the datagram and reports the first fault.  Nothing is
 * applied before wire_decode has seen the last byte.
 */
#include "wire/wire.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/tags.h"
#include "wire/updates.h"

static bool
decode_str_valid(const struct wire_str *s)
{
	return utf8_valid(s->bytes, s->len);
}

static enum wire_reject
decode_check_member(const struct rbuf *b, const struct wire_member_id *m)
{
	if (b->failed)
		return WIRE_REJECT_TRUNCATED;
	if (!decode_str_valid(&m->id) || !decode_str_valid(&m->address))
		return WIRE_REJECT_BAD_UTF8;
	return WIRE_OK;
}

static enum wire_reject
decode_member(struct rbuf *b, struct wire_member_id *m)
{
	wire_updates_read_str(b, &m->id);
	wire_updates_read_str(b, &m->address);
	return decode_check_member(b, m);
}

/*
 * Tells whether a flag does not fit the status: a flag of dead members on a member that is not dead, or the other way
 * round.
 */
static bool
decode_flags_contradict(uint8_t status, uint8_t flags)
{
	uint8_t never = status == SWIM_DEAD ? WIRE_FLAG_PARTIAL : WIRE_FLAG_LEFT | WIRE_FLAG_FORGET;

	return (flags & never) != 0;
}

static enum wire_reject
decode_updates(struct rbuf *b, bool sync, struct wire_updates *out)
{
	enum wire_reject reject;
	struct wire_update u;
	uint8_t status;

	*out = (struct wire_updates){.sync = sync};
	out->count = rbuf_get_u16be(b);
	out->bytes = b->pos;
	for (uint16_t i = 0; i < out->count; i++) {
		wire_updates_read(b, sync, &u, &status);
		reject = decode_check_member(b, &u.member);
		if (reject != WIRE_OK)
			return reject;
		if (status > SWIM_DEAD)
			return WIRE_REJECT_BAD_STATUS;
		if (decode_flags_contradict(status, u.flags))
			return WIRE_REJECT_BAD_EXTENSION;
	}
	if (b->failed)
		return WIRE_REJECT_TRUNCATED;
	out->len = (size_t)(b->pos - out->bytes);
	return WIRE_OK;
}

static enum wire_reject
decode_sync_req(struct rbuf *b, struct wire_message *m)
{
	m->cursor.bucket = rbuf_get_u16be(b);
	m->cursor.after = rbuf_get_u64be(b);
	m->digest_count = rbuf_get_u16be(b);
	m->digests = rbuf_get_bytes(b, (size_t)m->digest_count * sizeof(uint32_t));
	if (b->failed)
		return WIRE_REJECT_TRUNCATED;
	if (m->cursor.bucket >= WIRE_SYNC_BUCKETS ||
	    m->cursor.bucket + m->digest_count > WIRE_SYNC_BUCKETS)
		return WIRE_REJECT_BAD_SYNC;
	return decode_updates(b, false, &m->updates);
}

static enum wire_reject
decode_sync(struct rbuf *b, struct wire_message *m)
{
	m->cursor.bucket = rbuf_get_u16be(b);
	m->cursor.after = rbuf_get_u64be(b);
	if (b->failed)
		return WIRE_REJECT_TRUNCATED;
	if (m->cursor.bucket > WIRE_SYNC_BUCKETS)
		return WIRE_REJECT_BAD_SYNC;
	return decode_updates(b, true, &m->updates);
}

/* Check the entries (index:u16 flags:u8): the indices ascend strictly, and each update may have its entry's flags. */
static enum wire_reject
decode_flags(const uint8_t *value, size_t len, struct wire_updates *updates)
{
	size_t entries = len / WIRE_FLAG_ENTRY_SIZE, done = 0;
	struct wire_updates_iter iter = {0};
	struct wire_update u;
	struct rbuf b;

	/* In a sync each update carries its own flags, so the entry is malformed there. */
	if (len % WIRE_FLAG_ENTRY_SIZE != 0 || updates->sync)
		return WIRE_REJECT_BAD_EXTENSION;
	rbuf_init(&b, value, len);
	while (done < entries) {
		uint16_t index = rbuf_get_u16be(&b);
		uint8_t flags = rbuf_get_u8(&b);

		/* An index that does not ascend lies behind the iterator; an index past the count is not reached. */
		if (index < iter.index)
			return WIRE_REJECT_BAD_EXTENSION;
		do {
			if (!wire_updates_next(updates, &iter, &u))
				return WIRE_REJECT_BAD_EXTENSION;
		} while (iter.index <= index);
		if (decode_flags_contradict((uint8_t)u.status, flags))
			return WIRE_REJECT_BAD_EXTENSION;
		done++;
	}
	updates->flags = value;
	updates->flags_count = entries;
	return WIRE_OK;
}

/*
 * Check the entries (index:u16 count:u8 hashes): the indices ascend strictly, and each update is of a suspect or dead
 * member.
 */
static enum wire_reject
decode_accusers(const uint8_t *value, size_t len, struct wire_updates *updates)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;
	struct rbuf b;

	rbuf_init(&b, value, len);
	while (rbuf_left(&b) > 0) {
		uint16_t index = rbuf_get_u16be(&b);
		uint8_t count = rbuf_get_u8(&b);

		rbuf_get_bytes(&b, count * sizeof(uint64_t));
		if (b.failed || count == 0 || count > WIRE_ACCUSERS_MAX || index < iter.index)
			return WIRE_REJECT_BAD_EXTENSION;
		do {
			if (!wire_updates_next(updates, &iter, &u))
				return WIRE_REJECT_BAD_EXTENSION;
		} while (iter.index <= index);
		if (u.status == SWIM_ALIVE)
			return WIRE_REJECT_BAD_EXTENSION;
	}
	updates->accusers = value;
	updates->accusers_len = len;
	return WIRE_OK;
}

/*
 * Check the entries (index:u16 length:u16 tags): the indices ascend strictly, the tags are valid, and no update is of
 * a dead member.
 */
static enum wire_reject
decode_tags(const uint8_t *value, size_t len, struct wire_updates *updates)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;
	struct rbuf b;

	rbuf_init(&b, value, len);
	while (rbuf_left(&b) > 0) {
		uint16_t index = rbuf_get_u16be(&b);
		struct wire_str tags;

		wire_updates_read_str(&b, &tags);
		if (b.failed || !wire_tags_valid(tags.bytes, tags.len) || index < iter.index)
			return WIRE_REJECT_BAD_EXTENSION;
		do {
			if (!wire_updates_next(updates, &iter, &u))
				return WIRE_REJECT_BAD_EXTENSION;
		} while (iter.index <= index);
		if (!swim_status_is_live(u.status))
			return WIRE_REJECT_BAD_EXTENSION;
	}
	updates->tags = value;
	updates->tags_len = len;
	return WIRE_OK;
}

static enum wire_reject
decode_string_entry(const uint8_t *value, uint16_t len, bool *has, struct wire_str *out)
{
	if (*has || !utf8_valid(value, len))
		return WIRE_REJECT_BAD_EXTENSION;
	*has = true;
	*out = (struct wire_str){.bytes = (const char *)value, .len = len};
	return WIRE_OK;
}

static bool
decode_read_links(struct rbuf *b, struct wire_links *out)
{
	out->teller = rbuf_get_u64be(b);
	out->stamp = rbuf_get_u64be(b);
	out->total = rbuf_get_u16be(b);
	out->count = rbuf_get_u8(b);
	if (b->failed || out->count > WIRE_LINK_PEERS_MAX || out->count > out->total)
		return false;
	for (unsigned i = 0; i < out->count; i++)
		out->peers[i] = rbuf_get_u64be(b);
	return !b->failed;
}

static enum wire_reject
decode_links(const uint8_t *value, uint16_t len, struct wire_trailer *t)
{
	struct wire_links links;
	struct rbuf b;

	if (t->links != NULL)
		return WIRE_REJECT_BAD_EXTENSION;
	rbuf_init(&b, value, len);
	while (rbuf_left(&b) > 0) {
		if (!decode_read_links(&b, &links))
			return WIRE_REJECT_BAD_EXTENSION;
	}
	t->links = value;
	t->links_len = len;
	return WIRE_OK;
}

bool
wire_links_next(const struct wire_trailer *t, size_t *offset, struct wire_links *out)
{
	struct rbuf b;

	if (t->links == NULL || *offset >= t->links_len)
		return false;
	rbuf_init(&b, t->links + *offset, t->links_len - *offset);
	if (!decode_read_links(&b, out))
		return false;
	*offset = t->links_len - rbuf_left(&b);
	return true;
}

/* An entry that is one number, and may be there once. */
static enum wire_reject
decode_u64_entry(struct rbuf *b, bool *has, uint64_t *number)
{
	if (*has || rbuf_left(b) != sizeof(*number))
		return WIRE_REJECT_BAD_EXTENSION;
	*has = true;
	*number = rbuf_get_u64be(b);
	return WIRE_OK;
}

/* An entry that is one number, and may be there once. */
static enum wire_reject
decode_u32_entry(struct rbuf *b, bool *has, uint32_t *number)
{
	if (*has || rbuf_left(b) != sizeof(*number))
		return WIRE_REJECT_BAD_EXTENSION;
	*has = true;
	*number = rbuf_get_u32be(b);
	return WIRE_OK;
}

static enum wire_reject
decode_entry(uint8_t tag, const uint8_t *value, uint16_t len, bool *has_flags,
    struct wire_message *m)
{
	struct wire_trailer *t = &m->trailer;
	struct rbuf b;

	rbuf_init(&b, value, len);
	/* The switch is over a byte, not over the enumeration: a tag may have any value. */
	switch (tag) {
	case WIRE_EXT_CLUSTER:
		return decode_string_entry(value, len, &t->has_cluster, &t->cluster);
	case WIRE_EXT_SENDER:
		return decode_string_entry(value, len, &t->has_sender, &t->sender);
	case WIRE_EXT_FLAGS:
		if (*has_flags)
			return WIRE_REJECT_BAD_EXTENSION;
		*has_flags = true;
		return decode_flags(value, len, &m->updates);
	case WIRE_EXT_DIGEST:
		return decode_u64_entry(&b, &t->has_digest, &t->digest);
	case WIRE_EXT_REMOVALS:
		return decode_u64_entry(&b, &t->has_removals, &t->removals);
	case WIRE_EXT_ACCUSERS:
		if (m->updates.accusers != NULL)
			return WIRE_REJECT_BAD_EXTENSION;
		return decode_accusers(value, len, &m->updates);
	case WIRE_EXT_TAGS:
		if (m->updates.tags != NULL)
			return WIRE_REJECT_BAD_EXTENSION;
		return decode_tags(value, len, &m->updates);
	case WIRE_EXT_PERIOD:
		return decode_u32_entry(&b, &t->has_period, &t->period);
	case WIRE_EXT_ANSWER_SIZE:
		if (t->has_answer_size || len != sizeof(t->answer_size))
			return WIRE_REJECT_BAD_EXTENSION;
		t->has_answer_size = true;
		t->answer_size = rbuf_get_u16be(&b);
		return WIRE_OK;
	case WIRE_EXT_UNREACHED:
		return decode_string_entry(value, len, &t->has_unreached, &t->unreached);
	case WIRE_EXT_REACHED:
		return decode_string_entry(value, len, &t->has_reached, &t->reached);
	case WIRE_EXT_LINKS:
		return decode_links(value, len, t);
	case WIRE_EXT_TIMEOUT:
		return decode_u32_entry(&b, &t->has_timeout, &t->timeout_ms);
	default: /* padding, and the entries of later versions and other programs */
		return WIRE_OK;
	}
}

/*
 * Read the trailer: tag:u8 length:u16 value, repeated.  A base peer ignores whatever follows a message, so bytes that
 * do not have this form are no error here either: they end the trailer.
 */
static enum wire_reject
decode_trailer(struct rbuf *b, struct wire_message *m)
{
	enum wire_reject reject = WIRE_OK;
	bool has_flags = false;

	while (reject == WIRE_OK) {
		uint8_t tag = rbuf_get_u8(b);
		uint16_t len = rbuf_get_u16be(b);
		const uint8_t *value = rbuf_get_bytes(b, len);

		if (b->failed)
			return WIRE_OK;
		reject = decode_entry(tag, value, len, &has_flags, m);
	}
	return reject;
}

static enum wire_reject
decode_body(struct rbuf *b, struct wire_message *m)
{
	enum wire_reject reject;

	switch (m->type) {
	case WIRE_PING:
	case WIRE_GOSSIP:
		return decode_updates(b, false, &m->updates);
	case WIRE_PING_REQ:
	case WIRE_ACK:
		reject = decode_member(b, &m->member);
		return reject != WIRE_OK ? reject : decode_updates(b, false, &m->updates);
	case WIRE_NACK:
		return decode_member(b, &m->member);
	case WIRE_AUTHENTICATED:
		/* an envelope within an envelope: decode_envelope has decoded the outer one */
		return WIRE_REJECT_NESTED;
	case WIRE_SYNC_REQ:
		return decode_sync_req(b, m);
	case WIRE_SYNC:
		return decode_sync(b, m);
	case WIRE_CLAIM:
		reject = decode_member(b, &m->member);
		m->age_ms = rbuf_get_u64be(b);
		return reject == WIRE_OK && b->failed ? WIRE_REJECT_TRUNCATED : reject;
	case WIRE_OTHER_CLUSTER:
		return WIRE_OK; /* the trailer says everything */
	}
	__builtin_unreachable();
}

static enum wire_reject
decode_header(struct rbuf *b, struct wire_message *m)
{
	uint8_t type;

	memset(m, 0, sizeof(*m));
	type = rbuf_get_u8(b);
	if (b->failed)
		return WIRE_REJECT_TRUNCATED;
	if (wire_type_slot(type) < 0)
		return WIRE_REJECT_UNKNOWN_TYPE;
	m->type = (enum wire_type)type;
	m->seq = rbuf_get_u64be(b);
	return b->failed ? WIRE_REJECT_TRUNCATED : WIRE_OK;
}

static enum wire_reject
decode_rest(struct rbuf *b, struct wire_message *m)
{
	enum wire_reject reject = decode_body(b, m);

	return reject != WIRE_OK ? reject : decode_trailer(b, m);
}

/* The inner message reaches to the end of the datagram, so a trailer there belongs to the inner message. */
static enum wire_reject
decode_envelope(struct rbuf *b, struct wire_message *m)
{
	struct wire_message inner;
	enum wire_reject reject;

	m->token_len = rbuf_get_u16be(b);
	m->token = rbuf_get_bytes(b, m->token_len);
	m->signed_bytes = b->pos;
	m->signed_len = rbuf_left(b);
	reject = decode_member(b, &m->member);
	if (reject != WIRE_OK)
		return reject;
	m->inner_len = rbuf_left(b);
	m->inner = b->pos;
	reject = decode_header(b, &inner);
	if (reject == WIRE_OK)
		reject = decode_rest(b, &inner);
	if (reject != WIRE_OK)
		return reject;
	return inner.seq == m->seq ? WIRE_OK : WIRE_REJECT_BAD_SEQ;
}

enum wire_reject
wire_decode(const void *data, size_t len, struct wire_message *out)
{
	enum wire_reject reject;
	struct rbuf b;

	if (len == 0)
		return WIRE_REJECT_EMPTY;
	if (len > WIRE_DATAGRAM_MAX)
		return WIRE_REJECT_TOO_LONG;
	rbuf_init(&b, data, len);
	reject = decode_header(&b, out);
	if (reject != WIRE_OK)
		return reject;
	return out->type == WIRE_AUTHENTICATED ? decode_envelope(&b, out) : decode_rest(&b, out);
}

uint32_t
wire_sync_digest(const struct wire_message *m, uint16_t i)
{
	struct rbuf b;

	assert(i < m->digest_count);
	rbuf_init(&b, m->digests + (size_t)i * sizeof(uint32_t), sizeof(uint32_t));
	return rbuf_get_u32be(&b);
}
