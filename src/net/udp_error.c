/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors about what the socket sent (IP_RECVERR, ip(7)).  The kernel queues them, and besides makes one later call
 * on the socket fail with the error's number, whatever datagram that call is about.  So a call that fails is made once
 * more after the queue was read, and only a second failure is about the call itself.
 */
#include "net/udp_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/errqueue.h>

#include "net/sockaddr.h"

/* Errors read at a time; what is left makes the socket readable still. */
#define UDP_ERRORS_MAX 64

union udp_error_control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) +
		      CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		      CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
};

/* What the error's own control message says; false: there is none. */
static bool
udp_error_find(struct msghdr *msg, struct sock_extended_err *out)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
		    (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
			memcpy(out, CMSG_DATA(cmsg), sizeof(*out));
			return true;
		}
	}
	return false;
}

size_t
udp_read_errors(struct udp *udp)
{
	struct sock_extended_err error;
	union udp_error_control control;
	union sockaddr_any name;
	struct swim_addr peer;
	struct msghdr msg;
	struct iovec iov;
	uint8_t ignored[1] = {0};
	size_t count = 0;

	for (int i = 0; i < UDP_ERRORS_MAX && udp->fd >= 0; i++) {
		iov = (struct iovec){ignored, sizeof(ignored)};
		msg = (struct msghdr){
		    .msg_name = &name,
		    .msg_namelen = sizeof(name),
		    .msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = &control,
		    .msg_controllen = sizeof(control),
		};
		if (recvmsg(udp->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		if (!udp_error_find(&msg, &error) ||
		    (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6))
			continue;
		count++;
		udp->stats.icmp_errors++;
		/* The name is where the datagram went to. */
		if (udp->callbacks.refused != NULL && msg.msg_namelen > 0 &&
		    sockaddr_to_addr(&name.sa, &peer))
			udp->callbacks.refused(udp->callbacks.ctx, &peer, (int)error.ee_errno);
	}
	return count;
}
