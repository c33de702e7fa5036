/* SPDX-License-Identifier: MIT */
/* Forged updates: datagrams that no correct member sends. */
#include <string.h>

#include "base/hash.h"
#include "sim/scenario.h"

static uint64_t
name_hash(const char *name)
{
	return hash64_end(hash64_bytes(HASH64_START, name, strlen(name)));
}

void
sim_forge_update(struct sim *s, unsigned from, unsigned to, const char *id, const char *address,
    enum swim_status status, uint64_t incarnation)
{
	const struct node *sender = &s->world.nodes[from];
	struct wire_trailer trailer = {0};
	struct wire_writer w;
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_update update = {
	    .member = {wire_str_of(id), wire_str_of(address)},
	    .status = status,
	    .flags = status == SWIM_LEFT ? WIRE_FLAG_LEFT : 0,
	    .incarnation = incarnation,
	};
	size_t len;

	s->world.forged = true;
	/* Others may from now on hold the subject at incarnations that it never had. */
	check_foreign(s->world.check, id);
	if (world_by_address(&s->world, id) != UINT32_MAX)
		check_foreign(s->world.check, s->world.nodes[world_by_address(&s->world, id)].name);
	/* The ping of a running swimd peer has its name, and the accusers that make a suspicion or a death count. */
	if (sender->kind == NODE_SWIMD && world_running(&s->world, from)) {
		trailer.has_sender = true;
		trailer.sender = wire_str_of(sender->name);
		if (status == SWIM_SUSPECT || status == SWIM_DEAD)
			update.accusers[update.accuser_count++] = name_hash(sender->name);
		if (status == SWIM_DEAD)
			update.accusers[update.accuser_count++] = name_hash(
			    s->world.nodes[to].name);
	}
	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping(&w, rng_u64(&s->world.rng));
	wire_add_update(&w, &update);
	len = wire_finish(&w, &trailer, 0);
	world_inject(&s->world, &s->world.nodes[from].addr, to, data, len);
}

void
sim_forge(struct sim *s, unsigned from, unsigned to, unsigned about, enum swim_status status,
    uint64_t incarnation)
{
	const struct node *n = &s->world.nodes[about];

	sim_forge_update(s, from, to, n->name, n->hostport, status, incarnation);
}
