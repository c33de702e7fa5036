/* SPDX-License-Identifier: MIT */
/* What the socket reports of its health, and when. */
#include "support/udp_play.h"

#include <sys/syscall.h>
#include <time.h>

/* Seconds by which the loop's clock is ahead of the machine's clock. */
static time_t ahead;

/* Replaces the function of the C library. */
int
clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	int status = (int)syscall(SYS_clock_gettime, clock_id, tp);

	tp->tv_sec += ahead;
	return status;
}

START_TEST(one_unreachable_peer_among_many_is_reported_once_a_minute)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	config.retry_attempts = 1;
	pair_start(&p, &config);
	play_failure(p.a.port, 1000, ENETUNREACH);
	for (int i = 0; i < 100; i++) {
		pair_queue(&p, &p.a, 'x');
		pair_queue(&p, &p.b, 'y');
		udp_flush(p.t.udp);
		expect(p.b_fd, 'y');
		ck_assert(udp_test_stats(&p.t).healthy);
	}
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_SEND_FAILED], 100);
	ck_assert_uint_eq(p.t.changes, 2); /* one failure and its end */
	/*
	 * Many failures in a row are not reported either, in the same minute; only `healthy` shows
	 * them.
	 */
	for (int i = 0; i < 100; i++) {
		pair_queue(&p, &p.a, 'x');
		udp_flush(p.t.udp);
	}
	ck_assert_uint_eq(p.t.changes, 2);
	ck_assert(!udp_test_stats(&p.t).healthy);
	/* A failure after that minute is reported. */
	ahead += 60;
	pair_queue(&p, &p.a, 'x');
	udp_flush(p.t.udp);
	ck_assert_uint_eq(p.t.changes, 3);
	ck_assert_int_eq(p.t.change, SWIM_ERROR_SEND_FAILED);
	pair_end(&p);
}
END_TEST

START_TEST(another_error_is_reported_in_the_same_minute)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	config.retry_attempts = 1;
	pair_start(&p, &config);
	play_failure(p.a.port, 1, ENETUNREACH);
	pair_queue(&p, &p.a, 'x');
	udp_flush(p.t.udp);
	pair_queue(&p, &p.b, 'y');
	udp_flush(p.t.udp);
	ck_assert_uint_eq(p.t.changes, 2);
	plain_send(p.a_fd, &p.t.local, "x", 1);
	play.receive_error = ENOMEM;
	play.receive_times = 1;
	LOOP_UNTIL(p.t.base, p.t.changes == 4);
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_RECEIVE_FAILED], 1);
	pair_end(&p);
}
END_TEST

START_TEST(failures_to_receive_are_counted_and_do_not_spin)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	pair_start(&p, &config);
	plain_send(p.a_fd, &p.t.local, "x", 1);
	play.receive_error = ENOMEM;
	play.receive_times = 20;
	LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).errors[SWIM_ERROR_RECEIVE_FAILED] == 8);
	ck_assert(!udp_test_stats(&p.t).healthy);
	ck_assert_int_eq(p.t.change, SWIM_ERROR_RECEIVE_FAILED);
	/* The socket is readable all the time, but is not read. */
	for (int i = 0; i < 10; i++)
		LOOP_ONCE(p.t.base);
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_RECEIVE_FAILED], 8);
	LOOP_UNTIL(p.t.base, p.t.received == 1);
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_RECEIVE_FAILED], 20);
	ck_assert(udp_test_stats(&p.t).healthy);
	ck_assert_int_eq(p.t.change, SWIM_OK);
	pair_end(&p);
}
END_TEST

/* A received datagram does not hide a failure to send. */
START_TEST(a_failure_of_one_direction_is_kept_while_the_other_works)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	config.retry_attempts = 1;
	pair_start(&p, &config);
	play_failure(p.b.port, 1, ENETDOWN);
	pair_queue(&p, &p.b, 'x');
	udp_flush(p.t.udp);
	plain_send(p.a_fd, &p.t.local, "y", 1);
	LOOP_UNTIL(p.t.base, p.t.received == 1);
	ck_assert(!udp_test_stats(&p.t).healthy);
	ck_assert_int_eq(udp_test_stats(&p.t).last_error, SWIM_ERROR_SEND_FAILED);
	ck_assert_int_eq(udp_test_stats(&p.t).last_errno, ENETDOWN);
	/* A sent datagram does not hide a failure to receive. */
	plain_send(p.a_fd, &p.t.local, "z", 1);
	play.receive_error = ENOMEM;
	play.receive_times = 1;
	LOOP_UNTIL(p.t.base, udp_test_stats(&p.t).errors[SWIM_ERROR_RECEIVE_FAILED] == 1);
	pair_queue(&p, &p.a, 'x');
	udp_flush(p.t.udp);
	ck_assert(!udp_test_stats(&p.t).healthy);
	ck_assert_int_eq(udp_test_stats(&p.t).last_error, SWIM_ERROR_RECEIVE_FAILED);
	LOOP_UNTIL(p.t.base, p.t.received == 2);
	ck_assert(udp_test_stats(&p.t).healthy);
	ck_assert_int_eq(udp_test_stats(&p.t).last_error, SWIM_OK);
	ck_assert_int_eq(udp_test_stats(&p.t).last_errno, 0);
	pair_end(&p);
}
END_TEST

/* A datagram that can never be sent does not hide a failure of the socket. */
START_TEST(a_fault_of_one_datagram_hides_no_lasting_fault)
{
	struct udp_config config = udp_test_config("127.0.0.1");
	struct pair p;

	config.retry_attempts = 1;
	pair_start(&p, &config);
	play_failure(p.a.port, 1, ENOBUFS);
	pair_queue(&p, &p.a, 'x');
	udp_flush(p.t.udp);
	play.times = 1;
	play.error = EMSGSIZE;
	pair_queue(&p, &p.a, 'x');
	udp_flush(p.t.udp);
	ck_assert_uint_eq(udp_test_stats(&p.t).errors[SWIM_ERROR_MESSAGE_TOO_LARGE], 1);
	ck_assert(!udp_test_stats(&p.t).healthy);
	ck_assert_int_eq(udp_test_stats(&p.t).last_error, SWIM_ERROR_SEND_FAILED);
	ck_assert_int_eq(udp_test_stats(&p.t).last_errno, ENOBUFS);
	pair_end(&p);
}
END_TEST

UNIT_MAIN("udp_health", another_error_is_reported_in_the_same_minute,
    one_unreachable_peer_among_many_is_reported_once_a_minute,
    failures_to_receive_are_counted_and_do_not_spin,
    a_failure_of_one_direction_is_kept_while_the_other_works,
    a_fault_of_one_datagram_hides_no_lasting_fault)
