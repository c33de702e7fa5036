/* SPDX-License-Identifier: MIT */
/* The simulator's one queue of what is to come, ordered by (time, sequence number). */
#ifndef SIM_HEAP_H
#define SIM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct heap_item {
	swim_time at;
	uint64_t seq; /* given out by heap_push: what was pushed first comes first at equal times */
	unsigned kind;
	unsigned node;
	uint64_t arg;
	void *data;
};

struct heap {
	struct heap_item *items;
	size_t count, capacity;
	uint64_t next_seq;
};

void heap_init(struct heap *);
/* Does not free what `data` points to. */
void heap_fini(struct heap *);
void heap_push(struct heap *, struct heap_item);
/* The earliest one, or false when there is none. */
bool heap_pop(struct heap *, struct heap_item *out);
/* NULL when empty; valid until the next push or pop. */
const struct heap_item *heap_first(const struct heap *);

/* realloc and calloc that end the program when memory is short: a simulation can't go on then. */
void *heap_resize(void *, size_t count, size_t size);
void *heap_zeroed(size_t count, size_t size);

#endif
