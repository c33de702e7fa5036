/* SPDX-License-Identifier: MIT */
/* The context of a command of swimctl(1): the arguments, the socket of the daemon and the output. */
#ifndef SWIMD_CTL_CTL_H
#define SWIMD_CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/args.h"
#include "ctl/problem.h"

/* Output formats, as bits: the row of a command has the set of its formats. */
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
	const char *socket; /* path; NULL: the default sockets */
	enum ctl_format format;
	bool fail_if_empty; /* --fail-if-empty */
	bool terminal;      /* out is a terminal */
	bool color;         /* use colours */
	FILE *out, *err;
};

/* Run swimctl with these arguments and streams; main has set signals and locale.  Returns the exit status. */
int ctl_run(int argc, char **argv, FILE *out, FILE *err);

#endif
