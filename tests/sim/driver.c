/* SPDX-License-Identifier: MIT */
#include "sim/driver.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/loss.h"
#include "sim/finder.h"
#include "sim/inspect.h"
#include "sim/keep.h"
#include "sim/saver.h"
#include "sim/trace.h"

/* A node fires its timers at the latest after this many datagrams. */
#define BATCH 32

static void
log_event(struct world *w, struct node *n, const struct swim_event *e)
{
	struct world_event *slot;
	unsigned subject = world_by_name(w, e->member.name, e->member.name_len);

	if (w->event_count == w->event_capacity) {
		w->event_capacity = w->event_capacity ? 2 * w->event_capacity : 256;
		w->events = heap_resize(w->events, w->event_capacity, sizeof(*w->events));
	}
	slot = &w->events[w->event_count++];
	*slot = (struct world_event){
	    .at = w->now,
	    .type = e->type,
	    .observer = n->index,
	    .subject = subject,
	    .incarnation = e->member.incarnation,
	    .subject_up = subject != UINT32_MAX && w->nodes[subject].state == NODE_UP,
	    .by = world_by_name(w, e->by, e->by_len),
	};
	world_mix(w, 2 + (uint64_t)e->type, n->index, e->member.name, e->member.name_len);
	if (w->trace)
		trace_event(w, n->index, e);
}

static const char *
base_event_name(enum base_event_type type)
{
	switch (type) {
	case BASE_JOINED:
		return "joined";
	case BASE_SUSPECTED:
		return "suspected";
	case BASE_FAILED:
		return "failed";
	case BASE_RECOVERED:
		return "recovered";
	case BASE_REFUSED:
		return "refused";
	case BASE_EVENTS:
		break;
	}
	return "?";
}

/* Base peers must be told of a swimd peer as the pair (address, address) only: with its name they would list two members. */
static void
check_base_event(struct world *w, const struct node *n, const struct base_event *e)
{
	unsigned named = world_by_name(w, e->id, strlen(e->id));
	char text[256];

	if (w->forged || w->leaked || named == UINT32_MAX || w->nodes[named].kind != NODE_SWIMD)
		return;
	snprintf(text, sizeof(text), "%s is told the name of a swimd peer: %s@%s %s", n->name,
	    e->id, e->address, base_event_name(e->type));
	world_breach(w, text);
}

/*
 * May the event have an incarnation that its subject never had?  A base peer raises the incarnation when an answer ends a
 * suspicion, and swimd peers tell base peers a high incarnation in steps of 16.
 */
static bool
is_made_up(const struct base_event *e)
{
	return e->type == BASE_RECOVERED ||
	       (e->type == BASE_JOINED && e->incarnation > 0 && e->incarnation % 16 == 0);
}

/* Are the two addresses equal but for the port?  sim_move changes the port only. */
static bool
is_same_host(const char *a, const char *b)
{
	size_t len = (size_t)(strrchr(a, ':') - a);

	return strncmp(a, b, len) == 0 && strrchr(b, ':') == b + len;
}

static void
log_base_event(struct world *w, const struct node *n, const struct base_event *e)
{
	struct world_base_event *slot;
	unsigned subject = world_by_address(w, e->address);

	/* The node is the subject only if the pair is the one that names this node. */
	if (subject != UINT32_MAX &&
	    strcmp(e->id,
		w->nodes[subject].kind == NODE_SWIMD ? e->address : w->nodes[subject].name) != 0)
		subject = UINT32_MAX;
	if (w->base_event_count == w->base_event_capacity) {
		w->base_event_capacity = w->base_event_capacity ? 2 * w->base_event_capacity : 256;
		w->base_events =
		    heap_resize(w->base_events, w->base_event_capacity, sizeof(*w->base_events));
	}
	slot = &w->base_events[w->base_event_count++];
	*slot = (struct world_base_event){
	    .at = w->now,
	    .type = e->type,
	    .observer = n->index,
	    .subject = subject,
	    .incarnation = e->incarnation,
	    /* A death at an incarnation below `first` is the true end of an earlier life. */
	    .subject_up = subject != UINT32_MAX && w->nodes[subject].state == NODE_UP &&
			  e->incarnation >= w->nodes[subject].first,
	};
	world_mix(w, 40 + (uint64_t)e->type, n->index, e->id, strlen(e->id));
	if (w->trace)
		trace_note(w, "%s tells: %s@%s %s at incarnation %" PRIu64, n->name, e->id,
		    e->address, base_event_name(e->type), e->incarnation);
	check_base_event(w, n, e);
	/*
	 * Tell the checker of incarnations that no node at this address may have had: one that this base peer raised, a step
	 * of a ladder, or that of a death, which swimd peers may tell at a higher incarnation than they know.
	 */
	for (unsigned i = 0; i < w->count; i++) {
		if (!is_same_host(w->nodes[i].hostport, e->address))
			continue;
		if (is_made_up(e))
			check_foreign(w->check, w->nodes[i].name);
		else if (e->dead)
			check_end(w->check, w->nodes[i].name, e->incarnation);
	}
}

