/* SPDX-License-Identifier: MIT */
/* Tests the state directory: reserved incarnations on disk, damaged and foreign files, and a directory that is replaced. */
#include "daemon/state.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sysexits.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "daemon/fault.h"
#include "daemon/reserve.h"
#include "net/loop.h"
#include "support/loop.h"
#include "support/unit.h"

static const struct owner self = {.name = "n1", .cluster = "x"};
static char dir[64], fault[FAULT_MAX];
static struct event_base *base;
static unsigned written;

static void
done(void *ctx)
{
	ck_assert_ptr_eq(ctx, dir);
	written++;
}

static void
begin(void)
{
	strcpy(dir, "/tmp/swimd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	base = loop_new();
	ck_assert_ptr_nonnull(base);
	written = 0;
}

static const char *
in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
end(void)
{
	unlink(in_dir("incarnation"));
	unlink(in_dir("incarnation.aside"));
	unlink(in_dir("other"));
	unlink(in_dir("incarnation.new"));
	rmdir(in_dir("incarnation.new"));
	unlink(in_dir("lock"));
	loop_free(base);
	ck_assert_int_eq(rmdir(dir), 0);
}

static struct state *
opened(void)
{
	struct state *s = NULL;

	ck_assert_msg(state_open(dir, &self, (swim_time){0}, &s, fault) == 0, "%s", fault);
	ck_assert(state_start(s, base, done, dir));
	return s;
}

/* Asks for the incarnation, waits until a write has ended, and asks again. */
static bool
tried(struct state *s, uint64_t incarnation, swim_time now)
{
	unsigned before = written;

	state_reserve(s, incarnation, now);
	LOOP_UNTIL(base, written > before);
	return state_reserve(s, incarnation, now);
}

/* Asks for the incarnation and, if it must wait, asks again after the write. */
static void
reserve(struct state *s, uint64_t incarnation, swim_time now)
{
	unsigned before = written;

	if (!state_reserve(s, incarnation, now)) {
		LOOP_UNTIL(base, written > before);
		ck_assert(state_reserve(s, incarnation, now));
	}
}

static void
put(const char *text)
{
	FILE *out = fopen(in_dir("incarnation"), "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

static unsigned long long
stored(void)
{
	FILE *in = fopen(in_dir("incarnation"), "r");
	char text[64] = "";

	ck_assert_ptr_nonnull(in);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), in));
	fclose(in);
	return strtoull(text, NULL, 10);
}

START_TEST(a_start_begins_above_all_used_incarnations)
{
	struct state *s;
	uint64_t last;

	begin();
	s = opened();
	ck_assert_uint_eq(state_incarnation(s), 0);
	ck_assert_ptr_null(state_warning(s));
	ck_assert_ptr_null(state_trouble(s));
	last = state_incarnation(s) + 200;
	for (uint64_t i = 0; i <= last; i++) {
		reserve(s, i, (swim_time){0});
		ck_assert_uint_gt(stored(),
		    i); /* the bound is on disk before the incarnation is used */
	}
	state_free(s);
	s = opened();
	ck_assert_uint_gt(state_incarnation(s), last);
	ck_assert_uint_eq(stored(), state_incarnation(s) + RESERVE_BLOCK);
	state_free(s);
	end();
}
END_TEST

/* A base peer refuses an incarnation more than 16 above the known one. */
START_TEST(a_restart_takes_one_of_the_next_few_incarnations)
{
	uint64_t used = 0;
	struct state *s;

	begin();
	for (unsigned starts = 0; starts < 20; starts++) {
		s = opened();
		if (starts > 0) {
			ck_assert_uint_gt(state_incarnation(s), used);
			ck_assert_uint_le(state_incarnation(s), used + 2 * RESERVE_BLOCK);
		}
		for (used = state_incarnation(s); used < state_incarnation(s) + starts % 7; used++)
			reserve(s, used + 1, (swim_time){0});
		state_free(s);
	}
	ck_assert_uint_le(2 * RESERVE_BLOCK, 16);
	end();
}
END_TEST

