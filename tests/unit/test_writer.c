/* SPDX-License-Identifier: MIT */
/* Tests the child process that writes a file durably. */
#include "daemon/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "net/loop.h"
#include "support/loop.h"
#include "support/unit.h"

static char dir[64];
static int dir_fd, result;
static unsigned results;
static struct event_base *base;
static struct writer *writer;

static void
done(void *ctx, int error)
{
	ck_assert_ptr_eq(ctx, &results);
	result = error;
	results++;
}

static void
begin(void)
{
	strcpy(dir, "/tmp/swimd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	base = loop_new();
	results = 0;
	writer = writer_new(base, "file", "file.new", done, &results);
	ck_assert_ptr_nonnull(writer);
}

static void
end(void)
{
	writer_free(writer);
	loop_free(base);
	unlinkat(dir_fd, "file", 0);
	unlinkat(dir_fd, "file.new", 0);
	unlinkat(dir_fd, "file.new", AT_REMOVEDIR);
	unlinkat(dir_fd, "lock", 0);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* The file has this content and nothing else. */
static void
holds(const char *content)
{
	int fd = openat(dir_fd, "file", O_RDONLY);
	char text[256] = "";

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, content);
	close(fd);
}

START_TEST(a_write_replaces_the_file)
{
	begin();
	ck_assert(!writer_busy(writer));
	ck_assert_int_eq(writer_start(writer, dir_fd, "a longer one", 12), 0);
	ck_assert(writer_busy(writer));
	ck_assert_int_eq(writer_start(writer, dir_fd, "x", 1), -EBUSY);
	LOOP_UNTIL(base, results == 1);
	ck_assert_int_eq(result, 0);
	ck_assert(!writer_busy(writer));
	holds("a longer one");
	ck_assert_int_eq(faccessat(dir_fd, "file.new", F_OK, 0), -1);
	ck_assert_int_eq(writer_start(writer, dir_fd, "short", 5), 0);
	ck_assert(writer_wait(writer, swim_seconds(60)));
	ck_assert_uint_eq(results, 2);
	holds("short");
	ck_assert(writer_wait(writer, swim_seconds(60)));
	ck_assert_uint_eq(results, 2);
	end();
}
END_TEST

START_TEST(a_failed_write_is_reported_and_keeps_the_old_file)
{
	begin();
	ck_assert_int_eq(writer_start(writer, dir_fd, "old", 3), 0);
	LOOP_UNTIL(base, results == 1);
	ck_assert_int_eq(mkdirat(dir_fd, "file.new", 0700), 0);
	ck_assert_int_eq(writer_start(writer, dir_fd, "new", 3), 0);
	LOOP_UNTIL(base, results == 2);
	ck_assert_int_eq(result, -EISDIR);
	holds("old");
	end();
}
END_TEST

/* The child process of this process, as /proc lists it. */
static pid_t
only_child(void)
{
	char path[64], text[64];
	FILE *file;
	long pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	pid = strtol(text, NULL, 10);
	ck_assert_int_gt(pid, 0);
	return (pid_t)pid;
}

START_TEST(a_killed_child_counts_as_a_failed_write)
{
	static char large[8 << 20];

	begin();
	ck_assert_int_eq(writer_start(writer, dir_fd, large, sizeof(large)), 0);
	kill(only_child(), SIGKILL);
	LOOP_UNTIL(base, results == 1);
	/* The child may have finished before the signal. */
	ck_assert(result == -EIO || result == 0);
	ck_assert(!writer_busy(writer));
	ck_assert_int_eq(writer_start(writer, dir_fd, "next", 4), 0);
	LOOP_UNTIL(base, results == 2);
	ck_assert_int_eq(result, 0);
	holds("next");
	/* The writer is freed during a write. */
	ck_assert_int_eq(writer_start(writer, dir_fd, large, sizeof(large)), 0);
	end();
}
END_TEST

START_TEST(a_child_keeps_no_lock_of_its_parent)
{
	int locked, again;

	begin();
	locked = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(flock(locked, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(writer_start(writer, dir_fd, "x", 1), 0);
	LOOP_UNTIL(base, results == 1);
	close(locked);
	again = openat(dir_fd, "lock", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(again, LOCK_EX | LOCK_NB), 0);
	close(again);
	end();
}
END_TEST

UNIT_MAIN("writer", a_write_replaces_the_file, a_failed_write_is_reported_and_keeps_the_old_file,
    a_killed_child_counts_as_a_failed_write, a_child_keeps_no_lock_of_its_parent)