static swim_duration
seed_delay(struct world *w, unsigned tries)
{
	double seconds = 1;

	/* As for the seeds of a swimd peer: doubled from 1 s to 30 s, plus or minus a quarter. */
	for (unsigned i = 1; i < tries && seconds < 30; i++)
		seconds *= 2;
	if (seconds > 30)
		seconds = 30;
	return swim_duration_scale(swim_seconds(1), seconds * (0.75 + rng_unit(&w->rng) / 2));
}

void
driver_seed_later(struct world *w, struct node *n, unsigned s, swim_duration delay)
{
	heap_push(&w->heap, (struct heap_item){.at = swim_time_add(w->now, delay),
				.kind = SEED,
				.node = n->index,
				.arg = (uint64_t)n->life << 32 | s});
}

/* Does the base peer list a live swimd peer?  If not, no other base peer tells others of it. */
static bool
knows_a_swimd(const struct world *w, const struct node *n)
{
	struct base_report r;

	for (size_t k = 0; k < base_peer_count(n->peer); k++) {
		unsigned i;

		base_peer_at(n->peer, k, &r);
		i = world_by_address(w, r.address);
		if (r.status == SWIM_ALIVE && i != UINT32_MAX && w->nodes[i].kind == NODE_SWIMD)
			return true;
	}
	return false;
}

/* A base peer joins once.  It joins again where an operator would restart it, that is while it knows no swimd peer. */
void
driver_seed_try(struct world *w, struct node *n, unsigned s)
{
	if (n->tries[s] == 0 || !knows_a_swimd(w, n))
		base_peer_join(n->peer, world_local(w, n->index, w->now), &n->seeds[s]);
	if (w->config.base_rejoins)
		driver_seed_later(w, n, s, seed_delay(w, ++n->tries[s]));
}

static void
check_node(struct world *w, struct node *n, bool changed, bool may_speak)
{
	struct swim_report self;
	char why[512];
	uint64_t own = swim_incarnation(n->core);

	if (own > n->highest)
		n->highest = own;
	if (history_own(n->history, n->core, why, sizeof(why)))
		world_breach(w, why);
	/* history_look needs the facts of every call, and the datagrams of this call: not while they wait for the disk. */
	if (w->config.check_every == 1 && may_speak &&
	    history_look(n->history, n->core, w->check, why, sizeof(why)))
		world_breach(w, why);
	w->calls++;
	if (!(changed && w->config.check_events) && w->calls % w->config.check_every != 0)
		return;
	swim_self(n->core, &self);
	check_own(w->check, n->index, &self, n->state == NODE_LEAVING);
	check_view(w->check, n->index, n->core, w->config.max_members);
	if (inspect(n->core, why, sizeof(why)))
		world_breach(w, why);
}

void
driver_arm(struct world *w, struct node *n)
{
	swim_time deadline = n->kind == NODE_SWIMD ? swim_deadline(n->core)
						   : base_peer_deadline(n->peer);

	if (n->paused || swim_time_is_never(deadline))
		return;
	if (n->kind == NODE_SWIMD)
		deadline = swim_time_min(deadline, reserve_deadline(&n->reserve));
	deadline = world_global(w, n->index, deadline);
	if (swim_time_before(deadline, w->now))
		deadline = w->now;
	if (swim_time_before(deadline, n->busy_until))
		deadline = n->busy_until;
	if (swim_time_before(deadline, n->armed)) {
		n->armed = deadline;
		heap_push(&w->heap, (struct heap_item){.at = deadline,
					.kind = WAKE,
					.node = n->index,
					.arg = n->life});
	}
}

