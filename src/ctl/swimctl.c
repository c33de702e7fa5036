/* SPDX-License-Identifier: MIT */
/* swimctl: asks the swimd of this machine about its cluster, and tells it what to do. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "base/inherit.h"
#include "ctl/ctl.h"

/* Signals that a shell or nohup(1) makes a program ignore that is to outlive its terminal; they stay ignored. */
static const int kept[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};

int
main(int argc, char **argv)
{
	if (!inherit_descriptors())
		return CTL_NO; /* standard error may not be open either */
	inherit_signals(kept, sizeof(kept) / sizeof(kept[0]));
	/* How wide a character is on the terminal; numbers stay as they are everywhere. */
	setlocale(LC_CTYPE, "");
	/* When the reader of our output goes away, write fails with EPIPE, and swimctl ends without a message. */
	signal(SIGPIPE, SIG_IGN);
	return ctl_run(argc, argv, stdout, stderr);
}
