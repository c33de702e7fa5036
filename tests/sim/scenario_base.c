/* SPDX-License-Identifier: MIT */
/* swimd peers and base peers in one cluster; the ids of most base peers are not their addresses. */
#include <string.h>

#include "sim/scenario.h"

/* Start all nodes; the last `peers` nodes are base peers whose ids are not their addresses. */
static void
begin(struct sim *s, unsigned peers)
{
	for (unsigned i = s->world.count - peers; i < s->world.count; i++)
		sim_base_named(s, i);
	sim_start_range(s, 0, s->world.count - 1);
}

static bool
base_holds_all(struct sim *s, double seconds)
{
	for (unsigned i = 0; i < s->world.count; i++)
		if (world_running(&s->world, i) && s->world.nodes[i].kind == NODE_BASE)
			for (unsigned j = 0; j < s->world.count; j++)
				if (j != i && world_running(&s->world, j) &&
				    !sim_wait_status(s, i, j, SWIM_ALIVE, seconds))
					return false;
	return true;
}

static bool
base_understood_all(struct sim *s)
{
	for (unsigned i = 0; i < s->world.count; i++)
		if (s->world.nodes[i].peer != NULL &&
		    base_peer_invalid(s->world.nodes[i].peer) != 0)
			return false;
	return true;
}

static void
joins(struct sim *s)
{
	unsigned peer = s->world.count - 1;

	begin(s, 1);
	EXPECT(s, sim_wait_complete(s, 10));
	EXPECT(s, base_holds_all(s, 30));
	sim_run(s, 60);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_JOINED, ANY, ANY) ==
		      s->world.count * s->world.count - 2 * s->world.count + 1);
	EXPECT(s, base_understood_all(s));
	/* No event tells of the base peer while it is unnamed.  Later each swimd peer tells that its id joined. */
	EXPECT(s, sim_tellers(s, (swim_time){0}, SWIM_EVENT_JOINED, peer) == peer);
	for (unsigned i = 0; i < peer; i++)
		EXPECT(s, swim_member_count(s->world.nodes[i].core) == s->world.count);
	EXPECT(s, sim_wait_converged(s, 5));
}

static void
is_seed(struct sim *s)
{
	sim_base_named(s, 0);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_complete(s, 20));
	EXPECT(s, base_holds_all(s, 30));
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, base_understood_all(s));
	EXPECT(s, sim_wait_converged(s, 10));
}

static void
fails(struct sim *s)
{
	unsigned peer = s->world.count - 1;
	swim_time start;

	begin(s, 1);
	EXPECT(s, sim_wait_complete(s, 10));
	sim_run(s, 5);
	start = sim_now(s);
	sim_crash(s, peer);
	EXPECT(s, sim_wait_all(s, peer, SWIM_DEAD, 10));
	sim_run(s, 10);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == peer);
	/* The base peer restarts without its incarnation, hears of its death, and refutes it. */
	start = sim_now(s);
	sim_restart(s, peer, false);
	EXPECT(s, sim_wait_all(s, peer, SWIM_ALIVE, 20));
	EXPECT(s, base_peer_incarnation(s->world.nodes[peer].peer) > 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_RECOVERED, ANY, peer) == peer);
	EXPECT(s, sim_wait_converged(s, 20));
}

static void
mute(struct sim *s)
{
	unsigned peer = s->world.count - 1;
	swim_time start;

	begin(s, 1);
	EXPECT(s, sim_wait_complete(s, 10));
	start = sim_now(s);
	base_peer_set_mute(s->world.nodes[peer].peer, true);
	EXPECT(s, sim_wait_all(s, peer, SWIM_DEAD, 12));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == peer);
}

static void
leaves(struct sim *s)
{
	unsigned peer = s->world.count - 1;
	swim_time start;

	begin(s, 1);
	EXPECT(s, sim_wait_complete(s, 10));
	EXPECT(s, base_holds_all(s, 30));
	start = sim_now(s);
	sim_leave(s, peer);
	EXPECT(s, sim_wait_all(s, peer, SWIM_LEFT, 5));
	sim_run(s, 20);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LEFT, ANY, ANY) == peer);
}

