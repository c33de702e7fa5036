/* SPDX-License-Identifier: MIT */
/*
 * The flush, the one place where the floors meet.  Every call that may have changed the core (for a batch of datagrams,
 * the timer, a control command, discovery) ends in a flush: it sends the core's datagrams in one sendmmsg(), gives its
 * events to discovery, control and health, and sets the one timer to the next deadline.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/node.h"
#include "net/zone.h"

/*
 * Host names of members are looked up at most once in LOOKUP_INTERVAL_MS, after a burst of LOOKUP_BURST.  A hostile
 * sender may claim any number of members with host names, and must not make this member flood the nameservers.
 */
#define LOOKUP_BURST 10
#define LOOKUP_INTERVAL_MS 200

/* Tells whether this socket can send to a member at the address.  A loopback address is only good on one machine. */
static bool
flush_usable(const struct node *node, const struct swim_addr *addr)
{
	return udp_reaches(node->udp, addr) &&
	       (!swim_addr_is_loopback(addr) || swim_addr_is_loopback(&node->bound));
}

static void
flush_resolved(void *ctx, const char *hostport, enum swim_error error, const char *text,
    const struct swim_addr *addresses, size_t count)
{
	struct node_lookup *lookup = ctx;
	struct node *node = lookup->node;
	size_t i = 0;

	lookup->request = NULL;
	while (i < count && !flush_usable(node, &addresses[i]))
		i++;
	if (i == count) {
		log_at(LOG_LEVEL_INFO, "a member's host name has no usable address",
		    log_str("address", hostport),
		    log_str("reason",
			count > 0
			    ? "each address is loopback or of a family that this socket cannot use"
			    : text),
		    log_str("error", swim_error_word(error)));
		return;
	}
	swim_resolved(node->swim, hostport, &addresses[i]);
	flush_all(node, loop_now());
}

static bool
flush_may_look_up(struct node *node, swim_time now)
{
	swim_time *full = &node->lookups_full;

	if (swim_time_before(*full, now))
		*full = now;
	if (swim_time_since(*full, now).ns > swim_ms((LOOKUP_BURST - 1) * LOOKUP_INTERVAL_MS).ns)
		return false;
	*full = swim_time_add(*full, swim_ms(LOOKUP_INTERVAL_MS));
	return true;
}

/* Starts a lookup of a member's host name, unless one is under way or there is no room for one. */
static void
flush_look_up(struct node *node, const char *hostport)
{
	struct node_lookup *vacant = NULL;

	for (size_t i = 0; i < NODE_LOOKUPS_MAX; i++) {
		struct node_lookup *lookup = &node->lookups[i];

		if (lookup->request == NULL)
			vacant = lookup;
		else if (strcmp(lookup->hostport, hostport) == 0)
			return;
	}
	if (vacant == NULL || strlen(hostport) > SWIM_HOSTPORT_MAX ||
	    !flush_may_look_up(node, loop_now()))
		return;
	vacant->node = node;
	strcpy(vacant->hostport, hostport);
	vacant->request = resolver_lookup(node->resolver, hostport, flush_resolved, vacant);
}

/*
 * Sends a datagram to a member with a host name.  With resolve_members the datagram goes to the address in the cache.  If
 * the cache has none, a lookup begins and the datagram goes to the address of an earlier lookup (d->to), if there is one:
 * a lost datagram does no harm, since the protocol repeats its content.
 */
