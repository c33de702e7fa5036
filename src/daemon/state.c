/* SPDX-License-Identifier: MIT */
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "daemon/durable.h"
#include "daemon/fault.h"
#include "daemon/reserve.h"
#include "daemon/writer.h"

#define FILE_NAME "incarnation"
#define TEMP_NAME "incarnation.new"
#define LOCK_NAME "lock"
#define ASIDE ".aside"

struct state {
	char *dir;
	int dir_fd, lock_fd;
	struct owner self;
	struct reserve reserve; /* makes the decisions */
	struct writer *writer;
	void (*done)(void *ctx); /* see state_start */
	void *ctx;               /* of `done` */
	char warning[FAULT_MAX]; /* for state_warning; "": none */
	bool foreign;            /* the stored bound was of another member */
	struct owner whose;      /* owner of the first file that was set aside */
	char aside[FAULT_MAX];   /* paths of the files that were set aside; "": none */
	bool renewed;            /* for state_take_renewed */
	char trouble[FAULT_MAX]; /* the text of the current or last trouble */
};

/*
 * Reads the file into `text`.  *len is the number of bytes, or -1: there is no file, or it is ignored.  Returns 0, or the
 * exit status with `fault` set.
 */
static int
state_read_bound(struct state *s, char text[RESERVE_TEXT_MAX], ssize_t *len, char *fault)
{
	/* O_NONBLOCK: a FIFO in the place of the file must not block the start. */
	int fd = openat(s->dir_fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK),
	    saved;
	const char *refused;

	*len = -1;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return fault_set(fault, fault_status(errno, EX_CONFIG), "%s/" FILE_NAME ": %s%s",
		    s->dir, errno == ELOOP ? "it is a symbolic link; remove it" : strerror(errno),
		    errno == EACCES ? "; give it to the user that swimd runs as" : "");
	if ((refused = durable_refuse(fd)) != NULL) {
		close(fd);
		snprintf(s->warning, sizeof(s->warning), "%s/" FILE_NAME " was ignored: %s", s->dir,
		    refused);
		return 0;
	}
	do
		*len = read(fd, text, RESERVE_TEXT_MAX);
	while (*len < 0 && errno == EINTR);
	saved = errno;
	close(fd);
	if (*len < 0)
		return fault_set(fault, fault_status(saved, EX_CONFIG), "%s/" FILE_NAME ": %s",
		    s->dir, strerror(saved));
	return 0;
}

/* Loads the stored bound, 0 if there is none that can be used.  Returns 0, or the exit status with `fault` set. */
static int
state_load(struct state *s, uint64_t *stored, char *fault)
{
	struct owner whose;
	char text[RESERVE_TEXT_MAX];
	ssize_t len;
	int status = state_read_bound(s, text, &len, fault);

	*stored = 0;
	if (status != 0 || len < 0)
		return status;
	switch (reserve_parse(&s->self, text, (size_t)len, stored, &whose)) {
	case RESERVE_OWN:
		break;
	case RESERVE_FOREIGN:
		s->foreign = true;
		state_set_aside(s, FILE_NAME, &whose);
		break;
	case RESERVE_DAMAGED:
		snprintf(s->warning, sizeof(s->warning),
		    "%s/" FILE_NAME " is damaged and was ignored", s->dir);
		break;
	case RESERVE_SPENT:
		snprintf(s->warning, sizeof(s->warning),
		    "%s/" FILE_NAME
		    " is damaged and was ignored: too few incarnations are left above its number",
		    s->dir);
		break;
	}
	return 0;
}

/* Sets the text of a trouble.  Whether there is trouble is in the reserve. */
static void
state_note_trouble(struct state *s, const char *why)
{
	snprintf(s->trouble, sizeof(s->trouble), "cannot write to the state directory %s: %s",
	    s->dir, why);
}

