/* SPDX-License-Identifier: MIT */
/* Paths that silently lose datagrams above some size, as tunnels do where fragments and ICMP are dropped. */
#include "sim/scenario.h"

#define TAGS 400        /* bytes of tags that each member has */
#define LINK_HEADERS 28 /* bytes of the headers of IPv4 and UDP in a packet */

static void
start_with_tags(struct sim *s, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		sim_start(s, i);
		sim_tag_bytes(s, i, TAGS);
	}
}

/* Expect one view within `seconds`; then for 60 s the view must stay, and nobody be suspected or declared failed. */
static void
one_view(struct sim *s, double seconds)
{
	swim_time start = sim_now(s);

	EXPECT(s, sim_wait_converged(s, seconds));
	sim_note(s, "one view after %.1f s; %zu bytes at least; ", sim_since(s, start),
	    sim_stats(s, s->world.count - 1).path_smallest);
	sim_run(s, 60);
	EXPECT(s, sim_converged(s));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, s->world.net.too_large > 0);
}

/* Two halves, between which only packets of up to `packet` bytes pass. */
static void
halves(struct sim *s, size_t packet, double seconds)
{
	unsigned n = s->world.count;

	sim_narrow(s, 0, n / 2 - 1, packet - LINK_HEADERS);
	start_with_tags(s, 0, n - 1);
	one_view(s, seconds);
}

static void
halves_1280(struct sim *s)
{
	halves(s, 1280, 10);
}

static void
halves_1200(struct sim *s)
{
	halves(s, 1200, 10);
}

static void
halves_1100(struct sim *s)
{
	halves(s, 1100, 10);
}

/* IPv4 allows such a narrow path.  Everything still arrives, in many small pages. */
static void
halves_600(struct sim *s)
{
	unsigned n = s->world.count;

	sim_narrow(s, 0, n / 2 - 1, 600 - LINK_HEADERS);
	start_with_tags(s, 0, n - 1);
	EXPECT(s, sim_wait_converged(s, 60));
}

static void
halves_of_jumbo(struct sim *s)
{
	sim_config(s)->max_datagram = 9000;
	halves(s, 1400, 10);
}

static void
one_way(struct sim *s)
{
	unsigned n = s->world.count;

	sim_narrow_one_way(s, 0, n / 2 - 1, 1280 - LINK_HEADERS);
	start_with_tags(s, 0, n - 1);
	one_view(s, 10);
}

static void
one_member(struct sim *s)
{
	unsigned last = s->world.count - 1;

	sim_narrow(s, last, last, 1280 - LINK_HEADERS);
	start_with_tags(s, 0, last);
	one_view(s, 10);
}

