/* SPDX-License-Identifier: MIT */
/* A listening Unix socket at a path, and who may own that path. */
#ifndef SWIMD_CONTROL_SOCKET_H
#define SWIMD_CONTROL_SOCKET_H

#include <sys/types.h>

#define SOCKET_ERROR_MAX 512

struct socket_bound {
	int fd;     /* listening, non-blocking, close-on-exec; -1: none */
	char *path; /* NULL when it was given to us: then it is not ours to unlink */
	/*
	 * PATH.lock, held as long as the socket: whoever holds it owns the path.  Without it two daemons
	 * that start at once could both find a stale socket, and the second unlink the first one's new one.
	 */
	char *lock_path;
	int lock;
	dev_t device;
	ino_t inode; /* of the socket file that we made */
};

void socket_init(struct socket_bound *);

/*
 * Bind and listen.  A socket that nobody answers on is replaced; one that somebody serves, and anything
 * that is no socket, is left alone.  The file never has more permissions than `mode` at any moment.  `group`
 * is given the file where a group of that name exists; NULL or "" for our own.  Returns 0, or -errno
 * with one sentence in error (SOCKET_ERROR_MAX bytes) that names the path.
 */
int socket_bind(struct socket_bound *, const char *path, mode_t mode, const char *group,
    char *error);

/* Take over a listening socket that the service manager bound.  Returns as socket_bind; `what` names it there. */
int socket_adopt(struct socket_bound *, int fd, const char *what, char *error);

/* Close, and unlink what we made, unless another has put its own there meanwhile. */
void socket_close(struct socket_bound *);

#endif
