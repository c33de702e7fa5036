/* SPDX-License-Identifier: MIT */
#include "control/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

/* The most tries to lock: an owner that ends may remove the lock file after we open it and before we lock it. */
#define LOCK_TRIES 16

void
socket_init(struct socket_bound *s)
{
	*s = (struct socket_bound){.fd = -1, .lock = -1};
}

bool
socket_is_there(const struct socket_bound *s)
{
	struct stat st;

	/* The kernel keeps the inode of a bound socket, so no other file can get its number meanwhile. */
	return s->path == NULL || (s->inode != 0 && lstat(s->path, &st) == 0 &&
				      st.st_dev == s->device && st.st_ino == s->inode);
}

/* Writes the sentence into `error` and returns -number. */
__attribute__((format(printf, 3, 4))) static int
socket_fail(char *error, int number, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, SOCKET_ERROR_MAX, format, args);
	va_end(args);
	return -number;
}

/* The remedy for an errno from creating a file at the path; "": the text of the errno is enough. */
static const char *
socket_advice(int number)
{
	if (number == ENOENT)
		return " (its directory does not exist: create it, or choose another path)";
	if (number == EACCES || number == EPERM)
		return " (its directory is not writable for this user: change its owner, or choose another path)";
	if (number == EROFS)
		return " (its file system is read-only: choose another path)";
	if (number == ENOTDIR)
		return " (a part of the path is not a directory: choose another path)";
	return "";
}

static int
socket_make_address(const char *path, struct sockaddr_un *sun, char *error)
{
	size_t len = strlen(path);

	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len == 0)
		return socket_fail(error, EINVAL, "control socket: the path is empty");
	if (len >= sizeof(sun->sun_path))
		return socket_fail(error, ENAMETOOLONG,
		    "control socket %.300s: the path has %zu bytes, and the path of a socket may have %zu: choose a shorter path",
		    path, len, sizeof(sun->sun_path) - 1);
	memcpy(sun->sun_path, path, len);
	return 0;
}

/* Tells whether the open file is still the file at its path. */
static bool
socket_is_at_path(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

/* Create the lock file and lock it.  Returns 0 with *lock set; -EAGAIN: try again; or as socket_fail. */
static int
socket_try_lock(const char *path, const char *lock_path, int *lock, char *error)
{
	int number;

	*lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*lock < 0) {
		number = errno;
		return socket_fail(error, number, "control socket %s: cannot create %s: %s%s", path,
		    lock_path, strerror(number), socket_advice(number));
	}
	if (flock(*lock, LOCK_EX | LOCK_NB) < 0) {
		number = errno;
		close(*lock);
		*lock = -1;
		if (number == EWOULDBLOCK)
			return socket_fail(error, EADDRINUSE,
			    "control socket %s: another daemon uses this path and holds the lock %s: stop that daemon, or choose another path",
			    path, lock_path);
		return socket_fail(error, number, "control socket %s: cannot lock %s: %s", path,
		    lock_path, strerror(number));
	}
	/* An owner that ends unlinks the file while it holds the lock; then we have locked a file without a path. */
	if (socket_is_at_path(*lock, lock_path))
		return 0;
	close(*lock);
	*lock = -1;
	return -EAGAIN;
}

/* Lock the path, or keep the lock that is held already if its file is still at its path. */
static int
socket_take_lock(struct socket_bound *s, const char *path, char *error)
{
	int lock = -1, result = -EAGAIN;

	if (s->lock_path == NULL && asprintf(&s->lock_path, "%s.lock", path) < 0) {
		s->lock_path = NULL;
		return socket_fail(error, ENOMEM, "control socket %s: out of memory", path);
	}
	if (s->lock >= 0 && socket_is_at_path(s->lock, s->lock_path))
		return 0;
	for (int i = 0; i < LOCK_TRIES && result == -EAGAIN; i++)
		result = socket_try_lock(path, s->lock_path, &lock, error);
	if (result == -EAGAIN)
		return socket_fail(error, EADDRINUSE,
		    "control socket %s: another process creates and removes %s again and again: choose another path",
		    path, s->lock_path);
	if (result < 0)
		return result;
	if (s->lock >= 0)
		close(s->lock);
	s->lock = lock;
	return 0;
}