START_TEST(a_block_is_written_while_half_of_the_last_is_left)
{
	struct stat before, after;
	struct state *s;

	begin();
	s = opened();
	ck_assert_int_eq(stat(in_dir("incarnation"), &before), 0);
	ck_assert(state_reserve(s, RESERVE_BLOCK / 2 - 1, (swim_time){0}));
	LOOP_ONCE(base);
	ck_assert_int_eq(stat(in_dir("incarnation"), &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	/* No datagram waits for this write. */
	ck_assert(state_reserve(s, RESERVE_BLOCK / 2, (swim_time){0}));
	ck_assert(state_reserve(s, RESERVE_BLOCK - 1, (swim_time){0}));
	ck_assert(swim_time_is_never(state_deadline(s)));
	LOOP_UNTIL(base, written == 1);
	ck_assert_uint_eq(stored(), 2 * RESERVE_BLOCK);
	ck_assert(state_reserve(s, RESERVE_BLOCK, (swim_time){0}));
	LOOP_ONCE(base);
	ck_assert_uint_eq(written, 1);
	state_free(s);
	end();
}
END_TEST

START_TEST(a_large_rise_waits_for_its_block)
{
	struct state *s;

	begin();
	s = opened();
	ck_assert(!state_reserve(s, 1000, (swim_time){0}));
	ck_assert(!state_reserve(s, 1001, (swim_time){1}));
	ck_assert_int_eq(state_deadline(s).ns, swim_ms(200).ns);
	LOOP_UNTIL(base, written == 1);
	ck_assert_uint_eq(stored(), 1000 + RESERVE_BLOCK);
	ck_assert(state_reserve(s, 1001, (swim_time){2}));
	ck_assert(swim_time_is_never(state_deadline(s)));
	ck_assert_ptr_null(state_trouble(s));
	state_free(s);
	end();
}
END_TEST

/* While the test does not run the loop, the write does not end: as with a slow disk. */
START_TEST(nothing_waits_long_for_a_slow_disk)
{
	swim_time now = {0};
	struct state *s;

	begin();
	s = opened();
	ck_assert(!state_reserve(s, RESERVE_BLOCK, now));
	now = swim_time_add(now, swim_ms(199));
	ck_assert(!state_reserve(s, RESERVE_BLOCK, now));
	ck_assert_ptr_null(state_trouble(s));
	now = swim_time_add(now, swim_ms(1));
	ck_assert(state_reserve(s, RESERVE_BLOCK, now));
	ck_assert_ptr_nonnull(strstr(state_trouble(s), "the disk takes too long"));
	ck_assert(state_reserve(s, RESERVE_BLOCK, now));
	ck_assert(swim_time_is_never(state_deadline(s)));
	LOOP_UNTIL(base, written == 1);
	ck_assert(state_reserve(s, RESERVE_BLOCK, now));
	ck_assert_ptr_null(state_trouble(s));
	/* A second large rise within 10 s does not hold datagrams back again. */
	ck_assert(state_reserve(s, 1000, now));
	ck_assert_ptr_nonnull(strstr(state_trouble(s), "the disk takes too long"));
	now = swim_time_add(now, swim_seconds(10));
	ck_assert(tried(s, 1000, now));
	ck_assert_ptr_null(state_trouble(s));
	ck_assert_uint_eq(stored(), 1000 + RESERVE_BLOCK);
	state_free(s);
	end();
}
END_TEST

START_TEST(the_highest_incarnation_does_not_wrap)
{
	struct state *s;

	begin();
	put("18446744073709551550\n");
	s = opened();
	ck_assert_ptr_null(state_warning(s));
	ck_assert_uint_eq(state_incarnation(s), UINT64_MAX - RESERVE_ROOM - 1);
	ck_assert_uint_eq(stored(), UINT64_MAX - RESERVE_ROOM - 1 + RESERVE_BLOCK);
	reserve(s, UINT64_MAX - 1, (swim_time){0});
	ck_assert_uint_eq(stored(), UINT64_MAX);
	reserve(s, UINT64_MAX, (swim_time){0});
	ck_assert_uint_eq(stored(), UINT64_MAX);
	ck_assert_ptr_null(state_trouble(s));
	state_free(s);
	end();
}
END_TEST

START_TEST(a_damaged_file_is_reported_and_ignored)
{
	static const char *const damaged[] = {"", "\n", "12", "12\n3\n", "12\nof n1 x",
	    "12\nof n1 x\n\n", "12\nof \n", "abc\n", "-1\n", "+1\n", " 1\n", "0x10\n",
	    "18446744073709551616\n", "99999999999999999999999999\n", "1 \n",
	    /* Above these bounds too few incarnations are left for refutations. */
	    "18446744073709551615\n", "18446744073709551600\n", "18446744073709551551\n"};
	struct state *s;

	begin();
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		put(damaged[i]);
		s = opened();
		ck_assert_msg(state_warning(s) != NULL, "'%s' was taken", damaged[i]);
		ck_assert_ptr_nonnull(strstr(state_warning(s), dir));
		ck_assert_uint_eq(state_incarnation(s), 0);
		ck_assert_uint_eq(stored(), RESERVE_BLOCK);
		state_free(s);
	}
	end();
}
END_TEST

/* A daemon that waited for a FIFO would not start, and would not say why. */
START_TEST(a_fifo_does_not_block_the_start)
{
	struct state *s = NULL;

	begin();
	ck_assert_int_eq(mkfifo(in_dir("incarnation"), 0600), 0);
	s = opened();
	ck_assert_ptr_nonnull(state_warning(s));
	ck_assert_uint_eq(state_incarnation(s), 0);
	state_free(s);
	ck_assert_uint_gt(stored(), 0);
	/* A FIFO in the place of the temporary file is removed. */
	ck_assert_int_eq(mkfifo(in_dir("incarnation.new"), 0600), 0);
	state_free(opened());
	end();
}
END_TEST

static void
put_other(const char *text)
{
	FILE *out = fopen(in_dir("other"), "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

static void
other_is(const char *expected)
{
	FILE *in = fopen(in_dir("other"), "r");
	char text[64] = "";

	ck_assert_ptr_nonnull(in);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), in));
	fclose(in);
	ck_assert_str_eq(text, expected);
}

