/* SPDX-License-Identifier: MIT */
#include "control/view.h"

#include <stdlib.h>
#include <string.h>

#include "net/loop.h"
#include "net/zone.h"
#include "wire/tags.h"

#define SOURCES_MAX 8 /* the most sources that are shown, besides `join` */

void
view_time(struct emit *e, const char *key, swim_time t, int64_t wall_offset_ns)
{
	if (swim_time_is_never(t))
		emit_null(e, key);
	else
		emit_time(e, key, t.ns + wall_offset_ns);
}

/* Write a text, or null if it is empty. */
static void
view_put_text(struct emit *e, const char *key, const char *text, size_t len)
{
	if (len == 0)
		emit_null(e, key);
	else
		emit_bytes(e, key, text, len);
}

void
view_tags(struct emit *e, const char *key, const void *tags, size_t len)
{
	struct wire_tag tag;
	size_t offset = 0;
	char name[UINT8_MAX + 1];

	emit_object(e, key);
	while (wire_tags_next(tags, len, &offset, &tag)) {
		memcpy(name, tag.key.bytes, tag.key.len);
		name[tag.key.len] = '\0';
		emit_bytes(e, name, tag.value.bytes, tag.value.len);
	}
	emit_object_end(e);
}

/* Write `host` and `port` of an address; both are null if it cannot be split, or has no port and no default. */
static void
view_put_parts(struct emit *e, const char *address, int default_port)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port;

	if (swim_hostport_split(address, strlen(address), default_port, false, host, &port) ==
	    SWIM_ADDR_OK) {
		emit_string(e, "host", host);
		emit_uint(e, "port", port);
	} else {
		emit_null(e, "host");
		emit_null(e, "port");
	}
}

void
view_address(struct emit *e, const char *address)
{
	emit_string(e, "address", address);
	view_put_parts(e, address, -1);
}

void
view_member(struct emit *e, const char *key, const struct swim_report *member,
    int64_t wall_offset_ns)
{
	char address[ZONE_TEXT];

	emit_object(e, key);
	emit_bytes(e, "name", member->name, member->name_len);
	view_address(e, zone_put(member->address, member->zone, address));
	emit_string(e, "status", swim_status_name(member->status));
	emit_uint(e, "incarnation", member->incarnation);
	emit_bool(e, "local", member->local);
	view_time(e, "since", member->since, wall_offset_ns);
	if (member->rtt.ns < 0)
		emit_null(e, "rtt_ms");
	else
		emit_fixed(e, "rtt_ms", member->rtt.ns / 1000, 3);
	emit_string(e, "path", swim_path_name(member->path));
	emit_string(e, "kind", swim_kind_name(member->kind));
	view_time(e, "heard", member->heard, wall_offset_ns);
	view_tags(e, "tags", member->tags, member->tags_len);
	emit_object_end(e);
}

void
view_counts(struct emit *e, const char *key, const size_t counts[SWIM_STATUS_COUNT])
{
	emit_object(e, key);
	for (unsigned status = 0; status < SWIM_STATUS_COUNT; status++)
		emit_uint(e, swim_status_name((enum swim_status)status), counts[status]);
	emit_object_end(e);
}

void
view_joined(struct emit *e, const struct discovery_peer *peer)
{
	emit_object(e, NULL);
	emit_string(e, "address", peer->address);
	view_put_parts(e, peer->address, SWIM_DEFAULT_PORT);
	emit_bool(e, "joined", peer->state == DISCOVERY_JOINED);
	emit_string(e, "state", discovery_state_word(peer->state));
	view_put_text(e, "reason", peer->reason, strlen(peer->reason));
	view_put_text(e, "member", peer->member, peer->member_len);
	emit_object_end(e);
}

static void
view_put_peer(struct emit *e, const struct discovery_peer *peer, int64_t wall_offset_ns)
{
	char text[SWIM_ADDR_TEXT];

	emit_object(e, NULL);
	emit_string(e, "source", peer->source);
	view_put_text(e, "address", peer->address, strlen(peer->address));
	view_put_parts(e, peer->address, SWIM_DEFAULT_PORT);
	view_put_text(e, "interface", peer->interface, strlen(peer->interface));
	view_put_text(e, "service", peer->service, strlen(peer->service));
	if (peer->resolved.family == 0)
		emit_null(e, "resolved");
	else
		emit_string(e, "resolved", zone_format(&peer->resolved, text));
	emit_string(e, "state", discovery_state_word(peer->state));
	view_put_text(e, "reason", peer->reason, strlen(peer->reason));
	view_put_text(e, "member", peer->member, peer->member_len);
	emit_uint(e, "attempts", peer->attempts);
	view_time(e, "found", peer->found, wall_offset_ns);
	emit_fixed(e, "age_seconds", swim_time_since(loop_now(), peer->found).ns / 1000000, 3);
	view_time(e, "since", peer->since, wall_offset_ns);
	view_time(e, "next_try", peer->next_try, wall_offset_ns);
	emit_object_end(e);
}

static int
view_compare_peers(const void *a, const void *b)
{
	const struct discovery_peer *left = a, *right = b;
	int order = strcmp(left->source, right->source);

	if (order == 0)
		order = strcmp(left->address, right->address);
	return order != 0 ? order : strcmp(left->service, right->service);
}

static void
view_put_source(struct emit *e, const struct discovery_source_report *source,
    const struct discovery_peer *peers, size_t count)
{
	size_t found = 0, joined = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(peers[i].source, source->name) != 0)
			continue;
		found++;
		joined += peers[i].state == DISCOVERY_JOINED;
	}
	emit_object(e, NULL);
	emit_string(e, "name", source->name);
	emit_uint(e, "peers", found);
	emit_uint(e, "joined", joined);
	emit_uint(e, "dropped", source->dropped);
	view_put_text(e, "trouble", source->trouble,
	    source->trouble != NULL ? strlen(source->trouble) : 0);
	emit_object_end(e);
}

static int
view_compare_sources(const void *a, const void *b)
{
	const struct discovery_source_report *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* Write all sources, those without peers too, and `join` while peers of that source exist. */
static void
view_put_sources(struct emit *e, const struct discovery *discovery,
    const struct discovery_peer *peers, size_t count)
{
	struct discovery_source_report sources[SOURCES_MAX + 1];
	size_t source_count = 0, i = 0;

	while (source_count < SOURCES_MAX &&
	       discovery_source_at(discovery, source_count, &sources[source_count]))
		source_count++;
	while (i < count && strcmp(peers[i].source, "join") != 0)
		i++;
	if (i < count)
		sources[source_count++] = (struct discovery_source_report){.name = "join"};
	qsort(sources, source_count, sizeof(*sources), view_compare_sources);
	for (i = 0; i < source_count; i++)
		view_put_source(e, &sources[i], peers, count);
}

bool
view_discovery(struct emit *e, const struct discovery *discovery, int64_t wall_offset_ns)
{
	size_t count = discovery_count(discovery);
	struct discovery_peer *peers = calloc(count + 1, sizeof(*peers));

	if (peers == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		discovery_at(discovery, i, &peers[i]);
	qsort(peers, count, sizeof(*peers), view_compare_peers);
	emit_object(e, NULL);
	emit_array(e, "sources");
	view_put_sources(e, discovery, peers, count);
	emit_array_end(e);
	emit_array(e, "peers");
	for (size_t i = 0; i < count; i++)
		view_put_peer(e, &peers[i], wall_offset_ns);
	emit_array_end(e);
	emit_object_end(e);
	free(peers);
	return true;
}
