/* SPDX-License-Identifier: MIT */
/* ctl/connection.h: lines, deadlines and errors of a connection. */
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

/* Make *c one end of a socket pair, and return the other end. */
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

START_TEST(lines_are_returned_one_by_one)
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

START_TEST(a_closed_connection_is_reported_after_its_lines)
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

START_TEST(reading_and_sending_end_at_the_deadline)
{
	struct connection c;
	int peer = pair(&c);
	swim_time deadline = swim_time_add(connection_now(), swim_ms(20));
	char *line, *big = calloc(1, 16 << 20);
	size_t len;

	put(peer, "half a line");
	ck_assert_int_eq(connection_line(&c, deadline, &line, &len), -ETIMEDOUT);
	ck_assert(swim_time_reached(connection_now(), deadline));
	/* The peer does not read, and the text is larger than any socket buffer. */
	ck_assert_int_eq(
	    connection_send(&c, big, 16 << 20, swim_time_add(connection_now(), swim_ms(20))),
	    -ETIMEDOUT);
	free(big);
	close(peer);
	connection_close(&c);
}
END_TEST

/* A child process writes the line, since the line is larger than a socket buffer. */
START_TEST(a_line_may_have_several_megabytes)
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

START_TEST(a_line_over_the_maximum_is_an_error)
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
	/* The error comes before the end of the line. */
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

/* A Unix socket that is bound to this path and does not listen. */
static int
bound_socket(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(sun.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

START_TEST(a_failed_connect_returns_the_reason)
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
	fd = bound_socket(path);
	ck_assert_int_eq(connection_open(&c, path, soon()), -ECONNREFUSED);
	ck_assert_int_eq(listen(fd, 0), 0);
	/* A stopped daemon accepts no connection: once its backlog is full, connecting fails at the deadline. */
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

UNIT_MAIN("ctl_connection", lines_are_returned_one_by_one,
    a_closed_connection_is_reported_after_its_lines, reading_and_sending_end_at_the_deadline,
    a_line_may_have_several_megabytes, a_line_over_the_maximum_is_an_error,
    a_failed_connect_returns_the_reason)
