/* SPDX-License-Identifier: MIT */
/* The hub takes peers from the sources and asks the core to join them. */
#include "discovery/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/rule.h"
#include "discovery/peer.h"
#include "discovery/seeds.h"

/* The most seconds between two checks whether we are alone, or have lost a peer that was joined. */
#define DISCOVERY_ALONE_CHECK_S 5

const char *
discovery_state_word(enum discovery_state state)
{
	switch (state) {
	case DISCOVERY_PENDING:
		return "pending";
	case DISCOVERY_RESOLVING:
		return "resolving";
	case DISCOVERY_UNRESOLVED:
		return "unresolved";
	case DISCOVERY_CONTACTING:
		return "contacting";
	case DISCOVERY_UNREACHABLE:
		return "unreachable";
	case DISCOVERY_SILENT:
		return "silent";
	case DISCOVERY_REFUSED:
		return "refused";
	case DISCOVERY_HEARS_US_NOT:
		return "hears us not";
	case DISCOVERY_JOINED:
		return "joined";
	case DISCOVERY_SELF:
		return "self";
	case DISCOVERY_MEMBER:
		return "member";
	case DISCOVERY_RATE_LIMITED:
		return "rate limited";
	case DISCOVERY_OTHER_CLUSTER:
		return "other cluster";
	case DISCOVERY_NAMESAKE:
		return "namesake";
	case DISCOVERY_MALFORMED:
		return "malformed";
	}
	__builtin_unreachable();
}

void
discovery_config_defaults(struct discovery_config *config)
{
	*config = (struct discovery_config){
	    .retry_first = swim_seconds(1),
	    .retry_factor = 2,
	    .retry_max = swim_seconds(30),
	};
}

/* Is there a peer to try again when we are alone or the peer is lost, or a hint to compare with the members? */
static bool
discovery_needs_check(const struct discovery *hub)
{
	size_t i;

	if (hub->hint_count > 0)
		return true;
	for (i = 0; i < hub->peer_count; i++) {
		const struct peer *peer = hub->peers[i];

		if (peer->join == NULL && (peer->report.state == DISCOVERY_JOINED ||
					      peer->report.state == DISCOVERY_SELF))
			return true;
	}
	return false;
}

static swim_duration
discovery_alone_interval(const struct discovery *hub)
{
	swim_duration most = swim_seconds(DISCOVERY_ALONE_CHECK_S);

	return hub->config.retry_max.ns < most.ns ? hub->config.retry_max : most;
}

swim_time
discovery_deadline(const struct discovery *hub)
{
	const struct discovery_source *source;
	swim_time next = hint_deadline(hub);

	if (operator_join_due(hub))
		return (swim_time){0};
	for (size_t i = 0; i < hub->peer_count; i++)
		next = swim_time_min(next, peer_deadline(hub->peers[i]));
	for (source = hub->sources; source != NULL; source = source->next) {
		if (source->ops->deadline != NULL)
			next = swim_time_min(next, source->ops->deadline(source));
	}
	return discovery_needs_check(hub) ? swim_time_min(next, hub->alone_check) : next;
}

void
discovery_rearm(struct discovery *hub)
{
	hub->io.wake(hub->io.ctx, discovery_deadline(hub));
}

void
discovery_arm(struct discovery *hub, swim_time now)
{
	if (swim_time_is_never(hub->alone_check) && discovery_needs_check(hub))
		hub->alone_check = swim_time_add(now, discovery_alone_interval(hub));
	discovery_rearm(hub);
}

void
discovery_retry(struct discovery *hub, swim_time now)
{
	struct peer *peer;
	size_t i;

	for (i = 0; i < hub->peer_count; i++) {
		peer = hub->peers[i];
		if (peer->join != NULL || !peer_has_failed(peer))
			continue;
		/* Begin with short delays again.  The order of hints depends on their attempts, which stay. */
		peer->failed = 0;
		peer_again(peer, swim_time_add(now, swim_duration_scale(hub->config.retry_first,
							rng_unit(&hub->rng))));
	}
	discovery_arm(hub, now);
}

/*
 * Is the member that answered at this seed no longer alive, or has it never become a member?  After a long partition
 * both sides have forgotten each other: then only a seed leads to the other side.
 */
static bool
discovery_is_lost(const struct discovery *hub, const struct peer *peer, swim_time now)
{
	const struct discovery_peer *report = &peer->report;

	return RULE(seeds_asked_again) && peer->source == hub->seeds &&
	       hub->callbacks.is_member != NULL &&
	       swim_time_since(now, report->since).ns >= hub->config.retry_max.ns &&
	       !hub->callbacks.is_member(hub->callbacks.ctx, report->member, report->member_len,
		   &report->resolved);
}

