/* SPDX-License-Identifier: MIT */
#include "sim/finder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "discovery/heard.h"
#include "discovery/known.h"
#include "discovery/source.h"
#include "sim/driver.h"

/* Datagrams that a join through one address may cost. */
#define JOIN_PINGS 4
/* How long the lookup of a name takes.  An address needs no lookup. */
#define RESOLVE_DELAY swim_ms(5)
/* A multicast arrives after up to this many milliseconds. */
#define MULTICAST_MS_MAX 500

/* The result of a lookup: its number, and the addresses that it found. */
struct answer {
	uint64_t number;
	size_t count;
	struct swim_addr addresses[WORLD_NAME_NODES_MAX];
};

static swim_time
finder_local(const struct finder *f)
{
	return world_local(f->world, f->node->index, f->world->now);
}

static void
finder_push(struct finder *f, struct heap_item item)
{
	item.node = f->node->index;
	item.arg |= (uint64_t)f->node->life << 32;
	heap_push(&f->world->heap, item);
}

/* ---------------------------------------------------------------------------- what the hub wants */

static void
finder_wake(void *ctx, swim_time at)
{
	struct finder *f = ctx;

	if (!swim_time_is_never(at)) {
		at = world_global(f->world, f->node->index, at);
		if (swim_time_before(at, f->world->now))
			at = f->world->now;
	}
	if (at.ns == f->armed.ns)
		return;
	f->armed = at;
	if (!swim_time_is_never(at))
		finder_push(f, (struct heap_item){.at = at, .kind = FIND});
}

static const struct world_name *
finder_name(const struct world *w, const char *hostport)
{
	for (unsigned i = 0; i < w->name_count; i++) {
		if (strcmp(w->names[i].hostport, hostport) == 0)
			return &w->names[i];
	}
	return NULL;
}

static bool
finder_lookup(void *ctx, uint64_t number, const char *hostport)
{
	struct finder *f = ctx;
	struct answer *answer = heap_zeroed(1, sizeof(*answer));
	const struct world_name *name = finder_name(f->world, hostport);
	swim_duration delay = RESOLVE_DELAY;

	answer->number = number;
	if (swim_addr_parse(hostport, strlen(hostport), &answer->addresses[0])) {
		answer->count = 1;
		delay = swim_ns(0);
	}
	for (unsigned i = 0; name != NULL && i < name->count; i++)
		answer->addresses[answer->count++] = f->world->nodes[name->nodes[i]].addr;
	/* Some nodes advertise a host name. */
	for (unsigned i = 0; i < f->world->count && answer->count == 0; i++) {
		if (strcmp(f->world->nodes[i].hostport, hostport) == 0)
			answer->addresses[answer->count++] = f->world->nodes[i].addr;
	}
	finder_push(f, (struct heap_item){.at = swim_time_add(f->world->now, delay),
			   .kind = LOOKED,
			   .data = answer});
	return true;
}

/* The lookup goes on.  The hub ignores its answer, as the hub no longer knows the number. */
static void
finder_cancel(void *ctx, uint64_t number)
{
	(void)ctx;
	(void)number;
}

/* ------------------------------------------- what the hub asks the daemon for (daemon/node.c) */

static bool
finder_join(void *ctx, const struct swim_addr *address)
{
	struct finder *f = ctx;

	if (f->node->state != NODE_UP)
		return false;
	budget_allow(&f->node->budget, JOIN_PINGS);
	f->asked = true;
	return swim_join(f->node->core, finder_local(f), address);
}

static bool
finder_has_peers(void *ctx)
{
	struct finder *f = ctx;
	struct swim_stats stats;

	swim_stats(f->node->core, &stats);
	return stats.members[SWIM_ALIVE] > 1;
}

static bool
finder_is_member(void *ctx, const char *name, size_t len, const struct swim_addr *address)
{
	struct finder *f = ctx;
	struct swim_report member;

	if (len > 0 && swim_member_find(f->node->core, name, len, &member) &&
	    swim_status_is_live(member.status))
		return true;
	return swim_member_by_address(f->node->core, address, &member) &&
	       swim_status_is_live(member.status);
}

/* ------------------------------------------------------------------------------------- multicast */

static void
finder_source_start(struct discovery_source *source, struct discovery *hub)
{
	(void)source;
	(void)hub;
}

/* Nothing to free: the source is a part of the node. */
static void
finder_source_stop(struct discovery_source *source)
{
	(void)source;
}

static const struct discovery_source_ops finder_source_ops = {
    .name = "mdns",
    .quiet = true,
    .start = finder_source_start,
    .stop = finder_source_stop,
};

static void
finder_will_hear(struct finder *f, unsigned other, struct rng *rng)
{
	swim_duration delay = swim_ms((int64_t)rng_below(rng, MULTICAST_MS_MAX));

	finder_push(f, (struct heap_item){.at = swim_time_add(f->world->now, delay),
			   .kind = HEARD,
			   .arg = other});
}

/* All others hear a little later that the node runs or has ended, and the node hears of them. */
static void
finder_multicast(struct world *w, struct node *n)
{
	struct rng rng;

	rng_init(&rng, hash64_u64(hash64_u64(w->seed, n->index), n->life));
	for (unsigned i = 0; i < w->count; i++) {
		struct node *other = &w->nodes[i];

		if (other == n || other->finder.hub == NULL)
			continue;
		finder_will_hear(&other->finder, n->index, &rng);
		if (n->finder.hub != NULL)
			finder_will_hear(&n->finder, i, &rng);
	}
}

