/* SPDX-License-Identifier: MIT */
/*
 * Talking to systemd: readiness, status, watchdog, sockets that it opened for us.  Without libsystemd, or
 * where no systemd started us, all of it does nothing.
 */
#ifndef SWIMD_DAEMON_NOTIFY_H
#define SWIMD_DAEMON_NOTIFY_H

#include "base/time.h"

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
/* A line that `systemctl status` shows. */
void notify_status(const char *text);
void notify_watchdog(void);
/* How often notify_watchdog is due (half of what systemd allows), or zero for never. */
swim_duration notify_watchdog_interval(void);

/*
 * Listening sockets by socket activation: named "control" and "control-ro"; -1 where there is none.
 * Returns 0, or the exit status that the fault is worth with `fault` (FAULT_MAX bytes) set.
 */
int notify_sockets(int *control, int *control_ro, char *fault);

#endif
