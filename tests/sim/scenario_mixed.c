/* SPDX-License-Identifier: MIT */
/*
 * Clusters of swimd peers and of base peers whose ids are their addresses: each kind sees the other join, fail, leave and
 * return.
 */
#include <stdio.h>
#include <string.h>

#include "sim/scenario.h"

#define START ((swim_time){0})
#define SEEN 2       /* seconds within which base peers list a restarted swimd peer as alive */
#define INTRODUCED 5 /* seconds within which a base peer that starts lists all members */

/* The last `bases` nodes are base peers, whose seed is node 0. */
static void
begin(struct sim *s, unsigned bases)
{
	for (unsigned i = s->world.count - bases; i < s->world.count; i++)
		sim_base(s, i);
}

static bool
form(struct sim *s, unsigned bases)
{
	begin(s, bases);
	sim_start_range(s, 0, s->world.count - 1);
	return sim_wait_complete(s, INTRODUCED) && sim_wait_bases_complete(s, INTRODUCED);
}

/* Has no base peer refused an update, or suspected or failed a running node, and no swimd peer failed a running node? */
static bool
is_quiet(struct sim *s, swim_time since)
{
	unsigned refused = sim_bases_told(s, since, BASE_REFUSED, ANY),
		 wrong = sim_bases_wrong(s, since), false_failures = sim_false_failures(s, since);

	if (refused + wrong + false_failures == 0)
		return true;
	printf(
	    "# %s: base peers refused %u updates and suspected or failed running nodes %u times; swimd peers failed %u\n",
	    s->world.label, refused, wrong, false_failures);
	return false;
}

/* Does the list of each base peer have each other node once, and no dead entry? */
static bool
lists_are_exact(struct sim *s)
{
	for (unsigned i = 0; i < s->world.count; i++)
		if (s->world.nodes[i].peer != NULL &&
		    base_peer_count(s->world.nodes[i].peer) != s->world.count - 1)
			return false;
	return sim_bases_complete(s);
}

