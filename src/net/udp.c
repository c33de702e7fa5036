/* SPDX-License-Identifier: MIT */
/* The socket itself and the receiving half of net/udp.h; net/udp_send.c sends. */
#include "net/udp_internal.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"
#include "wire/wire.h"

#define UDP_RECEIVE_BATCH 32
/* IPV6_PREFER_SRC_PUBLIC: glibc's headers lack it, and linux/in6.h cannot be included together with them. */
#define UDP_PREFER_SRC_PUBLIC 2
/* The fewest bytes that the kernel charges a receive buffer for one datagram, because of its bookkeeping. */
#define UDP_LEAST_CHARGE 512
/* After so many failures in a row reading pauses, because the loop would spin otherwise. */
#define UDP_RECEIVE_FAILURES 8
#define UDP_RECEIVE_PAUSE_MS 100
/*
 * The shortest time between two reports of one error, in seconds.  If one peer of many has no route, we would
 * otherwise report the error and its end once a probe.
 */
#define UDP_TELL_EVERY_S 60

/* Aligned room for all control messages that one datagram can bring. */
union udp_control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		      CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
};

struct udp_receiver {
	struct event *readable;
	struct loop_timer *pause;
	unsigned failures; /* failed reads in a row */
	bool receiving;    /* callbacks use the buffers: udp_drain must not read into them */
	int next;          /* of the batch: the first that has not been handed on */
	int count;         /* datagrams in the batch that was read last */
	swim_time read_at; /* when the batch was read */
	struct loop_timer *resume; /* hands on the rest of the batch in the next turn of the loop */
	uint32_t overflow;         /* the last value of SO_RXQ_OVFL */
	struct mmsghdr msgs[UDP_RECEIVE_BATCH];
	struct iovec iov[UDP_RECEIVE_BATCH];
	union sockaddr_any names[UDP_RECEIVE_BATCH];
	union udp_control controls[UDP_RECEIVE_BATCH];
	uint8_t *data; /* UDP_RECEIVE_BATCH times max_datagram */
};

void
udp_config_defaults(struct udp_config *config)
{
	*config = (struct udp_config){
	    .bind = {.family = 6, .port = SWIM_DEFAULT_PORT},
	    .max_datagram = WIRE_DATAGRAM_MAX,
	    .retry_attempts = 3,
	    .retry_first = swim_ms(10),
	    .retry_factor = 2,
	    .retry_max = swim_ms(100),
	};
}

void
udp_failed(struct udp *udp, struct udp_half *half, enum swim_error error, int error_number,
    const struct swim_addr *peer, bool lasting)
{
	swim_time now;

	udp->stats.errors[error]++;
	/* A failure to one peer does not hide a failure of the whole socket. */
	if (!lasting && (udp->sending.failing || udp->receiving.failing))
		return;
	udp->stats.last_error = error;
	udp->stats.last_errno = error_number;
	if (!lasting)
		return;
	*half = (struct udp_half){true, error, error_number};
	if (udp->told)
		return;
	now = loop_now();
	if (swim_time_before(now, udp->tell_after[error]))
		return;
	udp->told = true;
	udp->tell_after[error] = swim_time_add(now, swim_seconds(UDP_TELL_EVERY_S));
	if (udp->callbacks.health_changed != NULL)
		udp->callbacks.health_changed(udp->callbacks.ctx, error, error_number, peer);
}

void
udp_went_well(struct udp *udp, struct udp_half *half)
{
	const struct udp_half *other = half == &udp->sending ? &udp->receiving : &udp->sending;

	*half = (struct udp_half){0};
	/* The other half may still be failing. */
	udp->stats.last_error = other->error;
	udp->stats.last_errno = other->error_number;
	if (other->failing)
		return;
	if (!udp->told)
		return;
	udp->told = false;
	if (udp->callbacks.health_changed != NULL)
		udp->callbacks.health_changed(udp->callbacks.ctx, SWIM_OK, 0, NULL);
}

