/* SPDX-License-Identifier: MIT */
#include "net/sockaddr.h"

#include <arpa/inet.h>
#include <string.h>

int
sockaddr_family(const struct swim_addr *addr)
{
	if (addr->family == 4)
		return AF_INET;
	return addr->family == 6 ? AF_INET6 : AF_UNSPEC;
}

socklen_t
sockaddr_from_addr(const struct swim_addr *addr, int socket_family, union sockaddr_any *out)
{
	memset(out, 0, sizeof(*out));
	if (socket_family == AF_INET) {
		if (addr->family != 4)
			return 0;
		out->in.sin_family = AF_INET;
		out->in.sin_port = htons(addr->port);
		memcpy(&out->in.sin_addr, addr->ip, 4);
		return sizeof(out->in);
	}
	if (socket_family != AF_INET6 || (addr->family != 4 && addr->family != 6))
		return 0;
	out->in6.sin6_family = AF_INET6;
	out->in6.sin6_port = htons(addr->port);
	if (addr->family == 4) {
		/* an IPv4-mapped address (RFC 4291, section 2.5.5.2) */
		out->in6.sin6_addr.s6_addr[10] = 0xff;
		out->in6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(&out->in6.sin6_addr.s6_addr[12], addr->ip, 4);
	} else {
		memcpy(&out->in6.sin6_addr, addr->ip, 16);
		out->in6.sin6_scope_id = addr->scope;
	}
	return sizeof(out->in6);
}

bool
sockaddr_to_addr(const struct sockaddr *sa, struct swim_addr *out)
{
	union sockaddr_any any;

	memset(out, 0, sizeof(*out));
	if (sa->sa_family == AF_INET) {
		memcpy(&any.in, sa, sizeof(any.in));
		out->family = 4;
		out->port = ntohs(any.in.sin_port);
		memcpy(out->ip, &any.in.sin_addr, 4);
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&any.in6, sa, sizeof(any.in6));
	out->port = ntohs(any.in6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&any.in6.sin6_addr)) {
		out->family = 4;
		memcpy(out->ip, &any.in6.sin6_addr.s6_addr[12], 4);
		return true;
	}
	out->family = 6;
	memcpy(out->ip, &any.in6.sin6_addr, 16);
	/* Only a link-local address needs a zone: it means another machine on another interface. */
	if (IN6_IS_ADDR_LINKLOCAL(&any.in6.sin6_addr))
		out->scope = any.in6.sin6_scope_id;
	return true;
}
