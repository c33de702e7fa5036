/* SPDX-License-Identifier: MIT */
/* What every command of swimctl(1) is given: where the daemon is, what was asked, how to print. */
#ifndef SWIMD_CTL_CTL_H
#define SWIMD_CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/args.h"
#include "ctl/problem.h"

/* Output formats, as bits: a command's row says which ones it has. */
enum ctl_format {
	CTL_TABLE = 1 << 0,
	CTL_WIDE = 1 << 1,
	CTL_NAME = 1 << 2,
	CTL_TSV = 1 << 3,
	CTL_HOSTS = 1 << 4,
	CTL_JSON = 1 << 5,
};

struct ctl {
	struct args args;
	const char *socket; /* NULL: the default ones */
	enum ctl_format format;
	bool fail_if_empty;
	bool terminal; /* out is a terminal */
	bool color;    /* ... and colours are wanted */
	FILE *out, *err;
};

/* The whole program but for signals and locale; returns the exit status. */
int ctl_run(int argc, char **argv, FILE *out, FILE *err);

#endif
