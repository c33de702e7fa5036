/* SPDX-License-Identifier: MIT */
#include "sim/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/finder.h"
#include "sim/trace.h"

/* The time from one check of a condition to the next. */
#define POLL swim_ms(10)

struct sim *
sim_new(uint64_t seed, unsigned nodes, const char *label, bool trace)
{
	struct sim *s = heap_zeroed(1, sizeof(*s));

	world_init(&s->world, seed, nodes);
	snprintf(s->world.label, sizeof(s->world.label), "%s", label);
	s->world.trace = trace;
	for (unsigned i = 1; i < nodes; i++) {
		s->world.nodes[i].seeds[0] = s->world.nodes[0].addr;
		s->world.nodes[i].seed_count = 1;
	}
	/* A check of the whole view after each call takes time in proportion to the square of the size. */
	s->world.config.check_every = nodes <= 40 ? 1 : nodes <= 200 ? nodes : 16 * nodes;
	s->world.config.check_events = nodes <= 200;
	return s;
}

void
sim_free(struct sim *s)
{
	world_fini(&s->world);
	free(s);
}

struct world_config *
sim_config(struct sim *s)
{
	return &s->world.config;
}

struct net_config *
sim_net(struct sim *s)
{
	return &s->world.net.config;
}

void
sim_seed(struct sim *s, unsigned i, unsigned seed)
{
	struct node *n = &s->world.nodes[i];

	if (!n->seeds_given)
		n->seed_count = 0;
	n->seeds_given = true;
	if (n->seed_count < WORLD_SEEDS_MAX)
		n->seeds[n->seed_count++] = s->world.nodes[seed].addr;
}

void
sim_no_seeds(struct sim *s, unsigned i)
{
	struct node *n = &s->world.nodes[i];

	n->seeds_given = true;
	n->seed_count = 0;
	n->seed_name = NULL;
}

void
sim_save(struct sim *s)
{
	s->world.saves = true;
}

void
sim_name(struct sim *s, const char *hostport, unsigned node)
{
	struct world *w = &s->world;
	unsigned i = 0;

	while (i < w->name_count && strcmp(w->names[i].hostport, hostport) != 0)
		i++;
	if (i == WORLD_NAMES_MAX || w->names[i].count == WORLD_NAME_NODES_MAX)
		return;
	if (i == w->name_count)
		w->names[w->name_count++].hostport = hostport;
	w->names[i].nodes[w->names[i].count++] = node;
}

void
sim_seed_name(struct sim *s, unsigned i, const char *hostport)
{
	sim_no_seeds(s, i);
	s->world.nodes[i].seed_name = hostport;
}

void
sim_base(struct sim *s, unsigned i)
{
	world_make_base(&s->world, i, false);
}

void
sim_base_named(struct sim *s, unsigned i)
{
	world_make_base(&s->world, i, true);
}

void
sim_start_at(struct sim *s, unsigned i, uint64_t incarnation)
{
	world_replace_disk(&s->world, i, incarnation);
	world_start(&s->world, i);
}

void
sim_start_beyond(struct sim *s, unsigned i, uint64_t incarnation)
{
	world_replace_disk(&s->world, i, 0);
	world_start_beyond(&s->world, i, incarnation);
}

void
sim_start(struct sim *s, unsigned i)
{
	sim_start_at(s, i, 0);
}

void
sim_start_range(struct sim *s, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++)
		sim_start(s, i);
}

void
sim_crash(struct sim *s, unsigned i)
{
	if (world_running(&s->world, i))
		world_stop(&s->world, i, NODE_DOWN);
}

void
sim_restart(struct sim *s, unsigned i, bool keep_state)
{
	sim_crash(s, i);
	if (!keep_state)
		world_replace_disk(&s->world, i, 0);
	world_start(&s->world, i);
}

void
sim_leave(struct sim *s, unsigned i)
{
	world_leave(&s->world, i);
}

bool
sim_join(struct sim *s, unsigned i, unsigned other)
{
	return finder_join_by_hand(&s->world, &s->world.nodes[i], &s->world.nodes[other].addr);
}

void
sim_pause(struct sim *s, unsigned i)
{
	world_pause(&s->world, i, true);
}

void
sim_resume(struct sim *s, unsigned i)
{
	world_pause(&s->world, i, false);
}

void
sim_slow(struct sim *s, unsigned i, swim_duration per_datagram)
{
	s->world.nodes[i].cost = per_datagram;
}

static struct net_range
range(unsigned i)
{
	return i == ANY ? (struct net_range){0, UINT32_MAX} : (struct net_range){i, i};
}

size_t
sim_partition(struct sim *s, unsigned first, unsigned last)
{
	if (s->world.trace)
		trace_note(&s->world, "n%u to n%u are cut off from all others", first, last);
	return net_add(&s->world.net,
	    (struct net_rule){.kind = NET_RULE_SPLIT, .from = {first, last}, .loss = 1});
}

