/* SPDX-License-Identifier: MIT */
/*
 * Pools: room for objects of one size.  The room is allocated ahead, in slabs of many objects, so that an object can
 * be taken when no memory is left.  An object does not move.  A slab is freed only with the pool.
 */
#ifndef SWIMD_CORE_POOL_H
#define SWIMD_CORE_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct swim;
struct pool_spare;
struct pool_slab;

struct pool {
	size_t size;              /* of an object, in bytes: at least that of a pointer */
	size_t total, taken;      /* objects for which there is room, and objects in use */
	struct pool_spare *spare; /* list of the objects that are not in use */
	struct pool_slab *slabs;  /* list of all slabs */
};

/* An empty pool of objects of `size` bytes, which is a multiple of the alignment of a pointer. */
void pool_init(struct pool *, size_t size);
/* Free all slabs, and all objects with them. */
void pool_fini(struct swim *, struct pool *);
/* Make room for `total` objects, those in use included.  False: no memory, and the room is at least what it was. */
bool pool_room(struct swim *, struct pool *, size_t total);
/* Take an object, all bytes 0.  There has to be room for it. */
void *pool_take(struct pool *);
/* Give an object back. */
void pool_give(struct pool *, void *object);

#endif