static void
flush_base(struct world *w, struct node *n)
{
	struct base_datagram d;
	struct base_event e;

	while (base_peer_next_event(n->peer, &e))
		log_base_event(w, n, &e);
	while (base_peer_next_datagram(n->peer, &d)) {
		n->sent++;
		n->sent_bytes += d.len;
		world_transmit(w, &n->addr, n->index, &d.to, d.data, d.len);
	}
}

/* Keep a datagram of a blocked node.  The send buffer of a socket is bounded as the receive queue is. */
static void
hold(struct world *w, struct node *n, const struct swim_datagram *d)
{
	struct packet *p;

	if (n->held_count >= w->config.queue_max)
		return;
	p = heap_resize(NULL, 1, sizeof(*p) + d->len);
	p->next = NULL;
	p->from = d->to;
	p->len = d->len;
	memcpy(p->data, d->data, d->len);
	*n->held_end = p;
	n->held_end = &p->next;
	n->held_count++;
}

/*
 * Datagrams that one suspicion may cost: the questions that confirm it, as many last questions before the verdict, ping-reqs
 * with the last questions, and further questions and ping-reqs while nobody else accuses the suspect.
 */
static unsigned
suspicion_costs(const struct world *w, const struct node *n)
{
	const struct swim_timing *t = &w->config.timing;

	return 2 * inspect_questions(n->core) + t->indirect_probes * LOSS_QUESTIONS_LEAST +
	       (unsigned)ceil(t->suspicion_mult) * (1 + t->indirect_probes);
}

/* Datagrams that one join may cost: base peers are told of a new member, and a new base peer of all members. */
static unsigned
introductions_cost(const struct world *w)
{
	return w->bases > 0 ? 4 * (w->bases + w->count / 10 + 1) : 0;
}

/* Report the breach, with the datagrams that used the budget up. */
static void
over_budget(struct world *w, const struct node *n)
{
	char sent[256], text[320];

	budget_describe(&n->budget, sent, sizeof(sent));
	snprintf(text, sizeof(text), "n%u sends more datagrams than its budget allows: %s",
	    n->index, sent);
	world_breach(w, text);
}

static void
flush_datagrams(struct world *w, struct node *n)
{
	struct swim_datagram d;

	while (swim_next_datagram(n->core, &d)) {
		check_datagram(w->check, n->index, d.len, w->config.max_datagram);
		if (!budget_sent(&n->budget, d.type, w->now))
			over_budget(w, n);
		if (w->config.check_every == 1)
			history_sent(n->history, n->core, &d);
		if (d.host != NULL)
			world_resolve(w, n, d.host);
		if (d.to.family == 0)
			continue;
		n->sent++;
		n->sent_bytes += d.len;
		if (n->blocked)
			hold(w, n, &d);
		else
			world_transmit(w, world_source(n), n->index, &d.to, d.data, d.len);
	}
}

/* True: the view has changed. */
static bool
flush_events(struct world *w, struct node *n)
{
	struct swim_event e;
	bool changed = false;

	while (swim_next_event(n->core, &e)) {
		check_event(w->check, n->index, &e);
		log_event(w, n, &e);
		if (e.type == SWIM_EVENT_SUSPECTED)
			budget_allow(&n->budget, suspicion_costs(w, n));
		if (e.type == SWIM_EVENT_JOINED || e.type == SWIM_EVENT_RECOVERED)
			budget_allow(&n->budget, introductions_cost(w));
		if (finder_event(w, n, &e))
			continue;
		saver_note(w, n, &e);
		changed = true;
	}
	return changed;
}

/* False: the datagrams of the core wait for the disk. */
static bool
flush_core(struct world *w, struct node *n)
{
	bool changed = false, may_speak;

	do {
		n->finder.asked = false;
		may_speak = keep_may_speak(w, n);
		if (may_speak)
			flush_datagrams(w, n);
		check_full(w->check, n->index, swim_member_count(n->core) >= w->config.max_members);
		changed |= flush_events(w, n);
	} while (n->finder.asked);
	check_node(w, n, changed, may_speak);
	return may_speak;
}

