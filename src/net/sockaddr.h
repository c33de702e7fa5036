/* SPDX-License-Identifier: MIT */
/* Converts swim_addr to and from the kernel's socket addresses. */
#ifndef SWIMD_NET_SOCKADDR_H
#define SWIMD_NET_SOCKADDR_H

#include <stdbool.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/addr.h"

union sockaddr_any {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/*
 * Fill *out for a socket of the given family, AF_INET or AF_INET6 (for AF_INET6 an IPv4 address becomes IPv4-mapped).
 * Returns the length of *out, or 0 where such a socket cannot reach such an address.
 */
socklen_t sockaddr_from_addr(const struct swim_addr *, int socket_family, union sockaddr_any *out);

/*
 * The inverse of sockaddr_from_addr; an IPv4-mapped address becomes IPv4.  False for a family that is neither IPv4
 * nor IPv6.
 */
bool sockaddr_to_addr(const struct sockaddr *, struct swim_addr *out);

/* AF_INET or AF_INET6: the family of a socket bound to this address; AF_UNSPEC for no address. */
int sockaddr_family(const struct swim_addr *);

#endif
