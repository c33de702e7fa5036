/* SPDX-License-Identifier: MIT */
#include "daemon/network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/address.h"
#include "daemon/node.h"
#include "discovery/source.h"
#include "net/zone.h"

/* Between two attempts to bind to the device again. */
#define BIND_AGAIN_MS 1000
/* Most seeds, peers and members that one choice of an address takes into account. */
#define NETWORK_TARGETS_MAX 64
/* Least time from the last look to a look that new peers or members cause. */
#define LOOK_FOR_PEERS_MS 1000
/* Least time between two looks: the kernel reports many changes at once. */
#define LOOK_EVERY_MS 200

/* Addresses of seeds, found peers and members. */
struct targets {
	struct route_target all[NETWORK_TARGETS_MAX];
	size_t count;
};

static void
network_targets_add(struct targets *targets, const struct swim_addr *addr, bool seed)
{
	for (size_t i = 0; i < targets->count; i++) {
		if (swim_addr_equal(&targets->all[i].addr, addr)) {
			targets->all[i].seed |= seed;
			return;
		}
	}
	if (targets->count < NETWORK_TARGETS_MAX)
		targets->all[targets->count++] = (struct route_target){*addr, seed};
}

static void
network_targets_add_seeds(struct targets *targets, const struct config_list *seeds)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr addr;
	uint16_t port;

	for (size_t i = 0; i < seeds->count; i++) {
		if (swim_hostport_split(seeds->items[i], strlen(seeds->items[i]), SWIM_DEFAULT_PORT,
			false, host, &port) == SWIM_ADDR_OK &&
		    swim_addr_from_host(host, port, &addr))
			network_targets_add(targets, &addr, true);
	}
}

static void
network_targets_add_found(struct targets *targets, const struct discovery *hub)
{
	static const char seed[] = "seed";
	struct discovery_peer peer;

	for (size_t i = 0; i < discovery_count(hub) && targets->count < NETWORK_TARGETS_MAX; i++) {
		discovery_at(hub, i, &peer);
		if (peer.resolved.family != 0)
			network_targets_add(targets, &peer.resolved,
			    strcmp(peer.source, seed) == 0);
	}
}

static void
network_targets_add_members(struct targets *targets, const struct swim *swim)
{
	struct swim_report member;
	struct swim_addr addr;

	for (size_t i = 0; i < swim_member_count(swim) && targets->count < NETWORK_TARGETS_MAX;
	     i++) {
		swim_member_at(swim, i, &member);
		if (!member.local && swim_status_is_live(member.status) &&
		    swim_addr_parse(member.address, strlen(member.address), &addr))
			network_targets_add(targets, &addr, false);
	}
}

/* Chooses the address that is best now.  `asked` is a peer that is about to be joined, or NULL. */
static void
network_choose_route(const struct node *node, const struct swim_addr *asked,
    struct route_choice *out)
{
	const struct network *net = &node->network;
	struct targets targets = {.count = 0};
	const struct route_wish wish = {
	    .bound = &node->bound,
	    .device = net->device,
	    .targets = targets.all,
	    .current = node->advertised.family != 0 ? &node->advertised : NULL,
	};
	struct route_wish filled;

	network_targets_add_seeds(&targets, &node->config.seeds);
	if (asked != NULL)
		network_targets_add(&targets, asked, false);
	if (node->discovery != NULL)
		network_targets_add_found(&targets, node->discovery);
	if (node->swim != NULL)
		network_targets_add_members(&targets, node->swim);
	filled = wish;
	filled.target_count = targets.count;
	route_choose(&filled, out);
}

/*
 * Returns the index of the interface `wanted` and writes its name into `name`; 0: there is no such interface.  `wanted` may
 * be an alternative name (ip-link(8): altname).
 */
static uint32_t
network_find_device(const char *wanted, char name[IF_NAMESIZE])
{
	uint32_t index = if_nametoindex(wanted);

	return index != 0 && if_indextoname(index, name) != NULL ? index : 0;
}

