/* SPDX-License-Identifier: MIT */
#include "wire/tags.h"

#include <string.h>

#include "base/utf8.h"

#define TAG_FIXED 3 /* key length:u8, value length:u16 */

static bool
tags_read_tag(struct rbuf *b, struct wire_tag *t)
{
	t->key.len = rbuf_get_u8(b);
	t->key.bytes = (const char *)rbuf_get_bytes(b, t->key.len);
	t->value.len = rbuf_get_u16be(b);
	t->value.bytes = (const char *)rbuf_get_bytes(b, t->value.len);
	return !b->failed;
}

/* True for UTF-8 without NUL: a shell or an environment variable cannot hold a NUL. */
static bool
tags_is_text(struct wire_str s)
{
	return utf8_valid(s.bytes, s.len) && (s.len == 0 || memchr(s.bytes, '\0', s.len) == NULL);
}

static int
tags_compare(struct wire_str a, struct wire_str b)
{
	int c = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

bool
wire_tags_valid(const void *tags, size_t len)
{
	struct wire_tag previous = {0}, t;
	struct rbuf b;

	if (len > WIRE_TAGS_MAX)
		return false;
	rbuf_init(&b, tags, len);
	while (rbuf_left(&b) > 0) {
		if (!tags_read_tag(&b, &t) || t.key.len == 0 || !tags_is_text(t.key) ||
		    !tags_is_text(t.value))
			return false;
		if (previous.key.bytes != NULL && tags_compare(t.key, previous.key) <= 0)
			return false;
		previous = t;
	}
	return true;
}

bool
wire_tags_next(const void *tags, size_t len, size_t *offset, struct wire_tag *out)
{
	struct rbuf b;

	if (*offset >= len)
		return false;
	rbuf_init(&b, (const char *)tags + *offset, len - *offset);
	if (!tags_read_tag(&b, out))
		return false;
	*offset = len - rbuf_left(&b);
	return true;
}

static void
tags_put_tag(struct wbuf *w, const struct wire_tag *t)
{
	wbuf_put_u8(w, (uint8_t)t->key.len);
	wbuf_put_bytes(w, t->key.bytes, t->key.len);
	wbuf_put_u16be(w, t->value.len);
	wbuf_put_bytes(w, t->value.bytes, t->value.len);
}

enum wire_tags_error
wire_tags_set(void *tags, size_t *len, struct wire_str key, struct wire_str value)
{
	uint8_t out[WIRE_TAGS_MAX];
	struct wire_tag new = {key, value}, t;
	bool placed = value.bytes == NULL;
	size_t offset = 0;
	struct wbuf w;

	if (key.len == 0 || key.len > UINT8_MAX || !tags_is_text(key))
		return WIRE_TAGS_BAD_KEY;
	if (value.bytes != NULL && !tags_is_text(value))
		return WIRE_TAGS_BAD_VALUE;
	wbuf_init(&w, out, sizeof(out));
	while (wire_tags_next(tags, *len, &offset, &t)) {
		int order = tags_compare(t.key, key);

		if (order > 0 && !placed) {
			tags_put_tag(&w, &new);
			placed = true;
		}
		if (order != 0)
			tags_put_tag(&w, &t);
	}
	if (!placed)
		tags_put_tag(&w, &new);
	if (w.failed)
		return WIRE_TAGS_TOO_LARGE;
	*len = wbuf_len(&w);
	memcpy(tags, out, *len);
	return WIRE_TAGS_OK;
}
