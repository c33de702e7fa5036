/* SPDX-License-Identifier: MIT */
#include "discovery/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/rule.h"
#include "discovery/peer.h"

#define CHECK_S 5 /* from one check whether this member has peers to the next, while it has some */
#define TURN_MS 500   /* from one turn to the next while it has none; doubled in each round */
#define TURN_MAX_S 30 /* the longest time from one turn to the next */
#define JITTER 0.25
/* A member that answered, and is no peer of this member after so many seconds, has gone again. */
#define JOINED_S 10

struct known {
	struct discovery_source source; /* must be first: the ops cast a pointer to it */
	struct discovery *hub;
	swim_time turn; /* when known_run is due; NEVER while the list is empty */
	char **list;
	size_t count, next; /* next: index of the address to offer next */
	unsigned rounds;    /* how often the whole list has been offered */
};

static void
known_withdraw_all(struct known *k)
{
	for (size_t i = k->hub->peer_count; i-- > 0;) {
		if (k->hub->peers[i]->source == &k->source)
			discovery_remove_peer(k->hub, k->hub->peers[i]);
	}
	discovery_rearm(k->hub);
	k->next = 0;
	k->rounds = 0;
}

/* True: the turn of this peer is over. */
static bool
known_is_done(const struct peer *peer, swim_time now)
{
	switch (peer->report.state) {
	case DISCOVERY_UNRESOLVED:
	case DISCOVERY_UNREACHABLE:
	case DISCOVERY_SILENT:
	case DISCOVERY_REFUSED:
	case DISCOVERY_HEARS_US_NOT:
	case DISCOVERY_OTHER_CLUSTER:
	case DISCOVERY_NAMESAKE:
	case DISCOVERY_SELF:
		return true;
	case DISCOVERY_JOINED:
		return swim_time_since(now, peer->report.since).ns >= swim_seconds(JOINED_S).ns;
	case DISCOVERY_PENDING:
	case DISCOVERY_RESOLVING:
	case DISCOVERY_CONTACTING:
	/* States of hints alone. */
	case DISCOVERY_MEMBER:
	case DISCOVERY_RATE_LIMITED:
	case DISCOVERY_MALFORMED:
		return false;
	}
	__builtin_unreachable();
}

/* Withdraws the peers whose turn is over.  Returns the number of peers that are left. */
static size_t
known_make_room(struct known *k, swim_time now)
{
	size_t left = 0;

	for (size_t i = k->hub->peer_count; i-- > 0;) {
		struct peer *peer = k->hub->peers[i];

		if (peer->source != &k->source)
			continue;
		if (known_is_done(peer, now))
			discovery_remove_peer(k->hub, peer);
		else
			left++;
	}
	return left;
}

static void
known_offer_next(struct known *k, swim_time now)
{
	/* Without room the address is offered in the next round. */
	(void)discovery_offer(k->hub, now, &k->source, k->list[k->next]);
	if (++k->next == k->count) {
		k->next = 0;
		k->rounds++;
	}
}

/* Few addresses are offered once, and the hub tries them again; many addresses take turns, slower in each round. */
static void
known_offer(struct known *k, swim_time now)
{
	size_t offered;

	if (k->count <= KNOWN_AT_ONCE) {
		while (k->rounds == 0)
			known_offer_next(k, now);
		return;
	}
	for (offered = known_make_room(k, now); offered < KNOWN_AT_ONCE; offered++)
		known_offer_next(k, now);
}

static swim_time
known_deadline(const struct discovery_source *source)
{
	return ((const struct known *)source)->turn;
}

static void
known_run(struct discovery_source *source, swim_time now)
{
	struct known *k = (struct known *)source;
	struct discovery *hub = k->hub;
	unsigned doubled = k->rounds < 6 ? k->rounds : 6;
	swim_duration wait = swim_ms((int64_t)TURN_MS << doubled);

	if (k->count == 0) {
		k->turn = SWIM_TIME_NEVER;
		known_withdraw_all(k);
		return;
	}
	if (RULE(known_asked_alone) && hub->callbacks.has_peers(hub->callbacks.ctx)) {
		known_withdraw_all(k);
		wait = swim_seconds(CHECK_S);
	} else {
		known_offer(k, now);
	}
	if (wait.ns > swim_seconds(TURN_MAX_S).ns)
		wait = swim_seconds(TURN_MAX_S);
	k->turn = swim_time_add(now, retry_jitter(wait, JITTER, rng_unit(&hub->rng)));
}

static void
known_start(struct discovery_source *source, struct discovery *hub)
{
	((struct known *)source)->hub = hub;
}

static void
known_stop(struct discovery_source *source)
{
	struct known *k = (struct known *)source;

	while (k->count > 0)
		free(k->list[--k->count]);
	free(k->list);
	free(k);
}

static const struct discovery_source_ops known_ops = {
    .name = "snapshot",
    .quiet = true,
    .start = known_start,
    .deadline = known_deadline,
    .run = known_run,
    .stop = known_stop,
};

struct discovery_source *
known_new(void)
{
	struct known *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->source.ops = &known_ops;
	k->turn = SWIM_TIME_NEVER;
	return &k->source;
}

void
known_add(struct discovery_source *source, swim_time now, const char *const *addresses,
    size_t count)
{
	struct known *k = (struct known *)source;
	char **list = reallocarray(k->list, k->count + count + 1, sizeof(*list)), *spare;
	size_t first = k->count, other;

	if (list == NULL)
		return;
	k->list = list;
	for (size_t i = 0; i < count; i++) {
		if ((list[k->count] = strdup(addresses[i])) != NULL)
			k->count++;
	}
	/* Shuffle them: otherwise members that restart together would all ask the same addresses first. */
	for (size_t i = first; i + 1 < k->count; i++) {
		other = i + (size_t)rng_below(&k->hub->rng, k->count - i);
		spare = list[i];
		list[i] = list[other];
		list[other] = spare;
	}
	k->turn = now;
	discovery_rearm(k->hub);
}

void
known_clear(struct discovery_source *source)
{
	struct known *k = (struct known *)source;

	while (k->count > 0)
		free(k->list[--k->count]);
	known_withdraw_all(k);
}

void
known_forget(struct discovery_source *source, const char *address)
{
	struct known *k = (struct known *)source;

	for (size_t i = k->count; i-- > 0;) {
		if (strcmp(k->list[i], address) != 0)
			continue;
		free(k->list[i]);
		k->list[i] = k->list[--k->count];
	}
	if (k->next >= k->count)
		k->next = 0;
	discovery_withdraw(k->hub, source, address);
}
