/* SPDX-License-Identifier: MIT */
/* Tags on the command line. */
#ifndef SWIMD_CTL_TAGGING_H
#define SWIMD_CTL_TAGGING_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/problem.h"

/* Add the tag "KEY=VALUE" to an object of strings.  False: the tag is wrong or was added before, and *problem is set. */
bool tagging_put(json_t *object, const char *text, struct problem *problem);

#endif
