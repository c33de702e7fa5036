/* SPDX-License-Identifier: MIT */
#include "net/reaper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "net/loop.h"

/*
 * The pause after an owned child was seen, in milliseconds.  By then its owner has waited for the child; the
 * kernel may show an orphan only after that.
 */
#define REAPER_AGAIN_MS 50

struct reaper {
	struct event *signal;
	struct loop_timer *again;
	bool (*owns)(void *ctx, pid_t);
	void *ctx;
};

static void
reaper_run(struct reaper *reaper)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		/* WNOWAIT does not remove the child: the kernel shows the same child until somebody waits for it. */
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
			return;
		if (reaper->owns(reaper->ctx, info.si_pid)) {
			loop_timer_set(reaper->again,
			    swim_time_add(loop_now(), swim_ms(REAPER_AGAIN_MS)));
			return;
		}
		if (waitpid(info.si_pid, NULL, WNOHANG) != info.si_pid)
			return;
	}
}

static void
reaper_signalled(evutil_socket_t number, short what, void *ctx)
{
	(void)number;
	(void)what;
	reaper_run(ctx);
}

static void
reaper_again(void *ctx, swim_time now)
{
	(void)now;
	reaper_run(ctx);
}

struct reaper *
reaper_new(struct event_base *base, bool (*owns)(void *ctx, pid_t), void *ctx)
{
	struct reaper *reaper = calloc(1, sizeof(*reaper));

	if (reaper == NULL)
		return NULL;
	reaper->owns = owns;
	reaper->ctx = ctx;
	reaper->signal = evsignal_new(base, SIGCHLD, reaper_signalled, reaper);
	reaper->again = loop_timer_new(base, reaper_again, reaper);
	if (reaper->signal == NULL || reaper->again == NULL ||
	    event_add(reaper->signal, NULL) != 0) {
		reaper_free(reaper);
		return NULL;
	}
	/* No more signals come for children that ended before the handler was set. */
	loop_timer_set(reaper->again, loop_now());
	return reaper;
}

void
reaper_free(struct reaper *reaper)
{
	if (reaper == NULL)
		return;
	if (reaper->signal != NULL)
		event_free(reaper->signal);
	loop_timer_free(reaper->again);
	free(reaper);
}