static void
refutes(struct sim *s)
{
	unsigned peer = s->world.count - 1;

	begin(s, 1);
	EXPECT(s, sim_wait_complete(s, 10));
	sim_run(s, 5);
	sim_forge(s, 1, 0, peer, SWIM_SUSPECT, 0);
	sim_run(s, 1);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_SUSPECTED, 0, peer) == 1);
	EXPECT(s, sim_wait_all(s, peer, SWIM_ALIVE, 5));
	EXPECT(s, base_peer_incarnation(s->world.nodes[peer].peer) == 1);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

static void
relays(struct sim *s)
{
	uint64_t relayed = 0;

	/* Two swimd peers reach each other only through base peers. */
	begin(s, s->world.count - 2);
	EXPECT(s, sim_wait_complete(s, 20));
	EXPECT(s, base_holds_all(s, 30));
	sim_cut(s, 0, 1);
	sim_cut(s, 1, 0);
	sim_run(s, 60);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	for (unsigned i = 2; i < s->world.count; i++)
		relayed += base_peer_relayed(s->world.nodes[i].peer);
	EXPECT(s, relayed > 10);
	EXPECT(s, sim_stats(s, 0).probes_acked_indirectly > 5);
	/* Two base peers reach each other only through other members. */
	sim_heal(s);
	sim_cut(s, 2, 3);
	sim_cut(s, 3, 2);
	sim_run(s, 60);
	EXPECT(s, sim_stats(s, 0).relays_acked + sim_stats(s, 1).relays_acked > 10);
	EXPECT(s, base_understood_all(s));
}

static void
mixed(struct sim *s)
{
	unsigned peers = 4, first = s->world.count - peers;

	begin(s, peers);
	EXPECT(s, sim_wait_complete(s, 20));
	EXPECT(s, base_holds_all(s, 60));
	/* One member of each kind fails and another leaves: both kinds see the failures and the leaves. */
	sim_crash(s, 1);
	EXPECT(s, sim_wait_all(s, 1, SWIM_DEAD, 10));
	sim_leave(s, 2);
	EXPECT(s, sim_wait_all(s, 2, SWIM_LEFT, 3));
	sim_crash(s, first);
	EXPECT(s, sim_wait_all(s, first, SWIM_DEAD, 12));
	sim_leave(s, first + 1);
	EXPECT(s, sim_wait_all(s, first + 1, SWIM_LEFT, 6));
	for (unsigned i = first + 2; i < s->world.count; i++) {
		EXPECT(s, sim_wait_status(s, i, 1, SWIM_DEAD, 20));
		EXPECT(s, sim_wait_status(s, i, 2, SWIM_DEAD, 20));
		EXPECT(s, sim_wait_status(s, i, first, SWIM_DEAD, 20));
		EXPECT(s, sim_wait_status(s, i, first + 1, SWIM_DEAD, 20));
	}
	/* The failed swimd peer restarts, and both kinds see that. */
	sim_restart(s, 1, false);
	EXPECT(s, sim_wait_all(s, 1, SWIM_ALIVE, 10));
	for (unsigned i = first + 2; i < s->world.count; i++)
		EXPECT(s, sim_wait_status(s, i, 1, SWIM_ALIVE, 20));
	EXPECT(s, sim_false_failures(s, (swim_time){0}) == 0);
	EXPECT(s, base_understood_all(s));
	EXPECT(s, sim_wait_converged(s, 20));
}

static void
by_name(struct sim *s)
{
	unsigned peer = s->world.count - 1;

	/* The base peer advertises a host name. */
	memcpy(s->world.nodes[peer].hostport, "peer.example:7946", sizeof("peer.example:7946"));
	begin(s, 1);
	EXPECT(s, sim_wait_complete(s, 10));
	sim_run(s, 60);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	for (unsigned i = 0; i < peer; i++)
		EXPECT(s, swim_member_count(s->world.nodes[i].core) == s->world.count);
	sim_crash(s, peer);
	EXPECT(s, sim_wait_all(s, peer, SWIM_DEAD, 12));
}

/* Does each running swimd peer hold node i alive at the address of node i? */
static bool
lives_at(struct sim *s, unsigned i)
{
	for (unsigned j = 0; j < s->world.count; j++) {
		struct swim_report r;

		if (s->world.nodes[j].kind != NODE_SWIMD || !world_running(&s->world, j))
			continue;
		if (!swim_member_find(s->world.nodes[j].core, s->world.nodes[i].name,
			strlen(s->world.nodes[i].name), &r) ||
		    r.status != SWIM_ALIVE || strcmp(r.address, s->world.nodes[i].hostport) != 0)
			return false;
	}
	return true;
}

