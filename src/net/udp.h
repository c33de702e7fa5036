/* SPDX-License-Identifier: MIT */
/*
 * The UDP socket on the libevent loop: bound once, read in batches (recvmmsg), written in batches
 * (sendmmsg), transient errors retried with backoff.  One socket serves both families on [::].
 */
#ifndef SWIMD_NET_UDP_H
#define SWIMD_NET_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/time.h"

struct udp;

struct udp_config {
	struct swim_addr bind;      /* a wildcard of family 6 serves IPv4 too */
	const char *device;         /* SO_BINDTODEVICE; NULL or "" for none */
	int receive_buffer;         /* SO_RCVBUF wanted, bytes; 0 leaves the kernel's default */
	size_t max_datagram;        /* largest that is received whole; above it MSG_TRUNC counts it as too long */
	unsigned retry_attempts;    /* for transient send errors, the first try included; 1: never retry */
	swim_duration retry_first;  /* 10 ms */
	double retry_factor;        /* 2 */
	swim_duration retry_max;    /* 100 ms */
};
void udp_config_defaults(struct udp_config *);

struct udp_callbacks {
	/* One datagram; len may exceed what was kept when `truncated`. */
	void (*received)(void *ctx, const struct swim_addr *from, const void *data, size_t len, bool truncated);
	/* After each batch (one recvmmsg), and after the retry timer: time to flush. */
	void (*batch_done)(void *ctx);
	void *ctx;
};

/* Create without a socket yet.  NULL when memory is short.  The base and callbacks must outlive it. */
struct udp *udp_new(struct event_base *, const struct udp_config *, const struct udp_callbacks *);
void udp_free(struct udp *);

/* Bind and start reading.  On an error errno says more.  SWIM_ERROR_ALREADY_STARTED when it is bound. */
enum swim_error udp_start(struct udp *);
enum swim_error udp_stop(struct udp *);
/* What we are bound to (with the port that the kernel chose, if 0 was asked). */
enum swim_error udp_local(const struct udp *, struct swim_addr *out);

/*
 * Queue for the next udp_flush, copying.  MESSAGE_TOO_LARGE above WIRE_DATAGRAM_MAX, INVALID_ADDRESS
 * for family 0, NOT_STARTED.
 */
enum swim_error udp_queue(struct udp *, const struct swim_addr *to, const void *data, size_t len);
/*
 * Send all that is queued with as few system calls as possible.  A permanent failure drops its own
 * datagram alone; a transient one (ENOBUFS, EAGAIN, ENOMEM, EINTR, ENETUNREACH, ENETDOWN, EHOSTUNREACH, EPERM)
 * is retried up to retry_attempts, without holding up the datagrams behind it.
 */
void udp_flush(struct udp *);

/* Read until the socket is empty or `limit` datagrams came, as after a stall: before timers fire. */
size_t udp_drain(struct udp *, size_t limit);

struct udp_stats {
	uint64_t received, received_bytes, received_truncated;
	uint64_t sent, sent_bytes;
	uint64_t retries, retries_exhausted;
	uint64_t kernel_drops;                  /* SO_RXQ_OVFL */
	uint64_t errors[SWIM_ERROR_COUNT];
	size_t retry_queue;
	int receive_buffer;                     /* what the kernel really gave */
	enum swim_error last_error;             /* SWIM_OK when the last operation of either kind went well */
	int last_errno;
	bool healthy;                           /* bound, and nothing fails now */
};
void udp_stats(const struct udp *, struct udp_stats *out);

#endif
