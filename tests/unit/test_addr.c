/* SPDX-License-Identifier: MIT */
#include "base/addr.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

static void
splits(const char *text, int default_port, const char *host, unsigned port)
{
	char got[SWIM_HOSTPORT_MAX + 1];
	uint16_t got_port = 0;
	enum swim_addr_error error =
	    swim_hostport_split(text, strlen(text), default_port, false, got, &got_port);

	ck_assert_msg(error == SWIM_ADDR_OK, "'%s': %s", text, swim_addr_error_text(error));
	ck_assert_str_eq(got, host);
	ck_assert_uint_eq(got_port, port);
}

static void
refuses(const char *text, int default_port, enum swim_addr_error expected)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port;
	enum swim_addr_error error =
	    swim_hostport_split(text, strlen(text), default_port, false, host, &port);

	ck_assert_msg(error == expected, "'%s': '%s' and not '%s'", text,
	    swim_addr_error_text(error), swim_addr_error_text(expected));
}

START_TEST(host_and_port_are_split)
{
	splits("10.0.0.1:80", -1, "10.0.0.1", 80);
	splits("db1.example.org:1", -1, "db1.example.org", 1);
	splits("db1.example.org.:65535", -1, "db1.example.org.", 65535);
	splits("my_host-2:7946", -1, "my_host-2", 7946);
	splits("[::1]:7946", -1, "::1", 7946);
	splits("[fe80::1%3]:7946", -1, "fe80::1%3", 7946);
	splits("[fe80::1%eth0.12]:7946", -1, "fe80::1%eth0.12", 7946);
}
END_TEST

START_TEST(a_default_port_fills_in)
{
	splits("10.0.0.1", 7946, "10.0.0.1", 7946);
	splits("localhost", 7946, "localhost", 7946);
	splits("[2001:db8::1]", 7946, "2001:db8::1", 7946);
	splits("2001:db8::1", 7946, "2001:db8::1", 7946);
	splits("::", 7946, "::", 7946);
	refuses("localhost", -1, SWIM_ADDR_NO_PORT);
	refuses("[::1]", -1, SWIM_ADDR_NO_PORT);
}
END_TEST

START_TEST(bad_ports_are_refused)
{
	static const char *const bad[] = {"h:", "h:0", "h:65536", "h:99999", "h:100000", "h:080",
	    "h:00080", "h:+80", "h:-1", "h: 80", "h:80 ", "h:8O", "h:0x50", "[::1]:", "[::1]:x",
	    "[::1]:65536"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(bad[i], 7946, SWIM_ADDR_BAD_PORT);
}
END_TEST

START_TEST(port_0_is_accepted_only_where_allowed)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port = 9;

	ck_assert_int_eq(swim_hostport_split("[::]:0", 6, -1, true, host, &port), SWIM_ADDR_OK);
	ck_assert_uint_eq(port, 0);
	ck_assert_int_eq(swim_hostport_split("h:00", 4, -1, true, host, &port), SWIM_ADDR_BAD_PORT);
}
END_TEST

