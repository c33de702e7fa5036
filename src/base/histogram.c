/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#include <assert.h>

#define FIRST_BOUND_SHIFT 6 /* 64 ns */

void
histogram_add(struct histogram *h, swim_duration d)
{
	/* A clock that stepped back must not make a huge observation of a tiny one. */
	uint64_t ns = d.ns > 0 ? (uint64_t)d.ns : 0;
	unsigned i = 0;

	if (ns > UINT64_C(1) << FIRST_BOUND_SHIFT)
		i = 64 - (unsigned)__builtin_clzll(ns - 1) - FIRST_BOUND_SHIFT;
	if (i >= HISTOGRAM_BUCKETS)
		i = HISTOGRAM_BUCKETS - 1;
	h->count[i]++;
	h->observations++;
	if (__builtin_add_overflow(h->sum_ns, ns, &h->sum_ns))
		h->sum_ns = UINT64_MAX;
}

int64_t
histogram_bound_ns(unsigned i)
{
	assert(i < HISTOGRAM_BUCKETS);
	return i == HISTOGRAM_BUCKETS - 1 ? INT64_MAX : INT64_C(1) << (FIRST_BOUND_SHIFT + i);
}