static void
at_peace(struct sim *s, double seconds)
{
	unsigned swimds = s->world.count / 2;
	uint64_t bytes = 0;

	EXPECT(s, form(s, swimds));
	for (unsigned i = 0; i < swimds; i++)
		bytes -= s->world.nodes[i].sent_bytes;
	sim_run(s, seconds);
	for (unsigned i = 0; i < swimds; i++)
		bytes += s->world.nodes[i].sent_bytes;
	EXPECT(s, is_quiet(s, START));
	EXPECT(s, sim_told(s, START, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, lists_are_exact(s));
	sim_note(s, "a swimd peer sends %.0f bytes/s", (double)bytes / seconds / swimds);
}

static void
one_minute(struct sim *s)
{
	at_peace(s, 60);
}

static void
ten_minutes(struct sim *s)
{
	at_peace(s, 600);
}

/*
 * A base peer is the only seed.  The base peer gossips each swimd peer that joins in a few datagrams only, and these datagrams
 * are all by which the swimd peers find each other.
 */
static void
lone_seed(struct sim *s)
{
	double apart = 5 * rng_unit(&s->world.rng);

	sim_base(s, 0);
	for (unsigned i = 0; i < s->world.count; i++) {
		sim_start(s, i);
		if (i > 0)
			sim_run(s, apart * rng_unit(&s->world.rng) *
				       (rng_below(&s->world.rng, 2) == 0 ? 0.01 : 1));
	}
	EXPECT(s, sim_wait_complete(s, 10));
	EXPECT(s, sim_wait_bases_complete(s, 10));
	sim_run(s, 30);
	EXPECT(s, is_quiet(s, START));
	EXPECT(s, lists_are_exact(s));
}

/* Start the last node, a base peer.  Does it list all nodes within INTRODUCED? */
static bool
late_one_knows_all(struct sim *s)
{
	unsigned late = s->world.count - 1;

	sim_base(s, late);
	sim_start(s, late);
	return sim_wait_all(s, late, SWIM_ALIVE, INTRODUCED) &&
	       sim_wait_bases_complete(s, INTRODUCED);
}

/* Node 1 stops and restarts 20 times, in turn at once and after all hold it dead or left, in a cluster with three base peers. */
static void
restarts(struct sim *s, bool clean)
{
	unsigned last = s->world.count - 2;
	double slowest = 0;

	begin(s, 1); /* starts late */
	for (unsigned i = last; i > last - 3; i--)
		sim_base(s, i);
	sim_start_range(s, 0, last);
	EXPECT(s, sim_wait_complete(s, INTRODUCED));
	EXPECT(s, sim_wait_bases_complete(s, INTRODUCED));
	for (unsigned k = 0; k < 20; k++) {
		swim_time since;

		if (clean) {
			sim_leave(s, 1);
			EXPECT(s, sim_wait_all(s, 1, SWIM_LEFT, 10));
		} else {
			sim_crash(s, 1);
		}
		if (k % 2 == 1) {
			EXPECT(s, sim_wait_all(s, 1, clean ? SWIM_LEFT : SWIM_DEAD, 10));
			EXPECT(s, sim_wait_bases(s, 1, SWIM_DEAD, 10));
		}
		if (s->world.nodes[1].state == NODE_LEAVING)
			sim_crash(s, 1);
		since = sim_now(s);
		sim_restart(s, 1, true);
		EXPECT(s, sim_wait_bases(s, 1, SWIM_ALIVE, SEEN));
		slowest = sim_since(s, since) > slowest ? sim_since(s, since) : slowest;
		/* Node 1 stays alive. */
		sim_run(s, 1);
		EXPECT(s, sim_wait_bases(s, 1, SWIM_ALIVE, 0));
		EXPECT(s, sim_wait_complete(s, 10));
	}
	EXPECT(s, sim_bases_told(s, START, BASE_REFUSED, ANY) == 0);
	EXPECT(s, late_one_knows_all(s));
	EXPECT(s, is_quiet(s, START));
	sim_note(s, "at incarnation %llu after 20 restarts, seen after %.2f s at most",
	    (unsigned long long)swim_incarnation(s->world.nodes[1].core), slowest);
}

static void
crashes(struct sim *s)
{
	restarts(s, false);
}

static void
clean_restarts(struct sim *s)
{
	restarts(s, true);
}

/* swimd peers start with state directories of an older version, with incarnations as after ten restarts of that version. */
static void
old_incarnation(struct sim *s)
{
	unsigned last = s->world.count - 2;

	begin(s, 1); /* starts late */
	for (unsigned i = last; i > last - 3; i--)
		sim_base(s, i);
	for (unsigned i = 0; i <= last; i++)
		sim_start_at(s, i, i <= last - 3 ? 640 + i : 0);
	EXPECT(s, sim_wait_complete(s, INTRODUCED));
	EXPECT(s, sim_wait_bases_complete(s, INTRODUCED));
	/* A swimd peer restarts one block of incarnations higher, as the older version did. */
	sim_crash(s, 1);
	EXPECT(s, sim_wait_all(s, 1, SWIM_DEAD, 10));
	EXPECT(s, sim_wait_bases(s, 1, SWIM_DEAD, 10));
	sim_start_at(s, 1, 704);
	EXPECT(s, sim_wait_bases(s, 1, SWIM_ALIVE, SEEN));
	/* A swimd peer that is suspected by mistake refutes the suspicion, and all hear of that. */
	sim_forge_update(s, last, 0, s->world.nodes[2].hostport, s->world.nodes[2].hostport,
	    SWIM_SUSPECT, 642);
	sim_run(s, 2);
	EXPECT(s, sim_wait_bases_complete(s, SEEN));
	EXPECT(s, sim_bases_told(s, START, BASE_REFUSED, ANY) == 0);
	EXPECT(s, late_one_knows_all(s));
	EXPECT(s, sim_bases_told(s, START, BASE_REFUSED, ANY) == 0);
	EXPECT(s, sim_false_failures(s, START) == 0);
}

/* Wait until all running nodes list node i with this status. */
static bool
all_hold(struct sim *s, unsigned i, enum swim_status status, double seconds)
{
	return sim_wait_all(s, i, status, seconds) &&
	       sim_wait_bases(s, i, status == SWIM_LEFT ? SWIM_DEAD : status, seconds);
}

/* A swimd peer crashes, restarts and leaves; then a base peer does the same. */
static void
kills_and_leaves(struct sim *s)
{
	const unsigned swimd = 1, base = s->world.count - 1;

	EXPECT(s, form(s, s->world.count / 2));
	for (unsigned k = 0; k < 2; k++) {
		unsigned i = k == 0 ? swimd : base;
		swim_time since = sim_now(s);

		sim_crash(s, i);
		EXPECT(s, all_hold(s, i, SWIM_DEAD, 8));
		sim_note(s, "%s%s dead after %.1f s", k ? "; " : "", k ? "base peer" : "swimd peer",
		    sim_since(s, since));
		since = sim_now(s);
		sim_restart(s, i, k == 0);
		EXPECT(s, all_hold(s, i, SWIM_ALIVE, INTRODUCED));
		EXPECT(s, sim_wait_bases_complete(s, INTRODUCED));
		sim_note(s, ", back after %.1f s", sim_since(s, since));
		sim_run(s, 5);
		since = sim_now(s);
		sim_leave(s, i);
		EXPECT(s, all_hold(s, i, SWIM_LEFT, 3));
		sim_note(s, ", left after %.1f s", sim_since(s, since));
		sim_run(s, 5);
	}
	EXPECT(s, is_quiet(s, START));
	EXPECT(s, sim_bases_complete(s));
}

/* A node of each kind is stopped: for a short time, after which it was suspected at most, and until all hold it dead. */
static void
pauses(struct sim *s)
{
	EXPECT(s, form(s, s->world.count / 2));
	for (unsigned k = 0; k < 2; k++) {
		unsigned i = k == 0 ? 1 : s->world.count - 1;
		swim_time since;

		sim_pause(s, i);
		sim_run(s, 0.7);
		sim_resume(s, i);
		EXPECT(s, all_hold(s, i, SWIM_ALIVE, 5));
		EXPECT(s, sim_wait_bases_complete(s, 5));
		sim_run(s, 10);
		EXPECT(s, sim_bases_told(s, START, BASE_FAILED, ANY) == 0);
		EXPECT(s, sim_told(s, START, SWIM_EVENT_FAILED, ANY, ANY) == 0);
		/* The second pause lasts until the others have declared the node failed. */
		sim_pause(s, i);
		EXPECT(s, all_hold(s, i, SWIM_DEAD, 8));
		sim_resume(s, i);
		since = sim_now(s);
		EXPECT(s, all_hold(s, i, SWIM_ALIVE, 5));
		EXPECT(s, sim_wait_bases_complete(s, 5));
		sim_note(s, "%s%s back after %.1f s", k ? "; " : "", k ? "base peer" : "swimd peer",
		    sim_since(s, since));
		sim_run(s, 5);
		EXPECT(s, sim_bases_complete(s));
		/* Drop the events of this node: the checks of the next node count all events. */
		if (k == 0) {
			s->world.base_event_count = 0;
			s->world.event_count = 0;
		}
	}
	EXPECT(s, sim_bases_told(s, START, BASE_REFUSED, ANY) == 0);
}

static void
partition(struct sim *s, double seconds, double heals)
{
	unsigned half = s->world.count / 2;
	swim_time since;

	/* Each side of the partition has half of the swimd peers and half of the base peers. */
	begin(s, half);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_complete(s, INTRODUCED));
	EXPECT(s, sim_wait_bases_complete(s, INTRODUCED));
	sim_partition(s, half / 2, half / 2 + half - 1);
	sim_run(s, seconds);
	sim_heal(s);
	since = sim_now(s);
	EXPECT(s, sim_wait_complete(s, heals));
	EXPECT(s, sim_wait_bases_complete(s, heals - sim_since(s, since)));
	sim_note(s, "healed after %.1f s", sim_since(s, since));
	since = sim_now(s);
	sim_run(s, 40);
	EXPECT(s, is_quiet(s, since));
	EXPECT(s, sim_bases_complete(s));
	EXPECT(s, sim_bases_told(s, START, BASE_REFUSED, ANY) == 0);
}

