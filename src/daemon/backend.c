/* SPDX-License-Identifier: MIT */
/* Implements struct control_backend: gives the control server facts about the daemon, and carries out its changes. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "control/protocol.h"
#include "daemon/config_load.h"
#include "daemon/node.h"
#include "daemon/reload.h"
#include "net/zone.h"

static void
backend_info(void *ctx, struct control_info *out)
{
	const struct node *node = ctx;

	*out = (struct control_info){
	    .cluster = node->config.cluster,
	    .version = PACKAGE_VERSION,
	    .profile = swim_profile_name(node->config.profile),
	    .boot = node->boot,
	    .pid = getpid(),
	    .started_wall_ns = node->started_wall_ns,
	    .started = node->started,
	};
}

/* The number of members with this status, this member (whose status is `ours`) not counted. */
static size_t
backend_others(const struct swim_stats *stats, enum swim_status status, enum swim_status ours)
{
	return stats->members[status] - (status == ours ? 1 : 0);
}

static void
backend_count_seeds(const struct node *node, struct health_input *in)
{
	struct discovery_peer peer;

	for (size_t i = 0; i < discovery_count(node->discovery); i++) {
		discovery_at(node->discovery, i, &peer);
		if (strcmp(peer.source, "seed") != 0 || peer.was_self)
			continue;
		in->seeds++;
		in->seeds_joined += peer.state == DISCOVERY_JOINED;
		/* A new attempt does not clear the reason of the last failure. */
		if (in->seed_reason[0] == '\0')
			snprintf(in->seed_reason, sizeof(in->seed_reason), "%s", peer.reason);
	}
}

static void
backend_health(void *ctx, struct control_health *out)
{
	const struct node *node = ctx;
	struct health_input in = {
	    .now = loop_now(),
	    .leaving = node->leaving,
	    .state_trouble = state_trouble(node->state),
	    .socket_trouble = control_trouble(node->control),
	    .snapshot_trouble = snapshot_loop_trouble(node->snapshot),
	    .address_trouble = network_trouble(node),
	    .missing = snapshot_loop_missing(node->snapshot),
	    .max_members = node->config.max_members,
	    .memory = &node->health,
	};
	const char *source, *sentence;
	struct swim_report self, silent;
	struct swim_stats stats;
	struct udp_stats udp;
	struct control_stats control;
	struct swim_accused accused;
	struct swim_reach reach;
	char advertised[SWIM_ADDR_TEXT];

	control_stats(node->control, &control);
	in.accept_errno = control.accept_errno;
	in.accept_failed_at = control.accept_failed_at;
	udp_stats(node->udp, &udp);
	in.transport_healthy = udp.healthy;
	in.transport_error = udp.last_error;
	in.transport_errno = udp.last_errno;
	swim_stats(node->swim, &stats);
	swim_self(node->swim, &self);
	in.alive = backend_others(&stats, SWIM_ALIVE, self.status);
	in.suspect = backend_others(&stats, SWIM_SUSPECT, self.status);
	in.dead = backend_others(&stats, SWIM_DEAD, self.status);
	in.members = swim_member_count(node->swim);
	backend_count_seeds(node, &in);
	if (discovery_trouble(node->discovery, &source, &sentence))
		in.discovery_trouble = sentence;
	in.syncs_unanswered = stats.syncs_unanswered;
	if (swim_member_by_address(node->swim, &stats.sync_silent, &silent)) {
		in.sync_silent = silent.name;
		in.sync_silent_len = silent.name_len;
	}
	if (swim_accused(node->swim, in.now, &accused))
		in.accused = &accused;
	swim_reach(node->swim, in.now, &reach);
	in.reach = &reach;
	in.advertised = zone_format(&node->advertised, advertised);
	in.port = node->bound.port;
	health_judge(&in, out);
}

