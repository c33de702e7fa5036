/* SPDX-License-Identifier: MIT */
#include "ctl/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/unit.h"

static swim_time
soon(void)
{
	return swim_time_add(connection_now(), swim_seconds(60));
}

/* A connection at one end of a socket pair, and the other end. */
static int
pair(struct connection *c)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	*c = (struct connection){.fd = ends[0], .line_max = CONNECTION_LINE_MAX};
	return ends[1];
}

static void
put(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(lines_come_one_by_one)
{
	struct connection c;
	int peer = pair(&c);
	char *line;
	size_t len;

	put(peer, "one\n\nthree\npart");
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), 0);
	ck_assert_str_eq(line, "one");
	ck_assert_uint_eq(len, 3);
	ck_assert_int_eq(connection_buffered_line(&c, &line, &len), 0);
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), 0);
	ck_assert_str_eq(line, "three");
	ck_assert_uint_eq(connection_pending(&c), 4);
	ck_assert_int_eq(connection_buffered_line(&c, &line, &len), -EAGAIN);
	ck_assert_int_eq(connection_fill(&c), -EAGAIN);
	put(peer, "ed\n");
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), 0);
	ck_assert_str_eq(line, "parted");
	close(peer);
	connection_close(&c);
}
END_TEST

START_TEST(a_closed_connection_is_told_after_its_lines)
{
	struct connection c;
	int peer = pair(&c);
	char *line;
	size_t len;

	put(peer, "last\nrest");
	close(peer);
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), 0);
	ck_assert_str_eq(line, "last");
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), -EPIPE);
	ck_assert_int_eq(connection_send(&c, "x", 1, soon()), -EPIPE);
	connection_close(&c);
}
END_TEST

START_TEST(nothing_in_time_is_a_timeout)
{
	struct connection c;
	int peer = pair(&c);
	swim_time deadline = swim_time_add(connection_now(), swim_ms(20));
	char *line, *big = calloc(1, 16 << 20);
	size_t len;

	put(peer, "half a line");
	ck_assert_int_eq(connection_line(&c, deadline, &line, &len), -ETIMEDOUT);
	ck_assert(swim_time_reached(connection_now(), deadline));
	/* Nobody reads: more than any socket buffer holds. */
	ck_assert_int_eq(
	    connection_send(&c, big, 16 << 20, swim_time_add(connection_now(), swim_ms(20))),
	    -ETIMEDOUT);
	free(big);
	close(peer);
	connection_close(&c);
}
END_TEST

/* Several megabytes in one line, with a writer that is a process of its own. */
START_TEST(a_line_may_be_long)
{
	enum { BYTES = 12 << 20 };
	struct connection c;
	int peer = pair(&c);
	char *line;
	size_t len;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char block[4096];

		memset(block, 'x', sizeof(block));
		for (size_t i = 0; i < BYTES / sizeof(block); i++)
			if (write(peer, block, sizeof(block)) != (ssize_t)sizeof(block))
				_exit(1);
		_exit(write(peer, "\nnext\n", 6) != 6);
	}
	close(peer);
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), 0);
	ck_assert_uint_eq(len, BYTES);
	ck_assert_uint_eq(strspn(line, "x"), BYTES);
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), 0);
	ck_assert_str_eq(line, "next");
	connection_close(&c);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_not_read)
{
	struct connection c;
	int peer = pair(&c);
	char *line;
	size_t len;

	c.line_max = 8;
	put(peer, "12345678\n123456789\n");
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), 0);
	ck_assert_str_eq(line, "12345678");
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), -EMSGSIZE);
	ck_assert_int_eq(connection_buffered_line(&c, &line, &len), -EMSGSIZE);
	close(peer);
	connection_close(&c);
	/* Nor is its end waited for. */
	peer = pair(&c);
	c.line_max = 8;
	put(peer, "12345678");
	ck_assert_int_eq(connection_fill(&c), 0);
	ck_assert_int_eq(connection_buffered_line(&c, &line, &len), -EAGAIN);
	put(peer, "9");
	ck_assert_int_eq(connection_line(&c, soon(), &line, &len), -EMSGSIZE);
	close(peer);
	connection_close(&c);
}
END_TEST

static void
bound(int *fd, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memcpy(sun.sun_path, path, strlen(path) + 1);
	*fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(*fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
}

START_TEST(why_there_is_no_connection)
{
	char directory[] = "/tmp/swimctl-client-XXXXXX", path[128], missing[128], longest[200];
	struct connection c, queued;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/sock", directory);
	snprintf(missing, sizeof(missing), "%s/none", directory);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(connection_open(&c, missing, soon()), -ENOENT);
	ck_assert_int_eq(c.fd, -1);
	ck_assert_int_eq(connection_open(&c, longest, soon()), -ENAMETOOLONG);
	bound(&fd, path);
	ck_assert_int_eq(connection_open(&c, path, soon()), -ECONNREFUSED);
	ck_assert_int_eq(listen(fd, 0), 0);
	/* A daemon that is stopped accepts nobody: once the backlog is full, connecting ends with time. */
	ck_assert_int_eq(connection_open(&queued, path, soon()), 0);
	ck_assert_int_eq(connection_open(&c, path, swim_time_add(connection_now(), swim_ms(20))),
	    -ETIMEDOUT);
	connection_close(&queued);
	close(fd);
	unlink(path);
	if (geteuid() != 0) {
		ck_assert_int_eq(chmod(directory, 0), 0);
		ck_assert_int_eq(connection_open(&c, path, soon()), -EACCES);
		ck_assert_int_eq(chmod(directory, 0700), 0);
	}
	rmdir(directory);
}
END_TEST

UNIT_MAIN("ctl_connection", lines_come_one_by_one, a_closed_connection_is_told_after_its_lines,
    nothing_in_time_is_a_timeout, a_line_may_be_long, a_line_that_is_too_long_is_not_read,
    why_there_is_no_connection)
