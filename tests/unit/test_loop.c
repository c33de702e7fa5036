/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <stdlib.h>
#include <time.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/loop.h"

/* Seconds for which the machine slept, which CLOCK_MONOTONIC does not count; seconds by which the wall clock was set. */
static int64_t slept_s, wall_set_s;

/* Replaces the function of the C library. */
int
clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	int result = (int)syscall(SYS_clock_gettime, clock_id, tp);

	if (clock_id == CLOCK_BOOTTIME)
		tp->tv_sec += slept_s;
	if (clock_id == CLOCK_REALTIME)
		tp->tv_sec += wall_set_s;
	return result;
}

struct firings {
	struct loop_timer *timer;
	unsigned count;
	swim_time last;
	swim_time again; /* for when the callback sets the timer; NEVER: not */
	bool free_it;
};

static void
fired(void *ctx, swim_time now)
{
	struct firings *firings = ctx;

	firings->count++;
	firings->last = now;
	if (firings->free_it)
		loop_timer_free(firings->timer);
	else if (!swim_time_is_never(firings->again))
		loop_timer_set(firings->timer, firings->again);
}

static struct event_base *
with_timer(struct firings *firings)
{
	struct event_base *base = loop_new();

	ck_assert_ptr_nonnull(base);
	*firings = (struct firings){.again = SWIM_TIME_NEVER};
	firings->timer = loop_timer_new(base, fired, firings);
	ck_assert_ptr_nonnull(firings->timer);
	return base;
}