static void
parted_5(struct sim *s)
{
	partition(s, 5, 5);
}

static void
parted_45(struct sim *s)
{
	partition(s, 45, 10);
}

/* Three links are cut: between two swimd peers, between two base peers, and between a swimd peer and a base peer. */
static void
pairs_cut(struct sim *s)
{
	unsigned first = s->world.count / 2;

	EXPECT(s, form(s, first));
	for (unsigned k = 0; k < 3; k++) {
		unsigned a = k == 1 ? first : 0, b = k == 0 ? 1 : first + 1;

		sim_cut(s, a, b);
		sim_cut(s, b, a);
	}
	sim_run(s, 60);
	EXPECT(s, sim_told(s, START, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_bases_told(s, START, BASE_FAILED, ANY) == 0);
	EXPECT(s, sim_bases_told(s, START, BASE_REFUSED, ANY) == 0);
}

/*
 * A base peer is the only seed of the swimd peers.  The seed of the other base peers is a swimd peer, as a base peer tells
 * nobody of a base peer that joins through it.
 */
static void
base_is_seed(struct sim *s)
{
	unsigned half = s->world.count / 2;
	swim_time since = sim_now(s);

	for (unsigned i = 0; i < half; i++)
		sim_base(s, i);
	for (unsigned i = 1; i < half; i++)
		sim_seed(s, i, half);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_complete(s, 10));
	EXPECT(s, sim_wait_bases_complete(s, 10));
	sim_note(s, "one view after %.1f s", sim_since(s, since));
	sim_run(s, 30);
	EXPECT(s, is_quiet(s, START));
	EXPECT(s, lists_are_exact(s));
}

