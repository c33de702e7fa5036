/* SPDX-License-Identifier: MIT */
/* Tests that a process repairs what it inherits: signals, standard descriptors, limits and umask. */
#include "base/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/unit.h"

static bool
is_ignored(int number)
{
	struct sigaction action;

	ck_assert_int_eq(sigaction(number, NULL, &action), 0);
	return action.sa_handler == SIG_IGN;
}

static void
handler(int number)
{
	(void)number;
}

START_TEST(blocked_and_ignored_signals_are_restored)
{
	static const int kept[] = {SIGHUP, SIGINT};
	sigset_t all, now;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int number = 1; number < NSIG; number++)
		signal(number, number == SIGUSR1 ? handler : SIG_IGN);
	inherit_signals(kept, sizeof(kept) / sizeof(kept[0]));
	sigprocmask(SIG_SETMASK, NULL, &now);
	for (int number = 1; number < NSIG; number++)
		ck_assert_msg(sigismember(&now, number) != 1, "signal %d is blocked", number);
	ck_assert(is_ignored(SIGHUP));
	ck_assert(is_ignored(SIGINT));
	ck_assert(!is_ignored(SIGCHLD));
	ck_assert(!is_ignored(SIGTERM));
	ck_assert(!is_ignored(SIGPIPE));
	ck_assert(!is_ignored(SIGRTMIN));
	/* A signal that this process handles already keeps its handler. */
	ck_assert_ptr_eq(signal(SIGUSR1, SIG_DFL), handler);
}
END_TEST

START_TEST(closed_standard_descriptors_are_opened)
{
	int saved = dup(STDERR_FILENO), fd;

	ck_assert_int_ge(saved, 3);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	ck_assert(inherit_descriptors());
	fd = open("/dev/null", O_RDWR);
	/* A write to stdout fails, so that no program believes that its output is written.  Messages to stderr are discarded. */
	ck_assert_int_gt(fd, STDERR_FILENO);
	ck_assert_int_eq(write(STDOUT_FILENO, "x", 1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(write(STDERR_FILENO, "x", 1), 1);
	dup2(saved, STDERR_FILENO);
}
END_TEST

START_TEST(open_standard_descriptors_are_kept)
{
	int ends[2];
	char c = 0;

	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[0], STDIN_FILENO);
	ck_assert(inherit_descriptors());
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	ck_assert_int_eq(read(STDIN_FILENO, &c, 1), 1);
	ck_assert_int_eq(c, 'x');
}
END_TEST

START_TEST(the_limit_of_descriptors_is_raised_up_to_the_hard_limit)
{
	struct rlimit limit = {.rlim_cur = 10, .rlim_max = 100};

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	inherit_files_limit(50);
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_uint_eq(limit.rlim_cur, 50);
	inherit_files_limit(20);
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_uint_eq(limit.rlim_cur, 50);
	inherit_files_limit(500);
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_uint_eq(limit.rlim_cur, 100);
}
END_TEST

START_TEST(the_umask_never_takes_rights_from_the_owner)
{
	umask(0777);
	inherit_umask();
	ck_assert_uint_eq(umask(022), 077);
	inherit_umask();
	ck_assert_uint_eq(umask(0), 022);
	inherit_umask();
	ck_assert_uint_eq(umask(0), 0);
}
END_TEST

UNIT_MAIN("inherit", blocked_and_ignored_signals_are_restored,
    closed_standard_descriptors_are_opened, open_standard_descriptors_are_kept,
    the_limit_of_descriptors_is_raised_up_to_the_hard_limit,
    the_umask_never_takes_rights_from_the_owner)
