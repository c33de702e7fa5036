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

/* How often a lock file may vanish under us, because its owner ended, before we give up. */
#define LOCK_TRIES 16

void
socket_init(struct socket_bound *s)
{
	*s = (struct socket_bound){.fd = -1, .lock = -1};
}

/* Sets the sentence and returns -number, for `return fail(...)`. */
__attribute__((format(printf, 3, 4))) static int
fail(char *error, int number, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, SOCKET_ERROR_MAX, format, args);
	va_end(args);
	return -number;
}

/* What to do about an errno of making something at the path; "" if its own text has to do. */
static const char *
advice(int number)
{
	if (number == ENOENT)
		return " (its directory does not exist: create it, or choose another path)";
	if (number == EACCES || number == EPERM)
		return " (its directory is not writable for this user: change its owner, or choose another path)";
	if (number == EROFS)
		return " (its file system is read-only: choose another path)";
	if (number == ENOTDIR)
		return " (something in its path is not a directory: choose another path)";
	return "";
}

static int
make_address(const char *path, struct sockaddr_un *sun, char *error)
{
	size_t len = strlen(path);

	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len == 0)
		return fail(error, EINVAL, "control socket: the path is empty");
	if (len >= sizeof(sun->sun_path))
		return fail(error, ENAMETOOLONG,
		    "control socket %.300s: the path has %zu bytes, and a socket's may have %zu: choose a shorter one",
		    path, len, sizeof(sun->sun_path) - 1);
	memcpy(sun->sun_path, path, len);
	return 0;
}

