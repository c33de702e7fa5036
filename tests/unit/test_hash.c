/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include "support/unit.h"

START_TEST(bytes_hash_as_published_for_fnv1a)
{
	ck_assert_uint_eq(hash64_bytes(HASH64_START, "", 0), UINT64_C(0xcbf29ce484222325));
	ck_assert_uint_eq(hash64_bytes(HASH64_START, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
	ck_assert_uint_eq(hash64_bytes(HASH64_START, "foobar", 6), UINT64_C(0x85944171f73967e8));
}
END_TEST

START_TEST(a_hash_can_be_continued)
{
	uint64_t h = hash64_bytes(HASH64_START, "foo", 3);

	ck_assert_uint_eq(hash64_bytes(h, "bar", 3), UINT64_C(0x85944171f73967e8));
}
END_TEST

START_TEST(a_number_is_hashed_most_significant_byte_first)
{
	ck_assert_uint_eq(hash64_u64(HASH64_START, UINT64_C(0x0102030405060708)),
	    hash64_bytes(HASH64_START, "\1\2\3\4\5\6\7\10", 8));
}
END_TEST

START_TEST(the_end_mixes_every_bit)
{
	/*
	 * The finalizer of splitmix64: the first output of the authors' sequence for state 1234567.
	 */
	ck_assert_uint_eq(hash64_end(1234567 + UINT64_C(0x9e3779b97f4a7c15)),
	    UINT64_C(6457827717110365317));
	for (int bit = 0; bit < 64; bit++) {
		uint64_t a = hash64_end(0x5555), b = hash64_end(0x5555 ^ UINT64_C(1) << bit);
		int changed = __builtin_popcountll(a ^ b);

		ck_assert_msg(changed >= 12 && changed <= 52, "bit %d changes %d", bit, changed);
	}
}
END_TEST

UNIT_MAIN("hash", bytes_hash_as_published_for_fnv1a, a_hash_can_be_continued,
    a_number_is_hashed_most_significant_byte_first, the_end_mixes_every_bit)
