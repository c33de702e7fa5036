/* SPDX-License-Identifier: MIT */
/*
 * Configuration: one const table of keys from which file, environment, command line, --help,
 * --check-config, reload and the test of etc/swimd.conf derive.  Options stand above SWIMD_* environment
 * variables, above /etc/swimd/swimd.conf.d/<name>.conf in name order, above /etc/swimd/swimd.conf, above defaults.
 *
 * Values go two steps: config_set collects the texts that each key was given, checking every one where it
 * stands, and config_build makes a struct config of them.
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

#define CONFIG_KEYS_MAX 64
#define CONFIG_LIST_MAX 64 /* items of one list */

struct config_list {
	char **items;
	size_t count;
};

struct config {
	char *name; /* the host name when not given */
	char *cluster;
	char *state_dir;
	struct config_list tags; /* "key=value" */
	char *bind;              /* host:port as given */
	char *advertise;         /* "": chosen */
	char *device;
	uint64_t max_datagram;   /* bytes */
	uint64_t receive_buffer; /* bytes; 0 leaves the kernel's default */
	unsigned retry_attempts;
	swim_duration retry_first, retry_max;
	double retry_factor;
	uint64_t resolver_cache_entries;
	swim_duration resolver_cache_ttl, resolver_timeout;
	bool resolve_members;
	struct config_list seeds;
	bool mdns;
	char *mdns_service, *mdns_domain;
	swim_duration mdns_timeout;
	struct config_list mdns_interfaces; /* empty: all */
	enum swim_profile profile;
	struct swim_timing timing; /* the profile's, with single keys overridden */
	uint64_t max_members;
	uint64_t max_jump;
	char *socket, *ro_socket, *socket_group;
	enum log_level log_level;
	enum log_format log_format;
	/*
	 * By row of the key table, where the value came from, for messages ("FILE:LINE", "SWIMD_BIND", "--bind");
	 * NULL: it is the default.
	 */
	char *origin[CONFIG_KEYS_MAX];
};

enum config_type {
	CONFIG_TEXT,     /* char * */
	CONFIG_LIST,     /* struct config_list */
	CONFIG_BOOL,     /* bool */
	CONFIG_DURATION, /* swim_duration */
	CONFIG_SIZE,     /* uint64_t, bytes */
	CONFIG_COUNT,    /* uint64_t */
	CONFIG_UNSIGNED, /* unsigned */
	CONFIG_FACTOR,   /* double */
	CONFIG_PROFILE,
	CONFIG_LOG_LEVEL,
	CONFIG_LOG_FORMAT,
};

/* What a changed key needs to take effect. */
enum config_change { CONFIG_LIVE, CONFIG_RESTART };

struct config_key {
	const char *name;     /* in files; SWIMD_NAME in the environment */
	const char *option;   /* without its dashes; NULL: none */
	const char *argument; /* what --help calls the option's value */
	const char *help;     /* half a line for --help */
	/* As it would be written.  NULL: the host name (name), or what the profile says (timing). */
	const char *fallback;
	/* For texts and list items: why it will not do (static), or NULL. */
	const char *(*check)(const char *text);
	size_t offset;   /* into struct config */
	double min, max; /* numbers as they are, sizes in bytes, durations in seconds */
	enum config_type type;
	enum config_change change;
};

const struct config_key *config_keys(size_t *count);
/* NULL when no key has this name. */
const struct config_key *config_find(const char *name);
/* The key whose name somebody may have meant who mistyped it, or NULL. */
const char *config_nearest(const char *name);
/* Its row number: an index into config.origin. */
size_t config_row(const struct config_key *);
/* "SWIMD_PROBE_INTERVAL" into buf (at least 64 bytes). */
void config_environment_name(const struct config_key *, char *buf);

/* What the keys were given as, so far; zeroed is empty. */
struct config_given {
	struct {
		char **texts;
		size_t count;
		char *origin; /* NULL: not given */
	} key[CONFIG_KEYS_MAX];
};
void config_given_fini(struct config_given *);

enum config_mode {
	CONFIG_REPLACE, /* a value, or a list's first item: replaces what was given before */
	CONFIG_APPEND,  /* a list's further item */
};

/* A list that is given as empty. */
bool config_set_empty(struct config_given *, const struct config_key *, const char *origin,
    char *error);
/*
 * Give `key` a value.  False when it will not do: then `error` (FAULT_MAX bytes) says
 * "origin: key: why", and nothing has changed.
 */
bool config_set(struct config_given *, const struct config_key *, enum config_mode,
    const char *text, const char *origin, char *error);
/* All that `upper` gives replaces what `lower` gives. */
bool config_overlay(struct config_given *lower, const struct config_given *upper, char *error);

/*
 * Defaults and what was given, checked against each other.  False with `error` set when something
 * contradicts; *out is then untouched.  On success *out is the caller's, for config_fini.
 */
bool config_build(const struct config_given *, struct config *out, char *error);
void config_fini(struct config *);

/*
 * A sentence (into text, of FAULT_MAX bytes) about what is valid and perhaps not what was meant, with *at moved on,
 * which begins at 0; false: there is no more.
 */
bool config_doubt(const struct config *, size_t *at, char *text);

/* Does this key have the same value in both? */
bool config_equal(const struct config_key *, const struct config *, const struct config *);
/* Make the key's value (and origin) in `to` that of `from`, by exchanging the two. */
void config_exchange(const struct config_key *, struct config *to, struct config *from);

#endif
