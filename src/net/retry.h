/* SPDX-License-Identifier: MIT */
/* How often, and how long after a failure, something is tried again: arithmetic alone. */
#ifndef SWIMD_NET_RETRY_H
#define SWIMD_NET_RETRY_H

#include <stdbool.h>

#include "base/time.h"

struct retry_policy {
	unsigned attempts;   /* the first try included; 1: never again, 0: for ever */
	swim_duration first; /* from the first failure to the second try; >= 0 */
	double factor;       /* each further delay is this many times the one before; >= 1 */
	swim_duration max;   /* but at most this; it caps `first` too */
};

/*
 * After `failed` (>= 1) failures: how long to wait before the next try, in *delay.  False when none is left.
 */
bool retry_delay(const struct retry_policy *, unsigned failed, swim_duration *delay);

/*
 * Spread a delay evenly over +-fraction of itself, so that many that failed together don't come back
 * together; unit is uniform in [0, 1).
 */
swim_duration retry_jitter(swim_duration delay, double fraction, double unit);

#endif
