/* SPDX-License-Identifier: MIT */
/*
 * Writes a file durably in a child process, so that the loop does not wait for the disk.  Only one write of a writer is
 * under way at a time.
 */
#ifndef SWIMD_DAEMON_WRITER_H
#define SWIMD_DAEMON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <event2/event.h>

#include "base/time.h"

struct writer;

/*
 * Makes a writer of the file `name`, with the temporary file `temp` beside it; both texts are static.  `done` is called on
 * the loop after each write, with 0 or -errno.  NULL: out of memory.
 */
struct writer *writer_new(struct event_base *, const char *name, const char *temp,
    void (*done)(void *ctx, int error), void *ctx);
/* Kills a child that is writing, without a call of `done`. */
void writer_free(struct writer *);

/* Tells whether a write is under way. */
bool writer_busy(const struct writer *);
/* Tells whether the child process writes for this writer. */
bool writer_owns(const struct writer *, pid_t child);
/*
 * Starts to write `len` bytes into the file in the directory.  The caller may close the directory and free the content after
 * the call.  Returns 0, -EBUSY during a write, or another -errno.
 */
int writer_start(struct writer *, int dir_fd, const void *content, size_t len);
/* Waits for the write that is under way, and calls `done`.  False: the write takes longer than `at_most`. */
bool writer_wait(struct writer *, swim_duration at_most);

#endif