size_t
sim_spoil(struct sim *s, unsigned from, unsigned to, double loss)
{
	if (s->world.trace)
		trace_note(&s->world, "loss from node %d to node %d is %.2f (-1: all)", (int)from,
		    (int)to, loss);
	return net_add(&s->world.net, (struct net_rule){.kind = NET_RULE_ONE_WAY,
					  .from = range(from),
					  .to = range(to),
					  .loss = loss});
}

size_t
sim_cut(struct sim *s, unsigned from, unsigned to)
{
	return sim_spoil(s, from, to, 1);
}

size_t
sim_narrow(struct sim *s, unsigned first, unsigned last, size_t largest)
{
	if (s->world.trace)
		trace_note(&s->world, "at most %zu bytes pass between n%u to n%u and all others",
		    largest, first, last);
	return net_add(&s->world.net,
	    (struct net_rule){.kind = NET_RULE_SPLIT, .from = {first, last}, .largest = largest});
}

size_t
sim_narrow_one_way(struct sim *s, unsigned first, unsigned last, size_t largest)
{
	if (s->world.trace)
		trace_note(&s->world, "at most %zu bytes pass from n%u to n%u to all others",
		    largest, first, last);
	return net_add(&s->world.net, (struct net_rule){.kind = NET_RULE_ONE_WAY,
					  .from = {first, last},
					  .to = {last + 1, s->world.count - 1},
					  .largest = largest});
}

void
sim_silence(struct sim *s, unsigned i, enum silence kind, double seconds)
{
	size_t rule = 0;

	switch (kind) {
	case SILENCE_CUT:
		rule = sim_partition(s, i, i);
		break;
	case SILENCE_DEAF:
		rule = sim_cut(s, ANY, i);
		break;
	case SILENCE_MUTE:
		rule = sim_cut(s, i, ANY);
		break;
	case SILENCE_PAUSE:
		sim_pause(s, i);
		sim_run(s, seconds);
		sim_resume(s, i);
		return;
	}
	sim_run(s, seconds);
	sim_mend(s, rule);
}

size_t
sim_delay(struct sim *s, unsigned first, unsigned last, double seconds)
{
	if (s->world.trace)
		trace_note(&s->world, "%.3f s more between n%u to n%u and all others", seconds,
		    first, last);
	return net_add(&s->world.net, (struct net_rule){.kind = NET_RULE_SPLIT,
					  .from = {first, last},
					  .delay = swim_duration_scale(swim_seconds(1), seconds)});
}

static size_t
add_line(struct sim *s, unsigned from, unsigned to, struct net_rule rule)
{
	if (s->world.trace)
		trace_note(&s->world, "%.0f bytes a second from node %d to node %d (-1: all)",
		    rule.rate, (int)from, (int)to);
	rule.kind = NET_RULE_ONE_WAY;
	rule.from = range(from);
	rule.to = range(to);
	return net_add(&s->world.net, rule);
}

size_t
sim_uplink(struct sim *s, unsigned i, double rate, size_t queue)
{
	return add_line(s, i, ANY, (struct net_rule){.rate = rate, .queue = queue});
}

size_t
sim_downlink(struct sim *s, unsigned i, double rate, size_t queue)
{
	return add_line(s, ANY, i, (struct net_rule){.rate = rate, .queue = queue});
}

size_t
sim_medium(struct sim *s, double rate, size_t queue)
{
	return add_line(s, ANY, ANY, (struct net_rule){.rate = rate, .queue = queue});
}

void
sim_fill(struct sim *s, size_t line, double seconds)
{
	if (s->world.trace)
		trace_note(&s->world, "line %zu is busy for %.1f s", line, seconds);
	net_fill(&s->world.net, line, sim_now(s), swim_duration_scale(swim_seconds(1), seconds));
}

uint64_t
sim_offered(const struct sim *s, size_t line)
{
	return s->world.net.rules[line].offered;
}

void
sim_mend(struct sim *s, size_t rule)
{
	if (s->world.trace)
		trace_note(&s->world, "rule %zu of the network is removed", rule);
	net_remove(&s->world.net, rule);
}

void
sim_heal(struct sim *s)
{
	if (s->world.trace)
		trace_note(&s->world, "all rules of the network are removed");
	net_clear(&s->world.net);
}

void
sim_loss(struct sim *s, double loss)
{
	s->world.net.config.loss = loss;
}

swim_time
sim_now(const struct sim *s)
{
	return s->world.now;
}

double
sim_since(const struct sim *s, swim_time t)
{
	return swim_duration_seconds(swim_time_since(s->world.now, t));
}

static void
run_until(struct sim *s, swim_time until)
{
	while (world_step(&s->world, until))
		;
}