int
network_choose(struct node *node, char *fault)
{
	/* What is advertised, and is of no use to others, until the machine has an address. */
	const struct swim_addr here = {.family = 4, .port = node->bound.port, .ip = {127, 0, 0, 1}};
	struct network *net = &node->network;
	const struct config *c = &node->config;
	struct route_choice choice;

	if (*c->device != '\0' && network_find_device(c->device, net->device) == 0)
		snprintf(net->device, sizeof(net->device), "%s", c->device);
	if (node->bound.scope != 0)
		if_indextoname(node->bound.scope, net->bind_zone);
	if (*c->advertise != '\0')
		return address_resolve("advertise", c->advertise, node->bound.port, false,
		    &node->advertised, fault);
	net->following = swim_addr_is_wildcard(&node->bound);
	network_choose_route(node, NULL, &choice);
	net->origin = choice.origin;
	node->advertised = choice.rank == ROUTE_RANK_NONE ? here : choice.addr;
	follow_init(&net->follow, &node->advertised, choice.rank);
	return 0;
}

const char *
network_origin(const struct node *node)
{
	if (*node->config.advertise != '\0')
		return "configuration";
	return node->network.following ? node->network.origin : "bind";
}

void
network_tell_passed(const struct node *node)
{
	const struct network *net = &node->network;
	struct route_choice choice;

	if (!net->following)
		return;
	network_choose_route(node, NULL, &choice);
	if (*choice.passed == '\0' || !swim_addr_equal(&choice.addr, &node->advertised))
		return;
	if (choice.doubtful)
		log_at(LOG_LEVEL_WARNING,
		    "this machine has several addresses and swimd cannot tell which one others reach: set advertise, or seeds",
		    log_str("others", choice.passed));
	else
		log_at(LOG_LEVEL_NOTICE, "other addresses of this machine are not advertised",
		    log_str("others", choice.passed), log_str("chosen_by", choice.origin));
}

const char *
network_trouble(const struct node *node)
{
	return node->network.trouble[0] != '\0' ? node->network.trouble : NULL;
}

/* ------------------------------------------------------------------------------------ looking around */

static void
network_set_trouble(struct node *node, const char *text)
{
	struct network *net = &node->network;

	if (strcmp(net->trouble, text) == 0)
		return;
	snprintf(net->trouble, sizeof(net->trouble), "%s", text);
	if (*text != '\0')
		log_at(LOG_LEVEL_WARNING, "address trouble", log_str("reason", text));
	else
		log_at(LOG_LEVEL_NOTICE, "the trouble with this member's address is over");
}

static void
network_judge(struct node *node)
{
	struct network *net = &node->network;
	const char *device = node->network.device;
	char address[SWIM_ADDR_TEXT], text[NETWORK_TROUBLE_MAX] = "";
	bool there = swim_addr_is_wildcard(&node->bound) || route_is_up(&node->bound, device);

	if (net->bind_errno != 0) {
		snprintf(text, sizeof(text),
		    "the interface %s was created again, and the socket cannot be bound to it: %s",
		    *device != '\0' ? device : net->bind_zone, strerror(net->bind_errno));
	} else if (!there) {
		snprintf(text, sizeof(text),
		    "the bound address, %s, is not on this machine, or its interface is down",
		    zone_format(&node->bound, address));
	} else if (!net->following) {
		/* An address that the machine never had belongs to a device that forwards to this machine (NAT). */
		there = route_is_up(&node->advertised, device);
		net->was_local |= there;
		if (!there && net->was_local)
			snprintf(text, sizeof(text),
			    "the advertised address, %s, is not on this machine any more, or its interface is down",
			    zone_format(&node->advertised, address));
		there |= !net->was_local;
	} else if (net->follow.rank <= ROUTE_RANK_LOOPBACK) {
		there = false;
		snprintf(text, sizeof(text),
		    "this machine has no address%s: no other machine can reach it",
		    net->follow.rank == ROUTE_RANK_LOOPBACK ? " but loopback" : "");
	} else if (!net->follow.present) {
		there = false;
		snprintf(text, sizeof(text),
		    "the address %s is gone or its interface is down, and no other has replaced it yet",
		    zone_format(&node->advertised, address));
	}
	if (*text == '\0' && net->watch_errno != 0)
		snprintf(text, sizeof(text), "swimd does not notice changes of addresses: %s",
		    strerror(net->watch_errno));
	network_set_trouble(node, text);
	/* Peers that could not be reached without the address may answer now. */
	if (there && !net->there)
		discovery_retry(node->discovery, loop_now());
	net->there = there;
}

