/* SPDX-License-Identifier: MIT */
/* Datagrams that no honest member would send. */
#include <string.h>

#include "sim/scenario.h"

void
sim_forge_update(struct sim *s, unsigned from, unsigned to, const char *id, const char *address,
    enum swim_status status, uint64_t incarnation)
{
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

	/* Others would call incarnations of its making a breach. */
	check_foreign(s->world.check, id);
	wire_writer_init(&w, data, sizeof(data), 0);
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
