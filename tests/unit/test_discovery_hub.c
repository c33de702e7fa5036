/* SPDX-License-Identifier: MIT */
/* The hub by itself: time, lookups and answers are arguments, and there is no loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "discovery/discovery.h"
#include "discovery/heard.h"
#include "discovery/known.h"
#include "discovery/source.h"
#include "support/unit.h"

struct outside {
	struct discovery *hub;
	swim_time wake; /* the time that the hub asked for last */
	unsigned lookups, cancelled, joins, changes;
	uint64_t number; /* of the last lookup or cancellation */
	char hostport[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr joined;
	bool full; /* nothing more can be looked up */
};

static void
wake(void *ctx, swim_time at)
{
	((struct outside *)ctx)->wake = at;
}

static bool
lookup(void *ctx, uint64_t number, const char *hostport)
{
	struct outside *o = ctx;

	if (o->full)
		return false;
	o->lookups++;
	o->number = number;
	snprintf(o->hostport, sizeof(o->hostport), "%s", hostport);
	return true;
}

static void
cancel(void *ctx, uint64_t number)
{
	struct outside *o = ctx;

	o->cancelled++;
	o->number = number;
}

static bool
join(void *ctx, const struct swim_addr *address)
{
	struct outside *o = ctx;

	o->joins++;
	o->joined = *address;
	return true;
}

static void
changed(void *ctx)
{
	((struct outside *)ctx)->changes++;
}

static bool
has_peers(void *ctx)
{
	(void)ctx;
	return false;
}

static swim_time
at(int64_t ms)
{
	return swim_time_add((swim_time){0}, swim_ms(ms));
}

static void
begin(struct outside *o)
{
	const struct discovery_io io = {wake, lookup, cancel, o};
	const struct discovery_callbacks callbacks = {
	    .join = join,
	    .changed = changed,
	    .has_peers = has_peers,
	    .ctx = o,
	};
	struct discovery_config config;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	discovery_config_defaults(&config);
	config.seed = 1;
	*o = (struct outside){.wake = SWIM_TIME_NEVER};
	o->hub = discovery_new(&config, &io, &callbacks, at(1000));
	ck_assert_ptr_nonnull(o->hub);
	ck_assert(swim_time_is_never(discovery_deadline(o->hub)));
}

static void
seed(struct outside *o, const char *address, swim_time now)
{
	ck_assert_int_eq(discovery_set_seeds(o->hub, now, &address, 1), SWIM_OK);
}

static void
resolve(struct outside *o, const char *text, swim_time now)
{
	struct swim_addr address;
	const struct discovery_found found = {&address, 1, ""};

	ck_assert(swim_addr_parse(text, strlen(text), &address));
	discovery_resolved(o->hub, now, o->number, &found);
}

static enum discovery_state
state(const struct outside *o)
{
	struct discovery_peer peer;

	discovery_at(o->hub, 0, &peer);
	return peer.state;
}

START_TEST(a_seed_is_looked_up_and_joined_when_it_is_due_and_not_before)
{
	struct outside o;

	begin(&o);
	seed(&o, "db1", at(1000));
	ck_assert_int_eq(o.wake.ns, at(1000).ns);
	ck_assert_uint_eq(o.lookups, 0);
	discovery_tick(o.hub, at(1000));
	ck_assert_uint_eq(o.lookups, 1);
	ck_assert_uint_eq(o.changes, 1);
	ck_assert_str_eq(o.hostport, "db1:7946");
	ck_assert(swim_time_is_never(o.wake));
	ck_assert_uint_eq(o.joins, 0);
	resolve(&o, "10.0.0.1:7946", at(1005));
	ck_assert_uint_eq(o.joins, 1);
	ck_assert_uint_eq(o.changes, 2);
	discovery_silent(o.hub, at(1500), &o.joined);
	ck_assert_int_eq(state(&o), DISCOVERY_SILENT);
	/* The next try is a second later, plus or minus a quarter. */
	ck_assert_int_eq(o.wake.ns, discovery_deadline(o.hub).ns);
	ck_assert_int_ge(o.wake.ns, at(2250).ns);
	ck_assert_int_le(o.wake.ns, at(2750).ns);
	discovery_tick(o.hub, at(2249));
	ck_assert_uint_eq(o.lookups, 1);
	discovery_tick(o.hub, o.wake);
	ck_assert_uint_eq(o.lookups, 2);
	resolve(&o, "10.0.0.2:7946", at(2800));
	discovery_answered(o.hub, at(2801),
	    &(struct discovery_answer){&o.joined, "db1", 3, DISCOVERY_WHO_OTHER});
	ck_assert_int_eq(state(&o), DISCOVERY_JOINED);
	discovery_free(o.hub);
	ck_assert_uint_eq(o.cancelled, 0);
}
END_TEST

