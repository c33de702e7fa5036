/* SPDX-License-Identifier: MIT */
/* What net/udp.c (socket and receiving) and net/udp_send.c share; nobody else includes it. */
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
	size_t offset; /* of its bytes in the arena */
	size_t len;
	unsigned failed; /* tries that failed */
};

/* One that waits for another try. */
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
	uint8_t *arena; /* the pending ones' bytes */
	size_t arena_used;
	bool flushing;
	struct retry_policy policy;
	struct udp_retry retries[UDP_RETRIES_MAX]; /* in no order */
	size_t retry_count;
	struct loop_timer *retry_timer;
};

struct udp_receiver;

/* How sending, or receiving, goes. */
struct udp_half {
	bool failing;
	enum swim_error error; /* why, while it is */
	int error_number;
};

struct udp {
	struct event_base *base;
	struct udp_config config;
	struct udp_callbacks callbacks;
	char *device; /* its name now */
	uint32_t
	    device_index; /* of it, or of the link-local address that it is bound to; 0: of none */
	bool had_socket;  /* bound_port is of it */
	uint16_t bound_port;
	int fd;     /* -1 while stopped */
	int family; /* of the socket: AF_INET or AF_INET6 */
	bool reaches4, reaches6;
	struct swim_addr local;
	struct reply_table *replies; /* only on a wildcard */
	uint32_t interface;          /* of the datagram being handed on */
	struct admit *admit;         /* while started, if there is a callback for it */
	size_t capacity;             /* datagrams that the receive buffer can hold */
	struct udp_sender sender;
	struct udp_receiver *receiver;
	struct udp_half sending, receiving;
	bool told; /* health_changed knows of them */
	swim_time
	    tell_after[SWIM_ERROR_COUNT]; /* a failure of this kind is worth telling from then on */
	struct udp_stats stats;           /* the counters; udp_stats fills in the rest */
};

/* Returns false when memory is short. */
bool udp_sender_init(struct udp *);
void udp_sender_fini(struct udp *);
/* Drop all that is queued. */
void udp_sender_clear(struct udp *);

/*
 * Account for a failure of this half; `lasting` where more than the one datagram is at fault, which makes it unhealthy
 * until it goes well again.
 */
void udp_failed(struct udp *, struct udp_half *, enum swim_error, int error_number,
    const struct swim_addr *peer, bool lasting);
/* Read ICMP errors and hand them on; how many there were. */
size_t udp_read_errors(struct udp *);
/* So often a call is made again because of them. */
#define UDP_ERROR_RETRIES 8
void udp_went_well(struct udp *, struct udp_half *);

#endif
