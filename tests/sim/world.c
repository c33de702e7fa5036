/* SPDX-License-Identifier: MIT */
#include "sim/world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sim/driver.h"
#include "sim/finder.h"
#include "sim/keep.h"
#include "sim/saver.h"
#include "sim/trace.h"

#define BREACHES_PRINTED 5
#define BREACHES_MAX 10000 /* the run ends here: a fault may cause breaches without end */
/* More steps than this at one time mean that the deadline of a node does not advance. */
#define SAME_TIME_MAX 1000000
#define RESOLVE_DELAY swim_ms(5)
/* An item for a paused node is put back into the heap for this much later. */
#define PAUSED_AGAIN swim_ms(100)

static void
world_breach_cb(void *ctx, const char *text)
{
	world_breach(ctx, text);
}

void
world_breach(struct world *w, const char *text)
{
	if (w->breaches++ < BREACHES_PRINTED)
		printf("# %s at %.6f s: %s\n", w->label, (double)w->now.ns / 1e9, text);
	if (w->breaches == BREACHES_MAX) {
		printf("# %s: the run ends after %d broken invariants\n", w->label, BREACHES_MAX);
		fflush(stdout);
		abort();
	}
}

static void
node_init(struct node *n, unsigned index)
{
	unsigned number = index + 1; /* so that no address is 10.0.0.0 */

	n->index = index;
	snprintf(n->name, sizeof(n->name), "n%u", index);
	n->addr = (struct swim_addr){.family = 4, .port = SWIM_DEFAULT_PORT};
	n->addr.ip[0] = 10;
	n->addr.ip[1] = (uint8_t)(number >> 16);
	n->addr.ip[2] = (uint8_t)(number >> 8);
	n->addr.ip[3] = (uint8_t)number;
	swim_addr_format(&n->addr, n->hostport);
	n->queue_end = &n->queue;
	n->held_end = &n->held;
	n->armed = SWIM_TIME_NEVER;
}

/* The number that node_init put into this address: the index of the node, plus 1. */
static unsigned
number_of(const struct swim_addr *addr)
{
	return (unsigned)addr->ip[1] << 16 | (unsigned)addr->ip[2] << 8 | addr->ip[3];
}

static struct node *
node_at(struct world *w, const struct swim_addr *addr)
{
	unsigned number = number_of(addr);
	struct node *n;

	if (number == 0 || number > w->count ||
	    !(swim_addr_equal(&w->nodes[number - 1].addr, addr) ||
		swim_addr_equal(&w->nodes[number - 1].source, addr)))
		return NULL;
	n = &w->nodes[number - 1];
	while (n->heir != NULL && !world_running(w, n->index))
		n = n->heir;
	return n;
}

void
world_inherit(struct world *w, unsigned i, unsigned from)
{
	struct node *n = &w->nodes[i], *before = &w->nodes[from];

	assert(n->life == 0 && before->heir == NULL);
	n->addr = before->addr;
	memcpy(n->hostport, before->hostport, sizeof(n->hostport));
	before->heir = n;
	n->inherited = true;
}

void
world_init(struct world *w, uint64_t seed, unsigned nodes)
{
	*w = (struct world){
	    .seed = seed,
	    .count = nodes,
	    .hash = HASH64_START,
	    .config =
		{
		    .cluster = "",
		    .max_members = SWIM_MEMBERS_DEFAULT,
		    .max_jump = SWIM_JUMP_DEFAULT,
		    .max_datagram = WIRE_DATAGRAM_DEFAULT,
		    .queue_max = 256,
		    .clock_ppm = 50,
		    .check_every = 1,
		    .check_events = true,
		},
	};
	swim_timing_profile(SWIM_PROFILE_LAN, &w->config.timing);
	w->config.base = base_timing_default();
	rng_init(&w->rng, seed);
	net_init(&w->net, rng_u64(&w->rng));
	heap_init(&w->heap);
	w->nodes = heap_zeroed(nodes, sizeof(*w->nodes));
	w->check = check_new(nodes, world_breach_cb, w);
	facts_init(&w->facts);
	for (unsigned i = 0; i < nodes; i++) {
		node_init(&w->nodes[i], i);
		w->nodes[i].history = history_new(&w->facts);
	}
}

void
world_mix_families(struct world *w)
{
	for (unsigned i = 1; i < w->count; i += 2) {
		struct node *n = &w->nodes[i];

		assert(n->life == 0);
		n->addr.family = 6;
		n->addr.ip[0] = 0xfd;
		swim_addr_format(&n->addr, n->hostport);
	}
}

