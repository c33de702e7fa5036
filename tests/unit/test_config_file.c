/* SPDX-License-Identifier: MIT */
/* Tests the reader of configuration files, the shipped swimd.conf, and the keys in swimd.conf(5). */
#include "daemon/config_file.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <sys/stat.h>

#include "daemon/config_load.h"
#include "daemon/fault.h"
#include "support/unit.h"

static struct config_given given;
static char fault[FAULT_MAX], dir[64], path[128];

static void
write_bytes(const char *file, const char *text, size_t len)
{
	FILE *out = fopen(file, "w");

	ck_assert_msg(out != NULL, "%s", file);
	ck_assert_uint_eq(fwrite(text, 1, len, out), len);
	ck_assert_int_eq(fclose(out), 0);
}

static void
begin(void)
{
	strcpy(dir, "/tmp/swimd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/conf", dir);
}

static void
end(void)
{
	static const char *const names[] = {"conf.d/10-a.conf", "conf.d/9-b.conf", "conf.d/c.conf~",
	    "conf.d/.hidden.conf", "conf.d", "conf", ""};
	char name[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		remove(name);
	}
	config_given_fini(&given);
}

static int
read_text(const char *text)
{
	config_given_fini(&given);
	write_bytes(path, text, strlen(text));
	return config_file_read(path, &given, fault);
}

static const char *
value(const char *key, size_t i)
{
	size_t row = config_row(config_find(key));

	return i < given.key[row].count ? given.key[row].texts[i] : NULL;
}

static void
good(const char *text)
{
	ck_assert_msg(read_text(text) == 0, "%s", fault);
}

/* The text is refused, and the error names this line ("NUMBER:"; "": no line) and has these words. */
static void
bad(const char *text, const char *line, const char *words)
{
	char where[160];

	ck_assert_msg(read_text(text) == EX_CONFIG, "taken: %s", text);
	snprintf(where, sizeof(where), "%s:%s", path, line);
	ck_assert_msg(strncmp(fault, where, strlen(where)) == 0, "not at %s: %s", where, fault);
	ck_assert_msg(strstr(fault, words) != NULL, "no '%s' in: %s", words, fault);
	ck_assert_ptr_null(strchr(fault, '\n'));
}

START_TEST(a_value_is_a_word_or_a_quoted_string)
{
	begin();
	good("name = db1\nbind=\"[::1]:7946\" # why\nprobe_interval = 500ms\n"
	     "cluster = 'a-b'\nseeds = {\"a:1\", b, '[::1]:3'}\nlog_level=debug");
	ck_assert_str_eq(value("name", 0), "db1");
	ck_assert_str_eq(value("bind", 0), "[::1]:7946");
	ck_assert_str_eq(value("probe_interval", 0), "500ms");
	ck_assert_str_eq(value("cluster", 0), "a-b");
	ck_assert_str_eq(value("seeds", 0), "a:1");
	ck_assert_str_eq(value("seeds", 1), "b");
	ck_assert_str_eq(value("seeds", 2), "[::1]:3");
	ck_assert_ptr_null(value("seeds", 3));
	ck_assert_str_eq(value("log_level", 0), "debug");
	good("");
	good("# nothing\n\n");
	good("seeds = {}\n");
	ck_assert_ptr_nonnull(given.key[config_row(config_find("seeds"))].origin);
	good("seeds = a\n");
	ck_assert_str_eq(value("seeds", 0), "a");
	end();
}
END_TEST

START_TEST(the_origin_of_a_value_is_its_file_and_line)
{
	char wanted[160];

	begin();
	good("# one\n/* two\nthree */ // four\n\ncluster = x\n");
	snprintf(wanted, sizeof(wanted), "%s:5", path);
	ck_assert_str_eq(given.key[config_row(config_find("cluster"))].origin, wanted);
	end();
}
END_TEST

START_TEST(an_error_names_its_line)
{
	begin();
	bad("nonsense = 1\n", "1:", "unknown key 'nonsense'");
	bad("[seeds]\n", "1:", "unknown key '[seeds]'; the file has no sections");
	bad("seeds = {10.0.0.1 10.0.0.2}\n", "1:", "write commas between the values of a list");
	bad("suspicion_mult = -3\n", "1:", "'-3' is below 0");
	bad("seed = {\"10.0.0.1\"}\n", "1:", "unknown key 'seed'; did you mean 'seeds'?");
	bad("log-level = info\n", "1:", "unknown key 'log-level'; did you mean 'log_level'?");
	bad("# a\n# b\n/* c\nd */\n\nnonsense = 1\n", "6:", "nonsense");
	bad("log_level = info\n\nprobe_interval = soon\n", "3:", "'soon'");
	bad("seeds = {\"a\",\n\"b:0\"}\n", "2:", "b:0");
	bad("seeds = {\"#a\"}\n", "1:", "#a");
	bad("name = x\n\nname\n", "3:", "end of file");
	bad("cluster = x\nname =\n\n\n", "2:", "end of file");
	bad("cluster = x\nname", "2:", "end of file");
	bad("name name\n", "1:", "equal sign");
	bad("name = = x\n", "1:", "=");
	bad("name += x\n", "1:", "name");
	bad("name = {a}\n", "1:", "{");
	bad("}{\n", "1:", "brace");
	bad("section {\n}\n", "1:", "section");
	bad("include(\"/etc/passwd\")\n", "1:", "include");
	bad("name|x = 3\n", "1:", "name");
	bad("name = x\n/* never closed\n", "2:", "comment");
	end();
}
END_TEST