/* Many base peers with three swimd peers. */
static void
crowd(struct sim *s, double seconds)
{
	uint64_t bytes = 0;
	swim_time since;

	begin(s, s->world.count - 3);
	sim_start_range(s, 0, 2);
	EXPECT(s, sim_wait_complete(s, 5));
	for (unsigned i = 3; i < s->world.count; i++) {
		sim_seed(s, i, i % 3);
		sim_start(s, i);
	}
	since = sim_now(s);
	EXPECT(s, sim_wait_bases_complete(s, seconds));
	EXPECT(s, sim_wait_complete(s, seconds - sim_since(s, since)));
	sim_note(s, "all list all after %.1f s", sim_since(s, since));
	for (unsigned i = 0; i < 3; i++)
		bytes += s->world.nodes[i].sent_bytes;
	sim_note(s, ", for which a swimd peer sent %.0f kB", (double)bytes / 3000);
	sim_run(s, 20);
	for (unsigned i = 0; i < 3; i++)
		bytes -= s->world.nodes[i].sent_bytes;
	sim_note(s, ", and %.0f bytes/s after that", (double)(0 - bytes) / 60);
	EXPECT(s, is_quiet(s, START));
	EXPECT(s, lists_are_exact(s));
}

static void
crowd_5(struct sim *s)
{
	crowd(s, 5);
}

static void
crowd_10(struct sim *s)
{
	crowd(s, 10);
}

/* A base peer is cut off while swimd peers restart, join and leave.  After the cut it lists all of them as they are. */
static void
unheard(struct sim *s)
{
	unsigned deaf = s->world.count - 1, late = 3;
	swim_time since;

	begin(s, 3);
	for (unsigned i = 0; i < s->world.count; i++)
		if (i != late)
			sim_start(s, i);
	EXPECT(s, sim_wait_complete(s, INTRODUCED));
	EXPECT(s, sim_wait_bases_complete(s, INTRODUCED));
	sim_partition(s, deaf, deaf);
	sim_run(s, 2);
	for (unsigned k = 0; k < 20; k++) {
		sim_crash(s, 1);
		sim_restart(s, 1, true);
		sim_run(s, 0.5);
	}
	sim_leave(s, 2);
	sim_start_at(s, late, 300);
	sim_run(s, 5 + 40 * rng_unit(&s->world.rng));
	sim_heal(s);
	since = sim_now(s);
	EXPECT(s, sim_wait_complete(s, 10));
	/* A base peer forgets a dead member after 30 s, and until then ignores that the member is alive. */
	EXPECT(s, sim_wait_bases_complete(s, 40 - sim_since(s, since)));
	sim_note(s, "all list all %.1f s after the cut", sim_since(s, since));
	sim_run(s, 40);
	EXPECT(s, sim_bases_told(s, START, BASE_REFUSED, ANY) == 0);
	EXPECT(s, sim_bases_complete(s));
}

