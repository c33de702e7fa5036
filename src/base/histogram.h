/* SPDX-License-Identifier: MIT */
/*
 * A cheap histogram of durations: its bounds are powers of two from 64 ns up, and an observation costs one increment.
 */
#ifndef SWIMD_BASE_HISTOGRAM_H
#define SWIMD_BASE_HISTOGRAM_H

#include <stdint.h>

#include "base/time.h"

#define HISTOGRAM_BUCKETS 24 /* upper bounds 64 ns << i; the last one is unbounded */

struct histogram {
	uint64_t count[HISTOGRAM_BUCKETS];
	uint64_t observations;
	uint64_t sum_ns;
};

void histogram_add(struct histogram *, swim_duration);
/* Upper bound of bucket i in nanoseconds; INT64_MAX for the last. */
int64_t histogram_bound_ns(unsigned i);

#endif
