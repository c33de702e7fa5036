/* SPDX-License-Identifier: MIT */
#include "daemon/config_load.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/config_file.h"

/* The longest item of any list: an address or a tag. */
#define ITEM_MAX (SWIM_HOSTPORT_MAX > WIRE_TAGS_MAX ? SWIM_HOSTPORT_MAX : WIRE_TAGS_MAX)

/* One variable has the whole list, with commas or white space between the items. */
static bool
config_load_set_list(struct config_given *given, const struct config_key *key, const char *text,
    const char *origin, char *fault)
{
	static const char between[] = ", \t\n";
	char item[ITEM_MAX + 2];

	if (!config_set_empty(given, key, origin, fault))
		return false;
	for (text += strspn(text, between); *text != '\0'; text += strspn(text, between)) {
		size_t len = strcspn(text, between);

		/* An item that is cut here is still too long for any list, so config_set refuses it. */
		snprintf(item, sizeof(item), "%.*s",
		    (int)(len < sizeof(item) ? len : sizeof(item) - 1), text);
		if (!config_set(given, key, CONFIG_APPEND, item, origin, fault))
			return false;
		text += len;
	}
	return true;
}

static bool
config_load_environment(struct config_given *given, char *fault)
{
	size_t rows;
	const struct config_key *keys = config_keys(&rows);

	for (size_t row = 0; row < rows; row++) {
		char name[64];
		const char *text;

		config_environment_name(&keys[row], name);
		if ((text = getenv(name)) == NULL)
			continue;
		if (keys[row].type == CONFIG_LIST) {
			if (!config_load_set_list(given, &keys[row], text, name, fault))
				return false;
		} else if (!config_set(given, &keys[row], CONFIG_REPLACE, text, name, fault)) {
			return false;
		}
	}
	return true;
}

int
config_load(const struct options *options, FILE *report, struct config *out, char *fault)
{
	const char *path = options->file != NULL ? options->file : CONFIG_LOAD_FILE;
	struct config_given given = {0};
	int status = config_file_read_all(path, options->file != NULL, &given, report, fault);

	if (status == 0 &&
	    !(config_load_environment(&given, fault) &&
		config_overlay(&given, &options->given, fault) && config_build(&given, out, fault)))
		status = EX_CONFIG;
	config_given_fini(&given);
	return status;
}

/* The key that is most similar to the variable's name, such as "name" for SWIMD_NMAE; or NULL. */
static const char *
config_load_meant(const char *variable)
{
	char key[64];
	size_t i;

	variable += strlen("SWIMD_");
	for (i = 0; variable[i] != '\0' && i + 1 < sizeof(key); i++)
		key[i] = (char)tolower((unsigned char)variable[i]);
	key[i] = '\0';
	return config_nearest(key);
}

const char *
config_load_stray(size_t *at, char *name, const char **near)
{
	size_t rows;
	const struct config_key *keys = config_keys(&rows);

	for (; environ[*at] != NULL; (*at)++) {
		const char *text = environ[*at];
		size_t len = strcspn(text, "=");
		bool known = false;

		if (strncmp(text, "SWIMD_", 6) != 0 || len >= 64)
			continue;
		for (size_t row = 0; row < rows && !known; row++) {
			config_environment_name(&keys[row], name);
			known = strlen(name) == len && strncmp(name, text, len) == 0;
		}
		if (!known) {
			memcpy(name, text, len);
			name[len] = '\0';
			(*at)++;
			*near = config_load_meant(name);
			return name;
		}
	}
	return NULL;
}
