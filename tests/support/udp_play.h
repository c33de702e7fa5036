/* SPDX-License-Identifier: MIT */
/*
 * For tests of net/udp under failures: these are played by sendmmsg and recvmmsg below, which stand before the C
 * library's.  Included by one file of a program.
 */
#ifndef SWIMD_TESTS_SUPPORT_UDP_PLAY_H
#define SWIMD_TESTS_SUPPORT_UDP_PLAY_H

#include <dlfcn.h>

#include "support/udp.h"

static struct {
	uint16_t port;     /* sends to this port fail; 0: none */
	bool with_source;  /* ... no: sends that name a source address fail */
	int error;         /* with this errno value */
	unsigned times;    /* so many times; from then on they go well */
	unsigned at_most;  /* no call sends more than this; 0: no limit */
	unsigned calls;    /* of sendmmsg */
	int receive_error; /* recvmmsg fails with this errno value */
	unsigned receive_times;
} play;

/* The next so many sends to this port fail with this errno value. */
static inline void
play_failure(uint16_t port, unsigned times, int error)
{
	play.port = port;
	play.times = times;
	play.error = error;
}

static bool
play_fails(const struct msghdr *msg)
{
	const union sockaddr_any *to = msg->msg_name;

	if (play.times == 0 ||
	    (play.with_source ? msg->msg_controllen == 0 : ntohs(to->in.sin_port) != play.port))
		return false;
	play.times--;
	return true;
}

int /* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's are reserved */
sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	int (*real)(int, struct mmsghdr *, unsigned, int) =
	    (int (*)(int, struct mmsghdr *, unsigned, int))dlsym(RTLD_NEXT, "sendmmsg");
	unsigned n;

	play.calls++;
	if (play.at_most > 0 && count > play.at_most)
		count = play.at_most;
	for (n = 0; n < count; n++) {
		if (!play_fails(&msgs[n].msg_hdr))
			continue;
		if (n == 0) {
			errno = play.error;
			return -1;
		}
		/* As the kernel does: what went out counts, the reason is for the next call. */
		play.times++;
		break;
	}
	return real(fd, msgs, n, flags);
}

int /* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's are reserved */
recvmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout)
{
	int (*real)(int, struct mmsghdr *, unsigned, int, struct timespec *) = (int (*)(int,
	    struct mmsghdr *, unsigned, int, struct timespec *))dlsym(RTLD_NEXT, "recvmmsg");

	if (play.receive_times > 0) {
		play.receive_times--;
		errno = play.receive_error;
		return -1;
	}
	return real(fd, msgs, count, flags, timeout);
}

/* A started socket, and two plain ones to send to. */
struct pair {
	struct udp_test t;
	struct swim_addr a, b;
	int a_fd, b_fd;
};

static inline void
pair_start(struct pair *p, const struct udp_config *config)
{
	memset(&play, 0, sizeof(play));
	udp_test_start(&p->t, config);
	p->a_fd = plain_socket("127.0.0.1", &p->a);
	p->b_fd = plain_socket("127.0.0.1", &p->b);
}

static inline void
pair_end(struct pair *p)
{
	close(p->a_fd);
	close(p->b_fd);
	udp_test_end(&p->t);
}

static inline void
pair_queue(struct pair *p, const struct swim_addr *to, int what)
{
	char byte = (char)what;

	ck_assert_int_eq(udp_queue(p->t.udp, to, &byte, 1), SWIM_OK);
}

static inline void
expect(int fd, int what)
{
	struct swim_addr from;
	char data[8] = {0};

	ck_assert_uint_eq(plain_receive(fd, data, sizeof(data), &from), 1);
	ck_assert_int_eq(data[0], (char)what);
}

#endif
