/* SPDX-License-Identifier: MIT */
#include "base/limiter.h"

#include <stdio.h>

#include "support/unit.h"

static swim_time
at(int64_t seconds)
{
	return (swim_time){seconds * 1000000000};
}

START_TEST(so_many_of_a_kind_in_a_window)
{
	struct limiter l;
	const struct limiter_kind *kind;
	uint64_t count = 0;

	limiter_init(&l, swim_seconds(10));
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(limiter_take(&l, at(5), "joined", 100, 3), i < 100);
	/* Another kind has its own count. */
	ck_assert(limiter_take(&l, at(6), "failed", 1, 1));
	ck_assert(!limiter_take(&l, at(6), "failed", 1, 1));
	ck_assert_uint_eq(l.left_out, 901);
	/* Told once the window is over, and once. */
	ck_assert_ptr_null(limiter_next(&l, at(14), &count));
	kind = limiter_next(&l, at(15), &count);
	ck_assert_ptr_nonnull(kind);
	ck_assert_str_eq(kind->name, "joined");
	ck_assert_uint_eq(count, 900);
	ck_assert_int_eq(kind->tag, 3);
	ck_assert_ptr_null(limiter_next(&l, at(15), &count));
	kind = limiter_next(&l, at(16), &count);
	ck_assert_str_eq(kind->name, "failed");
	ck_assert_uint_eq(count, 1);
	/* And then there is room again. */
	ck_assert(limiter_take(&l, at(15), "joined", 1, 3));
	ck_assert(!limiter_take(&l, at(24), "joined", 1, 3));
	ck_assert(limiter_take(&l, at(25), "joined", 1, 3));
}
END_TEST

/* Kinds whose names a stranger chooses cannot be more than there are places for. */
START_TEST(too_many_kinds_share_one_place)
{
	struct limiter l;
	unsigned through = 0;
	char name[32];
	uint64_t count = 0, told = 0;

	limiter_init(&l, swim_seconds(10));
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "kind %d", i);
		through += limiter_take(&l, at(0), name, 5, 0);
	}
	/* One each in their places, and what the last of them has left. */
	ck_assert_uint_eq(through, LIMITER_KINDS + 4);
	while (limiter_next(&l, at(10), &count) != NULL)
		told += count;
	ck_assert_uint_eq(told + through, 10000);
	/* Their places are free for others once they are over and told of. */
	ck_assert(limiter_take(&l, at(10), "new", 1, 0));
	ck_assert(limiter_take(&l, at(10), "newer", 1, 0));
}
END_TEST

UNIT_MAIN("limiter", so_many_of_a_kind_in_a_window, too_many_kinds_share_one_place)
