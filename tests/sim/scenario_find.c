/* SPDX-License-Identifier: MIT */
/* How members find each other: seeds by name, multicast, members of an earlier run, and joins that an operator asks for. */
#include <stdio.h>
#include <string.h>

#include "discovery/discovery.h"
#include "discovery/heard.h"
#include "sim/scenario.h"

#define NAME "cluster.test:7946"

/* The first peer in the list of node i's discovery, with its state. */
static struct discovery_peer
first_peer(const struct sim *s, unsigned i)
{
	struct discovery_peer peer;

	discovery_at(s->world.nodes[i].finder.hub, 0, &peer);
	return peer;
}

/* One name has the addresses of three members, and is the seed of all members, of these three too. */
static void
one_name_for_all(struct sim *s)
{
	for (unsigned i = 0; i < s->world.count; i++)
		sim_seed_name(s, i, NAME);
	for (unsigned i = 0; i < 3; i++)
		sim_name(s, NAME, i);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_converged(s, 10));
	for (unsigned i = 0; i < s->world.count; i++)
		EXPECT(s, first_peer(s, i).state == DISCOVERY_JOINED);
}

/* The name of a seed has no address at first, then that of the member itself, then that of another member too. */
static void
name_that_changes(struct sim *s)
{
	for (unsigned i = 0; i < 2; i++)
		sim_seed_name(s, i, NAME);
	sim_start_range(s, 0, 1);
	sim_run(s, 3);
	EXPECT(s, first_peer(s, 0).state == DISCOVERY_UNRESOLVED);
	sim_name(s, NAME, 0);
	EXPECT(s, sim_wait_converged(s, 40));
	EXPECT(s, first_peer(s, 1).state == DISCOVERY_JOINED);
	sim_run(s, 40);
	EXPECT(s, first_peer(s, 0).state == DISCOVERY_SELF);
	/* Node 2 is alone until the name has its address too; node 0 looks the name up again now and then. */
	sim_no_seeds(s, 2);
	sim_start(s, 2);
	sim_run(s, 20);
	EXPECT(s, !sim_complete(s));
	sim_name(s, NAME, 2);
	EXPECT(s, sim_wait_converged(s, 400));
	EXPECT(s, first_peer(s, 0).state == DISCOVERY_JOINED);
}

static void
multicast(struct sim *s)
{
	unsigned joins;

	s->world.multicast = true;
	for (unsigned i = 0; i < s->world.count; i++)
		sim_no_seeds(s, i);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_complete(s, 5));
	EXPECT(s, sim_wait_converged(s, 10));
	/* Nobody joins through a member that it already lists.  Otherwise 30 members would join some 400 times. */
	joins = sim_told(s, (swim_time){0}, SWIM_EVENT_SEED_ANSWERED, ANY, ANY);
	EXPECT(s, joins < 8 * s->world.count);
	sim_note(s, "%u joins", joins);
	sim_restart(s, 3, false);
	sim_crash(s, 4);
	EXPECT(s, sim_wait_all(s, 4, SWIM_DEAD, 30));
	sim_restart(s, 4, true);
	EXPECT(s, sim_wait_converged(s, 10));
}

/* All of 40 members crash, and two restart.  Each of the two knows 39 addresses. */
static void
known_of_old(struct sim *s)
{
	sim_save(s);
	EXPECT(s, sim_form(s));
	for (unsigned i = 0; i < s->world.count; i++)
		sim_no_seeds(s, i);
	sim_run(s, SNAPSHOT_INTERVAL_S + 1);
	for (unsigned i = 0; i < s->world.count; i++)
		sim_crash(s, i);
	sim_run(s, 60);
	sim_restart(s, 7, true);
	sim_restart(s, 31, true);
	EXPECT(s, sim_wait_converged(s, 60));
}

/* The partition lasts until the halves have forgotten each other: then only the half without the seed pings the other half. */
static void
forgotten_seed(struct sim *s)
{
	unsigned half = s->world.count / 2;

	sim_config(s)->timing.dead_retention = swim_seconds(60);
	EXPECT(s, sim_form(s));
	sim_partition(s, half, s->world.count - 1);
	sim_run(s, 300);
	for (unsigned i = 0; i < half; i++) {
		enum swim_status status;

		EXPECT(s, !sim_status(s, i, half, &status) && !sim_status(s, half, i, &status));
	}
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 45));
}