/* Count the datagrams that the kernel has dropped so far, if datagram `msg` carries their number. */
static void
udp_read_overflow(struct udp *udp, struct msghdr *msg)
{
	struct udp_receiver *receiver = udp->receiver;
	struct cmsghdr *cmsg;
	uint32_t overflow;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&overflow, CMSG_DATA(cmsg), sizeof(overflow));
		/* The kernel counts from the creation of the socket, modulo 2^32. */
		udp->stats.kernel_drops += overflow - receiver->overflow;
		receiver->overflow = overflow;
	}
}

/* Store the local address to which datagram `msg` was sent, and the interface by which it came. */
static void
udp_read_local(struct udp *udp, struct msghdr *msg, const struct swim_addr *from)
{
	struct in6_pktinfo local = {0};
	bool found = false;
	struct in_pktinfo local4;
	struct cmsghdr *cmsg;

	udp->interface = from->scope;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO &&
		    from->family == 4) {
			/* spec_dst is an address of ours even where the datagram was a broadcast. */
			memcpy(&local4, CMSG_DATA(cmsg), sizeof(local4));
			memset(&local, 0, sizeof(local));
			local.ipi6_addr.s6_addr[10] = 0xff;
			local.ipi6_addr.s6_addr[11] = 0xff;
			memcpy(&local.ipi6_addr.s6_addr[12], &local4.ipi_spec_dst, 4);
			udp->interface = (uint32_t)local4.ipi_ifindex;
			found = true;
		} else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO &&
			   from->family == 6) {
			memcpy(&local, CMSG_DATA(cmsg), sizeof(local));
			udp->interface = (uint32_t)local.ipi6_ifindex;
			found = true;
		}
	}
	if (found && udp->replies != NULL)
		reply_table_learn(udp->replies, from, &local);
}

/* Call recvmmsg, and again after an ICMP error, which is no failure to receive. */
static int
udp_receive_batch(struct udp *udp, unsigned most)
{
	int n, error_number;

	for (int i = 0;; i++) {
		n = recvmmsg(udp->fd, udp->receiver->msgs, most, MSG_DONTWAIT | MSG_TRUNC, NULL);
		error_number = errno;
		if (n >= 0 || error_number == EINTR || i == UDP_ERROR_RETRIES)
			break;
		/* An error that another call has reported is still in the queue, and would keep the socket readable. */
		if (udp_read_errors(udp) == 0 && error_number != ECONNREFUSED)
			break;
	}
	errno = error_number;
	return n;
}

/* Read one batch of at most `most` datagrams.  Returns their number, 0 when there was nothing to read. */
static size_t
udp_read_batch(struct udp *udp, size_t most)
{
	struct udp_receiver *receiver = udp->receiver;
	struct msghdr *hdr;
	int i, n;

	for (i = 0; i < UDP_RECEIVE_BATCH; i++) {
		hdr = &receiver->msgs[i].msg_hdr;
		hdr->msg_name = &receiver->names[i];
		hdr->msg_namelen = sizeof(receiver->names[i]);
		hdr->msg_iov = &receiver->iov[i];
		hdr->msg_iovlen = 1;
		hdr->msg_control = &receiver->controls[i];
		hdr->msg_controllen = sizeof(receiver->controls[i]);
		hdr->msg_flags = 0;
	}
	/* MSG_TRUNC asks for the real length of a datagram that was cut. */
	n = udp_receive_batch(udp, (unsigned)(most < UDP_RECEIVE_BATCH ? most : UDP_RECEIVE_BATCH));
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		udp_failed(udp, &udp->receiving, SWIM_ERROR_RECEIVE_FAILED, errno, NULL, true);
		if (++receiver->failures >= UDP_RECEIVE_FAILURES) {
			receiver->failures = 0;
			event_del(receiver->readable);
			loop_timer_set(receiver->pause,
			    swim_time_add(loop_now(), swim_ms(UDP_RECEIVE_PAUSE_MS)));
		}
		return 0;
	}
	if (n == 0)
		return 0;
	receiver->failures = 0;
	receiver->next = 0;
	receiver->count = n;
	receiver->read_at = loop_now();
	udp_went_well(udp, &udp->receiving);
	return (size_t)n;
}

