/* SPDX-License-Identifier: MIT */
/* The simulator's queue of what is to come, ordered by (time, sequence number), and allocation that cannot fail. */
#ifndef SIM_HEAP_H
#define SIM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct heap_item {
	swim_time at;
	uint64_t seq; /* set by heap_push; of items of one time, the one pushed first comes first */
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
/* Take out the earliest item.  False: the heap is empty. */
bool heap_pop(struct heap *, struct heap_item *out);
/* The earliest item, valid until the next push or pop; NULL: the heap is empty. */
const struct heap_item *heap_first(const struct heap *);

/* reallocarray and calloc that end the program if there is no memory. */
void *heap_resize(void *, size_t count, size_t size);
void *heap_zeroed(size_t count, size_t size);

#endif
