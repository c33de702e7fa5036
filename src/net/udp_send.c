/* SPDX-License-Identifier: MIT */
/* The sending half of net/udp.h. */
#include "net/udp_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/route.h"
#include "net/sockaddr.h"
#include "wire/wire.h"

/* Bytes of a batch: room for UDP_SEND_BATCH datagrams of the usual size, and for one of the largest. */
#define UDP_ARENA_SIZE (2 * 65536)
_Static_assert(UDP_ARENA_SIZE >= WIRE_DATAGRAM_MAX, "the largest datagram fits");

enum udp_fault {
	UDP_FAULT_TRANSIENT, /* another try may succeed */
	UDP_FAULT_DATAGRAM,  /* this one datagram can never be sent */
	UDP_FAULT_SOCKET,    /* the socket can send nothing any more */
};

static enum udp_fault
udp_send_fault(const struct udp *udp, const struct swim_addr *to, int error_number,
    enum swim_error *error)
{
	*error = SWIM_ERROR_SEND_FAILED;
	switch (error_number) {
	case EMSGSIZE:
		*error = SWIM_ERROR_MESSAGE_TOO_LARGE;
		return UDP_FAULT_DATAGRAM;
	case EINVAL: /* a link-local address without its zone, or a blackhole route */
	case EACCES: /* a subnet's broadcast address, or a prohibit route; a firewall gives EPERM */
		if (route_forbids(to, udp->device))
			return UDP_FAULT_TRANSIENT;
		*error = SWIM_ERROR_INVALID_ADDRESS;
		return UDP_FAULT_DATAGRAM;
	case EAFNOSUPPORT:
	case EDESTADDRREQ:
		*error = SWIM_ERROR_INVALID_ADDRESS;
		return UDP_FAULT_DATAGRAM;
	case EBADF:
	case ENOTSOCK:
	case EPIPE:
		*error = SWIM_ERROR_SOCKET_CLOSED;
		return UDP_FAULT_SOCKET;
	default: /* errno values are an open set: full buffers, no route, no interface, a firewall */
		return UDP_FAULT_TRANSIENT;
	}
}

/* Can this failure of a datagram with a source address mean that the source address is gone? */
static bool
udp_send_blames_source(int error_number)
{
	return error_number == EINVAL || error_number == EADDRNOTAVAIL || error_number == ENODEV ||
	       error_number == ENETUNREACH || error_number == EHOSTUNREACH;
}

bool
udp_reaches(const struct udp *udp, const struct swim_addr *to)
{
	if (to->port == 0 || swim_addr_is_wildcard(to))
		return false;
	if (udp->fd < 0)
		return to->family != 0;
	return (to->family == 4 && udp->reaches4) || (to->family == 6 && udp->reaches6);
}

static void
udp_send_retry_arm(struct udp *udp)
{
	struct udp_sender *sender = &udp->sender;
	swim_time due = SWIM_TIME_NEVER;
	size_t i;

	for (i = 0; i < sender->retry_count; i++)
		due = swim_time_min(due, sender->retries[i].due);
	loop_timer_set(sender->retry_timer, due);
}

/* Keep a datagram for another try if the policy and the queue's room allow one; else drop and count the datagram. */
static bool
udp_send_retry_later(struct udp *udp, const struct udp_pending *pending)
{
	struct udp_sender *sender = &udp->sender;
	unsigned failed = pending->failed + 1;
	struct udp_retry *retry;
	swim_duration delay;
	void *copy;

	if (!retry_delay(&sender->policy, failed, &delay) || sender->retry_count == UDP_RETRIES_MAX)
		goto drop;
	copy = malloc(pending->len > 0 ? pending->len : 1);
	if (copy == NULL)
		goto drop;
	memcpy(copy, sender->arena + pending->offset, pending->len);
	retry = &sender->retries[sender->retry_count++];
	retry->to = pending->to;
	retry->data = copy;
	retry->len = pending->len;
	retry->failed = failed;
	retry->due = swim_time_add(loop_now(), delay);
	return true;
drop:
	udp->stats.retries_exhausted++;
	return false;
}

/* Is another try of use?  Not of gossip that finds the send buffer full: the next gossip carries more. */
static bool
udp_send_worth_another_try(const struct udp *udp, const struct udp_pending *pending,
    int error_number)
{
	return error_number != EAGAIN || pending->len == 0 ||
	       udp->sender.arena[pending->offset] != WIRE_GOSSIP;
}

