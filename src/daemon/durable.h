/* SPDX-License-Identifier: MIT */
/* Files that a crash leaves whole: the old one or the new one. */
#ifndef SWIMD_DAEMON_DURABLE_H
#define SWIMD_DAEMON_DURABLE_H

#include <stddef.h>

/*
 * Replace the file `name` of a directory by one with this content: written as `temp`, synced, renamed, and the
 * directory synced.  Calls nothing that is not safe after a fork.  0 or -errno.
 */
int durable_replace(int dir_fd, const char *name, const char *temp, const void *content,
    size_t len);

/*
 * Root may have run swimd by hand where a service runs it as another user, who could not read what root left:
 * so what root makes belongs to the owner of the directory.  A file with a second name may be something else
 * entirely.  Where it can't be done (no CAP_CHOWN), whoever opens the file next tells what to do.
 */
void durable_give(int dir_fd, int fd);

/*
 * What to call the file at fault where durable_replace failed with this errno: EISDIR is of `temp` or `name`, which is a
 * directory.  NULL: of no single file.
 */
const char *durable_at_fault(int dir_fd, const char *name, const char *temp, int error);

/*
 * May this open file be one of ours?  It must be a regular file with one name: a file with a second name (a hard link) may
 * belong to anybody, and we must neither believe nor overwrite it.  NULL, or why not (static).
 */
const char *durable_refuse(int fd);

#endif
