/* SPDX-License-Identifier: MIT */
/* The file that counts how often in a row this member lost its name, and the pause before the next start. */
#include "daemon/lost_name.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

#define NOW 1764000000

static char dir[64];
static int dir_fd;

static void
begin(void)
{
	strcpy(dir, "/tmp/swimd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(dir_fd, 0);
}

static void
end(void)
{
	unlinkat(dir_fd, "name-lost", 0);
	unlinkat(dir_fd, "other", 0);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
put(const char *text)
{
	int fd = openat(dir_fd, "name-lost", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(losses_in_a_row_are_counted)
{
	begin();
	ck_assert(!lost_name_recently(dir_fd, NOW));
	ck_assert_uint_eq(lost_name_count(dir_fd, NOW), 1);
	ck_assert(lost_name_recently(dir_fd, NOW + 1));
	ck_assert(!lost_name_recently(dir_fd, NOW + 1 + LOST_NAME_MEMORY_S));
	ck_assert_uint_eq(lost_name_count(dir_fd, NOW + 1), 2);
	ck_assert_uint_eq(lost_name_count(dir_fd, NOW + 1 + LOST_NAME_MEMORY_S), 3);
	/* The clock was set back by a little. */
	ck_assert_uint_eq(lost_name_count(dir_fd, NOW + 300), 4);
	/* The last loss is too long ago. */
	ck_assert_uint_eq(lost_name_count(dir_fd, NOW + 301 + LOST_NAME_MEMORY_S), 1);
	/* The last loss is in the future: the clock was set back by too much. */
	ck_assert_uint_eq(lost_name_count(dir_fd, NOW - LOST_NAME_MEMORY_S), 1);
	end();
}
END_TEST

START_TEST(a_damaged_file_or_a_link_does_not_count)
{
	static const char *const bad[] = {"", "x", "3", "3 x", "-3 1764000000",
	    "4000000000 1764000000"};

	begin();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(bad[i]);
		ck_assert_msg(lost_name_count(dir_fd, NOW) == 1, "'%s' was taken", bad[i]);
	}
	for (unsigned hard = 0; hard < 2; hard++) {
		put("7 1764000000\n");
		ck_assert_int_eq(renameat(dir_fd, "name-lost", dir_fd, "other"), 0);
		ck_assert_int_eq(hard ? linkat(dir_fd, "other", dir_fd, "name-lost", 0)
				      : symlinkat("other", dir_fd, "name-lost"),
		    0);
		ck_assert_uint_eq(lost_name_count(dir_fd, NOW), 1);
		unlinkat(dir_fd, "name-lost", 0);
	}
	end();
}
END_TEST

START_TEST(the_pause_grows_up_to_a_bound)
{
	swim_duration last = swim_ns(0);

	ck_assert_int_eq(lost_name_pause(1, 0.99).ns, 0);
	for (unsigned count = 2; count < 100; count++) {
		swim_duration least = lost_name_pause(count, 0),
			      most = lost_name_pause(count, 0.999);

		ck_assert_int_ge(least.ns, last.ns);
		ck_assert_int_gt(most.ns, least.ns);
		ck_assert_int_le(most.ns, swim_seconds(75).ns);
		last = least;
	}
	ck_assert_int_eq(lost_name_pause(2, 0.5).ns, swim_seconds(2).ns);
	ck_assert_int_eq(lost_name_pause(3, 0.5).ns, swim_seconds(4).ns);
	ck_assert_int_eq(lost_name_pause(50, 0.5).ns, swim_seconds(60).ns);
}
END_TEST

UNIT_MAIN("lost_name", losses_in_a_row_are_counted, a_damaged_file_or_a_link_does_not_count,
    the_pause_grows_up_to_a_bound)
