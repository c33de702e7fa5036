/* SPDX-License-Identifier: MIT */
/* swim_addr to and from what the kernel takes. */
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
 * Fill *out for a socket of the given family (AF_INET or AF_INET6; an IPv4 address becomes IPv4-mapped
 * for the latter).  Returns its length, or 0 where such a socket can't reach such an address.
 */
socklen_t sockaddr_from_addr(const struct swim_addr *, int socket_family, union sockaddr_any *out);

/* The inverse; an IPv4-mapped address becomes IPv4.  False for another family than the two. */
bool sockaddr_to_addr(const struct sockaddr *, struct swim_addr *out);

/* AF_INET or AF_INET6: the family of a socket bound to this address; AF_UNSPEC for no address. */
int sockaddr_family(const struct swim_addr *);

#endif
