/* SPDX-License-Identifier: MIT */
#include "sim/keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/driver.h"

/* The bound in the state file on the disk; 0: there is none, or the file is not valid.  *foreign: it is of another member. */
static uint64_t
keep_stored(const struct node *n, const struct owner *self, bool *foreign)
{
	size_t len;
	const char *text = disk_read(&n->disk, DISK_INCARNATION, &len);
	struct owner whose;
	uint64_t stored = 0;

	*foreign = text != NULL &&
		   reserve_parse(self, text, len, &stored, &whose) == RESERVE_FOREIGN;
	return stored;
}

uint64_t
keep_begin(struct world *w, struct node *n)
{
	swim_time local = world_local(w, n->index, w->now);
	char text[RESERVE_TEXT_MAX];
	struct owner self;
	uint64_t stored;
	size_t len;

	owner_init(&self, n->name, w->config.cluster);
	stored = keep_stored(n, &self, &n->foreign);
	len = reserve_begin(&n->reserve, &self, stored, local, text);
	/* The daemon does not start before its first block is written. */
	disk_write(&n->disk, DISK_INCARNATION, text, len);
	if (!reserve_begun(&n->reserve, disk_written(&n->disk, DISK_INCARNATION), local))
		world_breach(w, "a node does not start because its disk fails");
	return n->reserve.incarnation;
}

static void
keep_write(struct world *w, struct node *n, swim_time local)
{
	char text[RESERVE_TEXT_MAX];

	disk_write(&n->disk, DISK_INCARNATION, text,
	    reserve_write(&n->reserve, swim_incarnation(n->core), local, text));
	if (n->disk.takes.ns == 0)
		reserve_written(&n->reserve, disk_written(&n->disk, DISK_INCARNATION));
	else
		heap_push(&w->heap, (struct heap_item){.at = swim_time_add(w->now, n->disk.takes),
					.kind = STORED,
					.node = n->index,
					.arg = (uint64_t)n->life << 32 | DISK_INCARNATION});
}

bool
keep_may_speak(struct world *w, struct node *n)
{
	swim_time local = world_local(w, n->index, w->now);
	uint64_t incarnation = swim_incarnation(n->core);
	bool foreign;
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
	/* A member sends without a bound on its disk if the disk fails, and if no number is left for a bound. */
	if (n->reserve.troubled) {
		n->unkept = true;
	} else if (incarnation >= keep_stored(n, &n->reserve.self, &foreign) &&
		   incarnation < UINT64_MAX - RESERVE_ROOM - RESERVE_BLOCK) {
		snprintf(text, sizeof(text),
		    "%s sends at incarnation %" PRIu64 " without a bound above it on its disk",
		    n->name, incarnation);
		world_breach(w, text);
	}
	return true;
}

void
keep_written(struct world *w, struct node *n)
{
	reserve_written(&n->reserve, disk_written(&n->disk, DISK_INCARNATION));
	driver_flush(w, n);
}

void
keep_end(struct node *n)
{
	/* An incarnation that was never sent may be used again. */
	n->unkept |= disk_crash(&n->disk) || n->highest > n->told;
}
