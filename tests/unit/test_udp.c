/* SPDX-License-Identifier: MIT */
/* The socket and the receiving half; test_udp_send.c tests the sending half. */
#include "support/udp.h"

#include <net/if.h>
#include <dlfcn.h>

/* Replaces the function of the C library, to imitate a kernel without IPv6. */
static bool no_ipv6;

int
socket(int domain, int type, int protocol)
{
	int (*real)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");

	if (no_ipv6 && domain == AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return real(domain, type, protocol);
}

START_TEST(a_socket_starts_once_and_stops_once)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr addr;
	struct udp_test t;

	udp_test_new(&t, &config);
	ck_assert(!udp_test_stats(&t).healthy);
	ck_assert_int_eq(udp_local(t.udp, &addr), SWIM_ERROR_NOT_STARTED);
	ck_assert_int_eq(udp_stop(t.udp), SWIM_ERROR_NOT_STARTED);
	ck_assert_int_eq(udp_queue(t.udp, &config.bind, "x", 1), SWIM_ERROR_NOT_STARTED);
	ck_assert(udp_test_drain(&t, 10, 0));
	udp_flush(t.udp);

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(udp_start(t.udp), SWIM_OK);
		ck_assert_int_eq(udp_start(t.udp), SWIM_ERROR_ALREADY_STARTED);
		ck_assert_int_eq(udp_local(t.udp, &addr), SWIM_OK);
		ck_assert_uint_ne(addr.port, 0);
		ck_assert(udp_test_stats(&t).healthy);
		ck_assert_int_eq(udp_stop(t.udp), SWIM_OK);
		ck_assert(!udp_test_stats(&t).healthy);
	}
	udp_test_end(&t);
}
END_TEST

/* With SO_REUSEADDR the second socket would take the datagrams of the first. */
START_TEST(a_port_is_bound_by_one_socket_and_is_free_after_it)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct udp_test first, second;

	udp_test_start(&first, &config);
	config.bind = first.local;
	udp_test_new(&second, &config);
	ck_assert_int_eq(udp_start(second.udp), SWIM_ERROR_BIND_FAILED);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_uint_eq(udp_test_stats(&second).errors[SWIM_ERROR_BIND_FAILED], 1);
	ck_assert_int_eq(udp_test_stats(&second).last_errno, EADDRINUSE);
	udp_stop(first.udp);
	ck_assert_int_eq(udp_start(second.udp), SWIM_OK);
	udp_test_end(&first);
	udp_test_end(&second);
}
END_TEST

START_TEST(a_wildcard_takes_the_port_on_every_address)
{
	struct udp_config config = udp_test_config("::");
	struct udp_test first, second;

	udp_test_start(&first, &config);
	config.bind = loop_addr("127.0.0.1", first.local.port);
	udp_test_new(&second, &config);
	ck_assert_int_eq(udp_start(second.udp), SWIM_ERROR_BIND_FAILED);
	ck_assert_int_eq(errno, EADDRINUSE);
	udp_test_end(&first);
	udp_test_end(&second);
}
END_TEST

START_TEST(an_address_that_cannot_be_bound_says_why)
{
	struct udp_config config = udp_test_config("203.0.113.99");
	struct udp_test t;

	udp_test_new(&t, &config);
	ck_assert_int_eq(udp_start(t.udp), SWIM_ERROR_BIND_FAILED);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
	udp_test_end(&t);

	config = udp_test_config("127.0.0.1");
	config.device = "no-such-if";
	udp_test_new(&t, &config);
	ck_assert_int_eq(udp_start(t.udp), SWIM_ERROR_BIND_FAILED);
	ck_assert_int_eq(errno, ENODEV);
	udp_test_end(&t);

	config = udp_test_config("127.0.0.1");
	memset(&config.bind, 0, sizeof(config.bind));
	udp_test_new(&t, &config);
	ck_assert_int_eq(udp_start(t.udp), SWIM_ERROR_INVALID_ADDRESS);
	ck_assert_uint_eq(udp_test_stats(&t).errors[SWIM_ERROR_INVALID_ADDRESS], 1);
	udp_test_end(&t);
}
END_TEST