/* Makes the address that `follow` has chosen the advertised one, and tells it to the cluster and to discovery. */
static void
network_announce(struct node *node, swim_time now)
{
	const struct discovery_self self = {
	    .name = node->config.name,
	    .cluster = node->config.cluster,
	    .address = node->network.follow.current,
	    .version = PACKAGE_VERSION,
	};
	char before[SWIM_ADDR_TEXT], after[SWIM_ADDR_TEXT];

	zone_format(&node->advertised, before);
	node->advertised = self.address;
	swim_set_address(node->swim, now, &self.address);
	discovery_advertise(node->discovery, &self);
	log_at(LOG_LEVEL_NOTICE, "another address is advertised", log_str("from", before),
	    log_str("to", zone_format(&self.address, after)),
	    log_str("chosen_by", network_origin(node)),
	    log_uint("incarnation", swim_incarnation(node->swim)));
	network_tell_passed(node);
}

/*
 * Tells the core to which families of addresses this machine can send.  A machine without any address counts as able to
 * send to both: then this member is cut off, and probes fail as they should.
 */
static void
network_set_reach(struct node *node, swim_time now)
{
	/* Any address of the family would do; these are from the blocks for documentation. */
	const struct swim_addr v4 = {.family = 4, .port = 1, .ip = {192, 0, 2, 1}};
	const struct swim_addr v6 = {.family = 6, .port = 1, .ip = {0x20, 1, 0xd, 0xb8, [15] = 1}};
	bool has4, has6;

	route_families(node->network.device, &has4, &has6);
	has4 &= udp_reaches(node->udp, &v4);
	has6 &= udp_reaches(node->udp, &v6);
	swim_set_reach(node->swim, now, has4 || !has6, has6 || !has4);
}

/* When to look again even if the kernel reports no change; NEVER: no such look is needed. */
static swim_time
network_deadline(const struct network *net)
{
	return swim_time_min(net->following ? follow_deadline(&net->follow) : SWIM_TIME_NEVER,
	    net->again);
}

/* Makes the next look due at `at`, or earlier if it is due earlier already. */
static void
network_look_by(struct network *net, swim_time at)
{
	net->due = swim_time_min(net->due, at);
	loop_timer_set(net->timer, net->due);
}

/* Binds the socket to the interface `index`, and gives this zone to the bound and the advertised address. */
static void
network_bind_again(struct node *node, uint32_t index)
{
	struct network *net = &node->network;
	swim_time now = loop_now();
	struct swim_addr before = node->bound;

	if (udp_follow_device(node->udp, index) != SWIM_OK) {
		net->bind_errno = errno;
		net->again = swim_time_add(now, swim_ms(BIND_AGAIN_MS));
		return;
	}
	net->bind_errno = 0;
	net->again = SWIM_TIME_NEVER;
	udp_local(node->udp, &node->bound);
	log_at(LOG_LEVEL_NOTICE, "the interface was created again, and the socket is bound to it",
	    log_str("device", *net->device != '\0' ? net->device : net->bind_zone));
	if (!net->following && swim_addr_equal(&before, &node->advertised)) {
		node->advertised = node->bound;
		swim_set_address(node->swim, now, &node->advertised);
	}
	discovery_retry(node->discovery, loop_now());
}

/*
 * The interface to which the socket is bound may be removed and created again under the same name.  Then its index is
 * another, which the socket does not follow.  The interface may also be renamed, which changes nothing for the socket.  If
 * an interface has the configured name, the socket belongs on that interface, whatever its index is.
 */
