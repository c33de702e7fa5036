/* SPDX-License-Identifier: MIT */
/* A connection to a control socket: sends text, and reads lines up to a maximum length.  The lines are not parsed here. */
#ifndef SWIMD_CTL_CONNECTION_H
#define SWIMD_CTL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

/*
 * The longest line that is read, in bytes: a program on the socket that is not swimd must not fill swimctl's memory.  The
 * longest line that swimd sends lists all members.  For 10,000 members whose names and tags are as long as possible and
 * consist of characters that JSON escapes with six bytes each, this line has 52 MiB.  For a million members, the most that
 * can be configured, 256 MiB allow 268 bytes per member; a member without tags takes 170 bytes.
 */
#define CONNECTION_LINE_MAX (256 << 20)

struct connection {
	int fd;          /* -1: not connected */
	size_t line_max; /* bytes; CONNECTION_LINE_MAX, less in tests */
	char *buf;
	size_t capacity; /* of buf, in bytes */
	size_t start;    /* offset of the first byte that was not yet returned in a line */
	size_t scanned;  /* offset from which to look for the next newline; at least start */
	size_t end;      /* offset after the last byte that was read */
};

/* The time of the monotonic clock, which all deadlines below use. */
swim_time connection_now(void);

/*
 * Connect to the Unix socket at path.  Returns 0, -ENOENT (no such socket), -ECONNREFUSED (no program listens), -EACCES,
 * -ENAMETOOLONG, -ETIMEDOUT (the daemon did not accept the connection before the deadline) or another -errno.
 */
int connection_open(struct connection *, const char *path, swim_time deadline);
/* Close the connection and free its buffer.  A connection that is not open stays as it is. */
void connection_close(struct connection *);

/* Send all of the text.  Returns 0, -ETIMEDOUT, -EPIPE or another -errno, and never raises SIGPIPE. */
int connection_send(struct connection *, const char *text, size_t len, swim_time deadline);

/*
 * Wait for the next whole line.  *line is without its newline, ends with a NUL, and is valid until the next call.  Returns 0,
 * -ETIMEDOUT, -EPIPE (the daemon closed the connection), -EMSGSIZE (the line is longer than line_max) or another -errno.
 */
int connection_line(struct connection *, swim_time deadline, char **line, size_t *len);

/* Like connection_line, but take the line from the buffer and do not read; -EAGAIN: there is no whole line. */
int connection_buffered_line(struct connection *, char **line, size_t *len);
/* Read once into the buffer, for callers with their own poll.  Returns 0, -EAGAIN, -EPIPE or another -errno. */
int connection_fill(struct connection *);
/* The number of bytes in the buffer that were not yet returned in a line. */
size_t connection_pending(const struct connection *);

#endif
