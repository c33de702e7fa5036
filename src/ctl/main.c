/* SPDX-License-Identifier: MIT */
/* swimctl: asks the swimd of this machine about its cluster, and tells it what to do. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "ctl/ctl.h"

int
main(int argc, char **argv)
{
	/* How wide a character is on the terminal; numbers stay as they are everywhere. */
	setlocale(LC_CTYPE, "");
	/* A reader that went away is told by write, and ends us quietly. */
	signal(SIGPIPE, SIG_IGN);
	return ctl_run(argc, argv, stdout, stderr);
}
