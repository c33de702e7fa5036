/* SPDX-License-Identifier: MIT */
/* Members crash, leave, restart, stall and are slow; links break; two members have one name; others tell false updates. */
#include <string.h>

#include "sim/scenario.h"

static void
crash_one(struct sim *s)
{
	unsigned others = s->world.count - 1, victim = s->world.count / 2;
	swim_time crash;

	EXPECT(s, sim_form(s));
	crash = sim_now(s);
	sim_crash(s, victim);
	EXPECT(s, sim_wait_all(s, victim, SWIM_DEAD, 10));
	sim_note(s, "first failed after %.2f s, last after %.2f s",
	    sim_told_after(s, crash, SWIM_EVENT_FAILED, victim, 1),
	    sim_told_after(s, crash, SWIM_EVENT_FAILED, victim, others));
	sim_run(s, 30);
	EXPECT(s, sim_told(s, crash, SWIM_EVENT_FAILED, ANY, victim) == others);
	EXPECT(s, sim_told(s, crash, SWIM_EVENT_FAILED, ANY, ANY) == others);
	EXPECT(s, sim_told(s, crash, SWIM_EVENT_RECOVERED, ANY, victim) == 0);
	EXPECT(s, sim_converged(s));
}

/* Members with other source addresses than advertised are no strangers to each other, so suspicions are not longer. */
static void
crash_elsewhere(struct sim *s)
{
	unsigned others = s->world.count - 2, left = s->world.count - 1;
	swim_time start;
	double took;

	for (unsigned i = 0; i < s->world.count; i++)
		world_speak_elsewhere(&s->world, i);
	EXPECT(s, sim_form(s));
	/* After this each has pinged each, and has answered at its source address. */
	sim_run(s, 60);
	start = sim_now(s);
	sim_leave(s, left);
	sim_run(s, 5);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LEFT, ANY, left) == s->world.count - 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	start = sim_now(s);
	sim_crash(s, 1);
	EXPECT(s, sim_wait_all(s, 1, SWIM_DEAD, 10));
	took = sim_told_after(s, start, SWIM_EVENT_FAILED, 1, others);
	sim_note(s, "all failed after %.2f s", took);
	EXPECT(s, took < 5);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == others);
}

/* The last member is behind a translation of addresses, which drops a binding that was not used for `seconds`. */
static void
translate(struct sim *s, double seconds)
{
	unsigned last = s->world.count - 1;
	swim_time start;

	world_translate(&s->world, last, swim_ns((int64_t)(seconds * 1e9)));
	EXPECT(s, sim_form(s));
	/* After this the member has pinged each other, and each other knows a port of the translation. */
	sim_run(s, s->world.count);
	start = sim_now(s);
	sim_run(s, 600);
	sim_note(s, "%u suspicions in 600 s, ", sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, ANY));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	/* The member hears of changes of others, and others hear of its changes. */
	sim_tag(s, last, 7);
	sim_crash(s, 1);
	EXPECT(s, sim_wait_all(s, 1, SWIM_DEAD, 10));
	EXPECT(s, sim_wait_converged(s, 30));
	start = sim_now(s);
	sim_crash(s, last);
	EXPECT(s, sim_wait_all(s, last, SWIM_DEAD, 15));
	sim_note(s, "its crash was told after %.2f s",
	    sim_told_after(s, start, SWIM_EVENT_FAILED, last, s->world.count - 2));
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 2 * s->world.count - 3);
}

static void
translated_of_few(struct sim *s)
{
	translate(s, 30);
}

static void
translated_of_many(struct sim *s)
{
	translate(s, 30);
}