void
sim_run(struct sim *s, double seconds)
{
	run_until(s, swim_time_add(s->world.now, swim_duration_scale(swim_seconds(1), seconds)));
}

struct sim_sent
sim_sent(const struct sim *s)
{
	struct sim_sent sent = {0};

	for (unsigned i = 0; i < s->world.count; i++) {
		sent.datagrams += s->world.nodes[i].sent;
		sent.bytes += s->world.nodes[i].sent_bytes;
	}
	return sent;
}

/* What is demanded of all views: see sim_complete, sim_wait_agreed and sim_converged. */
enum demand { COMPLETE, AGREED, CONVERGED };

/* A condition that a scenario waits for; each kind uses some of the fields. */
struct condition {
	bool (*holds)(struct sim *, const struct condition *);
	bool (*of_scenario)(struct sim *);
	unsigned observer, subject;
	enum swim_status status;
	enum demand demand;
};

static bool
wait_for(struct sim *s, const struct condition *c, double seconds)
{
	swim_time until =
	    swim_time_add(s->world.now, swim_duration_scale(swim_seconds(1), seconds));

	while (!c->holds(s, c)) {
		if (swim_time_reached(s->world.now, until))
			return false;
		run_until(s, swim_time_min(until, swim_time_add(s->world.now, POLL)));
	}
	return true;
}

bool
sim_status(struct sim *s, unsigned observer, unsigned subject, enum swim_status *status)
{
	const struct node *o = &s->world.nodes[observer];
	const char *name = s->world.nodes[subject].name;
	const char *address = s->world.nodes[subject].hostport;
	struct swim_report report;
	struct base_report base;

	if (!world_running(&s->world, observer))
		return false;
	if (o->kind == NODE_BASE) {
		if (s->world.nodes[subject].kind == NODE_SWIMD)
			name = address;
		if (!base_peer_find(o->peer, name, address, &base) &&
		    !base_peer_find(o->peer, address, address, &base))
			return false;
		*status = base.status;
		return true;
	}
	if (!swim_member_find(o->core, name, strlen(name), &report))
		return false;
	*status = report.status;
	return true;
}

bool
sim_is(struct sim *s, unsigned observer, unsigned subject, enum swim_status status)
{
	enum swim_status held;

	return sim_status(s, observer, subject, &held) && held == status;
}

static bool
observer_holds(struct sim *s, const struct condition *c)
{
	return sim_is(s, c->observer, c->subject, c->status);
}

bool
sim_wait_status(struct sim *s, unsigned observer, unsigned subject, enum swim_status status,
    double seconds)
{
	struct condition c = {observer_holds, NULL, observer, subject, status, COMPLETE};

	return wait_for(s, &c, seconds);
}

static bool
scenario_holds(struct sim *s, const struct condition *c)
{
	return c->of_scenario(s);
}

bool
sim_wait_until(struct sim *s, bool (*holds)(struct sim *), double seconds)
{
	struct condition c = {.holds = scenario_holds, .of_scenario = holds};

	return wait_for(s, &c, seconds);
}

static bool
is_observer(const struct sim *s, unsigned i)
{
	return s->world.nodes[i].state == NODE_UP && s->world.nodes[i].kind == NODE_SWIMD;
}

static bool
all_observers_hold(struct sim *s, const struct condition *c)
{
	for (unsigned i = 0; i < s->world.count; i++)
		if (i != c->subject && is_observer(s, i) && !sim_is(s, i, c->subject, c->status))
			return false;
	return true;
}

bool
sim_wait_all(struct sim *s, unsigned subject, enum swim_status status, double seconds)
{
	struct condition c = {all_observers_hold, NULL, ANY, subject, status, COMPLETE};

	return wait_for(s, &c, seconds);
}

struct swim_stats
sim_stats(const struct sim *s, unsigned i)
{
	struct swim_stats stats;

	swim_stats(s->world.nodes[i].core, &stats);
	return stats;
}

/* Does the view of observer i meet the demand?  If not, `why` gets the reason. */
static bool
view_meets(struct sim *s, unsigned i, enum demand demand, char *why, size_t size)
{
	struct swim_stats stats = sim_stats(s, i);
	unsigned up = 0;

	for (unsigned j = 0; j < s->world.count; j++) {
		const struct node *n = &s->world.nodes[j];
		enum swim_status status;
		bool known;

		up += n->state == NODE_UP;
		if (n->life == 0 || i == j)
			continue;
		known = sim_status(s, i, j, &status);
		if (n->state == NODE_UP && (!known || status != SWIM_ALIVE)) {
			snprintf(why, size, "%s holds %s, which runs, %s", s->world.nodes[i].name,
			    n->name, known ? swim_status_name(status) : "unknown");
			return false;
		}
		if (demand >= AGREED && n->state != NODE_UP && known && status <= SWIM_SUSPECT) {
			snprintf(why, size, "%s holds %s, which does not run, %s",
			    s->world.nodes[i].name, n->name, swim_status_name(status));
			return false;
		}
	}
	if (demand == COMPLETE)
		return true;
	if (stats.members[SWIM_ALIVE] != up || stats.members[SWIM_SUSPECT] != 0) {
		snprintf(why, size, "%s counts %zu alive and %zu suspect, but %u run",
		    s->world.nodes[i].name, stats.members[SWIM_ALIVE], stats.members[SWIM_SUSPECT],
		    up);
		return false;
	}
	if (demand == CONVERGED && stats.rumours != 0) {
		snprintf(why, size, "%s has %zu rumours left", s->world.nodes[i].name,
		    stats.rumours);
		return false;
	}
	return true;
}