/*
 * Base peers with odd ids: the name of a swimd peer, the address of another member, a long id, the id of another base peer, an
 * id with special characters.  No such base peer replaces another member, and all other members stay alive.
 */
static void
odd_pairs(struct sim *s)
{
	struct node *nodes = s->world.nodes;
	unsigned first = s->world.count - 5, swimds = first - 1;

	for (unsigned i = first - 1; i < s->world.count; i++)
		sim_base_named(s, i);
	memcpy(nodes[first].name, nodes[1].name, sizeof(nodes[1].name));
	memcpy(nodes[first + 1].name, nodes[2].hostport, sizeof(nodes[2].hostport));
	memset(nodes[first + 2].name, 'x', sizeof(nodes[first + 2].name) - 1);
	memcpy(nodes[first + 3].name, nodes[first - 1].name, sizeof(nodes[0].name));
	memcpy(nodes[first + 4].name, "odd\xc3\xa4 @,=\x01", sizeof("odd\xc3\xa4 @,=\x01"));
	sim_start_range(s, 0, swimds);
	sim_run(s, 5);
	for (unsigned i = first; i < s->world.count; i++)
		sim_start(s, i);
	sim_run(s, 60);
	for (unsigned i = 0; i < swimds; i++) {
		EXPECT(s, swim_member_count(nodes[i].core) <= s->world.count);
		for (unsigned j = 0; j < first; j++) {
			struct swim_report r;

			EXPECT(s, swim_member_find(nodes[i].core, nodes[j].name,
				      strlen(nodes[j].name), &r));
			EXPECT(s,
			    r.status == SWIM_ALIVE && strcmp(r.address, nodes[j].hostport) == 0);
		}
		EXPECT(s, swim_incarnation(nodes[i].core) < 10);
	}
	for (unsigned j = 0; j < first; j++)
		EXPECT(s, sim_told(s, START, SWIM_EVENT_FAILED, ANY, j) == 0);
}

/* Do all swimd peers list node 1 alive under its name and address, and has nobody told its failure? */
static bool
is_unharmed(struct sim *s)
{
	const struct node *victim = &s->world.nodes[1];

	for (unsigned i = 0; i < s->world.count; i++) {
		struct swim_report r;

		if (s->world.nodes[i].core == NULL)
			continue;
		if (!swim_member_find(s->world.nodes[i].core, victim->name, strlen(victim->name),
			&r) ||
		    r.status != SWIM_ALIVE || strcmp(r.address, victim->hostport) != 0)
			return false;
	}
	return sim_told(s, START, SWIM_EVENT_FAILED, ANY, 1) == 0 &&
	       sim_bases_told(s, START, BASE_FAILED, 1) == 0;
}

/* Forged ladders whose rungs go down, are left out, or end at the highest incarnation. */
static void
odd_ladders(struct sim *s)
{
	static const uint64_t ladders[][4] = {{16, 32, 8, 48}, {17, 40, 90, 200}, {16, 16, 16, 16},
	    {UINT64_MAX - 33, UINT64_MAX - 17, UINT64_MAX - 1, UINT64_MAX},
	    {UINT64_C(1) << 63, 1, UINT64_C(1) << 62, 0}};
	const char *where = s->world.nodes[1].hostport;
	const unsigned liar = s->world.count - 1;

	EXPECT(s, form(s, s->world.count / 2));
	for (unsigned k = 0; k < 30; k++) {
		const uint64_t *ladder = ladders[k % 5];

		for (unsigned i = 0; i < 4; i++)
			sim_forge_update(s, liar, k % 3, where, where,
			    (enum swim_status)(k / 5 % 3), ladder[i]);
		sim_run(s, 1);
	}
	sim_note(s, "at incarnation %llu",
	    (unsigned long long)swim_incarnation(s->world.nodes[1].core));
	EXPECT(s, sim_wait_complete(s, 10));
	EXPECT(s, sim_wait_bases_complete(s, 10));
	EXPECT(s, swim_incarnation(s->world.nodes[1].core) < 1000);
	EXPECT(s, is_unharmed(s));
}

