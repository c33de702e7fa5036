/* SPDX-License-Identifier: MIT */
/* Compares a new configuration with the running one, and takes over what a reload can change. */
#ifndef SWIMD_DAEMON_RELOAD_H
#define SWIMD_DAEMON_RELOAD_H

#include <stddef.h>

#include "daemon/config.h"

struct reload_plan {
	/* Keys that differ and take effect at once. */
	const struct config_key *live[CONFIG_KEYS_MAX];
	size_t live_count;
	/* Sorted names of these keys, for reports; without timing keys that only a new profile has changed. */
	const char *applied[CONFIG_KEYS_MAX];
	size_t applied_count;
	/* Sorted names of the keys that differ and need a restart. */
	const char *needs_restart[CONFIG_KEYS_MAX];
	size_t needs_restart_count;
};

/* Fills *out. */
void reload_compare(const struct config *running, const struct config *fresh,
    struct reload_plan *out);

/* Exchanges the values of the live keys: the new ones are then in `running`, the old ones in `fresh`. */
void reload_adopt(const struct reload_plan *, struct config *running, struct config *fresh);

#endif
