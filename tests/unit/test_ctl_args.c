/* SPDX-License-Identifier: MIT */
/* ctl/args.h: parsing of the command line, and suggestions of the nearest word. */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "ctl/args.h"
#include "ctl/command.h"
#include "ctl/problem.h"
#include "support/unit.h"

/* The table of commands for this test, which replaces that of ctl/command.c. */
static const struct args_option globals[] = {{'s', "socket", "PATH", "where", false},
    {'j', "json", NULL, "form", false}, {0, NULL, NULL, NULL, false}};
static const struct args_option show_options[] = {{0, "status", "STATUS", "which", true},
    {0, "name", "GLOB", "what", false}, {'a', "all", NULL, "all", false},
    {0, NULL, NULL, NULL, false}};
static const struct args_option none[] = {{0, NULL, NULL, NULL, false}};
static const struct command rows[] = {
    {.name = "show", .operands = "", .options = show_options},
    {.name = "remove", .operands = "NAME", .min = 1, .max = 1, .options = none},
    {.name = "join", .operands = "HOST...", .min = 1, .max = COMMAND_ANY, .options = none},
};

const struct command *
command_rows(size_t *count)
{
	*count = 3;
	return rows;
}

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < 3; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const struct args_option *
command_globals(void)
{
	return globals;
}

static struct args args;
static struct problem problem;

/* Parse a command line whose arguments are separated by single spaces. */
static bool
parse(const char *line)
{
	static char copy[256];
	static char *argv[32];
	int argc = 1;
	char *save = NULL;

	args_fini(&args);
	problem = (struct problem){0};
	snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = copy;
	for (char *word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	return args_parse(argc, argv, &args, &problem);
}

START_TEST(a_line_without_a_command_gets_the_default_command)
{
	ck_assert(parse(""));
	ck_assert_str_eq(args.command->name, "show");
	ck_assert(!args.named);
}
END_TEST

START_TEST(options_may_stand_before_and_after_the_command)
{
	static const char *const lines[] = {"-j --status dead -s /x show -a",
	    "show -ja -s/x --status=dead", "--status dead show -a --json --socket=/x",
	    "--socket /x -aj show --status dead --"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert_msg(parse(lines[i]), "%s: %s", lines[i], problem.text);
		ck_assert_str_eq(args.command->name, "show");
		ck_assert(args.named);
		ck_assert(args_has(&args, "json") && args_has(&args, "all"));
		ck_assert_str_eq(args_value(&args, "status"), "dead");
		ck_assert_str_eq(args_value(&args, "socket"), "/x");
		ck_assert_uint_eq(args.operand_count, 0);
	}
}
END_TEST

START_TEST(a_repeated_option_keeps_all_values)
{
	size_t i = 0;

	ck_assert(parse("--status dead show --status left"));
	ck_assert_str_eq(args_next(&args, "status", &i), "dead");
	ck_assert_str_eq(args_next(&args, "status", &i), "left");
	ck_assert_ptr_null(args_next(&args, "status", &i));
	ck_assert_str_eq(args_value(&args, "status"), "left");
	ck_assert(!args_has(&args, "json"));
	ck_assert_ptr_null(args_value(&args, "socket"));
}
END_TEST

/* swimctl ignores no argument, and of two values one would be ignored. */
START_TEST(a_second_value_of_an_option_is_an_error)
{
	static const char *const twice[] = {"--name a show --name b", "show --name=a --name=a"};

	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
		ck_assert_msg(!parse(twice[i]), "%s", twice[i]);
		ck_assert_int_eq(problem.exit, CTL_USAGE);
		ck_assert_ptr_nonnull(strstr(problem.text, "' is given twice"));
	}
	ck_assert(parse("-j --json -aa"));
	/* The first value of a global option may come from an alias of the shell. */
	ck_assert(parse("-sa --socket b show"));
	ck_assert_str_eq(args_value(&args, "socket"), "b");
}
END_TEST

START_TEST(two_hyphens_end_the_options)
{
	ck_assert(parse("-j -- remove --json"));
	ck_assert_str_eq(args.command->name, "remove");
	ck_assert_str_eq(args.operands[0], "--json");
	ck_assert(parse("join a -j b -"));
	ck_assert_uint_eq(args.operand_count, 3);
	ck_assert_str_eq(args.operands[2], "-");
}
END_TEST

