/* SPDX-License-Identifier: MIT */
/* A listening Unix socket at a path, and the lock that gives one process the path. */
#ifndef SWIMD_CONTROL_SOCKET_H
#define SWIMD_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#define SOCKET_ERROR_MAX 512 /* bytes of an error text, with the NUL */
#define SOCKET_PATH_MAX 108  /* bytes of sun_path, with the NUL */

/* The socket to make. */
struct socket_spec {
	const char *path;
	mode_t mode;
	/* The group of the file, if a group of this name exists; NULL or "": the group of the process. */
	const char *group;
};

struct socket_bound {
	int fd;     /* listening, non-blocking, close-on-exec; -1: none */
	char *path; /* NULL: an adopted socket that has no file */
	bool made;  /* this process made the file, and unlinks it */
	/*
	 * PATH.lock.  The process that holds the lock owns the path.  Without the lock, two daemons that start at
	 * the same time could both find a stale socket, and the second could unlink the new socket of the first.
	 */
	char *lock_path;
	int lock;     /* descriptor of the locked file; -1: none */
	dev_t device; /* of the file of the socket */
	ino_t inode;  /* of the file of the socket; 0: the file of an adopted socket was gone */
	mode_t mode;  /* of the file, when it is created again */
	char *group;  /* of the file, when it is created again; NULL: the group of the process */
	mode_t directory_mode; /* of the directory of the file, as it was at first */
	uid_t directory_uid;   /* the owner of the directory, as it was at first */
	gid_t directory_gid;   /* the group of the directory, as it was at first */
};

/* No socket: nothing is bound, and socket_close does nothing. */
void socket_init(struct socket_bound *);

/*
 * Bind and listen.  A stale socket at the path, on which no process listens, is replaced.  A socket that a process
 * serves, and a file that is not a socket, are errors.  The file has the mode of `spec` from the beginning.  Returns
 * 0, or -errno with one sentence in error (SOCKET_ERROR_MAX bytes) that names the path.
 */
int socket_bind(struct socket_bound *, const struct socket_spec *, char *error);

/*
 * Take over the listening socket `fd`, which the service manager bound.  Returns as socket_bind; `what` names the
 * socket in the error.  The group of `spec` is for socket_rebind, and so is its mode if the file is gone; its path is
 * not used.
 */
int socket_adopt(struct socket_bound *, int fd, const char *what, const struct socket_spec *spec,
    char *error);

/*
 * Tells whether the file is still at its path.  A cleaner of temporary directories may remove the file, and a
 * mount may hide the file.  A socket without a file counts as there.
 */
bool socket_is_there(const struct socket_bound *);

/*
 * Create the file again after it was removed, and also the lock file and the directory if they are gone.  On success
 * the old descriptor is closed, and `fd` is a new one.  Returns as socket_bind; after an error the old socket is
 * kept.
 */
int socket_rebind(struct socket_bound *, char *error);

/* Close, and unlink the socket and its lock file if they are still the files that this process made. */
void socket_close(struct socket_bound *);

#endif
