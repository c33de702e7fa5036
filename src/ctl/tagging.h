/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_CTL_TAGGING_H
#define SWIMD_CTL_TAGGING_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/problem.h"

/* Put "KEY=VALUE" into an object of strings.  False: *problem says why it is none. */
bool tagging_put(json_t *object, const char *text, struct problem *problem);

#endif
