/* SPDX-License-Identifier: MIT */
#include "ctl/args.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "ctl/command.h"
#include "ctl/problem.h"

#define CANDIDATES_MAX 64
#define WORD_MAX_LENGTH NEAREST_MAX

/* ---------------------------------------------------------------------------------------- values */

bool
args_u64(const char *text, uint64_t *out)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	}
	*out = value;
	return true;
}

bool
args_duration(const char *text, swim_duration *out)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
	    {"", INT64_C(1000000000)},
	    {"ms", INT64_C(1000000)},
	    {"s", INT64_C(1000000000)},
	    {"m", INT64_C(60000000000)},
	    {"min", INT64_C(60000000000)},
	    {"h", INT64_C(3600000000000)},
	    {"d", INT64_C(86400000000000)},
	};
	const int64_t limit = INT64_C(315360000000000000); /* ten years */
	size_t whole = strspn(text, "0123456789");
	const char *unit = text + whole;
	double value;

	if (whole == 0 || whole > 12)
		return false;
	if (*unit == '.') {
		size_t part = strspn(unit + 1, "0123456789");

		if (part == 0)
			return false;
		unit += 1 + part;
	}
	value = strtod(text, NULL);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		value *= (double)units[i].ns;
		if (value > (double)limit)
			return false;
		*out = swim_ns((int64_t)value);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------------------------- suggestions */

bool
args_unknown_command(const char *word, struct problem *problem)
{
	const char *candidates[CANDIDATES_MAX];
	size_t count;
	const struct command *rows = command_rows(&count);
	const char *near;

	for (size_t i = 0; i < count; i++)
		candidates[i] = rows[i].name;
	near = nearest_word(word, candidates, count);
	if (near != NULL)
		problem_set(problem, CTL_USAGE, "usage", "no command '%s'; did you mean '%s'?",
		    word, near);
	else
		problem_set(problem, CTL_USAGE, "usage",
		    "no command '%s'; 'swimctl help' lists all commands", word);
	return false;
}

/* ----------------------------------------------------------------------------------------- options */

static const struct args_option *
args_in_list(const struct args_option *list, char letter, const char *name, size_t length)
{
	for (; list->name != NULL; list++) {
		if (letter != '\0'
			? list->letter == letter
			: strlen(list->name) == length && memcmp(list->name, name, length) == 0)
			return list;
	}
	return NULL;
}

/* Find an option by its letter or its name among the options of all commands, since the command may follow the option. */
static const struct args_option *
args_find_option(char letter, const char *name, size_t length)
{
	size_t count;
	const struct command *rows = command_rows(&count);
	const struct args_option *found = args_in_list(command_globals(), letter, name, length);

	for (size_t i = 0; i < count && found == NULL; i++)
		found = args_in_list(rows[i].options, letter, name, length);
	return found;
}

static bool
args_unknown_option(const char *given, size_t length, struct problem *problem)
{
	const char *candidates[CANDIDATES_MAX];
	char word[WORD_MAX_LENGTH + 1];
	size_t n = 0, count;
	const struct command *rows = command_rows(&count);
	const char *near = NULL;

	for (const struct args_option *o = command_globals(); o->name != NULL; o++)
		candidates[n++] = o->name;
	for (size_t i = 0; i < count; i++)
		for (const struct args_option *o = rows[i].options;
		     o->name != NULL && n < CANDIDATES_MAX; o++)
			candidates[n++] = o->name;
	if (length > 2 && length - 2 < sizeof(word) && given[1] == '-') {
		memcpy(word, given + 2, length - 2);
		word[length - 2] = '\0';
		near = nearest_word(word, candidates, n);
	}
	if (near != NULL)
		problem_set(problem, CTL_USAGE, "usage", "no option '%.*s'; did you mean '--%s'?",
		    (int)length, given, near);
	else
		problem_set(problem, CTL_USAGE, "usage",
		    "no option '%.*s'; see 'swimctl help' and 'swimctl help COMMAND'", (int)length,
		    given);
	return false;
}

static void
args_give(struct args *args, const struct args_option *option, const char *value)
{
	args->given[args->given_count].option = option;
	args->given[args->given_count++].value = value;
}

/*
 * Whether the next argument can be the value of the option, which is written as `given` on the command line.  An argument
 * that begins with "--" is probably an option, and an empty argument probably comes from an unset variable of the shell.  As
 * a value such an argument must be joined to the option: by '=' to a name, directly to a letter.  False: *problem is set.
 */
static bool
args_value_follows(const char *given, size_t length, const char *next,
    const struct args_option *option, struct problem *problem)
{
	const char *joint = given[1] == '-' ? "=" : "";

	if (next == NULL)
		problem_set(problem, CTL_USAGE, "usage", "option '%.*s' needs a value: %.*s %s",
		    (int)length, given, (int)length, given, option->value);
	else if (*next == '\0')
		problem_set(problem, CTL_USAGE, "usage",
		    "option '%.*s' needs a value, and the next argument is empty: %.*s %s",
		    (int)length, given, (int)length, given, option->value);
	else if (strncmp(next, "--", 2) == 0)
		problem_set(problem, CTL_USAGE, "usage",
		    "option '%.*s' needs a value before '%s'; if that is the value, write '%.*s%s%s'",
		    (int)length, given, next, (int)length, given, joint, next);
	else
		return true;
	return false;
}

static bool
args_take_long(char **argv, int *i, struct args *args, struct problem *problem)
{
	const char *text = argv[*i];
	size_t length = strcspn(text, "=");
	const struct args_option *option = args_find_option('\0', text + 2, length - 2);

	if (option == NULL)
		return args_unknown_option(text, length, problem);
	if (option->value == NULL) {
		if (text[length] == '=') {
			problem_set(problem, CTL_USAGE, "usage", "option '--%s' takes no value",
			    option->name);
			return false;
		}
		args_give(args, option, NULL);
	} else if (text[length] == '=') {
		args_give(args, option, text + length + 1);
	} else if (args_value_follows(text, length, argv[*i + 1], option, problem)) {
		args_give(args, option, argv[++*i]);
	} else {
		return false;
	}
	return true;
}

