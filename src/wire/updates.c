/* SPDX-License-Identifier: MIT */
#include "wire/updates.h"

#include <assert.h>

void
wire_updates_read_str(struct rbuf *b, struct wire_str *s)
{
	s->len = rbuf_get_u16be(b);
	s->bytes = (const char *)rbuf_get_bytes(b, s->len);
}

void
wire_updates_read(struct rbuf *b, bool sync, struct wire_update *u, uint8_t *status)
{
	wire_updates_read_str(b, &u->member.id);
	wire_updates_read_str(b, &u->member.address);
	*status = rbuf_get_u8(b);
	u->incarnation = rbuf_get_u64be(b);
	u->flags = sync ? rbuf_get_u8(b) : 0;
	u->age_s = sync ? rbuf_get_u32be(b) : 0;
}

/*
 * Set u->status from the wire status (0 to 2) and from u->flags, and clear the flags that swimd does
 * not know.
 */
static void
updates_resolve(struct wire_update *u, uint8_t status)
{
	u->flags &= WIRE_FLAGS_KNOWN;
	u->status = (u->flags & WIRE_FLAG_LEFT) != 0 ? SWIM_LEFT : (enum swim_status)status;
}

/* Take the entry at iter->accuser if it belongs to this update; wire_decode has checked the entry. */
static void
updates_read_accusers(const struct wire_updates *list, struct wire_updates_iter *iter,
    struct wire_update *out)
{
	struct rbuf b;

	rbuf_init(&b, list->accusers + iter->accuser, list->accusers_len - iter->accuser);
	if (rbuf_get_u16be(&b) != iter->index)
		return;
	out->accuser_count = rbuf_get_u8(&b);
	for (unsigned i = 0; i < out->accuser_count; i++)
		out->accusers[i] = rbuf_get_u64be(&b);
	iter->accuser = list->accusers_len - rbuf_left(&b);
}

static void
updates_read_tags(const struct wire_updates *list, struct wire_updates_iter *iter,
    struct wire_update *out)
{
	struct rbuf b;

	rbuf_init(&b, list->tags + iter->tags, list->tags_len - iter->tags);
	if (rbuf_get_u16be(&b) != iter->index)
		return;
	wire_updates_read_str(&b, &out->tags);
	iter->tags = list->tags_len - rbuf_left(&b);
}

bool
wire_updates_next(const struct wire_updates *list, struct wire_updates_iter *iter,
    struct wire_update *out)
{
	struct rbuf b;
	uint8_t status;

	if (iter->index >= list->count)
		return false;
	if (iter->pos == NULL)
		iter->pos = list->bytes;
	rbuf_init(&b, iter->pos, (size_t)(list->bytes + list->len - iter->pos));
	wire_updates_read(&b, list->sync, out, &status);
	assert(!b.failed && status <= SWIM_DEAD); /* wire_decode has checked both */
	if (iter->flag < list->flags_count) {
		const uint8_t *entry = list->flags + iter->flag * WIRE_FLAG_ENTRY_SIZE;

		if (iter->index == (entry[0] << 8 | entry[1])) {
			out->flags = entry[2];
			iter->flag++;
		}
	}
	out->accuser_count = 0;
	out->tags = (struct wire_str){0};
	if (iter->tags < list->tags_len)
		updates_read_tags(list, iter, out);
	if (iter->accuser < list->accusers_len)
		updates_read_accusers(list, iter, out);
	updates_resolve(out, status);
	iter->pos = b.pos;
	iter->index++;
	return true;
}
