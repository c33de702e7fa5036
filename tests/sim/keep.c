/* SPDX-License-Identifier: MIT */
#include "sim/keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/driver.h"

/* The bound that the disk has: 0 where it has none that counts. */
static uint64_t
keep_stored(const struct node *n, const struct owner *self)
{
	char text[RESERVE_TEXT_MAX];
	ssize_t len = disk_read(&n->disk, text);
	struct owner whose;
	uint64_t stored = 0;

	if (len >= 0)
		(void)reserve_parse(self, text, (size_t)len, &stored, &whose);
	return stored;
}

uint64_t
keep_begin(struct world *w, struct node *n)
{
	swim_time local = world_local(w, n->index, w->now);
	char text[RESERVE_TEXT_MAX];
	struct owner self;
	size_t len;

	owner_init(&self, n->name, w->config.cluster);
	len = reserve_begin(&n->reserve, &self, keep_stored(n, &self), local, text);
	/* The daemon waits for its first block. */
	disk_write(&n->disk, text, len);
	if (!reserve_begun(&n->reserve, disk_written(&n->disk), local))
		world_breach(w, "a node does not start for want of a disk");
	return n->reserve.incarnation;
}

static void
keep_write(struct world *w, struct node *n, swim_time local)
{
	char text[RESERVE_TEXT_MAX];

	disk_write(&n->disk, text,
	    reserve_write(&n->reserve, swim_incarnation(n->core), local, text));
	if (n->disk.takes.ns == 0)
		reserve_written(&n->reserve, disk_written(&n->disk));
	else
		heap_push(&w->heap, (struct heap_item){.at = swim_time_add(w->now, n->disk.takes),
					.kind = STORED,
					.node = n->index,
					.arg = (uint64_t)n->life << 32});
}

bool
keep_may_speak(struct world *w, struct node *n)
{
	swim_time local = world_local(w, n->index, w->now);
	uint64_t incarnation = swim_incarnation(n->core);
	char text[192];

	if (reserve_wants_look(&n->reserve, incarnation, local)) {
		reserve_in_place(&n->reserve, local);
		if (reserve_wants_write(&n->reserve, incarnation, local))
			keep_write(w, n, local);
	}
	if (reserve_speech(&n->reserve, incarnation, local) == RESERVE_HOLD)
		return false;
	if (incarnation > n->told)
		n->told = incarnation;
	/* Of a disk in trouble, and of a number that leaves no room above it, the member speaks all the same. */
	if (n->reserve.troubled) {
		n->unkept = true;
	} else if (incarnation >= keep_stored(n, &n->reserve.self) &&
		   incarnation < UINT64_MAX - RESERVE_ROOM - RESERVE_BLOCK) {
		snprintf(text, sizeof(text),
		    "%s speaks at incarnation %" PRIu64 ", above which its disk has none", n->name,
		    incarnation);
		world_breach(w, text);
	}
	return true;
}

void
keep_written(struct world *w, struct node *n)
{
	reserve_written(&n->reserve, disk_written(&n->disk));
	driver_flush(w, n);
}

void
keep_end(struct node *n)
{
	/* What was never told need not be outranked. */
	n->unkept |= disk_crash(&n->disk) || n->highest > n->told;
}
