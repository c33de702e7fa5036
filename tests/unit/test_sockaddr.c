/* SPDX-License-Identifier: MIT */
#include "net/sockaddr.h"

#include <arpa/inet.h>
#include <string.h>

#include "support/loop.h"

static void
there_and_back(const char *host, int family, socklen_t len)
{
	struct swim_addr addr = loop_addr(host, 7946), back;
	union sockaddr_any any;

	ck_assert_uint_eq(sockaddr_from_addr(&addr, family, &any), len);
	ck_assert_int_eq(any.sa.sa_family, family);
	ck_assert(sockaddr_to_addr(&any.sa, &back));
	ck_assert_mem_eq(&addr, &back, sizeof(addr));
}

START_TEST(addresses_are_converted_in_both_directions)
{
	there_and_back("10.1.2.3", AF_INET, sizeof(struct sockaddr_in));
	there_and_back("10.1.2.3", AF_INET6, sizeof(struct sockaddr_in6));
	there_and_back("0.0.0.0", AF_INET6, sizeof(struct sockaddr_in6));
	there_and_back("2001:db8::1", AF_INET6, sizeof(struct sockaddr_in6));
	there_and_back("fe80::1%3", AF_INET6, sizeof(struct sockaddr_in6));
}
END_TEST

START_TEST(ipv4_is_mapped_for_a_socket_of_both_families)
{
	struct swim_addr addr = loop_addr("10.1.2.3", 7946);
	char text[INET6_ADDRSTRLEN];
	union sockaddr_any any;

	ck_assert_uint_ne(sockaddr_from_addr(&addr, AF_INET6, &any), 0);
	ck_assert_str_eq(inet_ntop(AF_INET6, &any.in6.sin6_addr, text, sizeof(text)),
	    "::ffff:10.1.2.3");
	ck_assert_uint_eq(ntohs(any.in6.sin6_port), 7946);
}
END_TEST

START_TEST(an_address_that_a_socket_cannot_reach_is_not_converted)
{
	struct swim_addr v6 = loop_addr("2001:db8::1", 7946), none = {0};
	union sockaddr_any any;

	ck_assert_uint_eq(sockaddr_from_addr(&v6, AF_INET, &any), 0);
	ck_assert_uint_eq(sockaddr_from_addr(&none, AF_INET, &any), 0);
	ck_assert_uint_eq(sockaddr_from_addr(&none, AF_INET6, &any), 0);
	ck_assert_uint_eq(sockaddr_from_addr(&v6, AF_UNIX, &any), 0);
	any.sa.sa_family = AF_UNIX;
	ck_assert(!sockaddr_to_addr(&any.sa, &none));
	ck_assert_int_eq(sockaddr_family(&v6), AF_INET6);
	ck_assert_int_eq(sockaddr_family(&none), AF_UNSPEC);
}
END_TEST

START_TEST(a_zone_counts_for_link_local_addresses_alone)
{
	struct swim_addr addr = loop_addr("2001:db8::1", 7946);
	union sockaddr_any any;

	sockaddr_from_addr(&addr, AF_INET6, &any);
	any.in6.sin6_scope_id = 5;
	ck_assert(sockaddr_to_addr(&any.sa, &addr));
	ck_assert_uint_eq(addr.scope, 0);
}
END_TEST

UNIT_MAIN("sockaddr", addresses_are_converted_in_both_directions,
    ipv4_is_mapped_for_a_socket_of_both_families,
    an_address_that_a_socket_cannot_reach_is_not_converted,
    a_zone_counts_for_link_local_addresses_alone)
