/* SPDX-License-Identifier: MIT */
/* What a new configuration changes in a running one. */
#ifndef SWIMD_DAEMON_RELOAD_H
#define SWIMD_DAEMON_RELOAD_H

#include <stddef.h>

#include "daemon/config.h"

struct reload_plan {
	/* All that differs and can take effect at once. */
	const struct config_key *live[CONFIG_KEYS_MAX];
	size_t live_count;
	/* What to tell of it: names of keys, sorted.  Timing that follows from another profile is not told apart. */
	const char *applied[CONFIG_KEYS_MAX];
	size_t applied_count;
	const char *needs_restart[CONFIG_KEYS_MAX];
	size_t needs_restart_count;
};

void reload_compare(const struct config *running, const struct config *fresh,
    struct reload_plan *out);

/* Move what is live from `fresh` to `running`; the old values are then in `fresh`. */
void reload_adopt(const struct reload_plan *, struct config *running, struct config *fresh);

#endif
