/* SPDX-License-Identifier: MIT */
#include "net/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/ifaces.h"
#include "net/sockaddr.h"

/* IPV6_PREFER_SRC_PUBLIC: glibc's headers lack it, and linux/in6.h cannot be included together with them. */
#define ROUTE_PREFER_SRC_PUBLIC 2

/* Destinations to which only a default route leads: addresses for documentation (RFC 5737, RFC 3849). */
static const struct swim_addr route_anywhere4 = {.family = 4, .port = 9, .ip = {198, 51, 100, 1}};
static const struct swim_addr route_anywhere6 = {.family = 6,
    .port = 9,
    .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

/* Is this an address of the device (NULL or "": of any interface), and does the interface have these flags? */
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
		/* A link-local address without a zone matches on every interface. */
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
	int fd, result = 0, on = 1, preference = ROUTE_PREFER_SRC_PUBLIC;

	fd = socket(sockaddr_family(to), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* With SO_BROADCAST connect fails with EACCES only for a prohibit route, not for a broadcast address. */
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	/* A temporary address would change once a day, and differ from member to member (RFC 5014). */
	if (to->family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, &preference,
		    sizeof(preference));
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
	/* If the device has no address of the family, the kernel chooses an address of another interface. */
	if (!sockaddr_to_addr(&any.sa, out) || swim_addr_is_wildcard(out) ||
	    (device != NULL && device[0] != '\0' && !route_has(device, 0, out)))
		result = -EADDRNOTAVAIL;
out:
	close(fd);
	return result;
}

/* The kinds of votes for an address.  One vote of a kind outweighs all votes of the kinds after it. */
enum route_vote {
	ROUTE_VOTE_SEED,      /* a seed on another machine is reached from the address */
	ROUTE_VOTE_OURSELVES, /* the address is itself a seed */
	ROUTE_VOTE_PEER,      /* a target that is no seed is reached from the address */
	/*
	 * The address is itself a seed, on an interface that leads nowhere: all machines behind a load balancer may
	 * have the address.
	 */
	ROUTE_VOTE_NOWHERE,
	ROUTE_VOTE_KINDS,
};

/* All addresses of this machine, and the votes for each.  Those that route_counts accepts are candidates. */
struct route_candidates {
	const struct route_wish *wish;
	struct iface_address *all;
	size_t count;
	struct route_votes {
		unsigned of[ROUTE_VOTE_KINDS];
	} * votes;
};

static bool
route_counts(const struct route_wish *wish, const struct iface_address *a)
{
	bool v4 = wish->bound->family == 4 || !wish->v6_only, v6 = wish->bound->family == 6;

	if (wish->device != NULL && *wish->device != '\0' && strcmp(wish->device, a->name) != 0)
		return false;
	/* A port hands incoming packets to its bridge or bond, so an address of the port is of no use. */
	return a->up && !a->port && (a->addr.family == 4 ? v4 : v6);
}

static enum route_rank
route_rank(const struct iface_address *a)
{
	if (a->loopback ? swim_addr_is_loopback(&a->addr) || a->addr.scope != 0
			: swim_addr_is_loopback(&a->addr))
		return ROUTE_RANK_LOOPBACK;
	if (a->containers)
		return ROUTE_RANK_CONTAINERS;
	if (a->addr.scope != 0)
		return a->leads_out ? ROUTE_RANK_LINK_LOCAL : ROUTE_RANK_INNER;
	return a->passing ? ROUTE_RANK_PASSING : ROUTE_RANK_INTERFACE;
}

/* The index of the candidate with this address (the port is ignored), or `count`. */
static size_t
route_find(const struct route_candidates *c, const struct swim_addr *addr)
{
	struct swim_addr plain = *addr;
	size_t i;

	plain.port = 0;
	for (i = 0; i < c->count; i++) {
		if (swim_addr_equal(&c->all[i].addr, &plain) && route_counts(c->wish, &c->all[i]))
			break;
	}
	return i;
}

/* Replace an address that comes and goes by a steady one of the same interface and family, if there is one. */
static size_t
route_steady(const struct route_candidates *c, size_t i)
{
	if (i == c->count || !c->all[i].passing)
		return i;
	for (size_t k = 0; k < c->count; k++) {
		if (c->all[k].index == c->all[i].index && !c->all[k].passing &&
		    c->all[k].addr.family == c->all[i].addr.family && c->all[k].addr.scope == 0 &&
		    route_counts(c->wish, &c->all[k]))
			return k;
	}
	return i;
}

/* Is the target in the network of this address? */
static bool
route_covers(const struct iface_address *a, const struct swim_addr *to)
{
	unsigned whole = a->prefix / 8, rest = a->prefix % 8;

	return a->addr.family == to->family && memcmp(a->addr.ip, to->ip, whole) == 0 &&
	       (rest == 0 || ((a->addr.ip[whole] ^ to->ip[whole]) >> (8 - rest)) == 0);
}

static void
route_count_vote(const struct route_candidates *c, size_t i, bool seed)
{
	if (seed)
		c->votes[i].of[ROUTE_VOTE_SEED]++;
	else if (!c->all[i].containers)
		c->votes[i].of[ROUTE_VOTE_PEER]++;
}

static void
route_vote(const struct route_candidates *c, const struct route_target *target)
{
	const struct swim_addr *to = &target->addr;
	struct swim_addr from = {0}, same = *to;
	bool ours;
	size_t i, now;

	/* A link-local or loopback target does not show from which address others are reached. */
	if (to->family == 0 || to->port == 0 || swim_addr_is_loopback(to) ||
	    swim_addr_is_link_local(to) || route_source(to, c->wish->device, &from) != 0)
		return;
	same.port = from.port;
	ours = swim_addr_equal(&same, &from) || route_find(c, to) != c->count;
	/* A member that claims an address of ours does not make that address preferred. */
	if (ours && !target->seed)
		return;
	i = route_steady(c, ours ? route_find(c, to) : route_find(c, &from));
	if (i == c->count || route_rank(&c->all[i]) < ROUTE_RANK_CONTAINERS)
		return;
	if (ours) {
		c->votes[i].of[c->all[i].nowhere ? ROUTE_VOTE_NOWHERE : ROUTE_VOTE_OURSELVES]++;
		return;
	}
	route_count_vote(c, i, target->seed);
	/*
	 * If two interfaces are in the target's network, the kernel's choice between them may change: the current
	 * address gets a vote too.
	 */
	now = c->wish->current != NULL ? route_find(c, c->wish->current) : c->count;
	if (now != c->count && now != i && route_covers(&c->all[now], to))
		route_count_vote(c, now, target->seed);
}

/*
 * Elect by the first kind of votes that any candidate has: the current address if it has such a vote, else the
 * address with the most.
 */
static size_t
route_elect(const struct route_candidates *c, const char **origin)
{
	size_t best = c->count, now = c->count;
	unsigned most;

	if (c->wish->current != NULL)
		now = route_find(c, c->wish->current);
	for (int kind = 0; kind < ROUTE_VOTE_KINDS && best == c->count; kind++) {
		*origin = kind == ROUTE_VOTE_PEER ? "peers" : "seeds";
		if (now != c->count && c->votes[now].of[kind] > 0)
			return now;
		most = 0;
		for (size_t i = 0; i < c->count; i++) {
			unsigned votes = c->votes[i].of[kind];

			if (votes > most || (votes == most && most > 0 &&
						c->all[i].addr.family < c->all[best].addr.family)) {
				most = votes;
				best = i;
			}
		}
	}
	return best;
}

static size_t
route_default(const struct route_candidates *c)
{
	const struct route_wish *wish = c->wish;
	struct swim_addr from;
	size_t i = c->count;

	if ((wish->bound->family == 4 || !wish->v6_only) &&
	    route_source(&route_anywhere4, wish->device, &from) == 0)
		i = route_find(c, &from);
	if (i == c->count && wish->bound->family == 6 &&
	    route_source(&route_anywhere6, wish->device, &from) == 0)
		i = route_find(c, &from);
	return route_steady(c, i);
}

/* A higher rank is better, then an interface with a carrier, then IPv4, which more machines have. */
static bool
route_is_better(const struct iface_address *a, const struct iface_address *than)
{
	if (route_rank(a) != route_rank(than))
		return route_rank(a) > route_rank(than);
	if (a->running != than->running)
		return a->running;
	return a->addr.family < than->addr.family;
}

static size_t
route_best_interface(const struct route_candidates *c, bool *doubtful)
{
	size_t best = c->count;

	for (size_t i = 0; i < c->count; i++) {
		if (!route_counts(c->wish, &c->all[i]))
			continue;
		if (best == c->count || route_is_better(&c->all[i], &c->all[best])) {
			best = i;
			*doubtful = false;
		} else if (!route_is_better(&c->all[best], &c->all[i]) &&
			   c->all[i].index != c->all[best].index &&
			   route_rank(&c->all[i]) == ROUTE_RANK_INTERFACE) {
			*doubtful = true;
		}
	}
	return best;
}

/* Write to `out` which addresses of other interfaces were not chosen, and why. */
static void
route_tell_passed(const struct route_candidates *c, size_t taken, size_t by_default, char *out)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < c->count && len < ROUTE_PASSED_MAX - 1; i++) {
		const struct iface_address *a = &c->all[i];
		const char *why = "";

		if (!route_counts(c->wish, a) || a->index == c->all[taken].index ||
		    route_rank(a) <= ROUTE_RANK_LOOPBACK || a->addr.scope != 0)
			continue;
		if (a->containers)
			why = ", a bridge of containers";
		else if (i == by_default)
			why = ", the default route's";
		else if (a->passing)
			why = ", temporary or floating";
		if (inet_ntop(a->addr.family == 4 ? AF_INET : AF_INET6, a->addr.ip, text,
			sizeof(text)) != NULL)
			len += (size_t)snprintf(out + len, ROUTE_PASSED_MAX - len, "%s%s (%s%s)",
			    len > 0 ? ", " : "", text, a->name, why);
	}
}