/* libConfuse itself would report most of these errors in the line after the last line. */
START_TEST(a_quote_or_list_without_end_is_reported_where_it_begins)
{
	begin();
	bad("name = \"x\n", "1:", "a quote begins here and does not end");
	bad("# a\nname = 'x\n", "2:", "a quote begins here and does not end");
	bad("\n\nname = \"x", "3:", "a quote begins here and does not end");
	bad("cluster = it's\nlog_level = info\n\n", "1:", "a quote begins here");
	bad("name = \"x\\\"\n", "1:", "a quote begins here");
	bad("cluster = x\nseeds = {\"a\",\n\"b,\nc}\n", "3:", "a quote begins here");
	bad("section {\nname = \"x\n}\n", "2:", "a quote begins here");
	/* The next quote in the file ends the value, so a later quote has no end, or the text between them is wrong. */
	bad("tags = {\"a=b}\ncluster = \"x\"\nname = n\n",
	    "1:", "does not end in its line, and the quote in line 2 does not end at all");
	bad("\nname = \"db1\ncluster = x\"\n",
	    "2:", "a quote begins here and ends in line 3: name: ");
	bad("seeds = {\"a\", \"b}\nname = x\ncluster = c\"}\n",
	    "1:", "a quote begins here and ends in line 3: seeds: ");
	/* A value of several lines is valid, and a fault in a later line is reported there. */
	good("tags = {\"a=b\nc\"}\n");
	bad("tags = {\"a=b\nc\"}\nnonsense = 1\n", "3:", "unknown key");
	bad("seeds = {\"a\",\n\"b\"\n", "1:", "a brace is opened here and not closed");
	bad("\nseeds = {\"a\"\nname = x\n", "2:", "a brace is opened here and not closed");
	bad("seeds = {", "1:", "a brace is opened here and not closed");
	bad("seeds = {\"a\"\ntags = {\"a=b\"}\n", "1:", "not closed before the next one is opened");
	bad("name = x\nsection {\n\n", "2:", "a brace is opened here and not closed");
	bad("seeds = { # }\n", "1:", "a brace is opened here and not closed");
	good("tags = {\"a={\"}\n");
	end();
}
END_TEST

/* Some editors write a byte order mark at the start of a file; anywhere else the mark is an error and is shown escaped. */
START_TEST(a_byte_order_mark_is_skipped)
{
	begin();
	good("\xef\xbb\xbfname = db1\n");
	ck_assert_str_eq(value("name", 0), "db1");
	good("\xef\xbb\xbf# nothing\n");
	good("\xef\xbb\xbf");
	bad("\xef\xbb\xbf\xef\xbb\xbfname = db1\n", "1:", "unknown key '\\u{feff}name'");
	bad("log_level = info\n\xef\xbb\xbfname = db1\n", "2:", "unknown key '\\u{feff}name'");
	bad("\xef\xbbname = db1\n", "1:", "unknown key '\\xef\\xbbname'");
	bad("\xef\xbb\xbfnonsense = 1\n", "1:", "unknown key 'nonsense'");
	end();
}
END_TEST

START_TEST(a_key_may_be_set_only_once_in_a_file)
{
	begin();
	bad("log_level = info\n# x\nlog_level = debug\n", "3:", "line 1");
	bad("seeds = {a}\nseeds = {b}\n", "2:", "line 1");
	bad("seeds = {a}\nseeds = {}\n", "", "seeds is set a second time");
	good("seeds = {a, b}\nseeds += {c}\nseeds += d\n");
	ck_assert_str_eq(value("seeds", 3), "d");
	end();
}
END_TEST

