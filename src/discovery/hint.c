/* SPDX-License-Identifier: MIT */
/*
 * Hints are peers that were found, not configured.  Anybody on the network can make hints, so their number is
 * bounded, and so is the rate at which we ask them.  Most hints are never asked: the first that answers leads to all
 * members, and a hint that is a member already is not asked.
 */
#include "base/rule.h"
#include "discovery/peer.h"
#include "net/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many hints are asked at once, and then one each interval. */
#define HINT_BURST 10
#define HINT_INTERVAL_MS 100
/* The most hints that wait, each turn, because another address of the same member is being asked. */
#define HINT_TWINS_MAX 64

static bool
hint_is_member(const struct discovery *hub, const struct peer *peer, const char *name)
{
	return RULE(members_not_asked) && hub->callbacks.is_member != NULL &&
	       peer->report.resolved.family != 0 &&
	       hub->callbacks.is_member(hub->callbacks.ctx, name, strlen(name),
		   &peer->report.resolved);
}

/* ---------------------------------------------------------------------------------------- the rate */

/* The earliest instant at which one more hint may be asked. */
static swim_time
hint_allowed(const struct discovery *hub)
{
	return swim_time_add(hub->hint_full, swim_ms(-(HINT_BURST - 1) * HINT_INTERVAL_MS));
}

static void
hint_count_one(struct discovery *hub, swim_time now)
{
	if (swim_time_before(hub->hint_full, now))
		hub->hint_full = now;
	hub->hint_full = swim_time_add(hub->hint_full, swim_ms(HINT_INTERVAL_MS));
}

/* ------------------------------------------------------------------------------------------ asking */

static void
hint_set(struct peer *peer, enum discovery_state state, const char *reason, swim_time now,
    swim_time next_try)
{
	peer_set_state(peer, state, now);
	snprintf(peer->report.reason, sizeof(peer->report.reason), "%s", reason);
	peer->report.next_try = next_try;
}

static bool
hint_is_due(const struct peer *peer, swim_time now)
{
	return peer->hint && swim_time_reached(now, peer->report.next_try);
}

/* The due hint that was asked least often; of equals, the hint that has waited longest. */
static struct peer *
hint_next(const struct discovery *hub, swim_time now)
{
	struct peer *best = NULL;

	for (size_t i = 0; i < hub->peer_count; i++) {
		struct peer *peer = hub->peers[i];

		if (hint_is_due(peer, now) &&
		    (best == NULL || peer->report.attempts < best->report.attempts ||
			(peer->report.attempts == best->report.attempts &&
			    swim_time_before(peer->report.next_try, best->report.next_try))))
			best = peer;
	}
	return best;
}

/*
 * Is another address of the same member being asked, or has another address just answered?  A peer that answers
 * becomes a member a little later, with the view that follows; if it does not, hint_check ends the state "joined" of
 * its hint.
 */
static bool
hint_has_twin(const struct discovery *hub, const struct peer *peer)
{
	for (size_t i = 0; i < hub->peer_count; i++) {
		const struct peer *other = hub->peers[i];

		if (other == peer || !other->hint || strcmp(other->claim, peer->claim) != 0)
			continue;
		if (other->report.state == DISCOVERY_CONTACTING ||
		    (other->report.state == DISCOVERY_JOINED &&
			strcmp(other->report.member, peer->claim) == 0))
			return true;
	}
	return false;
}

static void
hint_ask(struct peer *peer, swim_time now)
{
	const struct swim_addr address = peer->report.resolved;

	peer->report.next_try = SWIM_TIME_NEVER;
	peer->report.reason[0] = '\0';
	if (peer->put_offs == 0)
		peer->report.attempts++;
	peer_contact(peer, &address, 1, now);
}

void
hint_run(struct discovery *hub, swim_time now)
{
	unsigned twins = 0;
	struct peer *peer;

	for (size_t i = 0; i < hub->peer_count; i++) {
		peer = hub->peers[i];
		if (hint_is_due(peer, now) && hint_is_member(hub, peer, peer->claim))
			hint_set(peer, DISCOVERY_MEMBER, "", now, SWIM_TIME_NEVER);
	}
	while (twins < HINT_TWINS_MAX && swim_time_reached(now, hint_allowed(hub)) &&
	       (peer = hint_next(hub, now)) != NULL) {
		if (hint_has_twin(hub, peer)) {
			twins++;
			hint_set(peer, DISCOVERY_PENDING, "another address of it is being asked",
			    now, swim_time_add(now, peer_jitter(peer, hub->config.retry_first)));
		} else {
			hint_count_one(hub, now);
			hint_ask(peer, now);
		}
	}
	for (size_t i = 0; i < hub->peer_count; i++) {
		peer = hub->peers[i];
		if (hint_is_due(peer, now))
			hint_set(peer, DISCOVERY_RATE_LIMITED,
			    "too many peers were found to ask all at once", now,
			    peer->report.next_try);
	}
}

swim_time
hint_deadline(const struct discovery *hub)
{
	swim_time allowed = hint_allowed(hub), next = SWIM_TIME_NEVER;

	for (size_t i = 0; i < hub->peer_count; i++) {
		if (hub->peers[i]->hint)
			next = swim_time_min(next, hub->peers[i]->report.next_try);
	}
	return swim_time_before(next, allowed) ? allowed : next;
}

