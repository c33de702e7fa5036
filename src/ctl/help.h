/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_CTL_HELP_H
#define SWIMD_CTL_HELP_H

#include <stdio.h>

#include "ctl/command.h"

void help_all(FILE *);
void help_command(FILE *, const struct command *);

#endif