START_TEST(a_text_that_is_no_host_is_refused)
{
	refuses("", 7946, SWIM_ADDR_EMPTY);
	refuses(":80", 7946, SWIM_ADDR_EMPTY);
	refuses("[]:80", 7946, SWIM_ADDR_EMPTY);
	refuses("[::1", 7946, SWIM_ADDR_BAD_BRACKETS);
	refuses("::1]:80", 7946, SWIM_ADDR_BAD_BRACKETS);
	refuses("[::1]80", 7946, SWIM_ADDR_BAD_BRACKETS);
	refuses("a[1]:80", 7946, SWIM_ADDR_BAD_BRACKETS);
	refuses("::1", -1, SWIM_ADDR_BARE_IPV6);
	refuses("fe80::1::7946", 7946, SWIM_ADDR_BARE_IPV6);
	refuses("a:b:c", 7946, SWIM_ADDR_BARE_IPV6);
	refuses("fe80::1%eth0:7946", -1, SWIM_ADDR_BARE_IPV6);
	refuses("http://db1:7946", 7946, SWIM_ADDR_BAD_HOST);
	refuses("http://10.0.0.1", 7946, SWIM_ADDR_BAD_HOST);
	refuses("node1:7946:7947", -1, SWIM_ADDR_BAD_HOST);
	refuses("[10.0.0.1]:80", 7946, SWIM_ADDR_BAD_HOST);
	refuses("[host]:80", 7946, SWIM_ADDR_BAD_HOST);
	refuses("[::1%]:80", 7946, SWIM_ADDR_BAD_HOST);
	refuses("[fe80::1%a b]:80", 7946, SWIM_ADDR_BAD_HOST);
	refuses("a b:80", 7946, SWIM_ADDR_BAD_HOST);
	refuses("a/b", 7946, SWIM_ADDR_BAD_HOST);
	refuses("h\xc3\xa9", 7946, SWIM_ADDR_BAD_HOST);
	refuses("-host:80", 7946, SWIM_ADDR_BAD_HOST);
	refuses(".:80", 7946, SWIM_ADDR_BAD_HOST);
	refuses("a..b:80", 7946, SWIM_ADDR_BAD_HOST);
	refuses(".a:80", 7946, SWIM_ADDR_BAD_HOST);
}
END_TEST

START_TEST(a_mistyped_ipv4_address_is_no_host_name)
{
	static const char *const bad[] = {"256.0.0.1", "10.0.0", "10.0.0.1.2", "010.0.0.1", "7946",
	    "10.0.0.1.", "a.b.1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(bad[i], 7946, SWIM_ADDR_BAD_HOST);
	splits("1a.example:80", -1, "1a.example", 80);
	splits("10-0-0-1:80", -1, "10-0-0-1", 80);
}
END_TEST

START_TEST(lengths_are_bounded)
{
	char label[65], name[300], text[320];
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port;
	int len;

	memset(label, 'a', 64);
	label[64] = '\0';
	refuses(label, 7946, SWIM_ADDR_BAD_HOST);
	label[63] = '\0';
	splits(label, 7946, label, 7946);
	/* The name has 4 * 63 + 3 = 255 characters; a DNS name has at most 253. */
	snprintf(name, sizeof(name), "%s.%s.%s.%s", label, label, label, label);
	refuses(name, 7946, SWIM_ADDR_TOO_LONG);
	name[253] = '\0';
	splits(name, 7946, name, 7946);
	len = snprintf(text, sizeof(text), "%s.:65535", name);
	ck_assert_int_le(len, SWIM_HOSTPORT_MAX);
	ck_assert_int_eq(swim_hostport_split(text, (size_t)len, -1, false, host, &port),
	    SWIM_ADDR_OK);
	memset(text, 'a', sizeof(text));
	ck_assert_int_eq(swim_hostport_split(text, sizeof(text), 1, false, host, &port),
	    SWIM_ADDR_TOO_LONG);
}
END_TEST

START_TEST(a_nul_byte_is_no_part_of_a_host)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr a;
	uint16_t port;

	ck_assert_int_eq(swim_hostport_split("a\0b:80", 6, -1, false, host, &port),
	    SWIM_ADDR_BAD_HOST);
	ck_assert(!swim_addr_parse("10.0.0.1\0:80", 12, &a));
	ck_assert(!swim_addr_parse("10.0.0.1:80\0", 12, &a));
}
END_TEST

/* Check that the text parses, and is formatted as `canonical`. */
static void
prints(const char *text, const char *canonical)
{
	char buf[SWIM_ADDR_TEXT];
	struct swim_addr a, again;

	ck_assert_msg(swim_addr_parse(text, strlen(text), &a), "'%s' does not parse", text);
	ck_assert_str_eq(swim_addr_format(&a, buf), canonical);
	ck_assert(swim_addr_parse(buf, strlen(buf), &again));
	ck_assert_mem_eq(&a, &again, sizeof(a));
}

