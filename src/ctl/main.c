/* SPDX-License-Identifier: MIT */
/* swimctl: asks the swimd of this machine about its cluster, and tells it what to do. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "base/inherit.h"
#include "ctl/ctl.h"

/* A shell or nohup(1) has these ignored for what is to go on without its terminal. */
static const int kept[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};

int
main(int argc, char **argv)
{
	if (!inherit_descriptors())
		return CTL_NO; /* with nobody to tell */
	inherit_signals(kept, sizeof(kept) / sizeof(kept[0]));
	/* How wide a character is on the terminal; numbers stay as they are everywhere. */
	setlocale(LC_CTYPE, "");
	/* A reader that went away is told by write, and ends us quietly. */
	signal(SIGPIPE, SIG_IGN);
	return ctl_run(argc, argv, stdout, stderr);
}