/* May this datagram be handed on?  A refused datagram is counted. */
static bool
udp_is_admitted(struct udp *udp, const struct swim_addr *from, const void *data, size_t len)
{
	enum admit_standing standing;
	enum admit_refusal refusal;
	bool awaited = false;

	if (udp->admit == NULL)
		return true;
	standing = udp->callbacks.standing(udp->callbacks.ctx, from, data, len, &awaited);
	refusal = admit_datagram(udp->admit, udp->receiver->read_at, from, len, standing, awaited);
	if (refusal == ADMIT_OK)
		return true;
	udp->stats.unread[refusal]++;
	udp->stats.unread_from = *from;
	return false;
}

/* Hand on datagram i of the batch; false: it was dropped. */
static bool
udp_hand_on(struct udp *udp, int i)
{
	struct udp_receiver *receiver = udp->receiver;
	struct msghdr *hdr = &receiver->msgs[i].msg_hdr;
	bool truncated = (hdr->msg_flags & MSG_TRUNC) != 0;
	size_t len = receiver->msgs[i].msg_len;
	struct swim_addr from;

	udp->stats.received++;
	udp->stats.received_bytes += len;
	if (truncated)
		udp->stats.received_truncated++;
	udp_read_overflow(udp, hdr);
	if (!sockaddr_to_addr(&receiver->names[i].sa, &from) ||
	    !udp_is_admitted(udp, &from, receiver->iov[i].iov_base, len))
		return false;
	udp_read_local(udp, hdr, &from);
	udp->callbacks.received(udp->callbacks.ctx, &from, receiver->iov[i].iov_base, len,
	    truncated);
	return true;
}

/* Hand on the datagrams of the batch until the time is over, then call batch_done. */
static void
udp_hand_on_batch(struct udp *udp, swim_time until)
{
	struct udp_receiver *receiver = udp->receiver;

	receiver->receiving = true;
	while (receiver->next < receiver->count) {
		bool worked = udp_hand_on(udp, receiver->next);

		if (udp->fd < 0) /* the callback called udp_stop, which freed the receiver */
			return;
		receiver->next++;
		if (worked && swim_time_reached(loop_now(), until))
			break;
	}
	receiver->receiving = false;
	if (udp->callbacks.batch_done != NULL)
		udp->callbacks.batch_done(udp->callbacks.ctx);
}

enum udp_progress {
	UDP_EMPTY,     /* nothing is left to read */
	UDP_ENOUGH,    /* as many as allowed have been read */
	UDP_TIME_OVER, /* a part of the batch may be left */
};

static enum udp_progress
udp_receive(struct udp *udp, size_t *most, swim_time until)
{
	struct udp_receiver *receiver = udp->receiver;
	int before;

	for (;;) {
		if (receiver->next == receiver->count && *most > 0 &&
		    udp_read_batch(udp, *most) == 0)
			return UDP_EMPTY;
		before = receiver->next;
		udp_hand_on_batch(udp, until);
		if (udp->fd < 0)
			return UDP_EMPTY;
		*most -= (size_t)(receiver->next - before);
		if (receiver->next < receiver->count || swim_time_reached(loop_now(), until))
			return UDP_TIME_OVER;
		if (*most == 0)
			return UDP_ENOUGH;
		/* Fewer came than were asked for: the socket is empty, and another call would return nothing. */
		if (receiver->count < UDP_RECEIVE_BATCH && *most >= UDP_RECEIVE_BATCH)
			return UDP_EMPTY;
	}
}

static void
udp_turn(struct udp *udp)
{
	size_t most = SIZE_MAX;

	udp_receive(udp, &most, swim_time_add(loop_now(), swim_ms(UDP_TURN_MS)));
	/* If the socket is empty, nothing but this timer wakes us for the rest of the batch. */
	if (udp->fd >= 0 && udp->receiver->next < udp->receiver->count)
		loop_timer_set(udp->receiver->resume, loop_now());
}

static void
udp_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	udp_turn(arg);
}

static void
udp_resumed(void *ctx, swim_time now)
{
	struct udp *udp = ctx;

	(void)now;
	if (udp->receiver->next < udp->receiver->count)
		udp_turn(udp);
}

