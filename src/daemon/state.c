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
#include <sys/stat.h>

#include "daemon/durable.h"
#include "daemon/fault.h"
#include "daemon/writer.h"

#define FILE_NAME "incarnation"
#define TEMP_NAME "incarnation.new"
#define LOCK_NAME "lock"
#define ASIDE ".aside"
#define DIGITS_MAX 21                              /* of a number, and a newline */
#define TEXT_MAX (DIGITS_MAX + OWNER_LINE_MAX + 2) /* and room to see that there is more */
/* The next block is on its way to the disk while so many are left of this one. */
#define AHEAD (STATE_BLOCK / 2)
/* For so long nothing is said for want of a block: less than a probe of profile lan waits for its answer. */
#define HOLD_MS 200
#define RETRY_S 10
/* So often the directory at the path is compared with the one that is open. */
#define LOOK_S 10

struct state {
	char *dir;
	int dir_fd, lock_fd;
	struct owner self;
	uint64_t incarnation; /* to begin with */
	uint64_t bound;       /* all below it are ours to use */
	struct writer *writer;
	uint64_t writing;   /* the bound that is on its way to the disk */
	swim_time began;    /* when it went */
	swim_time next_try; /* not before, after a failure */
	swim_time next_look;
	swim_time held; /* since then an incarnation waits for its block; NEVER: none does */
	void (*done)(void *ctx);
	void *ctx;
	char warning[FAULT_MAX];
	bool foreign;          /* the stored incarnation was another member's */
	struct owner whose;    /* of what was set aside first */
	char aside[FAULT_MAX]; /* its files */
	bool lost;             /* what is open is not what is at the path */
	bool unsaved;          /* the directory does not have our incarnation */
	bool renewed;          /* for state_take_renewed */
	bool troubled;
	char trouble[FAULT_MAX]; /* the last one */
};

static size_t
format_bound(const struct state *s, uint64_t bound, char text[TEXT_MAX])
{
	size_t len = (size_t)snprintf(text, DIGITS_MAX + 1, "%" PRIu64 "\n", bound);

	return len + owner_put(&s->self, text + len);
}

static uint64_t
block_above(uint64_t incarnation)
{
	return incarnation > UINT64_MAX - STATE_BLOCK ? UINT64_MAX : incarnation + STATE_BLOCK;
}

/* "123\n", and perhaps a line that says whose it is.  Nothing else. */
static bool
parse_bound(const char *text, size_t len, uint64_t *out, struct owner *whose)
{
	const char *newline = memchr(text, '\n', len);
	size_t digits = newline != NULL ? (size_t)(newline - text) : 0, rest;
	uint64_t n = 0;

	if (digits == 0)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(text[i] - '0'), &n))
			return false;
	}
	rest = len - digits - 1;
	if (rest > 0 && (text[len - 1] != '\n' || !owner_parse(newline + 1, rest - 1, whose)))
		return false;
	*out = n;
	return true;
}

/* The text of the file; *len -1 where there is none that may be read.  0, or the exit status. */
static int
read_bound(struct state *s, char text[TEXT_MAX], ssize_t *len, char *error)
{
	/* A FIFO in its place must not be waited for: it has no number in it. */
	int fd = openat(s->dir_fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK),
	    saved;
	const char *refused;

	*len = -1;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return fault_set(error, fault_status(errno, EX_CONFIG), "%s/" FILE_NAME ": %s%s",
		    s->dir, errno == ELOOP ? "it is a symbolic link; remove it" : strerror(errno),
		    errno == EACCES ? "; give it to the user that swimd runs as" : "");
	if ((refused = durable_refuse(fd)) != NULL) {
		close(fd);
		snprintf(s->warning, sizeof(s->warning),
		    "%s/" FILE_NAME " was ignored and replaced: %s; the incarnation begins anew",
		    s->dir, refused);
		return 0;
	}
	do
		*len = read(fd, text, TEXT_MAX);
	while (*len < 0 && errno == EINTR);
	saved = errno;
	close(fd);
	if (*len < 0)
		return fault_set(error, fault_status(saved, EX_CONFIG), "%s/" FILE_NAME ": %s",
		    s->dir, strerror(saved));
	return 0;
}