START_TEST(a_socket_can_be_bound_to_a_device)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr own;
	struct udp_test t;
	int fd;

	config.device = "lo";
	udp_test_start(&t, &config);
	fd = plain_socket("127.0.0.1", &own);
	plain_send(fd, &t.local, "x", 1);
	LOOP_UNTIL(t.base, t.received == 1);
	close(fd);
	udp_test_end(&t);
}
END_TEST

static void
echoes(const char *bind, const char *client, const char *to)
{
	struct udp_config config = udp_test_config(bind);
	struct swim_addr own, from, target;
	struct udp_test t;
	char data[16];
	int fd;

	udp_test_start(&t, &config);
	t.echo = true;
	fd = plain_socket(client, &own);
	target = loop_addr(to, t.local.port);
	for (unsigned i = 1; i <= 3; i++) {
		plain_send(fd, &target, "hello", 5);
		LOOP_UNTIL(t.base, t.received == i);
		ck_assert(swim_addr_equal(&t.from, &own));
		/* The interface is reported on a wildcard only, where it may be any. */
		ck_assert_uint_eq(t.interface,
		    swim_addr_is_wildcard(&t.local) ? if_nametoindex("lo") : 0);
		ck_assert_uint_eq(t.len, 5);
		ck_assert_mem_eq(t.data, "hello", 5);
		ck_assert_uint_eq(plain_receive(fd, data, sizeof(data), &from), 5);
		ck_assert_msg(swim_addr_equal(&from, &target),
		    "asked at %s, answered from another address", to);
	}
	ck_assert_uint_eq(udp_test_stats(&t).sent, 3);
	ck_assert_uint_eq(udp_test_stats(&t).sent_bytes, 15);
	ck_assert_uint_eq(udp_test_stats(&t).received_bytes, 15);
	close(fd);
	udp_test_end(&t);
}

START_TEST(an_answer_leaves_from_the_address_that_was_asked)
{
	echoes("127.0.0.1", "127.0.0.1", "127.0.0.1");
	echoes("127.9.8.7", "127.0.0.1", "127.9.8.7");
	/* On a wildcard the kernel would answer from 127.0.0.1. */
	echoes("0.0.0.0", "127.0.0.1", "127.9.8.7");
	if (!have_ipv6())
		return;
	echoes("::", "127.0.0.1", "127.9.8.7");
	echoes("::", "::1", "::1");
	echoes("::1", "::1", "::1");
}
END_TEST

START_TEST(without_ipv6_a_wildcard_is_that_of_ipv4)
{
	struct udp_config config = udp_test_config("::");
	struct udp_test t;

	no_ipv6 = true;
	echoes("::", "127.0.0.1", "127.9.8.7");
	udp_test_start(&t, &config);
	ck_assert_uint_eq(t.local.family, 4);
	ck_assert(swim_addr_is_wildcard(&t.local));
	udp_test_end(&t);
	/* A single IPv6 address cannot be bound. */
	config = udp_test_config("::1");
	udp_test_new(&t, &config);
	ck_assert_int_eq(udp_start(t.udp), SWIM_ERROR_BIND_FAILED);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
	udp_test_end(&t);
}
END_TEST

START_TEST(a_long_datagram_is_cut_and_marked)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr own;
	struct udp_test t;
	char data[1001] = {0};
	int fd;

	config.max_datagram = 1000;
	udp_test_start(&t, &config);
	fd = plain_socket("127.0.0.1", &own);
	plain_send(fd, &t.local, data, 1001);
	plain_send(fd, &t.local, data, 1000);
	LOOP_UNTIL(t.base, t.received >= 1);
	LOOP_UNTIL(t.base, t.received == 2);
	ck_assert_uint_eq(t.truncated, 1);
	ck_assert_uint_eq(t.len, 1000);
	ck_assert_uint_eq(udp_test_stats(&t).received_truncated, 1);
	ck_assert_uint_eq(udp_test_stats(&t).received_bytes, 2001);
	close(fd);
	udp_test_end(&t);
}
END_TEST