START_TEST(numeric_addresses_print_canonically)
{
	prints("10.0.0.1:80", "10.0.0.1:80");
	prints("255.255.255.255:65535", "255.255.255.255:65535");
	prints("[::1]:7946", "[::1]:7946");
	prints("[2001:DB8:0:0:0:0:0:1]:1", "[2001:db8::1]:1");
	prints("[2001:db8:0:1:0:0:0:1]:1", "[2001:db8:0:1::1]:1");
	prints("[2001:db8:0:1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1");
	prints("[fe80::1%3]:7946", "[fe80::1%3]:7946");
	prints("[ff02::1%4294967295]:1", "[ff02::1%4294967295]:1");
	prints("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}
END_TEST

START_TEST(a_mapped_address_becomes_an_ipv4_address)
{
	prints("[::ffff:10.0.0.1]:80", "10.0.0.1:80");
	prints("[::ffff:a00:1]:80", "10.0.0.1:80");
}
END_TEST

START_TEST(a_text_that_is_not_numeric_does_not_parse)
{
	static const char *const bad[] = {"", "10.0.0.1", "10.0.0.1:0", "10.0.0.1:080",
	    "10.0.0.01:80", " 10.0.0.1:80", "10.0.0.1:80 ", "host:80", "::1:80", "[::1]",
	    "[::1]:80x", "[fe80::1%eth0]:80", "[fe80::1%0]:80", "[fe80::1%03]:80",
	    "[fe80::1%4294967296]:80", "[2001:db8::1%3]:80", "[::ffff:10.0.0.1%3]:80", "[:::1]:80",
	    "[1:2:3:4:5:6:7:8:9]:80", "[12345::]:80", "0x7f.1:80", "1.2.3:80"};
	struct swim_addr a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!swim_addr_parse(bad[i], strlen(bad[i]), &a), "'%s' parsed", bad[i]);
}
END_TEST

START_TEST(a_host_without_a_port_parses_if_it_is_numeric)
{
	char buf[SWIM_ADDR_TEXT];
	struct swim_addr a;

	ck_assert(swim_addr_from_host("::ffff:1.2.3.4", 5, &a));
	ck_assert_str_eq(swim_addr_format(&a, buf), "1.2.3.4:5");
	ck_assert(swim_addr_from_host("fe80::1%7", 0, &a));
	ck_assert_uint_eq(a.scope, 7);
	ck_assert(!swim_addr_from_host("localhost", 5, &a));
	ck_assert(!swim_addr_from_host("", 5, &a));
	ck_assert(!swim_addr_from_host("[::1]", 5, &a));
	ck_assert(!swim_addr_from_host(
	    "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", 5, &a));
}
END_TEST

static struct swim_addr
parsed(const char *text)
{
	struct swim_addr a;

	ck_assert_msg(swim_addr_parse(text, strlen(text), &a), "'%s' does not parse", text);
	return a;
}

START_TEST(the_order_of_addresses_is_total)
{
	static const char *const ascending[] = {"1.2.3.4:5", "1.2.3.4:6", "1.2.3.5:1", "[::1]:5",
	    "[fe80::1]:1", "[fe80::1%2]:1", "[fe80::1%3]:1", "[fe80::2]:1"};
	const int count = sizeof(ascending) / sizeof(ascending[0]);

	for (int i = 0; i < count; i++) {
		for (int j = 0; j < count; j++) {
			struct swim_addr a = parsed(ascending[i]), b = parsed(ascending[j]);
			int order = swim_addr_compare(&a, &b);

			ck_assert_int_eq((order > 0) - (order < 0), (i > j) - (i < j));
			ck_assert_int_eq(swim_addr_equal(&a, &b), i == j);
		}
	}
}
END_TEST

START_TEST(kinds_of_addresses_are_told_apart)
{
	static const struct {
		const char *text;
		bool wildcard, loopback, multicast;
	} kinds[] = {
	    {"0.0.0.0:1", true, false, false},
	    {"[::]:1", true, false, false},
	    {"127.0.0.1:1", false, true, false},
	    {"127.255.1.2:1", false, true, false},
	    {"[::1]:1", false, true, false},
	    {"224.0.0.1:1", false, false, true},
	    {"239.1.1.1:1", false, false, true},
	    {"[ff02::1]:1", false, false, true},
	    {"10.0.0.1:1", false, false, false},
	    {"240.0.0.1:1", false, false, false},
	    {"255.255.255.255:1", false, false, true},
	    {"255.255.255.254:1", false, false, false},
	    {"[fe80::1]:1", false, false, false},
	};
	const struct swim_addr none = {0};
	char buf[SWIM_ADDR_TEXT];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct swim_addr a = parsed(kinds[i].text);

		ck_assert_int_eq(swim_addr_is_wildcard(&a), kinds[i].wildcard);
		ck_assert_int_eq(swim_addr_is_loopback(&a), kinds[i].loopback);
		ck_assert_int_eq(swim_addr_is_multicast(&a), kinds[i].multicast);
	}
	ck_assert(!swim_addr_is_wildcard(&none));
	ck_assert_str_eq(swim_addr_format(&none, buf), "-");
}
END_TEST

