/* SPDX-License-Identifier: MIT */
#include "discovery/discovery_loop.h"

#include <stdlib.h>

#include "net/loop.h"

/* A name that is being looked up. */
struct discovery_lookup {
	struct discovery_lookup *next;
	struct discovery_loop *loop;
	uint64_t number; /* the hub's number of this lookup */
	struct resolver_request *request;
};

struct discovery_loop {
	struct discovery *hub;
	struct resolver *resolver;
	struct loop_timer *timer;
	struct discovery_lookup *lookups;
};

static void
discovery_loop_fired(void *ctx, swim_time now)
{
	discovery_tick(((struct discovery_loop *)ctx)->hub, now);
}

static void
discovery_loop_wake(void *ctx, swim_time at)
{
	loop_timer_set(((struct discovery_loop *)ctx)->timer, at);
}

static void
discovery_loop_forget(struct discovery_lookup *lookup)
{
	struct discovery_lookup **at = &lookup->loop->lookups;

	while (*at != lookup)
		at = &(*at)->next;
	*at = lookup->next;
	free(lookup);
}

static void
discovery_loop_resolved(void *ctx, const char *hostport, enum swim_error error, const char *text,
    const struct swim_addr *addresses, size_t count)
{
	struct discovery_lookup *lookup = ctx;
	struct discovery *hub = lookup->loop->hub;
	const struct discovery_found found = {addresses, count, text};
	uint64_t number = lookup->number;

	(void)hostport;
	(void)error;
	discovery_loop_forget(lookup);
	discovery_resolved(hub, loop_now(), number, &found);
}

static bool
discovery_loop_lookup(void *ctx, uint64_t number, const char *hostport)
{
	struct discovery_loop *loop = ctx;
	struct discovery_lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup == NULL)
		return false;
	lookup->loop = loop;
	lookup->number = number;
	lookup->request =
	    resolver_lookup(loop->resolver, hostport, discovery_loop_resolved, lookup);
	if (lookup->request == NULL) {
		free(lookup);
		return false;
	}
	lookup->next = loop->lookups;
	loop->lookups = lookup;
	return true;
}

static void
discovery_loop_cancel(void *ctx, uint64_t number)
{
	struct discovery_loop *loop = ctx;
	struct discovery_lookup *lookup = loop->lookups;

	while (lookup != NULL && lookup->number != number)
		lookup = lookup->next;
	if (lookup == NULL)
		return;
	resolver_cancel(lookup->request);
	discovery_loop_forget(lookup);
}

struct discovery_loop *
discovery_loop_new(struct event_base *base, struct resolver *resolver,
    const struct discovery_config *config, const struct discovery_callbacks *callbacks)
{
	struct discovery_loop *loop = calloc(1, sizeof(*loop));
	const struct discovery_io io = {
	    .wake = discovery_loop_wake,
	    .lookup = discovery_loop_lookup,
	    .cancel = discovery_loop_cancel,
	    .ctx = loop,
	};

	if (loop == NULL)
		return NULL;
	loop->resolver = resolver;
	loop->timer = loop_timer_new(base, discovery_loop_fired, loop);
	if (loop->timer != NULL)
		loop->hub = discovery_new(config, &io, callbacks, loop_now());
	if (loop->hub == NULL) {
		loop_timer_free(loop->timer);
		free(loop);
		return NULL;
	}
	return loop;
}

void
discovery_loop_free(struct discovery_loop *loop)
{
	if (loop == NULL)
		return;
	/* The hub cancels its lookups. */
	discovery_free(loop->hub);
	loop_timer_free(loop->timer);
	free(loop);
}

struct discovery *
discovery_loop_hub(const struct discovery_loop *loop)
{
	return loop->hub;
}