/* Does this failure say that nothing can be sent to the address now? */
static bool
udp_send_blames_address(int error_number)
{
	switch (error_number) {
	case EAGAIN: /* a lack of room, which every address would meet */
	case ENOBUFS:
	case ENOMEM:
	case EMSGSIZE: /* a smaller datagram may go out */
	case EBADF:    /* the socket itself is at fault */
	case ENOTSOCK:
	case EPIPE:
	case EIO:
	case ECONNREFUSED: /* an ICMP error, perhaps about another address; udp_read_errors reports such errors */
		return false;
	default: /* errno values are an open set: no route, a firewall, no interface, no source address */
		return true;
	}
}

static void
udp_send_failed(struct udp *udp, const struct udp_pending *pending, int error_number)
{
	enum swim_error error;
	enum udp_fault fault = udp_send_fault(udp, &pending->to, error_number, &error);
	bool kept = false;

	udp_failed(udp, &udp->sending, error, error_number, &pending->to,
	    fault != UDP_FAULT_DATAGRAM);
	if (fault == UDP_FAULT_TRANSIENT && udp_send_worth_another_try(udp, pending, error_number))
		kept = udp_send_retry_later(udp, pending);
	if (!kept && udp_send_blames_address(error_number) && udp->callbacks.refused != NULL)
		udp->callbacks.refused(udp->callbacks.ctx, &pending->to, error_number);
}

/* Aligned room for one IP_PKTINFO or IPV6_PKTINFO. */
union udp_source {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static void
udp_send_set_source(struct msghdr *msg, union udp_source *control, const struct swim_addr *to,
    const struct in6_pktinfo *from)
{
	struct in_pktinfo from4 = {0};
	struct cmsghdr *cmsg;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = sizeof(*control);
	cmsg = CMSG_FIRSTHDR(msg);
	if (to->family == 4) {
		/* Linux takes this for IPv4 on sockets of either family (ip(7); ip_cmsg_send). */
		memcpy(&from4.ipi_spec_dst, &from->ipi6_addr.s6_addr[12], 4);
		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(from4));
		memcpy(CMSG_DATA(cmsg), &from4, sizeof(from4));
		msg->msg_controllen = CMSG_SPACE(sizeof(from4));
	} else {
		cmsg->cmsg_level = IPPROTO_IPV6;
		cmsg->cmsg_type = IPV6_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(*from));
		memcpy(CMSG_DATA(cmsg), from, sizeof(*from));
		msg->msg_controllen = CMSG_SPACE(sizeof(*from));
	}
}

/* Did the call fail by an ICMP error about an earlier datagram?  Then repeat the call, at most *again times. */
static bool
udp_send_again(struct udp *udp, unsigned *again)
{
	int error_number = errno;
	bool icmp = udp_read_errors(udp) > 0 || error_number == ECONNREFUSED;

	errno = error_number;
	if (!icmp || *again == 0)
		return false;
	(*again)--;
	return true;
}

/* What the header of one message of sendmmsg() points to. */
struct udp_message {
	struct iovec iov;
	union sockaddr_any name;
	union udp_source source;
};

/* Fill in the header of one message.  The header points into `room`. */
static void
udp_send_prepare(struct udp *udp, const struct udp_pending *pending, struct mmsghdr *msg,
    struct udp_message *room)
{
	struct msghdr *hdr = &msg->msg_hdr;
	const struct in6_pktinfo *from;

	memset(msg, 0, sizeof(*msg));
	hdr->msg_namelen = sockaddr_from_addr(&pending->to, udp->family, &room->name);
	hdr->msg_name = &room->name;
	room->iov.iov_base = udp->sender.arena + pending->offset;
	room->iov.iov_len = pending->len;
	hdr->msg_iov = &room->iov;
	hdr->msg_iovlen = 1;
	from = udp->replies != NULL ? reply_table_find(udp->replies, &pending->to) : NULL;
	if (from != NULL)
		udp_send_set_source(hdr, &room->source, &pending->to, from);
}