static bool
args_take_letters(char **argv, int *i, struct args *args, struct problem *problem)
{
	char letter[3] = "-";

	for (const char *p = argv[*i] + 1; *p != '\0'; p++) {
		const struct args_option *option = args_find_option(*p, NULL, 0);

		if (option == NULL) {
			/* The message names an unknown letter alone if it is not the first letter of the argument. */
			char text[3] = {'-', *p, '\0'};

			return args_unknown_option(p == argv[*i] + 1 ? argv[*i] : text,
			    p == argv[*i] + 1 ? strlen(argv[*i]) : 2, problem);
		}
		if (option->value == NULL) {
			args_give(args, option, NULL);
			continue;
		}
		letter[1] = *p;
		if (p[1] != '\0')
			args_give(args, option, p + 1);
		else if (args_value_follows(letter, 2, argv[*i + 1], option, problem))
			args_give(args, option, argv[++*i]);
		else
			return false;
		return true;
	}
	return true;
}

/*
 * Whether option `at`, which takes a single value, was given before.  For an option of the command this is an error, since
 * one value would be ignored.  Of a global option the last value counts, since an alias of the shell may give the first one.
 */
static bool
args_given_before(const struct args *args, size_t at)
{
	const struct args_option *option = args->given[at].option;

	if (option->value == NULL || option->repeats)
		return false;
	for (size_t i = 0; i < at; i++)
		if (args->given[i].option == option)
			return true;
	return false;
}

/*
 * Check that every option belongs to the command or to all commands.  An option that several commands have may have been
 * found in the row of another command, and is then replaced by the option of this command.
 */
static bool
args_options_fit(struct args *args, struct problem *problem)
{
	for (size_t i = 0; i < args->given_count; i++) {
		const struct args_option *option = args->given[i].option, *own;
		const char *name;
		bool global;

		assert(option != NULL);
		name = option->name;
		own = args_in_list(args->command->options, '\0', name, strlen(name));
		global = own == NULL;
		if (global)
			own = args_in_list(command_globals(), '\0', name, strlen(name));
		if (own == NULL) {
			problem_set(problem, CTL_USAGE, "usage",
			    "'%s' has no option '--%s'; see 'swimctl help %s'", args->command->name,
			    name, args->command->name);
			return false;
		}
		args->given[i].option = own;
		if (!global && args_given_before(args, i)) {
			problem_set(problem, CTL_USAGE, "usage", "option '--%s' is given twice",
			    name);
			return false;
		}
	}
	return true;
}

static bool
args_operands_fit(const struct args *args, struct problem *problem)
{
	const struct command *c = args->command;

	/* With --help or --version no operands are needed. */
	if (args_has(args, "help") || args_has(args, "version"))
		return true;
	if (args->operand_count < c->min) {
		problem_set(problem, CTL_USAGE, "usage", "'%s' needs %s: swimctl %s %s", c->name,
		    c->min == 1 ? "an argument" : "more arguments", c->name, c->operands);
		return false;
	}
	if (args->operand_count > c->max) {
		problem_set(problem, CTL_USAGE, "usage",
		    "'%s' takes no argument '%s'; see 'swimctl help %s'", c->name,
		    args->operands[c->max], c->name);
		return false;
	}
	return true;
}

bool
args_parse(int argc, char **argv, struct args *args, struct problem *problem)
{
	bool only_operands = false;
	size_t letters = 0, count;

	*args = (struct args){0};
	args->command = command_rows(&count);
	for (int i = 1; i < argc; i++)
		letters += strlen(argv[i]);
	/* Each option takes at least one byte of argv, and each operand one argument. */
	args->given = calloc(letters + 1, sizeof(*args->given));
	args->operands = calloc((size_t)(argc > 0 ? argc : 0) + 1, sizeof(*args->operands));
	if (args->given == NULL || args->operands == NULL) {
		problem_set(problem, CTL_NO, "failed", "out of memory");
		return false;
	}
	count = 0; /* of operands, including the command */
	for (int i = 1; i < argc; i++) {
		if (!only_operands && strcmp(argv[i], "--") == 0) {
			only_operands = true;
		} else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
			if (!args_take_long(argv, &i, args, problem))
				return false;
		} else if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
			if (!args_take_letters(argv, &i, args, problem))
				return false;
		} else if (count++ == 0) {
			args->named = true;
			args->command = command_find(argv[i]);
			if (args->command == NULL)
				return args_unknown_command(argv[i], problem);
		} else {
			args->operands[args->operand_count++] = argv[i];
		}
	}
	return args_options_fit(args, problem) && args_operands_fit(args, problem);
}

void
args_fini(struct args *args)
{
	free(args->given);
	free(args->operands);
	*args = (struct args){0};
}

const char *
args_next(const struct args *args, const char *name, size_t *i)
{
	while (*i < args->given_count) {
		size_t at = (*i)++;

		if (strcmp(args->given[at].option->name, name) == 0)
			return args->given[at].value != NULL ? args->given[at].value : "";
	}
	return NULL;
}

bool
args_has(const struct args *args, const char *name)
{
	size_t i = 0;

	return args_next(args, name, &i) != NULL;
}

const char *
args_value(const struct args *args, const char *name)
{
	const char *last = NULL, *next;
	size_t i = 0;

	while ((next = args_next(args, name, &i)) != NULL)
		last = next;
	return last;
}
