/* SPDX-License-Identifier: MIT */
/* The command line, parsed into a command, options and operands by the table in ctl/command.c. */
#ifndef SWIMD_CTL_ARGS_H
#define SWIMD_CTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct command;
struct problem;

/*
 * A list of options ends with a row whose name is NULL.  An option of several commands takes a value in all of them or in
 * none.
 */
struct args_option {
	char letter;       /* the short form; 0: none */
	const char *name;  /* the long form, without its two hyphens */
	const char *value; /* placeholder of the value in help; NULL: the option takes no value */
	const char *help;  /* one line */
	bool repeats;      /* the option may be given several times */
};

struct args {
	const struct command *command; /* the default command if the command line names none */
	bool named;                    /* the command line names a command */
	struct {
		const struct args_option *option;
		const char *value; /* NULL: the option takes no value */
	} * given;                 /* the options, in the order of the command line */
	size_t given_count;
	const char **operands; /* without the command */
	size_t operand_count;
};

/*
 * Parse argv.  Options may stand before and after the command.  The pointers in *args point into argv.  False: the command
 * line is wrong, or memory is short; *problem says what is wrong, and *args holds the arguments before the wrong argument.
 * The caller calls args_fini in both cases.
 */
bool args_parse(int argc, char **argv, struct args *, struct problem *);
void args_fini(struct args *);
/* Set *problem: there is no command `word`.  The text suggests the nearest name, if there is one.  Returns false. */
bool args_unknown_command(const char *word, struct problem *problem);

/* Whether the option `name` was given. */
bool args_has(const struct args *, const char *name);
/* The last value of the option; "" if the option takes no value, NULL if the option was not given. */
const char *args_value(const struct args *, const char *name);
/* The next value of an option that may be repeated, or NULL after the last value.  *i is 0 before the first call. */
const char *args_next(const struct args *, const char *name, size_t *i);

/* Parse a decimal integer without a sign, from 0 to 2^64-1.  False: the text is anything else. */
bool args_u64(const char *, uint64_t *out);
/*
 * Parse a time such as "5", "0.5", "500ms", "2m", "1h" or "1d", at most ten years.  A number without a unit is in seconds.
 * False: the text is anything else.
 */
bool args_duration(const char *, swim_duration *out);

#endif
