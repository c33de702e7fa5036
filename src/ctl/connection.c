/* SPDX-License-Identifier: MIT */
#include "ctl/connection.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 65536

swim_time
connection_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (swim_time){(int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec};
}

/* The timeout of poll in ms, at most one minute; rounded up, so that poll does not return just before the deadline. */
static int
connection_wait_ms(swim_time deadline)
{
	int64_t ms;

	if (swim_time_is_never(deadline))
		return -1;
	ms = (swim_time_since(deadline, connection_now()).ns + 999999) / 1000000;
	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

/* Wait until fd is ready for these events of poll.  Returns 0, -ETIMEDOUT or another -errno. */
static int
connection_wait_for(int fd, short events, swim_time deadline)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int n = poll(&p, 1, connection_wait_ms(deadline));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (swim_time_reached(connection_now(), deadline))
			return -ETIMEDOUT;
	}
}

int
connection_open(struct connection *c, const char *path, swim_time deadline)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct timeval timeout = {0};
	int64_t us;
	int error;

	*c = (struct connection){.fd = -1, .line_max = CONNECTION_LINE_MAX};
	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	/*
	 * A stopped daemon accepts no connection, and connect blocks when the backlog is full.  On a Unix socket the send
	 * timeout limits connect too.  A non-blocking connect would fail at once, and would have to be repeated.
	 */
	if (!swim_time_is_never(deadline)) {
		us = swim_time_since(deadline, connection_now()).ns / 1000;
		if (us < 1000)
			us = 1000;
		timeout.tv_sec = (time_t)(us / 1000000);
		timeout.tv_usec = (suseconds_t)(us % 1000000);
		setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	}
	while (connect(c->fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		if (errno == EINTR)
			continue;
		error = errno == EAGAIN ? ETIMEDOUT : errno;
		goto fail;
	}
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0) {
		error = errno;
		goto fail;
	}
	return 0;
fail:
	connection_close(c);
	return -error;
}

void
connection_close(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->buf);
	*c = (struct connection){.fd = -1};
}

int
connection_send(struct connection *c, const char *text, size_t len, swim_time deadline)
{
	while (len > 0) {
		ssize_t n = send(c->fd, text, len, MSG_NOSIGNAL);
		int error;

		if (n >= 0) {
			text += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		error = connection_wait_for(c->fd, POLLOUT, deadline);
		if (error != 0)
			return error;
	}
	return 0;
}

int
connection_buffered_line(struct connection *c, char **line, size_t *len)
{
	char *newline = c->end > c->scanned ? memchr(c->buf + c->scanned, '\n', c->end - c->scanned)
					    : NULL;
	size_t size = (newline != NULL ? (size_t)(newline - c->buf) : c->end) - c->start;

	if (size > c->line_max)
		return -EMSGSIZE;
	if (newline == NULL) {
		c->scanned = c->end;
		return -EAGAIN;
	}
	*newline = '\0';
	*line = c->buf + c->start;
	*len = size;
	c->start = c->scanned = (size_t)(newline - c->buf) + 1;
	return 0;
}

int
connection_fill(struct connection *c)
{
	ssize_t n;

	if (c->start > 0 && (c->start == c->end || c->capacity - c->end < READ_SIZE)) {
		memmove(c->buf, c->buf + c->start, c->end - c->start);
		c->end -= c->start;
		c->scanned -= c->start;
		c->start = 0;
	}
	if (c->capacity - c->end < READ_SIZE) {
		/* The capacity doubles, so that copying takes linear time for a response of many megabytes. */
		size_t capacity = c->capacity * 2 > READ_SIZE * 2 ? c->capacity * 2 : READ_SIZE * 2;
		char *buf = realloc(c->buf, capacity);

		if (buf == NULL)
			return -ENOMEM;
		c->buf = buf;
		c->capacity = capacity;
	}
	do
		n = recv(c->fd, c->buf + c->end, c->capacity - c->end, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return -EPIPE;
	c->end += (size_t)n;
	assert(c->end <= c->capacity);
	return 0;
}

int
connection_line(struct connection *c, swim_time deadline, char **line, size_t *len)
{
	for (;;) {
		int error = connection_buffered_line(c, line, len);

		if (error != -EAGAIN)
			return error;
		error = connection_fill(c);
		if (error == -EAGAIN)
			error = connection_wait_for(c->fd, POLLIN, deadline);
		if (error != 0)
			return error;
	}
}

size_t
connection_pending(const struct connection *c)
{
	return c->end - c->start;
}
