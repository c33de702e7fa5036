/* SPDX-License-Identifier: MIT */
/*
 * For tests of net/udp with failing system calls.  The functions sendmmsg and recvmmsg below replace those of the C library,
 * and fail as the test sets in `play`.  Only one file of a program may include this header.
 */
#ifndef SWIMD_TESTS_SUPPORT_UDP_PLAY_H
#define SWIMD_TESTS_SUPPORT_UDP_PLAY_H

#include <dlfcn.h>

#include "support/udp.h"

static struct {
	uint16_t port;          /* datagrams to this port cannot be sent; 0: no port */
	bool with_source;       /* instead: datagrams that name a source address cannot be sent */
	int error;              /* errno of a datagram that cannot be sent */
	unsigned times;         /* number of datagrams that cannot be sent; later ones are sent */
	unsigned at_most;       /* the most datagrams that a call of sendmmsg sends; 0: no limit */
	unsigned calls;         /* number of calls of sendmmsg */
	int receive_error;      /* errno of recvmmsg */
	unsigned receive_times; /* number of calls of recvmmsg that fail */
} play;

/* The next `times` datagrams to this port cannot be sent, with this errno. */
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

int /* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's names are reserved */
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
		/* The kernel does the same: it returns the number of datagrams sent, and the error at the next call. */
		play.times++;
		break;
	}
	return real(fd, msgs, n, flags);
}

int /* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's names are reserved */
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

/* A started UDP socket, and two plain sockets to which it sends. */
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
