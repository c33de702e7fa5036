/* SPDX-License-Identifier: MIT */
/*
 * Talks to systemd: readiness, status, watchdog, and sockets of socket activation.  Without libsystemd, or if systemd did
 * not start the daemon, all these functions do nothing.
 */
#ifndef SWIMD_DAEMON_NOTIFY_H
#define SWIMD_DAEMON_NOTIFY_H

#include "base/time.h"

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
/* Sets the status line that `systemctl status` shows. */
void notify_status(const char *text);
void notify_watchdog(void);
/* Returns the interval for calls of notify_watchdog (half of what systemd allows); 0: systemd wants no calls. */
swim_duration notify_watchdog_interval(void);

/*
 * Stores the listening sockets that systemd passes under the names "control" and "control-ro"; -1: none.  Returns 0, or
 * an exit status (sysexits.h) with the error text in `fault` (FAULT_MAX bytes).
 */
int notify_sockets(int *control, int *control_ro, char *fault);

#endif
