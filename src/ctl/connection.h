/* SPDX-License-Identifier: MIT */
/* One connection to a control socket: lines out, and lines in up to a bound.  Knows no JSON. */
#ifndef SWIMD_CTL_CONNECTION_H
#define SWIMD_CTL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

/*
 * The longest line that is read, in bytes.  A program that is not swimd may answer on the socket, and must not fill
 * swimctl's memory.  The longest line that swimd sends lists all members.  For 10,000 members whose names and tags are as
 * long as possible, and consist of characters that JSON escapes with six bytes each, the line has 52 MiB.  The same
 * length is enough for a million members, the most that can be configured, with 268 bytes each; a member without tags
 * takes 170.
 */
#define CONNECTION_LINE_MAX (256 << 20)

struct connection {
	int fd;          /* -1: not connected */
	size_t line_max; /* CONNECTION_LINE_MAX; tests do with less */
	char *buf;
	size_t start, scanned, end,
	    capacity; /* start <= scanned <= end; no newline below scanned */
};

/* The monotonic clock, which deadlines below are on. */
swim_time connection_now(void);

/*
 * Connect to the Unix socket at path.  0 or -errno: -ENOENT no such socket, -ECONNREFUSED nobody
 * listens, -EACCES, -ENAMETOOLONG, -ETIMEDOUT the daemon accepts no connection in time.
 */
int connection_open(struct connection *, const char *path, swim_time deadline);
void connection_close(struct connection *);

/* Send all of it; 0, -ETIMEDOUT, -EPIPE or another -errno.  Never raises SIGPIPE. */
int connection_send(struct connection *, const char *text, size_t len, swim_time deadline);

/*
 * The next whole line without its newline, NUL-terminated, valid until the next call; waits for it until
 * the deadline.  0, -ETIMEDOUT, -EPIPE when the daemon has closed the connection, -EMSGSIZE where the line is longer
 * than line_max, or another -errno.
 */
int connection_line(struct connection *, swim_time deadline, char **line, size_t *len);

/* Like connection_line, but only looks into what has been read: -EAGAIN when there is no whole line there. */
int connection_buffered_line(struct connection *, char **line, size_t *len);
/* Read once what is there, for callers with a poll of their own: 0, -EAGAIN, -EPIPE, -errno. */
int connection_fill(struct connection *);
/* Bytes read and not yet handed out as lines. */
size_t connection_pending(const struct connection *);

#endif
