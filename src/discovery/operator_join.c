/* SPDX-License-Identifier: MIT */
/* An operator's joins: each tries its peers once, and is answered when all outcomes are known. */
#include "discovery/peer.h"

#include <stdlib.h>
#include <string.h>

struct operator_join {
	struct operator_join *next;
	discovery_join_done *done;
	void *ctx;
	size_t count;
	struct peer *peers[]; /* in the order given; two equal addresses have one peer, twice */
};

/* Removes the join's peers too. */
static void
operator_join_free(struct discovery *hub, struct operator_join *join)
{
	struct operator_join **at = &hub->joins;
	size_t i, j;

	while (*at != NULL && *at != join)
		at = &(*at)->next;
	if (*at == join)
		*at = join->next;
	for (i = 0; i < join->count; i++) {
		for (j = 0; j < i && join->peers[j] != join->peers[i];)
			j++;
		if (j == i)
			discovery_remove_peer(hub, join->peers[i]);
	}
	free(join);
}

static struct peer *
operator_join_peer(const struct operator_join *join, const char *address)
{
	size_t i;

	for (i = 0; i < join->count; i++) {
		if (strcmp(join->peers[i]->report.address, address) == 0)
			return join->peers[i];
	}
	return NULL;
}

enum swim_error
discovery_join(struct discovery *hub, swim_time now, const struct discovery_join *asked)
{
	struct operator_join *join = NULL;
	enum swim_error error = SWIM_ERROR_RESOLUTION_FAILED;
	struct peer *peer;
	size_t i;

	if (asked->count > DISCOVERY_PEERS_MAX)
		return error;
	join = calloc(1, sizeof(*join) + asked->count * sizeof(join->peers[0]));
	if (join == NULL)
		return error;
	join->done = asked->done;
	join->ctx = asked->ctx;
	for (i = 0; i < asked->count; i++) {
		peer = operator_join_peer(join, asked->addresses[i]);
		if (peer == NULL)
			peer = discovery_add_peer(hub, NULL, asked->addresses[i], now, &error);
		if (peer == NULL) {
			operator_join_free(hub, join);
			return error;
		}
		peer->join = join;
		join->peers[join->count++] = peer;
	}
	join->next = hub->joins;
	hub->joins = join;
	discovery_arm(hub, now);
	return SWIM_OK;
}

void
discovery_join_cancel(struct discovery *hub, void *ctx)
{
	struct operator_join *join, *next;

	for (join = hub->joins; join != NULL; join = next) {
		next = join->next;
		if (join->ctx == ctx)
			operator_join_free(hub, join);
	}
	discovery_rearm(hub);
}

/* A join whose outcomes are all known, or NULL. */
static struct operator_join *
operator_join_settled(const struct discovery *hub)
{
	struct operator_join *join;
	size_t settled;

	for (join = hub->joins; join != NULL; join = join->next) {
		for (settled = 0; settled < join->count && peer_settled(join->peers[settled]);)
			settled++;
		if (settled == join->count)
			return join;
	}
	return NULL;
}

bool
operator_join_due(const struct discovery *hub)
{
	return operator_join_settled(hub) != NULL;
}

void
operator_join_run(struct discovery *hub)
{
	struct discovery_peer *reports;
	discovery_join_done *done;
	struct operator_join *join;
	size_t i, count;
	void *ctx;

	/* Search from the start after each join: its callback may cancel and begin joins. */
	while ((join = operator_join_settled(hub)) != NULL) {
		done = join->done;
		ctx = join->ctx;
		count = join->count;
		reports = calloc(count + 1, sizeof(*reports));
		/* Without memory the join is answered in a later turn of the loop. */
		if (reports == NULL)
			return;
		for (i = 0; i < count; i++)
			reports[i] = join->peers[i]->report;
		operator_join_free(hub, join);
		done(ctx, reports, count);
		free(reports);
	}
}

void
operator_join_clear(struct discovery *hub)
{
	while (hub->joins != NULL)
		operator_join_free(hub, hub->joins);
}
