/* SPDX-License-Identifier: MIT */
/* Indexes: sorted arrays of members. */
#include "core/index.h"

#include <assert.h>
#include <string.h>

#include "core/internal.h"

int
index_by_name(const struct index_key *k, const struct member *m)
{
	size_t shorter = k->name_len < m->name_len ? k->name_len : m->name_len;
	int c = memcmp(k->name, m->name, shorter);

	if (c != 0)
		return c;
	return (k->name_len > m->name_len) - (k->name_len < m->name_len);
}

int
index_by_hash(const struct index_key *k, const struct member *m)
{
	if (k->hash != m->hash)
		return k->hash < m->hash ? -1 : 1;
	return index_by_name(k, m);
}

int
index_by_address(const struct index_key *k, const struct member *m)
{
	int c = swim_addr_compare(k->addr, &m->addr);

	return c != 0 ? c : index_by_name(k, m);
}

static struct index_key
index_key_of(const struct member *m)
{
	return (struct index_key){m->hash, m->name, m->name_len, &m->addr};
}

size_t
index_lower(const struct index *index, index_compare *compare, const struct index_key *key)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(key, index->v[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct member *
index_find(const struct index *index, index_compare *compare, const struct index_key *key)
{
	size_t i = index_lower(index, compare, key);

	return i < index->count && compare(key, index->v[i]) == 0 ? index->v[i] : NULL;
}

void
index_insert(struct index *index, index_compare *compare, struct member *m)
{
	struct index_key key = index_key_of(m);
	size_t i = index_lower(index, compare, &key);

	memmove(index->v + i + 1, index->v + i, (index->count - i) * sizeof(*index->v));
	index->v[i] = m;
	index->count++;
}

void
index_remove(struct index *index, index_compare *compare, const struct member *m)
{
	struct index_key key = index_key_of(m);
	size_t i = index_lower(index, compare, &key);

	assert(i < index->count && index->v[i] == m);
	index->count--;
	memmove(index->v + i, index->v + i + 1, (index->count - i) * sizeof(*index->v));
}

bool
index_room(struct swim *s, struct index *index, size_t count)
{
	return core_grow(s, &index->v, count, &index->capacity, sizeof(*index->v));
}
