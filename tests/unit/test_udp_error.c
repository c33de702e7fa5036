/* SPDX-License-Identifier: MIT */
/* ICMP errors are reported, and harm no other datagram that is sent or received. */
#include "support/udp.h"

/* A port of this host where nobody listens. */
static struct swim_addr
closed_port(const char *host)
{
	struct swim_addr addr;

	close(plain_socket(host, &addr));
	return addr;
}

static void
refusal_is_reported(const char *bound, const char *host)
{
	struct udp_config config = udp_test_config(bound);
	struct swim_addr closed = closed_port(host), live;
	int fd = plain_socket(host, &live);
	struct udp_test t;
	uint8_t data[16];
	struct swim_addr from;

	udp_test_start(&t, &config);
	for (unsigned i = 1; i <= 100; i++) {
		/*
		 * The error about the first datagram arrives while the second is sent, or after
		 * that.
		 */
		ck_assert_int_eq(udp_queue(t.udp, &closed, "x", 1), SWIM_OK);
		udp_flush(t.udp);
		ck_assert_int_eq(udp_queue(t.udp, &live, "y", 1), SWIM_OK);
		udp_flush(t.udp);
		ck_assert_uint_eq(plain_receive(fd, data, sizeof(data), &from), 1);
		ck_assert_int_eq(data[0], 'y');
		plain_send(fd, &from, "z", 1);
		LOOP_UNTIL(t.base, t.received == i && t.refusals == i);
	}
	ck_assert(swim_addr_equal(&t.refused, &closed));
	ck_assert_int_eq(t.refused_errno, ECONNREFUSED);
	ck_assert_uint_eq(udp_test_stats(&t).icmp_errors, 100);
	/* The errors do not count as failures of our socket. */
	ck_assert_uint_eq(udp_test_stats(&t).sent, 200);
	ck_assert_uint_eq(udp_test_stats(&t).retries, 0);
	ck_assert_uint_eq(udp_test_stats(&t).errors[SWIM_ERROR_SEND_FAILED], 0);
	ck_assert_uint_eq(udp_test_stats(&t).errors[SWIM_ERROR_RECEIVE_FAILED], 0);
	ck_assert_uint_eq(t.changes, 0);
	ck_assert(udp_test_stats(&t).healthy);
	close(fd);
	udp_test_end(&t);
}

START_TEST(a_closed_port_is_reported_and_harms_no_other_datagram)
{
	refusal_is_reported("127.0.0.1", "127.0.0.1");
}
END_TEST

START_TEST(a_closed_port_is_reported_on_a_socket_of_both_families)
{
	if (!have_ipv6())
		return;
	refusal_is_reported("::", "127.0.0.1");
	refusal_is_reported("::", "::1");
	refusal_is_reported("::1", "::1");
}
END_TEST

START_TEST(many_errors_do_not_keep_the_loop_busy)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr closed = closed_port("127.0.0.1");
	struct udp_test t;

	udp_test_start(&t, &config);
	for (unsigned i = 0; i < 50; i++) {
		for (unsigned k = 0; k < 20; k++)
			ck_assert_int_eq(udp_queue(t.udp, &closed, "x", 1), SWIM_OK);
		udp_flush(t.udp);
		LOOP_ONCE(t.base);
	}
	/* When all errors have been read, the socket is no longer readable. */
	while (event_base_loop(t.base, EVLOOP_ONCE | EVLOOP_NONBLOCK) == 0 &&
	       t.refusals != udp_test_stats(&t).icmp_errors)
		;
	ck_assert_uint_gt(t.refusals, 0);
	ck_assert(udp_test_stats(&t).healthy);
	ck_assert_uint_eq(t.changes, 0);
	udp_test_end(&t);
}
END_TEST

UNIT_MAIN("udp_error", a_closed_port_is_reported_and_harms_no_other_datagram,
    a_closed_port_is_reported_on_a_socket_of_both_families, many_errors_do_not_keep_the_loop_busy)