/* Remove a stale socket, on which no process listens, from the path. */
static int
socket_clear_path(const char *path, const struct sockaddr_un *sun, char *error)
{
	struct stat st;
	int fd, number;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		number = errno;
		return socket_fail(error, number, "control socket %s: %s%s", path, strerror(number),
		    socket_advice(number));
	}
	if (!S_ISSOCK(st.st_mode))
		return socket_fail(error, EEXIST,
		    "control socket %s: the file at this path is not a socket: remove the file, or choose another path",
		    path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		number = errno;
		return socket_fail(error, number, "control socket %s: %s", path, strerror(number));
	}
	number = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0 ? errno : 0;
	close(fd);
	/* EAGAIN: a process listens, and the backlog is full.  EPROTOTYPE: a process has a datagram socket there. */
	if (number == 0 || number == EAGAIN || number == EPROTOTYPE)
		return socket_fail(error, EADDRINUSE,
		    "control socket %s: another process serves this socket: stop that process, or choose another path",
		    path);
	if (number == ENOENT)
		return 0;
	if (number != ECONNREFUSED)
		return socket_fail(error, number,
		    "control socket %s: cannot find out whether a process serves this socket: %s",
		    path, strerror(number));
	if (unlink(path) < 0 && errno != ENOENT) {
		number = errno;
		return socket_fail(error, number,
		    "control socket %s: cannot remove the stale socket: %s%s", path,
		    strerror(number), socket_advice(number));
	}
	return 0;
}

/* Look up a group.  Returns 0, with *gid set if *found; or -errno. */
static int
socket_find_group(const char *name, gid_t *gid, bool *found)
{
	struct group entry, *result = NULL;
	size_t size = 1024;
	char *memory = NULL;
	int error;

	do {
		char *larger = realloc(memory, size *= 2);

		if (larger == NULL) {
			free(memory);
			return -ENOMEM;
		}
		memory = larger;
		error = getgrnam_r(name, &entry, memory, size, &result);
	} while (error == ERANGE && size < 1024 * 1024);
	*found = result != NULL;
	if (*found)
		*gid = entry.gr_gid;
	free(memory);
	return 0;
}

/* `file` is the socket's file, opened with O_PATH: chown by path could reach another file that is there now. */
static int
socket_set_group(const struct socket_bound *s, int file, char *error)
{
	struct stat st;
	bool found;
	gid_t gid;
	int number;

	if (s->group == NULL)
		return 0;
	number = socket_find_group(s->group, &gid, &found);
	if (number < 0)
		return socket_fail(error, -number, "control socket %s: cannot look up group %s: %s",
		    s->path, s->group, strerror(-number));
	if (!found)
		return 0;
	/*
	 * The file has the group already if that is the daemon's own group; the daemon may not be allowed to call
	 * chown.
	 */
	if (fstat(file, &st) == 0 && st.st_gid == gid)
		return 0;
	if (fchownat(file, "", (uid_t)-1, gid, AT_EMPTY_PATH) == 0)
		return 0;
	number = errno;
	if (number != EPERM)
		return socket_fail(error, number,
		    "control socket %s: cannot change its group to %s: %s", s->path, s->group,
		    strerror(number));
	/* The daemon's user is not in that group: the file keeps the daemon's own group, which serves that user. */
	log_at(LOG_LEVEL_WARNING,
	    "cannot change the group of the control socket: the daemon's user is not in that group",
	    log_str("socket", s->path), log_str("group", s->group));
	return 0;
}