void
driver_flush(struct world *w, struct node *n)
{
	if (n->kind == NODE_BASE) {
		flush_base(w, n);
	} else {
		bool said = flush_core(w, n);

		if (n->state == NODE_LEAVING && swim_has_left(n->core) && said) {
			world_stop(w, n->index, NODE_LEFT);
			return;
		}
	}
	driver_arm(w, n);
}

/* A datagram must not set a deadline before now: the core would take the overdue deadline for a stall of its own process. */
static void
input(struct world *w, struct node *n, swim_time local, const struct packet *p, const uint8_t *data)
{
	swim_time due = swim_time_min(swim_deadline(n->core), local);
	char text[96];

	if (swim_input(n->core, local, &p->from, data, p->len) == WIRE_REJECT_OTHER_CLUSTER)
		finder_foreign(n, &p->from, data, p->len);
	if (!swim_time_before(swim_deadline(n->core), due))
		return;
	snprintf(text, sizeof(text), "n%u: a datagram set a deadline %.3f s in the past", n->index,
	    swim_duration_seconds(swim_time_since(due, swim_deadline(n->core))));
	world_breach(w, text);
}

static void
node_input(struct world *w, struct node *n, const struct packet *p)
{
	swim_time local = world_local(w, n->index, w->now);
	/* A copy in memory of exactly this size, so that a sanitizer finds a read past the end. */
	uint8_t *exact = heap_resize(NULL, p->len ? p->len : 1, 1);

	memcpy(exact, p->data, p->len);
	if (n->kind == NODE_BASE) {
		base_peer_input(n->peer, local, &p->from, exact, p->len);
	} else {
		if (p->len > 0 && wire_type_slot(exact[0]) >= 0)
			budget_received(&n->budget, (enum wire_type)exact[0], p->len);
		if (w->config.check_every == 1)
			history_received(n->history, n->core, exact, p->len);
		input(w, n, local, p, exact);
	}
	free(exact);
	n->since_tick++;
	driver_flush(w, n);
}

static void
node_tick(struct world *w, struct node *n)
{
	swim_time local = world_local(w, n->index, w->now);
	swim_time deadline = n->kind == NODE_SWIMD ? swim_deadline(n->core)
						   : base_peer_deadline(n->peer);

	n->since_tick = 0;
	if (!swim_time_reached(local, deadline)) {
		/* Datagrams wait for the disk no longer than the deadline of the reservation. */
		if (n->kind == NODE_SWIMD &&
		    swim_time_reached(local, reserve_deadline(&n->reserve)))
			driver_flush(w, n);
		return;
	}
	world_mix(w, 20, n->index, NULL, 0);
	if (n->kind == NODE_BASE) {
		base_peer_tick(n->peer, local);
	} else {
		swim_strained(n->core, local, n->overflowed - n->overflow_told,
		    swim_time_since(local, deadline));
		n->overflow_told = n->overflowed;
		swim_tick(n->core, local);
	}
	driver_flush(w, n);
}

void
driver_run(struct world *w, struct node *n)
{
	unsigned life = n->life;

	while (!n->paused && world_running(w, n->index) && n->life == life) {
		struct packet *p = n->blocked ? NULL : n->queue;

		if (swim_time_before(w->now, n->busy_until)) {
			if (swim_time_before(n->busy_until, n->armed)) {
				n->armed = n->busy_until;
				heap_push(&w->heap, (struct heap_item){.at = n->busy_until,
							.kind = WAKE,
							.node = n->index,
							.arg = n->life});
			}
			return;
		}
		if (p == NULL || n->since_tick >= BATCH) {
			node_tick(w, n);
			if (n->queue == NULL || n->blocked)
				return;
			continue;
		}
		n->queue = p->next;
		if (n->queue == NULL)
			n->queue_end = &n->queue;
		n->queued--;
		n->busy_until = swim_time_add(w->now, n->cost);
		node_input(w, n, p);
		free(p);
	}
}