static void
backend_loop_lag(void *ctx, swim_duration *last, swim_duration *max)
{
	const struct node *node = ctx;

	*last = loop_timer_lag(node->timer);
	*max = loop_timer_lag_max(node->timer);
}

/*
 * Makes `configured` with `overlay` over it the tags of this member.  Returns 0, or a code of control/protocol.h with
 * the error text in `error` (FAULT_MAX bytes); then nothing has changed.
 */
static int
backend_take_tags(struct node *node, const struct own_tags *configured,
    const struct own_tags_overlay *overlay, char *error)
{
	size_t room = swim_tags_room(node->swim);
	struct own_tags now;

	if (node->leaving) {
		snprintf(error, FAULT_MAX, "this member is leaving, so its tags cannot be changed");
		return CONTROL_UNAVAILABLE;
	}
	if (own_tags_effective(configured, overlay, &now) != WIRE_TAGS_OK || now.len > room) {
		snprintf(error, FAULT_MAX,
		    "the tags would be larger than %zu bytes together (keys, values, and 3 bytes for each tag): unset some, or shorten them%s",
		    room, room < WIRE_TAGS_MAX ? ", or raise max_datagram" : "");
		return CONTROL_TOO_LARGE;
	}
	if (!swim_set_tags(node->swim, loop_now(), now.bytes, now.len)) {
		snprintf(error, FAULT_MAX, "out of memory");
		return CONTROL_FAILED;
	}
	node->tags = *configured;
	node->overlay = *overlay;
	return 0;
}

static int
backend_tags(void *ctx, const struct wire_tag *changes, size_t count, char *error)
{
	struct node *node = ctx;
	struct own_tags_overlay overlay = node->overlay;

	/* If the overlay alone is too large, the overlay with the configured tags is too large as well. */
	if (own_tags_change(&overlay, &node->tags, changes, count) != WIRE_TAGS_OK) {
		snprintf(error, FAULT_MAX,
		    "the tags would be larger than %d bytes together (keys, values, and 3 bytes for each tag): unset some, or shorten them",
		    WIRE_TAGS_MAX);
		return CONTROL_TOO_LARGE;
	}
	return backend_take_tags(node, &node->tags, &overlay, error);
}

int
backend_start_tags(struct node *node, char *fault)
{
	struct own_tags configured;
	char why[FAULT_MAX];

	if (own_tags_parse(&node->config.tags, &configured, why) &&
	    backend_take_tags(node, &configured, &node->overlay, why) == 0)
		return 0;
	return fault_set(fault, EX_CONFIG, "tags: %.400s", why);
}

/* Takes over the configured tags of `fresh`; tags that were changed at run time stay over them. */
static bool
backend_reload_tags(struct node *node, const struct config *fresh, char *error)
{
	struct own_tags_overlay overlay = node->overlay;
	struct own_tags configured;
	char why[FAULT_MAX];

	if (own_tags_parse(&fresh->tags, &configured, why)) {
		own_tags_prune(&overlay, &configured);
		if (backend_take_tags(node, &configured, &overlay, why) == 0)
			return true;
	}
	snprintf(error, FAULT_MAX, "tags: %.400s", why);
	return false;
}

static bool
backend_reload_seeds(struct node *node, const struct config *fresh, char *error)
{
	if (discovery_set_seeds(node->discovery, loop_now(),
		(const char *const *)fresh->seeds.items, fresh->seeds.count) == SWIM_OK)
		return true;
	snprintf(error, FAULT_MAX, "cannot change the seeds: out of memory");
	return false;
}

/*
 * Takes over the live keys of `fresh`.  False, with `error` set: nothing has changed.  So the steps that can fail come
 * first, and the seeds are restored when the tags fail.
 */
