/* SPDX-License-Identifier: MIT */
/* Tests the entries for the journal of systemd, and the socket that takes them. */
#include "base/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/unit.h"

static char directory[64], path[80];

/* Makes a socket that takes the place of the journal; the test reads from it. */
static int
open_journal(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	strcpy(directory, "/tmp/swimd-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/s", directory);
	strcpy(sun.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static void
close_journal(int journal)
{
	close(journal);
	unlink(path);
	rmdir(directory);
}

START_TEST(an_entry_has_its_fields_in_the_format_of_the_journal)
{
	static const char expected[] = "MESSAGE\n\5\0\0\0\0\0\0\0hello\n"
				       "SWIMD_AT_MOST_9\n\3\0\0\0\0\0\0\0a\nb\n"
				       "SWIMD_NONE\n\0\0\0\0\0\0\0\0\n";
	struct journal_entry e;
	char got[JOURNAL_ENTRY_MAX];
	int journal = open_journal(), fd = -1;

	journal_begin(&e);
	journal_put(&e, "MESSAGE", "", "hello", 5);
	journal_put(&e, "SWIMD_", "at-most_9", "a\nb", 3);
	journal_put(&e, "SWIMD_", "none", NULL, 0);
	ck_assert(journal_send(&e, path, &fd));
	ck_assert_int_eq(recv(journal, got, sizeof(got), 0), sizeof(expected) - 1);
	ck_assert_mem_eq(got, expected, sizeof(expected) - 1);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	close(fd);
	close_journal(journal);
}
END_TEST

START_TEST(a_field_that_does_not_fit_is_left_out)
{
	static char long_one[JOURNAL_ENTRY_MAX];
	struct journal_entry e;
	/* The name, its newline, eight bytes of length and a newline come besides the value. */
	const size_t most = sizeof(long_one) - 1 - 1 - 8 - 1;

	journal_begin(&e);
	journal_put(&e, "", "A", long_one, most + 1);
	journal_put(&e, "", "A", long_one, SIZE_MAX);
	ck_assert_uint_eq(e.len, 0);
	journal_put(&e, "", "A", long_one, most);
	ck_assert_uint_eq(e.len, JOURNAL_ENTRY_MAX);
	journal_put(&e, "", "B", "", 0);
	ck_assert_uint_eq(e.len, JOURNAL_ENTRY_MAX);
}
END_TEST

/* If a send blocked, the test would run into its time limit. */
START_TEST(a_stalled_journal_does_not_block)
{
	struct journal_entry e;
	char got[JOURNAL_ENTRY_MAX];
	int journal = open_journal(), fd = -1, sent = 0;

	journal_begin(&e);
	journal_put(&e, "MESSAGE", "", "hello", 5);
	while (journal_send(&e, path, &fd))
		sent++;
	ck_assert_int_gt(sent, 0);
	ck_assert(!journal_send(&e, path, &fd));
	ck_assert_int_gt(recv(journal, got, sizeof(got), 0), 0);
	ck_assert(journal_send(&e, path, &fd));
	close(fd);
	close_journal(journal);
}
END_TEST

START_TEST(a_restarted_journal_gets_entries_again)
{
	struct journal_entry e;
	char got[JOURNAL_ENTRY_MAX], long_path[200];
	int journal = open_journal(), fd = -1;

	journal_begin(&e);
	journal_put(&e, "MESSAGE", "", "hello", 5);
	ck_assert(journal_send(&e, path, &fd));
	close_journal(journal);
	ck_assert(!journal_send(&e, path, &fd));
	journal = open_journal();
	ck_assert(journal_send(&e, path, &fd));
	ck_assert_int_gt(recv(journal, got, sizeof(got), 0), 0);
	memset(long_path, 'x', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	ck_assert(!journal_send(&e, long_path, &fd));
	close(fd);
	close_journal(journal);
}
END_TEST

UNIT_MAIN("journal", an_entry_has_its_fields_in_the_format_of_the_journal,
    a_field_that_does_not_fit_is_left_out, a_stalled_journal_does_not_block,
    a_restarted_journal_gets_entries_again)
