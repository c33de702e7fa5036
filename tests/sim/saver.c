/* SPDX-License-Identifier: MIT */
#include "sim/saver.h"

#include <stdlib.h>

#include "sim/driver.h"

/* What the wall clocks of all nodes show at the world's zero, in milliseconds since the epoch. */
#define WALL_MS INT64_C(1763859723000)
/* The longest that the end of a process waits for the disk. */
#define FINISH_MS 2000

static int64_t
saver_wall_ms(const struct world *w)
{
	return WALL_MS + w->now.ns / 1000000;
}

static void
saver_arm(struct world *w, struct node *n)
{
	swim_time at = snapshot_deadline(&n->snapshot);

	if (!swim_time_is_never(at)) {
		at = world_global(w, n->index, at);
		if (swim_time_before(at, w->now))
			at = w->now;
	}
	if (at.ns == n->save_at.ns)
		return;
	n->save_at = at;
	if (!swim_time_is_never(at))
		heap_push(&w->heap, (struct heap_item){.at = at,
					.kind = SAVE,
					.node = n->index,
					.arg = (uint64_t)n->life << 32});
}

void
saver_begin(struct world *w, struct node *n)
{
	const struct snapshot_of of = {
	    .swim = n->core,
	    .known = n->finder.known,
	    .self = n->reserve.self,
	    .max_members = w->config.max_members,
	    .timing = w->config.timing,
	};
	struct snapshot_found found;
	const char *text;
	size_t len;

	if (!w->saves)
		return;
	n->saves = true;
	n->save_at = SWIM_TIME_NEVER;
	snapshot_init(&n->snapshot, &of);
	text = disk_read(&n->disk, DISK_MEMBERS, &len);
	if (text == NULL)
		return;
	snapshot_take_up(&n->snapshot, text, len, n->foreign, world_local(w, n->index, w->now),
	    saver_wall_ms(w), &found);
	if (found.bad_lines > 0)
		world_breach(w, "a file of members cannot be read back");
	/* The daemon renames the file. */
	if (found.foreign)
		disk_put(&n->disk, DISK_MEMBERS, NULL, 0);
	saver_arm(w, n);
}

void
saver_note(struct world *w, struct node *n, const struct swim_event *e)
{
	if (!n->saves)
		return;
	switch (e->type) {
	case SWIM_EVENT_JOINED:
	case SWIM_EVENT_SUSPECTED:
	case SWIM_EVENT_FAILED:
	case SWIM_EVENT_RECOVERED:
	case SWIM_EVENT_LEFT:
	case SWIM_EVENT_REMOVED:
	case SWIM_EVENT_UPDATED:
		snapshot_note(&n->snapshot, e);
		saver_arm(w, n);
		break;
	/* These events are not about another member; daemon/flush.c does not give them to the snapshot either. */
	case SWIM_EVENT_INCARNATION:
	case SWIM_EVENT_LINK_FAILED:
	case SWIM_EVENT_LINK_RECOVERED:
	case SWIM_EVENT_NAME_CONFLICT:
	case SWIM_EVENT_NAME_LOST:
	case SWIM_EVENT_SEED_ANSWERED:
	case SWIM_EVENT_SEED_SILENT:
	case SWIM_EVENT_SEED_FOREIGN:
		break;
	}
}

static void
saver_write(struct world *w, struct node *n)
{
	swim_time local = world_local(w, n->index, w->now);
	struct members_text text;

	snapshot_write(&n->snapshot, local, saver_wall_ms(w), &text);
	disk_write(&n->disk, DISK_MEMBERS, text.bytes, text.len);
	free(text.bytes);
	snapshot_began(&n->snapshot, local, 0);
}

void
saver_run(struct world *w, struct node *n)
{
	n->save_at = SWIM_TIME_NEVER;
	if (n->paused)
		return;
	if (snapshot_run(&n->snapshot, world_local(w, n->index, w->now)) == SNAPSHOT_WRITE) {
		saver_write(w, n);
		if (n->disk.takes.ns == 0)
			saver_written(w, n);
		else
			heap_push(&w->heap,
			    (struct heap_item){.at = swim_time_add(w->now, n->disk.takes),
				.kind = STORED,
				.node = n->index,
				.arg = (uint64_t)n->life << 32 | DISK_MEMBERS});
	}
	saver_arm(w, n);
}

void
saver_written(struct world *w, struct node *n)
{
	snapshot_written(&n->snapshot, world_local(w, n->index, w->now),
	    disk_written(&n->disk, DISK_MEMBERS));
	saver_arm(w, n);
}

void
saver_resume(struct world *w, struct node *n)
{
	if (n->saves)
		saver_arm(w, n);
}

void
saver_finish(struct world *w, struct node *n)
{
	if (!n->saves || n->disk.takes.ns > swim_ms(FINISH_MS).ns)
		return;
	if (n->snapshot.busy)
		saver_written(w, n);
	if (n->snapshot.stale) {
		saver_write(w, n);
		saver_written(w, n);
	}
}

void
saver_end(struct node *n)
{
	if (n->saves)
		snapshot_fini(&n->snapshot);
	n->saves = false;
}
