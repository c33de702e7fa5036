/* SPDX-License-Identifier: MIT */
/* Pools: room for objects of one size. */
#include "core/pool.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "core/internal.h"

#define SLAB_LEAST 16 /* least number of objects in a slab */
/* a slab has one object for each SLAB_PART objects for which there is room */
#define SLAB_PART 4

/* The beginning of an object that is not in use. */
struct pool_spare {
	struct pool_spare *next;
};

struct pool_slab {
	struct pool_slab *next;
	alignas(max_align_t) unsigned char objects[];
};

void
pool_init(struct pool *p, size_t size)
{
	assert(size >= sizeof(struct pool_spare) && size % alignof(struct pool_spare) == 0);
	*p = (struct pool){.size = size};
}

void
pool_fini(struct swim *s, struct pool *p)
{
	while (p->slabs != NULL) {
		struct pool_slab *slab = p->slabs;

		p->slabs = slab->next;
		core_release(s, slab);
	}
	pool_init(p, p->size);
}

static void
pool_put(struct pool *p, void *object)
{
	struct pool_spare *spare = object;

	spare->next = p->spare;
	p->spare = spare;
}

static bool
pool_grow(struct swim *s, struct pool *p)
{
	size_t count = p->total / SLAB_PART < SLAB_LEAST ? SLAB_LEAST : p->total / SLAB_PART;
	struct pool_slab *slab = core_alloc(s, sizeof(*slab) + count * p->size);

	if (slab == NULL)
		return false;
	slab->next = p->slabs;
	p->slabs = slab;
	/* The first object of the slab is taken first. */
	for (size_t i = count; i-- > 0;)
		pool_put(p, slab->objects + i * p->size);
	p->total += count;
	return true;
}

bool
pool_room(struct swim *s, struct pool *p, size_t total)
{
	while (p->total < total) {
		if (!pool_grow(s, p))
			return false;
	}
	return true;
}

void *
pool_take(struct pool *p)
{
	struct pool_spare *spare = p->spare;

	assert(spare != NULL);
	p->spare = spare->next;
	p->taken++;
	memset(spare, 0, p->size);
	return spare;
}

void
pool_give(struct pool *p, void *object)
{
	assert(p->taken > 0);
	p->taken--;
	pool_put(p, object);
}
