/* SPDX-License-Identifier: MIT */
/*
 * The configuration: one const table of keys, from which files, environment, command line, --help, --check-config,
 * reload and the test of etc/swimd.conf derive.  Of several sources that give a key, the first of this list wins:
 * options, SWIMD_* environment variables, /etc/swimd/swimd.conf.d/<name>.conf (the last name first),
 * /etc/swimd/swimd.conf, defaults.
 *
 * A value is taken in two steps: config_set checks one text and collects it in a struct config_given, and config_build
 * makes a struct config of all texts.
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

#define CONFIG_KEYS_MAX 64 /* rows of the key table */
#define CONFIG_LIST_MAX 64 /* items of one list */

struct config_list {
	char **items;
	size_t count;
};

struct config {
	char *name; /* default: the host name */
	char *cluster;
	char *state_dir;
	struct config_list tags; /* "key=value" */
	char *bind;              /* host:port as given */
	char *advertise;         /* host:port as given; "": swimd chooses an address */
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
	struct config_list mdns_interfaces; /* names; empty: all interfaces */
	enum swim_profile profile;
	struct swim_timing timing; /* that of `profile`, overridden by the keys that are given */
	uint64_t max_members;
	uint64_t max_jump;
	char *socket, *ro_socket, *socket_group;
	enum log_level log_level;
	enum log_format log_format;
	/*
	 * Where the value of each row of the key table comes from, for messages ("FILE:LINE", "SWIMD_BIND", "--bind");
	 * NULL: the value is the default.
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

/* What makes a changed key take effect: a reload or a restart. */
enum config_change { CONFIG_LIVE, CONFIG_RESTART };

struct config_key {
	const char *name;     /* in files; SWIMD_NAME in the environment */
	const char *option;   /* without its dashes; NULL: the key has no option */
	const char *argument; /* what --help calls the option's value */
	const char *help;     /* half a line for --help */
	/* The default as a file would give it.  NULL: the host name (name), or the value of the profile (timing). */
	const char *fallback;
	/* For texts and list items: returns NULL, or why the text is refused (static). */
	const char *(*check)(const char *text);
	size_t offset;   /* into struct config */
	double min, max; /* bounds of a number; of a size in bytes, of a duration in seconds */
	enum config_type type;
	enum config_change change;
};

const struct config_key *config_keys(size_t *count);
/* Returns NULL if no key has this name. */
const struct config_key *config_find(const char *name);
/* Returns the name of the key that is most similar to a mistyped `name`, or NULL if none is similar enough. */
const char *config_nearest(const char *name);
/* Returns the row number of a key: an index into config.origin and config_given.key. */
size_t config_row(const struct config_key *);
/* Writes the key's variable, such as "SWIMD_PROBE_INTERVAL", into `buf` (at least 64 bytes). */
void config_environment_name(const struct config_key *, char *buf);

/* The texts that the keys were given so far; a zeroed one is empty. */
struct config_given {
	struct {
		char **texts;
		size_t count;
		char *origin; /* as config.origin; NULL: the key was not given */
	} key[CONFIG_KEYS_MAX];
};
void config_given_fini(struct config_given *);

enum config_mode {
	CONFIG_REPLACE, /* the text replaces all texts that were given before */
	CONFIG_APPEND,  /* the text is a further item of a list */
};

/* Gives `key`, which is a list, no items.  False: out of memory, and `fault` (FAULT_MAX bytes) says so. */
bool config_set_empty(struct config_given *, const struct config_key *, const char *origin,
    char *fault);
/*
 * Checks `text` and gives it to `key`.  False if the text is refused: then `fault` (FAULT_MAX bytes) says
 * "ORIGIN: KEY: WHY", and nothing has changed.
 */
bool config_set(struct config_given *, const struct config_key *, enum config_mode,
    const char *text, const char *origin, char *fault);
/* Replaces in `lower` each key that `upper` gives.  False: out of memory, and `fault` (FAULT_MAX bytes) says so. */
bool config_overlay(struct config_given *lower, const struct config_given *upper, char *fault);

/*
 * Makes *out of the texts that were given and of the defaults, and checks the keys against each other.  False if keys
 * contradict each other: then `fault` (FAULT_MAX bytes) is set and *out is untouched.  On success the caller frees
 * *out with config_fini.
 */
bool config_build(const struct config_given *, struct config *out, char *fault);
void config_fini(struct config *);

/*
 * Writes into `text` (FAULT_MAX bytes) the next sentence about a value that is valid but perhaps a mistake.  *at is the
 * position: the caller sets it to 0 before the first call.  False: there is no further sentence.
 */
bool config_doubt(const struct config *, size_t *at, char *text);

/* Tells whether the key has the same value in both. */
bool config_equal(const struct config_key *, const struct config *, const struct config *);
/* Exchanges the key's value and origin between `to` and `from`. */
void config_exchange(const struct config_key *, struct config *to, struct config *from);

#endif
