/* SPDX-License-Identifier: MIT */
/* Sending, and the fate of datagrams that could not be sent. */
#include "support/udp_play.h"

#include "wire/wire.h"

START_TEST(queued_datagrams_leave_in_one_call_when_flushed)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	pair_start(&p, &config);
	for (int c = 'a'; c <= 'z'; c++)
		pair_queue(&p, &p.a, c);
	ck_assert(plain_is_empty(p.a_fd));
	udp_flush(p.t.udp);
	ck_assert_uint_eq(play.calls, 1);
	for (int c = 'a'; c <= 'z'; c++)
		expect(p.a_fd, c);
	udp_flush(p.t.udp);
	ck_assert_uint_eq(play.calls, 1);
	ck_assert_uint_eq(udp_test_stats(&p.t).sent, 26);
	pair_end(&p);
}
END_TEST

START_TEST(a_full_queue_is_flushed_by_itself)
{
	static uint8_t large[WIRE_DATAGRAM_MAX], got[WIRE_DATAGRAM_MAX + 1];
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr from;
	struct pair p;

	pair_start(&p, &config);
	for (unsigned i = 0; i < 200; i++)
		pair_queue(&p, &p.a, (int)i);
	ck_assert_uint_eq(udp_test_stats(&p.t).sent, 192);
	udp_flush(p.t.udp);
	for (unsigned i = 0; i < 200; i++)
		expect(p.a_fd, (int)i);
	for (unsigned i = 0; i < 5; i++) {
		memset(large, (int)i + 1, sizeof(large));
		ck_assert_int_eq(udp_queue(p.t.udp, &p.b, large, sizeof(large)), SWIM_OK);
		if (i % 2 == 1) /* two fit */
			udp_flush(p.t.udp);
		while (!plain_is_empty(p.b_fd)) {
			ck_assert_uint_eq(plain_receive(p.b_fd, got, sizeof(got), &from),
			    sizeof(large));
			ck_assert_uint_eq(got[0], got[sizeof(large) - 1]);
		}
	}
	pair_end(&p);
}
END_TEST

START_TEST(a_datagram_that_cannot_be_sent_is_refused_at_once)
{
	static const char *const bad[] = {"0.0.0.0", "::1", "::"};
	struct udp_config config = udp_test_config("127.0.0.1");
	static uint8_t large[WIRE_DATAGRAM_MAX + 1];
	struct swim_addr addr = {0};
	struct pair p;

	pair_start(&p, &config);
	ck_assert_int_eq(udp_queue(p.t.udp, &addr, "x", 1), SWIM_ERROR_INVALID_ADDRESS);
	addr = loop_addr("127.0.0.1", 0);
	ck_assert_int_eq(udp_queue(p.t.udp, &addr, "x", 1), SWIM_ERROR_INVALID_ADDRESS);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		addr = loop_addr(bad[i], 7946);
		ck_assert(!udp_reaches(p.t.udp, &addr));
		ck_assert_int_eq(udp_queue(p.t.udp, &addr, "x", 1), SWIM_ERROR_INVALID_ADDRESS);
	}
	ck_assert(udp_reaches(p.t.udp, &p.a));
	ck_assert_int_eq(udp_queue(p.t.udp, &p.a, large, sizeof(large)),
	    SWIM_ERROR_MESSAGE_TOO_LARGE);
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_INVALID_ADDRESS], 5);
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_MESSAGE_TOO_LARGE], 1);
	ck_assert_int_eq(udp_test_stats(&p.t).last_error, SWIM_ERROR_MESSAGE_TOO_LARGE);
	/* A bad member address says nothing about the network. */
	ck_assert(udp_test_stats(&p.t).healthy);
	udp_flush(p.t.udp);
	ck_assert_uint_eq(play.calls, 0);
	pair_end(&p);
}
END_TEST

/* Send three datagrams in one batch, of which only the second, to a, fails. */
static void
pair_send_around(struct pair *p)
{
	pair_queue(p, &p->b, '1');
	pair_queue(p, &p->a, '2');
	pair_queue(p, &p->b, '3');
	udp_flush(p->t.udp);
	expect(p->b_fd, '1');
	expect(p->b_fd, '3');
}

