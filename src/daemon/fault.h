/* SPDX-License-Identifier: MIT */
/* The one line that a start (or a reload) that failed ends in, and the exit status that it is worth. */
#ifndef SWIMD_DAEMON_FAULT_H
#define SWIMD_DAEMON_FAULT_H

#include <stdbool.h>
#include <stdio.h>

#define FAULT_MAX 512

/* Write the line into `fault` (FAULT_MAX bytes; cut when it is longer); returns `status` (sysexits.h). */
int fault_set(char *fault, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same where one bit tells it all; returns false. */
bool fault_say(char *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* EX_NOPERM for EACCES and EPERM, else `otherwise`. */
int fault_status(int error, int otherwise);

#endif