/* Sets the text of the trouble that durable_replace failed with this errno. */
static void
state_trouble_of_disk(struct state *s, int error)
{
	const char *at_fault = durable_at_fault(s->dir_fd, FILE_NAME, TEMP_NAME, error);

	state_note_trouble(s, strerror(error));
	if (at_fault != NULL)
		snprintf(s->trouble, sizeof(s->trouble),
		    "cannot write to %s/%s: it is a directory; remove it", s->dir, at_fault);
}

static bool
state_is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Opens what is to be locked: the lock file for writing; on a full, broken or read-only disk an existing lock file for
 * reading, or the directory itself if there is none.  Returns the descriptor, or -1 with errno set.
 */
static int
state_open_lock(const struct state *s)
{
	int fd = openat(s->dir_fd, LOCK_NAME,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0 && reserve_is_disk_fault(errno))
		fd = openat(s->dir_fd, LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

/* Locks the directory: two daemons in one directory would use the same incarnations.  0, or the exit status. */
static int
state_lock(struct state *s, char *fault)
{
	char pid[16] = "";
	const char *refused;
	struct stat st;
	int saved;

	s->lock_fd = state_open_lock(s);
	if (s->lock_fd < 0) {
		saved = errno;
		if (saved == ELOOP)
			return fault_set(fault, EX_CONFIG,
			    "%s/" LOCK_NAME ": it is a symbolic link; remove it", s->dir);
		if (saved == EISDIR)
			return fault_set(fault, EX_CONFIG,
			    "%s/" LOCK_NAME ": it is a directory; remove it", s->dir);
		if (saved == EACCES && faccessat(s->dir_fd, LOCK_NAME, F_OK, 0) == 0)
			return fault_set(fault, EX_NOPERM,
			    "%s/" LOCK_NAME ": %s; give it to the user that swimd runs as", s->dir,
			    strerror(saved));
		return fault_set(fault, fault_status(saved, EX_CONFIG),
		    "cannot write to the state directory %s: %s", s->dir, strerror(saved));
	}
	/* The process id is written into the lock file below, so it must be a file of swimd. */
	if ((fstat(s->lock_fd, &st) != 0 || !S_ISDIR(st.st_mode)) &&
	    (refused = durable_refuse(s->lock_fd)) != NULL)
		return fault_set(fault, EX_CONFIG, "%s/" LOCK_NAME ": %s; remove it", s->dir,
		    refused);
	durable_give(s->dir_fd, s->lock_fd);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		saved = errno;
		if (saved != EWOULDBLOCK)
			return fault_set(fault, EX_UNAVAILABLE, "cannot lock %s/" LOCK_NAME ": %s",
			    s->dir, strerror(saved));
		if (read(s->lock_fd, pid, sizeof(pid) - 1) <= 0)
			pid[0] = '\0';
		pid[strspn(pid, "0123456789")] = '\0';
		return fault_set(fault, EX_UNAVAILABLE,
		    "the state directory %s is in use by another swimd%s%s%s; give each swimd its own --state-dir",
		    s->dir, pid[0] != '\0' ? " (process " : "", pid, pid[0] != '\0' ? ")" : "");
	}
	/* The process id is only for the message above, so a failure does no harm. */
	if (ftruncate(s->lock_fd, 0) == 0)
		(void)!dprintf(s->lock_fd, "%ld\n", (long)getpid());
	return 0;
}

void
state_set_aside(struct state *s, const char *name, const struct owner *whose)
{
	char aside[64];
	size_t used = strlen(s->aside);

	if (used == 0)
		s->whose = *whose;
	snprintf(aside, sizeof(aside), "%s" ASIDE, name);
	/* A failure does no harm: the file is not used, and is replaced later if the disk can be written. */
	(void)!renameat(s->dir_fd, name, s->dir_fd, aside);
	snprintf(s->aside + used, sizeof(s->aside) - used, "%s%s/%s", used > 0 ? ", " : "", s->dir,
	    aside);
}

/*
 * Opens and locks the directory and loads the stored bound.  Returns 0, or the exit status with `fault` set; the caller closes
 * the descriptors in either case.
 */
static int
state_open_all(struct state *s, uint64_t *stored, char *fault)
{
	int status;

	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0)
		return fault_set(fault, fault_status(errno, EX_CONFIG),
		    "the state directory %s: %s%s", s->dir, strerror(errno),
		    errno == ENOENT ? "; create it, or give another with --state-dir" : "");
	if ((status = state_lock(s, fault)) != 0)
		return status;
	return state_load(s, stored, fault);
}

