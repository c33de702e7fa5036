/* SPDX-License-Identifier: MIT */
/* Loads the configuration from all its sources, at the start and at each reload. */
#ifndef SWIMD_DAEMON_CONFIG_LOAD_H
#define SWIMD_DAEMON_CONFIG_LOAD_H

#include <stddef.h>
#include <stdio.h>

#include "daemon/config.h"
#include "daemon/options.h"

#define CONFIG_LOAD_FILE SWIM_CONFIG_DIR "/swimd.conf"

/*
 * Makes *out of the files, the environment and the options; the caller frees *out with config_fini.  Returns 0, or an
 * exit status (sysexits.h) with the error text in `fault` (FAULT_MAX bytes) and *out untouched.  Writes the name of each
 * good file into `report`, unless `report` is NULL.
 */
int config_load(const struct options *, FILE *report, struct config *out, char *fault);

/*
 * Writes into `name` (64 bytes) the next environment variable that begins with SWIMD_ and belongs to no key, and returns
 * `name`; NULL: there is no further one.  *at is the position: the caller sets it to 0 before the first call.  *near is
 * the key that was perhaps meant, or NULL.  Other software may set such a variable, so it is worth a warning, not an error.
 */
const char *config_load_stray(size_t *at, char *name, const char **near);

#endif