START_TEST(a_transient_failure_is_retried_and_delays_no_other_datagram)
{
	static const int transient[] = {ENOBUFS, EAGAIN, ENOMEM, ENETUNREACH, ENETDOWN,
	    EHOSTUNREACH, EPERM};
	struct udp_config config = udp_test_config("127.0.0.1");
	struct udp_stats stats;
	struct pair p;

	for (size_t i = 0; i < sizeof(transient) / sizeof(transient[0]); i++) {
		pair_start(&p, &config);
		play_failure(p.a.port, 2, transient[i]);
		pair_send_around(&p);
		ck_assert(plain_is_empty(p.a_fd));
		ck_assert_uint_eq(udp_test_stats(&p.t).retry_queue, 1);
		LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).retry_queue == 0);
		expect(p.a_fd, '2');
		stats = udp_test_stats(&p.t);
		ck_assert_uint_eq(stats.retries, 2);
		ck_assert_uint_eq(stats.retries_exhausted, 0);
		ck_assert_uint_eq(stats.errors[SWIM_ERROR_SEND_FAILED], 2);
		ck_assert_uint_eq(stats.sent, 3);
		ck_assert_int_eq(stats.last_error, SWIM_OK);
		ck_assert(stats.healthy);
		/* batch_done is called after each round of retries. */
		ck_assert_uint_eq(p.t.batches, 2);
		pair_end(&p);
	}
}
END_TEST

/* The next gossip carries more; a retry of the old gossip would only keep the buffer full. */
START_TEST(gossip_does_not_wait_for_a_full_send_buffer)
{
	static const uint8_t ping[] = {WIRE_PING}, gossip[] = {WIRE_GOSSIP};
	struct udp_config config = udp_test_config("127.0.0.1");
	struct udp_stats stats;
	struct pair p;

	pair_start(&p, &config);
	play_failure(p.a.port, 2, EAGAIN);
	ck_assert_int_eq(udp_queue(p.t.udp, &p.a, gossip, 1), SWIM_OK);
	ck_assert_int_eq(udp_queue(p.t.udp, &p.a, ping, 1), SWIM_OK);
	udp_flush(p.t.udp);
	stats = udp_test_stats(&p.t);
	ck_assert_uint_eq(stats.errors[SWIM_ERROR_SEND_FAILED], 2);
	ck_assert_uint_eq(stats.retry_queue, 1);
	ck_assert_uint_eq(stats.retries_exhausted, 0);
	ck_assert(!stats.healthy);
	LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).retry_queue == 0);
	expect(p.a_fd, WIRE_PING);
	ck_assert(plain_is_empty(p.a_fd));
	ck_assert(udp_test_stats(&p.t).healthy);
	/* Without a route gossip does wait: the send buffer is not full. */
	play.times = 1;
	play.error = ENETUNREACH;
	ck_assert_int_eq(udp_queue(p.t.udp, &p.a, gossip, 1), SWIM_OK);
	udp_flush(p.t.udp);
	ck_assert_uint_eq(udp_test_stats(&p.t).retry_queue, 1);
	pair_end(&p);
}
END_TEST

START_TEST(a_datagram_is_dropped_after_the_last_attempt)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct udp_stats stats;
	struct pair p;

	pair_start(&p, &config);
	play_failure(p.a.port, 100, ENETUNREACH);
	pair_queue(&p, &p.a, '1');
	udp_flush(p.t.udp);
	LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).retries_exhausted == 1);
	stats = udp_test_stats(&p.t);
	ck_assert_uint_eq(play.times, 100 - 3);
	ck_assert_uint_eq(stats.retry_queue, 0);
	ck_assert_uint_eq(stats.errors[SWIM_ERROR_SEND_FAILED], 3);
	ck_assert_int_eq(stats.last_error, SWIM_ERROR_SEND_FAILED);
	ck_assert_int_eq(stats.last_errno, ENETUNREACH);
	ck_assert(!stats.healthy);
	ck_assert_uint_eq(p.t.changes, 1);
	ck_assert_int_eq(p.t.change, SWIM_ERROR_SEND_FAILED);
	ck_assert_int_eq(p.t.change_errno, ENETUNREACH);
	/* The next success clears the failure. */
	pair_queue(&p, &p.b, '2');
	udp_flush(p.t.udp);
	expect(p.b_fd, '2');
	ck_assert(udp_test_stats(&p.t).healthy);
	ck_assert_uint_eq(p.t.changes, 2);
	ck_assert_int_eq(p.t.change, SWIM_OK);
	pair_end(&p);
}
END_TEST

START_TEST(retries_wait_as_configured)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	swim_time start;
	struct pair p;

	config.retry_attempts = 4;
	config.retry_first = swim_ms(20);
	config.retry_factor = 3;
	config.retry_max = swim_ms(40);
	pair_start(&p, &config);
	play_failure(p.a.port, 100, ENOBUFS);
	start = loop_now();
	pair_queue(&p, &p.a, '1');
	udp_flush(p.t.udp);
	LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).retries_exhausted == 1);
	ck_assert_uint_eq(play.times, 96);
	/* At least 20 + 40 + 40 ms. */
	ck_assert_int_ge(swim_time_since(loop_now(), start).ns, swim_ms(100).ns);
	pair_end(&p);
}
END_TEST

