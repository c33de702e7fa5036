/* SPDX-License-Identifier: MIT */
#include "daemon/notify.h"

#ifdef HAVE_LIBSYSTEMD

#	include <inttypes.h>
#	include <stdint.h>
#	include <stdlib.h>
#	include <string.h>
#	include <sysexits.h>
#	include <time.h>
#	include <unistd.h>
#	include <systemd/sd-daemon.h>

#	include "daemon/fault.h"

void
notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void
notify_reloading(void)
{
	struct timespec ts;

	/* sd_notify(3) demands this clock. */
	clock_gettime(CLOCK_MONOTONIC, &ts);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

void
notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void
notify_status(const char *text)
{
	sd_notifyf(0, "STATUS=%s", text);
}

void
notify_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}

swim_duration
notify_watchdog_interval(void)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0 || us / 2 > INT64_MAX / 1000)
		return swim_ns(0);
	return swim_us((int64_t)(us / 2));
}

int
notify_sockets(int *control, int *control_ro, char *fault)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names), status = 0;

	*control = *control_ro = -1;
	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		int *slot = strcmp(names[i], "control") == 0      ? control
			    : strcmp(names[i], "control-ro") == 0 ? control_ro
								  : NULL;

		if (slot == NULL || *slot >= 0)
			status = fault_set(fault, EX_CONFIG,
			    "socket activation: %s '%s'; set FileDescriptorName= to control or control-ro, each once",
			    slot == NULL ? "swimd has no socket" : "systemd passes two sockets",
			    names[i]);
		else
			*slot = fd;
		free(names[i]);
	}
	free(names);
	return status;
}

#else

void
notify_ready(void)
{
}

void
notify_reloading(void)
{
}

void
notify_stopping(void)
{
}

void
notify_status(const char *text)
{
	(void)text;
}

void
notify_watchdog(void)
{
}

swim_duration
notify_watchdog_interval(void)
{
	return swim_ns(0);
}

int
notify_sockets(int *control, int *control_ro, char *fault)
{
	(void)fault;
	*control = *control_ro = -1;
	return 0;
}

#endif
