/* SPDX-License-Identifier: MIT */
/* The libevent loop: its clock, its one deadline timer, and how late it runs. */
#ifndef SWIMD_NET_LOOP_H
#define SWIMD_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <event2/event.h>

#include "base/time.h"

/*
 * CLOCK_BOOTTIME: never set back or forth by anybody, and counts while the machine sleeps.  So a suspension is
 * to all of us what a stall is: deadlines are found long past, and nobody is accused for it.
 */
swim_time loop_now(void);
/* Wall clock, nanoseconds since the epoch. */
int64_t loop_wall_ns(void);

/*
 * With EVENT_BASE_FLAG_PRECISE_TIMER and NO_CACHE_TIME (libevent's cached time fires timers late).  What
 * libevent has to say goes to base/log from here on.  NULL when memory or descriptors are short.
 */
struct event_base *loop_new(void);
/* All events must be freed already.  Not from within a callback. */
void loop_free(struct event_base *);

/* One timer at an absolute instant. */
struct loop_timer;
struct loop_timer *loop_timer_new(struct event_base *, void (*fire)(void *ctx, swim_time now),
    void *ctx);
void loop_timer_free(struct loop_timer *);
/* (Re-)arm; SWIM_TIME_NEVER disarms; an instant in the past fires on the next turn of the loop. */
void loop_timer_set(struct loop_timer *, swim_time at);
/* How late the last firing was, and the most so far; for the loop-lag metric. */
swim_duration loop_timer_lag(const struct loop_timer *);
swim_duration loop_timer_lag_max(const struct loop_timer *);

#endif