START_TEST(a_file_that_is_not_text_is_refused)
{
	static char big[CONFIG_FILE_MAX + 2];
	char wanted[160];

	begin();
	write_bytes(path, "# a\n\0b", 6);
	ck_assert_int_eq(config_file_read(path, &given, fault), EX_CONFIG);
	snprintf(wanted, sizeof(wanted), "%s:2: ", path);
	ck_assert_msg(strstr(fault, wanted) == fault && strstr(fault, "NUL") != NULL, "%s", fault);
	memset(big, '\n', sizeof(big));
	write_bytes(path, big, CONFIG_FILE_MAX);
	ck_assert_int_eq(config_file_read(path, &given, fault), 0);
	write_bytes(path, big, CONFIG_FILE_MAX + 1);
	ck_assert_int_eq(config_file_read(path, &given, fault), EX_CONFIG);
	ck_assert_int_eq(config_file_read(dir, &given, fault), EX_CONFIG);
	ck_assert_msg(strstr(fault, dir) == fault, "%s", fault);
	remove(path);
	ck_assert_int_eq(config_file_read(path, &given, fault), EX_CONFIG);
	ck_assert_msg(strstr(fault, path) == fault, "%s", fault);
	end();
}
END_TEST

START_TEST(a_later_file_of_the_directory_overrides_an_earlier_one)
{
	char name[128];
	char *text = NULL;
	size_t size = 0;
	FILE *report = open_memstream(&text, &size);

	begin();
	write_bytes(path, "cluster = zero\nseeds = {a}\nlog_level = debug\n", 45);
	snprintf(name, sizeof(name), "%s/conf.d", dir);
	ck_assert_int_eq(mkdir(name, 0700), 0);
	snprintf(name, sizeof(name), "%s/conf.d/10-a.conf", dir);
	write_bytes(name, "cluster = ten\nseeds += {b}\n", 27);
	snprintf(name, sizeof(name), "%s/conf.d/9-b.conf", dir);
	write_bytes(name, "cluster = nine\n", 15);
	snprintf(name, sizeof(name), "%s/conf.d/c.conf~", dir);
	write_bytes(name, "nonsense\n", 9);
	snprintf(name, sizeof(name), "%s/conf.d/.hidden.conf", dir);
	write_bytes(name, "nonsense\n", 9);
	ck_assert_msg(config_file_read_all(path, true, &given, report, fault) == 0, "%s", fault);
	ck_assert_str_eq(value("cluster", 0), "nine");
	ck_assert_str_eq(value("log_level", 0), "debug");
	ck_assert_str_eq(value("seeds", 0), "a");
	ck_assert_str_eq(value("seeds", 1), "b");
	fclose(report);
	ck_assert_msg(strstr(text, "conf: ok\n") != NULL && strstr(text, "10-a.conf: ok\n") != NULL,
	    "%s", text);
	free(text);
	end();
}
END_TEST

START_TEST(only_the_default_file_may_be_missing)
{
	begin();
	ck_assert_int_eq(config_file_read_all(path, false, &given, NULL, fault), 0);
	ck_assert_int_eq(config_file_read_all(path, true, &given, NULL, fault), EX_CONFIG);
	end();
}
END_TEST

/*
 * The text of the shipped file with its settings ("#key = value") uncommented; the caller frees the text.  *settings is
 * the number of settings.
 */
static char *
uncommented(size_t *settings)
{
	FILE *in = fopen(TOP_DIR "/etc/swimd.conf", "r");
	char *text = NULL, line[256];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	ck_assert_msg(in != NULL, "%s", TOP_DIR "/etc/swimd.conf");
	*settings = 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		ck_assert_msg(strlen(line) <= 101, "long line: %s", line);
		if (line[0] == '#' && line[1] >= 'a' && line[1] <= 'z') {
			fputs(line + 1, out);
			(*settings)++;
		} else {
			ck_assert_msg(line[0] == '#' || line[0] == '\n', "not commented: %s", line);
			fputs(line, out);
		}
	}
	fclose(in);
	fclose(out);
	return text;
}

START_TEST(the_shipped_file_has_every_key_with_its_default)
{
	struct config defaults, shipped;
	size_t rows, settings;
	const struct config_key *keys = config_keys(&rows);
	char *text = uncommented(&settings);

	begin();
	ck_assert_uint_eq(settings, rows);
	good(text);
	for (size_t i = 0; i < rows; i++)
		ck_assert_msg(given.key[i].origin != NULL, "%s is missing", keys[i].name);
	ck_assert_msg(config_build(&given, &shipped, fault), "%s", fault);
	config_given_fini(&given);
	ck_assert(
	    config_set(&given, config_find("name"), CONFIG_REPLACE, shipped.name, "x", fault));
	ck_assert_msg(config_build(&given, &defaults, fault), "%s", fault);
	for (size_t i = 0; i < rows; i++)
		ck_assert_msg(config_equal(&keys[i], &defaults, &shipped), "%s differs",
		    keys[i].name);
	config_fini(&defaults);
	config_fini(&shipped);
	free(text);
	end();
}
END_TEST

