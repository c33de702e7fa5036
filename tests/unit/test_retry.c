/* SPDX-License-Identifier: MIT */
#include "net/retry.h"

#include "support/unit.h"

static const struct retry_policy defaults = {.attempts = 3,
    .first = {10000000},
    .factor = 2,
    .max = {100000000}};

static int64_t
delay_ms(const struct retry_policy *policy, unsigned failed)
{
	swim_duration delay;

	return retry_delay(policy, failed, &delay) ? swim_duration_ms(delay) : -1;
}

START_TEST(three_attempts_wait_10_and_20_ms)
{
	ck_assert_int_eq(delay_ms(&defaults, 1), 10);
	ck_assert_int_eq(delay_ms(&defaults, 2), 20);
	ck_assert_int_eq(delay_ms(&defaults, 3), -1);
	ck_assert_int_eq(delay_ms(&defaults, 4000000000U), -1);
}
END_TEST

START_TEST(the_delay_is_capped)
{
	struct retry_policy policy = defaults;

	policy.attempts = 100;
	ck_assert_int_eq(delay_ms(&policy, 4), 80);
	ck_assert_int_eq(delay_ms(&policy, 5), 100);
	ck_assert_int_eq(delay_ms(&policy, 99), 100);
	policy.first = swim_ms(500);
	ck_assert_int_eq(delay_ms(&policy, 1), 100);
}
END_TEST

START_TEST(one_attempt_is_never_tried_again)
{
	struct retry_policy policy = defaults;

	policy.attempts = 1;
	ck_assert_int_eq(delay_ms(&policy, 1), -1);
}
END_TEST

START_TEST(without_a_limit_the_tries_have_no_end)
{
	struct retry_policy policy = defaults;

	policy.attempts = 0;
	policy.max = swim_seconds(30);
	ck_assert_int_eq(delay_ms(&policy, 1), 10);
	ck_assert_int_eq(delay_ms(&policy, 4294967295U), 30000);
}
END_TEST

START_TEST(odd_factors_do_no_harm)
{
	struct retry_policy policy = defaults;

	policy.attempts = 0;
	policy.factor = 1;
	ck_assert_int_eq(delay_ms(&policy, 4294967295U), 10);
	policy.factor = 0.5;
	ck_assert_int_eq(delay_ms(&policy, 4294967295U), 10);
	policy.factor = 1e300;
	ck_assert_int_eq(delay_ms(&policy, 4294967295U), 100);
	policy.first = swim_ms(0);
	ck_assert_int_eq(delay_ms(&policy, 4294967295U), 0);
}
END_TEST

START_TEST(jitter_spreads_evenly_around_the_delay)
{
	ck_assert_int_eq(swim_duration_ms(retry_jitter(swim_ms(1000), 0.25, 0)), 750);
	ck_assert_int_eq(swim_duration_ms(retry_jitter(swim_ms(1000), 0.25, 0.5)), 1000);
	ck_assert_int_le(retry_jitter(swim_ms(1000), 0.25, 0.999999).ns, swim_ms(1250).ns);
	ck_assert_int_gt(retry_jitter(swim_ms(1000), 0.25, 0.999999).ns, swim_ms(1249).ns);
}
END_TEST

UNIT_MAIN("retry", three_attempts_wait_10_and_20_ms, the_delay_is_capped,
    one_attempt_is_never_tried_again, without_a_limit_the_tries_have_no_end, odd_factors_do_no_harm,
    jitter_spreads_evenly_around_the_delay)
