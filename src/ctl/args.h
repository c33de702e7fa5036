/* SPDX-License-Identifier: MIT */
/* The command line, taken apart along the rows of the command table. */
#ifndef SWIMD_CTL_ARGS_H
#define SWIMD_CTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct command;
struct problem;

/* A list of options ends with a row whose name is NULL.  One name means the same kind everywhere. */
struct args_option {
	char letter;       /* 0: none */
	const char *name;  /* without its dashes */
	const char *value; /* what the value is called in help; NULL: it takes none */
	const char *help;  /* one line */
	bool repeats;      /* may be given more than once */
};

struct args {
	const struct command *command; /* the default one where none is named */
	bool named;                    /* ... and whether one was */
	struct {
		const struct args_option *option;
		const char *value;
	} * given;
	size_t given_count;
	const char **operands;
	size_t operand_count;
};

/*
 * Take argv apart.  Options may stand before and after the command, which is the first operand.  The
 * result points into argv.  False: *problem says in one line what is wrong, and what was meant perhaps;
 * *args then holds what came before it.  args_fini is needed in both cases.
 */
bool args_parse(int argc, char **argv, struct args *, struct problem *);
void args_fini(struct args *);
/* Says in *problem that there is no such command, and which one was meant perhaps.  Always false. */
bool args_unknown_command(const char *word, struct problem *problem);

/* Was this option given?  args_value is its value, the last one; args_next walks those of one that repeats, from *i = 0. */
bool args_has(const struct args *, const char *name);
const char *args_value(const struct args *, const char *name);
const char *args_next(const struct args *, const char *name, size_t *i);

/* A whole number without sign, to 2^64-1. */
bool args_u64(const char *, uint64_t *out);
/* "5", "0.5", "500ms", "2m", "1h", "1d"; seconds without a unit; at most ten years. */
bool args_duration(const char *, swim_duration *out);

#endif