static void
state_close_all(int dir_fd, int lock_fd)
{
	if (lock_fd >= 0) {
		/* A child that was just forked has the descriptor too, so close() alone would not release the lock. */
		flock(lock_fd, LOCK_UN);
		/* Do not remove the lock file: another daemon may have locked it by now. */
		close(lock_fd);
	}
	if (dir_fd >= 0)
		close(dir_fd);
}

int
state_open(const char *dir, const struct owner *self, swim_time now, struct state **out,
    char *fault)
{
	struct state *s = calloc(1, sizeof(*s));
	char text[RESERVE_TEXT_MAX];
	int status, failure;
	uint64_t stored = 0;

	if (s == NULL || (s->dir = strdup(dir)) == NULL) {
		free(s);
		return fault_set(fault, EX_OSERR, "out of memory");
	}
	s->self = *self;
	s->dir_fd = s->lock_fd = -1;
	if ((status = state_open_all(s, &stored, fault)) != 0)
		goto error;
	failure = durable_replace(s->dir_fd, FILE_NAME, TEMP_NAME, text,
	    reserve_begin(&s->reserve, self, stored, now, text));
	if (reserve_begun(&s->reserve, failure, now)) {
		if (failure != 0)
			state_trouble_of_disk(s, -failure);
	} else if (failure == -EISDIR) {
		status = fault_set(fault, EX_CONFIG, "%s/%s: it is a directory; remove it", dir,
		    durable_at_fault(s->dir_fd, FILE_NAME, TEMP_NAME, EISDIR));
		goto error;
	} else {
		status = fault_set(fault, fault_status(-failure, EX_CONFIG),
		    "cannot write to the state directory %s: %s", dir, strerror(-failure));
		goto error;
	}
	*out = s;
	return 0;
error:
	state_free(s);
	return status;
}

void
state_free(struct state *s)
{
	if (s == NULL)
		return;
	writer_free(s->writer);
	state_close_all(s->dir_fd, s->lock_fd);
	free(s->dir);
	free(s);
}

uint64_t
state_incarnation(const struct state *s)
{
	return s->reserve.incarnation;
}

static void
state_written(void *ctx, int error)
{
	struct state *s = ctx;

	reserve_written(&s->reserve, error);
	if (error != 0)
		state_trouble_of_disk(s, -error);
	s->done(s->ctx);
}

bool
state_start(struct state *s, struct event_base *base, void (*done)(void *ctx), void *ctx)
{
	s->done = done;
	s->ctx = ctx;
	s->writer = writer_new(base, FILE_NAME, TEMP_NAME, state_written, s);
	return s->writer != NULL;
}

static void
state_begin(struct state *s, uint64_t incarnation, swim_time now)
{
	char text[RESERVE_TEXT_MAX];
	size_t len = reserve_write(&s->reserve, incarnation, now, text);
	int error = writer_start(s->writer, s->dir_fd, text, len);

	if (error == 0)
		return;
	reserve_written(&s->reserve, error);
	state_note_trouble(s, strerror(-error));
}

/*
 * Tells whether the open directory is still at its path, with the lock file and the file of the bound.  This does not wait
 * for a local disk: the open descriptors keep the directory entries in the kernel's cache.
 */