void
world_speak_elsewhere(struct world *w, unsigned i)
{
	struct node *n = &w->nodes[i];

	assert(n->life == 0);
	n->source = n->addr;
	n->source.ip[0] = 11;
}

void
world_translate(struct world *w, unsigned i, swim_duration lasts)
{
	struct node *n = &w->nodes[i];

	assert(n->life == 0);
	n->bindings = heap_zeroed(w->count, sizeof(*n->bindings));
	n->binding_lasts = lasts;
}

/* The source address that node `other` sees of a node behind a translation.  A binding that is too old gets a new port. */
static struct swim_addr
translated(struct world *w, struct node *n, unsigned other)
{
	struct binding *b = &n->bindings[other];
	struct swim_addr addr = n->addr;

	if (b->port == 0 || swim_time_since(w->now, b->used).ns > n->binding_lasts.ns)
		b->port = (uint16_t)(20000 + rng_below(&w->rng, 40000));
	b->used = w->now;
	addr.ip[0] = 12;
	addr.port = b->port;
	return addr;
}

/* The node that receives what node `from` sends to this address; NULL: there is none. */
static struct node *
recipient(struct world *w, unsigned from, const struct swim_addr *to)
{
	struct node *n = node_at(w, to);
	struct swim_addr inner = *to;
	struct binding *b;

	if (n != NULL)
		return n->bindings == NULL ? n : NULL;
	if (to->ip[0] != 12)
		return NULL;
	inner.ip[0] = 10;
	inner.port = SWIM_DEFAULT_PORT;
	n = node_at(w, &inner);
	if (n == NULL || n->bindings == NULL)
		return NULL;
	b = &n->bindings[from];
	if (b->port != to->port || swim_time_since(w->now, b->used).ns > n->binding_lasts.ns)
		return NULL;
	b->used = w->now;
	return n;
}

const struct swim_addr *
world_source(const struct node *n)
{
	return n->source.family != 0 ? &n->source : &n->addr;
}

void
world_make_base(struct world *w, unsigned i, bool named)
{
	struct node *n = &w->nodes[i];

	assert(n->life == 0);
	n->kind = NODE_BASE;
	w->bases++;
	if (named)
		n->name[0] = 'b';
	else
		memcpy(n->name, n->hostport, sizeof(n->hostport));
}

static void
queue_clear(struct packet **queue)
{
	while (*queue != NULL) {
		struct packet *p = *queue;

		*queue = p->next;
		free(p);
	}
}

static void
node_fini(struct node *n)
{
	saver_end(n);
	finder_end(n);
	swim_free(n->core);
	n->core = NULL;
	base_peer_free(n->peer);
	n->peer = NULL;
	queue_clear(&n->queue);
	queue_clear(&n->held);
	n->queue_end = &n->queue;
	n->held_end = &n->held;
	n->queued = n->held_count = 0;
}

void
world_fini(struct world *w)
{
	struct heap_item item;

	while (heap_pop(&w->heap, &item))
		free(item.data);
	for (unsigned i = 0; i < w->count; i++) {
		node_fini(&w->nodes[i]);
		free(w->nodes[i].bindings);
		disk_clear(&w->nodes[i].disk);
		history_free(w->nodes[i].history);
	}
	facts_fini(&w->facts);
	heap_fini(&w->heap);
	net_fini(&w->net);
	check_free(w->check);
	free(w->nodes);
	free(w->events);
	free(w->base_events);
}

swim_time
world_local(const struct world *w, unsigned i, swim_time t)
{
	const struct node *n = &w->nodes[i];

	/* The result never falls as t rises: the last term changes by no more than t does. */
	return swim_time_add(t,
	    swim_ns(n->clock_offset.ns + (int64_t)((__int128)t.ns * n->clock_ppm / 1000000)));
}

swim_time
world_global(const struct world *w, unsigned i, swim_time local)
{
	const struct node *n = &w->nodes[i];
	int64_t elapsed = local.ns - n->clock_offset.ns;
	swim_time t = {(int64_t)((__int128)elapsed * 1000000 / (1000000 + n->clock_ppm))};

	while (swim_time_before(world_local(w, i, t), local))
		t.ns += local.ns - world_local(w, i, t).ns;
	return t;
}

bool
world_running(const struct world *w, unsigned i)
{
	return w->nodes[i].state == NODE_UP || w->nodes[i].state == NODE_LEAVING;
}

