/* SPDX-License-Identifier: MIT */
/* For tests of net/udp: a UDP socket whose callbacks record what happens, and plain sockets as its peers. */
#ifndef SWIMD_TESTS_SUPPORT_UDP_H
#define SWIMD_TESTS_SUPPORT_UDP_H

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/sockaddr.h"
#include "net/udp.h"
#include "support/loop.h"

struct udp_test {
	struct event_base *base;
	struct udp *udp;
	struct swim_addr local;
	unsigned received;            /* number of datagrams */
	unsigned truncated;           /* number of datagrams that did not fit */
	unsigned batches;             /* number of calls of udp_test_batch_done */
	struct swim_addr from;        /* of the last datagram */
	uint32_t interface;           /* of the last datagram */
	size_t len;                   /* of the last datagram */
	uint8_t data[65536];          /* of the last datagram */
	bool echo;                    /* send each datagram back */
	bool stop;                    /* stop the socket after a datagram */
	unsigned changes;             /* number of changes of health */
	enum swim_error change;       /* of the last change of health */
	int change_errno;             /* of the last change of health */
	unsigned refusals;            /* number of calls of udp_test_refused */
	struct swim_addr refused;     /* the peer of the last refusal */
	int refused_errno;            /* of the last refusal */
	int busy_ms;                  /* how long the handling of a datagram takes, in ms */
	enum admit_standing standing; /* of all sources */
	bool awaited;                 /* all datagrams are awaited */
};

static inline void
udp_test_received(void *ctx, const struct swim_addr *from, const void *data, size_t len,
    bool truncated)
{
	struct udp_test *t = ctx;

	t->received++;
	t->from = *from;
	t->interface = udp_interface(t->udp);
	t->len = len;
	if (truncated)
		t->truncated++;
	else if (len > 0)
		memcpy(t->data, data, len);
	if (t->echo)
		ck_assert_int_eq(udp_queue(t->udp, from, data, len), SWIM_OK);
	for (swim_time end = swim_time_add(loop_now(), swim_ms(t->busy_ms));
	     t->busy_ms > 0 && swim_time_before(loop_now(), end);) {
	}
	if (t->stop)
		udp_stop(t->udp);
}

static inline enum admit_standing
udp_test_standing(void *ctx, const struct swim_addr *from, const void *data, size_t len,
    bool *awaited)
{
	const struct udp_test *t = ctx;

	(void)from;
	(void)data;
	(void)len;
	*awaited = t->awaited;
	return t->standing;
}

static inline void
udp_test_batch_done(void *ctx)
{
	struct udp_test *t = ctx;

	t->batches++;
	udp_flush(t->udp);
}

static inline void
udp_test_health_changed(void *ctx, enum swim_error error, int error_number,
    const struct swim_addr *peer)
{
	struct udp_test *t = ctx;

	(void)peer;
	t->changes++;
	t->change = error;
	t->change_errno = error_number;
}

static inline void
udp_test_refused(void *ctx, const struct swim_addr *peer, int error_number)
{
	struct udp_test *t = ctx;

	t->refusals++;
	t->refused = *peer;
	t->refused_errno = error_number;
}

/* Create the socket without starting it. */
static inline void
udp_test_new(struct udp_test *t, const struct udp_config *config)
{
	struct udp_callbacks callbacks = {udp_test_received, udp_test_batch_done,
	    udp_test_health_changed, udp_test_refused, t, udp_test_standing};

	memset(t, 0, sizeof(*t));
	t->base = loop_new();
	t->udp = udp_new(t->base, config, &callbacks);
	ck_assert_ptr_nonnull(t->udp);
}

static inline struct udp_config
udp_test_config(const char *host)
{
	struct udp_config config;

	udp_config_defaults(&config);
	config.bind = loop_addr(host, 0);
	return config;
}

static inline void
udp_test_start(struct udp_test *t, const struct udp_config *config)
{
	udp_test_new(t, config);
	ck_assert_msg(udp_start(t->udp) == SWIM_OK, "bind: %s", strerror(errno));
	ck_assert_int_eq(udp_local(t->udp, &t->local), SWIM_OK);
	ck_assert_uint_ne(t->local.port, 0);
}

static inline void
udp_test_end(struct udp_test *t)
{
	udp_free(t->udp);
	event_base_free(t->base);
}

static inline struct udp_stats
udp_test_stats(const struct udp_test *t)
{
	struct udp_stats stats;

	udp_stats(t->udp, &stats);
	return stats;
}

/* Drain at most `most` datagrams.  True: `expected` datagrams came, and none is left or `most` is reached. */
static inline bool
udp_test_drain(struct udp_test *t, size_t most, size_t expected)
{
	size_t left = most;

	return udp_drain(t->udp, &left, SWIM_TIME_NEVER) && most - left == expected;
}

/* A plain blocking socket that is bound to any port of `host`; *own is its address. */
static inline int
plain_socket(const char *host, struct swim_addr *own)
{
	struct swim_addr addr = loop_addr(host, 0);
	int family = sockaddr_family(&addr);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union sockaddr_any any;
	socklen_t len = sockaddr_from_addr(&addr, family, &any);

	ck_assert_int_ge(fd, 0);
	ck_assert_msg(bind(fd, &any.sa, len) == 0, "bind %s: %s", host, strerror(errno));
	len = sizeof(any);
	ck_assert_int_eq(getsockname(fd, &any.sa, &len), 0);
	ck_assert(sockaddr_to_addr(&any.sa, own));
	return fd;
}

static inline void
plain_send(int fd, const struct swim_addr *to, const void *data, size_t len)
{
	union sockaddr_any any;
	socklen_t any_len = sockaddr_from_addr(to, sockaddr_family(to), &any);

	ck_assert_msg(sendto(fd, data, len, 0, &any.sa, any_len) == (ssize_t)len, "sendto: %s",
	    strerror(errno));
}

/* Wait for a datagram.  Returns its length. */
static inline size_t
plain_receive(int fd, void *data, size_t size, struct swim_addr *from)
{
	union sockaddr_any any;
	socklen_t any_len = sizeof(any);
	ssize_t n = recvfrom(fd, data, size, 0, &any.sa, &any_len);

	ck_assert_msg(n >= 0, "recvfrom: %s", strerror(errno));
	ck_assert(sockaddr_to_addr(&any.sa, from));
	return (size_t)n;
}

static inline bool
plain_is_empty(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* Whether the loopback interface of this machine has IPv6. */
static inline bool
have_ipv6(void)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool have = fd >= 0 && bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) == 0;

	if (fd >= 0)
		close(fd);
	return have;
}

#endif
