/* SPDX-License-Identifier: MIT */
/* Bounds: incarnations and their jumps, members, how long the dead are remembered, and what false updates can do. */
#include <stdio.h>
#include <string.h>

#include "sim/scenario.h"

static struct swim_report
report(struct sim *s, unsigned observer, unsigned subject)
{
	const char *name = s->world.nodes[subject].name;
	struct swim_report r = {.status = SWIM_DEAD};

	if (!swim_member_find(s->world.nodes[observer].core, name, strlen(name), &r))
		r.name_len = 0;
	return r;
}

static void
saturation(struct sim *s)
{
	sim_start(s, 0);
	sim_start_beyond(s, 1, UINT64_MAX - 1);
	sim_start(s, 2);
	EXPECT(s, sim_wait_converged(s, 10));
	EXPECT(s, report(s, 0, 1).incarnation == UINT64_MAX - 1);
	sim_forge(s, 2, 0, 1, SWIM_SUSPECT, UINT64_MAX - 1);
	sim_run(s, 3);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_SUSPECTED, 0, 1) == 1);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_RECOVERED, 0, 1) == 1);
	EXPECT(s, swim_incarnation(s->world.nodes[1].core) == UINT64_MAX);
	EXPECT(s, sim_wait_converged(s, 10));
	/* The highest incarnation cannot rise: a suspicion of it is not refuted, and the incarnation does not wrap. */
	sim_forge(s, 2, 0, 1, SWIM_SUSPECT, UINT64_MAX);
	sim_run(s, 60);
	EXPECT(s, swim_incarnation(s->world.nodes[1].core) == UINT64_MAX);
	EXPECT(s, report(s, 0, 1).incarnation == UINT64_MAX);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_INCARNATION, 1, 1) == 1);
}

static void
jump(struct sim *s)
{
	sim_config(s)->max_jump = 1000;
	sim_start_range(s, 0, 2);
	/* The first incarnation of a member is not bounded, as the member may have run for long. */
	sim_start_at(s, 3, UINT64_C(1) << 60);
	EXPECT(s, sim_wait_converged(s, 10));
	EXPECT(s, report(s, 0, 3).incarnation == UINT64_C(1) << 60);
	sim_forge(s, 2, 0, 1, SWIM_SUSPECT, 1001);
	sim_run(s, 1);
	EXPECT(s, sim_stats(s, 0).ignored[SWIM_IGNORE_JUMP] > 0);
	EXPECT(s, report(s, 0, 1).incarnation == 0 && report(s, 0, 1).status == SWIM_ALIVE);
	EXPECT(s, swim_incarnation(s->world.nodes[1].core) == 0);
	sim_forge(s, 2, 0, 1, SWIM_SUSPECT, 1000);
	sim_run(s, 1);
	EXPECT(s, sim_wait_converged(s, 10));
	EXPECT(s, swim_incarnation(s->world.nodes[1].core) == 1001);
	EXPECT(s, report(s, 0, 1).incarnation == 1001);
	/* A member bounds its own jumps too, or one datagram could use up all incarnations that are left. */
	sim_forge(s, 2, 1, 1, SWIM_SUSPECT, UINT64_MAX);
	sim_run(s, 1);
	EXPECT(s, swim_incarnation(s->world.nodes[1].core) == 1001);
	EXPECT(s, sim_converged(s));
}

static void
member_limit(struct sim *s)
{
	uint64_t refused = 0;

	sim_config(s)->max_members = 6;
	sim_start_range(s, 0, s->world.count - 1);
	sim_run(s, 30);
	for (unsigned i = 0; i < s->world.count; i++) {
		EXPECT(s, swim_member_count(s->world.nodes[i].core) <= 6);
		refused += sim_stats(s, i).ignored[SWIM_IGNORE_MEMBER_LIMIT];
	}
	EXPECT(s, refused > 0);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

static void
limit_forgets_dead(struct sim *s)
{
	sim_config(s)->max_members = 6;
	sim_start_range(s, 0, 5);
	EXPECT(s, sim_wait_converged(s, 10));
	sim_crash(s, 5);
	EXPECT(s, sim_wait_all(s, 5, SWIM_DEAD, 10));
	/* The dead member makes room for a live one. */
	sim_start(s, 6);
	EXPECT(s, sim_wait_complete(s, 10));
}

static void
removal(struct sim *s)
{
	unsigned others = s->world.count - 1;
	struct swim *core;
	swim_time start;

	EXPECT(s, sim_form(s));
	core = s->world.nodes[0].core;
	EXPECT(s, swim_remove(core, world_local(&s->world, 0, sim_now(s)), "n3", 2) ==
		      SWIM_REMOVE_NOT_DEAD);
	EXPECT(s, swim_remove(core, world_local(&s->world, 0, sim_now(s)), "n99", 3) ==
		      SWIM_REMOVE_NOT_FOUND);
	sim_crash(s, 3);
	EXPECT(s, sim_wait_all(s, 3, SWIM_DEAD, 10));
	start = sim_now(s);
	EXPECT(s,
	    swim_remove(core, world_local(&s->world, 0, sim_now(s)), "n3", 2) == SWIM_REMOVE_OK);
	world_flush(&s->world, 0);
	sim_run(s, 3);
	EXPECT(s, sim_tellers(s, start, SWIM_EVENT_REMOVED, 3) == others);
	/* No member brings node 3 back from what it remembers. */
	sim_run(s, 60);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_JOINED, ANY, 3) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_REMOVED, ANY, ANY) == others);
	start = sim_now(s);
	sim_restart(s, 3, false);
	EXPECT(s, sim_wait_all(s, 3, SWIM_ALIVE, 5));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_JOINED, ANY, 3) == others);
	EXPECT(s, sim_wait_converged(s, 10));
}