static void
link_other(const char *name, bool hard)
{
	char from[128];

	strcpy(from, in_dir("other"));
	ck_assert_int_eq(hard ? link(from, in_dir(name)) : symlink(from, in_dir(name)), 0);
}

/* The target of a link may be any file of the system, so it is neither read nor written. */
START_TEST(no_link_is_followed)
{
	struct state *s = NULL;

	for (unsigned hard = 0; hard < 2; hard++) {
		begin();
		put_other("1000\n");
		/* The temporary file. */
		link_other("incarnation.new", hard);
		state_free(opened());
		other_is("1000\n");
		/* The lock. */
		unlink(in_dir("lock"));
		link_other("lock", hard);
		ck_assert_int_eq(state_open(dir, &self, (swim_time){0}, &s, fault), EX_CONFIG);
		ck_assert_msg(strstr(fault, "/lock: ") != NULL && strstr(fault, "link") != NULL &&
				  strstr(fault, "remove it") != NULL,
		    "%s", fault);
		other_is("1000\n");
		unlink(in_dir("lock"));
		/* The file itself. */
		unlink(in_dir("incarnation"));
		link_other("incarnation", hard);
		if (hard) {
			s = opened();
			ck_assert_uint_eq(state_incarnation(s), 0);
			ck_assert_msg(strstr(state_warning(s), "hard link") != NULL, "%s",
			    state_warning(s));
			state_free(s);
		} else {
			ck_assert_int_eq(state_open(dir, &self, (swim_time){0}, &s, fault),
			    EX_CONFIG);
			ck_assert_msg(strstr(fault, "symbolic link; remove it") != NULL, "%s",
			    fault);
		}
		other_is("1000\n");
		end();
	}
}
END_TEST

