/* SPDX-License-Identifier: MIT */
/*
 * Sorted arrays of members, rather than hash tables: names come from the network, and no choice of names
 * makes these slow.  At 10,000 members an insertion moves 40 KB on average: a microsecond or so.
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
	size_t count, capacity;
};

struct index_key {
	uint64_t hash;
	const char *name;
	size_t name_len;
	const struct swim_addr *addr;
};

typedef int index_compare(const struct index_key *, const struct member *);

/* Orders: by name, by hash and name, by address and name. */
index_compare index_by_name, index_by_hash, index_by_address;

/* The first position whose member is not below the key. */
size_t index_lower(const struct index *, index_compare *, const struct index_key *);
struct member *index_find(const struct index *, index_compare *, const struct index_key *);
/* Room must have been made. */
void index_insert(struct index *, index_compare *, struct member *);
void index_remove(struct index *, index_compare *, const struct member *);
/* Room for one more than `count`, however few are in the index now. */
bool index_room(struct swim *, struct index *, size_t count);

#endif
