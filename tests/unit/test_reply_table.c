/* SPDX-License-Identifier: MIT */
/* net/reply_table.h: the local address and interface from which each peer is answered. */
#include "net/reply_table.h"

#include <arpa/inet.h>
#include <string.h>

#include "support/loop.h"

static struct in6_pktinfo
local(const char *address, unsigned interface)
{
	struct in6_pktinfo info = {.ipi6_ifindex = interface};

	ck_assert_int_eq(inet_pton(AF_INET6, address, &info.ipi6_addr), 1);
	return info;
}

START_TEST(a_peer_is_answered_from_the_address_that_it_last_sent_to)
{
	struct reply_table *table = reply_table_new(1);
	struct swim_addr peer = loop_addr("10.0.0.1", 7946), other = loop_addr("10.0.0.1", 7947);
	struct in6_pktinfo first = local("::ffff:10.0.0.9", 0),
			   second = local("::ffff:10.0.0.8", 0);

	ck_assert_ptr_null(reply_table_find(table, &peer));
	reply_table_learn(table, &peer, &first);
	ck_assert_mem_eq(reply_table_find(table, &peer), &first, sizeof(first));
	ck_assert_ptr_null(reply_table_find(table, &other));
	reply_table_learn(table, &peer, &second);
	ck_assert_mem_eq(reply_table_find(table, &peer), &second, sizeof(second));
	reply_table_forget(table, &other);
	ck_assert_ptr_nonnull(reply_table_find(table, &peer));
	reply_table_forget(table, &peer);
	ck_assert_ptr_null(reply_table_find(table, &peer));
	reply_table_free(table);
}
END_TEST

START_TEST(the_interface_is_kept_for_link_local_addresses_alone)
{
	struct reply_table *table = reply_table_new(1);
	struct swim_addr peer = loop_addr("2001:db8::1", 7946), near = loop_addr("fe80::1%2", 7946);
	struct in6_pktinfo global = local("2001:db8::9", 2), link = local("fe80::9", 2);

	reply_table_learn(table, &peer, &global);
	reply_table_learn(table, &near, &link);
	ck_assert_uint_eq(reply_table_find(table, &peer)->ipi6_ifindex, 0);
	ck_assert_uint_eq(reply_table_find(table, &near)->ipi6_ifindex, 2);
	reply_table_free(table);
}
END_TEST

START_TEST(no_peer_is_answered_from_a_multicast_address)
{
	struct reply_table *table = reply_table_new(1);
	struct swim_addr peer = loop_addr("2001:db8::1", 7946);
	struct in6_pktinfo group = local("ff02::1", 2);

	reply_table_learn(table, &peer, &group);
	ck_assert_ptr_null(reply_table_find(table, &peer));
	reply_table_free(table);
}
END_TEST

START_TEST(the_table_is_bounded_and_never_mixes_up_peers)
{
	struct reply_table *table = reply_table_new(1);
	struct in6_pktinfo own = local("::ffff:0.0.0.0", 0);
	const struct in6_pktinfo *found;
	struct swim_addr peer = loop_addr("10.0.0.1", 7946);
	unsigned known = 0;

	for (unsigned port = 1; port <= 20000; port++) {
		peer.port = (uint16_t)port;
		memcpy(&own.ipi6_addr.s6_addr[14], &peer.port, 2);
		reply_table_learn(table, &peer, &own);
	}
	for (unsigned port = 1; port <= 20000; port++) {
		peer.port = (uint16_t)port;
		found = reply_table_find(table, &peer);
		if (found == NULL)
			continue;
		known++;
		ck_assert_mem_eq(&found->ipi6_addr.s6_addr[14], &peer.port, 2);
	}
	/* The table keeps the latest peers, except those whose slot was taken by another peer. */
	ck_assert_uint_le(known, REPLY_SLOTS);
	ck_assert_uint_gt(known, REPLY_SLOTS / 2);
	reply_table_free(table);
}
END_TEST

UNIT_MAIN("reply_table", a_peer_is_answered_from_the_address_that_it_last_sent_to,
    the_interface_is_kept_for_link_local_addresses_alone,
    no_peer_is_answered_from_a_multicast_address, the_table_is_bounded_and_never_mixes_up_peers)