START_TEST(the_lookup_of_a_withdrawn_seed_is_cancelled)
{
	struct outside o;
	uint64_t number;

	begin(&o);
	seed(&o, "db1", at(1000));
	discovery_tick(o.hub, at(1000));
	number = o.number;
	ck_assert_int_eq(discovery_set_seeds(o.hub, at(1001), NULL, 0), SWIM_OK);
	ck_assert_uint_eq(o.cancelled, 1);
	ck_assert_uint_eq(o.number, number);
	/* An answer that comes nevertheless does not go to a later peer. */
	seed(&o, "db2", at(1002));
	discovery_tick(o.hub, at(1002));
	o.number = number;
	resolve(&o, "10.0.0.1:7946", at(1003));
	o.number = 0;
	resolve(&o, "10.0.0.1:7946", at(1003));
	ck_assert_uint_eq(o.joins, 0);
	ck_assert_int_eq(state(&o), DISCOVERY_RESOLVING);
	discovery_free(o.hub);
	ck_assert_uint_eq(o.cancelled, 2);
}
END_TEST

START_TEST(a_seed_is_tried_again_when_the_resolver_was_full)
{
	struct outside o;

	begin(&o);
	o.full = true;
	seed(&o, "db1", at(1000));
	discovery_tick(o.hub, at(1000));
	ck_assert_int_eq(state(&o), DISCOVERY_UNRESOLVED);
	ck_assert_int_ge(o.wake.ns, at(1750).ns);
	o.full = false;
	discovery_tick(o.hub, o.wake);
	ck_assert_uint_eq(o.lookups, 1);
	discovery_free(o.hub);
	ck_assert_uint_eq(o.cancelled, 1);
}
END_TEST

START_TEST(sources_run_at_their_deadlines)
{
	static const char *const known_list[] = {"10.0.0.1:1"};
	const struct swim_addr stranger = {.family = 4, .port = 1, .ip = {10, 0, 0, 9}};
	struct discovery_source *known = known_new(), *heard = heard_new();
	struct outside o;

	begin(&o);
	discovery_add_source(o.hub, known);
	discovery_add_source(o.hub, heard);
	ck_assert(heard_note(heard, at(1000), &stranger, "red", 3));
	ck_assert_uint_eq(discovery_count(o.hub), 1);
	/* Hints are compared with the members every 5 s. */
	ck_assert_int_eq(o.wake.ns, at(6000).ns);
	known_add(known, at(2000), known_list, 1);
	ck_assert_int_eq(o.wake.ns, at(2000).ns);
	discovery_tick(o.hub, at(2000));
	ck_assert_uint_eq(discovery_count(o.hub), 2);
	ck_assert_int_eq(o.wake.ns, at(2000).ns);
	discovery_tick(o.hub, at(2000));
	ck_assert_uint_eq(o.lookups, 1);
	discovery_tick(o.hub, at(1000 + HEARD_KEEP_S * 1000));
	ck_assert_uint_eq(discovery_count(o.hub), 1);
	discovery_free(o.hub);
}
END_TEST

/* A hub with a source of members of other clusters. */
static struct discovery_source *
begin_hearing(struct outside *o)
{
	struct discovery_source *heard = heard_new();

	ck_assert_ptr_nonnull(heard);
	begin(o);
	discovery_add_source(o->hub, heard);
	return heard;
}

/* A ping of this cluster comes from 10.0.0.N.  Returns what heard_input says. */
static bool
hear(struct discovery_source *heard, swim_time now, uint8_t n, const char *cluster)
{
	const struct swim_addr from = {.family = 4, .port = 1, .ip = {10, 0, 0, n}};
	const struct wire_trailer trailer = {
	    .has_cluster = cluster[0] != '\0',
	    .cluster = wire_str_of(cluster),
	};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct heard_datagram datagram = {.from = &from, .data = data};
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping(&w, 7);
	datagram.len = wire_finish(&w, &trailer, 0);
	return heard_input(heard, now, &datagram);
}

