/* SPDX-License-Identifier: MIT */
#include "daemon/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/utf8.h"
#include "daemon/fault.h"
#include "daemon/own_tags.h"
#include "daemon/units.h"

/* A parsed value, of any type but text and list. */
union value {
	bool flag;
	swim_duration duration;
	uint64_t number;
	double factor;
	enum swim_profile profile;
	enum log_level level;
	enum log_format format;
};

static bool
config_out_of_memory(char *fault)
{
	return fault_say(fault, "out of memory");
}

static const char *
config_range_text(const struct config_key *key, char *buf, size_t size)
{
	const char *unit = key->type == CONFIG_DURATION ? "s"
			   : key->type == CONFIG_SIZE   ? " bytes"
							: "";

	snprintf(buf, size, "is out of range: give a value from %.15g%s to %.15g%s", key->min, unit,
	    key->max, unit);
	return buf;
}

/* Parses `text` into *out.  Returns NULL, or why the text is refused; the reason may be written into `buf`. */
static const char *
config_parse(const struct config_key *key, const char *text, union value *out, char *buf,
    size_t size)
{
	const char *why = NULL;
	double n = 0;

	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_LIST:
		return key->check != NULL ? key->check(text) : NULL;
	case CONFIG_BOOL:
		return units_bool(text, &out->flag, &why) ? NULL : why;
	case CONFIG_PROFILE:
		return swim_profile_parse(text, &out->profile)
			   ? NULL
			   : "is not a profile: give lan, wan, local or fast";
	case CONFIG_LOG_LEVEL:
		return log_level_parse(text, &out->level)
			   ? NULL
			   : "is not a log level: give error, warning, notice, info, debug or trace";
	case CONFIG_LOG_FORMAT:
		return log_format_parse(text, &out->format)
			   ? NULL
			   : "is not a log format: give text, json, journal or auto";
	case CONFIG_DURATION:
		if (!units_duration(text, &out->duration, &why))
			return why;
		n = swim_duration_seconds(out->duration);
		break;
	case CONFIG_SIZE:
		if (!units_size(text, &out->number, &why))
			return why;
		n = (double)out->number;
		break;
	case CONFIG_COUNT:
	case CONFIG_UNSIGNED:
		if (!units_count(text, &out->number, &why))
			return why;
		n = (double)out->number;
		break;
	case CONFIG_FACTOR:
		if (!units_factor(text, &out->factor, &why))
			return why;
		n = out->factor;
		break;
	}
	return n < key->min || n > key->max ? config_range_text(key, buf, size) : NULL;
}

static void
config_clear_row(struct config_given *given, size_t row)
{
	for (size_t i = 0; i < given->key[row].count; i++)
		free(given->key[row].texts[i]);
	free(given->key[row].texts);
	free(given->key[row].origin);
	memset(&given->key[row], 0, sizeof(given->key[row]));
}

void
config_given_fini(struct config_given *given)
{
	for (size_t row = 0; row < CONFIG_KEYS_MAX; row++)
		config_clear_row(given, row);
}

bool
config_set_empty(struct config_given *given, const struct config_key *key, const char *origin,
    char *fault)
{
	size_t row = config_row(key);
	char *copy = strdup(origin);

	if (copy == NULL)
		return config_out_of_memory(fault);
	config_clear_row(given, row);
	given->key[row].origin = copy;
	return true;
}

