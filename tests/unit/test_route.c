/* SPDX-License-Identifier: MIT */
#include "net/route.h"

#include "support/loop.h"

static enum route_rank
advertised(const struct swim_addr *bound, bool v6_only, const char *device, struct swim_addr *out)
{
	const struct route_wish wish = {.bound = bound, .v6_only = v6_only, .device = device};
	struct route_choice choice;

	route_choose(&wish, &choice);
	*out = choice.addr;
	return choice.rank;
}

START_TEST(an_address_that_is_no_wildcard_is_advertised_as_it_is)
{
	struct swim_addr bound = loop_addr("127.3.2.1", 7946), out;

	ck_assert_int_eq(advertised(&bound, false, NULL, &out), ROUTE_RANK_DEFAULT);
	ck_assert(swim_addr_equal(&bound, &out));
}
END_TEST

/* The choice is an address of this machine, with the bound port. */
START_TEST(a_wildcard_becomes_an_address_of_ours)
{
	struct swim_addr bound4 = loop_addr("0.0.0.0", 7946), bound6 = loop_addr("::", 7947), out;

	ck_assert_int_ne(advertised(&bound4, false, "", &out), ROUTE_RANK_NONE);
	ck_assert_uint_eq(out.family, 4);
	ck_assert_uint_eq(out.port, 7946);
	ck_assert(!swim_addr_is_wildcard(&out));
	ck_assert(route_is_local(&out));
	ck_assert_int_ne(advertised(&bound6, false, NULL, &out), ROUTE_RANK_NONE);
	ck_assert_uint_eq(out.port, 7947);
	ck_assert(!swim_addr_is_wildcard(&out));
	ck_assert(route_is_local(&out));
	if (advertised(&bound6, true, NULL, &out) != ROUTE_RANK_NONE) {
		ck_assert_uint_eq(out.family, 6);
		ck_assert(route_is_local(&out));
	}
}
END_TEST

START_TEST(a_device_limits_the_choice)
{
	struct swim_addr bound = loop_addr("0.0.0.0", 7946), out;

	ck_assert_int_eq(advertised(&bound, false, "lo", &out), ROUTE_RANK_LOOPBACK);
	ck_assert(swim_addr_is_loopback(&out));
	ck_assert_int_eq(advertised(&bound, false, "no-such-if", &out), ROUTE_RANK_NONE);
}
END_TEST

START_TEST(loopback_addresses_count_for_no_family)
{
	bool v4 = true, v6 = true;

	route_families("lo", &v4, &v6);
	ck_assert(!v4 && !v6);
}
END_TEST

START_TEST(an_address_is_up_if_its_interface_is_up)
{
	struct swim_addr addr = loop_addr("127.0.0.1", 1);

	ck_assert(route_is_up(&addr, NULL));
	ck_assert(route_is_up(&addr, "lo"));
	addr = loop_addr("203.0.113.99", 1);
	ck_assert(!route_is_up(&addr, NULL));
	addr = loop_addr("::1", 1);
	ck_assert(route_is_up(&addr, "lo") == route_is_up(&addr, NULL));
	ck_assert(!route_is_up(&addr, "no-such-if"));
}
END_TEST

START_TEST(local_addresses_are_known)
{
	struct swim_addr addr = loop_addr("127.0.0.1", 1);

	ck_assert(route_is_local(&addr));
	addr = loop_addr("127.77.1.2", 0);
	ck_assert(route_is_local(&addr));
	addr = loop_addr("203.0.113.99", 1);
	ck_assert(!route_is_local(&addr));
	addr = loop_addr("2001:db8:ffff::99", 1);
	ck_assert(!route_is_local(&addr));
	addr = loop_addr("0.0.0.0", 1);
	ck_assert(!route_is_local(&addr));
}
END_TEST

/*
 * Sending to these addresses fails for another reason than a route, or not at all.  System tests have routes that
 * forbid.
 */
START_TEST(an_unusable_address_is_not_forbidden_by_a_route)
{
	struct swim_addr broadcast = loop_addr("127.255.255.255", 1);
	struct swim_addr nowhere = {.family = 6, .port = 1, .ip = {0xfe, 0x80, [15] = 1}};
	struct swim_addr here = loop_addr("127.0.0.1", 1);

	ck_assert(!route_forbids(&broadcast, NULL));
	ck_assert(!route_forbids(&nowhere, ""));
	ck_assert(!route_forbids(&here, "lo"));
}
END_TEST

UNIT_MAIN("route", an_address_that_is_no_wildcard_is_advertised_as_it_is,
    a_wildcard_becomes_an_address_of_ours, a_device_limits_the_choice, local_addresses_are_known,
    loopback_addresses_count_for_no_family, an_address_is_up_if_its_interface_is_up,
    an_unusable_address_is_not_forbidden_by_a_route)
