/* SPDX-License-Identifier: MIT */
#include "net/hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/loop.h"

/* What a lookup in a file of this text finds, as "address address". */
static const char *
found(const char *text, const char *host, size_t max)
{
	static char line[1024];
	char path[] = "/tmp/swimd-test-hosts-XXXXXX", one[SWIM_ADDR_TEXT];
	struct swim_addr addresses[16];
	int fd = mkstemp(path);
	size_t count;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	count = hosts_find(path, host, 1, addresses, max);
	unlink(path);
	ck_assert_uint_le(count, max);
	line[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(line, i > 0 ? " " : "");
		strcat(line, swim_addr_format(&addresses[i], one));
	}
	return line;
}

START_TEST(names_and_aliases_are_found)
{
	static const char text[] = "# a comment\n"
				   "\n"
				   "127.0.0.1\tlocalhost\n"
				   "10.0.0.1 db1.example.org db1 # not-me\n"
				   "  10.0.0.2   \t web.example.org\r\n"
				   "10.0.0.3 last";

	ck_assert_str_eq(found(text, "db1", 16), "10.0.0.1:1");
	ck_assert_str_eq(found(text, "db1.example.org", 16), "10.0.0.1:1");
	ck_assert_str_eq(found(text, "DB1.Example.ORG.", 16), "10.0.0.1:1");
	ck_assert_str_eq(found(text, "web.example.org", 16), "10.0.0.2:1");
	ck_assert_str_eq(found(text, "last", 16), "10.0.0.3:1");
	ck_assert_str_eq(found(text, "not-me", 16), "");
	ck_assert_str_eq(found(text, "db", 16), "");
	ck_assert_str_eq(found(text, "10.0.0.1", 16), "");
}
END_TEST

START_TEST(ipv4_comes_first_and_nothing_twice)
{
	static const char text[] =
	    "2001:db8::1 a\n10.0.0.1 a\n10.0.0.1 a\n2001:db8::2 a a\n10.0.0.2 a\n";

	ck_assert_str_eq(found(text, "a", 16),
	    "10.0.0.1:1 10.0.0.2:1 [2001:db8::1]:1 [2001:db8::2]:1");
	ck_assert_str_eq(found(text, "a", 3), "10.0.0.1:1 10.0.0.2:1 [2001:db8::1]:1");
	ck_assert_str_eq(found(text, "a", 1), "10.0.0.1:1");
}
END_TEST

START_TEST(bad_lines_are_passed_over)
{
	static const char text[] =
	    "10.0.0.300 a\n10.0.0.1\n\x01\x02 a\nfe80::1%9 a\nname a\n10.0.0.9 a\n";

	ck_assert_str_eq(found(text, "a", 16), "10.0.0.9:1 [fe80::1%9]:1");
}
END_TEST

START_TEST(localhost_is_always_known)
{
	struct swim_addr addresses[16];

	ck_assert_str_eq(found("", "localhost", 16), "127.0.0.1:1 [::1]:1");
	ck_assert_str_eq(found("127.0.0.5 localhost\n", "LOCALHOST", 16), "127.0.0.5:1");
	ck_assert_uint_eq(hosts_find("/nonexistent/hosts", "localhost", 1, addresses, 16), 2);
	ck_assert_uint_eq(hosts_find("/nonexistent/hosts", "other", 1, addresses, 16), 0);
}
END_TEST

START_TEST(what_is_no_file_is_not_waited_for)
{
	char path[] = "/tmp/swimd-test-hosts-XXXXXX";
	struct swim_addr addresses[16];

	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_uint_eq(hosts_find(path, "a", 1, addresses, 16), 0);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_uint_eq(hosts_find(path, "a", 1, addresses, 16), 0);
	unlink(path);
}
END_TEST

UNIT_MAIN("hosts", names_and_aliases_are_found, ipv4_comes_first_and_nothing_twice,
    bad_lines_are_passed_over, localhost_is_always_known, what_is_no_file_is_not_waited_for)
