/* SPDX-License-Identifier: MIT */
#include "net/retry.h"

bool
retry_delay(const struct retry_policy *policy, unsigned failed, swim_duration *delay)
{
	double max = (double)policy->max.ns;
	double ns = (double)policy->first.ns;
	unsigned i;

	if (policy->attempts != 0 && failed >= policy->attempts)
		return false;
	/*
	 * The loop stops at the cap: a year of failures costs no more time than ten failures, and nothing
	 * overflows.
	 */
	if (policy->factor > 1 && ns > 0) {
		for (i = 1; i < failed && ns < max; i++)
			ns *= policy->factor;
	}
	*delay = ns < max ? swim_ns((int64_t)ns) : policy->max;
	return true;
}

swim_duration
retry_jitter(swim_duration delay, double fraction, double unit)
{
	return swim_duration_scale(delay, 1 + fraction * (2 * unit - 1));
}
