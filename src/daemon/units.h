/* SPDX-License-Identifier: MIT */
/* Parses values with units: "500ms", "64KiB", "0.5". */
#ifndef SWIMD_DAEMON_UNITS_H
#define SWIMD_DAEMON_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/*
 * All these functions parse a whole text without white space.  If they return false, *error is the reason (static): the
 * rest of a sentence that begins with the text, such as "has no unit".
 */

/* A decimal number with at most nine digits after the point, and a unit: ns us ms s m h d. */
bool units_duration(const char *, swim_duration *out, const char **error);
/* Digits and an optional unit: B kB MB GB KiB MiB GiB.  *out is in bytes. */
bool units_size(const char *, uint64_t *out, const char **error);
/* Digits only. */
bool units_count(const char *, uint64_t *out, const char **error);
/* A decimal number without exponent or sign. */
bool units_factor(const char *, double *out, const char **error);
/* true false yes no on off 1 0, in any case. */
bool units_bool(const char *, bool *out, const char **error);

#endif
