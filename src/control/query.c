/* SPDX-License-Identifier: MIT */
#include "control/query.h"

#include <string.h>

#include "base/log.h"
#include "control/client.h"
#include "control/event.h"
#include "control/glob.h"
#include "control/metrics.h"
#include "control/view.h"
#include "net/loop.h"
#include "net/zone.h"
#include "wire/tags.h"

enum method_outcome
query_info(struct request *r)
{
	const struct control_backend *backend = &r->control->backend;
	struct control_info info = {0};
	struct swim_report self;
	struct emit *e = r->out;
	char address[ZONE_TEXT];

	backend->info(backend->ctx, &info);
	swim_self(backend->swim, &self);
	emit_object(e, NULL);
	emit_bytes(e, "name", self.name, self.name_len);
	emit_string(e, "cluster", info.cluster);
	view_address(e, zone_put(self.address, self.zone, address));
	emit_uint(e, "incarnation", self.incarnation);
	emit_string(e, "version", info.version);
	emit_int(e, "protocol", CONTROL_PROTOCOL);
	emit_int(e, "pid", info.pid);
	emit_string(e, "boot", info.boot);
	emit_time(e, "started", info.started_wall_ns);
	emit_fixed(e, "uptime_seconds", swim_time_since(loop_now(), info.started).ns / 1000000, 3);
	emit_string(e, "profile", info.profile);
	emit_object_end(e);
	return METHOD_DONE;
}

/* ------------------------------------------------------------------------------------- members */

/* Which members the method `members` lists. */
struct filter {
	unsigned statuses;  /* a member's status must be one of these bits 1 << status */
	const char *glob;   /* the name must match this pattern; NULL: any name */
	size_t glob_len;    /* bytes of glob */
	const json_t *tags; /* the member must have all these tags; NULL: any tags */
};

static bool
query_add_status(struct filter *filter, const json_t *word, struct refusal *refusal)
{
	enum swim_status status;
	char quoted[REFUSAL_QUOTE_MAX];

	if (strlen(json_string_value(word)) != json_string_length(word) ||
	    !swim_status_parse(json_string_value(word), &status)) {
		refusal_param(refusal, "status",
		    "there is no status \"%s\": the statuses are alive, suspect, dead and left",
		    refusal_quote(quoted, json_string_value(word), json_string_length(word)));
		return false;
	}
	filter->statuses |= 1U << status;
	return true;
}

static bool
query_read_filter(struct filter *filter, struct request *r)
{
	const json_t *status = json_object_get(r->params, "status");
	const json_t *name = json_object_get(r->params, "name");

	*filter = (struct filter){.tags = json_object_get(r->params, "tags")};
	if (status == NULL)
		filter->statuses = ~0U;
	else if (json_is_string(status) && !query_add_status(filter, status, &r->refusal))
		return false;
	for (size_t i = 0; i < json_array_size(status); i++)
		if (!query_add_status(filter, json_array_get(status, i), &r->refusal))
			return false;
	if (name != NULL) {
		filter->glob = json_string_value(name);
		filter->glob_len = json_string_length(name);
		if (filter->glob_len > GLOB_MAX) {
			refusal_param(&r->refusal, "name",
			    "a glob may have %d bytes, and this glob has %zu", GLOB_MAX,
			    filter->glob_len);
			return false;
		}
	}
	return true;
}

static bool
query_has_tags(const struct filter *filter, const struct swim_report *member)
{
	size_t found = 0, offset = 0;
	struct wire_tag tag;

	while (wire_tags_next(member->tags, member->tags_len, &offset, &tag)) {
		char key[UINT8_MAX + 1];
		const json_t *wanted;

		memcpy(key, tag.key.bytes, tag.key.len);
		key[tag.key.len] = '\0';
		wanted = json_object_get(filter->tags, key);
		found += json_is_string(wanted) && json_string_length(wanted) == tag.value.len &&
			 memcmp(json_string_value(wanted), tag.value.bytes, tag.value.len) == 0;
	}
	return found == json_object_size(filter->tags);
}

