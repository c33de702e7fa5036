/* SPDX-License-Identifier: MIT */
/*
 * Writes a file durably without making the loop wait for the disk: in a child process, since fsync may take
 * as long as it likes.  One at a time.
 */
#ifndef SWIMD_DAEMON_WRITER_H
#define SWIMD_DAEMON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <event2/event.h>

#include "base/time.h"

struct writer;

/* name and temp are static.  `done` gets 0 or -errno.  NULL: out of memory. */
struct writer *writer_new(struct event_base *, const char *name, const char *temp,
    void (*done)(void *ctx, int error), void *ctx);
/* One under way is ended without a word. */
void writer_free(struct writer *);

bool writer_busy(const struct writer *);
/* Is this child the one that writes for it? */
bool writer_owns(const struct writer *, pid_t);
/* Begin to write in this directory; neither it nor the content is needed after the call.  0, -EBUSY or another -errno. */
int writer_start(struct writer *, int dir_fd, const void *content, size_t len);
/* Wait for what is under way; `done` is called before this returns.  False: it takes longer. */
bool writer_wait(struct writer *, swim_duration at_most);

#endif