START_TEST(usage_errors_name_the_wrong_argument)
{
	static const struct {
		const char *line, *text;
	} mistakes[] = {
	    {"shwo", "no command 'shwo'; did you mean 'show'?"},
	    {"rem x", "no command 'rem'; did you mean 'remove'?"},
	    {"xyzzy", "no command 'xyzzy'; 'swimctl help' lists all commands"},
	    {"show extra", "'show' takes no argument 'extra'; see 'swimctl help show'"},
	    {"remove", "'remove' needs an argument: swimctl remove NAME"},
	    {"remove a b", "'remove' takes no argument 'b'; see 'swimctl help remove'"},
	    {"join", "'join' needs an argument: swimctl join HOST..."},
	    {"show --stauts dead", "no option '--stauts'; did you mean '--status'?"},
	    {"show --nonsense=5",
		"no option '--nonsense'; see 'swimctl help' and 'swimctl help COMMAND'"},
	    {"show -x", "no option '-x'; see 'swimctl help' and 'swimctl help COMMAND'"},
	    {"show -jx", "no option '-x'; see 'swimctl help' and 'swimctl help COMMAND'"},
	    {"remove --status dead a",
		"'remove' has no option '--status'; see 'swimctl help remove'"},
	    {"show --status", "option '--status' needs a value: --status STATUS"},
	    {"show -s", "option '-s' needs a value: -s PATH"},
	    {"show --status --json", "option '--status' needs a value before '--json'; "
				     "if that is the value, write '--status=--json'"},
	    {"-s --json show",
		"option '-s' needs a value before '--json'; if that is the value, write '-s--json'"},
	    {"-js --", "option '-s' needs a value before '--'; if that is the value, write '-s--'"},
	    {"show --json=yes", "option '--json' takes no value"},
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		ck_assert_msg(!parse(mistakes[i].line), "%s", mistakes[i].line);
		ck_assert_str_eq(problem.text, mistakes[i].text);
		ck_assert_int_eq(problem.exit, CTL_USAGE);
	}
}
END_TEST

START_TEST(usage_errors_escape_control_characters)
{
	ck_assert(!parse("\033[31m\xff"));
	ck_assert_str_eq(problem.text,
	    "no command '\\x1b[31m\\xff'; 'swimctl help' lists all commands");
}
END_TEST

START_TEST(numbers_are_decimal_without_a_sign)
{
	uint64_t n;

	ck_assert(args_u64("0", &n) && n == 0);
	ck_assert(args_u64("18446744073709551615", &n) && n == UINT64_MAX);
	ck_assert(!args_u64("18446744073709551616", &n));
	ck_assert(!args_u64("", &n) && !args_u64("-1", &n) && !args_u64("+1", &n));
	ck_assert(!args_u64(" 1", &n) && !args_u64("1 ", &n) && !args_u64("0x1", &n));
}
END_TEST

START_TEST(durations_are_a_number_and_an_optional_unit)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"0", 0}, {"5", 5000}, {"0.5", 500}, {"500ms", 500}, {"2s", 2000},
	    {"2m", 120000}, {"2min", 120000}, {"1.5h", 5400000}, {"1d", 86400000},
	    {"3650d", INT64_C(315360000000)}};
	static const char *const bad[] = {"", "s", "-1", "+1", "1 s", "1x", "1.", ".5", "1e3",
	    "3651d", "9999999999999999999", "0x5", "inf", "nan", "5ss"};
	swim_duration d;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(args_duration(good[i].text, &d), "%s", good[i].text);
		ck_assert_int_eq(swim_duration_ms(d), good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!args_duration(bad[i], &d), "%s", bad[i]);
}
END_TEST

START_TEST(nearest_word_corrects_typing_errors)
{
	static const char *const words[] = {"members", "member", "metrics", "leave", "join"};

	ck_assert_str_eq(nearest_word("membres", words, 5), "members");
	ck_assert_str_eq(nearest_word("memebr", words, 5), "member");
	ck_assert_str_eq(nearest_word("jion", words, 5), "join");
	ck_assert_str_eq(nearest_word("met", words, 5), "metrics");
	ck_assert_ptr_null(nearest_word("status", words, 5));
	ck_assert_ptr_null(nearest_word("x", words, 5));
	ck_assert_ptr_null(nearest_word("coil", words, 5));
	ck_assert_ptr_null(
	    nearest_word("a-word-that-is-much-longer-than-any-command-there-is", words, 5));
}
END_TEST

UNIT_MAIN("ctl_args", a_line_without_a_command_gets_the_default_command,
    options_may_stand_before_and_after_the_command, a_second_value_of_an_option_is_an_error,
    a_repeated_option_keeps_all_values, two_hyphens_end_the_options,
    usage_errors_name_the_wrong_argument, usage_errors_escape_control_characters,
    numbers_are_decimal_without_a_sign, durations_are_a_number_and_an_optional_unit,
    nearest_word_corrects_typing_errors)