static bool
backend_apply(struct node *node, struct config *fresh, const struct reload_plan *plan, char *error)
{
	bool tags = !config_equal(config_find("tags"), &node->config, fresh);
	bool seeds = !config_equal(config_find("seeds"), &node->config, fresh);
	bool timing = false;
	char ignored[FAULT_MAX];

	if (seeds && !backend_reload_seeds(node, fresh, error))
		return false;
	if (tags && !backend_reload_tags(node, fresh, error)) {
		if (seeds)
			(void)backend_reload_seeds(node, &node->config, ignored);
		return false;
	}
	for (size_t i = 0; i < plan->live_count; i++)
		timing |= plan->live[i]->offset - offsetof(struct config, timing) <
			  sizeof(node->config.timing);
	reload_adopt(plan, &node->config, fresh);
	log_setup(node->config.log_level, node->config.log_format);
	if (seeds)
		node_tell_doubts(node);
	if (timing)
		swim_set_timing(node->swim, loop_now(), &node->config.timing);
	return true;
}

static bool
backend_reload(void *ctx, struct control_reload *out, char *error)
{
	struct node *node = ctx;
	struct reload_plan *plan = &node->reload;
	struct config fresh;

	notify_reloading();
	control_look(node->control);
	state_look(node->state, swim_incarnation(node->swim), loop_now());
	if (config_load(node->options, NULL, &fresh, error) != 0)
		goto refused;
	reload_compare(&node->config, &fresh, plan);
	if (!backend_apply(node, &fresh, plan, error)) {
		config_fini(&fresh);
		goto refused;
	}
	config_fini(&fresh);
	*out = (struct control_reload){
	    .applied = plan->applied,
	    .applied_count = plan->applied_count,
	    .needs_restart = plan->needs_restart,
	    .needs_restart_count = plan->needs_restart_count,
	};
	for (size_t i = 0; i < plan->applied_count; i++)
		log_at(LOG_LEVEL_NOTICE, "reloaded", log_str("key", plan->applied[i]));
	for (size_t i = 0; i < plan->needs_restart_count; i++)
		log_at(LOG_LEVEL_WARNING,
		    "the key has changed, but takes effect only after a restart",
		    log_str("key", plan->needs_restart[i]));
	notify_ready();
	flush_all(node, loop_now());
	return true;
refused:
	log_at(LOG_LEVEL_ERROR, "the reload failed, and nothing has changed",
	    log_str("reason", error));
	notify_ready();
	return false;
}

void
backend_reload_by_signal(struct node *node)
{
	struct control_reload report;
	char error[FAULT_MAX];

	if (!backend_reload(node, &report, error))
		control_error_event(node->control, "reload-refused", error);
	else if (report.applied_count == 0 && report.needs_restart_count == 0)
		log_at(LOG_LEVEL_NOTICE, "reloaded; no key has changed");
}

static void
backend_leave(void *ctx)
{
	node_leave(ctx, "control socket");
}

static void
backend_flush(void *ctx)
{
	flush_all(ctx, loop_now());
}

void
backend_fill(struct node *node, struct control_backend *out)
{
	*out = (struct control_backend){
	    .ctx = node,
	    .swim = node->swim,
	    .udp = node->udp,
	    .resolver = node->resolver,
	    .discovery = node->discovery,
	    .info = backend_info,
	    .health = backend_health,
	    .loop_lag = backend_loop_lag,
	    .decode_time = &node->stopwatches[SWIM_WORK_DECODE].histogram,
	    .encode_time = &node->stopwatches[SWIM_WORK_ENCODE].histogram,
	    .reload = backend_reload,
	    .tags = backend_tags,
	    .leave = backend_leave,
	    .flush = backend_flush,
	};
}

void
backend_status(const struct node *node, char *out, size_t size)
{
	struct swim_stats stats;

	swim_stats(node->swim, &stats);
	snprintf(out, size, "%zu alive, %zu suspect, %zu dead, %zu left", stats.members[SWIM_ALIVE],
	    stats.members[SWIM_SUSPECT], stats.members[SWIM_DEAD], stats.members[SWIM_LEFT]);
}
