/* SPDX-License-Identifier: MIT */
/* Parses the command line and prints --help, both from the table of configuration keys. */
#ifndef SWIMD_DAEMON_OPTIONS_H
#define SWIMD_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/config.h"

struct options {
	const char *file; /* of -c, points into argv; NULL: the default file */
	bool check, version, help;
	struct config_given given;
};

/*
 * Parses the command line.  True: the caller frees the options with options_fini.  False: `fault` (FAULT_MAX bytes) names
 * the argument at fault, and nothing is to be freed.  Options cannot be abbreviated, since a new option could make an
 * abbreviation ambiguous.
 */
bool options_parse(struct options *, int argc, char *const argv[], char *fault);
void options_fini(struct options *);
/* Prints the text of --help. */
void options_help(FILE *);

#endif