/* An unreadable state is as good as none: the others' memory of us is what we then rise above. */
static int
load(struct state *s, char *error)
{
	struct owner whose = {0};
	char text[TEXT_MAX];
	ssize_t len;
	int status = read_bound(s, text, &len, error);

	if (status != 0 || len < 0)
		return status;
	if (!parse_bound(text, (size_t)len, &s->incarnation, &whose)) {
		snprintf(s->warning, sizeof(s->warning),
		    "%s/" FILE_NAME " is damaged and was ignored; the incarnation begins anew",
		    s->dir);
	} else if (owner_is_known(&whose) && !owner_equal(&whose, &s->self)) {
		s->incarnation = 0;
		s->foreign = true;
		state_set_aside(s, FILE_NAME, &whose);
	} else if (UINT64_MAX - s->incarnation <= STATE_ROOM) {
		/* No member lives to use them up, and one that had could never refute again that it is dead. */
		s->incarnation = 0;
		snprintf(s->warning, sizeof(s->warning),
		    "%s/" FILE_NAME
		    " has a number with too few incarnations above it, so it is damaged and was ignored; the incarnation begins anew",
		    s->dir);
	}
	return 0;
}

/* Full, read-only, or larger than a limit: the disk's trouble, which may pass, and not the operator's mistake. */
static bool
is_disk_fault(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EROFS || error == EIO ||
	       error == EFBIG;
}

static void
trouble(struct state *s, const char *why, swim_time now)
{
	snprintf(s->trouble, sizeof(s->trouble), "the state directory %s cannot be written: %s",
	    s->dir, why);
	s->troubled = true;
	s->next_try = swim_time_add(now, swim_seconds(RETRY_S));
}

/* durable_replace failed with this errno. */
static void
trouble_of_disk(struct state *s, int error, swim_time now)
{
	const char *at_fault = durable_at_fault(s->dir_fd, FILE_NAME, TEMP_NAME, error);

	trouble(s, strerror(error), now);
	if (at_fault != NULL)
		snprintf(s->trouble, sizeof(s->trouble),
		    "%s/%s cannot be written: it is a directory; remove it", s->dir, at_fault);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
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
	const char *refused;
	struct stat st;
	int saved;

	s->lock_fd = open_lock(s);
	if (s->lock_fd < 0) {
		saved = errno;
		if (saved == ELOOP)
			return fault_set(error, EX_CONFIG,
			    "%s/" LOCK_NAME ": it is a symbolic link; remove it", s->dir);
		if (saved == EISDIR)
			return fault_set(error, EX_CONFIG,
			    "%s/" LOCK_NAME ": it is a directory; remove it", s->dir);
		if (saved == EACCES && faccessat(s->dir_fd, LOCK_NAME, F_OK, 0) == 0)
			return fault_set(error, EX_NOPERM,
			    "%s/" LOCK_NAME ": %s; give it to the user that swimd runs as", s->dir,
			    strerror(saved));
		return fault_set(error, fault_status(saved, EX_CONFIG),
		    "the state directory %s is not writable: %s", s->dir, strerror(saved));
	}
	/* The lock file is written to below, which fails harmlessly where the lock is on the directory itself. */
	if ((fstat(s->lock_fd, &st) != 0 || !S_ISDIR(st.st_mode)) &&
	    (refused = durable_refuse(s->lock_fd)) != NULL)
		return fault_set(error, EX_CONFIG, "%s/" LOCK_NAME ": %s; remove it", s->dir,
		    refused);
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

void
state_set_aside(struct state *s, const char *name, const struct owner *whose)
{
	char aside[64];
	size_t used = strlen(s->aside);

	if (used == 0)
		s->whose = *whose;
	snprintf(aside, sizeof(aside), "%s" ASIDE, name);
	/* If that fails, the file is replaced later, or the disk is read-only: the file is not used in either case. */
	(void)!renameat(s->dir_fd, name, s->dir_fd, aside);
	snprintf(s->aside + used, sizeof(s->aside) - used, "%s%s/%s", used > 0 ? ", " : "", s->dir,
	    aside);
}

/* The directory and the lock in it, and what is stored.  0, or the exit status, with what is open left to be closed. */
static int
open_all(struct state *s, char *error)
{
	int status;

	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0)
		return fault_set(error, fault_status(errno, EX_CONFIG),
		    "the state directory %s: %s%s", s->dir, strerror(errno),
		    errno == ENOENT ? "; make it, or give another with --state-dir" : "");
	if ((status = lock(s, error)) != 0)
		return status;
	return load(s, error);
}

