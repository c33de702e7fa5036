/* SPDX-License-Identifier: MIT */
#include "sim/heap.h"

#include <err.h>
#include <stdlib.h>

void *
heap_resize(void *old, size_t count, size_t size)
{
	void *new = reallocarray(old, count, size);

	if (new == NULL)
		err(1, "simulator");
	return new;
}

void *
heap_zeroed(size_t count, size_t size)
{
	void *new = calloc(count ? count : 1, size);

	if (new == NULL)
		err(1, "simulator");
	return new;
}

void
heap_init(struct heap *h)
{
	*h = (struct heap){0};
}

void
heap_fini(struct heap *h)
{
	free(h->items);
	heap_init(h);
}

static bool
before(const struct heap_item *a, const struct heap_item *b)
{
	return a->at.ns != b->at.ns ? a->at.ns < b->at.ns : a->seq < b->seq;
}

void
heap_push(struct heap *h, struct heap_item item)
{
	size_t i = h->count;

	if (h->count == h->capacity) {
		h->capacity = h->capacity ? 2 * h->capacity : 256;
		h->items = heap_resize(h->items, h->capacity, sizeof(*h->items));
	}
	item.seq = h->next_seq++;
	h->count++;
	while (i > 0 && before(&item, &h->items[(i - 1) / 2])) {
		h->items[i] = h->items[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->items[i] = item;
}

bool
heap_pop(struct heap *h, struct heap_item *out)
{
	struct heap_item last;
	size_t i = 0;

	if (h->count == 0)
		return false;
	*out = h->items[0];
	last = h->items[--h->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->count)
			break;
		if (child + 1 < h->count && before(&h->items[child + 1], &h->items[child]))
			child++;
		if (!before(&h->items[child], &last))
			break;
		h->items[i] = h->items[child];
		i = child;
	}
	if (h->count > 0)
		h->items[i] = last;
	return true;
}

const struct heap_item *
heap_first(const struct heap *h)
{
	return h->count ? &h->items[0] : NULL;
}