static unsigned
count_up(const struct sim *s)
{
	unsigned up = 0;

	for (unsigned i = 0; i < s->world.count; i++)
		up += s->world.nodes[i].state == NODE_UP;
	return up;
}

/* Compare counts and digests first: view_meets compares each pair of nodes, which takes long. */
static bool
counts_meet(struct sim *s, enum demand demand, char *why, size_t size)
{
	unsigned first = ANY, up = count_up(s);

	for (unsigned i = 0; i < s->world.count; i++) {
		struct swim_stats stats;

		if (!is_observer(s, i))
			continue;
		stats = sim_stats(s, i);
		if (stats.members[SWIM_ALIVE] < up) {
			snprintf(why, size, "%s counts %zu alive, but %u run",
			    s->world.nodes[i].name, stats.members[SWIM_ALIVE], up);
			return false;
		}
		if (first == ANY) {
			first = i;
		} else if (demand >= AGREED && stats.digest != sim_stats(s, first).digest) {
			snprintf(why, size, "%s and %s hold different views",
			    s->world.nodes[first].name, s->world.nodes[i].name);
			return false;
		}
	}
	return true;
}

static bool
all_views_meet(struct sim *s, enum demand demand, char *why, size_t size)
{
	if (!counts_meet(s, demand, why, size))
		return false;
	for (unsigned i = 0; i < s->world.count; i++)
		if (is_observer(s, i) && !view_meets(s, i, demand, why, size))
			return false;
	return true;
}

static bool
views_hold(struct sim *s, const struct condition *c)
{
	char why[256];

	return all_views_meet(s, c->demand, why, sizeof(why));
}

static bool
views_are(struct sim *s, enum demand demand)
{
	return views_hold(s, &(struct condition){.demand = demand});
}

static bool
wait_views(struct sim *s, enum demand demand, double seconds)
{
	return wait_for(s, &(struct condition){.holds = views_hold, .demand = demand}, seconds);
}

static bool
wait_or_explain(struct sim *s, enum demand demand, double seconds)
{
	bool met = wait_views(s, demand, seconds);

	if (!met)
		sim_explain(s);
	return met;
}

bool
sim_complete(struct sim *s)
{
	return views_are(s, COMPLETE);
}

bool
sim_wait_complete(struct sim *s, double seconds)
{
	return wait_views(s, COMPLETE, seconds);
}

bool
sim_converged(struct sim *s)
{
	return views_are(s, CONVERGED);
}

bool
sim_wait_agreed(struct sim *s, double seconds)
{
	return wait_or_explain(s, AGREED, seconds);
}

bool
sim_wait_converged(struct sim *s, double seconds)
{
	return wait_or_explain(s, CONVERGED, seconds);
}

bool
sim_form(struct sim *s)
{
	bool met;

	sim_start_range(s, 0, s->world.count - 1);
	met = sim_wait_converged(s, 20);
	s->formed = s->world.now;
	return met;
}

void
sim_explain(struct sim *s)
{
	char why[256];
	unsigned said = 0;

	if (!all_views_meet(s, CONVERGED, why, sizeof(why)))
		printf("# %s at %.3f s: %s\n", s->world.label, (double)s->world.now.ns / 1e9, why);
	for (unsigned i = 0; i < s->world.count && said < 5; i++) {
		if (is_observer(s, i) && !view_meets(s, i, CONVERGED, why, sizeof(why))) {
			printf("#   %s\n", why);
			said++;
		}
	}
}

void
sim_note(struct sim *s, const char *format, ...)
{
	size_t used = strlen(s->notes);
	va_list args;

	va_start(args, format);
	vsnprintf(s->notes + used, sizeof(s->notes) - used, format, args);
	va_end(args);
}

bool
sim_expect(struct sim *s, bool met, const char *text, const char *file, int line)
{
	if (!met) {
		s->failed = true;
		printf("# %s at %.6f s: not so: %s (%s:%d)\n", s->world.label,
		    (double)s->world.now.ns / 1e9, text, file, line);
	}
	return met;
}
