/* SPDX-License-Identifier: MIT */
/*
 * The UDP socket on the libevent loop.  It is bound once, reads in batches (recvmmsg) and writes in batches
 * (sendmmsg), and tries again after transient errors, with growing delays.  One socket on [::] serves both families.
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
	/* A wildcard of family 6 serves IPv4 too; on a machine without IPv6 it serves IPv4 alone (see udp_local). */
	struct swim_addr bind;
	const char *device; /* SO_BINDTODEVICE; NULL or "" for none */
	int receive_buffer; /* SO_RCVBUF wanted, bytes; 0 leaves the kernel's default */
	/* the largest datagram that is received whole; a longer one is `truncated` */
	size_t max_datagram;
	/* for transient send errors, the first try included; 1: never retry */
	unsigned retry_attempts;
	swim_duration retry_first; /* 10 ms */
	double retry_factor;       /* 2 */
	swim_duration retry_max;   /* 100 ms */
};
void udp_config_defaults(struct udp_config *);

/* The callbacks may stop the socket, but may neither free it nor start it again before they return. */
struct udp_callbacks {
	/* Called for each datagram; when `truncated` is set, len is more than the bytes that were kept. */
	void (*received)(void *ctx, const struct swim_addr *from, const void *data, size_t len,
	    bool truncated);
	/* Called after each batch (one recvmmsg) and after the retry timer: the owner should flush now. */
	void (*batch_done)(void *ctx);
	/*
	 * Called when sending or receiving begins to fail with this error (error_number: the errno value; peer: the
	 * receiver of the datagram, or NULL), and when both work again (SWIM_OK).  Each kind of error is reported at
	 * most once a minute.  May be NULL. The callback may call udp_stats, but no other function of udp.
	 */
	void (*health_changed)(void *ctx, enum swim_error error, int error_number,
	    const struct swim_addr *peer);
	/*
	 * Called when a datagram to this peer did not arrive.  There are two cases.  An ICMP error says so:
	 * ECONNREFUSED (nobody listens on that port), EHOSTUNREACH, ENETUNREACH, ...; any router on the way can send
	 * such an error, and attackers can sometimes forge it.  Or this machine did not send the datagram, not even
	 * at the last try: ENETUNREACH (no route), EPERM (a firewall), EADDRNOTAVAIL, ... May be NULL. Must not call
	 * back into udp.
	 */
	void (*refused)(void *ctx, const struct swim_addr *peer, int error_number);
	void *ctx;
	/*
	 * Returns what is known of the sender of a datagram, and tells whether the datagram looks like an awaited
	 * answer.  Both decide whether the datagram is read when there are too many (see net/admit.h).  Called for
	 * every datagram, before it is decoded.  NULL: all datagrams are read.
	 */
	enum admit_standing (*standing)(void *ctx, const struct swim_addr *from, const void *data,
	    size_t len, bool *awaited);
};

/* Create the object, without a socket yet.  NULL when memory is short.  The base and the callbacks must outlive it. */
struct udp *udp_new(struct event_base *, const struct udp_config *, const struct udp_callbacks *);
void udp_free(struct udp *);

/*
 * Bind the socket and start reading.  Returns BIND_FAILED with errno EADDRINUSE (another process has the port),
 * EADDRNOTAVAIL (not an address of this machine), ENODEV (no such device), EACCES or EPERM, ...; INVALID_ADDRESS for
 * family 0; ALREADY_STARTED when the socket is bound.
 */
enum swim_error udp_start(struct udp *);
/* NOT_STARTED when the socket was not started.  Drops the datagrams that are queued, also those that wait for a retry. */
enum swim_error udp_stop(struct udp *);
/*
 * Call this when the socket's interface (its device, or the interface of its link-local address) has this index now,
 * for example after it was removed and made again.  Binds to the interface again, with the same port.  Where the
 * index is the same as before, only the interface's name is looked up again.  Do not call this from within a
 * callback.  Returns as udp_start; after a failure the socket is stopped, and the caller may call this again.
 */
