/* SPDX-License-Identifier: MIT */
#include "daemon/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "daemon/fault.h"

/* Options that do not belong to a configuration key. */
enum special { OPTION_FILE, OPTION_CHECK, OPTION_VERSION, OPTION_HELP, OPTION_UNSUPPORTED };

static const struct {
	const char *option, *argument, *help;
	enum special special;
} specials[] = {
    {"-c", "FILE", "read this file, and FILE.d/*.conf, instead of " SWIM_CONFIG_DIR "/swimd.conf",
	OPTION_FILE},
    {"--check-config", NULL, "check the configuration and exit", OPTION_CHECK},
    {"--version", NULL, "print the version and exit", OPTION_VERSION},
    {"--help", NULL, "print this help and exit", OPTION_HELP},
    /* Planned for a later version: the error text differs from that for an unknown option. */
    {"--key-file", "FILE", NULL, OPTION_UNSUPPORTED},
};
#define SPECIALS (sizeof(specials) / sizeof(specials[0]))

/* The position on the command line. */
struct cursor {
	int argc;
	char *const *argv;
	int at;              /* index of the current argument */
	const char *name;    /* of the option, up to a '='; not terminated */
	size_t name_len;     /* bytes */
	const char *inlined; /* the value after '=', or NULL */
};

static bool
options_named(const struct cursor *c, const char *option)
{
	return strlen(option) == c->name_len && memcmp(option, c->name, c->name_len) == 0;
}

/*
 * Takes the option's value: the text after '=', or the next argument.  A next argument that looks like an option is probably
 * an option, and an empty one probably comes from an unset variable of the shell.  So such values must be given after '='.
 */
static bool
options_take_value(struct cursor *c, const char *wanted, const char **out, char *fault)
{
	const char *next;
	char shown[128];

	if (c->inlined != NULL) {
		*out = c->inlined;
		return true;
	}
	if (c->at + 1 >= c->argc)
		return fault_say(fault, "%.*s: %s is missing (see --help)", (int)c->name_len,
		    c->name, wanted);
	next = c->argv[++c->at];
	if (*next == '\0' &&
	    c->name_len > 2) /* for -c, options_take_special refuses an empty name */
		return fault_say(fault,
		    "%.*s: %s is empty; if it is to be empty, write %.*s= (see --help)",
		    (int)c->name_len, c->name, wanted, (int)c->name_len, c->name);
	if (strncmp(next, "--", 2) == 0) {
		utf8_escape(next, strlen(next), false, shown, sizeof(shown));
		return fault_say(fault,
		    "%.*s: %s is missing before '%s'; if that is the value, write %.*s=%s (see --help)",
		    (int)c->name_len, c->name, wanted, shown, (int)c->name_len, c->name, shown);
	}
	*out = next;
	return true;
}

static bool
options_refuse_value(const struct cursor *c, char *fault)
{
	return c->inlined == NULL ||
	       fault_say(fault, "%.*s takes no value (see --help)", (int)c->name_len, c->name);
}

static bool
options_take_special(struct options *o, struct cursor *c, size_t i, char *fault)
{
	switch (specials[i].special) {
	case OPTION_FILE:
		if (!options_take_value(c, specials[i].argument, &o->file, fault))
			return false;
		return *o->file != '\0' || fault_say(fault, "-c: the name of the file is empty");
	case OPTION_CHECK:
		o->check = true;
		return options_refuse_value(c, fault);
	case OPTION_VERSION:
		o->version = true;
		return options_refuse_value(c, fault);
	case OPTION_HELP:
		o->help = true;
		return options_refuse_value(c, fault);
	case OPTION_UNSUPPORTED:
		return fault_say(fault, "%s is not supported by this version", specials[i].option);
	}
	__builtin_unreachable();
}

static bool
options_take_key(struct options *o, struct cursor *c, const struct config_key *key, bool no,
    char *fault)
{
	size_t row = config_row(key);
	enum config_mode mode = CONFIG_REPLACE;
	char origin[64];
	const char *text = NULL;

	snprintf(origin, sizeof(origin), "--%s%s", no ? "no-" : "", key->option);
	if (key->type == CONFIG_BOOL) {
		text = no ? "false" : "true";
		if (!options_refuse_value(c, fault))
			return false;
	} else if (!options_take_value(c, key->argument, &text, fault)) {
		return false;
	}
	if (key->type == CONFIG_LIST && o->given.key[row].count > 0)
		mode = CONFIG_APPEND;
	return config_set(&o->given, key, mode, text, origin, fault);
}

/* The key of the option, or NULL; *no tells whether the option is the --no-... form of a boolean key. */
static const struct config_key *
options_find_key(const struct cursor *c, bool *no)
{
	size_t rows;
	const struct config_key *keys = config_keys(&rows);
	char text[64];

	for (size_t row = 0; row < rows; row++) {
		if (keys[row].option == NULL)
			continue;
		*no = false;
		snprintf(text, sizeof(text), "--%s", keys[row].option);
		if (options_named(c, text))
			return &keys[row];
		*no = true;
		snprintf(text, sizeof(text), "--no-%s", keys[row].option);
		if (keys[row].type == CONFIG_BOOL && options_named(c, text))
			return &keys[row];
	}
	return NULL;
}

