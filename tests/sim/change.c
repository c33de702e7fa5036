/* SPDX-License-Identifier: MIT */
/* Changes of the record of a node: its address, its tags, its name. */
#include <stdio.h>
#include <string.h>

#include "sim/scenario.h"

void
sim_move(struct sim *s, unsigned i)
{
	struct node *n = &s->world.nodes[i];

	if (n->kind != NODE_SWIMD)
		return;
	n->addr.port++;
	swim_addr_format(&n->addr, n->hostport);
	if (n->state != NODE_UP)
		return;
	swim_set_address(n->core, world_local(&s->world, i, s->world.now), &n->addr);
	world_flush(&s->world, i);
}

void
sim_tag(struct sim *s, unsigned i, unsigned value)
{
	struct node *n = &s->world.nodes[i];
	char text[16], tags[32];
	size_t len;

	if (n->state != NODE_UP || n->kind != NODE_SWIMD)
		return;
	snprintf(text, sizeof(text), "%u", value);
	len = strlen(text);
	tags[0] = 1;
	tags[1] = 't';
	tags[2] = 0;
	tags[3] = (char)len;
	memcpy(tags + 4, text, len);
	if (!swim_set_tags(n->core, world_local(&s->world, i, s->world.now), tags, len + 4))
		world_breach(&s->world, "swim_set_tags refuses a valid tag");
	world_flush(&s->world, i);
}

void
sim_tag_bytes(struct sim *s, unsigned i, size_t bytes)
{
	struct node *n = &s->world.nodes[i];
	char tags[WIRE_TAGS_MAX];

	if (n->state != NODE_UP || n->kind != NODE_SWIMD)
		return;
	memset(tags, 'x', sizeof(tags));
	tags[0] = 1;
	tags[1] = 't';
	tags[2] = (char)((bytes - 4) >> 8);
	tags[3] = (char)(bytes - 4);
	if (!swim_set_tags(n->core, world_local(&s->world, i, s->world.now), tags, bytes))
		world_breach(&s->world, "swim_set_tags refuses a large tag");
	world_flush(&s->world, i);
}

void
sim_rename(struct sim *s, unsigned i, unsigned as)
{
	memcpy(s->world.nodes[i].name, s->world.nodes[as].name, sizeof(s->world.nodes[i].name));
}

void
sim_block(struct sim *s, unsigned i, bool blocked)
{
	world_block(&s->world, i, blocked);
}