/* Each end tells once that the link failed, and once that it recovered; nobody is suspected. */
static void
broken_link(struct sim *s)
{
	swim_time start;

	EXPECT(s, sim_form(s));
	start = sim_now(s);
	sim_cut(s, 2, 5);
	sim_cut(s, 5, 2);
	sim_run(s, 60);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LINK_FAILED, 2, 5) == 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LINK_FAILED, 5, 2) == 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LINK_FAILED, ANY, ANY) == 2);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	sim_note(s, "told after %.1f s and %.1f s",
	    sim_told_after(s, start, SWIM_EVENT_LINK_FAILED, 5, 1),
	    sim_told_after(s, start, SWIM_EVENT_LINK_FAILED, 2, 1));
	sim_heal(s);
	start = sim_now(s);
	sim_run(s, 20);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LINK_RECOVERED, 2, 5) == 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LINK_RECOVERED, 5, 2) == 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LINK_RECOVERED, ANY, ANY) == 2);
	EXPECT(s, sim_converged(s));
}

/* Loss on all links is told as a broken link twice at most. */
static void
lossy_links(struct sim *s)
{
	swim_time start;

	EXPECT(s, sim_form(s));
	start = sim_now(s);
	sim_loss(s, 0.2);
	sim_run(s, 600);
	sim_note(s, "%u links told to have failed",
	    sim_told(s, start, SWIM_EVENT_LINK_FAILED, ANY, ANY));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LINK_FAILED, ANY, ANY) <= 2);
}

static void
crash_many(struct sim *s)
{
	unsigned quarter = s->world.count / 4;
	swim_time crash;

	EXPECT(s, sim_form(s));
	crash = sim_now(s);
	for (unsigned i = 1; i <= quarter; i++)
		sim_crash(s, 4 * i - 1);
	for (unsigned i = 1; i <= quarter; i++)
		EXPECT(s, sim_wait_all(s, 4 * i - 1, SWIM_DEAD, 30));
	sim_note(s, "all failed after %.2f s", sim_since(s, crash));
	EXPECT(s, sim_false_failures(s, crash) == 0);
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
crash_seed(struct sim *s)
{
	EXPECT(s, sim_form(s));
	sim_crash(s, 0);
	EXPECT(s, sim_wait_all(s, 0, SWIM_DEAD, 10));
	EXPECT(s, sim_wait_converged(s, 10));
	sim_restart(s, 0, false);
	/* The seed knows nobody and has no seed: the others must find it. */
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
crash_all_but_one(struct sim *s)
{
	swim_time crash;

	EXPECT(s, sim_form(s));
	for (unsigned i = 1; i < s->world.count; i++)
		sim_crash(s, i);
	crash = sim_now(s);
	/* Lifeguard: a member that nobody answers doubts itself, and takes up to nine times as long. */
	for (unsigned i = 1; i < s->world.count; i++)
		EXPECT(s, sim_wait_status(s, 0, i, SWIM_DEAD, 180));
	sim_note(s, "the survivor holds all others dead after %.1f s", sim_since(s, crash));
	for (unsigned i = 1; i < s->world.count; i++)
		sim_restart(s, i, i % 2 == 0);
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
leave(struct sim *s)
{
	unsigned others = s->world.count - 1, leaver = s->world.count / 3;

	EXPECT(s, sim_form(s));
	sim_leave(s, leaver);
	EXPECT(s, sim_wait_all(s, leaver, SWIM_LEFT, 2));
	sim_note(s, "last told after %.2f s",
	    sim_told_after(s, s->formed, SWIM_EVENT_LEFT, leaver, others));
	sim_run(s, 20);
	EXPECT(s, s->world.nodes[leaver].state == NODE_LEFT);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_LEFT, ANY, ANY) == others);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, sim_converged(s));
}

static void
leave_lossy(struct sim *s)
{
	swim_time start;

	sim_loss(s, 0.1);
	sim_start_range(s, 0, s->world.count - 1);
	EXPECT(s, sim_wait_complete(s, 10));
	start = sim_now(s);
	sim_leave(s, 1);
	EXPECT(s, sim_wait_all(s, 1, SWIM_LEFT, 5));
	sim_run(s, 20);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, 1) == 0);
}

