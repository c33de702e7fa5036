/* SPDX-License-Identifier: MIT */
#include "net/reaper.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>

#include "net/loop.h"
#include "support/loop.h"

static pid_t ours;

static bool
owns(void *ctx, pid_t child)
{
	ck_assert_ptr_eq(ctx, &ours);
	return child == ours;
}

static pid_t
child(int status)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(status);
	return pid;
}

/* Neither running nor a zombie. */
static bool
is_gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

/* The child has ended, and nobody has waited for it. */
static bool
is_zombie(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid;
}

START_TEST(orphans_are_reaped_and_owned_children_are_not)
{
	struct event_base *base = loop_new();
	pid_t before = child(0), stranger, second;
	struct reaper *reaper;
	siginfo_t info;
	int status = 0;

	/* The child ends before the reaper exists. */
	waitid(P_PID, (id_t)before, &info, WEXITED | WNOWAIT);
	reaper = reaper_new(base, owns, &ours);
	ck_assert_ptr_nonnull(reaper);
	LOOP_UNTIL(base, is_gone(before));
	ours = child(7);
	waitid(P_PID, (id_t)ours, &info, WEXITED | WNOWAIT);
	stranger = child(0);
	second = child(0);
	waitid(P_PID, (id_t)second, &info, WEXITED | WNOWAIT);
	for (int i = 0; i < 5; i++)
		LOOP_ONCE(base);
	ck_assert(is_zombie(ours));
	/* When the owner has waited for its child, the others are reaped. */
	ck_assert_int_eq(waitpid(ours, &status, 0), ours);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	LOOP_UNTIL(base, is_gone(stranger) && is_gone(second));
	reaper_free(reaper);
	loop_free(base);
}
END_TEST

UNIT_MAIN("reaper", orphans_are_reaped_and_owned_children_are_not)