START_TEST(the_smallest_and_the_largest_datagram_come_whole)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	static uint8_t data[65507];
	struct swim_addr own;
	struct udp_test t;
	int fd;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	udp_test_start(&t, &config);
	fd = plain_socket("127.0.0.1", &own);
	plain_send(fd, &t.local, data, sizeof(data));
	LOOP_UNTIL(t.base, t.received == 1);
	ck_assert_uint_eq(t.len, sizeof(data));
	ck_assert_mem_eq(t.data, data, sizeof(data));
	plain_send(fd, &t.local, data, 0);
	LOOP_UNTIL(t.base, t.received == 2);
	ck_assert_uint_eq(t.len, 0);
	ck_assert_uint_eq(t.truncated, 0);
	close(fd);
	udp_test_end(&t);
}
END_TEST

START_TEST(datagrams_are_read_in_batches_and_in_order)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr own;
	struct udp_test t;
	int fd;

	config.receive_buffer = 1 << 20;
	udp_test_start(&t, &config);
	fd = plain_socket("127.0.0.1", &own);
	for (uint8_t i = 0; i < 100; i++)
		plain_send(fd, &t.local, &i, 1);
	LOOP_UNTIL(t.base, t.received == 100);
	/* Batches of 32, 32, 32 and 4 datagrams, and one more where a turn ended in the middle of a batch. */
	ck_assert_uint_ge(t.batches, 4);
	ck_assert_uint_lt(t.batches, 50);
	ck_assert_uint_eq(t.data[0], 99);
	close(fd);
	udp_test_end(&t);
}
END_TEST

START_TEST(a_socket_can_be_drained_by_a_call)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr own;
	struct udp_test t;
	int fd;

	udp_test_start(&t, &config);
	fd = plain_socket("127.0.0.1", &own);
	for (int i = 0; i < 50; i++)
		plain_send(fd, &t.local, "x", 1);
	ck_assert(udp_test_drain(&t, 40, 40));
	ck_assert_uint_eq(t.received, 40);
	ck_assert(udp_test_drain(&t, 1000, 10));
	ck_assert(udp_test_drain(&t, 1000, 0));
	close(fd);
	udp_test_end(&t);
}
END_TEST

START_TEST(a_callback_may_stop_the_socket)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr own;
	struct udp_test t;
	int fd;

	udp_test_start(&t, &config);
	fd = plain_socket("127.0.0.1", &own);
	t.stop = true;
	for (int i = 0; i < 5; i++)
		plain_send(fd, &t.local, "x", 1);
	LOOP_UNTIL(t.base, t.received == 1);
	LOOP_ONCE(t.base);
	ck_assert_uint_eq(t.received, 1);
	close(fd);
	udp_test_end(&t);
}
END_TEST

START_TEST(datagrams_that_the_kernel_drops_are_counted)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	const unsigned total = 300;
	size_t left;
	struct swim_addr own;
	struct udp_test t;
	char data[1000] = {0};
	int fd;

	config.receive_buffer = 16384;
	udp_test_start(&t, &config);
	ck_assert_int_eq(udp_test_stats(&t).receive_buffer, 16384);
	fd = plain_socket("127.0.0.1", &own);
	for (unsigned i = 0; i + 1 < total; i++)
		plain_send(fd, &t.local, data, sizeof(data));
	left = total;
	ck_assert(udp_drain(t.udp, &left, SWIM_TIME_NEVER));
	ck_assert_uint_lt(t.received, total - 1);
	/* The count comes with the next datagram that is received. */
	plain_send(fd, &t.local, data, sizeof(data));
	ck_assert(udp_test_drain(&t, total, 1));
	ck_assert_uint_eq(t.received + udp_test_stats(&t).kernel_drops, total);
	close(fd);
	udp_test_end(&t);
}
END_TEST