static bool
query_passes(const struct filter *filter, const struct swim_report *member)
{
	if ((filter->statuses & 1U << member->status) == 0)
		return false;
	if (json_object_size(filter->tags) > 0 && !query_has_tags(filter, member))
		return false;
	return filter->glob == NULL ||
	       glob_match(filter->glob, filter->glob_len, member->name, member->name_len);
}

/*
 * Write the members that pass the filter.  False, with refusal set, as soon as the answer exceeds the room for it: a
 * client that repeats the request and never reads must not cause the work of a whole answer each time.
 */
static bool
query_put_members(struct request *r, const struct filter *filter)
{
	const struct swim *swim = control_swim(r->control);
	int64_t offset = control_wall_offset(r->control);
	struct emit *e = r->out;
	size_t count = swim_member_count(swim);
	struct swim_report member;

	emit_array(e, "members");
	for (size_t i = 0; i < count; i++) {
		swim_member_at(swim, i, &member);
		if (!query_passes(filter, &member))
			continue;
		view_member(e, NULL, &member, offset);
		if (!control_room(r->control, r->client, e->len)) {
			refusal_no_room(&r->refusal, CONTROL_STUCK_SECONDS);
			return false;
		}
	}
	emit_array_end(e);
	return true;
}

enum method_outcome
query_members(struct request *r)
{
	struct filter filter;
	struct swim_stats stats;

	if (!query_read_filter(&filter, r))
		return METHOD_FAILED;
	swim_stats(control_swim(r->control), &stats);
	emit_object(r->out, NULL);
	if (!query_put_members(r, &filter))
		return METHOD_FAILED;
	view_counts(r->out, "counts", stats.members);
	emit_object_end(r->out);
	return METHOD_DONE;
}

enum method_outcome
query_member(struct request *r)
{
	const json_t *name = json_object_get(r->params, "name");
	const char *text = json_string_value(name);
	size_t len = json_string_length(name);
	struct swim_report member;

	if (!swim_member_find(control_swim(r->control), text, len, &member)) {
		refusal_no_member(&r->refusal, text, len);
		return METHOD_FAILED;
	}
	view_member(r->out, NULL, &member, control_wall_offset(r->control));
	return METHOD_DONE;
}

/* -------------------------------------------------------------------------- health and metrics */

static const char *
query_health_word(enum control_health_status status)
{
	switch (status) {
	case CONTROL_HEALTH_OK:
		return "ok";
	case CONTROL_HEALTH_DEGRADED:
		return "degraded";
	case CONTROL_HEALTH_ISOLATED:
		return "isolated";
	}
	return "degraded";
}

enum method_outcome
query_health(struct request *r)
{
	const struct control_backend *backend = &r->control->backend;
	struct control_health health = {0};
	struct swim_stats swim;
	struct udp_stats udp;
	struct emit *e = r->out;

	backend->health(backend->ctx, &health);
	swim_stats(backend->swim, &swim);
	udp_stats(backend->udp, &udp);
	emit_object(e, NULL);
	emit_string(e, "status", query_health_word(health.status));
	emit_array(e, "reasons");
	for (size_t i = 0; i < health.reason_count; i++)
		emit_string(e, NULL, health.reasons[i]);
	emit_array_end(e);
	emit_bool(e, "running", !r->control->left);
	emit_bool(e, "quorum", health.quorum);
	for (unsigned status = 0; status < SWIM_STATUS_COUNT; status++)
		emit_uint(e, swim_status_name((enum swim_status)status), swim.members[status]);
	view_time(e, "last_probe", swim.probed ? swim.last_probe : SWIM_TIME_NEVER,
	    control_wall_offset(r->control));
	emit_object(e, "transport");
	emit_bool(e, "healthy", udp.healthy);
	if (udp.last_error == SWIM_OK)
		emit_null(e, "last_error");
	else
		emit_string(e, "last_error", swim_error_word(udp.last_error));
	emit_object_end(e);
	emit_uint(e, "local_health", swim.local_health);
	emit_string(e, "discovery", health.discovery != NULL ? health.discovery : "ok");
	emit_object_end(e);
	return METHOD_DONE;
}

