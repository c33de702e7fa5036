/* SPDX-License-Identifier: MIT */
/* The command line, from the table of keys. */
#ifndef SWIMD_DAEMON_OPTIONS_H
#define SWIMD_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/config.h"

struct options {
	const char *file; /* -c; points into argv.  NULL: the usual place */
	bool check, version, help;
	struct config_given given;
};

/*
 * False with `error` (FAULT_MAX bytes) naming the argument at fault.  Options are spelt out whole:
 * an abbreviation that is clear today would change its meaning with the next option.
 */
bool options_parse(struct options *, int argc, char *const argv[], char *error);
void options_fini(struct options *);
void options_help(FILE *);

#endif
