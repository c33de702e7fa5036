/* SPDX-License-Identifier: MIT */
/* Tests the buckets and sums of a histogram of durations. */
#include "base/histogram.h"

#include "support/unit.h"

START_TEST(the_bounds_of_buckets_double_from_64_ns)
{
	ck_assert_int_eq(histogram_bound_ns(0), 64);
	for (unsigned i = 1; i < HISTOGRAM_BUCKETS - 1; i++)
		ck_assert_int_eq(histogram_bound_ns(i), 2 * histogram_bound_ns(i - 1));
	ck_assert_int_eq(histogram_bound_ns(HISTOGRAM_BUCKETS - 1), INT64_MAX);
}
END_TEST

START_TEST(an_observation_counts_in_the_first_bucket_that_holds_it)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		struct histogram h = {{0}, 0, 0};

		histogram_add(&h, swim_ns(histogram_bound_ns(i)));
		ck_assert_uint_eq(h.count[i], 1);
		if (i < HISTOGRAM_BUCKETS - 1) {
			histogram_add(&h, swim_ns(histogram_bound_ns(i) + 1));
			ck_assert_uint_eq(h.count[i + 1], 1);
		}
	}
}
END_TEST

START_TEST(the_buckets_and_the_sum_count_every_observation)
{
	struct histogram h = {{0}, 0, 0};
	uint64_t total = 0;

	for (int64_t ns = 0; ns < 1000; ns++)
		histogram_add(&h, swim_ns(ns));
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += h.count[i];
	ck_assert_uint_eq(h.observations, 1000);
	ck_assert_uint_eq(total, 1000);
	ck_assert_uint_eq(h.sum_ns, 999 * 1000 / 2);
}
END_TEST

START_TEST(negative_and_huge_observations_do_not_wrap_the_sum)
{
	struct histogram h = {{0}, 0, 0};

	histogram_add(&h, swim_ns(-5));
	ck_assert_uint_eq(h.count[0], 1);
	ck_assert_uint_eq(h.sum_ns, 0);
	for (int i = 0; i < 3; i++)
		histogram_add(&h, swim_ns(INT64_MAX));
	ck_assert_uint_eq(h.count[HISTOGRAM_BUCKETS - 1], 3);
	ck_assert_msg(h.sum_ns == UINT64_MAX, "the sum wrapped to %llu",
	    (unsigned long long)h.sum_ns);
}
END_TEST

UNIT_MAIN("histogram", the_bounds_of_buckets_double_from_64_ns,
    an_observation_counts_in_the_first_bucket_that_holds_it,
    the_buckets_and_the_sum_count_every_observation,
    negative_and_huge_observations_do_not_wrap_the_sum)
