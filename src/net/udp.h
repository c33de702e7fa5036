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
#include "net/admit.h"

struct udp;

struct udp_config {
	/* A wildcard of family 6 serves IPv4 too, and IPv4 alone on a machine without IPv6 (see udp_local). */
	struct swim_addr bind;
	const char *device;  /* SO_BINDTODEVICE; NULL or "" for none */
	int receive_buffer;  /* SO_RCVBUF wanted, bytes; 0 leaves the kernel's default */
	size_t max_datagram; /* largest that is received whole; a longer one comes `truncated` */
	unsigned retry_attempts; /* for transient send errors, the first included; 1: never retry */
	swim_duration retry_first; /* 10 ms */
	double retry_factor;       /* 2 */
	swim_duration retry_max;   /* 100 ms */
};
void udp_config_defaults(struct udp_config *);

/* They may stop the socket, but not free it, nor start it again before they return. */
struct udp_callbacks {
	/* One datagram; len may exceed what was kept when `truncated`. */
	void (*received)(void *ctx, const struct swim_addr *from, const void *data, size_t len,
	    bool truncated);
	/* After each batch (one recvmmsg), and after the retry timer: time to flush. */
	void (*batch_done)(void *ctx);
	/*
	 * Sending or receiving began to fail with this error (error_number: the errno value; peer: the receiver of the
	 * datagram, or NULL), or both go well again (SWIM_OK).  Each kind of error is told once a minute at most.  May be NULL.
	 * Of udp it may call udp_stats alone.
	 */
	void (*health_changed)(void *ctx, enum swim_error error, int error_number,
	    const struct swim_addr *peer);
	/*
	 * What was to be sent to this peer did not arrive.  Either an ICMP error says so: ECONNREFUSED (nobody listens on
	 * that port), EHOSTUNREACH, ENETUNREACH, ...  Anybody on the way can send one, and some can forge one.  Or this
	 * machine did not send it, at the last try too: ENETUNREACH (no route), EPERM (a firewall), EADDRNOTAVAIL, ...
	 * May be NULL.  Must not call back into udp.
	 */
	void (*refused)(void *ctx, const struct swim_addr *peer, int error_number);
	void *ctx;
	/*
	 * What is known of the sender of a datagram, which decides whether it is read when there are too many (see
	 * net/admit.h), and whether it looks like an answer that is awaited.  Called for every datagram, before it is
	 * decoded.  NULL: all are read.
	 */
	enum admit_standing (*standing)(void *ctx, const struct swim_addr *from, const void *data,
	    size_t len, bool *awaited);
};

/* Create without a socket yet.  NULL when memory is short.  The base and callbacks must outlive it. */
struct udp *udp_new(struct event_base *, const struct udp_config *, const struct udp_callbacks *);
void udp_free(struct udp *);

/*
 * Bind and start reading.  BIND_FAILED with errno: EADDRINUSE (another process has the port),
 * EADDRNOTAVAIL (not an address of this machine), ENODEV (no such device), EACCES or EPERM, ...
 * INVALID_ADDRESS for family 0.  ALREADY_STARTED when it is bound.
 */
enum swim_error udp_start(struct udp *);
/* NOT_STARTED when it was not.  What is queued, for a retry too, is dropped. */
enum swim_error udp_stop(struct udp *);
/*
 * The interface that the socket is bound to, by its device or by a link-local address, has this index now, as after it was
 * removed and made again.  Bind to it again, to the same port.  Where the index is the same as before, only the interface's
 * name is looked up again.  Not to be called from within a callback.  Returns as udp_start; after a failure the socket is
 * stopped, and this may be called again.
 */
enum swim_error udp_follow_device(struct udp *, uint32_t index);
/* The index of that interface when it was bound; 0: the socket has none. */
uint32_t udp_device(const struct udp *);
/* The address that the socket is bound to, with the port that the kernel chose where port 0 was asked for. */
enum swim_error udp_local(const struct udp *, struct swim_addr *out);

/* Within `received`: the network interface by which it came; 0: not known. */
uint32_t udp_interface(const struct udp *);

/*
 * Can this socket send to the address?  It cannot where there is no address, the port is 0, the address is a wildcard, or
 * the socket does not serve the address's family.  A stopped socket is taken to serve both families.
 */
bool udp_reaches(const struct udp *, const struct swim_addr *);
/*
 * Queue for the next udp_flush, copying; a full batch is flushed at once.  MESSAGE_TOO_LARGE above
 * WIRE_DATAGRAM_MAX, NOT_STARTED, INVALID_ADDRESS for an address that this socket can't send to (none, port
 * 0, a wildcard, or of the wrong family); each is counted.
 *
 * On a socket bound to a wildcard it leaves from the local address that `to` last sent to, as far as
 * that is remembered (net/reply_table.h), else from the one that the kernel chooses.
 */
enum swim_error udp_queue(struct udp *, const struct swim_addr *to, const void *data, size_t len);
#define UDP_RETRIES_MAX                                                                            \
	256 /* datagrams that wait for another try; further ones are dropped and counted */
/*
 * Send all that is queued with as few system calls as possible.  A permanent failure (EMSGSIZE, EAFNOSUPPORT, and
 * EINVAL or EACCES of an address that no route forbids, ...) drops its own datagram alone; a transient one (ENOBUFS,
 * EAGAIN, ENOMEM, ENETUNREACH, ENETDOWN, EHOSTUNREACH, EPERM, ...) is retried up to retry_attempts, without holding up
 * the datagrams behind it; but gossip that finds the send buffer full (EAGAIN) is dropped.
 */
void udp_flush(struct udp *);

/*
 * Datagrams are read for this long at a time; then the others on the loop (timers, signals, the control socket) get
 * their turn, however many wait.  One datagram that has been begun is finished.
 */
#define UDP_TURN_MS 5
/*
 * Read the datagrams that wait in the socket, as after a stall, before timers fire.  *most is how many may be read, and is
 * counted down.  True once none is left or *most is 0; false when the time `until` came first.
 */
bool udp_drain(struct udp *, size_t *most, swim_time until);
/* The receive buffer holds at most so many datagrams; 0 while stopped. */
size_t udp_capacity(const struct udp *);

struct udp_stats {
	uint64_t received, received_bytes, received_truncated;
	uint64_t sent, sent_bytes;
	uint64_t retries; /* sends tried again */
	uint64_t
	    retries_exhausted; /* datagrams dropped after the last try, or for want of room to wait */
	uint64_t kernel_drops; /* SO_RXQ_OVFL */
	uint64_t icmp_errors;  /* told by other machines, or this one, about what was sent */
	uint64_t unread[ADMIT_REFUSALS];   /* dropped for being too many, by why */
	struct swim_addr unread_from;      /* the last of them */
	uint64_t errors[SWIM_ERROR_COUNT]; /* every failure, of a retry too, by its kind */
	size_t retry_queue;
	int receive_buffer; /* what the kernel really gave, in the units of udp_config.receive_buffer */
	/* SWIM_OK when both the last send and the last receive went well. */
	enum swim_error last_error;
	int last_errno;
	/* The socket is bound, and the last send and the last receive went well; a fault of a single datagram does not count. */
	bool healthy;
};
void udp_stats(const struct udp *, struct udp_stats *out);

#endif