unsigned
world_by_name(const struct world *w, const char *name, size_t len)
{
	unsigned index = 0;
	struct swim_addr addr;

	/* A name is a letter and the index, or an address, so no table of names is needed. */
	if (swim_addr_parse(name, len, &addr)) {
		index = number_of(&addr) - 1;
	} else {
		for (size_t i = 1; i < len && i < 9; i++) {
			if (name[i] < '0' || name[i] > '9')
				return UINT32_MAX;
			index = 10 * index + (unsigned)(name[i] - '0');
		}
	}
	if (index >= w->count || strlen(w->nodes[index].name) != len ||
	    memcmp(w->nodes[index].name, name, len) != 0)
		return UINT32_MAX;
	return index;
}

unsigned
world_by_address(const struct world *w, const char *address)
{
	struct swim_addr addr;
	const struct node *n;
	unsigned index;

	if (!swim_addr_parse(address, strlen(address), &addr))
		return UINT32_MAX;
	index = number_of(&addr) - 1;
	if (index >= w->count || strcmp(w->nodes[index].hostport, address) != 0)
		return UINT32_MAX;
	n = &w->nodes[index];
	while (n->heir != NULL && !world_running(w, n->index))
		n = n->heir;
	return n->index;
}

void
world_mix(struct world *w, uint64_t kind, uint64_t node, const void *data, size_t len)
{
	w->hash = hash64_u64(w->hash, (uint64_t)w->now.ns);
	w->hash = hash64_u64(w->hash, kind << 32 | node);
	w->hash = hash64_bytes(w->hash, data, len);
}

void
world_transmit(struct world *w, const struct swim_addr *from, unsigned from_index,
    const struct swim_addr *to, const void *data, size_t len)
{
	swim_duration delays[NET_COPIES_MAX];
	struct node *target = recipient(w, from_index, to), *sender = &w->nodes[from_index];
	struct swim_addr source = *from;
	unsigned copies;

	w->datagrams++;
	world_mix(w, 1, from_index, data, len);
	if (target == NULL) { /* nobody has this address */
		if (w->stray != NULL)
			w->stray(w, w->stray_ctx, from_index, to, data, len);
		return;
	}
	if (sender->bindings != NULL && swim_addr_equal(from, &sender->addr))
		source = translated(w, sender, target->index);
	if (len > 0 && *(const uint8_t *)data == WIRE_PING)
		target->asked++;
	copies = net_transmit(&w->net,
	    &(struct net_datagram){from_index, target->index, len, w->now}, delays);
	if (w->trace)
		trace_datagram(w, from_index, target->index, copies, data, len);
	for (unsigned i = 0; i < copies; i++) {
		struct packet *p = heap_resize(NULL, 1, sizeof(*p) + len);

		p->next = NULL;
		p->from = source;
		p->len = len;
		memcpy(p->data, data, len);
		heap_push(&w->heap, (struct heap_item){.at = swim_time_add(w->now, delays[i]),
					.kind = DELIVER,
					.node = target->index,
					.data = p});
	}
}

void
world_inject(struct world *w, const struct swim_addr *from, unsigned to, const void *data,
    size_t len)
{
	struct node *sender = node_at(w, from);

	assert(w->nodes != NULL && to < w->count);
	world_transmit(w, from, sender ? sender->index : to, &w->nodes[to].addr, data, len);
}

/* Only host names that a node advertises are resolved. */
void
world_resolve(struct world *w, struct node *n, const char *host)
{
	for (unsigned i = 0; i < w->count; i++) {
		if (strcmp(w->nodes[i].hostport, host) == 0) {
			heap_push(&w->heap,
			    (struct heap_item){.at = swim_time_add(w->now, RESOLVE_DELAY),
				.kind = RESOLVED,
				.node = n->index,
				.arg = (uint64_t)n->life << 32 | i});
			return;
		}
	}
}

void
world_flush(struct world *w, unsigned i)
{
	driver_flush(w, &w->nodes[i]);
}

static void
deliver(struct world *w, struct node *n, struct packet *p)
{
	world_mix(w, 21, n->index, &p->from, sizeof(p->from));
	if (!world_running(w, n->index)) {
		free(p);
		return;
	}
	if (n->queued >= w->config.queue_max) {
		n->overflowed++;
		free(p);
		return;
	}
	*n->queue_end = p;
	n->queue_end = &p->next;
	n->queued++;
	driver_run(w, n);
}

