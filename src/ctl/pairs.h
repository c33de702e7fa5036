/* SPDX-License-Identifier: MIT */
/* Print an object of the daemon's as lines of "name value", with the daemon's own names for all fields. */
#ifndef SWIMD_CTL_PAIRS_H
#define SWIMD_CTL_PAIRS_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ctl.h"
#include "ctl/reply.h"

/*
 * Print an object's members as two aligned columns, those of inner objects as "outer.inner", a list of plain
 * values a line each.  False without memory.
 */
bool pairs_print(const struct ctl *, const json_t *object);

/* Print a result so, or as JSON.  Fails, and says so, without memory. */
enum ctl_exit pairs_answer(const struct ctl *, const struct reply *);

/* Ask, and print the result so.  params may be NULL and is used up. */
enum ctl_exit pairs_ask(const struct ctl *, const char *method, json_t *params);

#endif