static void
query_collect(struct control *control, struct metrics_view *view, struct swim_report *self)
{
	const struct control_backend *backend = &control->backend;
	struct control_info info = {0};

	*view = (struct metrics_view){0};
	backend->info(backend->ctx, &info);
	swim_self(backend->swim, self);
	swim_stats(backend->swim, &view->swim);
	udp_stats(backend->udp, &view->udp);
	resolver_stats(backend->resolver, &view->resolver);
	control_stats(control, &view->control);
	view->decode_time = *backend->decode_time;
	view->encode_time = *backend->encode_time;
	backend->loop_lag(backend->ctx, &view->loop_lag, &view->loop_lag_max);
	view->uptime = swim_time_since(loop_now(), info.started);
	view->incarnation = self->incarnation;
	view->log_left_out = log_left_out();
	view->wall_offset_ns = control_wall_offset(control);
	view->name = self->name;
	view->cluster = info.cluster;
	view->version = info.version;
	view->profile = info.profile;
}

enum method_outcome
query_metrics(struct request *r)
{
	const json_t *format = json_object_get(r->params, "format");
	const char *word = format != NULL ? json_string_value(format) : "json";
	struct metrics_view view;
	struct swim_report self;
	bool prometheus = strcmp(word, "prometheus") == 0;
	char quoted[REFUSAL_QUOTE_MAX], *text;
	struct emit out;
	size_t len;

	if (!prometheus && strcmp(word, "json") != 0 && strcmp(word, "openmetrics") != 0) {
		refusal_param(&r->refusal, "format",
		    "there is no format \"%s\": the formats are json, openmetrics and prometheus",
		    refusal_quote(quoted, word, strlen(word)));
		return METHOD_FAILED;
	}
	query_collect(r->control, &view, &self);
	if (strcmp(word, "json") == 0) {
		metrics_json(r->out, &view);
		return METHOD_DONE;
	}
	emit_init(&out);
	metrics_text(&out, &view, prometheus ? METRICS_PROMETHEUS : METRICS_OPENMETRICS);
	text = emit_take(&out, &len);
	if (text == NULL) {
		refusal_set(&r->refusal, CONTROL_FAILED, "out of memory");
		return METHOD_FAILED;
	}
	emit_object(r->out, NULL);
	emit_bytes(r->out, "text", text, len);
	emit_object_end(r->out);
	free(text);
	return METHOD_DONE;
}

/* --------------------------------------------------------------------------------- subscribing */

static bool
query_read_types(uint32_t *kinds, struct request *r)
{
	const json_t *types = json_object_get(r->params, "types");
	char quoted[REFUSAL_QUOTE_MAX];

	*kinds = types == NULL ? EVENT_ALL : 0;
	for (size_t i = 0; i < json_array_size(types); i++) {
		const json_t *type = json_array_get(types, i);
		const char *text = json_string_value(type);
		size_t len = json_string_length(type);

		if (!event_mask(text, len, kinds)) {
			refusal_param(&r->refusal, "types",
			    "there is no type of events \"%s\": swimd-control(7) lists the types, such as member.failed, member.* and error",
			    refusal_quote(quoted, text, len));
			return false;
		}
	}
	if (*kinds == 0) {
		refusal_param(&r->refusal, "types",
		    "types is empty: name at least one type, or leave types out to get all events");
		return false;
	}
	return true;
}

