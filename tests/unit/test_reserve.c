/* SPDX-License-Identifier: MIT */
/* Tests the decisions about reserved incarnations: what a stored file means, when to write, and when to hold datagrams. */
#include "daemon/reserve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static const struct owner self = {.name = "n1", .cluster = "x"};
static char text[RESERVE_TEXT_MAX];

static swim_time
at(int64_t ms)
{
	return swim_time_add((swim_time){0}, swim_ms(ms));
}

/* A member that started at this stored bound, and whose first write succeeded. */
static struct reserve
begun_at(uint64_t stored)
{
	struct reserve r;

	reserve_begin(&r, &self, stored, at(0), text);
	ck_assert(reserve_begun(&r, 0, at(0)));
	return r;
}

static enum reserve_found
parsed(const char *bytes, size_t len, uint64_t *stored)
{
	struct owner whose;

	return reserve_parse(&self, bytes, len, stored, &whose);
}

START_TEST(a_written_bound_is_read_back)
{
	static const uint64_t bounds[] = {0, 1, 4711, UINT64_MAX - RESERVE_ROOM - 1};
	uint64_t stored;
	struct reserve r;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		size_t len = reserve_begin(&r, &self, bounds[i], at(0), text);

		ck_assert_uint_eq(r.incarnation, bounds[i]);
		ck_assert_uint_eq(strtoull(text, NULL, 10), bounds[i] + RESERVE_BLOCK);
		if (bounds[i] + RESERVE_BLOCK >= UINT64_MAX - RESERVE_ROOM)
			continue;
		ck_assert_int_eq(parsed(text, len, &stored), RESERVE_OWN);
		ck_assert_uint_eq(stored, bounds[i] + RESERVE_BLOCK);
	}
}
END_TEST

START_TEST(a_damaged_or_foreign_file_counts_as_no_file)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum reserve_found found;
	} files[] = {
#define FILE_OF(bytes, found) {bytes, sizeof(bytes) - 1, found}
	    FILE_OF("", RESERVE_DAMAGED),
	    FILE_OF("\n", RESERVE_DAMAGED),
	    FILE_OF("12", RESERVE_DAMAGED),
	    FILE_OF("-1\n", RESERVE_DAMAGED),
	    FILE_OF("1 2\n", RESERVE_DAMAGED),
	    FILE_OF("12\nof n1 x", RESERVE_DAMAGED),
	    FILE_OF("12\nof n1 x\nmore\n", RESERVE_DAMAGED),
	    FILE_OF("18446744073709551616\n", RESERVE_DAMAGED),
	    FILE_OF("18446744073709551615\n", RESERVE_SPENT),
	    FILE_OF("18446744073709551551\n", RESERVE_SPENT),
	    FILE_OF("12\nof n2 x\n", RESERVE_FOREIGN),
	    FILE_OF("12\nof n1 y\n", RESERVE_FOREIGN),
	};
	uint64_t stored = 7;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		ck_assert_int_eq(parsed(files[i].bytes, files[i].len, &stored), files[i].found);
		ck_assert_uint_eq(stored, 0);
	}
	ck_assert_int_eq(parsed("12\n", 3, &stored), RESERVE_OWN);
	ck_assert_uint_eq(stored, 12);
	ck_assert_int_eq(parsed("18446744073709551550\n", 21, &stored), RESERVE_OWN);
}
END_TEST

START_TEST(a_member_starts_with_a_full_disk)
{
	static const int passing[] = {ENOSPC, EDQUOT, EROFS, EIO, EFBIG};
	struct reserve r;

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		reserve_begin(&r, &self, 8, at(0), text);
		ck_assert(reserve_begun(&r, -passing[i], at(0)));
		ck_assert(r.troubled);
		ck_assert_uint_eq(r.bound, 8);
		ck_assert_int_eq(reserve_speech(&r, 8, at(0)), RESERVE_SPEAK);
	}
	ck_assert(!reserve_begun(&r, -EACCES, at(0)));
	ck_assert(!reserve_begun(&r, -EISDIR, at(0)));
}
END_TEST