/* Is the file that we hold open still the one at its path? */
static bool
is_at_path(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

static int
take_lock(struct socket_bound *s, const char *path, char *error)
{
	if (asprintf(&s->lock_path, "%s.lock", path) < 0) {
		s->lock_path = NULL;
		return fail(error, ENOMEM, "control socket %s: out of memory", path);
	}
	for (int i = 0; i < LOCK_TRIES; i++) {
		int number;

		s->lock = open(s->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (s->lock < 0) {
			number = errno;
			return fail(error, number, "control socket %s: cannot create %s: %s%s",
			    path, s->lock_path, strerror(number), advice(number));
		}
		if (flock(s->lock, LOCK_EX | LOCK_NB) < 0) {
			number = errno;
			close(s->lock);
			s->lock = -1;
			if (number == EWOULDBLOCK)
				return fail(error, EADDRINUSE,
				    "control socket %s: another daemon is running on it (it holds %s): stop it, or choose another path",
				    path, s->lock_path);
			return fail(error, number, "control socket %s: cannot lock %s: %s", path,
			    s->lock_path, strerror(number));
		}
		/* An owner that ends unlinks the file while it holds the lock: then ours is of no file. */
		if (is_at_path(s->lock, s->lock_path))
			return 0;
		close(s->lock);
		s->lock = -1;
	}
	return fail(error, EADDRINUSE,
	    "control socket %s: %s is made and removed all the time: choose another path", path,
	    s->lock_path);
}

/* Clears the path of a socket that nobody serves. */
static int
clear_path(const char *path, const struct sockaddr_un *sun, char *error)
{
	struct stat st;
	int fd, number;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		number = errno;
		return fail(error, number, "control socket %s: %s%s", path, strerror(number),
		    advice(number));
	}
	if (!S_ISSOCK(st.st_mode))
		return fail(error, EEXIST,
		    "control socket %s: there is something there that is not a socket: remove it, or choose another path",
		    path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		number = errno;
		return fail(error, number, "control socket %s: %s", path, strerror(number));
	}
	number = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0 ? errno : 0;
	close(fd);
	/* EAGAIN: it listens, with a full backlog.  EPROTOTYPE: a datagram socket that is bound. */
	if (number == 0 || number == EAGAIN || number == EPROTOTYPE)
		return fail(error, EADDRINUSE,
		    "control socket %s: another process serves it: stop that, or choose another path",
		    path);
	if (number == ENOENT)
		return 0;
	if (number != ECONNREFUSED)
		return fail(error, number,
		    "control socket %s: cannot tell whether it is in use: %s", path,
		    strerror(number));
	if (unlink(path) < 0 && errno != ENOENT) {
		number = errno;
		return fail(error, number,
		    "control socket %s: cannot remove the stale socket: %s%s", path,
		    strerror(number), advice(number));
	}
	return 0;
}

/* Looks a group up.  Returns 0 with *found, or -errno. */
static int
find_group(const char *name, gid_t *gid, bool *found)
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

static int
set_group(const char *path, const char *group, char *error)
{
	struct stat st;
	bool found;
	gid_t gid;
	int number;

	if (group == NULL || *group == '\0')
		return 0;
	number = find_group(group, &gid, &found);
	if (number < 0)
		return fail(error, -number, "control socket %s: cannot look up group %s: %s", path,
		    group, strerror(-number));
	if (!found)
		return 0;
	/* It may be the group's from birth, as where the daemon runs in it and may call no chown at all. */
	if (lstat(path, &st) == 0 && st.st_gid == gid)
		return 0;
	if (lchown(path, (uid_t)-1, gid) == 0)
		return 0;
	number = errno;
	if (number != EPERM)
		return fail(error, number, "control socket %s: cannot give it to group %s: %s",
		    path, group, strerror(number));
	/* A daemon of a plain user, outside the group: it works, for that user. */
	log_at(LOG_LEVEL_WARNING, "this user may not give the control socket to its group",
	    log_str("socket", path), log_str("group", group));
	return 0;
}

static int
bind_and_listen(struct socket_bound *s, const struct sockaddr_un *sun, mode_t mode,
    const char *group, char *error)
{
	mode_t mask;
	struct stat st;
	int number;

	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0) {
		number = errno;
		return fail(error, number, "control socket %s: %s", sun->sun_path,
		    strerror(number));
	}
	/* Born for its owner alone and opened up after: it never has a permission that it should not have. */
	mask = umask(0177);
	number = bind(s->fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0 ? errno : 0;
	umask(mask);
	if (number != 0)
		return fail(error, number, "control socket %s: cannot bind: %s%s", sun->sun_path,
		    strerror(number), advice(number));
	s->path = strdup(sun->sun_path);
	if (s->path == NULL || lstat(s->path, &st) < 0) {
		number = s->path == NULL ? ENOMEM : errno;
		return fail(error, number, "control socket %s: %s", sun->sun_path,
		    strerror(number));
	}
	s->device = st.st_dev;
	s->inode = st.st_ino;
	number = set_group(s->path, group, error);
	if (number < 0)
		return number;
	if (chmod(s->path, mode) < 0 || listen(s->fd, SOMAXCONN) < 0) {
		number = errno;
		return fail(error, number, "control socket %s: cannot listen: %s", s->path,
		    strerror(number));
	}
	return 0;
}

int
socket_bind(struct socket_bound *s, const char *path, mode_t mode, const char *group, char *error)
{
	struct sockaddr_un sun;
	int result;

	socket_init(s);
	result = make_address(path, &sun, error);
	if (result == 0)
		result = take_lock(s, path, error);
	if (result == 0)
		result = clear_path(path, &sun, error);
	if (result == 0)
		result = bind_and_listen(s, &sun, mode, group, error);
	if (result < 0)
		socket_close(s);
	return result;
}

int
socket_adopt(struct socket_bound *s, int fd, const char *what, char *error)
{
	int listening = 0, domain = 0, type = 0, flags;
	socklen_t len = sizeof(int);

	socket_init(s);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0)
		return fail(error, ENOTSOCK,
		    "control socket: the %s that the service manager passed is no socket: %s", what,
		    strerror(errno));
	if (domain != AF_UNIX || type != SOCK_STREAM || !listening)
		return fail(error, EINVAL,
		    "control socket: the %s that the service manager passed is no listening Unix stream socket: use ListenStream= with a path",
		    what);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		flags = errno;
		return fail(error, flags,
		    "control socket: the %s that the service manager passed: %s", what,
		    strerror(flags));
	}
	s->fd = fd;
	return 0;
}

void
socket_close(struct socket_bound *s)
{
	struct stat st;

	if (s->path != NULL && lstat(s->path, &st) == 0 && st.st_dev == s->device &&
	    st.st_ino == s->inode)
		unlink(s->path);
	if (s->fd >= 0)
		close(s->fd);
	if (s->lock_path != NULL && s->lock >= 0) {
		unlink(s->lock_path);
		close(s->lock);
	}
	free(s->path);
	free(s->lock_path);
	socket_init(s);
}
