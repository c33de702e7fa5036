/* SPDX-License-Identifier: MIT */
#include "net/netwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "net/loop.h"
#include "support/loop.h"

/* The error with which the next recv fails; 0: recv works. */
static int failure;

ssize_t
recv(int fd, void *buf, size_t n, int flags)
{
	if (failure != 0) {
		errno = failure;
		failure = 0;
		return -1;
	}
	return syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL);
}

static unsigned told;

static void
changed(void *ctx)
{
	(void)ctx;
	told++;
}

static struct netwatch *freed_by_itself;

static void
changed_for_good(void *ctx)
{
	(void)ctx;
	told++;
	netwatch_free(freed_by_itself);
}

static struct netwatch *
fake(struct event_base *base, void (*call)(void *ctx), int *kernel)
{
	struct netwatch *watch;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	watch = netwatch_new_on(base, pair[0], call, NULL);
	ck_assert_ptr_nonnull(watch);
	*kernel = pair[1];
	told = 0;
	failure = 0;
	return watch;
}

START_TEST(many_messages_cause_one_call)
{
	struct event_base *base = loop_new();
	int kernel;
	struct netwatch *watch = fake(base, changed, &kernel);

	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(send(kernel, "news", 4, 0), 4);
	ck_assert_uint_eq(told, 0);
	LOOP_UNTIL(base, told > 0);
	LOOP_ONCE(base);
	ck_assert_uint_eq(told, 1);
	netwatch_free(watch);
	close(kernel);
	loop_free(base);
}
END_TEST

START_TEST(dropped_messages_count_as_a_change)
{
	struct event_base *base = loop_new();
	int kernel;
	struct netwatch *watch = fake(base, changed, &kernel);

	failure = EAGAIN;
	ck_assert_int_eq(send(kernel, "x", 1, 0), 1);
	LOOP_ONCE(base);
	ck_assert_uint_eq(told, 0);
	failure = EINTR;
	LOOP_UNTIL(base, told == 1);
	/* The socket is readable, but recv returns only the error that messages were lost. */
	ck_assert_int_eq(send(kernel, "x", 1, 0), 1);
	failure = ENOBUFS;
	LOOP_UNTIL(base, told == 2);
	ck_assert_int_eq(failure, 0);
	netwatch_free(watch);
	close(kernel);
	loop_free(base);
}
END_TEST

START_TEST(a_watch_may_be_freed_by_its_callback)
{
	struct event_base *base = loop_new();
	int kernel;

	freed_by_itself = fake(base, changed_for_good, &kernel);
	ck_assert_int_eq(send(kernel, "x", 1, 0), 1);
	LOOP_UNTIL(base, told == 1);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 1);
	close(kernel);
	loop_free(base);
}
END_TEST

START_TEST(the_kernel_provides_the_socket)
{
	struct event_base *base = loop_new();
	struct netwatch *watch = netwatch_new(base, changed, NULL);

	ck_assert_ptr_nonnull(watch);
	netwatch_free(watch);
	loop_free(base);
}
END_TEST

UNIT_MAIN("netwatch", many_messages_cause_one_call, dropped_messages_count_as_a_change,
    a_watch_may_be_freed_by_its_callback, the_kernel_provides_the_socket)
