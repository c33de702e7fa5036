/* SPDX-License-Identifier: MIT */
/*
 * Room for objects of one size.  The room is made ahead, a slab of many objects at a time, so that an object can be taken
 * when no memory is left.  Objects stay where they are.  A slab is freed only with the pool, as the arrays of members are.
 */
#ifndef SWIMD_CORE_POOL_H
#define SWIMD_CORE_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct swim;
struct pool_spare;
struct pool_slab;

struct pool {
	size_t size;         /* of an object, in bytes: at least that of a pointer */
	size_t total, taken; /* objects that there is room for, and those in use */
	struct pool_spare *spare;
	struct pool_slab *slabs;
};

void pool_init(struct pool *, size_t size);
/* Free the room, and with it all objects. */
void pool_fini(struct swim *, struct pool *);
/* Make room for `total` objects, in use or not.  False: no memory; the room that was there is there still. */
bool pool_room(struct swim *, struct pool *, size_t total);
/* An object, all bytes 0.  There has to be room for it. */
void *pool_take(struct pool *);
void pool_give(struct pool *, void *object);

#endif
