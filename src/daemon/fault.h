/* SPDX-License-Identifier: MIT */
/* The error text of a failed start or reload, which is one line, and the exit status of a failed start. */
#ifndef SWIMD_DAEMON_FAULT_H
#define SWIMD_DAEMON_FAULT_H

#include <stdbool.h>
#include <stdio.h>

#define FAULT_MAX 512 /* bytes of an error text, its NUL included */

/* Writes the error text into `fault` (FAULT_MAX bytes), cut where it is longer.  Returns `status` (sysexits.h). */
int fault_set(char *fault, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes the error text like fault_set, for callers that only need to know that something failed.  Returns false. */
bool fault_say(char *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Returns EX_NOPERM for the errno values EACCES and EPERM, else `otherwise`. */
int fault_status(int error, int otherwise);

#endif