bool
world_step(struct world *w, swim_time until)
{
	const struct heap_item *first = heap_first(&w->heap);
	struct heap_item item;
	struct node *n;
	unsigned life;

	if (first == NULL || swim_time_before(until, first->at)) {
		w->now = until;
		return false;
	}
	heap_pop(&w->heap, &item);
	assert(!swim_time_before(item.at, w->now));
	w->same_time = item.at.ns == w->now.ns ? w->same_time + 1 : 0;
	if (w->same_time > SAME_TIME_MAX) {
		world_breach(w,
		    "time does not advance: the deadline of a node is never later than now");
		abort();
	}
	w->now = item.at;
	w->steps++;
	n = &w->nodes[item.node];
	life = (unsigned)(item.kind == WAKE ? item.arg : item.arg >> 32);
	switch (item.kind) {
	case DELIVER:
		deliver(w, n, item.data);
		break;
	case WAKE:
		if (life != n->life || item.at.ns != n->armed.ns)
			break;
		n->armed = SWIM_TIME_NEVER;
		driver_run(w, n);
		if (world_running(w, n->index))
			driver_arm(w, n);
		break;
	case SEED:
		if (life != n->life || n->state != NODE_UP)
			break;
		if (n->paused) {
			driver_seed_later(w, n, (unsigned)item.arg, PAUSED_AGAIN);
			break;
		}
		driver_seed_try(w, n, (unsigned)item.arg);
		driver_flush(w, n);
		break;
	case RESOLVED:
		if (life == n->life && n->state == NODE_UP && n->kind == NODE_SWIMD) {
			const struct node *found = &w->nodes[item.arg & UINT32_MAX];

			swim_resolved(n->core, found->hostport, &found->addr);
			driver_flush(w, n);
		}
		break;
	case FIND:
		if (life == n->life && item.at.ns == n->finder.armed.ns)
			finder_run(w, n);
		break;
	case LOOKED:
		if (life == n->life && n->paused) {
			item.at = swim_time_add(w->now, PAUSED_AGAIN);
			heap_push(&w->heap, item);
			break;
		}
		if (life == n->life)
			finder_resolved(w, n, item.data);
		free(item.data);
		break;
	case HEARD:
		if (life == n->life && n->finder.hub != NULL)
			finder_hear(w, n, (unsigned)(item.arg & UINT32_MAX));
		break;
	case STORED:
		if (life != n->life)
			break;
		if ((item.arg & UINT32_MAX) == DISK_MEMBERS)
			saver_written(w, n);
		else
			keep_written(w, n);
		break;
	case SAVE:
		if (life == n->life && item.at.ns == n->save_at.ns)
			saver_run(w, n);
		break;
	}
	return true;
}

static void *
node_resize(void *ctx, void *old, size_t size)
{
	(void)ctx;
	if (size > 0)
		return heap_resize(old, 1, size);
	free(old);
	return NULL;
}

static struct swim *
node_core(struct world *w, struct node *n, uint64_t incarnation)
{
	struct swim_config config = {
	    .name = n->name,
	    .cluster = w->config.cluster,
	    .address = n->addr,
	    .incarnation = incarnation,
	    .max_members = w->config.max_members,
	    .max_jump = w->config.max_jump,
	    .max_datagram = w->config.max_datagram,
	    .timing = w->config.timing,
	    .allocator = {node_resize, NULL},
	};
	struct swim *core = swim_new(&config, rng_u64(&w->rng), world_local(w, n->index, w->now));

	if (core == NULL) {
		world_breach(w, "swim_new fails");
		abort();
	}
	/* Each life has a new socket, so the core is not told of earlier overflows. */
	n->overflow_told = n->overflowed;
	return core;
}

void
world_replace_disk(struct world *w, unsigned i, uint64_t bound)
{
	struct node *n = &w->nodes[i];
	char text[RESERVE_DIGITS_MAX + 1];

	assert(!world_running(w, i));
	disk_clear(&n->disk);
	n->unkept = n->life > 0;
	if (bound > 0)
		disk_put(&n->disk, DISK_INCARNATION, text,
		    (size_t)snprintf(text, sizeof(text), "%" PRIu64 "\n", bound));
}

/* Make the core of a swimd peer, and begin a life in each of its checkers. */
static void
node_begin(struct world *w, struct node *n, uint64_t incarnation)
{
	n->core = node_core(w, n, incarnation);
	history_begin(n->history);
	budget_init(&n->budget, &w->config.timing, w->now);
	if (incarnation > n->highest)
		n->unkept = false;
	check_life(w->check, n->index, n->name, incarnation, n->life > 1 && !n->unkept);
	n->first = incarnation;
	if (incarnation > n->highest)
		n->highest = incarnation;
}