static bool
state_is_in_place(const struct state *s)
{
	struct stat open_one, at_path, locked;

	if (fstat(s->dir_fd, &open_one) != 0)
		return false;
	if (stat(s->dir, &at_path) != 0)
		/* If a parent may no longer be searched, the open directory still works. */
		return errno == EACCES && open_one.st_nlink > 0;
	return state_is_same_file(&open_one, &at_path) && fstat(s->lock_fd, &locked) == 0 &&
	       locked.st_nlink > 0 &&
	       (faccessat(s->dir_fd, FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
		   errno != ENOENT || s->reserve.unsaved || s->reserve.troubled);
}

/* Opens the directory at the path instead of the open one.  False: that failed, with `fault` set; the old one stays open. */
static bool
state_renew(struct state *s, uint64_t *stored, char *fault)
{
	const int dir_fd = s->dir_fd, lock_fd = s->lock_fd;
	const bool foreign = s->foreign;
	struct stat open_one, at_path;
	int status;

	/* If the directory is the same, the old lock would prevent the new one. */
	if (stat(s->dir, &at_path) == 0 && fstat(dir_fd, &open_one) == 0 &&
	    state_is_same_file(&open_one, &at_path))
		flock(lock_fd, LOCK_UN);
	s->dir_fd = s->lock_fd = -1;
	s->foreign = false;
	s->warning[0] = s->aside[0] = '\0';
	status = state_open_all(s, stored, fault);
	if (status != 0) {
		state_close_all(s->dir_fd, s->lock_fd);
		s->dir_fd = dir_fd;
		s->lock_fd = lock_fd;
		s->foreign = foreign;
		(void)!flock(lock_fd, LOCK_EX | LOCK_NB);
		return false;
	}
	state_close_all(dir_fd, lock_fd);
	return true;
}

/* Makes the check of state_look.  True: the directory may be written to. */
static bool
state_look_again(struct state *s, swim_time now)
{
	char fault[FAULT_MAX];
	uint64_t stored = 0;

	if (!s->reserve.lost && state_is_in_place(s)) {
		reserve_in_place(&s->reserve, now);
		return true;
	}
	if (!state_renew(s, &stored, fault)) {
		snprintf(s->trouble, sizeof(s->trouble), "%s", fault);
		reserve_lost(&s->reserve, now);
		return false;
	}
	reserve_renewed(&s->reserve, stored, now);
	s->renewed = true;
	return true;
}

void
state_look(struct state *s, uint64_t incarnation, swim_time now)
{
	if (!s->reserve.busy && state_look_again(s, now) && s->reserve.unsaved)
		state_begin(s, incarnation, now);
}

bool
state_take_renewed(struct state *s)
{
	bool renewed = s->renewed;

	s->renewed = false;
	return renewed;
}

bool
state_reserve(struct state *s, uint64_t incarnation, swim_time now)
{
	struct reserve *r = &s->reserve;

	if (reserve_wants_look(r, incarnation, now) && state_look_again(s, now) &&
	    reserve_wants_write(r, incarnation, now))
		state_begin(s, incarnation, now);
	switch (reserve_speech(r, incarnation, now)) {
	case RESERVE_SPEAK:
		return true;
	case RESERVE_HOLD:
		return false;
	case RESERVE_SLOW:
		state_note_trouble(s, "the disk takes too long");
		return true;
	}
	__builtin_unreachable();
}

swim_time
state_deadline(const struct state *s)
{
	return reserve_deadline(&s->reserve);
}

const char *
state_dir(const struct state *s)
{
	return s->dir;
}

int
state_dir_fd(const struct state *s)
{
	return s->dir_fd;
}

bool
state_is_lost(const struct state *s)
{
	return s->reserve.lost;
}

const char *
state_warning(const struct state *s)
{
	return s->warning[0] != '\0' ? s->warning : NULL;
}

bool
state_owns(const struct state *s, pid_t child)
{
	return s->writer != NULL && writer_owns(s->writer, child);
}

const struct owner *
state_owner(const struct state *s)
{
	return &s->self;
}

bool
state_is_foreign(const struct state *s)
{
	return s->foreign;
}

const char *
state_aside(const struct state *s, const struct owner **whose)
{
	*whose = &s->whose;
	return s->aside[0] != '\0' ? s->aside : NULL;
}

const char *
state_trouble(const struct state *s)
{
	return s->reserve.troubled ? s->trouble : NULL;
}
