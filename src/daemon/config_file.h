/* SPDX-License-Identifier: MIT */
/* Configuration files: one, or one with its directory of further ones. */
#ifndef SWIMD_DAEMON_CONFIG_FILE_H
#define SWIMD_DAEMON_CONFIG_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/config.h"

#define CONFIG_FILE_MAX (1024 * 1024)

/*
 * Read `path` into *given, over what is there.  Returns 0, or the exit status that it is worth (sysexits.h),
 * with `error` (FAULT_MAX bytes) naming the file and, where it has one, the line at fault.
 */
int config_file_read(const char *path, struct config_given *given, char *error);

/*
 * Read `path` and then `path`.d/<name>.conf in the order of their names.  Neither has to exist unless
 * `required`, which is about `path` alone.  Each file that was read and is good is named in `report`,
 * unless that is NULL.
 */
int config_file_read_all(const char *path, bool required, struct config_given *given, FILE *report,
    char *error);

#endif