static void
leave_all(struct sim *s)
{
	EXPECT(s, sim_form(s));
	for (unsigned i = 0; i < s->world.count; i++)
		sim_leave(s, i);
	sim_run(s, 10);
	for (unsigned i = 0; i < s->world.count; i++)
		EXPECT(s, s->world.nodes[i].state == NODE_LEFT);
}

static void
leave_alone(struct sim *s)
{
	sim_start(s, 0);
	sim_run(s, 2);
	sim_leave(s, 0);
	sim_run(s, 5);
	EXPECT(s, s->world.nodes[0].state == NODE_LEFT);
}

static void
leave_and_return(struct sim *s)
{
	unsigned others = s->world.count - 1;
	swim_time start;

	EXPECT(s, sim_form(s));
	for (unsigned keep = 0; keep < 2; keep++) {
		sim_leave(s, 1);
		EXPECT(s, sim_wait_all(s, 1, SWIM_LEFT, 2));
		sim_run(s, 5);
		start = sim_now(s);
		sim_restart(s, 1, keep == 1);
		EXPECT(s, sim_wait_all(s, 1, SWIM_ALIVE, 5));
		/* The return is a new life: joined, not recovered. */
		EXPECT(s, sim_told(s, start, SWIM_EVENT_JOINED, ANY, 1) == others);
		EXPECT(s, sim_told(s, start, SWIM_EVENT_RECOVERED, ANY, 1) == 0);
		EXPECT(s, sim_wait_converged(s, 10));
	}
}

static void
restart_at_once(struct sim *s)
{
	swim_time start;

	EXPECT(s, sim_form(s));
	for (unsigned keep = 0; keep < 2; keep++) {
		start = sim_now(s);
		sim_restart(s, 1, keep == 1);
		EXPECT(s, sim_wait_complete(s, 5));
		EXPECT(s, sim_wait_converged(s, 20));
		EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	}
}

static void
restart_dead(struct sim *s)
{
	unsigned others = s->world.count - 1;
	swim_time start;

	EXPECT(s, sim_form(s));
	for (unsigned keep = 0; keep < 2; keep++) {
		sim_crash(s, 1);
		EXPECT(s, sim_wait_all(s, 1, SWIM_DEAD, 10));
		start = sim_now(s);
		sim_restart(s, 1, keep == 1);
		EXPECT(s, sim_wait_all(s, 1, SWIM_ALIVE, 5));
		EXPECT(s, sim_wait_complete(s, 5));
		sim_note(s, "%s: all hold it alive after %.2f s. ",
		    keep ? "state kept" : "state wiped", sim_since(s, start));
		EXPECT(s, sim_told(s, start, SWIM_EVENT_RECOVERED, ANY, 1) == others);
		EXPECT(s, sim_wait_converged(s, 20));
	}
}

static void
restart_storm(struct sim *s)
{
	EXPECT(s, sim_form(s));
	for (unsigned round = 0; round < 100; round++) {
		unsigned i = 1 + (unsigned)rng_below(&s->world.rng, s->world.count - 1);

		sim_restart(s, i, rng_below(&s->world.rng, 2) == 1);
		sim_run(s, rng_unit(&s->world.rng));
	}
	EXPECT(s, sim_wait_converged(s, 30));
}

static void
pause_1s(struct sim *s)
{
	EXPECT(s, sim_form(s));
	for (unsigned i = 0; i < s->world.count; i++) {
		sim_pause(s, i);
		sim_run(s, 1);
		sim_resume(s, i);
		sim_run(s, 1);
	}
	sim_run(s, 10);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_wait_converged(s, 10));
}

static void
pause_long(struct sim *s)
{
	unsigned others = s->world.count - 1;

	EXPECT(s, sim_form(s));
	sim_pause(s, 2);
	EXPECT(s, sim_wait_status(s, 0, 2, SWIM_DEAD, 10));
	sim_run(s, 30);
	EXPECT(s, sim_tellers(s, s->formed, SWIM_EVENT_FAILED, 2) == others);
	sim_resume(s, 2);
	EXPECT(s, sim_wait_complete(s, 10));
	EXPECT(s, sim_wait_converged(s, 20));
	/* The stopped member declares nobody failed because of what it missed. */
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == others);
}

