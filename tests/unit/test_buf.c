/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <string.h>

#include "support/unit.h"

static const uint8_t fifteen[15] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

START_TEST(reads_are_big_endian_and_advance)
{
	struct rbuf b;

	rbuf_init(&b, fifteen, sizeof(fifteen));
	ck_assert_uint_eq(rbuf_get_u8(&b), 0x01);
	ck_assert_uint_eq(rbuf_get_u16be(&b), 0x0203);
	ck_assert_uint_eq(rbuf_get_u32be(&b), 0x04050607);
	ck_assert_uint_eq(rbuf_get_u64be(&b), UINT64_C(0x08090a0b0c0d0e0f));
	ck_assert_uint_eq(rbuf_left(&b), 0);
	ck_assert(!b.failed);
}
END_TEST

START_TEST(a_read_past_the_end_fails_and_later_reads_give_zero)
{
	for (size_t len = 0; len < 8; len++) {
		struct rbuf b;

		rbuf_init(&b, fifteen, len);
		ck_assert_uint_eq(rbuf_get_u64be(&b), 0);
		ck_assert(b.failed);
		ck_assert_uint_eq(rbuf_left(&b), 0);
		/* A byte may be left, but no read succeeds after a failure. */
		ck_assert_uint_eq(rbuf_get_u8(&b), 0);
		ck_assert_ptr_null(rbuf_get_bytes(&b, 0));
	}
}
END_TEST

START_TEST(bytes_are_read_in_place)
{
	struct rbuf b;

	rbuf_init(&b, fifteen, sizeof(fifteen));
	ck_assert_ptr_eq(rbuf_get_bytes(&b, 4), fifteen);
	ck_assert_ptr_eq(rbuf_get_bytes(&b, 11), fifteen + 4);
	ck_assert_ptr_nonnull(rbuf_get_bytes(&b, 0));
	ck_assert(!b.failed);
	ck_assert_ptr_null(rbuf_get_bytes(&b, 1));
	ck_assert(b.failed);
}
END_TEST

START_TEST(a_length_near_size_max_does_not_overflow)
{
	struct rbuf b;
	uint8_t out[4];
	struct wbuf w;

	rbuf_init(&b, fifteen, sizeof(fifteen));
	ck_assert_ptr_null(rbuf_get_bytes(&b, SIZE_MAX));
	wbuf_init(&w, out, sizeof(out));
	wbuf_put_u8(&w, 1);
	wbuf_put_bytes(&w, fifteen, SIZE_MAX);
	ck_assert(w.failed);
}
END_TEST

START_TEST(a_null_buffer_is_empty)
{
	struct rbuf b;

	rbuf_init(&b, NULL, 0);
	ck_assert_uint_eq(rbuf_left(&b), 0);
	ck_assert_ptr_nonnull(rbuf_get_bytes(&b, 0));
	ck_assert_uint_eq(rbuf_get_u8(&b), 0);
	ck_assert(b.failed);
}
END_TEST

START_TEST(writes_are_big_endian_and_advance)
{
	uint8_t out[15];
	struct wbuf w;

	wbuf_init(&w, out, sizeof(out));
	wbuf_put_u8(&w, 0x01);
	wbuf_put_u16be(&w, 0x0203);
	wbuf_put_u32be(&w, 0x04050607);
	ck_assert_uint_eq(wbuf_len(&w), 7);
	ck_assert_uint_eq(wbuf_left(&w), 8);
	wbuf_put_u64be(&w, UINT64_C(0x08090a0b0c0d0e0f));
	ck_assert(!w.failed);
	ck_assert_mem_eq(out, fifteen, sizeof(out));
}
END_TEST

START_TEST(a_write_that_does_not_fit_writes_nothing)
{
	uint8_t out[8];
	struct wbuf w;

	memset(out, 0xee, sizeof(out));
	wbuf_init(&w, out, 7);
	wbuf_put_u64be(&w, 1);
	ck_assert(w.failed);
	ck_assert_uint_eq(wbuf_len(&w), 0);
	wbuf_put_u8(&w, 1);
	ck_assert_uint_eq(wbuf_len(&w), 0);
	ck_assert_uint_eq(wbuf_left(&w), 0);
	for (size_t i = 0; i < sizeof(out); i++)
		ck_assert_uint_eq(out[i], 0xee);
}
END_TEST

START_TEST(writing_no_bytes_always_succeeds)
{
	uint8_t out[1];
	struct wbuf w;

	wbuf_init(&w, out, 0);
	wbuf_put_bytes(&w, NULL, 0);
	ck_assert(!w.failed);
	wbuf_put_u8(&w, 0);
	ck_assert(w.failed);
}
END_TEST

START_TEST(a_patch_changes_two_bytes)
{
	uint8_t out[6];
	struct wbuf w;

	wbuf_init(&w, out, sizeof(out));
	wbuf_put_u32be(&w, 0);
	wbuf_put_u16be(&w, 0);
	wbuf_patch_u16be(&w, 2, 0xabcd);
	ck_assert_mem_eq(out, "\0\0\xab\xcd\0\0", 6);
	ck_assert_uint_eq(wbuf_len(&w), 6);
	wbuf_put_u8(&w, 1);
	wbuf_patch_u16be(&w, 0, 0x1111);
	ck_assert_msg(out[0] == 0, "a failed buffer was patched");
}
END_TEST

UNIT_MAIN("buf", reads_are_big_endian_and_advance,
    a_read_past_the_end_fails_and_later_reads_give_zero, bytes_are_read_in_place,
    a_length_near_size_max_does_not_overflow, a_null_buffer_is_empty,
    writes_are_big_endian_and_advance, a_write_that_does_not_fit_writes_nothing,
    writing_no_bytes_always_succeeds, a_patch_changes_two_bytes)