/* The option that is most similar to an unknown one (--name for --nmae), without its dashes; or NULL.  `buf` has 64 bytes. */
static const char *
options_nearest_option(const struct cursor *c, char *buf)
{
	const char *names[CONFIG_KEYS_MAX + SPECIALS];
	size_t rows, count = 0;
	const struct config_key *keys = config_keys(&rows);

	if (c->name_len < 3 || c->name_len >= 64 || strncmp(c->name, "--", 2) != 0)
		return NULL;
	snprintf(buf, 64, "%.*s", (int)c->name_len - 2, c->name + 2);
	for (size_t row = 0; row < rows; row++)
		if (keys[row].option != NULL)
			names[count++] = keys[row].option;
	for (size_t i = 0; i < SPECIALS; i++)
		if (specials[i].help != NULL && strncmp(specials[i].option, "--", 2) == 0)
			names[count++] = specials[i].option + 2;
	return nearest_word(buf, names, count);
}

static bool
options_take_option(struct options *o, struct cursor *c, char *fault)
{
	const char *arg = c->argv[c->at], *equals = strchr(arg, '=');
	const struct config_key *key;
	char shown[128], buf[64];
	const char *near;
	bool no;

	c->name = arg;
	c->name_len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
	c->inlined = equals != NULL ? equals + 1 : NULL;
	if (arg[0] == '-' && arg[1] == 'c' && arg[2] != '\0') { /* -cFILE */
		c->name_len = 2;
		c->inlined = arg + 2;
	}
	for (size_t i = 0; i < SPECIALS; i++) {
		if (options_named(c, specials[i].option))
			return options_take_special(o, c, i, fault);
	}
	if ((key = options_find_key(c, &no)) != NULL)
		return options_take_key(o, c, key, no, fault);
	utf8_escape(arg, c->name_len, false, shown, sizeof(shown));
	if ((near = options_nearest_option(c, buf)) != NULL)
		return fault_say(fault, "unknown option '%s'; did you mean '--%s'? (see --help)",
		    shown, near);
	return fault_say(fault, "unknown option '%s' (see --help)", shown);
}

bool
options_parse(struct options *o, int argc, char *const argv[], char *fault)
{
	struct cursor c = {.argc = argc, .argv = argv, .at = 1};
	char shown[128];

	*o = (struct options){0};
	for (; c.at < argc; c.at++) {
		const char *arg = argv[c.at];
		bool last = strcmp(arg, "--") == 0;

		if (last && ++c.at == argc)
			break;
		if (last || arg[0] != '-' || arg[1] == '\0') {
			utf8_escape(argv[c.at], strlen(argv[c.at]), false, shown, sizeof(shown));
			options_fini(o);
			return fault_say(fault, "unexpected argument '%s' (see --help)", shown);
		}
		if (!options_take_option(o, &c, fault)) {
			options_fini(o);
			return false;
		}
	}
	return true;
}

void
options_fini(struct options *o)
{
	config_given_fini(&o->given);
}

static void
options_help_line(FILE *out, const char *option, const char *argument, const char *help,
    const char *fallback)
{
	int width = fprintf(out, "  %s%s%s", option, argument != NULL ? " " : "",
	    argument != NULL ? argument : "");

	fprintf(out, "%*s%s", width < 34 ? 34 - width : 1, "", help);
	if (fallback != NULL && *fallback != '\0')
		fprintf(out, " (%s)", fallback);
	fputc('\n', out);
}

void
options_help(FILE *out)
{
	size_t rows;
	const struct config_key *keys = config_keys(&rows);
	char option[64];

	fputs("usage: swimd [OPTION]...\n"
	      "Keeps the list of the members of a cluster, which swimctl shows.\n\n",
	    out);
	for (size_t i = 0; i < SPECIALS; i++) {
		if (specials[i].help != NULL)
			options_help_line(out, specials[i].option, specials[i].argument,
			    specials[i].help, NULL);
	}
	for (size_t row = 0; row < rows; row++) {
		bool is_switch = keys[row].type == CONFIG_BOOL;

		if (keys[row].option == NULL)
			continue;
		snprintf(option, sizeof(option), "--%s%s%s", keys[row].option,
		    is_switch ? ", --no-" : "", is_switch ? keys[row].option : "");
		options_help_line(out, option, keys[row].argument, keys[row].help,
		    is_switch ? NULL : keys[row].fallback);
	}
	fputs(
	    "\nEach setting of swimd.conf(5) may also be given in the environment: SWIMD_NAME and so on.\n"
	    "Options override the environment, and the environment overrides files.  See swimd(8).\n",
	    out);
}