void
hint_check(struct discovery *hub, swim_time now)
{
	for (size_t i = 0; i < hub->peer_count; i++) {
		struct peer *peer = hub->peers[i];

		if (!peer->hint)
			continue;
		switch (peer->report.state) {
		case DISCOVERY_JOINED:
		case DISCOVERY_MEMBER:
			if (!hint_is_member(hub, peer, peer->report.member))
				hint_set(peer, DISCOVERY_PENDING, "it is no longer a living member",
				    now,
				    swim_time_add(now, peer_jitter(peer, hub->config.retry_first)));
			break;
		case DISCOVERY_PENDING:
		case DISCOVERY_UNREACHABLE:
		case DISCOVERY_SILENT:
		case DISCOVERY_REFUSED:
		case DISCOVERY_HEARS_US_NOT:
		case DISCOVERY_RATE_LIMITED:
			if (hint_is_member(hub, peer, peer->claim))
				hint_set(peer, DISCOVERY_MEMBER, "", now, SWIM_TIME_NEVER);
			break;
		case DISCOVERY_RESOLVING:
		case DISCOVERY_UNRESOLVED:
		case DISCOVERY_CONTACTING:
		case DISCOVERY_SELF:
		case DISCOVERY_OTHER_CLUSTER:
		case DISCOVERY_NAMESAKE:
		case DISCOVERY_MALFORMED:
			break;
		}
	}
}

/* ------------------------------------------------------------------------------- what sources offer */

static struct peer *
hint_find(const struct discovery *hub, const struct discovery_source *source, uint64_t id)
{
	for (size_t i = 0; i < hub->peer_count; i++) {
		struct peer *peer = hub->peers[i];

		if (peer->hint && peer->source == source && peer->id == id)
			return peer;
	}
	return NULL;
}

static struct peer *
hint_new(struct discovery *hub, const struct discovery_source *source, uint64_t id)
{
	struct peer *peer;

	if (hub->hint_count == DISCOVERY_HINTS_MAX || (peer = calloc(1, sizeof(*peer))) == NULL)
		return NULL;
	peer->hub = hub;
	peer->source = source;
	peer->hint = true;
	peer->id = id;
	peer->told = DISCOVERY_PENDING;
	peer->give_up = SWIM_TIME_NEVER;
	snprintf(peer->report.source, sizeof(peer->report.source), "%s", source->ops->name);
	hub->peers[hub->peer_count++] = peer;
	hub->hint_count++;
	return peer;
}

/* Take over what the source says of the hint, and begin its tries again. */
static void
hint_take(struct peer *peer, const struct discovery_hint *hint, bool fresh, swim_time now)
{
	struct discovery_peer *report = &peer->report;
	bool ask = hint->state == DISCOVERY_PENDING && hint->address.family != 0;

	if (fresh)
		report->found = report->since = now;
	peer->offered = hint->state;
	peer->failed = peer->put_offs = 0;
	report->attempts = 0;
	report->resolved = hint->address;
	report->address[0] = '\0';
	if (hint->address.family != 0)
		zone_format(&hint->address, report->address);
	snprintf(report->interface, sizeof(report->interface), "%s", hint->interface);
	snprintf(report->service, sizeof(report->service), "%s", hint->service);
	snprintf(peer->claim, sizeof(peer->claim), "%s", hint->name);
	report->member_len = (uint16_t)strlen(peer->claim);
	memcpy(report->member, peer->claim, (size_t)report->member_len + 1);
	hint_set(peer, hint->state, hint->reason, now, ask ? now : SWIM_TIME_NEVER);
}

enum swim_error
discovery_hint(struct discovery *hub, swim_time now, const struct discovery_source *source,
    uint64_t id, const struct discovery_hint *hint)
{
	struct peer *peer = hint_find(hub, source, id);
	bool fresh = peer == NULL;

	if (fresh && (peer = hint_new(hub, source, id)) == NULL)
		return SWIM_ERROR_RESOLUTION_FAILED;
	if (fresh || peer->offered != hint->state || strcmp(peer->claim, hint->name) != 0 ||
	    !swim_addr_equal(&peer->report.resolved, &hint->address))
		hint_take(peer, hint, fresh, now);
	else if (hint->state != DISCOVERY_PENDING)
		snprintf(peer->report.reason, sizeof(peer->report.reason), "%s", hint->reason);
	discovery_arm(hub, now);
	return SWIM_OK;
}

void
discovery_hint_withdraw(struct discovery *hub, const struct discovery_source *source, uint64_t id)
{
	struct peer *peer = hint_find(hub, source, id);

	if (peer == NULL)
		return;
	discovery_remove_peer(hub, peer);
	discovery_rearm(hub);
}

void
discovery_hint_withdraw_all(struct discovery *hub, const struct discovery_source *source)
{
	for (size_t i = hub->peer_count; i-- > 0;) {
		struct peer *peer = hub->peers[i];

		if (peer->hint && peer->source == source)
			discovery_remove_peer(hub, peer);
	}
	discovery_rearm(hub);
}