static bool
last_lives_there(struct sim *s)
{
	return lives_at(s, s->world.count - 1);
}

/* The last two nodes have one id: does each list have one member for both, and one for each other node? */
static bool
one_is_listed(struct sim *s)
{
	for (unsigned i = 0; i < s->world.count - 2; i++) {
		if (swim_member_count(s->world.nodes[i].core) != s->world.count - 1)
			return false;
	}
	return true;
}

/* The last two nodes are base peers with one id and two addresses. */
static void
moves(struct sim *s)
{
	unsigned last = s->world.count - 1;

	sim_base_named(s, last - 1);
	sim_base_named(s, last);
	sim_rename(s, last, last - 1);
	sim_start_range(s, 0, last - 1);
	EXPECT(s, sim_wait_complete(s, 20));
	sim_run(s, 5);
	/* The second starts while the first still answers: the first keeps the id. */
	sim_start(s, last);
	sim_run(s, 10);
	EXPECT(s, lives_at(s, last - 1));
	EXPECT(s, sim_wait_until(s, one_is_listed, 1));
	sim_crash(s, last);
	sim_run(s, 5);
	sim_crash(s, last - 1);
	/* The second starts before or after the first is declared failed. */
	sim_run(s, 10 * rng_unit(&s->world.rng));
	sim_start(s, last);
	EXPECT(s, sim_wait_until(s, last_lives_there, 15));
	sim_run(s, 5);
	EXPECT(s, lives_at(s, last));
	EXPECT(s, one_is_listed(s));
	sim_crash(s, last);
	EXPECT(s, sim_wait_all(s, last, SWIM_DEAD, 15));
}

/* Several base peers live at one address, one after the other. */
static void
succeeds(struct sim *s)
{
	unsigned first = s->world.count - 4;

	for (unsigned i = first; i < s->world.count; i++) {
		sim_base_named(s, i);
		if (i > first)
			world_inherit(&s->world, i, i - 1);
	}
	sim_start_range(s, 0, first);
	EXPECT(s, sim_wait_complete(s, 20));
	for (unsigned i = first + 1; i < s->world.count; i++) {
		sim_run(s, 5);
		if (rng_below(&s->world.rng, 2) == 0) {
			sim_crash(s, i - 1);
			EXPECT(s, sim_wait_all(s, i - 1, SWIM_DEAD, 15));
		} else {
			sim_leave(s, i - 1);
			EXPECT(s, sim_wait_all(s, i - 1, SWIM_LEFT, 15));
		}
		sim_start(s, i);
		EXPECT(s, sim_wait_all(s, i, SWIM_ALIVE, 5));
	}
	for (unsigned i = 0; i < first; i++)
		EXPECT(s, swim_member_count(s->world.nodes[i].core) == s->world.count);
	/* An earlier base peer of this address starts again. */
	sim_run(s, 5);
	sim_crash(s, s->world.count - 1);
	EXPECT(s, sim_wait_all(s, s->world.count - 1, SWIM_DEAD, 15));
	sim_restart(s, first + 1, false);
	EXPECT(s, sim_wait_all(s, first + 1, SWIM_ALIVE, 10));
}

const struct scenario scenarios_base[] = {
    {"base-joins", 5, joins, LIGHT,
	"swimd peers list a base peer that joins, under the id in its answers"},
    {"base-seed", 5, is_seed, LIGHT, "swimd peers join through a base peer"},
    {"base-fails", 5, fails, LIGHT,
	"swimd peers declare a crashed base peer failed, and see it restart"},
    {"base-mute", 5, mute, LIGHT, "a base peer that stops answering is declared failed"},
    {"base-leaves", 5, leaves, LIGHT, "a base peer that tells its own death has left"},
    {"base-refutes", 5, refutes, LIGHT, "a suspected base peer refutes the suspicion"},
    {"base-relays", 6, relays, LIGHT,
	"swimd peers probe through base peers, and base peers through swimd peers"},
    {"base-mixed", 10, mixed, LIGHT, "both kinds see joins, failures and leaves of both kinds"},
    {"base-by-name", 4, by_name, LIGHT,
	"a base peer that advertises a host name is reached once the name is resolved"},
    {"base-moves", 6, moves, LIGHT,
	"a crashed base peer keeps its id at a new address; while it answers, nobody else gets its id"},
    {"base-successors", 7, succeeds, LIGHT,
	"base peers with new ids are listed at the address of a base peer that failed or left"},
    {0},
};
