/* SPDX-License-Identifier: MIT */
/* Printing of a JSON object as lines of "name value", with the field names of the daemon. */
#ifndef SWIMD_CTL_PAIRS_H
#define SWIMD_CTL_PAIRS_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ctl.h"
#include "ctl/reply.h"

/*
 * Print the fields of an object as two aligned columns.  A field of an inner object is named "outer.inner"; each item of a
 * list has its own line.  False: out of memory.
 */
bool pairs_print(const struct ctl *, const json_t *object);

/* Print a result with pairs_print, or as JSON with --json.  Returns CTL_OK, or CTL_NO after a message. */
enum ctl_exit pairs_answer(const struct ctl *, const struct reply *);

/* Send a request and print its result with pairs_answer.  params may be NULL, and the function releases it. */
enum ctl_exit pairs_ask(const struct ctl *, const char *method, json_t *params);

#endif