static void
slow(struct sim *s)
{
	EXPECT(s, sim_form(s));
	sim_slow(s, 3, swim_ms(20));
	sim_run(s, 60);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_wait_converged(s, 20));
}

static void
refutation(struct sim *s)
{
	static const enum swim_status lies[] = {SWIM_SUSPECT, SWIM_DEAD, SWIM_LEFT};
	static const enum swim_event_type told[] = {SWIM_EVENT_SUSPECTED, SWIM_EVENT_FAILED,
	    SWIM_EVENT_LEFT};

	EXPECT(s, sim_form(s));
	/* After this each has pinged each.  Nobody believes the death of a base peer that has not answered yet. */
	sim_run(s, 20);
	for (unsigned k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
		uint64_t before = swim_incarnation(s->world.nodes[5].core);
		swim_time start = sim_now(s);

		sim_forge(s, 1, 2, 5, lies[k], before + k);
		sim_run(s, 1);
		EXPECT(s, sim_told(s, start, told[k], 2, 5) == 1);
		EXPECT(s, sim_wait_converged(s, 15));
		EXPECT(s, swim_incarnation(s->world.nodes[5].core) == before + k + 1);
		EXPECT(s, sim_told(s, start, SWIM_EVENT_INCARNATION, 5, 5) == 1);
		if (lies[k] == SWIM_SUSPECT)
			EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	}
}

static void
one_way(struct sim *s)
{
	EXPECT(s, sim_form(s));
	sim_cut(s, 3, 4);
	sim_run(s, 60);
	/* Others reach both, so nobody is declared failed. */
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 10));
}

/* How many others hold the subject at its present address, with a tag of this value? */
static unsigned
known_as(struct sim *s, unsigned subject, char value)
{
	const struct node *n = &s->world.nodes[subject];
	unsigned count = 0;

	for (unsigned i = 0; i < s->world.count; i++) {
		struct swim_report r;

		count += i != subject && s->world.nodes[i].state == NODE_UP &&
			 swim_member_find(s->world.nodes[i].core, n->name, strlen(n->name), &r) &&
			 strcmp(r.address, n->hostport) == 0 && r.tags_len == 5 &&
			 r.tags[4] == value;
	}
	return count;
}

static void
tagged_and_moved(struct sim *s)
{
	unsigned others = s->world.count - 1;

	EXPECT(s, sim_form(s));
	sim_tag(s, 3, 7);
	sim_run(s, 2);
	EXPECT(s, known_as(s, 3, '7') == others);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_UPDATED, ANY, 3) == others);
	sim_move(s, 3);
	sim_run(s, 2);
	EXPECT(s, known_as(s, 3, '7') == others);
	/* Node 3 restarts at another address with its state, which is no name conflict. */
	sim_crash(s, 3);
	sim_move(s, 3);
	sim_restart(s, 3, true);
	sim_tag(s, 3, 8);
	EXPECT(s, sim_wait_converged(s, 20));
	EXPECT(s, known_as(s, 3, '8') == others);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_NAME_LOST, ANY, ANY) == 0);
}

static void
one_name(struct sim *s)
{
	unsigned last = s->world.count - 1;
	swim_time start;

	sim_rename(s, last, 3);
	check_foreign(s->world.check, "n3"); /* two nodes raise the incarnation of this name */
	sim_start_range(s, 0, last - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	start = sim_now(s);
	sim_start(s, last);
	sim_run(s, 20);
	/* The first owner stays and tells of the conflict; the newcomer loses the name. */
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_LOST, last, ANY) == 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_LOST, 3, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_CONFLICT, 3, ANY) >= 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

/*
 * Two machines of one image start at once in a cluster, and a path takes longer than the difference of their ages.  A process
 * that has lost its name ends.
 */