/* A member is cut off as long as the rumour of a removal lasts, and misses it; the others do not notice the cut. */
static void
removal_unheard(struct sim *s)
{
	unsigned others = s->world.count - 1, deaf = s->world.count - 1;
	swim_time start;

	EXPECT(s, sim_form(s));
	sim_crash(s, 3);
	EXPECT(s, sim_wait_all(s, 3, SWIM_DEAD, 10));
	start = sim_now(s);
	sim_partition(s, deaf, deaf);
	EXPECT(s, swim_remove(s->world.nodes[0].core, world_local(&s->world, 0, sim_now(s)), "n3",
		      2) == SWIM_REMOVE_OK);
	world_flush(&s->world, 0);
	for (unsigned tenth = 0; tenth < 100 && sim_stats(s, 0).rumours > 0; tenth++)
		sim_run(s, 0.1);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_REMOVED, deaf, 3) == 0);
	sim_heal(s);
	sim_run(s, 20);
	EXPECT(s, sim_tellers(s, start, SWIM_EVENT_REMOVED, 3) == others);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_JOINED, ANY, 3) == 0);
}

/* A member is removed, and its name starts again at another address, without and then with its state directory. */
static void
removal_moved(struct sim *s)
{
	const unsigned others = s->world.count - 1;
	swim_time start;

	EXPECT(s, sim_form(s));
	for (unsigned keep = 0; keep < 2; keep++) {
		/* Wait until no member counts as just started: such a member believes strangers. */
		sim_run(s, 40);
		if (keep == 0)
			sim_crash(s, 3);
		else
			sim_leave(s, 3);
		EXPECT(s, sim_wait_all(s, 3, keep == 0 ? SWIM_DEAD : SWIM_LEFT, 10));
		EXPECT(s, swim_remove(s->world.nodes[0].core, world_local(&s->world, 0, sim_now(s)),
			      "n3", 2) == SWIM_REMOVE_OK);
		world_flush(&s->world, 0);
		sim_run(s, 3);
		start = sim_now(s);
		sim_move(s, 3);
		sim_restart(s, 3, keep == 1);
		EXPECT(s, sim_wait_all(s, 3, SWIM_ALIVE, 5));
		EXPECT(s, sim_told(s, start, SWIM_EVENT_JOINED, ANY, 3) == others);
		EXPECT(s, sim_wait_converged(s, 10));
	}
}

static void
retention(struct sim *s)
{
	unsigned others = s->world.count - 2;

	sim_config(s)->timing.dead_retention = swim_seconds(20);
	sim_config(s)->timing.left_retention = swim_seconds(10);
	EXPECT(s, sim_form(s));
	sim_crash(s, 3);
	sim_leave(s, 4);
	EXPECT(s, sim_wait_all(s, 3, SWIM_DEAD, 10));
	EXPECT(s, sim_wait_all(s, 4, SWIM_LEFT, 10));
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_REMOVED, ANY, ANY) == 0);
	sim_run(s, 12);
	EXPECT(s, sim_tellers(s, s->formed, SWIM_EVENT_REMOVED, 4) == others);
	EXPECT(s, sim_tellers(s, s->formed, SWIM_EVENT_REMOVED, 3) == 0);
	sim_run(s, 15);
	EXPECT(s, sim_tellers(s, s->formed, SWIM_EVENT_REMOVED, 3) == others);
	/* No member brings back what another has forgotten. */
	sim_run(s, 300);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_JOINED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_REMOVED, ANY, ANY) == 2 * others);
	for (unsigned i = 0; i < s->world.count; i++)
		if (world_running(&s->world, i))
			EXPECT(s, swim_member_count(s->world.nodes[i].core) == s->world.count - 2);
}