/* Open the file of the newly bound socket with O_PATH.  Returns the descriptor, with *st set, or -errno. */
static int
socket_open_file(const char *path, struct stat *st, char *error)
{
	int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), number;

	if (file < 0 || fstat(file, st) < 0) {
		number = errno;
		if (file >= 0)
			close(file);
		return socket_fail(error, number, "control socket %s: %s", path, strerror(number));
	}
	if (S_ISSOCK(st->st_mode) && st->st_uid == geteuid() && st->st_nlink == 1)
		return file;
	close(file);
	return socket_fail(error, EEXIST,
	    "control socket %s: another user replaced the socket while it was made: choose a path in a directory to which only the daemon may write",
	    path);
}

/*
 * Bind *fd, set the group of the file, and only then listen, so that no client can connect before.  bind makes the
 * file with its final mode: a chmod by path could reach another file if other users may write to the directory.
 */
static int
socket_bind_and_listen(struct socket_bound *s, const struct sockaddr_un *sun, int *fd, char *error)
{
	struct stat st = {0};
	mode_t mask;
	int number, file;

	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0) {
		number = errno;
		return socket_fail(error, number, "control socket %s: %s", sun->sun_path,
		    strerror(number));
	}
	mask = umask(0777 & ~s->mode);
	number = bind(*fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0 ? errno : 0;
	umask(mask);
	if (number != 0)
		return socket_fail(error, number, "control socket %s: cannot bind: %s%s",
		    sun->sun_path, strerror(number), socket_advice(number));
	file = socket_open_file(sun->sun_path, &st, error);
	if (file < 0)
		return file;
	s->device = st.st_dev;
	s->inode = st.st_ino;
	s->made = true;
	number = socket_set_group(s, file, error);
	close(file);
	if (number < 0)
		return number;
	if (listen(*fd, SOMAXCONN) < 0) {
		number = errno;
		return socket_fail(error, number, "control socket %s: cannot listen: %s", s->path,
		    strerror(number));
	}
	return 0;
}

/* Write the directory of the path into `out`; "." if the path has none. */
static void
socket_directory_of(const char *path, char out[SOCKET_PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);

	snprintf(out, SOCKET_PATH_MAX, "%.*s", len == 0 ? 1 : (int)len, len == 0 ? "." : path);
}

/* Keep what socket_rebind needs: path, mode, group and directory.  Returns 0, or as socket_fail. */
static int
socket_describe(struct socket_bound *s, const struct socket_spec *spec, char *error)
{
	char directory[SOCKET_PATH_MAX];
	struct stat st;

	s->path = strdup(spec->path);
	if (spec->group != NULL && *spec->group != '\0')
		s->group = strdup(spec->group);
	s->mode = spec->mode;
	if (s->path == NULL || (s->group == NULL && spec->group != NULL && *spec->group != '\0'))
		return socket_fail(error, ENOMEM, "control socket %s: out of memory", spec->path);
	socket_directory_of(spec->path, directory);
	if (stat(directory, &st) == 0) {
		s->directory_mode = st.st_mode & 07777;
		s->directory_uid = st.st_uid;
		s->directory_gid = st.st_gid;
	}
	return 0;
}

int
socket_bind(struct socket_bound *s, const struct socket_spec *spec, char *error)
{
	struct sockaddr_un sun;
	int result;

	socket_init(s);
	result = socket_make_address(spec->path, &sun, error);
	if (result == 0)
		result = socket_describe(s, spec, error);
	if (result == 0)
		result = socket_take_lock(s, spec->path, error);
	if (result == 0)
		result = socket_clear_path(spec->path, &sun, error);
	if (result == 0)
		result = socket_bind_and_listen(s, &sun, &s->fd, error);
	if (result < 0)
		socket_close(s);
	return result;
}

/*
 * Create the directory again if it was removed together with the socket.  If it now belongs to another user (not
 * root), do not use it.
 */