/* The machine got another name or moved to another cluster, or is a copy of another machine. */
START_TEST(a_file_of_another_member_is_set_aside)
{
	static const char *const foreign[] = {"1000\nof n1 y\n", "1000\nof n2 x\n",
	    "1000\nof n1\n"};
	const struct owner *whose;
	struct state *s;

	begin();
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		put(foreign[i]);
		s = opened();
		ck_assert(state_is_foreign(s));
		ck_assert_uint_eq(state_incarnation(s), 0);
		ck_assert_ptr_null(state_warning(s));
		ck_assert_ptr_nonnull(state_aside(s, &whose));
		ck_assert_str_eq(state_aside(s, &whose), in_dir("incarnation.aside"));
		ck_assert_str_eq(whose->name, i == 1 ? "n2" : "n1");
		ck_assert_int_eq(access(in_dir("incarnation.aside"), F_OK), 0);
		state_free(s);
		/* The file that was written instead belongs to this member. */
		s = opened();
		ck_assert_ptr_null(state_aside(s, &whose));
		ck_assert_uint_eq(state_incarnation(s), RESERVE_BLOCK);
		state_free(s);
	}
	end();
}
END_TEST

START_TEST(a_file_of_an_earlier_version_is_used)
{
	const struct owner *whose;
	struct state *s;

	begin();
	put("1000\n");
	s = opened();
	ck_assert_uint_eq(state_incarnation(s), 1000);
	ck_assert_ptr_null(state_aside(s, &whose));
	state_free(s);
	put("1000\nof n1 x\n");
	s = opened();
	ck_assert_uint_eq(state_incarnation(s), 1000);
	ck_assert_ptr_null(state_aside(s, &whose));
	state_free(s);
	end();
}
END_TEST

START_TEST(two_daemons_cannot_use_one_directory)
{
	struct state *s, *other = NULL;

	begin();
	s = opened();
	ck_assert_int_eq(state_open(dir, &self, (swim_time){0}, &other, fault), EX_UNAVAILABLE);
	ck_assert_ptr_null(other);
	ck_assert_msg(strstr(fault, dir) != NULL && strstr(fault, "another swimd") != NULL, "%s",
	    fault);
	state_free(s);
	state_free(opened());
	end();
}
END_TEST

START_TEST(a_path_that_is_not_a_directory_is_refused)
{
	struct state *s;

	begin();
	ck_assert_int_eq(state_open(in_dir("none"), &self, (swim_time){0}, &s, fault), EX_CONFIG);
	ck_assert_msg(strstr(fault, "/none") != NULL, "%s", fault);
	put("1\n");
	ck_assert_int_eq(state_open(in_dir("incarnation"), &self, (swim_time){0}, &s, fault),
	    EX_CONFIG);
	end();
}
END_TEST

START_TEST(an_error_names_a_directory_in_the_place_of_a_file)
{
	static const char *const names[] = {"lock", "incarnation.new", "incarnation"};
	struct state *s;
	char wanted[192];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		begin();
		ck_assert_int_eq(mkdir(in_dir(names[i]), 0700), 0);
		snprintf(wanted, sizeof(wanted), "%s: it is a directory; remove it",
		    in_dir(names[i]));
		ck_assert_int_eq(state_open(dir, &self, (swim_time){0}, &s, fault), EX_CONFIG);
		ck_assert_str_eq(fault, wanted);
		ck_assert_int_eq(rmdir(in_dir(names[i])), 0);
		end();
	}
}
END_TEST

