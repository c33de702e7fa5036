/* SPDX-License-Identifier: MIT */
#include "net/nameserver.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/unit.h"

static struct nameservers list;

static void
read_text(const char *text)
{
	char path[] = "/tmp/swimd-test-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(dprintf(fd, "%s", text), 0);
	close(fd);
	nameservers_read(path, &list);
	unlink(path);
}

START_TEST(c_ares_reads_a_file_without_interfaces)
{
	read_text("search a.test\nnameserver 10.0.0.1\nnameserver fe80::1\n");
	ck_assert_uint_eq(list.count, 0);
	nameservers_read("/nonexistent/resolv.conf", &list);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(a_file_with_an_interface_is_read_whole)
{
	read_text("# nameserver fe80::7%lo\nnameserver 10.0.0.1\n"
		  "nameserver\tfe80::9%lo  # the router\nnameserver fe80::a%4\n"
		  "nameserver fe80::b%lo\n");
	ck_assert_uint_eq(list.count, 3);
	ck_assert_uint_eq(list.all[0].family, 4);
	ck_assert_uint_eq(list.all[0].scope, 0);
	ck_assert_uint_eq(list.all[1].ip[15], 9);
	ck_assert_uint_eq(list.all[1].scope, if_nametoindex("lo"));
	ck_assert_uint_eq(list.all[2].ip[15], 10);
	ck_assert_uint_eq(list.all[2].scope, 4);
}
END_TEST

START_TEST(nameservers_that_cannot_be_asked_are_left_out)
{
	read_text("nameserver fe80::9%no-such\nnameserver nonsense%lo\nnameserver\n"
		  "nameserver fe80::9%4x\nnameserver 10.0.0.1\n");
	ck_assert_uint_eq(list.count, 1);
	ck_assert_uint_eq(list.all[0].family, 4);
}
END_TEST

UNIT_MAIN("nameserver", c_ares_reads_a_file_without_interfaces,
    a_file_with_an_interface_is_read_whole, nameservers_that_cannot_be_asked_are_left_out)
