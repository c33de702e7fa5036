/* SPDX-License-Identifier: MIT */
/* Help texts, made from the table of commands. */
#ifndef SWIMD_CTL_HELP_H
#define SWIMD_CTL_HELP_H

#include <stdio.h>

#include "ctl/command.h"

/* Print the list of commands and the global options. */
void help_all(FILE *);
/* Print the synopsis, the options and the output formats of one command. */
void help_command(FILE *, const struct command *);

#endif