/* The sequence number after which a subscription with `since` begins.  *gap: events after `since` are lost. */
static uint64_t
query_resume(const struct ring *ring, uint64_t since, bool other_boot, bool snapshot, bool *gap)
{
	*gap = other_boot || since > ring->last || since + 1 < ring_oldest(ring);
	if (!*gap)
		return since;
	/* A snapshot replaces the lost events.  Without a snapshot, send all events that are left. */
	return snapshot ? ring->last : ring_oldest(ring) - 1;
}

enum method_outcome
query_subscribe(struct request *r)
{
	struct control *control = r->control;
	struct client *c = r->client;
	const struct control_backend *backend = &control->backend;
	const json_t *since = json_object_get(r->params, "since");
	const json_t *boot = json_object_get(r->params, "boot");
	bool snapshot = json_is_true(json_object_get(r->params, "snapshot")), gap = false,
	     other_boot;
	struct control_info info = {0};
	uint32_t kinds;
	uint64_t seq;

	if (c->subscribed) {
		refusal_set(&r->refusal, CONTROL_CONFLICT,
		    "this connection is subscribed already: use another connection for another subscription");
		return METHOD_FAILED;
	}
	if (!query_read_types(&kinds, r))
		return METHOD_FAILED;
	/* The snapshot shows changes whose events are still in the core: number these events before the snapshot. */
	control_flush(control);
	backend->info(backend->ctx, &info);
	other_boot = boot != NULL && strcmp(json_string_value(boot), info.boot) != 0;
	seq = control->ring.last;
	if (since != NULL)
		seq = query_resume(&control->ring, (uint64_t)json_integer_value(since), other_boot,
		    snapshot, &gap);
	else
		gap = other_boot;

	emit_object(r->out, NULL);
	emit_uint(r->out, "seq", seq);
	emit_string(r->out, "boot", info.boot);
	emit_bool(r->out, "gap", gap);
	if (snapshot) {
		emit_uint(r->out, "snapshot_seq", control->ring.last);
		if (!query_put_members(r, &(struct filter){.statuses = ~0U}))
			return METHOD_FAILED;
	}
	emit_object_end(r->out);
	if (r->out->failed) {
		refusal_set(&r->refusal, CONTROL_FAILED, "out of memory");
		return METHOD_FAILED;
	}
	c->subscribed = c->stream = true;
	c->kinds = kinds;
	c->last_seq = seq;
	control->stats.subscribers++;
	return METHOD_DONE;
}

/* --------------------------------------------------------------------------------------- links */

static void
query_put_links(struct emit *e, const struct swim *swim, size_t i)
{
	struct swim_report member;
	struct swim_links links;

	swim_member_at(swim, i, &member);
	if (!swim_status_is_live(member.status))
		return;
	swim_links_at(swim, i, &links);
	emit_object(e, NULL);
	emit_bytes(e, "name", member.name, member.name_len);
	emit_bool(e, "local", member.local);
	emit_array(e, "unreachable");
	for (size_t k = 0; k < links.count; k++) {
		swim_member_at(swim, links.peers[k], &member);
		emit_bytes(e, NULL, member.name, member.name_len);
	}
	emit_array_end(e);
	emit_uint(e, "total", links.total);
	emit_object_end(e);
}

enum method_outcome
query_links(struct request *r)
{
	const struct swim *swim = control_swim(r->control);

	emit_object(r->out, NULL);
	emit_array(r->out, "links");
	for (size_t i = 0; i < swim_member_count(swim); i++)
		query_put_links(r->out, swim, i);
	emit_array_end(r->out);
	emit_object_end(r->out);
	return METHOD_DONE;
}

/* ----------------------------------------------------------------------------------- discovery */

enum method_outcome
query_discovery(struct request *r)
{
	if (!view_discovery(r->out, r->control->backend.discovery,
		control_wall_offset(r->control))) {
		refusal_set(&r->refusal, CONTROL_FAILED, "out of memory");
		return METHOD_FAILED;
	}
	return METHOD_DONE;
}