START_TEST(retries_can_be_turned_off)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	config.retry_attempts = 1;
	pair_start(&p, &config);
	play_failure(p.a.port, 100, ENOBUFS);
	pair_queue(&p, &p.a, '1');
	udp_flush(p.t.udp);
	ck_assert_uint_eq(udp_test_stats(&p.t).retries_exhausted, 1);
	ck_assert_uint_eq(udp_test_stats(&p.t).retry_queue, 0);
	ck_assert_uint_eq(play.times, 99);
	pair_end(&p);
}
END_TEST

START_TEST(the_queue_of_retries_is_bounded)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	config.retry_first = config.retry_max = swim_seconds(1000);
	pair_start(&p, &config);
	play_failure(p.a.port, 1000, ENOBUFS);
	for (unsigned i = 0; i < UDP_RETRIES_MAX + 44; i++)
		pair_queue(&p, &p.a, 'x');
	udp_flush(p.t.udp);
	ck_assert_uint_eq(udp_test_stats(&p.t).retry_queue, UDP_RETRIES_MAX);
	ck_assert_uint_eq(udp_test_stats(&p.t).retries_exhausted, 44);
	/* A probe does not wait behind the retries. */
	play.times = 0;
	pair_queue(&p, &p.a, WIRE_PING);
	udp_flush(p.t.udp);
	expect(p.a_fd, WIRE_PING);
	ck_assert_uint_eq(udp_test_stats(&p.t).retry_queue, UDP_RETRIES_MAX);
	/* udp_stop drops the retries. */
	udp_stop(p.t.udp);
	ck_assert_uint_eq(udp_test_stats(&p.t).retry_queue, 0);
	pair_end(&p);
}
END_TEST

START_TEST(many_retries_go_out_in_batches)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	pair_start(&p, &config);
	play_failure(p.a.port, 150, ENOBUFS);
	for (unsigned i = 0; i < 150; i++)
		pair_queue(&p, &p.a, 'x');
	udp_flush(p.t.udp);
	ck_assert_uint_eq(udp_test_stats(&p.t).retry_queue, 150);
	play.calls = 0;
	LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).retry_queue == 0);
	ck_assert_uint_eq(udp_test_stats(&p.t).sent, 150);
	ck_assert_uint_le(play.calls, 20);
	for (unsigned i = 0; i < 150; i++)
		expect(p.a_fd, 'x');
	pair_end(&p);
}
END_TEST

START_TEST(a_permanent_failure_drops_only_its_own_datagram)
{
	static const struct {
		int error;
		enum swim_error expected;
	} permanent[] = {
	    {EMSGSIZE, SWIM_ERROR_MESSAGE_TOO_LARGE},
	    {EINVAL, SWIM_ERROR_INVALID_ADDRESS},
	    {EAFNOSUPPORT, SWIM_ERROR_INVALID_ADDRESS},
	    {EACCES, SWIM_ERROR_INVALID_ADDRESS},
	};
	struct udp_config config = udp_test_config("127.0.0.1");
	struct udp_stats stats;
	struct pair p;

	for (size_t i = 0; i < sizeof(permanent) / sizeof(permanent[0]); i++) {
		pair_start(&p, &config);
		play_failure(p.a.port, 1, permanent[i].error);
		pair_send_around(&p);
		ck_assert(plain_is_empty(p.a_fd));
		stats = udp_test_stats(&p.t);
		ck_assert_uint_eq(stats.errors[permanent[i].expected], 1);
		ck_assert_uint_eq(stats.retry_queue, 0);
		ck_assert(stats.healthy);
		ck_assert_uint_eq(p.t.changes, 0);
		pair_end(&p);
	}
}
END_TEST

