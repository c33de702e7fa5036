/* SPDX-License-Identifier: MIT */
#include "daemon/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

static int
durable_write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

void
durable_give(int dir_fd, int fd)
{
	struct stat dir, file;

	if (geteuid() == 0 && fstat(dir_fd, &dir) == 0 && dir.st_uid != 0 &&
	    fstat(fd, &file) == 0 && file.st_uid == 0 && S_ISREG(file.st_mode) &&
	    file.st_nlink == 1)
		(void)!fchown(fd, dir.st_uid, dir.st_gid);
}

const char *
durable_refuse(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	if (st.st_nlink != 1)
		return "it has a second hard link, so it may be a file of another program";
	return NULL;
}

const char *
durable_at_fault(int dir_fd, const char *name, const char *temp, int error)
{
	struct stat st;

	if (error != EISDIR)
		return NULL;
	return fstatat(dir_fd, temp, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) ? temp
											   : name;
}

int
durable_replace(int dir_fd, const char *name, const char *temp, const void *content, size_t len)
{
	int fd, error;

	/* An interrupted run may have left `temp`.  O_EXCL and O_NOFOLLOW prevent a write through a link. */
	if (unlinkat(dir_fd, temp, 0) != 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	durable_give(dir_fd, fd);
	error = durable_write_all(fd, content, len);
	if (error == 0 && fsync(fd) != 0)
		error = -errno;
	if (close(fd) != 0 && error == 0)
		error = -errno;
	if (error == 0 && renameat(dir_fd, temp, dir_fd, name) != 0)
		error = -errno;
	if (error == 0 && fsync(dir_fd) != 0)
		error = -errno;
	return error;
}