static void
one_image(struct sim *s)
{
	unsigned first = s->world.count - 2, last = s->world.count - 1, claims = 0;
	int slot = wire_type_slot(WIRE_CLAIM);
	bool gone[2] = {false};
	swim_time start;

	sim_net(s)->delay_min = swim_ms(20);
	sim_net(s)->delay_max = swim_ms(150);
	sim_rename(s, last, first);
	check_foreign(s->world.check, s->world.nodes[first].name);
	sim_seed(s, last, 1);
	sim_start_range(s, 0, first - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	start = sim_now(s);
	sim_start_range(s, first, last);
	for (unsigned tenth = 0; tenth < 600; tenth++) {
		sim_run(s, 0.1);
		for (unsigned i = 0; i < 2; i++) {
			if (gone[i] || !sim_told(s, start, SWIM_EVENT_NAME_LOST, first + i, ANY))
				continue;
			gone[i] = true;
			claims += (unsigned)sim_stats(s, first + i).sent[slot];
			sim_crash(s, first + i);
		}
	}
	EXPECT(s, gone[0] != gone[1]);
	claims += (unsigned)sim_stats(s, gone[0] ? last : first).sent[slot];
	sim_note(s, "n%u lost the name, %u claims", gone[0] ? first : last, claims);
	EXPECT(s, claims <= 40);
}

/* A death or leave that a stranger tells is a suspicion at most. */
static void
word_of_a_stranger(struct sim *s)
{
	static const enum swim_status lies[] = {SWIM_DEAD, SWIM_LEFT};
	unsigned stranger = s->world.count - 1;
	swim_time start;

	sim_start_range(s, 0, stranger - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	start = sim_now(s);
	for (unsigned k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
		sim_forge(s, stranger, 2, 5, lies[k], swim_incarnation(s->world.nodes[5].core));
		sim_run(s, 2);
		EXPECT(s, sim_told(s, start, SWIM_EVENT_SUSPECTED, 2, 5) == k + 1);
		EXPECT(s, sim_told(s, start, SWIM_EVENT_RECOVERED, 2, 5) == k + 1);
	}
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, 5) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_LEFT, ANY, 5) == 0);
}

/*
 * Forged datagrams from the address of node 1 flood node 4, and tell that node 4 is dead.  Of all datagrams from that address
 * node 4 receives only a part of the flood.  Node 4 is on trial, so it does not refute (damping.c), and it never answers
 * node 1.  Node 4 loses a fifth of all other datagrams, as its queue is full.
 */
static void
flooded_from_a_member(struct sim *s)
{
	swim_time start;
	size_t cut;

	EXPECT(s, sim_form(s));
	sim_run(s, 20);
	start = sim_now(s);
	sim_spoil(s, ANY, 4, 0.2);
	for (unsigned k = 0; k < 200; k++) {
		sim_forge(s, 1, 4, 4, SWIM_DEAD, swim_incarnation(s->world.nodes[4].core));
		cut = sim_cut(s, 1, 4);
		sim_run(s, 0.5);
		sim_mend(s, cut);
	}
	sim_note(s, "suspected %u times", sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, 4));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	sim_heal(s);
	EXPECT(s, sim_wait_converged(s, 40));
}

/* A forged update tells of another address of node 5, at its next incarnation. */
static void
moved_by_another(struct sim *s)
{
	static const char *const elsewhere = "10.200.0.1:7946";
	swim_time start;
	double took;

	EXPECT(s, sim_form(s));
	/* Before it is settled, node 5 would first ask whether a member lives at that address. */
	sim_run(s, 40);
	start = sim_now(s);
	sim_forge_update(s, 1, 2, "n5", elsewhere, SWIM_ALIVE,
	    swim_incarnation(s->world.nodes[5].core) + 1);
	sim_run(s, 0.01);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_UPDATED, 2, 5) >= 1);
	EXPECT(s, sim_wait_agreed(s, 10));
	took = sim_since(s, start);
	sim_note(s, "found again after %.2f s", took);
	EXPECT(s, took < 2);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_LOST, ANY, ANY) == 0);
}