START_TEST(a_timer_never_fires_early)
{
	struct firings firings;
	struct event_base *base = with_timer(&firings);
	swim_time at;

	for (int i = 1; i <= 20; i++) {
		at = swim_time_add(loop_now(), swim_us(i * 137));
		loop_timer_set(firings.timer, at);
		LOOP_UNTIL(base, firings.count == (unsigned)i);
		ck_assert(swim_time_reached(firings.last, at));
	}
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

START_TEST(waiting_for_a_timer_takes_few_turns)
{
	struct firings firings;
	struct event_base *base = with_timer(&firings);
	unsigned turns = 0;

	loop_timer_set(firings.timer, swim_time_add(loop_now(), swim_ms(50)));
	for (; firings.count == 0; turns++)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_le(turns, 5);
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

START_TEST(a_timer_in_the_past_fires_on_the_next_turn)
{
	struct firings firings;
	struct event_base *base = with_timer(&firings);

	loop_timer_set(firings.timer, (swim_time){1});
	ck_assert_uint_eq(firings.count, 0);
	LOOP_ONCE(base);
	ck_assert_uint_eq(firings.count, 1);
	/* A timer that has fired is disarmed. */
	ck_assert_int_eq(event_base_loop(base, EVLOOP_NONBLOCK), 1);
	ck_assert_uint_eq(firings.count, 1);
	/* The lag counts from the call that set the timer, not from the time in the past. */
	ck_assert_int_lt(loop_timer_lag(firings.timer).ns, swim_seconds(60).ns);
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

START_TEST(never_disarms_a_timer)
{
	struct firings firings;
	struct event_base *base = with_timer(&firings);

	loop_timer_set(firings.timer, (swim_time){1});
	loop_timer_set(firings.timer, SWIM_TIME_NEVER);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 1);
	ck_assert_uint_eq(firings.count, 0);
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

START_TEST(a_timer_can_be_moved_earlier_and_later)
{
	struct firings firings;
	struct event_base *base = with_timer(&firings);

	loop_timer_set(firings.timer, swim_time_add(loop_now(), swim_seconds(400000000)));
	LOOP_ONCE(base);
	ck_assert_uint_eq(firings.count, 0);
	loop_timer_set(firings.timer, swim_time_add(loop_now(), swim_ms(1)));
	LOOP_UNTIL(base, firings.count == 1);
	loop_timer_set(firings.timer, swim_time_add(loop_now(), swim_ms(1)));
	loop_timer_set(firings.timer, swim_time_add(loop_now(), swim_seconds(4000)));
	for (int i = 0; i < 10; i++)
		LOOP_ONCE(base);
	ck_assert_uint_eq(firings.count, 1);
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

START_TEST(a_timer_may_set_itself_again_or_free_itself)
{
	struct firings firings;
	struct event_base *base = with_timer(&firings);

	firings.again = (swim_time){5};
	loop_timer_set(firings.timer, (swim_time){5});
	LOOP_UNTIL(base, firings.count == 5);
	firings.free_it = true;
	LOOP_UNTIL(base, firings.count == 6);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 1);
	event_base_free(base);
}
END_TEST

static void
be_slow(evutil_socket_t fd, short what, void *arg)
{
	swim_time end = swim_time_add(loop_now(), swim_ms(30));

	(void)fd;
	(void)what;
	(void)arg;
	while (swim_time_before(loop_now(), end))
		continue;
}

START_TEST(the_lag_is_reported)
{
	struct firings firings;
	struct event_base *base = with_timer(&firings);
	struct event *slow = event_new(base, -1, 0, be_slow, NULL);
	swim_time at = swim_time_add(loop_now(), swim_ms(1));

	ck_assert_int_eq(loop_timer_lag_max(firings.timer).ns, 0);
	loop_timer_set(firings.timer, at);
	event_active(slow, EV_TIMEOUT, 0);
	LOOP_UNTIL(base, firings.count == 1);
	ck_assert_int_eq(loop_timer_lag(firings.timer).ns, swim_time_since(firings.last, at).ns);
	ck_assert_int_gt(loop_timer_lag_max(firings.timer).ns, swim_ms(25).ns);
	event_free(slow);
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

static void
look_twice(evutil_socket_t fd, short what, void *arg)
{
	struct event_base *base = arg;
	struct timeval before, after;

	(void)fd;
	(void)what;
	ck_assert_int_eq(event_base_gettimeofday_cached(base, &before), 0);
	be_slow(-1, 0, NULL);
	ck_assert_int_eq(event_base_gettimeofday_cached(base, &after), 0);
	ck_assert(evutil_timercmp(&before, &after, <));
}

/* With a cached time, timers would be set by the clock as it was before the callback began. */
START_TEST(the_loop_caches_no_time)
{
	struct event_base *base = loop_new();
	struct event *event = event_new(base, -1, 0, look_twice, base);

	event_active(event, EV_TIMEOUT, 0);
	LOOP_ONCE(base);
	ck_assert_int_eq(event_pending(event, EV_TIMEOUT, NULL), 0);
	event_free(event);
	event_base_free(base);
}
END_TEST

/* A timer that was due while the machine slept fires after the sleep, and its lag contains the sleep. */
START_TEST(a_sleep_of_the_machine_is_a_stall)
{
	struct firings firings;
	struct event_base *base = with_timer(&firings);
	swim_time at = swim_time_add(loop_now(), swim_ms(20));

	loop_timer_set(firings.timer, at);
	slept_s = 3600;
	LOOP_UNTIL(base, firings.count == 1);
	slept_s = 0;
	ck_assert_int_ge(swim_time_since(firings.last, at).ns, swim_seconds(3599).ns);
	ck_assert_int_ge(loop_timer_lag(firings.timer).ns, swim_seconds(3599).ns);
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

START_TEST(setting_the_wall_clock_moves_no_timer)
{
	static const int64_t sets[] = {86400 * 365, -86400 * 365};
	struct firings firings;
	struct event_base *base = with_timer(&firings);
	swim_time at;

	for (unsigned i = 0; i < 2; i++) {
		at = swim_time_add(loop_now(), swim_ms(20));
		loop_timer_set(firings.timer, at);
		wall_set_s = sets[i];
		ck_assert_int_lt(llabs(loop_wall_ns() / 1000000000 - time(NULL) - sets[i]), 10);
		LOOP_UNTIL(base, firings.count == i + 1);
		wall_set_s = 0;
		ck_assert(swim_time_reached(firings.last, at));
		ck_assert_int_lt(loop_timer_lag(firings.timer).ns, swim_seconds(3600).ns);
	}
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

START_TEST(the_clocks_are_those_of_the_system)
{
	struct timespec ts;
	swim_time before = loop_now();
	int64_t wall;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	ck_assert_int_le(before.ns, (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
	ck_assert_int_le(before.ns, loop_now().ns);
	/* time() is some milliseconds behind. */
	ck_assert_int_le(time(NULL), loop_wall_ns() / 1000000000);
	wall = loop_wall_ns();
	clock_gettime(CLOCK_REALTIME, &ts);
	ck_assert_int_le(wall, (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
}
END_TEST

UNIT_MAIN("loop", a_timer_never_fires_early, waiting_for_a_timer_takes_few_turns,
    a_timer_in_the_past_fires_on_the_next_turn, never_disarms_a_timer,
    a_timer_can_be_moved_earlier_and_later, a_timer_may_set_itself_again_or_free_itself,
    the_lag_is_reported, the_loop_caches_no_time, a_sleep_of_the_machine_is_a_stall,
    setting_the_wall_clock_moves_no_timer, the_clocks_are_those_of_the_system)
