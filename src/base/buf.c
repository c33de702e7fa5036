/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <assert.h>
#include <string.h>

void
rbuf_init(struct rbuf *b, const void *data, size_t len)
{
	/* An empty buffer may come as NULL; a read of no bytes still has to yield a pointer. */
	static const uint8_t nothing[1] = {0};

	b->pos = data != NULL ? data : nothing;
	b->end = b->pos + (data != NULL ? len : 0);
	b->failed = false;
}

size_t
rbuf_left(const struct rbuf *b)
{
	return b->failed ? 0 : (size_t)(b->end - b->pos);
}

const uint8_t *
rbuf_get_bytes(struct rbuf *b, size_t n)
{
	const uint8_t *bytes = b->pos;

	if (b->failed || n > (size_t)(b->end - b->pos)) {
		b->failed = true;
		return NULL;
	}
	b->pos += n;
	return bytes;
}

static uint64_t
buf_get_be(struct rbuf *b, size_t n)
{
	const uint8_t *bytes = rbuf_get_bytes(b, n);
	uint64_t v = 0;

	if (bytes == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | bytes[i];
	return v;
}

uint8_t
rbuf_get_u8(struct rbuf *b)
{
	return (uint8_t)buf_get_be(b, 1);
}

uint16_t
rbuf_get_u16be(struct rbuf *b)
{
	return (uint16_t)buf_get_be(b, 2);
}

uint32_t
rbuf_get_u32be(struct rbuf *b)
{
	return (uint32_t)buf_get_be(b, 4);
}

uint64_t
rbuf_get_u64be(struct rbuf *b)
{
	return buf_get_be(b, 8);
}

void
wbuf_init(struct wbuf *b, void *data, size_t capacity)
{
	b->start = data;
	b->pos = b->start;
	b->end = b->start + capacity;
	b->failed = false;
}

size_t
wbuf_len(const struct wbuf *b)
{
	return (size_t)(b->pos - b->start);
}

size_t
wbuf_left(const struct wbuf *b)
{
	return b->failed ? 0 : (size_t)(b->end - b->pos);
}

void
wbuf_put_bytes(struct wbuf *b, const void *data, size_t n)
{
	if (b->failed || n > (size_t)(b->end - b->pos)) {
		b->failed = true;
		return;
	}
	if (n > 0) /* memcpy(x, NULL, 0) is undefined */
		memcpy(b->pos, data, n);
	b->pos += n;
}

static void
buf_put_be(struct wbuf *b, uint64_t v, size_t n)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	wbuf_put_bytes(b, bytes, n);
}

void
wbuf_put_u8(struct wbuf *b, uint8_t v)
{
	buf_put_be(b, v, 1);
}

void
wbuf_put_u16be(struct wbuf *b, uint16_t v)
{
	buf_put_be(b, v, 2);
}

void
wbuf_put_u32be(struct wbuf *b, uint32_t v)
{
	buf_put_be(b, v, 4);
}

void
wbuf_put_u64be(struct wbuf *b, uint64_t v)
{
	buf_put_be(b, v, 8);
}

void
wbuf_patch_u16be(struct wbuf *b, size_t offset, uint16_t v)
{
	if (b->failed)
		return; /* the bytes to patch may never have been written */
	assert(offset + 2 <= wbuf_len(b));
	b->start[offset] = (uint8_t)(v >> 8);
	b->start[offset + 1] = (uint8_t)v;
}