/* Try peers again: all that let us in once, or were ourselves, when no member is left; and each seed that is lost. */
static void
discovery_check_joined(struct discovery *hub, swim_time now)
{
	struct peer *peer;
	bool alone;
	size_t i;

	hub->alone_check = SWIM_TIME_NEVER;
	hint_check(hub, now);
	alone = !hub->callbacks.has_peers(hub->callbacks.ctx);
	for (i = 0; i < hub->peer_count; i++) {
		peer = hub->peers[i];
		if (peer->report.state == DISCOVERY_JOINED && peer->join == NULL && !peer->hint &&
		    (alone || discovery_is_lost(hub, peer, now)))
			peer_again(peer,
			    swim_time_add(now,
				swim_duration_scale(hub->config.retry_first, rng_unit(&hub->rng))));
		else if (alone && peer_is_seldom_asked(peer, now))
			peer_again(peer,
			    swim_time_add(now, peer_jitter(peer, hub->config.retry_first)));
	}
}

static void
discovery_changed(const struct discovery *hub)
{
	if (hub->callbacks.changed != NULL)
		hub->callbacks.changed(hub->callbacks.ctx);
}

void
discovery_tick(struct discovery *hub, swim_time now)
{
	struct discovery_source *source;

	for (size_t i = 0; i < hub->peer_count; i++)
		peer_run(hub->peers[i], now);
	if (swim_time_reached(now, hub->alone_check))
		discovery_check_joined(hub, now);
	hint_run(hub, now);
	for (source = hub->sources; source != NULL; source = source->next) {
		if (source->ops->run != NULL &&
		    swim_time_reached(now, source->ops->deadline(source)))
			source->ops->run(source, now);
	}
	operator_join_run(hub);
	discovery_arm(hub, now);
	discovery_changed(hub);
}

void
discovery_resolved(struct discovery *hub, swim_time now, uint64_t number,
    const struct discovery_found *found)
{
	size_t i = 0;

	while (i < hub->peer_count && hub->peers[i]->lookup != number)
		i++;
	if (number == 0 || i == hub->peer_count)
		return;
	peer_resolved(hub->peers[i], found, now);
	discovery_arm(hub, now);
	discovery_changed(hub);
}

struct peer *
discovery_add_peer(struct discovery *hub, const struct discovery_source *source,
    const char *address, swim_time now, enum swim_error *error)
{
	struct peer *peer;

	if (hub->peer_count - hub->hint_count == DISCOVERY_PEERS_MAX) {
		*error = SWIM_ERROR_RESOLUTION_FAILED;
		return NULL;
	}
	peer = peer_new(hub, source, address, now, error);
	if (peer != NULL)
		hub->peers[hub->peer_count++] = peer;
	return peer;
}

void
discovery_remove_peer(struct discovery *hub, struct peer *peer)
{
	size_t i = 0;

	while (hub->peers[i] != peer)
		i++;
	hub->peer_count--;
	if (peer->hint)
		hub->hint_count--;
	memmove(&hub->peers[i], &hub->peers[i + 1], (hub->peer_count - i) * sizeof(hub->peers[0]));
	peer_free(peer);
}

bool
discovery_is_asking(const struct discovery *hub, const struct swim_addr *address)
{
	size_t i, j;

	for (i = 0; i < hub->peer_count; i++) {
		for (j = 0; j < hub->peers[i]->contact_count; j++) {
			if (hub->peers[i]->contacts[j].state == PEER_CONTACT_ASKED &&
			    swim_addr_equal(&hub->peers[i]->contacts[j].address, address))
				return true;
		}
	}
	return false;
}

void
discovery_answered(struct discovery *hub, swim_time now, const struct discovery_answer *answer)
{
	size_t i;

	for (i = 0; i < hub->peer_count; i++)
		peer_answered(hub->peers[i], answer, now);
	discovery_arm(hub, now);
}

void
discovery_silent(struct discovery *hub, swim_time now, const struct swim_addr *address)
{
	size_t i;

	for (i = 0; i < hub->peer_count; i++)
		peer_silent(hub->peers[i], address, now);
	discovery_arm(hub, now);
}

void
discovery_foreign(struct discovery *hub, swim_time now, const struct swim_addr *address,
    const char *cluster, size_t cluster_len)
{
	for (size_t i = 0; i < hub->peer_count; i++)
		peer_foreign(hub->peers[i], address, cluster, cluster_len, now);
	discovery_arm(hub, now);
}