static void
flush_to_name(struct node *node, const struct swim_datagram *d)
{
	char hostport[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr to;

	if (!node->config.resolve_members || !resolver_cached(node->resolver, d->host, &to) ||
	    !flush_usable(node, &to)) {
		if (d->to.family != 0)
			udp_queue(node->udp, &d->to, d->data, d->len);
		if (node->config.resolve_members)
			flush_look_up(node, d->host);
		return;
	}
	udp_queue(node->udp, &to, d->data, d->len);
	if (strlen(d->host) > SWIM_HOSTPORT_MAX)
		return;
	/* swim_resolved changes the core, into which d->host points. */
	strcpy(hostport, d->host);
	swim_resolved(node->swim, hostport, &to);
}

static void
flush_datagrams(struct node *node)
{
	struct swim_datagram d;

	while (swim_next_datagram(node->swim, &d)) {
		if (node->silent)
			continue;
		trace_sent(&d);
		if (d.host != NULL)
			flush_to_name(node, &d);
		else
			udp_queue(node->udp, &d.to, d.data,
			    d.len); /* udp counts refused datagrams */
	}
	udp_flush(node->udp);
}

/* Another member has the same name: reports both addresses in the log, as an event, and to the health. */
static void
flush_conflict(struct node *node, const struct swim_event *e)
{
	bool lost = e->type == SWIM_EVENT_NAME_LOST;
	char theirs[SWIM_ADDR_TEXT], ours[SWIM_ADDR_TEXT], text[512];

	zone_format(&e->address, theirs);
	zone_format(&node->advertised, ours);
	snprintf(text, sizeof(text),
	    lost
		? "the name %s belongs to the member at %s, which has had the name for longer than this "
		  "member at %s: give this member another name"
		: "the name %s is also used by the member at %s; this member at %s keeps the name, but the "
		  "other member may not stop: give one of the two another name",
	    node->config.name, theirs, ours);
	health_note_conflict(&node->health, e->at, theirs);
	log_at(lost ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, text);
	control_error_event(node->control, lost ? "name-lost" : "name-conflict", text);
}

/*
 * Tells the health which members joined and which were forgotten after dead_retention.  A member that an operator removed
 * or that has never answered anybody does not count as forgotten: such a member probably does not exist.
 */
static void
flush_membership(struct node *node, const struct swim_event *e)
{
	const swim_duration age = swim_time_since(e->at, e->member.since);

	if (e->type == SWIM_EVENT_JOINED)
		health_note_joined(&node->health);
	else if (e->type == SWIM_EVENT_REMOVED && e->member.status == SWIM_DEAD &&
		 e->member.answered && age.ns >= node->config.timing.dead_retention.ns)
		health_note_forgotten(&node->health);
}

static void
flush_members(struct node *node)
{
	struct swim_stats stats;

	swim_stats(node->swim, &stats);
	health_note_members(&node->health, stats.members[SWIM_ALIVE],
	    stats.members[SWIM_SUSPECT] + stats.members[SWIM_DEAD]);
}

/* Whether the member is this one, another member with this one's name, or any other. */
static enum discovery_who
flush_who(const struct node *node, const struct swim_report *member)
{
	const char *name = node->config.name;

	if (member->local)
		return DISCOVERY_WHO_SELF;
	return member->name_len == strlen(name) && memcmp(member->name, name, strlen(name)) == 0
		   ? DISCOVERY_WHO_NAMESAKE
		   : DISCOVERY_WHO_OTHER;
}

static void
flush_event(struct node *node, const struct swim_event *e)
{
	trace_event(e);
	switch (e->type) {
	case SWIM_EVENT_SEED_ANSWERED:
		discovery_answered(node->discovery, loop_now(),
		    &(struct discovery_answer){
			.address = &e->address,
			.member = e->member.name,
			.member_len = e->member.name_len,
			.who = flush_who(node, &e->member),
		    });
		return;
	case SWIM_EVENT_SEED_SILENT:
		discovery_silent(node->discovery, loop_now(), &e->address);
		return;
	case SWIM_EVENT_SEED_FOREIGN:
		discovery_foreign(node->discovery, loop_now(), &e->address, e->member.name,
		    e->member.name_len);
		return;
	case SWIM_EVENT_NAME_CONFLICT:
		flush_conflict(node, e);
		return;
	case SWIM_EVENT_NAME_LOST:
		flush_conflict(node, e);
		node_lose_name(node);
		return;
	case SWIM_EVENT_INCARNATION:
		break;
	case SWIM_EVENT_JOINED:
	case SWIM_EVENT_SUSPECTED:
	case SWIM_EVENT_FAILED:
	case SWIM_EVENT_RECOVERED:
	case SWIM_EVENT_LEFT:
	case SWIM_EVENT_REMOVED:
	case SWIM_EVENT_UPDATED:
		network_peers_changed(node, false);
		if (node->snapshot != NULL)
			snapshot_loop_note(node->snapshot, e);
		flush_membership(node, e);
		break;
	case SWIM_EVENT_LINK_FAILED:
	case SWIM_EVENT_LINK_RECOVERED:
		break;
	}
	node->status_stale = true;
	control_event(node->control, e);
}

/*
 * Reserves the incarnation on disk.  False: the reservation is not on disk yet, so nothing may be sent.  Also reports
 * when the state directory begins to fail or works again.
 */
static bool
flush_state(struct node *node, swim_time now)
{
	bool before = node->state_told;
	bool may_speak = state_reserve(node->state, swim_incarnation(node->swim), now);
	const char *trouble;

	if (node->snapshot != NULL && state_take_renewed(node->state))
		node_state_renewed(node, now);
	trouble = state_trouble(node->state);
	if (trouble != NULL && !before) {
		log_at(LOG_LEVEL_ERROR, "the state is not kept", log_str("reason", trouble));
		control_error_event(node->control, "state-unwritable", trouble);
	} else if (trouble == NULL && before) {
		log_at(LOG_LEVEL_NOTICE, "the state is kept again");
	}
	node->state_told = trouble != NULL;
	return may_speak;
}

void
flush_reserved(void *ctx)
{
	flush_all(ctx, loop_now());
}

void
flush_all(struct node *node, swim_time now)
{
	struct swim_event event;
	bool may_speak = false;

	/* An event may make discovery join a peer, which asks for a flush: then the running flush makes another round. */
	node->flush_again = true;
	if (node->flushing)
		return;
	node->flushing = true;
	node->unflushed = 0;
	while (node->flush_again) {
		node->flush_again = false;
		may_speak = flush_state(node, now);
		if (may_speak)
			flush_datagrams(node);
		if (!swim_next_event(node->swim, &event))
			continue;
		do
			flush_event(node, &event);
		while (swim_next_event(node->swim, &event));
		flush_members(node);
	}
	node->flushing = false;
	loop_timer_set(node->timer,
	    swim_time_min(swim_deadline(node->swim), state_deadline(node->state)));
	if (node->leaving && !node->left && swim_has_left(node->swim) && may_speak) {
		node->left = true;
		control_left(node->control);
		node->exit_by = swim_time_add(loop_now(), swim_seconds(1));
		loop_timer_set(node->exit_timer, loop_now());
	}
}

void
flush_fini(struct node *node)
{
	for (size_t i = 0; i < NODE_LOOKUPS_MAX; i++) {
		if (node->lookups[i].request != NULL)
			resolver_cancel(node->lookups[i].request);
		node->lookups[i].request = NULL;
	}
}
