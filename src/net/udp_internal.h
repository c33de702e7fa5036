/* SPDX-License-Identifier: MIT */
/* What net/udp.c (socket and receiving), net/udp_send.c and net/udp_error.c share; no other file includes this header. */
#ifndef SWIMD_NET_UDP_INTERNAL_H
#define SWIMD_NET_UDP_INTERNAL_H

#include "net/loop.h"
#include "net/reply_table.h"
#include "net/retry.h"
#include "net/udp.h"

#define UDP_SEND_BATCH 64

/* One datagram that waits for udp_flush. */
struct udp_pending {
	struct swim_addr to;
	size_t offset; /* where the datagram's bytes begin in the arena */
	size_t len;
	unsigned failed; /* how many tries failed */
};

/* A datagram that waits for another try. */
struct udp_retry {
	struct swim_addr to;
	void *data;
	size_t len;
	unsigned failed;
	swim_time due;
};

struct udp_sender {
	struct udp_pending pending[UDP_SEND_BATCH];
	size_t pending_count;
	uint8_t *arena; /* the bytes of the pending datagrams */
	size_t arena_used;
	bool flushing;
	struct retry_policy policy;
	struct udp_retry retries[UDP_RETRIES_MAX]; /* in no order */
	size_t retry_count;
	struct loop_timer *retry_timer;
};

struct udp_receiver;

/* How sending goes, or how receiving goes. */
struct udp_half {
	bool failing;
	enum swim_error error; /* why it fails, while it fails */
	int error_number;
};

struct udp {
	struct event_base *base;
	struct udp_config config;
	struct udp_callbacks callbacks;
	char *device; /* the device's current name */
	uint32_t
	    device_index; /* index of the device, or of the interface of a link-local address; 0: neither */
	bool had_socket; /* bound_port is the port of an earlier or the present socket */
	uint16_t bound_port;
	int fd;     /* -1 while stopped */
	int family; /* of the socket: AF_INET or AF_INET6 */
	bool reaches4, reaches6;
	struct swim_addr local;
	struct reply_table *replies; /* only on a wildcard */
	uint32_t interface;          /* by which the datagram came that is being handed on */
	struct admit *admit;         /* while started, and only with the callback `standing` */
	size_t capacity;             /* datagrams that the receive buffer can hold */
	struct udp_sender sender;
	struct udp_receiver *receiver;
	struct udp_half sending, receiving;
	bool told; /* health_changed was called for a failure, but not yet for its end */
	swim_time
	    tell_after[SWIM_ERROR_COUNT]; /* a failure of this kind is reported from then on */
	struct udp_stats stats;           /* the counters; udp_stats fills in the rest */
};

/* Returns false when memory is short. */
bool udp_sender_init(struct udp *);
void udp_sender_fini(struct udp *);
/* Drop all queued datagrams. */
void udp_sender_clear(struct udp *);

/*
 * Account for a failure of this half.  With `lasting` more than the one datagram is at fault; the half is then
 * unhealthy until it works again.
 */
void udp_failed(struct udp *, struct udp_half *, enum swim_error, int error_number,
    const struct swim_addr *peer, bool lasting);
/* Read ICMP errors and hand them on; returns how many there were. */
size_t udp_read_errors(struct udp *);
/* A call that failed because of ICMP errors is made again so many times. */
#define UDP_ERROR_RETRIES 8
void udp_went_well(struct udp *, struct udp_half *);

#endif