/* A partition keeps two members of one name apart for so long that neither can tell the other from a stranger. */
static void
one_name_parted(struct sim *s)
{
	unsigned last = s->world.count - 1, half = s->world.count / 2;
	swim_time start;

	sim_rename(s, last, 3);
	check_foreign(s->world.check, "n3");
	for (unsigned i = half + 1; i <= last; i++)
		sim_seed(s, i, half);
	sim_start_range(s, 0, last);
	sim_partition(s, 0, half - 1);
	sim_run(s, 90);
	start = sim_now(s);
	sim_heal(s);
	sim_run(s, 60);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_LOST, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_CONFLICT, 3, ANY) >= 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_CONFLICT, last, ANY) >= 1);
	/* The two contradict each other less and less often. */
	for (unsigned minute = 0; minute < 2; minute++) {
		unsigned most = minute == 0 ? 12 : 6;

		sim_note(s, "%u and %u incarnations in a minute",
		    sim_told(s, start, SWIM_EVENT_INCARNATION, 3, ANY),
		    sim_told(s, start, SWIM_EVENT_INCARNATION, last, ANY));
		EXPECT(s, sim_told(s, start, SWIM_EVENT_INCARNATION, 3, ANY) <= most);
		EXPECT(s, sim_told(s, start, SWIM_EVENT_INCARNATION, last, ANY) <= most);
		start = sim_now(s);
		sim_run(s, 60);
	}
}

/*
 * Strangers take all slots for contests of node 5, a settled member, so that it can ask nobody.  Forged updates tell node 5
 * again and again that its name has another address.  All others handle each contradiction as a change of address.
 */
static void
contradicts_seldom(struct sim *s)
{
	static const char *const elsewhere = "10.200.0.1:7946";
	unsigned members = 12, rises;
	swim_time start;

	sim_start_range(s, 0, members - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	sim_run(s, 40);
	start = sim_now(s);
	for (unsigned k = 0; k < 300; k++) {
		for (unsigned i = members; k % 10 == 0 && i < s->world.count; i++)
			sim_forge(s, i, 5, 1, SWIM_ALIVE, 0);
		sim_run(s, 0.05);
		sim_forge_update(s, 1, 5, "n5", elsewhere, SWIM_ALIVE,
		    swim_incarnation(s->world.nodes[5].core));
		sim_run(s, 0.05);
	}
	rises = sim_told(s, start, SWIM_EVENT_INCARNATION, 5, ANY);
	sim_note(s, "%u incarnations in 30 s", rises);
	EXPECT(s, rises <= 30);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_LOST, ANY, ANY) == 0);
}

/* While a member is cut off, another takes its name and becomes settled.  Then the first member returns. */
static void
owner_comes_back(struct sim *s)
{
	unsigned last = s->world.count - 1;
	swim_time start;

	sim_rename(s, last, 3);
	check_foreign(s->world.check, "n3");
	sim_start_range(s, 0, last - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	sim_run(s, 40);
	start = sim_now(s);
	sim_partition(s, 3, 3);
	/* The others have not noticed the cut yet. */
	sim_start(s, last);
	sim_run(s, 60);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_LOST, ANY, ANY) == 0);
	sim_heal(s);
	for (unsigned second = 0; second < 60; second++) {
		sim_run(s, 1);
		if (world_running(&s->world, last) &&
		    sim_told(s, start, SWIM_EVENT_NAME_LOST, last, ANY) > 0) {
			sim_note(s, "the newcomer lost the name after %u s", second + 1);
			sim_crash(s, last);
		}
	}
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_LOST, last, ANY) == 1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_NAME_LOST, 3, ANY) == 0);
	EXPECT(s, sim_is(s, 0, 3, SWIM_ALIVE));
}

