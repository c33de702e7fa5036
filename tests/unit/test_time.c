/* SPDX-License-Identifier: MIT */
#include "base/time.h"

#include "support/unit.h"

START_TEST(each_unit_has_its_length)
{
	ck_assert_int_eq(swim_us(3).ns, 3000);
	ck_assert_int_eq(swim_ms(3).ns, 3000000);
	ck_assert_int_eq(swim_seconds(3).ns, 3000000000);
	ck_assert_int_eq(swim_duration_ms(swim_us(2999)), 2);
	ck_assert_double_eq(swim_duration_seconds(swim_ms(1500)), 1.5);
	ck_assert_int_eq(swim_duration_scale(swim_ms(200), 1.5).ns, swim_ms(300).ns);
}
END_TEST

START_TEST(never_is_later_than_every_time_and_stays_never)
{
	swim_time t = {123};

	ck_assert(swim_time_before(t, SWIM_TIME_NEVER));
	ck_assert(swim_time_is_never(swim_time_add(SWIM_TIME_NEVER, swim_ms(-1))));
	ck_assert(swim_time_is_never(swim_time_add((swim_time){INT64_MAX - 5}, swim_ns(6))));
	ck_assert_int_eq(swim_time_min(t, SWIM_TIME_NEVER).ns, 123);
	ck_assert_int_eq(swim_time_min(SWIM_TIME_NEVER, t).ns, 123);
}
END_TEST

START_TEST(a_deadline_is_reached_at_its_instant)
{
	swim_time t = {1000};

	ck_assert(swim_time_reached(t, t));
	ck_assert(!swim_time_reached(t, swim_time_add(t, swim_ns(1))));
	ck_assert(swim_time_reached(t, swim_time_add(t, swim_ns(-1))));
	ck_assert_int_eq(swim_time_since(swim_time_add(t, swim_ms(2)), t).ns, swim_ms(2).ns);
}
END_TEST

UNIT_MAIN("time", each_unit_has_its_length, never_is_later_than_every_time_and_stays_never,
    a_deadline_is_reached_at_its_instant)
