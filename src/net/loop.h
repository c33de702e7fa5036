/* SPDX-License-Identifier: MIT */
/* The libevent loop: its clocks, and timers for one instant each, which measure how late they fire. */
#ifndef SWIMD_NET_LOOP_H
#define SWIMD_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <event2/event.h>

#include "base/time.h"

/*
 * Reads CLOCK_BOOTTIME, which nobody can set, and which also counts while the machine sleeps.  So a sleep of the
 * machine looks like a stall: deadlines are found long past, and no member is accused because of the sleep.
 */
swim_time loop_now(void);
/* Wall clock, nanoseconds since the epoch. */
int64_t loop_wall_ns(void);

/*
 * Makes a base with EVENT_BASE_FLAG_PRECISE_TIMER and NO_CACHE_TIME (with its cached time libevent fires timers
 * late).  From here on base/log writes the messages of libevent.  NULL when memory or descriptors are short.
 */
struct event_base *loop_new(void);
/* The caller has freed all events before.  Do not call this from within a callback. */
void loop_free(struct event_base *);

/* One timer at an absolute instant. */
struct loop_timer;
struct loop_timer *loop_timer_new(struct event_base *, void (*fire)(void *ctx, swim_time now),
    void *ctx);
void loop_timer_free(struct loop_timer *);
/* (Re-)arm the timer.  SWIM_TIME_NEVER disarms it; an instant in the past fires on the next turn of the loop. */
void loop_timer_set(struct loop_timer *, swim_time at);
/* How late the timer fired the last time, and the most so far; for the loop-lag metric. */
swim_duration loop_timer_lag(const struct loop_timer *);
swim_duration loop_timer_lag_max(const struct loop_timer *);

#endif