static void
udp_pause_over(void *ctx, swim_time now)
{
	struct udp *udp = ctx;

	(void)now;
	event_add(udp->receiver->readable, NULL);
}

bool
udp_drain(struct udp *udp, size_t *most, swim_time until)
{
	enum udp_progress progress;

	if (udp->fd < 0 || udp->receiver->receiving)
		return true;
	progress = udp_receive(udp, most, until);
	if (udp->fd >= 0 && udp->receiver->next < udp->receiver->count)
		loop_timer_set(udp->receiver->resume, loop_now());
	return progress != UDP_TIME_OVER;
}

size_t
udp_capacity(const struct udp *udp)
{
	return udp->fd >= 0 ? udp->capacity : 0;
}

struct udp *
udp_new(struct event_base *base, const struct udp_config *config,
    const struct udp_callbacks *callbacks)
{
	struct udp *udp = calloc(1, sizeof(*udp));

	if (udp == NULL)
		return NULL;
	udp->base = base;
	udp->config = *config;
	udp->callbacks = *callbacks;
	udp->fd = -1;
	if (config->device != NULL && config->device[0] != '\0') {
		udp->device = strdup(config->device);
		if (udp->device == NULL)
			goto fail;
	}
	udp->config.device = udp->device;
	if (!udp_sender_init(udp))
		goto fail;
	return udp;
fail:
	udp_free(udp);
	return NULL;
}

void
udp_free(struct udp *udp)
{
	if (udp == NULL)
		return;
	udp_stop(udp);
	udp_sender_fini(udp);
	free(udp->device);
	free(udp);
}

static void
udp_receiver_free(struct udp_receiver *receiver)
{
	if (receiver == NULL)
		return;
	if (receiver->readable != NULL)
		event_free(receiver->readable);
	loop_timer_free(receiver->pause);
	loop_timer_free(receiver->resume);
	free(receiver->data);
	free(receiver);
}

static struct udp_receiver *
udp_receiver_new(struct udp *udp, int fd)
{
	struct udp_receiver *receiver = calloc(1, sizeof(*receiver));
	size_t i, size = udp->config.max_datagram;

	if (receiver == NULL)
		return NULL;
	/* The buffers are large, but pages that no datagram has reached use no memory. */
	receiver->data = malloc(UDP_RECEIVE_BATCH * size);
	receiver->pause = loop_timer_new(udp->base, udp_pause_over, udp);
	receiver->resume = loop_timer_new(udp->base, udp_resumed, udp);
	receiver->readable = event_new(udp->base, fd, EV_READ | EV_PERSIST, udp_readable, udp);
	if (receiver->data == NULL || receiver->pause == NULL || receiver->resume == NULL ||
	    receiver->readable == NULL) {
		udp_receiver_free(receiver);
		return NULL;
	}
	for (i = 0; i < UDP_RECEIVE_BATCH; i++) {
		receiver->iov[i].iov_base = receiver->data + i * size;
		receiver->iov[i].iov_len = size;
	}
	return receiver;
}

static int
udp_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Set the options that are useful but not necessary, so that a kernel without them is no error. */
static void
udp_tune(const struct udp *udp, int fd, int family, bool wildcard)
{
	udp_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	udp_option(fd, IPPROTO_IP, IP_RECVERR, 1);
	if (family == AF_INET6)
		udp_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	if (udp->config.receive_buffer > 0 &&
	    udp_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, udp->config.receive_buffer) != 0)
		/* Without privileges the kernel gives at most net.core.rmem_max; the stats tell the size. */
		udp_option(fd, SOL_SOCKET, SO_RCVBUF, udp->config.receive_buffer);
	/*
	 * A datagram above the path's MTU shall be fragmented, here or by a router.  With "don't fragment", such a
	 * datagram is lost where a firewall drops ICMP errors.
	 */
	udp_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	/* Otherwise a wildcard socket receives from all groups that any process of this machine has joined. */
	udp_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	if (family == AF_INET6) {
		udp_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
		udp_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
		/* Send from the advertised address, not from a temporary address (RFC 5014). */
		udp_option(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, UDP_PREFER_SRC_PUBLIC);
	}
	if (wildcard) {
		udp_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
		if (family == AF_INET6)
			udp_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	}
}