START_TEST(an_error_names_a_directory_without_permission)
{
	struct state *s;

	if (geteuid() == 0) {
		begin();
		ck_assert_int_eq(chmod(dir, 0755), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	} else {
		begin();
		ck_assert_int_eq(chmod(dir, 0500), 0);
	}
	ck_assert_int_eq(state_open(dir, &self, (swim_time){0}, &s, fault), EX_NOPERM);
	ck_assert_msg(strstr(fault, dir) != NULL, "%s", fault);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	end();
}
END_TEST

/* A directory in the place of the temporary file makes every write fail, even for root. */
START_TEST(a_failed_write_is_trouble_and_is_tried_again)
{
	swim_time now = {0};
	struct state *s;

	begin();
	s = opened();
	ck_assert_int_eq(mkdir(in_dir("incarnation.new"), 0700), 0);
	ck_assert(tried(s, RESERVE_BLOCK, now));
	ck_assert_ptr_nonnull(state_trouble(s));
	ck_assert_ptr_nonnull(strstr(state_trouble(s), dir));
	ck_assert_uint_eq(stored(), RESERVE_BLOCK);
	ck_assert_int_eq(rmdir(in_dir("incarnation.new")), 0);
	now = swim_time_add(now, swim_seconds(9));
	ck_assert(state_reserve(s, RESERVE_BLOCK, now));
	ck_assert_ptr_nonnull(state_trouble(s));
	now = swim_time_add(now, swim_seconds(1));
	ck_assert(tried(s, RESERVE_BLOCK, now));
	ck_assert_ptr_null(state_trouble(s));
	ck_assert_uint_eq(stored(), 2 * RESERVE_BLOCK);
	state_free(s);
	end();
}
END_TEST

/* On a full file system, which the test mounts if it may. */
START_TEST(a_member_starts_with_a_full_disk_and_reports_it)
{
	static char junk[1 << 16];
	swim_time now = {0};
	struct state *s;
	int fd;

	begin();
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", dir, "tmpfs", 0, "size=16k,mode=700") != 0) {
		printf(
		    "# skip a_member_starts_with_a_full_disk_and_reports_it: no file system can be mounted here\n");
		end();
		return;
	}
	put("192\n");
	fd = open(in_dir("junk"), O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	while (write(fd, junk, sizeof(junk)) > 0)
		;
	close(fd);
	s = opened();
	ck_assert_uint_eq(state_incarnation(s), 192);
	ck_assert_ptr_nonnull(strstr(state_trouble(s), dir));
	ck_assert(state_reserve(s, 192, swim_time_add(now, swim_seconds(9))));
	ck_assert_ptr_nonnull(state_trouble(s));
	ck_assert(tried(s, 192, swim_time_add(now, swim_seconds(10))));
	ck_assert_ptr_nonnull(state_trouble(s));
	ck_assert_int_eq(unlink(in_dir("junk")), 0);
	ck_assert(tried(s, 192, swim_time_add(now, swim_seconds(20))));
	ck_assert_ptr_null(state_trouble(s));
	ck_assert_uint_eq(stored(), 192 + RESERVE_BLOCK);
	state_free(s);
	/* A read-only directory is still locked against a second daemon. */
	ck_assert_int_eq(mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, "size=16k,mode=700"), 0);
	s = opened();
	ck_assert_uint_eq(state_incarnation(s), 192 + RESERVE_BLOCK);
	ck_assert_ptr_nonnull(state_trouble(s));
	ck_assert_int_ne(state_open(dir, &self, now, &(struct state *){NULL}, fault), 0);
	state_free(s);
	ck_assert_int_eq(umount(dir), 0);
	end();
}
END_TEST

/* Renames the directory; returns its new path. */
static const char *
moved_away(void)
{
	static char away[80];

	snprintf(away, sizeof(away), "%s.old", dir);
	ck_assert_int_eq(rename(dir, away), 0);
	return away;
}

static void
discard(const char *path)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/lock", path);
	unlink(file);
	snprintf(file, sizeof(file), "%s/incarnation", path);
	unlink(file);
	ck_assert_int_eq(rmdir(path), 0);
}

