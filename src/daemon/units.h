/* SPDX-License-Identifier: MIT */
/* Values with units as people write them: "500ms", "64KiB", "0.5".  Strict: what is not understood is refused. */
#ifndef SWIMD_DAEMON_UNITS_H
#define SWIMD_DAEMON_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/*
 * All of these take a whole NUL-terminated text, without white space, and say in *error (static, a
 * sentence fragment that tells what is wanted) why they return false.
 */

/* A decimal number, at most nine digits after the point, and a unit: ns us ms s m h d. */
bool units_duration(const char *, swim_duration *out, const char **error);
/* Bytes: digits and perhaps a unit: B kB MB GB KiB MiB GiB. */
bool units_size(const char *, uint64_t *out, const char **error);
/* Digits alone. */
bool units_count(const char *, uint64_t *out, const char **error);
/* A decimal number without exponent or sign. */
bool units_factor(const char *, double *out, const char **error);
/* true false yes no on off 1 0. */
bool units_bool(const char *, bool *out, const char **error);

#endif
