/* SPDX-License-Identifier: MIT */
#include "daemon/random.h"

#include <stdlib.h>

#include "support/unit.h"

#define DRAWN (4 * RANDOM_POOL + 1)

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

START_TEST(no_number_is_drawn_twice)
{
	struct random_pool one = {0}, other = {0};
	uint64_t drawn[2 * DRAWN];

	for (size_t i = 0; i < DRAWN; i++) {
		drawn[2 * i] = random_draw(&one);
		drawn[2 * i + 1] = random_draw(&other);
	}
	qsort(drawn, 2 * DRAWN, sizeof(drawn[0]), by_value);
	for (size_t i = 1; i < 2 * DRAWN; i++)
		ck_assert_uint_ne(drawn[i - 1], drawn[i]);
}
END_TEST

/* A later reader of the daemon's memory must not find the numbers that were drawn. */
START_TEST(drawn_numbers_are_not_kept)
{
	struct random_pool pool = {0};

	for (size_t i = 0; i < RANDOM_POOL / 2; i++)
		random_draw(&pool);
	for (size_t i = pool.left; i < RANDOM_POOL; i++)
		ck_assert_uint_eq(pool.numbers[i], 0);
	ck_assert_uint_eq(pool.left, RANDOM_POOL / 2);
	for (size_t i = 0; i < pool.left; i++)
		ck_assert_uint_ne(pool.numbers[i], 0);
}
END_TEST

UNIT_MAIN("random", no_number_is_drawn_twice, drawn_numbers_are_not_kept)