bool
config_set(struct config_given *given, const struct config_key *key, enum config_mode mode,
    const char *text, const char *origin, char *fault)
{
	size_t row = config_row(key), count = given->key[row].count;
	char buf[128], shown[128];
	union value value;
	const char *why = config_parse(key, text, &value, buf, sizeof(buf));
	char **texts, *copy;

	if (why != NULL) {
		/* The origin may name the key already: "--bind: 'x' ...", but "FILE:3: bind: 'x' ...". */
		bool named = strncmp(origin, "--", 2) == 0 || strncmp(origin, "SWIMD_", 6) == 0;

		utf8_escape(text, strlen(text), false, shown, sizeof(shown));
		return fault_say(fault, "%s: %s%s'%s' %s", origin, named ? "" : key->name,
		    named ? "" : ": ", shown, why);
	}
	if (mode == CONFIG_REPLACE) {
		count = 0;
	} else if (count == CONFIG_LIST_MAX) {
		return fault_say(fault, "%s: %s has more than %d values", origin, key->name,
		    CONFIG_LIST_MAX);
	}
	if ((copy = strdup(text)) == NULL)
		return config_out_of_memory(fault);
	if (mode == CONFIG_REPLACE && !config_set_empty(given, key, origin, fault)) {
		free(copy);
		return false;
	}
	texts = reallocarray(given->key[row].texts, count + 1, sizeof(*texts));
	if (texts == NULL) {
		free(copy);
		return config_out_of_memory(fault);
	}
	texts[count] = copy;
	given->key[row].texts = texts;
	given->key[row].count = count + 1;
	if (given->key[row].origin == NULL && (given->key[row].origin = strdup(origin)) == NULL)
		return config_out_of_memory(fault);
	return true;
}

bool
config_overlay(struct config_given *lower, const struct config_given *upper, char *fault)
{
	size_t rows;
	const struct config_key *keys = config_keys(&rows);

	for (size_t row = 0; row < rows; row++) {
		if (upper->key[row].origin == NULL)
			continue;
		if (!config_set_empty(lower, &keys[row], upper->key[row].origin, fault))
			return false;
		for (size_t i = 0; i < upper->key[row].count; i++) {
			if (!config_set(lower, &keys[row], CONFIG_APPEND, upper->key[row].texts[i],
				upper->key[row].origin, fault))
				return false;
		}
	}
	return true;
}

static void *
config_field(struct config *config, const struct config_key *key)
{
	return (char *)config + key->offset;
}

static const void *
config_const_field(const struct config *config, const struct config_key *key)
{
	return (const char *)config + key->offset;
}

static void
config_list_fini(struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct config_list){0};
}

static bool
config_list_copy(struct config_list *out, char *const *texts, size_t count)
{
	config_list_fini(out);
	if (count == 0)
		return true;
	if ((out->items = calloc(count, sizeof(*out->items))) == NULL)
		return false;
	for (; out->count < count; out->count++) {
		if ((out->items[out->count] = strdup(texts[out->count])) == NULL)
			return false;
	}
	return true;
}

/* Stores in `config` a text that config_set has accepted, or the default of the key. */
static bool
config_store(struct config *config, const struct config_key *key, const char *text, char *fault)
{
	void *at = config_field(config, key);
	union value value;
	char buf[128];
	const char *why =
	    key->type != CONFIG_LIST ? config_parse(key, text, &value, buf, sizeof(buf)) : NULL;

	if (why != NULL) {
		return fault_say(fault, "%s: '%s' %s", key->name, text, why);
	}
	switch (key->type) {
	case CONFIG_TEXT:
		free(*(char **)at);
		return (*(char **)at = strdup(text)) != NULL || config_out_of_memory(fault);
	case CONFIG_LIST:
		config_list_fini(at);
		break;
	case CONFIG_BOOL:
		*(bool *)at = value.flag;
		break;
	case CONFIG_DURATION:
		*(swim_duration *)at = value.duration;
		break;
	case CONFIG_SIZE:
	case CONFIG_COUNT:
		*(uint64_t *)at = value.number;
		break;
	case CONFIG_UNSIGNED:
		*(unsigned *)at = (unsigned)value.number;
		break;
	case CONFIG_FACTOR:
		*(double *)at = value.factor;
		break;
	case CONFIG_PROFILE:
		*(enum swim_profile *)at = value.profile;
		swim_timing_profile(value.profile, &config->timing);
		break;
	case CONFIG_LOG_LEVEL:
		*(enum log_level *)at = value.level;
		break;
	case CONFIG_LOG_FORMAT:
		*(enum log_format *)at = value.format;
		break;
	}
	return true;
}

