/* SPDX-License-Identifier: MIT */
#include "net/route.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"

/*
 * Where a packet to "anywhere" would go: addresses set aside for documentation (RFC 5737, RFC 3849), to
 * which only a default route leads.
 */
static const struct swim_addr route_anywhere4 = {.family = 4, .port = 9, .ip = {198, 51, 100, 1}};
static const struct swim_addr route_anywhere6 = {.family = 6,
    .port = 9,
    .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

/* Is it an address of this interface (NULL or "": of any) which has these flags? */
static bool
route_has(const char *device, unsigned flags, const struct swim_addr *addr)
{
	struct ifaddrs *all, *ifa;
	struct swim_addr own;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (ifa = all; ifa != NULL && !found; ifa = ifa->ifa_next) {
		if (ifa->ifa_addr == NULL || !sockaddr_to_addr(ifa->ifa_addr, &own))
			continue;
		if (device != NULL && device[0] != '\0' && strcmp(device, ifa->ifa_name) != 0)
			continue;
		if ((ifa->ifa_flags & flags) != flags)
			continue;
		own.port = addr->port;
		/* A link-local address without a zone is meant on whichever interface has it. */
		if (addr->scope == 0)
			own.scope = 0;
		found = swim_addr_equal(&own, addr);
	}
	freeifaddrs(all);
	return found;
}

/* The source address that the kernel chooses for this destination.  Returns 0 or -errno. */
static int
route_source(const struct swim_addr *to, const char *device, struct swim_addr *out)
{
	union sockaddr_any any;
	socklen_t len;
	int fd, result = 0, on = 1;

	fd = socket(sockaddr_family(to), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* A broadcast address is not to look like one behind a route that prohibits. */
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (device != NULL && device[0] != '\0' &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) != 0) {
		result = -errno;
		goto out;
	}
	len = sockaddr_from_addr(to, sockaddr_family(to), &any);
	if (connect(fd, &any.sa, len) != 0) {
		result = -errno;
		goto out;
	}
	len = sizeof(any);
	if (getsockname(fd, &any.sa, &len) != 0) {
		result = -errno;
		goto out;
	}
	/* On an interface without a fitting address the kernel takes another's, unless told otherwise. */
	if (!sockaddr_to_addr(&any.sa, out) || swim_addr_is_wildcard(out) ||
	    (device != NULL && device[0] != '\0' && !route_has(device, 0, out)))
		result = -EADDRNOTAVAIL;
out:
	close(fd);
	return result;
}

/* How well an interface's address serves others. */
static enum route_rank
route_rank(const struct ifaddrs *ifa, bool v4_allowed, bool v6_allowed, struct swim_addr *out)
{
	if (ifa->ifa_addr == NULL || (ifa->ifa_flags & IFF_UP) == 0 ||
	    !sockaddr_to_addr(ifa->ifa_addr, out))
		return ROUTE_RANK_NONE;
	if ((out->family == 4 && !v4_allowed) || (out->family == 6 && !v6_allowed))
		return ROUTE_RANK_NONE;
	if ((ifa->ifa_flags & IFF_LOOPBACK) != 0 || swim_addr_is_loopback(out))
		return ROUTE_RANK_LOOPBACK;
	return out->scope == 0 ? ROUTE_RANK_INTERFACE : ROUTE_RANK_LINK_LOCAL;
}

static enum route_rank
route_best_interface(bool v4_allowed, bool v6_allowed, const char *device, struct swim_addr *out)
{
	enum route_rank rank, best = ROUTE_RANK_NONE;
	struct ifaddrs *all, *ifa;
	struct swim_addr addr;

	if (getifaddrs(&all) != 0)
		return ROUTE_RANK_NONE;
	for (ifa = all; ifa != NULL; ifa = ifa->ifa_next) {
		if (device != NULL && device[0] != '\0' && strcmp(device, ifa->ifa_name) != 0)
			continue;
		rank = route_rank(ifa, v4_allowed, v6_allowed, &addr);
		/* Of equals IPv4, which more others have. */
		if (rank > best ||
		    (rank == best && rank > ROUTE_RANK_NONE && addr.family < out->family)) {
			best = rank;
			*out = addr;
		}
	}
	freeifaddrs(all);
	return best;
}

enum route_rank
route_advertise_address(const struct swim_addr *bound, bool v6_only, const char *device,
    struct swim_addr *out)
{
	bool v6_allowed = bound->family == 6;
	bool v4_allowed = bound->family == 4 || !v6_only;
	enum route_rank rank = ROUTE_RANK_DEFAULT;

	if (!swim_addr_is_wildcard(bound)) {
		*out = *bound;
		return rank;
	}
	if (!(v4_allowed && route_source(&route_anywhere4, device, out) == 0) &&
	    !(v6_allowed && route_source(&route_anywhere6, device, out) == 0))
		rank = route_best_interface(v4_allowed, v6_allowed, device, out);
	else if (swim_addr_is_loopback(out))
		rank = ROUTE_RANK_LOOPBACK;
	else if (out->scope != 0)
		rank = ROUTE_RANK_LINK_LOCAL;
	if (rank != ROUTE_RANK_NONE)
		out->port = bound->port;
	return rank;
}

void
route_families(const char *device, bool *v4, bool *v6)
{
	struct ifaddrs *all, *ifa;
	struct swim_addr addr;

	*v4 = *v6 = false;
	if (getifaddrs(&all) != 0)
		return;
	for (ifa = all; ifa != NULL; ifa = ifa->ifa_next) {
		if (device != NULL && device[0] != '\0' && strcmp(device, ifa->ifa_name) != 0)
			continue;
		if (route_rank(ifa, true, true, &addr) < ROUTE_RANK_INTERFACE)
			continue;
		*v4 |= addr.family == 4;
		*v6 |= addr.family == 6;
	}
	freeifaddrs(all);
}

bool
route_forbids(const struct swim_addr *to, const char *device)
{
	struct swim_addr ignored;
	int error;

	/* Without its zone it leads nowhere on any machine. */
	if (swim_addr_is_link_local(to) && to->scope == 0)
		return false;
	error = route_source(to, device, &ignored);
	/* What prohibit gives, and blackhole. */
	return error == -EACCES || error == -EINVAL;
}

bool
route_is_local(const struct swim_addr *addr)
{
	/* All of 127/8 is ours, though the interface names one address of it. */
	return (addr->family == 4 && swim_addr_is_loopback(addr)) || route_has(NULL, 0, addr);
}

bool
route_is_up(const struct swim_addr *addr, const char *device)
{
	return (addr->family == 4 && swim_addr_is_loopback(addr)) ||
	       route_has(device, IFF_UP, addr);
}