START_TEST(the_next_block_is_written_before_it_is_needed)
{
	struct reserve r = begun_at(0);

	ck_assert(!reserve_wants_look(&r, 1, at(0)));
	ck_assert(!reserve_wants_write(&r, 1, at(0)));
	ck_assert(reserve_wants_look(&r, 2, at(0)));
	ck_assert(reserve_wants_write(&r, 2, at(0)));
	reserve_write(&r, 2, at(0), text);
	ck_assert_uint_eq(strtoull(text, NULL, 10), 2 * RESERVE_BLOCK);
	ck_assert(!reserve_wants_look(&r, 3, at(0)) && !reserve_wants_write(&r, 3, at(0)));
	ck_assert_int_eq(reserve_speech(&r, 3, at(0)), RESERVE_SPEAK);
	ck_assert_int_eq(reserve_speech(&r, 4, at(0)), RESERVE_HOLD);
	reserve_written(&r, 0);
	ck_assert_int_eq(reserve_speech(&r, 4, at(1)), RESERVE_SPEAK);
	ck_assert(swim_time_is_never(reserve_deadline(&r)));
}
END_TEST

START_TEST(a_slow_disk_holds_datagrams_back_for_200_ms_only)
{
	struct reserve r = begun_at(0);

	reserve_write(&r, 100, at(0), text);
	ck_assert_int_eq(reserve_speech(&r, 100, at(0)), RESERVE_HOLD);
	ck_assert_int_eq(reserve_speech(&r, 100, at(199)), RESERVE_HOLD);
	ck_assert_int_eq(reserve_deadline(&r).ns, at(200).ns);
	ck_assert_int_eq(reserve_speech(&r, 100, at(200)), RESERVE_SLOW);
	ck_assert(r.troubled);
	ck_assert_int_eq(reserve_speech(&r, 100, at(201)), RESERVE_SPEAK);
	reserve_written(&r, 0);
	ck_assert(!r.troubled);
	ck_assert_uint_eq(r.bound, 100 + RESERVE_BLOCK);
}
END_TEST

START_TEST(a_failed_write_is_tried_again_after_ten_seconds)
{
	struct reserve r = begun_at(0);

	reserve_write(&r, 4, at(0), text);
	reserve_written(&r, -ENOSPC);
	ck_assert(r.troubled);
	ck_assert_int_eq(reserve_speech(&r, 4, at(0)), RESERVE_SPEAK);
	ck_assert(!reserve_wants_write(&r, 4, at(9999)));
	ck_assert(reserve_wants_write(&r, 4, at(10000)));
	reserve_write(&r, 4, at(10000), text);
	reserve_written(&r, 0);
	ck_assert(!r.troubled);
}
END_TEST

START_TEST(a_new_directory_gets_the_current_bound)
{
	struct reserve r = begun_at(0);

	reserve_lost(&r, at(0));
	ck_assert(r.troubled && !reserve_wants_write(&r, 4, at(20000)));
	reserve_renewed(&r, 2, at(20000));
	ck_assert(reserve_wants_write(&r, 1, at(20000)));
	reserve_write(&r, 1, at(20000), text);
	/* The current bound is above the incarnation, so it is written as it is. */
	ck_assert_uint_eq(strtoull(text, NULL, 10), RESERVE_BLOCK);
	reserve_written(&r, 0);
	ck_assert(!reserve_wants_write(&r, 1, at(20000)));
	/* The directory has a higher bound, up to which a member with this name may have used incarnations. */
	reserve_renewed(&r, 50, at(20000));
	ck_assert_uint_eq(r.bound, 50);
}
END_TEST

START_TEST(the_bound_does_not_wrap)
{
	struct reserve r = begun_at(0);

	reserve_write(&r, UINT64_MAX - 1, at(0), text);
	ck_assert_uint_eq(r.writing, UINT64_MAX);
	reserve_written(&r, 0);
	ck_assert_int_eq(reserve_speech(&r, UINT64_MAX, at(0)), RESERVE_SPEAK);
	ck_assert(!reserve_wants_write(&r, UINT64_MAX, at(0)));
}
END_TEST

UNIT_MAIN("reserve", a_written_bound_is_read_back, a_damaged_or_foreign_file_counts_as_no_file,
    a_member_starts_with_a_full_disk, the_next_block_is_written_before_it_is_needed,
    a_slow_disk_holds_datagrams_back_for_200_ms_only,
    a_failed_write_is_tried_again_after_ten_seconds, a_new_directory_gets_the_current_bound,
    the_bound_does_not_wrap)