/* A stranger accuses node 1 again and again, under the pair (address, address), as base peers name node 1. */
static void
stranger(struct sim *s)
{
	const char *where = s->world.nodes[1].hostport;
	const unsigned liar = s->world.count - 1;

	begin(s, 3);
	sim_start_range(s, 0, liar - 1);
	EXPECT(s, sim_wait_complete(s, INTRODUCED));
	EXPECT(s, sim_wait_bases_complete(s, INTRODUCED));
	for (unsigned k = 0; k < 200; k++) {
		sim_forge_update(s, liar, k % 3, where, where, SWIM_SUSPECT,
		    swim_incarnation(s->world.nodes[1].core));
		sim_run(s, 0.1);
	}
	sim_note(s, "at incarnation %llu after 200 accusations",
	    (unsigned long long)swim_incarnation(s->world.nodes[1].core));
	EXPECT(s, swim_incarnation(s->world.nodes[1].core) <= 200);
	sim_run(s, 30);
	EXPECT(s, is_unharmed(s));
	EXPECT(s, sim_wait_complete(s, 10));
	EXPECT(s, sim_wait_bases_complete(s, 40));
	EXPECT(s, sim_bases_told(s, START, BASE_REFUSED, 1) == 0);
}

const struct scenario scenarios_mixed[] = {
    {"mixed-peace", 20, one_minute, LIGHT,
	"10 swimd peers and 10 base peers for 60 s: nobody is suspected, each lists all 20 members"},
    {"mixed-peace-600", 20, ten_minutes, HEAVY,
	"10 swimd peers and 10 base peers for 600 s: nobody is suspected, each lists all 20 members"},
    {"mixed-crashes", 8, crashes, LIGHT,
	"a swimd peer crashes and restarts 20 times: base peers believe each start, a late one too"},
    {"mixed-clean-restarts", 8, clean_restarts, LIGHT,
	"a swimd peer leaves and restarts 20 times: base peers believe each start, a late one too"},
    {"mixed-old-incarnation", 8, old_incarnation, LIGHT,
	"base peers believe swimd peers at incarnation 640 and above"},
    {"mixed-kills", 6, kills_and_leaves, LIGHT,
	"both kinds see crashes, restarts and leaves of both kinds"},
    {"mixed-pauses", 6, pauses, LIGHT, "members of both kinds return after a pause"},
    {"mixed-parted-5", 8, parted_5, LIGHT, "both kinds reunite after a partition of 5 s"},
    {"mixed-parted-45", 8, parted_45, LIGHT, "both kinds reunite after a partition of 45 s"},
    {"mixed-pairs-cut", 8, pairs_cut, LIGHT,
	"pairs of each kind whose link is cut keep each other alive by ping-reqs"},
    {"mixed-base-seed", 6, base_is_seed, LIGHT,
	"swimd peers whose only seed is a base peer find each other"},
    {"mixed-lone-seed", 4, lone_seed, LIGHT,
	"swimd peers that join a lone base peer one after the other find each other"},
    {"mixed-crowd-30", 33, crowd_5, LIGHT,
	"30 base peers and 3 swimd peers list each other within 5 s"},
    {"mixed-crowd-100", 103, crowd_5, HEAVY,
	"100 base peers and 3 swimd peers list each other within 5 s"},
    {"mixed-crowd-300", 303, crowd_10, HEAVY,
	"300 base peers and 3 swimd peers list each other within 10 s"},
    {"mixed-unheard", 8, unheard, LIGHT,
	"a base peer that was cut off learns which swimd peers restarted, joined and left meanwhile"},
    {"mixed-odd-pairs", 10, odd_pairs, LIGHT,
	"base peers with ids that are others' names or addresses, long or odd, harm nobody"},
    {"mixed-odd-ladders", 6, odd_ladders, LIGHT,
	"forged ladders that go down, skip rungs or end at the highest incarnation harm nobody"},
    {"mixed-stranger", 6, stranger, LIGHT,
	"a stranger that accuses a swimd peer as a base peer would harms nobody"},
    {0},
};
