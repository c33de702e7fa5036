/* SPDX-License-Identifier: MIT */
/* swimd and base peers, which know the base wire format alone, in one cluster. */
#include <string.h>

#include "sim/scenario.h"

/* The last `peers` nodes are base peers, with ids of their own. */
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
	/* Until the base peer answers it has its address for a name: no event may tell of a member of that name. */
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
	/* It comes back, its incarnation lost, is told, and refutes. */
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

	/* Two swimd that reach each other by way of base peers alone. */
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
	/* And two base peers by way of a swimd. */
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
	/* A swimd fails, one leaves, a base peer fails, one leaves: both kinds see all of it. */
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
	/* The failed swimd comes back, and both kinds see it. */
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

	/* A base peer that says its address is a host name. */
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

/* The last two nodes have one id: does each list have all nodes, and of these two one? */
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
	/* The second one starts while the first one still answers: the first one keeps the id. */
	sim_start(s, last);
	sim_run(s, 10);
	EXPECT(s, lives_at(s, last - 1));
	EXPECT(s, sim_wait_until(s, one_is_listed, 1));
	sim_crash(s, last);
	sim_run(s, 5);
	sim_crash(s, last - 1);
	/* The second one starts before or after the first one is declared dead. */
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
	/* An earlier one of them comes back. */
	sim_run(s, 5);
	sim_crash(s, s->world.count - 1);
	EXPECT(s, sim_wait_all(s, s->world.count - 1, SWIM_DEAD, 15));
	sim_restart(s, first + 1, false);
	EXPECT(s, sim_wait_all(s, first + 1, SWIM_ALIVE, 10));
}

const struct scenario scenarios_base[] = {
    {"base-joins", 5, joins, LIGHT,
	"a base peer joins a cluster of swimd, and its answers tell its id"},
    {"base-seed", 5, is_seed, LIGHT, "swimd join through a base peer"},
    {"base-fails", 5, fails, LIGHT, "a base peer fails, is detected, and comes back"},
    {"base-mute", 5, mute, LIGHT, "a base peer that stops answering is declared failed"},
    {"base-leaves", 5, leaves, LIGHT, "a base peer's dead update about itself is a leave"},
    {"base-refutes", 5, refutes, LIGHT, "a base peer that is suspected refutes"},
    {"base-relays", 6, relays, LIGHT,
	"swimd probe by way of base peers, and base peers by way of swimd"},
    {"base-mixed", 10, mixed, LIGHT, "both kinds see joins, failures and leaves of both kinds"},
    {"base-by-name", 4, by_name, LIGHT,
	"a base peer whose address is a host name is reached once it is resolved"},
    {"base-moves", 6, moves, LIGHT,
	"a base peer that crashed starts at a new address and keeps its id; while it answers nobody takes its id"},
    {"base-successors", 7, succeeds, LIGHT,
	"base peers with other ids start at the address of one that failed or left, and are listed"},
    {0},
};
