/* SPDX-License-Identifier: MIT */
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <sys/file.h>

#include "daemon/durable.h"
#include "daemon/fault.h"

#define FILE_NAME "incarnation"
#define TEMP_NAME "incarnation.new"
#define LOCK_NAME "lock"
#define TEXT_MAX 24 /* 20 digits and a newline, and room to see that there is more */

struct state {
	char *dir;
	int dir_fd, lock_fd;
	uint64_t incarnation; /* to begin with */
	uint64_t bound;       /* all below it are ours to use */
	swim_time next_try;   /* not before, after a failure */
	char warning[FAULT_MAX];
	char trouble[FAULT_MAX];
};

/* Replace the file by one with this bound. */
static int
store(const struct state *s, uint64_t bound)
{
	char text[TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", bound);

	return durable_replace(s->dir_fd, FILE_NAME, TEMP_NAME, text, (size_t)len);
}

static uint64_t
block_above(uint64_t incarnation)
{
	return incarnation > UINT64_MAX - STATE_BLOCK ? UINT64_MAX : incarnation + STATE_BLOCK;
}

/* "123\n" and nothing else. */
static bool
parse_bound(const char *text, size_t len, uint64_t *out)
{
	uint64_t n = 0;

	if (len < 2 || text[len - 1] != '\n')
		return false;
	for (size_t i = 0; i < len - 1; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(text[i] - '0'), &n))
			return false;
	}
	*out = n;
	return true;
}

/* An unreadable state is as good as none: the others' memory of us is what we then rise above. */
static int
load(struct state *s, char *error)
{
	char text[TEXT_MAX];
	ssize_t len = 0;
	/* A FIFO in its place must not be waited for: it has no number in it. */
	int fd = openat(s->dir_fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK),
	    saved;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return fault_set(error, fault_status(errno, EX_CONFIG), "%s/" FILE_NAME ": %s%s",
		    s->dir, strerror(errno),
		    errno == EACCES ? "; give it to the user that swimd runs as" : "");
	do
		len = read(fd, text, sizeof(text));
	while (len < 0 && errno == EINTR);
	saved = errno;
	close(fd);
	if (len < 0)
		return fault_set(error, fault_status(saved, EX_CONFIG), "%s/" FILE_NAME ": %s",
		    s->dir, strerror(saved));
	if (!parse_bound(text, (size_t)len, &s->incarnation)) {
		snprintf(s->warning, sizeof(s->warning),
		    "%s/" FILE_NAME " is damaged and was ignored; the incarnation begins anew",
		    s->dir);
	} else if (block_above(s->incarnation) == UINT64_MAX) {
		/* No member lives to use them up, and one that had could never refute again that it is dead. */
		s->incarnation = 0;
		snprintf(s->warning, sizeof(s->warning),
		    "%s/" FILE_NAME
		    " has a number with no block of incarnations above it, so it is damaged and was ignored; the incarnation begins anew",
		    s->dir);
	}
	return 0;
}

/* Full or read-only: the disk's trouble, which may pass, and not the operator's mistake. */
static bool
is_disk_fault(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EROFS || error == EIO;
}

static void
trouble(struct state *s, int error, swim_time now)
{
	snprintf(s->trouble, sizeof(s->trouble), "the state directory %s cannot be written: %s",
	    s->dir, strerror(error));
	s->next_try = swim_time_add(now, swim_seconds(10));
}

/* What to lock: a file, or where none can be opened for writing the one that is there, or the directory. */
static int
open_lock(const struct state *s)
{
	int fd = openat(s->dir_fd, LOCK_NAME,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0 && is_disk_fault(errno))
		fd = openat(s->dir_fd, LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

/* One daemon a directory: two would hand out the same incarnations. */
static int
lock(struct state *s, char *error)
{
	char pid[16] = "";
	int saved;

	s->lock_fd = open_lock(s);
	if (s->lock_fd < 0) {
		saved = errno;
		if (saved == EACCES && faccessat(s->dir_fd, LOCK_NAME, F_OK, 0) == 0)
			return fault_set(error, EX_NOPERM,
			    "%s/" LOCK_NAME ": %s; give it to the user that swimd runs as", s->dir,
			    strerror(saved));
		return fault_set(error, fault_status(saved, EX_CONFIG),
		    "the state directory %s is not writable: %s", s->dir, strerror(saved));
	}
	durable_give(s->dir_fd, s->lock_fd);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		saved = errno;
		if (saved != EWOULDBLOCK)
			return fault_set(error, EX_UNAVAILABLE,
			    "%s/" LOCK_NAME " cannot be locked: %s", s->dir, strerror(saved));
		if (read(s->lock_fd, pid, sizeof(pid) - 1) <= 0)
			pid[0] = '\0';
		pid[strspn(pid, "0123456789")] = '\0';
		return fault_set(error, EX_UNAVAILABLE,
		    "the state directory %s is in use by another swimd%s%s%s; give each its own --state-dir",
		    s->dir, pid[0] != '\0' ? " (process " : "", pid, pid[0] != '\0' ? ")" : "");
	}
	/* For the message above alone, so it may fail. */
	if (ftruncate(s->lock_fd, 0) == 0)
		(void)!dprintf(s->lock_fd, "%ld\n", (long)getpid());
	return 0;
}

int
state_open(const char *dir, swim_time now, struct state **out, char *error)
{
	struct state *s = calloc(1, sizeof(*s));
	int status, failure;

	if (s == NULL || (s->dir = strdup(dir)) == NULL) {
		free(s);
		return fault_set(error, EX_OSERR, "out of memory");
	}
	s->lock_fd = -1;
	s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0) {
		status = fault_set(error, fault_status(errno, EX_CONFIG),
		    "the state directory %s: %s%s", dir, strerror(errno),
		    errno == ENOENT ? "; make it, or give another with --state-dir" : "");
		goto error;
	}
	if ((status = lock(s, error)) != 0 || (status = load(s, error)) != 0)
		goto error;
	s->bound = block_above(s->incarnation);
	failure = store(s, s->bound);
	if (failure != 0 && is_disk_fault(-failure)) {
		/* Better a member that may have to refute an earlier life of its own than none. */
		s->bound = s->incarnation;
		trouble(s, -failure, now);
	} else if (failure != 0) {
		status = fault_set(error, fault_status(-failure, EX_CONFIG),
		    "the state directory %s is not writable: %s", dir, strerror(-failure));
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
	if (s->lock_fd >= 0)
		close(
		    s->lock_fd); /* and so unlocked; the file stays, for another may hold it by now */
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->dir);
	free(s);
}

uint64_t
state_incarnation(const struct state *s)
{
	return s->incarnation;
}

void
state_reserve(struct state *s, uint64_t incarnation, swim_time now)
{
	uint64_t bound;
	int failure;

	if (incarnation < s->bound || s->bound == UINT64_MAX || swim_time_before(now, s->next_try))
		return;
	bound = block_above(incarnation);
	if ((failure = store(s, bound)) != 0) {
		trouble(s, -failure, now);
		return;
	}
	s->bound = bound;
	s->trouble[0] = '\0';
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

const char *
state_warning(const struct state *s)
{
	return s->warning[0] != '\0' ? s->warning : NULL;
}

const char *
state_trouble(const struct state *s)
{
	return s->trouble[0] != '\0' ? s->trouble : NULL;
}
