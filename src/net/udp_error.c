/* SPDX-License-Identifier: MIT */
/*
 * Reads the ICMP errors about datagrams that the socket has sent (IP_RECVERR, ip(7)).  The kernel queues these
 * errors.  The kernel also lets one later call on the socket fail with the error's number, whichever datagram that
 * call is about.  So a failed call is repeated if the queue held an ICMP error; the cause of any other failure is the
 * call itself.
 */
#include "net/udp_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/errqueue.h>

#include "net/sockaddr.h"

/* The most errors read at a time; errors that are left keep the socket readable. */
#define UDP_ERRORS_MAX 64

union udp_error_control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) +
		      CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		      CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
};

/* Copy the description of the error from its control message.  False: there is no such message. */
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
		/* The name is the destination of the datagram. */
		if (udp->callbacks.refused != NULL && msg.msg_namelen > 0 &&
		    sockaddr_to_addr(&name.sa, &peer))
			udp->callbacks.refused(udp->callbacks.ctx, &peer, (int)error.ee_errno);
	}
	return count;
}
