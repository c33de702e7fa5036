/* SPDX-License-Identifier: MIT */
#include "base/rng.h"

#include "support/unit.h"

START_TEST(the_sequence_is_the_published_one)
{
	/* The first outputs of the authors' xoshiro256** from the state {1, 2, 3, 4}. */
	static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};
	struct rng r = {{1, 2, 3, 4}};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		ck_assert_uint_eq(rng_u64(&r), expected[i]);
}
END_TEST

START_TEST(the_seed_goes_through_splitmix64)
{
	/* splitmix64's first outputs from 1234567, as its authors' implementation gives them. */
	struct rng r;

	rng_init(&r, 1234567);
	ck_assert_uint_eq(r.s[0], UINT64_C(6457827717110365317));
	ck_assert_uint_eq(r.s[1], UINT64_C(3203168211198807973));
	ck_assert_uint_eq(r.s[2], UINT64_C(9817491932198370423));
	ck_assert_uint_eq(r.s[3], UINT64_C(4593380528125082431));
}
END_TEST

START_TEST(equal_seeds_give_equal_runs_and_others_do_not)
{
	struct rng a, b, c;
	int same = 0;

	rng_init(&a, 7);
	rng_init(&b, 7);
	rng_init(&c, 8);
	for (int i = 0; i < 1000; i++) {
		uint64_t v = rng_u64(&a);

		ck_assert_uint_eq(v, rng_u64(&b));
		same += v == rng_u64(&c);
	}
	ck_assert_int_eq(same, 0);
}
END_TEST

START_TEST(below_stays_below_and_reaches_all)
{
	static const uint64_t bounds[] = {1, 2, 3, 10, 1000, UINT64_C(1) << 63, UINT64_MAX};
	unsigned seen[10] = {0};
	struct rng r;

	rng_init(&r, 42);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		for (int j = 0; j < 1000; j++)
			ck_assert_uint_lt(rng_below(&r, bounds[i]), bounds[i]);
	}
	for (int i = 0; i < 100000; i++)
		seen[rng_below(&r, 10)]++;
	/* Expected are 10,000 each, with a standard deviation of 95; six deviations are allowed. */
	for (int i = 0; i < 10; i++)
		ck_assert_msg(seen[i] > 9400 && seen[i] < 10600, "%d came %u times", i, seen[i]);
}
END_TEST

START_TEST(below_has_no_modulo_bias)
{
	/* With n = 3 * 2^62, a plain modulo would give the lower third half of the time. */
	const uint64_t n = UINT64_C(3) << 62;
	unsigned low = 0;
	struct rng r;

	rng_init(&r, 3);
	for (int i = 0; i < 30000; i++)
		low += rng_below(&r, n) < n / 3;
	/* 10,000 expected, standard deviation 82. */
	ck_assert_msg(low > 9500 && low < 10500, "%u of 30000 in the lower third", low);
}
END_TEST

START_TEST(unit_lies_in_its_interval)
{
	double sum = 0;
	struct rng r;

	rng_init(&r, 5);
	for (int i = 0; i < 100000; i++) {
		double v = rng_unit(&r);

		ck_assert(v >= 0 && v < 1);
		sum += v;
	}
	/* Mean 0.5, standard deviation of the mean 0.0009. */
	ck_assert_double_eq_tol(sum / 100000, 0.5, 0.006);
}
END_TEST

UNIT_MAIN("rng", the_sequence_is_the_published_one, the_seed_goes_through_splitmix64,
    equal_seeds_give_equal_runs_and_others_do_not, below_stays_below_and_reaches_all,
    below_has_no_modulo_bias, unit_lies_in_its_interval)