void
discovery_refused(struct discovery *hub, const struct swim_addr *address, int error_number)
{
	for (size_t i = 0; i < hub->peer_count; i++)
		peer_refused(hub->peers[i], address, error_number);
}

static struct peer *
discovery_find(const struct discovery *hub, const struct discovery_source *source,
    const char *address)
{
	size_t i;

	for (i = 0; i < hub->peer_count; i++) {
		if (hub->peers[i]->source == source && !hub->peers[i]->hint &&
		    strcmp(hub->peers[i]->report.address, address) == 0)
			return hub->peers[i];
	}
	return NULL;
}

enum swim_error
discovery_offer(struct discovery *hub, swim_time now, const struct discovery_source *source,
    const char *address)
{
	enum swim_error error;

	if (discovery_find(hub, source, address) != NULL)
		return SWIM_OK;
	if (discovery_add_peer(hub, source, address, now, &error) == NULL)
		return error;
	discovery_arm(hub, now);
	return SWIM_OK;
}

void
discovery_withdraw(struct discovery *hub, const struct discovery_source *source,
    const char *address)
{
	struct peer *peer = discovery_find(hub, source, address);

	if (peer == NULL)
		return;
	discovery_remove_peer(hub, peer);
	discovery_rearm(hub);
}

void
discovery_add_source(struct discovery *hub, struct discovery_source *source)
{
	struct discovery_source **last = &hub->sources;

	while (*last != NULL)
		last = &(*last)->next;
	source->next = NULL;
	*last = source;
	source->ops->start(source, hub);
}

void
discovery_advertise(struct discovery *hub, const struct discovery_self *self)
{
	struct discovery_source *source;

	for (source = hub->sources; source != NULL; source = source->next) {
		if (source->ops->advertise != NULL)
			source->ops->advertise(source, self);
	}
}

bool
discovery_trouble(const struct discovery *hub, const char **name, const char **sentence)
{
	const struct discovery_source *source;

	for (source = hub->sources; source != NULL; source = source->next) {
		*name = source->ops->name;
		*sentence = source->ops->trouble != NULL ? source->ops->trouble(source) : NULL;
		if (*sentence != NULL)
			return true;
	}
	return false;
}

bool
discovery_owns(const struct discovery *hub, pid_t child)
{
	const struct discovery_source *source;

	for (source = hub->sources; source != NULL; source = source->next) {
		if (source->ops->owns != NULL && source->ops->owns(source, child))
			return true;
	}
	return false;
}

bool
discovery_source_at(const struct discovery *hub, size_t i, struct discovery_source_report *out)
{
	const struct discovery_source *source = hub->sources;

	while (source != NULL && i-- > 0)
		source = source->next;
	if (source == NULL)
		return false;
	*out = (struct discovery_source_report){
	    .name = source->ops->name,
	    .trouble = source->ops->trouble != NULL ? source->ops->trouble(source) : NULL,
	    .dropped = source->ops->dropped != NULL ? source->ops->dropped(source) : 0,
	};
	return true;
}

enum swim_error
discovery_set_seeds(struct discovery *hub, swim_time now, const char *const *seeds, size_t count)
{
	return seeds_set(hub->seeds, now, seeds, count);
}

struct discovery *
discovery_new(const struct discovery_config *config, const struct discovery_io *io,
    const struct discovery_callbacks *callbacks, swim_time now)
{
	struct discovery *hub = calloc(1, sizeof(*hub));

	if (hub == NULL)
		return NULL;
	hub->config = *config;
	hub->io = *io;
	hub->callbacks = *callbacks;
	hub->policy = (struct retry_policy){
	    .attempts = 0, /* without end */
	    .first = config->retry_first,
	    .factor = config->retry_factor,
	    .max = config->retry_max,
	};
	rng_init(&hub->rng, config->seed);
	hub->alone_check = SWIM_TIME_NEVER;
	hub->hint_full = now;
	hub->seeds = seeds_new();
	if (hub->seeds == NULL) {
		free(hub);
		return NULL;
	}
	discovery_add_source(hub, hub->seeds);
	return hub;
}

void
discovery_free(struct discovery *hub)
{
	struct discovery_source *source;

	if (hub == NULL)
		return;
	operator_join_clear(hub);
	while ((source = hub->sources) != NULL) {
		hub->sources = source->next;
		source->ops->stop(source);
	}
	while (hub->peer_count > 0)
		peer_free(hub->peers[--hub->peer_count]);
	free(hub);
}

size_t
discovery_count(const struct discovery *hub)
{
	return hub->peer_count;
}

void
discovery_at(const struct discovery *hub, size_t i, struct discovery_peer *out)
{
	*out = hub->peers[i]->report;
}
