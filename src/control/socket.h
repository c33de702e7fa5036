/* SPDX-License-Identifier: MIT */
/* A listening Unix socket at a path, and who may own that path. */
#ifndef SWIMD_CONTROL_SOCKET_H
#define SWIMD_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#define SOCKET_ERROR_MAX 512
#define SOCKET_PATH_MAX 108 /* of sun_path, with the NUL */

/* What is wanted of a socket. */
struct socket_spec {
	const char *path;
	mode_t mode;
	const char
	    *group; /* given the file where a group of that name exists; NULL or "": our own */
};

struct socket_bound {
	int fd;     /* listening, non-blocking, close-on-exec; -1: none */
	char *path; /* NULL: a socket that was given to us and has no file */
	bool made;  /* the file is ours to unlink */
	/*
	 * PATH.lock, held as long as the socket: whoever holds it owns the path.  Without it two daemons
	 * that start at once could both find a stale socket, and the second unlink the first one's new one.
	 */
	char *lock_path;
	int lock;
	dev_t device;
	ino_t inode; /* of the socket file; 0: it was gone when the socket was given to us */
	mode_t mode;
	char *group;
	mode_t directory_mode; /* of the directory it is in, as it was found */
	uid_t directory_uid;
	gid_t directory_gid;
};

void socket_init(struct socket_bound *);

/*
 * Bind and listen.  A socket that nobody answers on is replaced; one that somebody serves, and anything
 * that is no socket, is left alone.  The file has the mode that is wanted from the beginning.  Returns 0, or -errno
 * with one sentence in error (SOCKET_ERROR_MAX bytes) that names the path.
 */
int socket_bind(struct socket_bound *, const struct socket_spec *, char *error);

/*
 * Take over a listening socket that the service manager bound.  Returns as socket_bind; `what` names it there, and
 * `spec` (its path is not looked at) is for socket_rebind.
 */
int socket_adopt(struct socket_bound *, int fd, const char *what, const struct socket_spec *spec,
    char *error);

/* Is its file still at its path?  Cleaners of temporary directories remove sockets, and something may cover them. */
bool socket_is_there(const struct socket_bound *);

/*
 * Bind anew where the file is no longer there, and the lock beside it too; a directory that is gone is made as it was.
 * fd is another one then, and the old one closed.  Returns as socket_bind; after a failure all is as it was.
 */
int socket_rebind(struct socket_bound *, char *error);

/* Close, and unlink what we made, unless another has put its own there meanwhile. */
void socket_close(struct socket_bound *);

#endif