/* Bind the socket to the device by its index, or, as long as the index is not known, by its name. */
static int
udp_bind_device(const struct udp *udp, int fd)
{
	if (udp->device == NULL)
		return 0;
	if (udp->device_index != 0)
		return udp_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int)udp->device_index);
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, udp->device,
	    (socklen_t)strlen(udp->device));
}

/*
 * Make the socket and bind it.  Without IPv6 a wildcard *bind_to becomes that of IPv4.  Returns the descriptor, or
 * -1 with errno.
 */
static int
udp_bind(const struct udp *udp, struct swim_addr *bind_to)
{
	bool wildcard = swim_addr_is_wildcard(bind_to);
	int family = sockaddr_family(bind_to);
	union sockaddr_any any;
	socklen_t len;
	int fd, saved;

	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && errno == EAFNOSUPPORT && family == AF_INET6 && wildcard) {
		/* On a kernel without IPv6, "all addresses" are those of IPv4. */
		bind_to->family = 4;
		family = AF_INET;
		fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd < 0)
		return -1;
	/*
	 * Do not set SO_REUSEADDR: two UDP sockets that have this option can bind one port, and the later socket
	 * takes the datagrams of the earlier (Linux, udp_lib_lport_inuse; socket(7)).  A second daemon must fail
	 * instead.  A restarted daemon can bind at once, because a UDP port is free when its process has ended.
	 */
	if (family == AF_INET6 && udp_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, wildcard ? 0 : 1) != 0)
		goto fail;
	if (udp_bind_device(udp, fd) != 0)
		goto fail;
	udp_tune(udp, fd, family, wildcard);
	len = sockaddr_from_addr(bind_to, family, &any);
	if (bind(fd, &any.sa, len) != 0)
		goto fail;
	return fd;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Make the tables and the receiver of a bound socket.  False with errno. */
static bool
udp_equip(struct udp *udp, bool wildcard)
{
	uint64_t seed = 0;
	int size = 0;
	socklen_t len = sizeof(size);

	if (getsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &size, &len) != 0)
		return false;
	udp->capacity = (size_t)size / UDP_LEAST_CHARGE + 1;
	/* If getrandom fails, a stranger can guess which addresses collide in the tables, which does little harm. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)loop_now().ns;
	if (udp->callbacks.standing != NULL)
		udp->admit = admit_new(seed);
	if (wildcard)
		udp->replies = reply_table_new(seed);
	udp->receiver = udp_receiver_new(udp, udp->fd);
	if ((udp->callbacks.standing != NULL && udp->admit == NULL) ||
	    (wildcard && udp->replies == NULL) || udp->receiver == NULL ||
	    event_add(udp->receiver->readable, NULL) != 0) {
		errno = ENOMEM;
		return false;
	}
	return true;
}

/* The index of the interface to which the socket is bound; 0: none. */
static uint32_t
udp_bound_index(const struct udp *udp)
{
	int index = 0;
	socklen_t len = sizeof(index);

	if (udp->device == NULL)
		return udp->local.scope;
	if (getsockopt(udp->fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &len) != 0)
		return 0;
	return (uint32_t)index;
}

/* Store the present name of the interface of this index.  False: no memory. */
static bool
udp_name_device(struct udp *udp, uint32_t index)
{
	char name[IF_NAMESIZE], *copy;

	if (udp->device == NULL || if_indextoname(index, name) == NULL ||
	    strcmp(name, udp->device) == 0)
		return true;
	if ((copy = strdup(name)) == NULL)
		return false;
	free(udp->device);
	udp->device = copy;
	udp->config.device = copy;
	return true;
}

