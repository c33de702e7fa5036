/* SPDX-License-Identifier: MIT */
/*
 * Indexes: sorted arrays of members.  Names come from the network, and no choice of names makes a sorted array slow,
 * as it may make a hash table.  At 10,000 members an insertion moves 40 KB on average, which takes about a
 * microsecond.
 */
#ifndef SWIMD_CORE_INDEX_H
#define SWIMD_CORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct member;
struct swim;
struct swim_addr;

struct index {
	struct member **v;
	size_t count, capacity; /* members in v, and room */
};

/* What a member is looked for by; an order uses only some of the fields. */
struct index_key {
	uint64_t hash;
	const char *name;
	size_t name_len;
	const struct swim_addr *addr;
};

/* Below 0, 0 or above 0: the key is before, equal to or behind the member. */
typedef int index_compare(const struct index_key *, const struct member *);

/* The orders: by name, by hash and name, by address and name. */
index_compare index_by_name, index_by_hash, index_by_address;

/* The position of the first member that is not before the key; the count if there is none. */
size_t index_lower(const struct index *, index_compare *, const struct index_key *);
/* The member that equals the key.  NULL: none. */
struct member *index_find(const struct index *, index_compare *, const struct index_key *);
/* Insert a member, for which index_room() has made room, or remove one that is in the index. */
void index_insert(struct index *, index_compare *, struct member *);
void index_remove(struct index *, index_compare *, const struct member *);
/* Make room for one member more than `count`, whatever the number in the index is.  False: no memory. */
bool index_room(struct swim *, struct index *, size_t count);

#endif