/* In swimd.conf(5) a line "It Ic key , key" names keys; the next line is "Pq Em live" if a reload applies them. */
START_TEST(the_manual_lists_every_key_and_marks_the_live_ones)
{
	size_t rows, size = 0, found = 0;
	FILE *in = fopen(TOP_DIR "/man/swimd.conf.5", "r");
	char *line = NULL, *rest;
	const struct config_key *key = NULL;

	config_keys(&rows);
	ck_assert_ptr_nonnull(in);
	while (getline(&line, &size, in) > 0) {
		if (key != NULL)
			ck_assert_msg((strncmp(line, ".Pq Em live", 11) == 0) ==
					  (key->change == CONFIG_LIVE),
			    "%s", key->name);
		key = NULL;
		if (strncmp(line, ".It Ic ", 7) != 0)
			continue;
		rest = line + 7;
		for (const char *word; (word = strtok_r(NULL, " ,\n", &rest)) != NULL;) {
			key = config_find(word);
			ck_assert_msg(key != NULL, "no key %s", word);
			found++;
		}
	}
	ck_assert_uint_eq(found, rows);
	free(line);
	fclose(in);
}
END_TEST

START_TEST(options_override_variables_and_variables_override_files)
{
	struct options options;
	struct config config;
	char *argv[] = {(char[]){"swimd"}, (char[]){"-c"}, path, (char[]){"--name=opt"},
	    (char[]){"--seed"}, (char[]){"s1"}, (char[]){"--seed=s2:1"}};

	begin();
	good("name = file\ncluster = file\nlog_level = debug\nseeds = {f}\n");
	ck_assert_msg(options_parse(&options, 7, argv, fault), "%s", fault);
	setenv("SWIMD_NAME", "env", 1);
	setenv("SWIMD_CLUSTER", "env", 1);
	setenv("SWIMD_SEEDS", "e1, e2", 1);
	ck_assert_msg(config_load(&options, NULL, &config, fault) == 0, "%s", fault);
	ck_assert_str_eq(config.name, "opt");
	ck_assert_str_eq(config.cluster, "env");
	ck_assert_int_eq(config.log_level, LOG_LEVEL_DEBUG);
	ck_assert_uint_eq(config.seeds.count, 2);
	ck_assert_str_eq(config.seeds.items[0], "s1");
	ck_assert_str_eq(config.origin[config_row(config_find("cluster"))], "SWIMD_CLUSTER");
	config_fini(&config);
	options_fini(&options);

	argv[3] = (char[]){"--mdns"};
	ck_assert(options_parse(&options, 4, argv, fault));
	ck_assert_msg(config_load(&options, NULL, &config, fault) == 0, "%s", fault);
	ck_assert_str_eq(config.name, "env");
	ck_assert_uint_eq(config.seeds.count, 2);
	ck_assert_str_eq(config.seeds.items[1], "e2");
	config_fini(&config);
	setenv("SWIMD_PROBE_INTERVAL", "soon", 1);
	ck_assert_int_eq(config_load(&options, NULL, &config, fault), EX_CONFIG);
	ck_assert_msg(strstr(fault, "SWIMD_PROBE_INTERVAL: 'soon'") == fault, "%s", fault);
	options_fini(&options);
	end();
}
END_TEST

START_TEST(unknown_variables_with_the_prefix_swimd_are_found)
{
	const char *near;
	char name[64];
	size_t at = 0;

	clearenv();
	setenv("SWIMD_NAME", "x", 1);
	setenv("SWIMD_SEED", "x", 1);
	setenv("SWIMD", "x", 1);
	setenv("SWIMD_NMAE", "x", 1);
	setenv("SWIMD_ELSEWHERE", "x", 1);
	setenv("OTHER", "x", 1);
	ck_assert_str_eq(config_load_stray(&at, name, &near), "SWIMD_SEED");
	ck_assert_str_eq(near, "seeds");
	ck_assert_str_eq(config_load_stray(&at, name, &near), "SWIMD_NMAE");
	ck_assert_str_eq(near, "name");
	ck_assert_str_eq(config_load_stray(&at, name, &near), "SWIMD_ELSEWHERE");
	ck_assert_ptr_null(near);
	ck_assert_ptr_null(config_load_stray(&at, name, &near));
}
END_TEST

UNIT_MAIN("config_file", a_value_is_a_word_or_a_quoted_string, a_byte_order_mark_is_skipped,
    the_origin_of_a_value_is_its_file_and_line, an_error_names_its_line,
    a_quote_or_list_without_end_is_reported_where_it_begins, a_key_may_be_set_only_once_in_a_file,
    a_file_that_is_not_text_is_refused, a_later_file_of_the_directory_overrides_an_earlier_one,
    only_the_default_file_may_be_missing, the_shipped_file_has_every_key_with_its_default,
    the_manual_lists_every_key_and_marks_the_live_ones,
    options_override_variables_and_variables_override_files,
    unknown_variables_with_the_prefix_swimd_are_found)