static void
close_all(int dir_fd, int lock_fd)
{
	if (lock_fd >= 0) {
		/* A child that was just forked still has the descriptor, and closing ours alone would leave the lock. */
		flock(lock_fd, LOCK_UN);
		/* The file stays, for another may hold it by now. */
		close(lock_fd);
	}
	if (dir_fd >= 0)
		close(dir_fd);
}

int
state_open(const char *dir, const struct owner *self, swim_time now, struct state **out,
    char *error)
{
	struct state *s = calloc(1, sizeof(*s));
	char text[TEXT_MAX];
	int status, failure;

	if (s == NULL || (s->dir = strdup(dir)) == NULL) {
		free(s);
		return fault_set(error, EX_OSERR, "out of memory");
	}
	s->self = *self;
	s->dir_fd = s->lock_fd = -1;
	s->held = SWIM_TIME_NEVER;
	s->next_look = swim_time_add(now, swim_seconds(LOOK_S));
	if ((status = open_all(s, error)) != 0)
		goto error;
	s->bound = block_above(s->incarnation);
	failure =
	    durable_replace(s->dir_fd, FILE_NAME, TEMP_NAME, text, format_bound(s, s->bound, text));
	if (failure != 0 && is_disk_fault(-failure)) {
		/* Better a member that may have to refute an earlier life of its own than none. */
		s->bound = s->incarnation;
		trouble_of_disk(s, -failure, now);
	} else if (failure == -EISDIR) {
		status = fault_set(error, EX_CONFIG, "%s/%s: it is a directory; remove it", dir,
		    durable_at_fault(s->dir_fd, FILE_NAME, TEMP_NAME, EISDIR));
		goto error;
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
	writer_free(s->writer);
	close_all(s->dir_fd, s->lock_fd);
	free(s->dir);
	free(s);
}

uint64_t
state_incarnation(const struct state *s)
{
	return s->incarnation;
}

static void
written(void *ctx, int error)
{
	struct state *s = ctx;

	if (error == 0) {
		s->bound = s->writing;
		s->unsaved = s->troubled = false;
	} else {
		trouble_of_disk(s, -error, s->began);
	}
	s->done(s->ctx);
}

bool
state_start(struct state *s, struct event_base *base, void (*done)(void *ctx), void *ctx)
{
	s->done = done;
	s->ctx = ctx;
	s->writer = writer_new(base, FILE_NAME, TEMP_NAME, written, s);
	return s->writer != NULL;
}

/* A block above those that we have, or above what is wanted; in a new directory those that we have, if they suffice. */
static void
begin(struct state *s, uint64_t incarnation, swim_time now)
{
	char text[TEXT_MAX];
	int error;

	if (!s->unsaved || incarnation >= s->bound)
		s->writing = block_above(incarnation < s->bound ? s->bound : incarnation);
	else
		s->writing = s->bound;
	s->began = now;
	error = writer_start(s->writer, s->dir_fd, text, format_bound(s, s->writing, text));
	if (error != 0)
		trouble(s, strerror(-error), now);
}

/*
 * Is the open directory the one at the path, with our lock and our file in it?  The descriptors keep the entries of the path
 * in the kernel's memory, so that this waits for no local disk.
 */
static bool
is_in_place(const struct state *s)
{
	struct stat open_one, at_path, locked;

	if (fstat(s->dir_fd, &open_one) != 0)
		return false;
	if (stat(s->dir, &at_path) != 0)
		/* A parent that may not be searched any more does no harm to what is open. */
		return errno == EACCES && open_one.st_nlink > 0;
	return is_same_file(&open_one, &at_path) && fstat(s->lock_fd, &locked) == 0 &&
	       locked.st_nlink > 0 &&
	       (faccessat(s->dir_fd, FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
		   errno != ENOENT || s->unsaved || s->troubled);
}

/* Open what is at the path now, in place of what is open.  False: that cannot be, with `error` set. */
static bool
renew(struct state *s, char *error)
{
	const int dir_fd = s->dir_fd, lock_fd = s->lock_fd;
	const uint64_t first = s->incarnation;
	const bool foreign = s->foreign;
	struct stat open_one, at_path;
	uint64_t stored;
	int status;

	/* In the same directory the old lock would be in the way of the new one, where its file is still there. */
	if (stat(s->dir, &at_path) == 0 && fstat(dir_fd, &open_one) == 0 &&
	    is_same_file(&open_one, &at_path))
		flock(lock_fd, LOCK_UN);
	s->dir_fd = s->lock_fd = -1;
	s->incarnation = 0;
	s->foreign = false;
	s->warning[0] = s->aside[0] = '\0';
	status = open_all(s, error);
	stored = s->incarnation;
	s->incarnation = first;
	if (status != 0) {
		close_all(s->dir_fd, s->lock_fd);
		s->dir_fd = dir_fd;
		s->lock_fd = lock_fd;
		s->foreign = foreign;
		(void)!flock(lock_fd, LOCK_EX | LOCK_NB);
		return false;
	}
	close_all(dir_fd, lock_fd);
	if (stored > s->bound)
		s->bound = stored;
	return true;
}

/* True: the directory may be written to. */
static bool
look(struct state *s, swim_time now)
{
	char error[FAULT_MAX];

	s->next_look = swim_time_add(now, swim_seconds(LOOK_S));
	if (!s->lost && is_in_place(s))
		return true;
	s->lost = !renew(s, error);
	if (s->lost) {
		snprintf(s->trouble, sizeof(s->trouble), "%s", error);
		s->troubled = true;
		s->next_try = s->next_look;
		return false;
	}
	s->renewed = s->unsaved = true;
	s->next_try = now;
	return true;
}

void
state_look(struct state *s, uint64_t incarnation, swim_time now)
{
	if (!writer_busy(s->writer) && look(s, now) && s->unsaved)
		begin(s, incarnation, now);
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
	const bool reserved = incarnation < s->bound || s->bound == UINT64_MAX;
	const bool ahead = s->bound == UINT64_MAX || (reserved && s->bound - incarnation > AHEAD);
	bool due = !ahead && !swim_time_before(now, s->next_try);

	if (!writer_busy(s->writer) && (due || swim_time_reached(now, s->next_look))) {
		bool usable = look(s, now);

		due |= s->unsaved && !swim_time_before(now, s->next_try);
		if (usable && due)
			begin(s, incarnation, now);
	}
	if (reserved) {
		s->held = SWIM_TIME_NEVER;
		return true;
	}
	if (!writer_busy(s->writer)) {
		s->troubled = true;
	} else if (!s->troubled) {
		if (swim_time_is_never(s->held))
			s->held = now;
		if (swim_time_before(now, state_deadline(s)))
			return false;
		trouble(s, "the disk takes too long", now);
	}
	s->held = SWIM_TIME_NEVER;
	return true;
}

swim_time
state_deadline(const struct state *s)
{
	return swim_time_is_never(s->held) ? SWIM_TIME_NEVER
					   : swim_time_add(s->held, swim_ms(HOLD_MS));
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
	return s->lost;
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
	return s->troubled ? s->trouble : NULL;
}