const struct scenario scenarios_failure[] = {
    {"crash-3", 3, crash_one, LIGHT,
	"one of 3 members crashes: the others tell failed within 10 s, and of nobody else"},
    {"crash-100", 100, crash_one, LIGHT,
	"one of 100 members crashes: all others tell failed within 10 s, and of nobody else"},
    {"crash-elsewhere", 20, crash_elsewhere, LIGHT,
	"a leave and a crash are told as fast if members have other source addresses than advertised"},
    {"crash-many", 40, crash_many, LIGHT,
	"a quarter of 40 members crashes at once: they are declared failed, and nobody else is"},
    {"crash-seed", 10, crash_seed, LIGHT,
	"a seed that restarts without state and seeds is found again"},
    {"crash-all-but-one", 10, crash_all_but_one, LIGHT,
	"the last survivor forms one cluster with the members that restart"},
    {"leave-100", 100, leave, LIGHT,
	"a member leaves: all others tell left within 2 s, and nobody is suspected or failed"},
    {"leave-lossy", 30, leave_lossy, LIGHT,
	"a member leaves at 10 % loss: all others hold it left within 5 s"},
    {"leave-all", 10, leave_all, LIGHT, "all members leave at once, and all processes end"},
    {"leave-alone", 1, leave_alone, LIGHT, "a member that is alone leaves too"},
    {"leave-and-return", 10, leave_and_return, LIGHT,
	"a member that left and starts again begins a new life"},
    {"restart-at-once", 20, restart_at_once, LIGHT,
	"a member that restarts before its crash is noticed is never declared failed"},
    {"restart-dead", 20, restart_dead, LIGHT,
	"a dead member that restarts with or without its incarnation is alive to all within 5 s"},
    {"restart-storm", 20, restart_storm, LIGHT,
	"after 100 random restarts all members have one complete view"},
    {"pause-1s", 20, pause_1s, LIGHT, "a member stopped for 1 s is never declared failed"},
    {"pause-long", 20, pause_long, LIGHT,
	"a member stopped for long is declared failed, returns, and declares nobody failed"},
    {"slow", 20, slow, LIGHT, "a member that needs 20 ms per datagram is not declared failed"},
    {"refutation", 10, refutation, LIGHT,
	"a member refutes a false suspicion, death or leave by its next incarnation, and all agree"},
    {"tags-and-moves", 20, tagged_and_moved, LIGHT,
	"new tags and a new address reach all members, at run time and after a restart"},
    {"one-name", 12, one_name, LIGHT,
	"of two members with one name the first stays and the second loses the name"},
    {"one-image", 10, one_image, LIGHT,
	"of two machines of one image that start at once one loses the name, after few claims"},
    {"word-of-a-stranger", 9, word_of_a_stranger, LIGHT,
	"a member whose death or leave a stranger tells is suspected at most, and recovers"},
    {"flooded-from-a-member", 5, flooded_from_a_member, LIGHT,
	"a member that is flooded from the address of another member is not declared failed"},
    {"moved-by-another", 12, moved_by_another, LIGHT,
	"a member of which a false update tells a new address is found again within 2 s"},
    {"contradicts-seldom", 100, contradicts_seldom, LIGHT,
	"a member that cannot ask where its name lives contradicts others a few times only"},
    {"owner-comes-back", 12, owner_comes_back, LIGHT,
	"an owner that was cut off while another member took its name gets the name back"},
    {"one-name-parted", 12, one_name_parted, LIGHT,
	"two members of one name that were apart for long both stay, and tell of the conflict"},
    {"translated", 5, translated_of_few, LIGHT,
	"a member behind a translation of addresses is never suspected, and its crash is told"},
    {"translated-of-many", 60, translated_of_many, HEAVY,
	"a member behind a translation is never suspected, although bindings expire between two pings"},
    {"broken-link", 8, broken_link, LIGHT,
	"both ends tell of a link that is cut both ways, and nobody is suspected"},
    {"lossy-links", 8, lossy_links, LIGHT,
	"20 % loss for 600 s is told as a broken link twice at most"},
    {"one-way-cut", 10, one_way, LIGHT, "a link cut one way makes nobody fail"},
    {0},
};
