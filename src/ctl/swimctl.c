/* SPDX-License-Identifier: MIT */
/* The main function of swimctl, which asks and steers the swimd of this machine. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "base/inherit.h"
#include "ctl/ctl.h"

/* Signals that stay ignored if a shell or nohup(1) has ignored them for a program that is to outlive its terminal. */
static const int kept[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};

int
main(int argc, char **argv)
{
	if (!inherit_descriptors())
		return CTL_NO; /* standard error may not be open either */
	inherit_signals(kept, sizeof(kept) / sizeof(kept[0]));
	/* The widths of characters follow the locale; the format of numbers (LC_NUMERIC) stays that of C. */
	setlocale(LC_CTYPE, "");
	/* When the reader of the output goes away, writing fails with EPIPE, and swimctl ends without a message. */
	signal(SIGPIPE, SIG_IGN);
	return ctl_run(argc, argv, stdout, stderr);
}
