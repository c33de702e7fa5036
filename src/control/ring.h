/* SPDX-License-Identifier: MIT */
/*
 * The last events, encoded once.  A line is shared by the ring and by every connection that has yet to
 * send it; the last one that lets go of it frees it.
 */
#ifndef SWIMD_CONTROL_RING_H
#define SWIMD_CONTROL_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring_line {
	unsigned refs;
	unsigned kind; /* enum event_kind */
	uint64_t seq;
	char *text; /* with its newline, not NUL-terminated */
	size_t len;
};

struct ring {
	struct ring_line **lines; /* line of seq at seq % capacity */
	size_t capacity;
	uint64_t last; /* 0: none yet */
};

/* Returns 0 or -ENOMEM. */
int ring_init(struct ring *, size_t capacity);
void ring_fini(struct ring *);

/*
 * Keep a line (whose text the ring takes over, also when it fails) under ring->last + 1, letting go of the
 * oldest if the ring is full.  NULL when memory is short.  Use it before the next ring_add, or ring_hold it.
 */
struct ring_line *ring_add(struct ring *, unsigned kind, char *text, size_t len);
/* The oldest sequence number kept; last + 1 if there is none. */
uint64_t ring_oldest(const struct ring *);
/* The line of a sequence number from ring_oldest to last. */
struct ring_line *ring_at(const struct ring *, uint64_t seq);

struct ring_line *ring_hold(struct ring_line *);
void ring_release(struct ring_line *);

#endif