static void
network_follow_device(struct node *node)
{
	struct network *net = &node->network;
	const char *wanted = *node->config.device != '\0' ? node->config.device : net->bind_zone;
	uint32_t bound = udp_device(node->udp), index;
	char name[IF_NAMESIZE];

	if (*wanted == '\0')
		return;
	index = network_find_device(wanted, name);
	if (index == 0 && (bound == 0 || if_indextoname(bound, name) == NULL))
		return; /* the interface is gone: sends fail, and the transport reports the failures */
	if (*net->device != '\0' && strcmp(net->device, name) != 0) {
		log_at(LOG_LEVEL_NOTICE, "the interface has another name now",
		    log_str("from", net->device), log_str("to", name));
		snprintf(net->device, sizeof(net->device), "%s", name);
		udp_follow_device(node->udp, bound);
	}
	if (index != 0 && (index != bound || net->bind_errno != 0))
		network_bind_again(node, index);
}

static void
network_on_zone_moved(void *ctx, uint32_t from, uint32_t to)
{
	struct node *node = ctx;

	swim_move_zone(node->swim, loop_now(), from, to);
}

static void
network_look(void *ctx, swim_time now)
{
	struct node *node = ctx;
	struct network *net = &node->network;
	const char *device = node->network.device;
	struct follow_sight sight = {0};
	struct route_choice choice;

	net->looked = now;
	if (node->leaving)
		return;
	zones_look(&net->zones, network_on_zone_moved, node);
	network_follow_device(node);
	if (net->following) {
		network_choose_route(node, NULL, &choice);
		sight.best = choice.addr;
		sight.rank = choice.rank;
		sight.current_rank = choice.current_rank;
		sight.present = route_is_up(&node->advertised, device);
		if (swim_addr_equal(&choice.addr, &node->advertised))
			net->origin = choice.origin;
		if (follow_look(&net->follow, now, &sight)) {
			net->origin = choice.origin;
			network_announce(node, now);
			discovery_retry(node->discovery, loop_now());
		}
	}
	net->due = network_deadline(net);
	loop_timer_set(net->timer, net->due);
	network_set_reach(node, now);
	network_judge(node);
	flush_all(node, loop_now());
}

static void
network_on_changed(void *ctx)
{
	struct node *node = ctx;
	struct network *net = &node->network;
	swim_time now = loop_now(), at = swim_time_add(net->looked, swim_ms(LOOK_EVERY_MS));

	if (swim_time_reached(now, at))
		network_look(node, now);
	else
		network_look_by(net, at);
}

void
network_peers_changed(struct node *node, bool seeds)
{
	struct network *net = &node->network;
	enum route_rank enough = seeds ? ROUTE_RANK_SEEDS : ROUTE_RANK_PEERS;

	/* An address from which seeds (or members) are reached is kept, so no look is needed. */
	if (!net->following || net->timer == NULL || node->leaving ||
	    net->follow.rank_now >= enough)
		return;
	network_look_by(net, swim_time_add(net->looked, swim_ms(LOOK_FOR_PEERS_MS)));
}

void
network_before_join(struct node *node, const struct swim_addr *address)
{
	struct network *net = &node->network;
	struct route_choice choice;
	struct swim_stats stats;

	swim_stats(node->swim, &stats);
	if (!net->following || net->follow.rank_now >= ROUTE_RANK_PEERS ||
	    stats.members[SWIM_ALIVE] > 1)
		return;
	network_choose_route(node, address, &choice);
	if (choice.rank < ROUTE_RANK_PEERS)
		return;
	net->origin = choice.origin;
	follow_take(&net->follow, &choice.addr, choice.rank);
	if (!swim_addr_equal(&choice.addr, &node->advertised))
		network_announce(node, loop_now());
}

int
network_start(struct node *node, char *fault)
{
	struct network *net = &node->network;

	net->looked = loop_now();
	net->there = true;
	net->again = SWIM_TIME_NEVER;
	net->timer = loop_timer_new(node->base, network_look, node);
	if (net->timer == NULL)
		return fault_set(fault, EX_OSERR, "out of memory");
	net->watch = netwatch_new(node->base, network_on_changed, node);
	if (net->watch == NULL)
		net->watch_errno = errno;
	zones_look(&net->zones, network_on_zone_moved, node);
	/* The first look finds the changes since network_choose. */
	net->due = SWIM_TIME_NEVER;
	network_look_by(net, net->looked);
	return 0;
}

void
network_fini(struct node *node)
{
	netwatch_free(node->network.watch);
	loop_timer_free(node->network.timer);
}
