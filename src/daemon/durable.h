/* SPDX-License-Identifier: MIT */
/* Replaces files so that after a crash either the old or the new file is there, complete. */
#ifndef SWIMD_DAEMON_DURABLE_H
#define SWIMD_DAEMON_DURABLE_H

#include <stddef.h>

/*
 * Replaces the file `name` in the directory with `len` bytes of `content`: writes the file `temp`, syncs it, renames
 * it, and syncs the directory.  Calls only functions that are safe after a fork.  Returns 0 or -errno.
 */
int durable_replace(int dir_fd, const char *name, const char *temp, const void *content,
    size_t len);

/*
 * Gives a file that root has made to the owner of its directory.  Root may run swimd by hand in the state directory of
 * a service that runs as another user; the service could not read files that belong to root.  A file with a second
 * hard link is left alone, since it may be any file of the system.  Failure (no CAP_CHOWN) is not reported here: the
 * function that opens the file next reports it and says what to do.
 */
void durable_give(int dir_fd, int fd);

/*
 * Returns the name of the file that made durable_replace fail with the errno `error`: for EISDIR, `temp` or `name`,
 * whichever is a directory.  NULL: the error belongs to no single file.
 */
const char *durable_at_fault(int dir_fd, const char *name, const char *temp, int error);

/*
 * Returns NULL if the open file may be a file of swimd, else why it cannot be one (valid until the next call of
 * strerror()).  It must be a regular file with one name: a file with a second hard link may belong to anybody, so swimd
 * must neither believe nor overwrite that file.
 */
const char *durable_refuse(int fd);

#endif
