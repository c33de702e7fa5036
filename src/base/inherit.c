/* SPDX-License-Identifier: MIT */
#include "base/inherit.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/stat.h>

static bool
inherit_is_kept(int number, const int *kept, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (kept[i] == number)
			return true;
	}
	return false;
}

void
inherit_signals(const int *kept, size_t count)
{
	struct sigaction action;
	sigset_t none;

	for (int number = 1; number < NSIG; number++) {
		/* A handler does not outlive exec(2), so an action that is not the default is SIG_IGN or a sanitizer's handler. */
		if (inherit_is_kept(number, kept, count) || sigaction(number, NULL, &action) != 0 ||
		    action.sa_handler != SIG_IGN)
			continue;
		action = (struct sigaction){.sa_handler = SIG_DFL};
		sigaction(number, &action, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool
inherit_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int flags = fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd)
			return false;
	}
	return true;
}

void
inherit_files_limit(unsigned count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count)
		return;
	limit.rlim_cur = limit.rlim_max < count ? limit.rlim_max : count;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void
inherit_umask(void)
{
	umask(umask(077) & 077);
}