/* `beyond`: the incarnation to start at, or NULL for the one that follows from the disk. */
static void
node_start(struct world *w, unsigned i, const uint64_t *beyond)
{
	struct node *n = &w->nodes[i];
	uint64_t incarnation = 0;

	assert(!world_running(w, i));
	node_fini(n);
	n->life++;
	n->state = NODE_UP;
	n->paused = n->blocked = false;
	n->armed = n->busy_until = SWIM_TIME_NEVER;
	n->busy_until = w->now;
	n->since_tick = 0;
	/* Each node has its own clock: hosts boot at different times, and their clocks run at different rates. */
	n->clock_offset = swim_seconds((int64_t)rng_below(&w->rng, 1000000));
	n->clock_ppm = (int64_t)rng_below(&w->rng, (uint64_t)(2 * w->config.clock_ppm + 1)) -
		       w->config.clock_ppm;
	w->leaked |= n->kind == NODE_BASE && n->inherited;
	if (n->kind == NODE_BASE) {
		n->peer = base_peer_new(n->name, n->hostport, w->config.base, rng_u64(&w->rng),
		    world_local(w, i, w->now));
		check_foreign(w->check, n->name);
	} else {
		incarnation = keep_begin(w, n);
		if (beyond != NULL)
			incarnation = *beyond;
		node_begin(w, n, incarnation);
	}
	world_mix(w, 22, i, &incarnation, sizeof(incarnation));
	if (w->trace)
		trace_note(w, "%s starts at incarnation %" PRIu64, n->name, incarnation);
	if (n->kind == NODE_SWIMD) {
		finder_begin(w, n);
		saver_begin(w, n);
	}
	for (unsigned s = 0; s < n->seed_count && n->kind == NODE_BASE; s++) {
		n->tries[s] = 0;
		driver_seed_later(w, n, s, swim_ns(0));
	}
	driver_flush(w, n);
}

void
world_start(struct world *w, unsigned i)
{
	node_start(w, i, NULL);
}

void
world_start_beyond(struct world *w, unsigned i, uint64_t incarnation)
{
	node_start(w, i, &incarnation);
}

void
world_stop(struct world *w, unsigned i, enum node_state state)
{
	struct node *n = &w->nodes[i];

	if (w->trace)
		trace_note(w, "%s %s", n->name,
		    state == NODE_LEFT ? "has left and ends" : "crashes");
	world_mix(w, 23, i, NULL, 0);
	n->state = state;
	if (state == NODE_LEFT)
		saver_finish(w, n);
	n->life++;
	node_fini(n);
	keep_end(n);
}

void
world_leave(struct world *w, unsigned i)
{
	struct node *n = &w->nodes[i];

	if (n->kind == NODE_BASE) {
		base_peer_leave(n->peer);
		driver_flush(w, n);
		world_stop(w, i, NODE_LEFT);
		return;
	}
	n->state = NODE_LEAVING;
	swim_leave(n->core, world_local(w, i, w->now));
	driver_flush(w, n);
}

void
world_pause(struct world *w, unsigned i, bool paused)
{
	struct node *n = &w->nodes[i];

	if (!world_running(w, i) || n->paused == paused)
		return;
	if (w->trace)
		trace_note(w, "%s %s", n->name, paused ? "is stopped" : "goes on");
	n->paused = paused;
	if (paused) {
		n->armed = SWIM_TIME_NEVER;
		return;
	}
	/* After a pause the node first reads its socket, then its timers fire. */
	driver_run(w, n);
	if (!world_running(w, i))
		return;
	driver_arm(w, n);
	if (n->kind == NODE_SWIMD) {
		finder_resume(n);
		saver_resume(w, n);
	}
}

void
world_block(struct world *w, unsigned i, bool blocked)
{
	struct node *n = &w->nodes[i];
	struct packet *p;

	if (!world_running(w, i) || n->blocked == blocked)
		return;
	if (w->trace)
		trace_note(w, "%s %s", n->name, blocked ? "is blocked" : "sends and reads again");
	n->blocked = blocked;
	if (blocked)
		return;
	while ((p = n->held) != NULL) {
		n->held = p->next;
		world_transmit(w, world_source(n), n->index, &p->from, p->data, p->len);
		free(p);
	}
	n->held_end = &n->held;
	n->held_count = 0;
	driver_run(w, n);
	if (world_running(w, i))
		driver_arm(w, n);
}
