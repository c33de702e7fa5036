/* SPDX-License-Identifier: MIT */
/*
 * Checked readers and writers over memory that the caller owns.  The names of the functions give the byte order.  A
 * read or write that fails sets `failed` and yields zero, and every later read or write fails too, so that a decoder
 * can check once at its end.
 */
#ifndef SWIMD_BASE_BUF_H
#define SWIMD_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rbuf {
	const uint8_t *pos;
	const uint8_t *end;
	bool failed;
};

void rbuf_init(struct rbuf *, const void *data, size_t len);
size_t rbuf_left(const struct rbuf *);
uint8_t rbuf_get_u8(struct rbuf *);
uint16_t rbuf_get_u16be(struct rbuf *);
uint32_t rbuf_get_u32be(struct rbuf *);
uint64_t rbuf_get_u64be(struct rbuf *);
/* A pointer to the next n bytes inside the buffer, or NULL on failure (n = 0 yields non-NULL). */
const uint8_t *rbuf_get_bytes(struct rbuf *, size_t n);

struct wbuf {
	uint8_t *start;
	uint8_t *pos;
	uint8_t *end;
	bool failed;
};

void wbuf_init(struct wbuf *, void *data, size_t capacity);
size_t wbuf_len(const struct wbuf *);  /* bytes written so far */
size_t wbuf_left(const struct wbuf *); /* bytes that still fit */
void wbuf_put_u8(struct wbuf *, uint8_t);
void wbuf_put_u16be(struct wbuf *, uint16_t);
void wbuf_put_u32be(struct wbuf *, uint32_t);
void wbuf_put_u64be(struct wbuf *, uint64_t);
void wbuf_put_bytes(struct wbuf *, const void *, size_t n);
/* Overwrite two bytes already written, at `offset` from the start (for counts known late). */
void wbuf_patch_u16be(struct wbuf *, size_t offset, uint16_t);

#endif