/* Stores the host name as the name of the member. */
static bool
config_store_host_name(struct config *config, const struct config_key *key, char *fault)
{
	char host[SWIM_NAME_MAX + 2] = "";
	const char *why;

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	if ((why = key->check(host)) != NULL) {
		return fault_say(fault,
		    "name: the host name '%s' %s; give another name with --name", host, why);
	}
	return config_store(config, key, host, fault);
}

/* The default of the key.  If "socket" is given and "ro_socket" is not, there is no read-only socket. */
static const char *
config_fallback_of(const struct config_given *given, const struct config_key *key)
{
	if (strcmp(key->name, "ro_socket") == 0 &&
	    given->key[config_row(config_find("socket"))].origin != NULL)
		return "";
	return key->fallback;
}

static const char *
config_origin_of(const struct config *config, const char *key)
{
	const char *origin = config->origin[config_row(config_find(key))];

	return origin != NULL ? origin : "default";
}

/* False, with `fault` set, if the value of the key `low` is above the value of the key `high`. */
static bool
config_ordered(const struct config *config, const char *low, swim_duration a, const char *high,
    swim_duration b, char *fault)
{
	if (a.ns <= b.ns)
		return true;
	return fault_say(fault, "%s (%s) is %g s, and must not be above %s (%s), which is %g s",
	    low, config_origin_of(config, low), swim_duration_seconds(a), high,
	    config_origin_of(config, high), swim_duration_seconds(b));
}

/* Checks the keys against each other. */
static bool
config_consistent(const struct config *c, char *fault)
{
	char why[FAULT_MAX];
	struct own_tags tags;

	if (!config_ordered(c, "probe_timeout", c->timing.probe_timeout, "probe_interval",
		c->timing.probe_interval, fault) ||
	    !config_ordered(c, "retry_first", c->retry_first, "retry_max", c->retry_max, fault))
		return false;
	if (!own_tags_parse(&c->tags, &tags, why))
		return fault_say(fault, "tags (%s): %.400s", config_origin_of(c, "tags"), why);
	assert(c->socket != NULL && c->ro_socket != NULL); /* each key has a value by now */
	if (strcmp(c->socket, c->ro_socket) == 0) {
		return fault_say(fault, "ro_socket (%s) has the same path as socket (%s): %s",
		    config_origin_of(c, "ro_socket"), config_origin_of(c, "socket"), c->socket);
	}
	return true;
}

static bool
config_build_key(const struct config_given *given, struct config *config,
    const struct config_key *key, char *fault)
{
	size_t row = config_row(key);

	if (given->key[row].origin == NULL) {
		const char *fallback = config_fallback_of(given, key);

		if (fallback != NULL)
			return config_store(config, key, fallback, fault);
		return key->type != CONFIG_TEXT || config_store_host_name(config, key, fault);
	}
	if ((config->origin[row] = strdup(given->key[row].origin)) == NULL)
		return config_out_of_memory(fault);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): after a write to a field by its offset the analyzer forgets origin[] */
	if (key->type == CONFIG_LIST)
		return config_list_copy(config_field(config, key), given->key[row].texts,
			   given->key[row].count) ||
		       config_out_of_memory(fault);
	return config_store(config, key, given->key[row].texts[0], fault);
}

bool
config_build(const struct config_given *given, struct config *out, char *fault)
{
	struct config config = {0};
	size_t rows;
	const struct config_key *keys = config_keys(&rows);

	/* In the order of the table, in which the profile comes before the keys that override its timing. */
	for (size_t row = 0; row < rows; row++) {
		if (!config_build_key(given, &config, &keys[row], fault)) {
			config_fini(&config);
			return false;
		}
	}
	if (!config_consistent(&config, fault)) {
		config_fini(&config);
		return false;
	}
	*out = config;
	return true;
}

