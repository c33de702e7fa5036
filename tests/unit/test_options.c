/* SPDX-License-Identifier: MIT */
/* Tests the command line of swimd and the text of --help. */
#include "daemon/options.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/fault.h"
#include "support/unit.h"

#define ARGS_MAX 16

static struct options options;
static char fault[FAULT_MAX];

/* Parses a line of words with single spaces between them; "''" is an empty word. */
static bool
parse(const char *line)
{
	static char buf[512];
	char *argv[ARGS_MAX + 1] = {(char[]){"swimd"}}, *rest = NULL;
	int argc = 1;

	snprintf(buf, sizeof(buf), "%s", line);
	for (char *word = strtok_r(buf, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		ck_assert_int_lt(argc, ARGS_MAX);
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	return options_parse(&options, argc, argv, fault);
}

static const char *
value(const char *key, size_t i)
{
	size_t row = config_row(config_find(key));

	return i < options.given.key[row].count ? options.given.key[row].texts[i] : NULL;
}

static void
refused(const char *line, const char *words)
{
	ck_assert_msg(!parse(line), "taken: %s", line);
	ck_assert_msg(strstr(fault, words) != NULL, "no '%s' in: %s", words, fault);
	ck_assert_ptr_null(strchr(fault, '\n'));
}

START_TEST(every_documented_option_is_taken)
{
	ck_assert_msg(parse("-c /x --name n --cluster c --bind [::1]:1 --advertise 10.0.0.1:2"),
	    "%s", fault);
	ck_assert_str_eq(options.file, "/x");
	ck_assert_str_eq(value("name", 0), "n");
	ck_assert_str_eq(value("cluster", 0), "c");
	ck_assert_str_eq(value("bind", 0), "[::1]:1");
	ck_assert_str_eq(value("advertise", 0), "10.0.0.1:2");
	options_fini(&options);
	ck_assert_msg(parse("--tag role=db --tag=zone=a=b"), "%s", fault);
	ck_assert_str_eq(value("tags", 0), "role=db");
	ck_assert_str_eq(value("tags", 1), "zone=a=b");
	options_fini(&options);
	ck_assert_msg(parse("--seed a --seed=b:3 --socket /s --ro-socket /r --state-dir /d"), "%s",
	    fault);
	ck_assert_str_eq(value("seeds", 0), "a");
	ck_assert_str_eq(value("seeds", 1), "b:3");
	ck_assert_str_eq(value("socket", 0), "/s");
	ck_assert_str_eq(value("ro_socket", 0), "/r");
	ck_assert_str_eq(value("state_dir", 0), "/d");
	options_fini(&options);
	ck_assert_msg(
	    parse("--profile wan --mdns --log-level trace --log-format json --check-config"), "%s",
	    fault);
	ck_assert_str_eq(value("profile", 0), "wan");
	ck_assert_str_eq(value("mdns", 0), "true");
	ck_assert_str_eq(value("log_level", 0), "trace");
	ck_assert_str_eq(value("log_format", 0), "json");
	ck_assert(options.check);
	options_fini(&options);
	ck_assert(parse("--no-mdns --version --help -c/y --"));
	ck_assert_str_eq(value("mdns", 0), "false");
	ck_assert_str_eq(options.file, "/y");
	ck_assert(options.version && options.help && !options.check);
	options_fini(&options);
	ck_assert(parse("--name=--x --cluster= -c--help"));
	ck_assert_str_eq(value("name", 0), "--x");
	ck_assert_str_eq(value("cluster", 0), "");
	ck_assert_str_eq(options.file, "--help");
	options_fini(&options);
	ck_assert(parse(""));
	ck_assert_ptr_null(options.file);
	options_fini(&options);
}
END_TEST

START_TEST(the_last_of_several_values_counts)
{
	ck_assert(parse("-c /x -c /y --name a --name b --mdns --no-mdns"));
	ck_assert_str_eq(options.file, "/y");
	ck_assert_str_eq(value("name", 0), "b");
	ck_assert_ptr_null(value("name", 1));
	ck_assert_str_eq(value("mdns", 0), "false");
	options_fini(&options);
	refused("-c '' -c /y", "-c: the name of the file is empty");
	refused("--log-level loud --log-level info", "--log-level: 'loud'");
}
END_TEST

START_TEST(a_mistyped_option_is_refused_by_its_name)
{
	refused("--nonsense", "'--nonsense'");
	refused("--nonsense=1", "'--nonsense'");
	refused("--nam x", "'--nam'");
	refused("--names x", "'--names'");
	refused("-x", "'-x'");
	refused("-n x", "'-n'");
	refused("-", "'-'");
	refused("extra", "'extra'");
	refused("-- extra", "'extra'");
	refused("-- --name", "'--name'");
	refused("--name", "--name: NAME is missing");
	refused("--seed", "HOST[:PORT]");
	refused("-c", "FILE");
	refused("-c ''", "empty");
	refused("--mdns=yes", "--mdns takes no value");
	refused("--no-mdns=", "--no-mdns takes no value");
	refused("--no-name", "'--no-name'");
	refused("--help=x", "--help takes no value");
	refused("--check-config=x", "takes no value");
	refused("--name ''", "--name: NAME is empty; if it is to be empty, write --name= ");
	refused("--cluster '' --name a", "--cluster: NAME is empty");
	refused("--name --check-config", "--name: NAME is missing before '--check-config'; "
					 "if that is the value, write --name=--check-config ");
	refused("--seed a --seed --name", "--seed: HOST[:PORT] is missing before '--name'");
	refused("--tag --", "--tag: K=V is missing before '--'");
	refused("-c --help", "-c: FILE is missing before '--help'");
	refused("--name=", "empty");
	refused("--log-level loud", "--log-level: 'loud'");
	refused("--probe-interval 1s", "'--probe-interval'");
	refused("--seed a --seed host:port", "host:port");
	refused("--tag a=b --tag c", "--tag: 'c' is not a tag");
	refused("--tag", "--tag: K=V is missing");
	refused("--tag ==b", "no key");
	refused("--key-file /k", "--key-file is not supported");
	/* The options before the wrong one are freed, as LeakSanitizer checks. */
	refused("--name a --seed b --bad", "--bad");
}
END_TEST

START_TEST(the_help_text_has_every_option)
{
	size_t rows, size = 0;
	const struct config_key *keys = config_keys(&rows);
	char *text = NULL, option[64];
	FILE *out = open_memstream(&text, &size);

	options_help(out);
	fclose(out);
	for (size_t i = 0; i < rows; i++) {
		if (keys[i].option == NULL)
			continue;
		snprintf(option, sizeof(option), "  --%s", keys[i].option);
		ck_assert_msg(strstr(text, option) != NULL, "%s", option);
	}
	ck_assert_ptr_nonnull(strstr(text, "--no-mdns"));
	ck_assert_ptr_nonnull(strstr(text, "-c FILE"));
	ck_assert_ptr_null(strstr(text, "--key-file"));
	free(text);
}
END_TEST

UNIT_MAIN("options", every_documented_option_is_taken, the_last_of_several_values_counts,
    a_mistyped_option_is_refused_by_its_name, the_help_text_has_every_option)