/* A turn of the loop ends even if each datagram takes long, and the rest of the batch is handed on later. */
START_TEST(slow_datagrams_leave_other_events_their_turn)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	const unsigned total = 20;
	struct swim_addr own;
	struct udp_test t;
	unsigned turns = 0;
	size_t left;
	int fd;

	udp_test_start(&t, &config);
	t.busy_ms = UDP_TURN_MS;
	fd = plain_socket("127.0.0.1", &own);
	for (unsigned i = 0; i < total; i++)
		plain_send(fd, &t.local, &i, sizeof(i));
	for (; t.received < total; turns++)
		LOOP_ONCE(t.base);
	/* The datagrams come in order, one or two a turn; a drain in the middle of a batch goes on from there. */
	ck_assert_uint_ge(turns, total / 2);
	ck_assert_mem_eq(t.data, &(unsigned){total - 1}, sizeof(unsigned));
	for (unsigned i = 0; i < total; i++)
		plain_send(fd, &t.local, &i, sizeof(i));
	LOOP_ONCE(t.base);
	ck_assert_uint_lt(t.received, 2 * total);
	left = SIZE_MAX;
	ck_assert(!udp_drain(t.udp, &left, loop_now()));
	ck_assert_uint_lt(t.received, 2 * total);
	ck_assert(udp_drain(t.udp, &left, SWIM_TIME_NEVER));
	ck_assert_uint_eq(t.received, 2 * total);
	ck_assert_mem_eq(t.data, &(unsigned){total - 1}, sizeof(unsigned));
	/* No datagram comes twice. */
	LOOP_ONCE(t.base);
	ck_assert_uint_eq(t.received, 2 * total);
	close(fd);
	udp_test_end(&t);
}
END_TEST

START_TEST(a_flood_from_a_stranger_is_read_only_in_part)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr own;
	struct udp_test t;
	int fd;

	udp_test_start(&t, &config);
	fd = plain_socket("127.0.0.1", &own);
	t.standing = ADMIT_STRANGER;
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned k = 0; k < 100; k++)
			plain_send(fd, &t.local, "x", 1);
		LOOP_UNTIL(t.base, udp_test_stats(&t).received == 100 * (i + 1));
	}
	ck_assert_uint_ge(t.received, ADMIT_STRANGER_BURST);
	ck_assert_uint_lt(t.received, 2000);
	ck_assert_uint_eq(t.received + udp_test_stats(&t).unread[ADMIT_SOURCE_RATE], 2000);
	ck_assert(swim_addr_equal(&(struct swim_addr[]){udp_test_stats(&t).unread_from}[0], &own));
	/* An awaited answer is read in any flood. */
	t.awaited = true;
	t.len = 0;
	plain_send(fd, &t.local, "yes", 3);
	LOOP_UNTIL(t.base, t.len == 3);
	close(fd);
	udp_test_end(&t);
}
END_TEST

UNIT_MAIN("udp", slow_datagrams_leave_other_events_their_turn,
    a_flood_from_a_stranger_is_read_only_in_part, a_socket_starts_once_and_stops_once,
    a_port_is_bound_by_one_socket_and_is_free_after_it, a_wildcard_takes_the_port_on_every_address,
    an_address_that_cannot_be_bound_says_why, a_socket_can_be_bound_to_a_device,
    an_answer_leaves_from_the_address_that_was_asked, without_ipv6_a_wildcard_is_that_of_ipv4,
    a_long_datagram_is_cut_and_marked, the_smallest_and_the_largest_datagram_come_whole,
    datagrams_are_read_in_batches_and_in_order, a_socket_can_be_drained_by_a_call,
    a_callback_may_stop_the_socket, datagrams_that_the_kernel_drops_are_counted)