enum swim_error udp_follow_device(struct udp *, uint32_t index);
/* The index that the socket's interface had when the socket was bound; 0 when the socket has no interface. */
uint32_t udp_device(const struct udp *);
/* The address that the socket is bound to, with the port that the kernel chose where port 0 was asked for. */
enum swim_error udp_local(const struct udp *, struct swim_addr *out);

/* To be called within `received`: the network interface by which the datagram came; 0: not known. */
uint32_t udp_interface(const struct udp *);

/*
 * Tells whether this socket can send to the address.  False for no address, port 0, a wildcard, and a family that the
 * socket does not serve.  A stopped socket counts as serving both families.
 */
bool udp_reaches(const struct udp *, const struct swim_addr *);
/*
 * Copy a datagram into the queue for the next udp_flush; a full batch is flushed at once.  Returns MESSAGE_TOO_LARGE
 * above WIRE_DATAGRAM_MAX, NOT_STARTED, or INVALID_ADDRESS for an address that this socket cannot send to (no
 * address, port 0, a wildcard, or the wrong family); each of these is counted.
 *
 * On a socket bound to a wildcard the datagram leaves from the local address that `to` last sent to, if
 * net/reply_table.h remembers it, else from the address that the kernel chooses.
 */
enum swim_error udp_queue(struct udp *, const struct swim_addr *to, const void *data, size_t len);
#define UDP_RETRIES_MAX                                                                            \
	256 /* datagrams that wait for another try; further datagrams are dropped and counted */
/*
 * Send all queued datagrams with as few system calls as possible.  A permanent failure (EMSGSIZE, EAFNOSUPPORT, and
 * EINVAL or EACCES of an address that no route forbids, ...) drops only its own datagram.  After a transient failure
 * (ENOBUFS, EAGAIN, ENOMEM, ENETUNREACH, ENETDOWN, EHOSTUNREACH, EPERM, ...) a datagram is tried up to retry_attempts
 * times, and the datagrams behind it do not wait for it.  But gossip that finds the send buffer full (EAGAIN) is
 * dropped.
 */
void udp_flush(struct udp *);

/*
 * Datagrams are read for this long at a time.  Then the other events of the loop (timers, signals, the control
 * socket) get their turn, however many datagrams wait.  A datagram whose handling has begun is finished first.
 */
#define UDP_TURN_MS 5
/*
 * Read the datagrams that wait in the socket before timers fire, for example after a stall.  *most is how many may be
 * read, and is counted down.  True once none is left or *most is 0; false when the time `until` came first.
 */
bool udp_drain(struct udp *, size_t *most, swim_time until);
/* How many datagrams the receive buffer can hold at most; 0 while stopped. */
size_t udp_capacity(const struct udp *);

struct udp_stats {
	uint64_t received, received_bytes, received_truncated;
	uint64_t sent, sent_bytes;
	uint64_t retries; /* sends tried again */
	uint64_t
	    retries_exhausted; /* datagrams dropped after the last try, or because no place for waiting datagrams was free */
	uint64_t kernel_drops; /* SO_RXQ_OVFL */
	/* errors that other machines or this machine reported about what was sent */
	uint64_t icmp_errors;
	/* datagrams that were dropped because there were too many, by reason */
	uint64_t unread[ADMIT_REFUSALS];
	struct swim_addr unread_from; /* the source of the last dropped datagram */
	/* every failure by its kind, failures of retries included */
	uint64_t errors[SWIM_ERROR_COUNT];
	size_t retry_queue;
	/* what the kernel really gave, in the units of udp_config.receive_buffer */
	int receive_buffer;
	/* SWIM_OK when both the last send and the last receive went well. */
	enum swim_error last_error;
	int last_errno;
	/* The socket is bound, and the last send and the last receive went well; a fault of a single datagram does not count. */
	bool healthy;
};
void udp_stats(const struct udp *, struct udp_stats *out);

#endif