/* The path narrows while the cluster runs, as when a route moves to a tunnel.  Later joins and changes reach all members. */
static void
appears_later(struct sim *s)
{
	unsigned n = s->world.count, last = n - 1;
	swim_time start;

	start_with_tags(s, 0, last - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	sim_narrow(s, 0, n / 2 - 1, 1280 - LINK_HEADERS);
	start = sim_now(s);
	for (unsigned i = 0; i < last; i++)
		sim_tag_bytes(s, i, TAGS + 1);
	sim_start(s, last);
	sim_tag_bytes(s, last, TAGS);
	EXPECT(s, sim_wait_converged(s, 20));
	sim_note(s, "one view after %.1f s", sim_since(s, start));
	sim_run(s, 60);
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
}

/* A quarter of the members crashes while all change their tags: all others learn it, and no live member is declared failed. */
static void
storm(struct sim *s)
{
	unsigned n = s->world.count;
	swim_time crash;

	sim_narrow(s, 0, n / 2 - 1, 1280 - LINK_HEADERS);
	start_with_tags(s, 0, n - 1);
	EXPECT(s, sim_wait_converged(s, 20));
	crash = sim_now(s);
	for (unsigned i = 0; i < n; i++)
		sim_tag_bytes(s, i, TAGS + 1);
	for (unsigned i = 1; i < n; i += 4)
		sim_crash(s, i);
	EXPECT(s, sim_wait_converged(s, 20));
	sim_note(s, "one view after %.1f s", sim_since(s, crash));
	sim_run(s, 20);
	EXPECT(s, sim_false_failures(s, crash) == 0);
}

static uint64_t
trials_of_all(const struct sim *s)
{
	uint64_t trials = 0;

	for (unsigned i = 0; i < s->world.count; i++)
		trials += sim_stats(s, i).path_trials;
	return trials;
}

/* While the path stays narrow, larger datagrams are tried less and less often.  When it is wide again, it is used in full. */
static void
widens_again(struct sim *s)
{
	unsigned n = s->world.count;
	uint64_t trials;
	bool narrow = false;

	sim_narrow(s, 0, n / 2 - 1, 1280 - LINK_HEADERS);
	start_with_tags(s, 0, n - 1);
	EXPECT(s, sim_wait_converged(s, 10));
	sim_run(s, 900);
	/* Some have exchanged views with the other half, and found that 1,400 bytes do not arrive there but 1,232 do. */
	for (unsigned i = 0; i < n; i++) {
		struct swim_stats stats = sim_stats(s, i);

		narrow |= stats.paths_reduced > 0;
		EXPECT(s, stats.paths_reduced == 0 || stats.path_smallest == 1232);
	}
	EXPECT(s, narrow);
	trials = trials_of_all(s);
	sim_run(s, 600);
	trials = trials_of_all(s) - trials;
	sim_note(s, "%.2f trials a minute and member", (double)trials / 10 / n);
	/* Each member makes at most three trials to each member of the other half in 640 s. */
	EXPECT(s, trials > 0 && trials <= 3 * n * n / 2);
	sim_heal(s);
	sim_run(s, 700);
	for (unsigned i = 0; i < n; i++)
		EXPECT(s, sim_stats(s, i).paths_reduced == 0);
}

/* Datagrams above 400 bytes do not arrive, so no page does: swim_stats tells of unanswered syncs. */
static void
too_small(struct sim *s)
{
	unsigned n = s->world.count;

	sim_narrow(s, 0, n / 2 - 1, 400);
	for (unsigned i = 0; i < n; i++)
		sim_start(s, i);
	sim_run(s, 10);
	for (unsigned i = 0; i < n / 2; i++)
		sim_tag_bytes(s, i, TAGS);
	sim_run(s, 180);
	EXPECT(s, !sim_converged(s));
	EXPECT(s, sim_stats(s, n - 1).syncs_unanswered >= 2);
}

const struct scenario scenarios_path[] = {
    {"path-1280", 12, halves_1280, LIGHT,
	"if only packets of up to 1,280 bytes pass between halves, all have one view within 10 s"},
    {"path-1200", 12, halves_1200, LIGHT,
	"if only packets of up to 1,200 bytes pass between halves, all have one view within 10 s"},
    {"path-1100", 12, halves_1100, LIGHT,
	"if only packets of up to 1,100 bytes pass between halves, all have one view within 10 s"},
    {"path-600", 12, halves_600, LIGHT,
	"if only packets of up to 600 bytes pass between halves, all have one view within 60 s"},
    {"path-jumbo", 12, halves_of_jumbo, LIGHT,
	"datagrams of 9,000 bytes are configured, packets of 1,400 pass: one view within 10 s"},
    {"path-one-way", 12, one_way, LIGHT,
	"if only packets of up to 1,280 bytes pass in one direction, all have one view within 10 s"},
    {"path-to-one", 12, one_member, LIGHT,
	"if only packets of up to 1,280 bytes pass to one member, all have one view within 10 s"},
    {"path-later", 12, appears_later, LIGHT,
	"joins and changes reach all members over a path that narrows while the cluster runs"},
    {"path-storm", 24, storm, LIGHT, "much gossip over a narrow path makes no live member fail"},
    {"path-widens", 8, widens_again, LIGHT,
	"a path that is wide again is used in full; a narrow one is tried less and less often"},
    {"path-too-small", 8, too_small, LIGHT,
	"if no page passes over a path, the core counts unanswered syncs"},
    {0},
};
