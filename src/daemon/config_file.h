/* SPDX-License-Identifier: MIT */
/* Reads configuration files: one file, or a file and the files of its .d directory. */
#ifndef SWIMD_DAEMON_CONFIG_FILE_H
#define SWIMD_DAEMON_CONFIG_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/config.h"

#define CONFIG_FILE_MAX (1024 * 1024) /* bytes; a larger file is refused */

/*
 * Reads the file `path`; its keys replace those in *given, or extend them ("+=").  Returns 0, or an exit status
 * (sysexits.h) with the error text in `fault` (FAULT_MAX bytes), which names the file and, if known, the line at fault.
 */
int config_file_read(const char *path, struct config_given *given, char *fault);

/*
 * Reads the file `path`, then the files `path`.d/<name>.conf in the order of their names.  If `required`, the file
 * `path` must exist; the directory need not.  Writes the name of each good file into `report`, unless `report` is NULL.
 * Returns as config_file_read.
 */
int config_file_read_all(const char *path, bool required, struct config_given *given, FILE *report,
    char *fault);

#endif
