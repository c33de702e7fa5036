/* SPDX-License-Identifier: MIT */
/* Tests the limit of how often something of a kind may happen in a window of time. */
#include "base/limiter.h"

#include <stdio.h>

#include "support/unit.h"

static swim_time
at(int64_t seconds)
{
	return (swim_time){seconds * 1000000000};
}

START_TEST(each_kind_has_a_limit_in_a_window)
{
	struct limiter l;
	const struct limiter_kind *kind;
	uint64_t count = 0;

	limiter_init(&l, swim_seconds(10));
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(limiter_take(&l, at(5), "joined", 100, 3), i < 100);
	/* Another kind has a count of its own. */
	ck_assert(limiter_take(&l, at(6), "failed", 1, 1));
	ck_assert(!limiter_take(&l, at(6), "failed", 1, 1));
	ck_assert_uint_eq(l.left_out, 901);
	/* The count of what was left out is returned after the window, and only once. */
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
	/* The next window allows the kind again. */
	ck_assert(limiter_take(&l, at(15), "joined", 1, 3));
	ck_assert(!limiter_take(&l, at(24), "joined", 1, 3));
	ck_assert(limiter_take(&l, at(25), "joined", 1, 3));
}
END_TEST

/* A stranger may choose the names of kinds, so their number is bounded. */
START_TEST(further_kinds_share_the_last_place)
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
	/* The first kinds take one each; all further kinds together take what the last place still allows. */
	ck_assert_uint_eq(through, LIMITER_KINDS + 4);
	while (limiter_next(&l, at(10), &count) != NULL)
		told += count;
	ck_assert_uint_eq(told + through, 10000);
	/* A place is free again when its window is over and its count was returned. */
	ck_assert(limiter_take(&l, at(10), "new", 1, 0));
	ck_assert(limiter_take(&l, at(10), "newer", 1, 0));
}
END_TEST

UNIT_MAIN("limiter", each_kind_has_a_limit_in_a_window, further_kinds_share_the_last_place)
