/* SPDX-License-Identifier: MIT */
/* Computes how often, and how long after a failure, a call is tried again.  Arithmetic alone. */
#ifndef SWIMD_NET_RETRY_H
#define SWIMD_NET_RETRY_H

#include <stdbool.h>

#include "base/time.h"

struct retry_policy {
	unsigned attempts;   /* the first try included; 1: do not try again, 0: try for ever */
	swim_duration first; /* delay from the first failure to the second try; >= 0 */
	double factor;       /* each further delay is this many times the one before; >= 1 */
	swim_duration max;   /* the longest delay, also for `first` */
};

/* After `failed` (>= 1) failures, set *delay to how long to wait before the next try.  False when no try is left. */
bool retry_delay(const struct retry_policy *, unsigned failed, swim_duration *delay);

/*
 * Spread a delay evenly over +-fraction of itself, so that callers that failed together do not try again together;
 * unit is uniform in [0, 1).
 */
swim_duration retry_jitter(swim_duration delay, double fraction, double unit);

#endif