/* The last try is reported, if the error is about the address, at any place of the datagram in a batch. */
START_TEST(a_failure_to_send_is_reported_with_its_address)
{
	static const int to_address[] = {ENETUNREACH, EHOSTUNREACH, EPERM, EACCES, EINVAL,
	    EADDRNOTAVAIL, ENETDOWN};
	static const int to_none[] = {EAGAIN, ENOBUFS, ENOMEM, EMSGSIZE, EBADF};
	const size_t count = sizeof(to_address) / sizeof(to_address[0]);
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	for (size_t i = 0; i < count + sizeof(to_none) / sizeof(to_none[0]); i++) {
		pair_start(&p, &config);
		play_failure(p.a.port, 100, i < count ? to_address[i] : to_none[i - count]);
		pair_send_around(&p);
		LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).retry_queue == 0);
		ck_assert_uint_eq(p.t.refusals, i < count);
		if (i < count) {
			ck_assert(swim_addr_equal(&p.t.refused, &p.a));
			ck_assert_int_eq(p.t.refused_errno, to_address[i]);
		}
		pair_end(&p);
	}
	/* A datagram that a retry sends is not reported. */
	pair_start(&p, &config);
	play_failure(p.a.port, 2, ENETUNREACH);
	pair_queue(&p, &p.a, '1');
	udp_flush(p.t.udp);
	LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).sent == 1);
	expect(p.a_fd, '1');
	ck_assert_uint_eq(p.t.refusals, 0);
	pair_end(&p);
}
END_TEST

START_TEST(short_sends_are_continued)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	pair_start(&p, &config);
	play.at_most = 3;
	for (int c = 'a'; c <= 'j'; c++)
		pair_queue(&p, &p.a, c);
	udp_flush(p.t.udp);
	ck_assert_uint_eq(play.calls, 4);
	for (int c = 'a'; c <= 'j'; c++)
		expect(p.a_fd, c);
	pair_end(&p);
}
END_TEST

START_TEST(a_signal_is_no_failure)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	pair_start(&p, &config);
	play_failure(p.a.port, 2, EINTR);
	pair_queue(&p, &p.a, 'x');
	udp_flush(p.t.udp);
	expect(p.a_fd, 'x');
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_SEND_FAILED], 0);
	pair_end(&p);
}
END_TEST

/* When an address of ours is gone, peers are answered from another address. */
START_TEST(a_source_address_that_is_gone_is_forgotten)
{
	struct udp_config config = udp_test_config("0.0.0.0");
	struct swim_addr target, from;
	struct pair p;
	char data[8];

	pair_start(&p, &config);
	p.t.echo = true;
	target = loop_addr("127.9.8.7", p.t.local.port);
	play.with_source = true;
	play.times = 2;
	play.error = EINVAL;
	plain_send(p.a_fd, &target, "x", 1);
	LOOP_UNTIL(p.t.base, p.t.received == 1);
	plain_receive(p.a_fd, data, sizeof(data), &from);
	ck_assert(!swim_addr_equal(&from, &target));
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_INVALID_ADDRESS], 0);
	/* The address is not used again until the next datagram to it. */
	pair_queue(&p, &p.a, 'z');
	udp_flush(p.t.udp);
	ck_assert_uint_eq(play.times, 1);
	plain_receive(p.a_fd, data, sizeof(data), &from);
	play.times = 0;
	plain_send(p.a_fd, &target, "y", 1);
	LOOP_UNTIL(p.t.base, p.t.received == 2);
	plain_receive(p.a_fd, data, sizeof(data), &from);
	ck_assert(swim_addr_equal(&from, &target));
	pair_end(&p);
}
END_TEST

START_TEST(a_closed_port_harms_no_other_datagram)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct swim_addr closed;
	struct pair p;
	int fd = plain_socket("127.0.0.1", &closed);

	close(fd);
	pair_start(&p, &config);
	for (int i = 0; i < 3; i++) {
		pair_queue(&p, &closed, 'x');
		pair_queue(&p, &p.a, 'y');
		udp_flush(p.t.udp);
		expect(p.a_fd, 'y');
		LOOP_ONCE(p.t.base);
	}
	plain_send(p.a_fd, &p.t.local, "z", 1);
	LOOP_UNTIL(p.t.base, p.t.received == 1);
	ck_assert(udp_test_stats(&p.t).healthy);
	pair_end(&p);
}
END_TEST

UNIT_MAIN("udp_send", queued_datagrams_leave_in_one_call_when_flushed,
    a_full_queue_is_flushed_by_itself, a_datagram_that_cannot_be_sent_is_refused_at_once,
    a_transient_failure_is_retried_and_delays_no_other_datagram,
    gossip_does_not_wait_for_a_full_send_buffer, a_datagram_is_dropped_after_the_last_attempt,
    retries_wait_as_configured, retries_can_be_turned_off, the_queue_of_retries_is_bounded,
    many_retries_go_out_in_batches, a_permanent_failure_drops_only_its_own_datagram,
    a_failure_to_send_is_reported_with_its_address, short_sends_are_continued,
    a_signal_is_no_failure, a_source_address_that_is_gone_is_forgotten,
    a_closed_port_harms_no_other_datagram)
