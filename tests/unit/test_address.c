/* SPDX-License-Identifier: MIT */
/* Tests the resolution of the configured addresses and the error texts of bind(). */
#include "daemon/address.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/fault.h"
#include "support/unit.h"

static char fault[FAULT_MAX];

static void
is(const char *hostport, const char *expected)
{
	char text[SWIM_ADDR_TEXT];
	struct swim_addr a;

	ck_assert_int_eq(address_resolve("bind", hostport, 7946, true, &a, fault), 0);
	ck_assert_str_eq(swim_addr_format(&a, text), expected);
}

static void
refused(const char *hostport, bool wildcard, int status, const char *word)
{
	struct swim_addr a;

	ck_assert_int_eq(address_resolve("key", hostport, 7946, wildcard, &a, fault), status);
	ck_assert_msg(strncmp(fault, "key: ", 5) == 0, "%s", fault);
	ck_assert_msg(strstr(fault, word) != NULL, "%s: %s", hostport, fault);
}

START_TEST(addresses_and_names_are_resolved)
{
	is("10.0.0.1", "10.0.0.1:7946");
	is("[2001:db8::1]:0", "[2001:db8::1]:0");
	is("0.0.0.0:1", "0.0.0.0:1");
	/* For the C library this text is a number, for swimd a host name. */
	is("0x7f000001:80", "127.0.0.1:80");
}
END_TEST

/* The index of the loopback interface is always 1. */
START_TEST(a_zone_may_be_the_name_of_an_interface)
{
	is("[fe80::1%lo]:7946", "[fe80::1%1]:7946");
	is("[fe80::1%1]:7946", "[fe80::1%1]:7946");
	refused("[fe80::1%nosuch0]:7946", true, EX_UNAVAILABLE, "fe80::1%nosuch0");
}
END_TEST

/* For swimd these hexadecimal texts are host names: of 224.0.0.1, 255.255.255.255 and 0.0.0.0. */
START_TEST(a_host_name_of_a_multicast_or_wildcard_address_is_refused)
{
	refused("0xe0000001", true, EX_CONFIG, "multicast");
	refused("0xffffffff", true, EX_CONFIG, "broadcast");
	refused("0x0", false, EX_CONFIG, "wildcard");
	refused("224.0.0.1", true, EX_CONFIG, "multicast");
	is("0x0", "0.0.0.0:7946");
}
END_TEST

START_TEST(a_bind_error_names_the_address)
{
	ck_assert_int_eq(address_bind_fault("[fe80::1]:7946", "", EINVAL, fault), EX_UNAVAILABLE);
	ck_assert_msg(strstr(fault, "[fe80::1]:7946") && strstr(fault, "interface"), "%s", fault);
	ck_assert_int_eq(address_bind_fault("10.0.0.1:80", "eth9", EPERM, fault), EX_NOPERM);
	ck_assert_msg(strstr(fault, "10.0.0.1:80") && strstr(fault, "eth9"), "%s", fault);
	ck_assert_int_eq(address_bind_fault("10.0.0.1:80", "", EADDRINUSE, fault), EX_UNAVAILABLE);
	ck_assert_msg(strstr(fault, "in use"), "%s", fault);
	ck_assert_int_eq(address_bind_fault("10.0.0.1:80", "", EACCES, fault), EX_NOPERM);
	ck_assert_msg(strstr(fault, "10.0.0.1:80") && strstr(fault, "CAP_NET_BIND_SERVICE"), "%s",
	    fault);
}
END_TEST

UNIT_MAIN("address", addresses_and_names_are_resolved, a_zone_may_be_the_name_of_an_interface,
    a_host_name_of_a_multicast_or_wildcard_address_is_refused, a_bind_error_names_the_address)
