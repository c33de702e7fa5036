/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <stdlib.h>
#include <time.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/loop.h"

/* The machine has slept for so long, which CLOCK_MONOTONIC knows nothing of; and the wall clock was set. */
static int64_t slept_s, wall_set_s;

/* In the place of the C library's. */
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
	swim_time again; /* set when it fires; NEVER: not */
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

START_TEST(waiting_for_a_timer_is_no_work)
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
	/* Fired: disarmed. */
	ck_assert_int_eq(event_base_loop(base, EVLOOP_NONBLOCK), 1);
	ck_assert_uint_eq(firings.count, 1);
	/* Overdue when it was set is not the loop's lateness: the clock has run for longer than that. */
	ck_assert_int_lt(loop_timer_lag(firings.timer).ns, swim_seconds(60).ns);
	loop_timer_free(firings.timer);
	event_base_free(base);
}
END_TEST

START_TEST(never_disarms)
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

START_TEST(a_timer_moves_both_ways)
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

START_TEST(lateness_is_told)
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

/* What was due while the machine slept is found overdue, by as much; it is not put off until it has counted down. */
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

START_TEST(who_sets_the_wall_clock_moves_no_timer)
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

START_TEST(the_clocks_are_the_systems)
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

UNIT_MAIN("loop", a_timer_never_fires_early, waiting_for_a_timer_is_no_work,
    a_timer_in_the_past_fires_on_the_next_turn, never_disarms, a_timer_moves_both_ways,
    a_timer_may_set_itself_again_or_free_itself, lateness_is_told, the_loop_caches_no_time,
    a_sleep_of_the_machine_is_a_stall, who_sets_the_wall_clock_moves_no_timer,
    the_clocks_are_the_systems)
