/* SPDX-License-Identifier: MIT */
/*
 * Monotonic instants and durations, each a type of its own so that seconds, milliseconds and
 * instants can't be mixed up.  Nothing here reads a clock: instants come in as arguments.
 */
#ifndef SWIMD_BASE_TIME_H
#define SWIMD_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* An instant on a monotonic clock, nanoseconds since an arbitrary origin. */
typedef struct swim_time {
	int64_t ns;
} swim_time;

/* A length of time in nanoseconds; may be negative. */
typedef struct swim_duration {
	int64_t ns;
} swim_duration;

/* Later than every other instant: "no deadline". */
#define SWIM_TIME_NEVER ((swim_time){INT64_MAX})

static inline swim_duration
swim_ns(int64_t ns)
{
	return (swim_duration){ns};
}

static inline swim_duration
swim_us(int64_t us)
{
	return (swim_duration){us * 1000};
}

static inline swim_duration
swim_ms(int64_t ms)
{
	return (swim_duration){ms * 1000000};
}

static inline swim_duration
swim_seconds(int64_t s)
{
	return (swim_duration){s * 1000000000};
}

static inline int64_t
swim_duration_ms(swim_duration d)
{
	return d.ns / 1000000;
}

static inline double
swim_duration_seconds(swim_duration d)
{
	return (double)d.ns / 1e9;
}

/* Saturates at SWIM_TIME_NEVER, so that adding to "never" stays "never". */
static inline swim_time
swim_time_add(swim_time t, swim_duration d)
{
	int64_t sum;

	if (t.ns == INT64_MAX || __builtin_add_overflow(t.ns, d.ns, &sum))
		return SWIM_TIME_NEVER;
	return (swim_time){sum};
}

/* a - b. */
static inline swim_duration
swim_time_since(swim_time a, swim_time b)
{
	return (swim_duration){a.ns - b.ns};
}

static inline bool
swim_time_before(swim_time a, swim_time b)
{
	return a.ns < b.ns;
}

/* True once `deadline` has come. */
static inline bool
swim_time_reached(swim_time now, swim_time deadline)
{
	return now.ns >= deadline.ns;
}

static inline swim_time
swim_time_min(swim_time a, swim_time b)
{
	return a.ns < b.ns ? a : b;
}

static inline bool
swim_time_is_never(swim_time t)
{
	return t.ns == INT64_MAX;
}

/* d * factor, for scaling by health, jitter or cluster size. */
static inline swim_duration
swim_duration_scale(swim_duration d, double factor)
{
	return (swim_duration){(int64_t)((double)d.ns * factor)};
}

#endif