START_TEST(a_member_of_another_cluster_is_shown_and_not_asked)
{
	struct discovery_peer peer;
	struct outside o;
	struct discovery_source *heard = begin_hearing(&o);

	ck_assert(hear(heard, at(1000), 9, "red"));
	ck_assert(!hear(heard, at(1000 + HEARD_EVERY_MS), 9, "red"));
	discovery_at(o.hub, 0, &peer);
	ck_assert_str_eq(peer.source, "heard");
	ck_assert_int_eq(peer.state, DISCOVERY_OTHER_CLUSTER);
	ck_assert_ptr_nonnull(strstr(peer.reason, "'red'"));
	/* The machine is configured anew. */
	ck_assert(hear(heard, at(2000), 9, ""));
	ck_assert_uint_eq(discovery_count(o.hub), 1);
	discovery_at(o.hub, 0, &peer);
	ck_assert_ptr_nonnull(strstr(peer.reason, "without a name"));
	for (int64_t s = 2; s < HEARD_KEEP_S; s++)
		discovery_tick(o.hub, at(1000 * s));
	ck_assert_uint_eq(o.joins + o.lookups, 0);
	discovery_free(o.hub);
}
END_TEST

START_TEST(a_member_of_another_cluster_is_kept_until_ten_minutes_after_its_last_datagram)
{
	struct outside o;
	struct discovery_source *heard = begin_hearing(&o);

	hear(heard, at(0), 9, "red");
	hear(heard, at(1000), 9, "red");
	discovery_tick(o.hub, at(1000 * HEARD_KEEP_S));
	ck_assert_uint_eq(discovery_count(o.hub), 1);
	discovery_tick(o.hub, at(1000 + 1000 * HEARD_KEEP_S));
	ck_assert_uint_eq(discovery_count(o.hub), 0);
	/* And is new when it comes again. */
	ck_assert(hear(heard, at(2000 + 1000 * HEARD_KEEP_S), 9, "red"));
	discovery_free(o.hub);
}
END_TEST

START_TEST(a_flood_of_other_clusters_is_noted_at_a_limited_rate_and_number)
{
	struct outside o;
	struct discovery_source *heard = begin_hearing(&o);
	unsigned noted = 0;

	ck_assert(hear(heard, at(1000), 0, "red"));
	ck_assert(!hear(heard, at(999 + HEARD_EVERY_MS), 1, "red"));
	for (uint8_t n = 1; n < 100; n++)
		noted += hear(heard, at(1000 + HEARD_EVERY_MS * n), n, "red");
	ck_assert_uint_eq(noted, HEARD_MAX - 1);
	ck_assert_uint_eq(discovery_count(o.hub), HEARD_MAX);
	ck_assert(!hear(heard, at(20000), 0, "red"));
	discovery_free(o.hub);
}
END_TEST

/* Swimds put their datagrams into an envelope, and the cluster is in the trailer of the datagram inside. */
START_TEST(the_cluster_inside_an_envelope_is_noted)
{
	const struct swim_addr from = {.family = 4, .port = 1, .ip = {10, 0, 0, 1}};
	const struct wire_trailer trailer = {.has_cluster = true, .cluster = wire_str_of("red")};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct heard_datagram datagram = {.from = &from, .data = data};
	struct outside o;
	struct discovery_source *heard = begin_hearing(&o);
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_envelope(&w, 7);
	wire_begin_ping(&w, 7);
	datagram.len = wire_finish(&w, &trailer, 0);
	ck_assert(heard_input(heard, at(1000), &datagram));
	ck_assert_uint_eq(datagram.cluster.len, 3);
	ck_assert_int_eq(memcmp(datagram.cluster.bytes, "red", 3), 0);
	discovery_free(o.hub);
}
END_TEST

START_TEST(bytes_that_are_no_datagram_are_not_noted)
{
	const struct swim_addr from = {.family = 4, .port = 1, .ip = {10, 0, 0, 1}};
	struct heard_datagram datagram = {.from = &from, .data = "?", .len = 1};
	struct outside o;
	struct discovery_source *heard = begin_hearing(&o);

	ck_assert(!heard_input(heard, at(1000), &datagram));
	ck_assert(hear(heard, at(1000), 1, "red"));
	discovery_free(o.hub);
}
END_TEST

UNIT_MAIN("discovery_hub", a_seed_is_looked_up_and_joined_when_it_is_due_and_not_before,
    the_lookup_of_a_withdrawn_seed_is_cancelled, a_seed_is_tried_again_when_the_resolver_was_full,
    sources_run_at_their_deadlines, a_member_of_another_cluster_is_shown_and_not_asked,
    a_member_of_another_cluster_is_kept_until_ten_minutes_after_its_last_datagram,
    a_flood_of_other_clusters_is_noted_at_a_limited_rate_and_number,
    the_cluster_inside_an_envelope_is_noted, bytes_that_are_no_datagram_are_not_noted)