static void
nonsense(struct sim *s)
{
	char longest[SWIM_NAME_MAX + 2];
	size_t count = s->world.count;
	static const char *const addresses[] = {"", "nowhere", "10.0.0.9", "10.0.0.9:0",
	    "10.0.0.9:70000", "0.0.0.0:7946", "[::]:7946", "224.0.0.1:7946", "[ff02::1]:7946",
	    ":7946", "fd00::1:7946"};
	const size_t bad = sizeof(addresses) / sizeof(addresses[0]);

	EXPECT(s, sim_form(s));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	sim_forge_update(s, 1, 0, "", "10.0.0.9:7946", SWIM_ALIVE, 0);
	sim_forge_update(s, 1, 0, longest, "10.0.0.9:7946", SWIM_ALIVE, 0);
	for (size_t i = 0; i < bad; i++)
		sim_forge_update(s, 1, 0, "ghost", addresses[i], SWIM_ALIVE, 0);
	/* A second address for a known name: the first address stays. */
	sim_forge_update(s, 1, 0, "n2", "10.0.0.9:7946", SWIM_ALIVE, 0);
	sim_run(s, 1);
	EXPECT(s, sim_stats(s, 0).ignored[SWIM_IGNORE_BAD_NAME] == 2);
	EXPECT(s, sim_stats(s, 0).ignored[SWIM_IGNORE_BAD_ADDRESS] == bad);
	EXPECT(s, sim_stats(s, 0).ignored[SWIM_IGNORE_CONFLICT] == 1);
	for (unsigned i = 0; i < s->world.count; i++)
		EXPECT(s, swim_member_count(s->world.nodes[i].core) == count);
	EXPECT(s, strcmp(report(s, 0, 2).address, s->world.nodes[2].hostport) == 0);
	EXPECT(s, sim_converged(s));
}

static void
ghost(struct sim *s)
{
	static const char name[] = "a ghost\x1b[2J";

	EXPECT(s, sim_form(s));
	/* A false update makes a member known that does not exist, and all members declare it failed. */
	sim_forge_update(s, 1, 0, name, "10.200.0.1:7946", SWIM_ALIVE, 7);
	sim_run(s, 20);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_JOINED, ANY, ANY) == s->world.count);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY) == s->world.count);
	for (unsigned i = 0; i < s->world.count; i++) {
		struct swim_report r;

		EXPECT(s, swim_member_find(s->world.nodes[i].core, name, sizeof(name) - 1, &r));
		EXPECT(s, r.status == SWIM_DEAD && r.incarnation == 7);
	}
	EXPECT(s, sim_wait_converged(s, 20));
}

#define GHOSTS 20

/* How many members node i holds dead. */
static size_t
dead_at(const struct sim *s, unsigned i)
{
	return sim_stats(s, i).members[SWIM_DEAD];
}

/* False updates tell node 0 of many members that do not exist.  Node 3 restarts meanwhile, and hears of them from the others. */
static void
ghosts_pass(struct sim *s)
{
	const unsigned count = s->world.count;
	char name[16], address[32];

	EXPECT(s, sim_form(s));
	sim_run(s, 40);
	for (unsigned i = 0; i < GHOSTS; i++) {
		snprintf(name, sizeof(name), "ghost-%u", i);
		snprintf(address, sizeof(address), "10.200.0.1:%u", 2000 + i);
		sim_forge_update(s, 1, 0, name, address, SWIM_ALIVE, 7);
	}
	sim_run(s, 60);
	sim_restart(s, 3, true);
	sim_run(s, 10);
	for (unsigned i = 0; i < count; i++)
		EXPECT(s, dead_at(s, i) == GHOSTS);
	sim_run(s, 120);
	for (unsigned i = 0; i < count; i++)
		EXPECT(s, dead_at(s, i) == 0 && swim_member_count(s->world.nodes[i].core) == count);
	EXPECT(s, sim_told(s, s->formed, SWIM_EVENT_REMOVED, ANY, ANY) == GHOSTS * (count - 1));
	EXPECT(s, sim_converged(s));
}

/*
 * A member joins, can reach nobody but its seed, and crashes at once.  As the member has answered its seed, all others
 * remember its death, and so does a member that starts later.
 */
