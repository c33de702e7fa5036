/* SPDX-License-Identifier: MIT */
/* The profiles: named sets of timing settings. */
#include <string.h>
#include <strings.h>

#include "base/rule.h"
#include "core/swim.h"

static const struct {
	const char *name;
	int64_t probe_interval_ms, probe_timeout_ms;
	double suspicion_mult;
	int64_t suspicion_min_ms, gossip_interval_ms;
	unsigned gossip_fanout;
	int64_t sync_interval_ms, reconnect_interval_ms;
} profiles[SWIM_PROFILE_COUNT] = {
    [SWIM_PROFILE_LAN] = {"lan", 1000, 400, 5.0, 1200, 200, 3, 1000, 2000},
    [SWIM_PROFILE_WAN] = {"wan", 3000, 1500, 5.0, 4000, 500, 4, 3000, 6000},
    [SWIM_PROFILE_LOCAL] = {"local", 1000, 200, 5.0, 800, 100, 3, 1000, 1000},
    [SWIM_PROFILE_FAST] = {"fast", 200, 80, 5.0, 300, 50, 3, 200, 500},
};

const char *
swim_profile_name(enum swim_profile p)
{
	return profiles[p].name;
}

bool
swim_profile_parse(const char *name, enum swim_profile *out)
{
	for (int i = 0; i < SWIM_PROFILE_COUNT; i++) {
		if (strcasecmp(profiles[i].name, name) == 0) {
			*out = (enum swim_profile)i;
			return true;
		}
	}
	return false;
}

swim_duration
swim_retention(const struct swim_timing *t, enum swim_status status, bool answered)
{
	swim_duration most = status == SWIM_LEFT ? t->left_retention : t->dead_retention;
	bool early = !answered && RULE(unanswered_forgotten);

	return early && most.ns > SWIM_UNANSWERED_RETENTION.ns ? SWIM_UNANSWERED_RETENTION : most;
}

void
swim_timing_profile(enum swim_profile p, struct swim_timing *out)
{
	*out = (struct swim_timing){
	    .probe_interval = swim_ms(profiles[p].probe_interval_ms),
	    .probe_timeout = swim_ms(profiles[p].probe_timeout_ms),
	    .indirect_probes = 3,
	    .suspicion_mult = profiles[p].suspicion_mult,
	    .suspicion_min = swim_ms(profiles[p].suspicion_min_ms),
	    .gossip_interval = swim_ms(profiles[p].gossip_interval_ms),
	    .gossip_fanout = profiles[p].gossip_fanout,
	    .retransmit_mult = 4,
	    .sync_interval = swim_ms(profiles[p].sync_interval_ms),
	    .reconnect_interval = swim_ms(profiles[p].reconnect_interval_ms),
	    .dead_retention = swim_seconds(24 * 3600),
	    .left_retention = swim_seconds(24 * 3600),
	};
}
