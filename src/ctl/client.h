/* SPDX-License-Identifier: MIT */
/* One connection to a control socket: lines out, and lines in up to a bound.  Knows no JSON. */
#ifndef SWIMD_CTL_CLIENT_H
#define SWIMD_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

/*
 * Bytes of the longest line that is read: what answers may not be swimd, and must not fill our memory.  The longest
 * true one lists all members.  That is 52 MiB of 10,000 whose names and tags are as long as can be, and all of
 * characters that JSON escapes with six bytes; or a million, the most that can be configured, of 268 bytes each, where
 * one without tags takes 170.
 */
#define CLIENT_LINE_MAX (256 << 20)

struct client {
	int fd;          /* -1: not connected */
	size_t line_max; /* CLIENT_LINE_MAX; tests do with less */
	char *buf;
	size_t start, scanned, end,
	    capacity; /* start <= scanned <= end; no newline below scanned */
};

/* The monotonic clock, which deadlines below are on. */
swim_time client_now(void);

/*
 * Connect to the Unix socket at path.  0 or -errno: -ENOENT no such socket, -ECONNREFUSED nobody
 * listens, -EACCES, -ENAMETOOLONG, -ETIMEDOUT the daemon accepts no connection in time.
 */
int client_open(struct client *, const char *path, swim_time deadline);
void client_close(struct client *);

/* Send all of it; 0, -ETIMEDOUT, -EPIPE or another -errno.  Never raises SIGPIPE. */
int client_send(struct client *, const char *text, size_t len, swim_time deadline);

/*
 * The next whole line without its newline, NUL-terminated, valid until the next call; waits for it until
 * the deadline.  0, -ETIMEDOUT, -EPIPE when the daemon has closed the connection, -EMSGSIZE where the line is longer
 * than line_max, or another -errno.
 */
int client_line(struct client *, swim_time deadline, char **line, size_t *len);

/* Like client_line, but only looks into what has been read: -EAGAIN when there is no whole line there. */
int client_buffered_line(struct client *, char **line, size_t *len);
/* Read once what is there, for callers with a poll of their own: 0, -EAGAIN, -EPIPE, -errno. */
int client_fill(struct client *);
/* Bytes read and not yet handed out as lines. */
size_t client_pending(const struct client *);

#endif