/* The rank of an address now, by its votes and its interface. */
static enum route_rank
route_worth(const struct route_candidates *c, size_t i, size_t by_default)
{
	enum route_rank rank;

	if (i == c->count)
		return ROUTE_RANK_NONE;
	if (c->votes[i].of[ROUTE_VOTE_SEED] > 0 || c->votes[i].of[ROUTE_VOTE_OURSELVES] > 0)
		return ROUTE_RANK_SEEDS;
	if (c->votes[i].of[ROUTE_VOTE_PEER] > 0)
		return ROUTE_RANK_PEERS;
	if (c->votes[i].of[ROUTE_VOTE_NOWHERE] > 0)
		return ROUTE_RANK_SEED_NOWHERE;
	rank = route_rank(&c->all[i]);
	return i == by_default && rank == ROUTE_RANK_INTERFACE ? ROUTE_RANK_DEFAULT : rank;
}

static void
route_choose_among(const struct route_candidates *c, struct route_choice *out)
{
	size_t by_default = route_default(c), i;

	for (size_t k = 0; k < c->wish->target_count; k++)
		route_vote(c, &c->wish->targets[k]);
	if (c->wish->current != NULL)
		out->current_rank = route_worth(c, route_find(c, c->wish->current), by_default);
	i = route_elect(c, &out->origin);
	if (i == c->count && by_default != c->count) {
		i = by_default;
		out->origin = "route";
	} else if (i == c->count) {
		i = route_best_interface(c, &out->doubtful);
		out->origin = "interface";
		if (i == c->count)
			return;
	}
	out->rank = route_worth(c, i, by_default);
	out->addr = c->all[i].addr;
	out->addr.port = c->wish->bound->port;
	route_tell_passed(c, i, by_default, out->passed);
}

