/* SPDX-License-Identifier: MIT */
/* Compares what base peers list and tell with the nodes that run. */
#include <stdio.h>
#include <string.h>

#include "core/internal.h"
#include "sim/scenario.h"

static bool
is_base(const struct sim *s, unsigned i)
{
	return s->world.nodes[i].kind == NODE_BASE && s->world.nodes[i].state == NODE_UP;
}

/* Does a running swimd peer remember a member at this address? */
static bool
is_remembered(const struct sim *s, const char *address)
{
	struct swim_addr addr;

	if (!swim_addr_parse(address, strlen(address), &addr))
		return false;
	for (unsigned i = 0; i < s->world.count; i++) {
		size_t k = 0;

		if (s->world.nodes[i].core != NULL && s->world.nodes[i].state == NODE_UP &&
		    locate_each_at(s->world.nodes[i].core, &addr, &k) != NULL)
			return true;
	}
	return false;
}

/*
 * Does every listed pair that is not dead belong to a running node?  One exception is allowed: a base peer keeps a suspicion
 * that it heard of until it hears the end of that suspicion, and no swimd peer can tell the end of a member that all swimd
 * peers have forgotten.
 */
static bool
lists_nobody_else(const struct sim *s, unsigned i, char *why, size_t size)
{
	const struct node *o = &s->world.nodes[i];
	struct base_report r;

	for (size_t k = 0; k < base_peer_count(o->peer); k++) {
		unsigned j;

		base_peer_at(o->peer, k, &r);
		if (r.status == SWIM_DEAD)
			continue;
		j = world_by_address(&s->world, r.address);
		if (r.status == SWIM_SUSPECT &&
		    (j == UINT32_MAX || s->world.nodes[j].state != NODE_UP) &&
		    !is_remembered(s, r.address))
			continue;
		/* Base peers list a base peer whose id is not its address under the address too. */
		if (j == i && strcmp(r.id, r.address) == 0)
			continue;
		if (j != UINT32_MAX && j != i && s->world.nodes[j].state == NODE_UP &&
		    (strcmp(r.id, r.address) == 0 ||
			(s->world.nodes[j].kind == NODE_BASE &&
			    strcmp(r.id, s->world.nodes[j].name) == 0)))
			continue;
		snprintf(why, size, "%s lists %s@%s as %s, but no such node runs", o->name, r.id,
		    r.address, swim_status_name(r.status));
		return false;
	}
	return true;
}

/* Does base peer i list all running nodes as alive, and nobody else? */
static bool
lists_all(struct sim *s, unsigned i, char *why, size_t size)
{
	for (unsigned j = 0; j < s->world.count; j++) {
		enum swim_status status;
		bool known;

		if (j == i || s->world.nodes[j].state != NODE_UP)
			continue;
		known = sim_status(s, i, j, &status);
		if (known && status == SWIM_ALIVE)
			continue;
		snprintf(why, size, "%s holds %s, which runs, %s", s->world.nodes[i].name,
		    s->world.nodes[j].name, known ? swim_status_name(status) : "unknown");
		return false;
	}
	return lists_nobody_else(s, i, why, size);
}

bool
sim_bases_complete(struct sim *s)
{
	char why[512];

	for (unsigned i = 0; i < s->world.count; i++)
		if (is_base(s, i) && !lists_all(s, i, why, sizeof(why)))
			return false;
	return true;
}

bool
sim_wait_bases_complete(struct sim *s, double seconds)
{
	unsigned said = 0;
	char why[512];

	if (sim_wait_until(s, sim_bases_complete, seconds))
		return true;
	for (unsigned i = 0; i < s->world.count && said < 5; i++)
		if (is_base(s, i) && !lists_all(s, i, why, sizeof(why)) && ++said)
			printf("# %s at %.3f s: %s\n", s->world.label,
			    (double)s->world.now.ns / 1e9, why);
	return false;
}

static bool
matches(const struct world_base_event *e, swim_time since, enum base_event_type type)
{
	return e->type == type && swim_time_reached(e->at, since);
}

unsigned
sim_bases_told(const struct sim *s, swim_time since, enum base_event_type type, unsigned subject)
{
	unsigned count = 0;

	for (size_t i = 0; i < s->world.base_event_count; i++) {
		const struct world_base_event *e = &s->world.base_events[i];

		count += matches(e, since, type) && (subject == ANY || e->subject == subject);
	}
	return count;
}

unsigned
sim_bases_wrong(const struct sim *s, swim_time since)
{
	unsigned count = 0;

	for (size_t i = 0; i < s->world.base_event_count; i++) {
		const struct world_base_event *e = &s->world.base_events[i];

		count += (matches(e, since, BASE_SUSPECTED) || matches(e, since, BASE_FAILED)) &&
			 e->subject_up;
	}
	return count;
}

bool
sim_wait_bases(struct sim *s, unsigned subject, enum swim_status status, double seconds)
{
	swim_time since = s->world.now;

	for (unsigned i = 0; i < s->world.count; i++)
		if (i != subject && is_base(s, i) &&
		    !sim_wait_status(s, i, subject, status, seconds - sim_since(s, since)))
			return false;
	return true;
}
