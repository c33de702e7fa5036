/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <stdlib.h>
#include <time.h>

#include "base/log.h"

/*
 * The longest time for which a timer waits in libevent, in seconds; then the timer is armed again, if
 * needed.  libevent uses CLOCK_MONOTONIC, which stops while the machine sleeps.  So a timer is late by at
 * most this time after a sleep.
 */
#define LOOP_SLEEP_MAX_S 30

struct loop_timer {
	struct event *event;
	void (*fire)(void *ctx, swim_time now);
	void *ctx;
	swim_time at;  /* NEVER while disarmed */
	swim_time due; /* lag counts from here: `at`, or when the timer was set, if later */
	swim_duration lag, lag_max;
};

swim_time
loop_now(void)
{
	struct timespec ts;

	/* This cannot fail: the clock exists and the pointer is valid. */
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (swim_time){(int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec};
}

int64_t
loop_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Write libevent's messages to our log, in its format.  By default libevent writes them to stderr. */
static void
loop_log(int severity, const char *message)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	if (severity == EVENT_LOG_ERR)
		level = LOG_LEVEL_ERROR;
	else if (severity == EVENT_LOG_WARN)
		level = LOG_LEVEL_WARNING;
	log_at(level, "libevent", log_str("message", message));
}

struct event_base *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	event_set_log_callback(loop_log);
	/*
	 * With the cached time the loop sleeps too long after a slow callback: a 50 ms timer behind a
	 * callback of 300 ms fired 351 ms late.  The environment (EVENT_NOEPOLL, ...) must not change how a
	 * daemon works.
	 */
	if (event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME) == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

void
loop_free(struct event_base *base)
{
	if (base == NULL)
		return;
	event_base_free(base);
}

static void
loop_timer_arm(struct loop_timer *timer, swim_time now)
{
	struct timeval tv = {0, 0};
	int64_t us;

	if (swim_time_before(now, timer->at)) {
		/* Round up: a wake-up just before the time would need one more sleep. */
		us = (swim_time_since(timer->at, now).ns + 999) / 1000;
		if (us > LOOP_SLEEP_MAX_S * INT64_C(1000000))
			us = LOOP_SLEEP_MAX_S * INT64_C(1000000);
		tv.tv_sec = us / 1000000;
		tv.tv_usec = us % 1000000;
	}
	/* This fails only if libevent's heap of timers cannot grow; loop_timer_new has made room there. */
	event_add(timer->event, &tv);
}

static void
loop_timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;
	swim_time now = loop_now();

	(void)fd;
	(void)what;
	if (swim_time_is_never(timer->at))
		return;
	if (!swim_time_reached(now, timer->at)) {
		loop_timer_arm(timer, now);
		return;
	}
	timer->lag = swim_time_since(now, timer->due);
	if (timer->lag.ns > timer->lag_max.ns)
		timer->lag_max = timer->lag;
	timer->at = SWIM_TIME_NEVER;
	/* This call comes last: the callback may free the timer. */
	timer->fire(timer->ctx, now);
}

struct loop_timer *
loop_timer_new(struct event_base *base, void (*fire)(void *ctx, swim_time now), void *ctx)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));
	struct timeval far = {LOOP_SLEEP_MAX_S, 0};

	if (timer == NULL)
		return NULL;
	timer->fire = fire;
	timer->ctx = ctx;
	timer->at = SWIM_TIME_NEVER;
	timer->event = evtimer_new(base, loop_timer_fired, timer);
	/* Make room in libevent's heap of timers now, while a failure can still be reported. */
	if (timer->event == NULL || event_add(timer->event, &far) != 0) {
		loop_timer_free(timer);
		return NULL;
	}
	event_del(timer->event);
	return timer;
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	if (timer->event != NULL)
		event_free(timer->event);
	free(timer);
}

void
loop_timer_set(struct loop_timer *timer, swim_time at)
{
	swim_time now;

	/* Arming again changes libevent's heap: do nothing if the time is the same. */
	if (at.ns == timer->at.ns)
		return;
	timer->at = at;
	if (swim_time_is_never(at)) {
		event_del(timer->event);
		return;
	}
	now = loop_now();
	timer->due = swim_time_before(at, now) ? now : at;
	loop_timer_arm(timer, now);
}

swim_duration
loop_timer_lag(const struct loop_timer *timer)
{
	return timer->lag;
}

swim_duration
loop_timer_lag_max(const struct loop_timer *timer)
{
	return timer->lag_max;
}