void
route_choose(const struct route_wish *wish, struct route_choice *out)
{
	struct route_candidates c = {.wish = wish};

	*out = (struct route_choice){.rank = ROUTE_RANK_NONE, .origin = "bind"};
	if (!swim_addr_is_wildcard(wish->bound)) {
		out->addr = *wish->bound;
		out->rank = ROUTE_RANK_DEFAULT;
		return;
	}
	out->origin = "interface";
	if (ifaces_list(&c.all, &c.count) != 0)
		return;
	c.votes = calloc(c.count + 1, sizeof(*c.votes));
	if (c.votes != NULL)
		route_choose_among(&c, out);
	free(c.votes);
	free(c.all);
}

void
route_families(const char *device, bool *v4, bool *v6)
{
	const struct swim_addr any = {.family = 6};
	const struct route_wish wish = {.bound = &any, .device = device};
	struct iface_address *all;
	size_t count;

	*v4 = *v6 = false;
	if (ifaces_list(&all, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!route_counts(&wish, &all[i]) || all[i].addr.scope != 0 ||
		    route_rank(&all[i]) == ROUTE_RANK_LOOPBACK)
			continue;
		*v4 |= all[i].addr.family == 4;
		*v6 |= all[i].addr.family == 6;
	}
	free(all);
}

bool
route_forbids(const struct swim_addr *to, const char *device)
{
	struct swim_addr ignored;
	int error;

	/* A link-local address without a zone cannot be sent to, whatever the routes are. */
	if (swim_addr_is_link_local(to) && to->scope == 0)
		return false;
	error = route_source(to, device, &ignored);
	/* The errors of routes of the types prohibit and blackhole. */
	return error == -EACCES || error == -EINVAL;
}

bool
route_is_local(const struct swim_addr *addr)
{
	/* All of 127/8 is local, though the interface lists only one of these addresses. */
	return (addr->family == 4 && swim_addr_is_loopback(addr)) || route_has(NULL, 0, addr);
}

bool
route_is_up(const struct swim_addr *addr, const char *device)
{
	return (addr->family == 4 && swim_addr_is_loopback(addr)) ||
	       route_has(device, IFF_UP, addr);
}