static void
short_life(struct sim *s)
{
	const unsigned late = s->world.count - 1, brief = late - 1;

	sim_start_range(s, 0, brief - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	sim_run(s, 40);
	for (unsigned i = 1; i < brief; i++) {
		sim_cut(s, i, brief);
		sim_cut(s, brief, i);
	}
	sim_start(s, brief);
	EXPECT(s, sim_wait_all(s, brief, SWIM_ALIVE, 5));
	sim_crash(s, brief);
	sim_heal(s);
	EXPECT(s, sim_wait_all(s, brief, SWIM_DEAD, 60));
	sim_run(s, 300);
	sim_start(s, late);
	sim_run(s, 300);
	for (unsigned i = 0; i < s->world.count; i++)
		EXPECT(s, i == brief || sim_is(s, i, brief, SWIM_DEAD));
}

static void
higher_dead(struct sim *s)
{
	EXPECT(s, sim_form(s));
	/* A death at a higher incarnation raises the known one, or an older alive update would bring the member back. */
	sim_crash(s, 4);
	sim_forge(s, 1, 0, 4, SWIM_DEAD, 5);
	EXPECT(s, sim_wait_all(s, 4, SWIM_DEAD, 5));
	EXPECT(s, report(s, 0, 4).incarnation == 5);
	sim_forge(s, 1, 0, 4, SWIM_DEAD, 9);
	sim_run(s, 5);
	for (unsigned i = 0; i < 4; i++)
		EXPECT(s, report(s, i, 4).incarnation == 9);
	for (unsigned i = 0; i < 4; i++) {
		sim_forge(s, 1, i, 4, SWIM_ALIVE, 8);
		sim_forge(s, 1, i, 4, SWIM_ALIVE, 9);
	}
	sim_run(s, 1);
	EXPECT(s, sim_wait_all(s, 4, SWIM_DEAD, 0));
	/* The member restarts without its state, hears of its death, and refutes it by the next incarnation. */
	sim_restart(s, 4, false);
	EXPECT(s, sim_wait_all(s, 4, SWIM_ALIVE, 5));
	EXPECT(s, swim_incarnation(s->world.nodes[4].core) == 10);
}

static void
strangers(struct sim *s)
{
	struct wire_writer w;
	uint8_t ping[WIRE_DATAGRAM_MIN];
	size_t len;

	EXPECT(s, sim_form(s));
	wire_writer_init(&w, ping, sizeof(ping), 0);
	wire_begin_ping(&w, 1);
	len = wire_finish(&w, &(struct wire_trailer){0}, 0);
	for (unsigned k = 0; k < 200; k++) {
		struct swim_addr from = {.family = 4, .ip = {10, 200, 0, (uint8_t)(k + 1)}};

		from.port = SWIM_DEFAULT_PORT;
		world_inject(&s->world, &from, 0, ping, len);
	}
	sim_run(s, 0.1);
	/* Some of the strangers are listed as unnamed peers; no other member hears of them. */
	EXPECT(s, swim_member_count(s->world.nodes[0].core) > s->world.count);
	EXPECT(s, swim_member_count(s->world.nodes[0].core) < s->world.count + 100);
	EXPECT(s, sim_stats(s, 0).ignored[SWIM_IGNORE_MEMBER_LIMIT] > 100);
	sim_run(s, 1);
	EXPECT(s, swim_member_count(s->world.nodes[1].core) == s->world.count);
	EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

const struct scenario scenarios_limits[] = {
    {"saturation", 3, saturation, LIGHT, "incarnations stop at 2^64-1 and never wrap"},
    {"jump", 4, jump, LIGHT,
	"an incarnation that rises by too much at once is refused, a high first one is not"},
    {"member-limit", 9, member_limit, LIGHT, "no member lists more than max_members members"},
    {"member-limit-dead", 7, limit_forgets_dead, LIGHT,
	"a dead member in a full table makes room for a live one"},
    {"removal-unheard", 8, removal_unheard, LIGHT,
	"a member that missed the rumour of a removal learns of it and forgets the member too"},
    {"removal", 8, removal, LIGHT,
	"a dead member that is removed is forgotten by all, until it starts again"},
    {"removal-moved", 8, removal_moved, LIGHT,
	"a removed member that starts at another address is listed by all within seconds"},
    {"retention", 8, retention, LIGHT,
	"dead and left members are forgotten after their retention, and do not return"},
    {"nonsense", 5, nonsense, LIGHT, "updates with invalid names and addresses change nothing"},
    {"strangers", 5, strangers, LIGHT, "pings from 200 unknown addresses do not fill the table"},
    {"ghost", 12, ghost, LIGHT, "a member that does not exist is declared failed by all"},
    {"ghosts-pass", 12, ghosts_pass, LIGHT,
	"members that do not exist are forgotten by all within minutes"},
    {"short-life", 14, short_life, LIGHT,
	"a member that answered a single member is remembered by all, and by one that starts later"},
    {"higher-dead", 5, higher_dead, LIGHT,
	"a death at a higher incarnation raises the known incarnation"},
    {0},
};