enum swim_error
udp_follow_device(struct udp *udp, uint32_t index)
{
	bool told = udp->told;
	enum swim_error error;

	if (!udp_name_device(udp, index)) {
		errno = ENOMEM;
		return SWIM_ERROR_BIND_FAILED;
	}
	if (udp->fd >= 0 && udp->device_index == index)
		return SWIM_OK;
	udp->device_index = index;
	/* Rebind the open socket if we may, which takes CAP_NET_RAW: then the waiting datagrams are kept. */
	if (udp->fd >= 0 && udp->device != NULL && udp_bind_device(udp, udp->fd) == 0)
		return SWIM_OK;
	if (udp->fd >= 0)
		udp_stop(udp);
	if (udp->config.bind.scope != 0)
		udp->config.bind.scope = index;
	if (udp->had_socket)
		udp->config.bind.port = udp->bound_port;
	error = udp_start(udp);
	/* If an error was reported, its end is reported when the first datagram has been sent. */
	udp->told = told;
	return error;
}

uint32_t
udp_device(const struct udp *udp)
{
	return udp->device_index;
}

enum swim_error
udp_start(struct udp *udp)
{
	struct swim_addr bind_to = udp->config.bind;
	union sockaddr_any any;
	socklen_t len = sizeof(any);
	bool wildcard;
	int saved;

	if (udp->fd >= 0)
		return SWIM_ERROR_ALREADY_STARTED;
	if (sockaddr_family(&bind_to) == AF_UNSPEC) {
		udp->stats.errors[SWIM_ERROR_INVALID_ADDRESS]++;
		errno = EAFNOSUPPORT;
		return SWIM_ERROR_INVALID_ADDRESS;
	}
	wildcard = swim_addr_is_wildcard(&bind_to);
	udp->fd = udp_bind(udp, &bind_to);
	if (udp->fd < 0)
		goto fail;
	udp->family = sockaddr_family(&bind_to);
	udp->reaches4 = bind_to.family == 4 || wildcard;
	udp->reaches6 = bind_to.family == 6;
	if (getsockname(udp->fd, &any.sa, &len) != 0)
		goto fail;
	sockaddr_to_addr(&any.sa, &udp->local);
	if (!udp_equip(udp, wildcard))
		goto fail;
	udp->device_index = udp_bound_index(udp);
	/* The configuration may have an alternative name of the interface. */
	if (!udp_name_device(udp, udp->device_index)) {
		errno = ENOMEM;
		goto fail;
	}
	udp->bound_port = udp->local.port;
	udp->had_socket = true;
	udp->sending = udp->receiving = (struct udp_half){0};
	udp->told = false;
	memset(udp->tell_after, 0, sizeof(udp->tell_after));
	udp->stats.last_error = SWIM_OK;
	udp->stats.last_errno = 0;
	return SWIM_OK;
fail:
	saved = errno;
	udp_stop(udp);
	udp->stats.errors[SWIM_ERROR_BIND_FAILED]++;
	udp->stats.last_error = SWIM_ERROR_BIND_FAILED;
	udp->stats.last_errno = saved;
	errno = saved;
	return SWIM_ERROR_BIND_FAILED;
}

enum swim_error
udp_stop(struct udp *udp)
{
	if (udp->fd < 0)
		return SWIM_ERROR_NOT_STARTED;
	udp_receiver_free(udp->receiver);
	udp->receiver = NULL;
	udp_sender_clear(udp);
	reply_table_free(udp->replies);
	udp->replies = NULL;
	admit_free(udp->admit);
	udp->admit = NULL;
	close(udp->fd);
	udp->fd = -1;
	return SWIM_OK;
}

uint32_t
udp_interface(const struct udp *udp)
{
	return udp->interface;
}

enum swim_error
udp_local(const struct udp *udp, struct swim_addr *out)
{
	if (udp->fd < 0)
		return SWIM_ERROR_NOT_STARTED;
	*out = udp->local;
	return SWIM_OK;
}

void
udp_stats(const struct udp *udp, struct udp_stats *out)
{
	int size = 0;
	socklen_t len = sizeof(size);

	*out = udp->stats;
	out->retry_queue = udp->sender.retry_count;
	out->healthy = udp->fd >= 0 && !udp->sending.failing && !udp->receiving.failing;
	out->receive_buffer = 0;
	/* The kernel doubles the size that is asked for, to make room for its bookkeeping (socket(7)). */
	if (udp->fd >= 0 && getsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &size, &len) == 0)
		out->receive_buffer = size / 2;
}
