/* SPDX-License-Identifier: MIT */
#include "net/zone.h"

#include <net/if.h>

#include "support/loop.h"

#define NO_INTERFACE 2147483000U

START_TEST(a_zone_is_written_as_the_name_of_its_interface)
{
	uint32_t lo = if_nametoindex("lo");
	struct swim_addr addr = loop_addr("fe80::1", 7946);
	char buf[ZONE_TEXT];

	ck_assert_str_eq(zone_put("[fe80::1]:7946", lo, buf), "[fe80::1%lo]:7946");
	ck_assert_uint_eq(zone_of(buf), lo);
	addr.scope = lo;
	ck_assert_str_eq(zone_format(&addr, buf), "[fe80::1%lo]:7946");
	ck_assert_str_eq(zone_put("[fe80::1]:7946", NO_INTERFACE, buf),
	    "[fe80::1%2147483000]:7946");
	ck_assert_uint_eq(zone_of(buf), NO_INTERFACE);
}
END_TEST

START_TEST(a_text_without_a_zone_stays_as_it_is)
{
	static const char *const texts[] = {"[fe80::1]:7946", "10.0.0.1:7946", "db1.example:7946",
	    "[2001:db8::1]:1", ""};
	char buf[ZONE_TEXT];

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_str_eq(zone_put(texts[i], 0, buf), texts[i]);
		ck_assert_uint_eq(zone_of(texts[i]), 0);
	}
	/* A zone is not put twice, and not into a host name. */
	ck_assert_str_eq(zone_put("[fe80::1%x]:1", 1, buf), "[fe80::1%x]:1");
	ck_assert_str_eq(zone_put("db1.example:7946", 1, buf), "db1.example:7946");
	ck_assert_uint_eq(zone_of("[fe80::1%no-such-if]:1"), 0);
	ck_assert_uint_eq(zone_of("[fe80::1%a-name-that-no-interface-can-have]:1"), 0);
	ck_assert_uint_eq(zone_of("]%["), 0);
	ck_assert_uint_eq(zone_of("[fe80::1%]:1"), 0);
}
END_TEST

UNIT_MAIN("zone", a_zone_is_written_as_the_name_of_its_interface,
    a_text_without_a_zone_stays_as_it_is)