static int
socket_restore_directory(const struct socket_bound *s, char *error)
{
	char directory[SOCKET_PATH_MAX];
	struct stat st;
	int number = 0;

	socket_directory_of(s->path, directory);
	if (stat(directory, &st) == 0) {
		if (st.st_uid == s->directory_uid || st.st_uid == geteuid() || st.st_uid == 0)
			return 0;
		return socket_fail(error, EPERM,
		    "control socket %s: its directory now belongs to another user: remove that directory, or choose another path",
		    s->path);
	}
	if (errno != ENOENT)
		return 0; /* bind fails for the same reason, and reports it */
	if (mkdir(directory, s->directory_mode) < 0 ||
	    (s->directory_uid != geteuid() &&
		lchown(directory, s->directory_uid, s->directory_gid) < 0))
		number = errno;
	if (number == 0)
		return 0;
	return socket_fail(error, number,
	    "control socket %s: its directory was removed and cannot be created again: %s: restart the service",
	    s->path, strerror(number));
}

int
socket_rebind(struct socket_bound *s, char *error)
{
	struct socket_bound fresh = *s;
	struct sockaddr_un sun;
	int fd = -1, result;

	result = socket_make_address(s->path, &sun, error);
	if (result == 0)
		result = socket_restore_directory(s, error);
	if (result == 0)
		result = socket_take_lock(s, s->path, error);
	if (result == 0)
		result = socket_clear_path(s->path, &sun, error);
	if (result < 0)
		return result;
	fresh.lock = s->lock;
	fresh.lock_path = s->lock_path;
	result = socket_bind_and_listen(&fresh, &sun, &fd, error);
	if (result < 0) {
		if (fd >= 0)
			close(fd);
		return result;
	}
	close(s->fd);
	*s = fresh;
	s->fd = fd;
	return 0;
}

/* Find the file of an adopted socket.  An abstract socket has no file that can be lost. */
static int
socket_find_path(struct socket_bound *s, const struct socket_spec *spec, char *error)
{
	struct sockaddr_un sun = {0};
	socklen_t len = sizeof(sun);
	struct socket_spec there = *spec;
	struct stat st;

	if (getsockname(s->fd, (struct sockaddr *)&sun, &len) < 0 || sun.sun_path[0] != '/')
		return 0;
	there.path = sun.sun_path;
	if (lstat(sun.sun_path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		s->device = st.st_dev;
		s->inode = st.st_ino;
		there.mode = st.st_mode & 0777;
	}
	return socket_describe(s, &there, error);
}

int
socket_adopt(struct socket_bound *s, int fd, const char *what, const struct socket_spec *spec,
    char *error)
{
	int listening = 0, domain = 0, type = 0, flags;
	socklen_t len = sizeof(int);

	socket_init(s);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0)
		return socket_fail(error, ENOTSOCK,
		    "control socket: the %s that the service manager passed is not a socket: %s",
		    what, strerror(errno));
	if (domain != AF_UNIX || type != SOCK_STREAM || !listening)
		return socket_fail(error, EINVAL,
		    "control socket: the %s that the service manager passed is not a listening Unix stream socket: use ListenStream= with a path",
		    what);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		flags = errno;
		return socket_fail(error, flags,
		    "control socket: cannot set flags of the %s that the service manager passed: %s",
		    what, strerror(flags));
	}
	s->fd = fd;
	return socket_find_path(s, spec, error);
}

void
socket_close(struct socket_bound *s)
{
	if (s->made && s->path != NULL && socket_is_there(s))
		unlink(s->path);
	if (s->fd >= 0)
		close(s->fd);
	if (s->lock >= 0) {
		/* Our lock file may have been removed, and the path may have the lock file of another daemon. */
		if (socket_is_at_path(s->lock, s->lock_path))
			unlink(s->lock_path);
		close(s->lock);
	}
	free(s->path);
	free(s->lock_path);
	free(s->group);
	socket_init(s);
}