static void
operators_join(struct sim *s)
{
	for (unsigned i = 0; i < s->world.count; i++)
		sim_no_seeds(s, i);
	sim_start_range(s, 0, 2);
	EXPECT(s, sim_join(s, 0, 1));
	EXPECT(s, sim_join(s, 1, 1));
	EXPECT(s, sim_join(s, 2, 3));
	EXPECT(s, !s->world.nodes[0].finder.told);
	sim_run(s, 5);
	EXPECT(s, s->world.nodes[0].finder.outcome == DISCOVERY_JOINED);
	EXPECT(s, s->world.nodes[1].finder.outcome == DISCOVERY_SELF);
	EXPECT(s, s->world.nodes[2].finder.outcome == DISCOVERY_SILENT);
	EXPECT(s, sim_is(s, 0, 1, SWIM_ALIVE) && sim_is(s, 1, 0, SWIM_ALIVE));
	/* An operator's join is tried only once, and node 3 starts after the join of node 2 has failed. */
	sim_start(s, 3);
	sim_run(s, 60);
	EXPECT(s, sim_stats(s, 3).members[SWIM_ALIVE] == 1);
	EXPECT(s, sim_join(s, 3, 0));
	EXPECT(s, sim_join(s, 2, 0));
	EXPECT(s, sim_wait_converged(s, 10));
}

/* How many members of other clusters node 0 shows; and whether node `red` is among them, under the name of its cluster. */
static unsigned
foreigners(const struct sim *s, unsigned red, bool *shown)
{
	const struct discovery *hub = s->world.nodes[0].finder.hub;
	struct discovery_peer peer;
	unsigned count = 0;

	*shown = false;
	for (size_t i = 0; i < discovery_count(hub); i++) {
		discovery_at(hub, i, &peer);
		if (strcmp(peer.source, "heard") != 0)
			continue;
		count++;
		*shown |= swim_addr_equal(&peer.resolved, &s->world.nodes[red].addr) &&
			  peer.state == DISCOVERY_OTHER_CLUSTER &&
			  strstr(peer.reason, "'red'") != NULL;
	}
	return count;
}

/* The last node has the seed of another cluster. */
static bool
start_with_foreigner(struct sim *s, unsigned red)
{
	sim_config(s)->cluster = "blue";
	sim_start_range(s, 0, red - 1);
	if (!sim_wait_converged(s, 20))
		return false;
	sim_config(s)->cluster = "red";
	sim_start(s, red);
	sim_run(s, 60);
	return true;
}

/* An operator sees at the seed which machine is wrong, until it is wrong no longer. */
static void
foreigner(struct sim *s)
{
	unsigned red = s->world.count - 1;
	swim_time start = sim_now(s);
	bool shown;

	EXPECT(s, start_with_foreigner(s, red));
	EXPECT(s, foreigners(s, red, &shown) == 1 && shown);
	EXPECT(s, s->world.nodes[0].finder.heard_told == 1);
	/* The seed asks nothing in return. */
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SEED_FOREIGN, red, ANY) > 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SEED_FOREIGN, 0, ANY) == 0);
	sim_run(s, HEARD_KEEP_S);
	EXPECT(s, foreigners(s, red, &shown) == 1 && shown);
	sim_crash(s, red);
	sim_run(s, HEARD_KEEP_S + 10);
	EXPECT(s, foreigners(s, red, &shown) == 0);
}

/* A ping of the cluster "red" to node 0, from the n-th address of a stranger. */
static void
foreign_ping(struct sim *s, unsigned n)
{
	const struct swim_addr from = {.family = 4,
	    .port = 9,
	    .ip = {10, 98, (uint8_t)(n >> 8), (uint8_t)n}};
	const struct wire_trailer trailer = {
	    .has_cluster = true,
	    .cluster = wire_str_of("red"),
	};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping(&w, n);
	world_inject(&s->world, &from, 0, data, wire_finish(&w, &trailer, 0));
}

/* Pings from a thousand false addresses. */
static void
foreign_flood(struct sim *s)
{
	unsigned red = s->world.count - 1, shown_at_once;
	bool shown;

	EXPECT(s, start_with_foreigner(s, red));
	for (unsigned n = 0; n < 1000; n++) {
		foreign_ping(s, n);
		sim_run(s, 0.1);
	}
	shown_at_once = foreigners(s, red, &shown);
	EXPECT(s, shown && shown_at_once == HEARD_MAX);
	EXPECT(s, s->world.nodes[0].finder.heard_told == HEARD_MAX);
}

const struct scenario scenarios_find[] = {
    {"find-one-name", 10, one_name_for_all, LIGHT,
	"members whose seed is a name of some of these members form one cluster"},
    {"find-name-changes", 3, name_that_changes, LIGHT,
	"the name of a seed is looked up again if it has no address or that of the member itself"},
    {"find-multicast", 30, multicast, LIGHT,
	"members without seeds find each other by multicast, with few joins"},
    {"find-known", 40, known_of_old, LIGHT,
	"two of 40 members that restart without seeds find each other by the addresses that they knew"},
    {"find-forgotten", 6, forgotten_seed, LIGHT,
	"halves that have forgotten each other become one cluster through their seed"},
    {"find-foreigner", 4, foreigner, LIGHT,
	"a seed shows which member of another cluster asks it, and does not ask back"},
    {"find-foreign-flood", 4, foreign_flood, LIGHT,
	"a flood of false addresses does not hide which member of another cluster asks"},
    {"find-join", 4, operators_join, LIGHT, "an operator's join reports its result"},
    {0},
};