void
finder_hear(struct world *w, struct node *n, unsigned other)
{
	const struct node *o = &w->nodes[other];
	const struct discovery_hint hint = {
	    .address = o->addr,
	    .interface = "eth0",
	    .service = o->name,
	    .name = o->name,
	    .state = DISCOVERY_PENDING,
	    .reason = "",
	};

	if (!world_running(w, other))
		discovery_hint_withdraw(n->finder.hub, &n->finder.source, other);
	else if (net_open(&w->net, other, n->index))
		(void)discovery_hint(n->finder.hub, finder_local(&n->finder), &n->finder.source,
		    other, &hint);
}

/* ------------------------------------------------------------------------------------ the finder */

static void
finder_seeds(struct world *w, struct node *n)
{
	char texts[WORLD_SEEDS_MAX][SWIM_ADDR_TEXT];
	const char *list[WORLD_SEEDS_MAX + 1];
	unsigned count = 0;

	for (; count < n->seed_count; count++)
		list[count] = swim_addr_format(&n->seeds[count], texts[count]);
	if (n->seed_name != NULL)
		list[count++] = n->seed_name;
	if (discovery_set_seeds(n->finder.hub, world_local(w, n->index, w->now), list, count) !=
	    SWIM_OK)
		world_breach(w, "discovery refuses the seeds of a node");
}

void
finder_begin(struct world *w, struct node *n)
{
	struct finder *f = &n->finder;
	const struct discovery_io io = {finder_wake, finder_lookup, finder_cancel, f};
	const struct discovery_callbacks callbacks = {
	    .join = finder_join,
	    .has_peers = finder_has_peers,
	    .is_member = finder_is_member,
	    .ctx = f,
	};
	struct discovery_config config;

	*f = (struct finder){.world = w, .node = n, .armed = SWIM_TIME_NEVER};
	discovery_config_defaults(&config);
	config.seed = hash64_u64(hash64_u64(w->seed, n->index), n->life);
	f->hub = discovery_new(&config, &io, &callbacks, finder_local(f));
	f->known = known_new();
	f->heard = heard_new();
	assert(f->hub != NULL && f->known != NULL && f->heard != NULL);
	discovery_add_source(f->hub, f->heard);
	discovery_add_source(f->hub, f->known);
	finder_seeds(w, n);
	if (w->multicast) {
		f->source.ops = &finder_source_ops;
		discovery_add_source(f->hub, &f->source);
		finder_multicast(w, n);
	}
}

void
finder_end(struct node *n)
{
	struct finder *f = &n->finder;

	if (f->hub == NULL)
		return;
	discovery_free(f->hub);
	f->hub = NULL;
	if (f->world->multicast)
		finder_multicast(f->world, n);
}

void
finder_run(struct world *w, struct node *n)
{
	n->finder.armed = SWIM_TIME_NEVER;
	if (n->paused)
		return;
	discovery_tick(n->finder.hub, finder_local(&n->finder));
	driver_flush(w, n);
}

void
finder_resolved(struct world *w, struct node *n, const void *data)
{
	const struct answer *answer = data;
	const struct discovery_found found = {
	    .addresses = answer->addresses,
	    .count = answer->count,
	    .text = "there is no such name",
	};

	discovery_resolved(n->finder.hub, finder_local(&n->finder), answer->number, &found);
	driver_flush(w, n);
}

void
finder_resume(struct node *n)
{
	finder_wake(&n->finder, discovery_deadline(n->finder.hub));
}

void
finder_foreign(struct node *n, const struct swim_addr *from, const void *data, size_t len)
{
	struct heard_datagram datagram = {.from = from, .data = data, .len = len};

	n->finder.heard_told += heard_input(n->finder.heard, finder_local(&n->finder), &datagram);
}

static void
finder_joined(void *ctx, const struct discovery_peer *peers, size_t count)
{
	struct finder *f = ctx;

	f->told = count == 1;
	f->outcome = peers[0].state;
}

bool
finder_join_by_hand(struct world *w, struct node *n, const struct swim_addr *address)
{
	char text[SWIM_ADDR_TEXT];
	const char *list[] = {swim_addr_format(address, text)};
	const struct discovery_join join = {
	    .addresses = list,
	    .count = 1,
	    .done = finder_joined,
	    .ctx = &n->finder,
	};

	n->finder.told = false;
	return discovery_join(n->finder.hub, world_local(w, n->index, w->now), &join) == SWIM_OK;
}

static enum discovery_who
finder_who(const struct node *n, const struct swim_report *member)
{
	if (member->local)
		return DISCOVERY_WHO_SELF;
	return member->name_len == strlen(n->name) &&
		       memcmp(member->name, n->name, member->name_len) == 0
		   ? DISCOVERY_WHO_NAMESAKE
		   : DISCOVERY_WHO_OTHER;
}

bool
finder_event(struct world *w, struct node *n, const struct swim_event *e)
{
	const struct discovery_answer answer = {
	    .address = &e->address,
	    .member = e->member.name,
	    .member_len = e->member.name_len,
	    .who = finder_who(n, &e->member),
	};
	swim_time local = world_local(w, n->index, w->now);

	if (e->type == SWIM_EVENT_SEED_ANSWERED)
		discovery_answered(n->finder.hub, local, &answer);
	else if (e->type == SWIM_EVENT_SEED_SILENT)
		discovery_silent(n->finder.hub, local, &e->address);
	else if (e->type == SWIM_EVENT_SEED_FOREIGN)
		discovery_foreign(n->finder.hub, local, &e->address, e->member.name,
		    e->member.name_len);
	else
		return false;
	return true;
}
