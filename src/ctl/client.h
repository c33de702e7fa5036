/* SPDX-License-Identifier: MIT */
/* One connection to a control socket: lines out, and lines in up to a bound.  Knows no JSON. */
#ifndef SWIMD_CTL_CLIENT_H
#define SWIMD_CTL_CLIENT_H

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