START_TEST(a_replaced_directory_is_opened_again)
{
	swim_time now = {swim_seconds(100).ns};
	struct state *s, *other;
	const char *away;
	unsigned before;

	begin();
	s = opened();
	ck_assert(tried(s, 2 * RESERVE_BLOCK, now));
	away = moved_away();
	now = swim_time_add(now, swim_seconds(20));
	ck_assert(state_reserve(s, 2 * RESERVE_BLOCK, now));
	ck_assert(state_is_lost(s));
	ck_assert_ptr_nonnull(strstr(state_trouble(s), dir));
	ck_assert(!state_take_renewed(s));
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	before = written;
	state_look(s, 2 * RESERVE_BLOCK, now);
	LOOP_UNTIL(base, written > before);
	ck_assert(!state_is_lost(s));
	ck_assert_ptr_null(state_trouble(s));
	ck_assert(state_take_renewed(s));
	ck_assert(!state_take_renewed(s));
	/* The new directory has the lock and the bound. */
	ck_assert_int_ne(state_open(dir, &self, now, &other, fault), 0);
	state_free(s);
	s = opened();
	ck_assert_uint_gt(state_incarnation(s), 2 * RESERVE_BLOCK);
	state_free(s);
	discard(away);
	end();
}
END_TEST

START_TEST(an_emptied_directory_gets_its_files_again)
{
	swim_time now = {swim_seconds(100).ns};
	struct state *s, *other;
	uint64_t bound;

	begin();
	s = opened();
	ck_assert(tried(s, 2 * RESERVE_BLOCK, now));
	unlink(in_dir("incarnation"));
	unlink(in_dir("lock"));
	now = swim_time_add(now, swim_seconds(20));
	ck_assert(tried(s, 2 * RESERVE_BLOCK, now));
	ck_assert_ptr_null(state_trouble(s));
	ck_assert(state_take_renewed(s));
	ck_assert_int_ne(state_open(dir, &self, now, &other, fault), 0);
	state_free(s);
	s = opened();
	bound = state_incarnation(s);
	ck_assert_uint_gt(bound, 2 * RESERVE_BLOCK);
	/* A base peer refuses a larger rise. */
	ck_assert_uint_le(bound, 2 * RESERVE_BLOCK + 16);
	state_free(s);
	end();
}
END_TEST

START_TEST(a_directory_that_another_daemon_uses_now_is_left_alone)
{
	const struct owner second = {.name = "n2", .cluster = "x"};
	swim_time now = {swim_seconds(100).ns};
	struct state *s, *other;
	const char *away;
	unsigned before;

	begin();
	s = opened();
	away = moved_away();
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(state_open(dir, &second, now, &other, fault), 0);
	now = swim_time_add(now, swim_seconds(20));
	ck_assert(state_reserve(s, 3, now));
	ck_assert_ptr_nonnull(strstr(state_trouble(s), "in use by another swimd"));
	ck_assert(state_is_lost(s));
	/* The other daemon ends; the file that it leaves is foreign. */
	state_free(other);
	before = written;
	state_look(s, 3, now);
	LOOP_UNTIL(base, written > before);
	ck_assert_ptr_null(state_trouble(s));
	ck_assert(state_is_foreign(s));
	state_free(s);
	discard(away);
	end();
}
END_TEST

UNIT_MAIN("state", no_link_is_followed, a_file_of_another_member_is_set_aside,
    a_file_of_an_earlier_version_is_used, a_member_starts_with_a_full_disk_and_reports_it,
    a_start_begins_above_all_used_incarnations, a_restart_takes_one_of_the_next_few_incarnations,
    a_block_is_written_while_half_of_the_last_is_left, a_large_rise_waits_for_its_block,
    nothing_waits_long_for_a_slow_disk, the_highest_incarnation_does_not_wrap,
    a_damaged_file_is_reported_and_ignored, a_fifo_does_not_block_the_start,
    two_daemons_cannot_use_one_directory, a_path_that_is_not_a_directory_is_refused,
    an_error_names_a_directory_without_permission, a_failed_write_is_trouble_and_is_tried_again,
    an_error_names_a_directory_in_the_place_of_a_file, a_replaced_directory_is_opened_again,
    an_emptied_directory_gets_its_files_again,
    a_directory_that_another_daemon_uses_now_is_left_alone)
