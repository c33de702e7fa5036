/* SPDX-License-Identifier: MIT */
/*
 * Configuration: one const table of keys from which file, environment, command line, --help,
 * --check-config, reload and etc/swimd.conf's test derive.  Options stand above SWIMD_* environment variables,
 * above /etc/swimd/swimd.conf.d/<name>.conf in name order, above /etc/swimd/swimd.conf, above defaults.
 */
#ifndef SWIMD_DAEMON_CONFIG_H
#define SWIMD_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/time.h"
#include "core/swim.h"

#define CONFIG_ERROR_MAX 512
#define CONFIG_KEYS_MAX 96
#define CONFIG_SEEDS_MAX 64

struct config {
	char *name;       /* host name when not given */
	char *cluster;
	char *bind;       /* host:port as given */
	char *advertise;  /* "" : chosen */
	char *device;
	char **seeds;
	size_t seed_count;
	char *socket, *ro_socket, *socket_group;
	char *state_dir;
	enum swim_profile profile;
	struct swim_timing timing; /* the profile's, with single keys overridden */
	bool mdns;
	size_t max_members;
	uint64_t max_jump;
	size_t max_datagram;
	int receive_buffer;
	unsigned retry_attempts;
	swim_duration retry_first, retry_max;
	double retry_factor;
	size_t resolver_cache_entries;
	swim_duration resolver_cache_ttl, resolver_timeout;
	enum log_level log_level;
	enum log_format log_format;
	/* Where each value came from, by row of the key table: for messages ("FILE:LINE", "environment", "--bind"). */
	char *origin[CONFIG_KEYS_MAX];
};

#endif