START_TEST(a_zone_is_left_out_of_the_public_text)
{
	struct swim_addr a = parsed("[fe80::1%7]:5"), b = parsed("[febf::1]:5"),
			 c = parsed("[fec0::1]:5");
	struct swim_addr d = parsed("254.128.0.1:5");
	char buf[SWIM_ADDR_TEXT];

	ck_assert_str_eq(swim_addr_format(&a, buf), "[fe80::1%7]:5");
	ck_assert_str_eq(swim_addr_format_public(&a, buf), "[fe80::1]:5");
	ck_assert_uint_eq(a.scope, 7);
	ck_assert_str_eq(swim_addr_format_public(&d, buf), "254.128.0.1:5");
	ck_assert(swim_addr_is_link_local(&a));
	ck_assert(swim_addr_is_link_local(&b));
	ck_assert(!swim_addr_is_link_local(&c));
	ck_assert(!swim_addr_is_link_local(&d));
}
END_TEST

START_TEST(an_ipv6_address_that_may_end_in_a_port_is_found)
{
	static const char *const plain[] = {"::1", "[::1]:7946", "[::1:7946]", "2001:db8::7946",
	    "2001:db8::1:999", "2001:db8::1:79a6", "2001:db8::1:0794", "1:2:3:4:5:6:7:7946",
	    "10.0.0.1:7946", "db1:7946", "a:b:7946", "::ffff:10.0.0.1", "", ":7946", "::"};

	ck_assert_uint_eq(swim_hostport_mistakable("::1:7946"), 3);
	ck_assert_uint_eq(swim_hostport_mistakable("2001:db8::1:1024"), 11);
	ck_assert_uint_eq(swim_hostport_mistakable("fe80::1:2:9999"), 9);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		ck_assert_msg(swim_hostport_mistakable(plain[i]) == 0, "%s", plain[i]);
}
END_TEST

UNIT_MAIN("addr", an_ipv6_address_that_may_end_in_a_port_is_found,
    a_zone_is_left_out_of_the_public_text, host_and_port_are_split, a_default_port_fills_in,
    bad_ports_are_refused, port_0_is_accepted_only_where_allowed, a_text_that_is_no_host_is_refused,
    a_mistyped_ipv4_address_is_no_host_name, lengths_are_bounded, a_nul_byte_is_no_part_of_a_host,
    numeric_addresses_print_canonically, a_mapped_address_becomes_an_ipv4_address,
    a_text_that_is_not_numeric_does_not_parse, a_host_without_a_port_parses_if_it_is_numeric,
    the_order_of_addresses_is_total, kinds_of_addresses_are_told_apart)