void
config_fini(struct config *config)
{
	size_t rows;
	const struct config_key *keys = config_keys(&rows);

	for (size_t row = 0; row < rows; row++) {
		if (keys[row].type == CONFIG_TEXT)
			free(*(char **)config_field(config, &keys[row]));
		else if (keys[row].type == CONFIG_LIST)
			config_list_fini(config_field(config, &keys[row]));
	}
	for (size_t row = 0; row < CONFIG_KEYS_MAX; row++)
		free(config->origin[row]);
	*config = (struct config){0};
}

static bool
config_list_equal(const struct config_list *a, const struct config_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

static size_t
config_field_size(enum config_type type)
{
	switch (type) {
	case CONFIG_TEXT:
		return sizeof(char *);
	case CONFIG_LIST:
		return sizeof(struct config_list);
	case CONFIG_BOOL:
		return sizeof(bool);
	case CONFIG_DURATION:
		return sizeof(swim_duration);
	case CONFIG_SIZE:
	case CONFIG_COUNT:
		return sizeof(uint64_t);
	case CONFIG_UNSIGNED:
		return sizeof(unsigned);
	case CONFIG_FACTOR:
		return sizeof(double);
	case CONFIG_PROFILE:
		return sizeof(enum swim_profile);
	case CONFIG_LOG_LEVEL:
		return sizeof(enum log_level);
	case CONFIG_LOG_FORMAT:
		return sizeof(enum log_format);
	}
	__builtin_unreachable();
}

/* Tells whether the name is that of a machine without a host name: two such members would contest the name. */
static bool
config_is_localhost(const char *name)
{
	return strcasecmp(name, "localhost") == 0 || strncasecmp(name, "localhost.", 10) == 0 ||
	       strncasecmp(name, "localhost4", 10) == 0 || strncasecmp(name, "localhost6", 10) == 0;
}

bool
config_doubt(const struct config *config, size_t *at, char *text)
{
	/* Position 0 is the name; position i + 1 is seed i. */
	if (*at == 0) {
		(*at)++;
		if (config_is_localhost(config->name)) {
			snprintf(text, FAULT_MAX,
			    "this member's name (%s) is %s, which is the name of every machine without a host name: "
			    "give this one a name (hostnamectl hostname NAME, or the key name)",
			    config->origin[config_row(config_find("name"))] != NULL
				? config_origin_of(config, "name")
				: "the host name",
			    config->name);
			return true;
		}
	}
	while (*at - 1 < config->seeds.count) {
		const char *seed = config->seeds.items[(*at)++ - 1];
		int len = (int)swim_hostport_mistakable(seed);

		if (len == 0)
			continue;
		snprintf(text, FAULT_MAX,
		    "seed %s means the address [%s]:%d; write [%.*s]%s if the seed ends in a port, else [%s]",
		    seed, seed, SWIM_DEFAULT_PORT, len, seed, seed + len, seed);
		return true;
	}
	return false;
}

bool
config_equal(const struct config_key *key, const struct config *a, const struct config *b)
{
	const void *x = config_const_field(a, key), *y = config_const_field(b, key);

	if (key->type == CONFIG_TEXT)
		return strcmp(*(char *const *)x, *(char *const *)y) == 0;
	if (key->type == CONFIG_LIST)
		return config_list_equal(x, y);
	return memcmp(x, y, config_field_size(key->type)) == 0;
}

void
config_exchange(const struct config_key *key, struct config *to, struct config *from)
{
	union {
		char bytes[sizeof(struct config_list)];
		union value value;
	} spare;
	size_t row = config_row(key), size = config_field_size(key->type);
	char *origin = to->origin[row];

	_Static_assert(sizeof(spare) >= sizeof(struct config_list), "holds any field");
	memcpy(&spare, config_field(to, key), size);
	memcpy(config_field(to, key), config_field(from, key), size);
	memcpy(config_field(from, key), &spare, size);
	to->origin[row] = from->origin[row];
	from->origin[row] = origin;
}
