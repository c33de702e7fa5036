/* SPDX-License-Identifier: MIT */
/* All sources of configuration, laid over each other; at start and at each reload. */
#ifndef SWIMD_DAEMON_CONFIG_LOAD_H
#define SWIMD_DAEMON_CONFIG_LOAD_H

#include <stddef.h>
#include <stdio.h>

#include "daemon/config.h"
#include "daemon/options.h"

#define CONFIG_LOAD_FILE SWIM_CONFIG_DIR "/swimd.conf"

/*
 * Files, environment and options into *out, which is then the caller's (config_fini).  Returns 0, or the
 * exit status that it is worth with `error` (FAULT_MAX bytes) set and *out untouched.  Each good file
 * is named in `report`, unless that is NULL.
 */
int config_load(const struct options *, FILE *report, struct config *out, char *error);

/*
 * Variables of the environment that look like ours and are no setting: no fault, since others may set
 * what begins with SWIMD_, but worth a warning.  Start with *at zero; NULL at the end; `name` has 64 bytes.  *near: the
 * key that may have been meant, or NULL.
 */
const char *config_load_stray(size_t *at, char *name, const char **near);

#endif