void
udp_flush(struct udp *udp)
{
	struct udp_sender *sender = &udp->sender;
	struct mmsghdr msgs[UDP_SEND_BATCH];
	struct udp_message room[UDP_SEND_BATCH];
	struct msghdr *hdr;
	size_t i, count = sender->pending_count;
	unsigned again = UDP_ERROR_RETRIES;
	int n;

	if (count == 0 || sender->flushing || udp->fd < 0)
		return;
	sender->flushing = true;
	for (i = 0; i < count; i++)
		udp_send_prepare(udp, &sender->pending[i], &msgs[i], &room[i]);
	for (i = 0; i < count;) {
		n = sendmmsg(udp->fd, msgs + i, (unsigned)(count - i), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			for (; n > 0; n--, i++) {
				udp->stats.sent++;
				udp->stats.sent_bytes += sender->pending[i].len;
			}
			udp_went_well(udp, &udp->sending);
			continue;
		}
		/* A call that sends a part gives no reason; the next call, which begins with the failed datagram, does. */
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && udp_send_again(udp, &again))
			continue;
		hdr = &msgs[i].msg_hdr;
		if (n < 0 && hdr->msg_controllen > 0 && udp_send_blames_source(errno)) {
			reply_table_forget(udp->replies, &sender->pending[i].to);
			hdr->msg_control = NULL;
			hdr->msg_controllen = 0;
			continue;
		}
		udp_send_failed(udp, &sender->pending[i], n < 0 ? errno : EIO);
		i++;
	}
	sender->pending_count = 0;
	sender->arena_used = 0;
	sender->flushing = false;
	udp_send_retry_arm(udp);
}

/* Append a datagram to the batch, which must have room. */
static void
udp_send_append(struct udp *udp, const struct swim_addr *to, const void *data, size_t len,
    unsigned failed)
{
	struct udp_sender *sender = &udp->sender;
	struct udp_pending *pending = &sender->pending[sender->pending_count++];

	pending->to = *to;
	pending->offset = sender->arena_used;
	pending->len = len;
	pending->failed = failed;
	if (len > 0)
		memcpy(sender->arena + pending->offset, data, len);
	sender->arena_used += len;
}

static bool
udp_send_has_room(const struct udp *udp, size_t len)
{
	return udp->sender.pending_count < UDP_SEND_BATCH &&
	       len <= UDP_ARENA_SIZE - udp->sender.arena_used;
}

enum swim_error
udp_queue(struct udp *udp, const struct swim_addr *to, const void *data, size_t len)
{
	enum swim_error error = SWIM_OK;

	if (udp->fd < 0)
		error = SWIM_ERROR_NOT_STARTED;
	else if (len > WIRE_DATAGRAM_MAX)
		error = SWIM_ERROR_MESSAGE_TOO_LARGE;
	else if (!udp_reaches(udp, to))
		error = SWIM_ERROR_INVALID_ADDRESS;
	if (error != SWIM_OK) {
		udp_failed(udp, &udp->sending, error, 0, to, false);
		return error;
	}
	if (!udp_send_has_room(udp, len))
		udp_flush(udp);
	udp_send_append(udp, to, data, len, 0);
	return SWIM_OK;
}

static void
udp_send_retry_fired(void *ctx, swim_time now)
{
	struct udp *udp = ctx;
	struct udp_sender *sender = &udp->sender;
	struct udp_retry *retry;
	size_t i = 0;

	/* Send the datagrams that were queued before, which makes room. */
	udp_flush(udp);
	while (i < sender->retry_count) {
		retry = &sender->retries[i];
		if (!swim_time_reached(now, retry->due)) {
			i++;
			continue;
		}
		/* The other datagrams that are due make the timer fire again at once. */
		if (!udp_send_has_room(udp, retry->len))
			break;
		udp_send_append(udp, &retry->to, retry->data, retry->len, retry->failed);
		udp->stats.retries++;
		free(retry->data);
		*retry = sender->retries[--sender->retry_count];
	}
	udp_flush(udp);
	udp_send_retry_arm(udp);
	if (udp->callbacks.batch_done != NULL)
		udp->callbacks.batch_done(udp->callbacks.ctx);
}

bool
udp_sender_init(struct udp *udp)
{
	struct udp_sender *sender = &udp->sender;

	sender->policy.attempts = udp->config.retry_attempts > 0 ? udp->config.retry_attempts : 1;
	sender->policy.first = udp->config.retry_first;
	sender->policy.factor = udp->config.retry_factor;
	sender->policy.max = udp->config.retry_max;
	sender->arena = malloc(UDP_ARENA_SIZE);
	sender->retry_timer = loop_timer_new(udp->base, udp_send_retry_fired, udp);
	return sender->arena != NULL && sender->retry_timer != NULL;
}

void
udp_sender_clear(struct udp *udp)
{
	struct udp_sender *sender = &udp->sender;

	sender->pending_count = 0;
	sender->arena_used = 0;
	while (sender->retry_count > 0)
		free(sender->retries[--sender->retry_count].data);
	if (sender->retry_timer != NULL)
		loop_timer_set(sender->retry_timer, SWIM_TIME_NEVER);
}

void
udp_sender_fini(struct udp *udp)
{
	udp_sender_clear(udp);
	loop_timer_free(udp->sender.retry_timer);
	free(udp->sender.arena);
}
