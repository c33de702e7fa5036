/* SPDX-License-Identifier: MIT */
#include "sim/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sim/heap.h"

enum { OBSERVED = 1, ADDRESS, LIVED, HAD, IDENTITY, ACCUSATION };

void
facts_init(struct facts *f)
{
	*f = (struct facts){.slots = 1024};
	f->v = heap_zeroed(f->slots, sizeof(*f->v));
}

void
facts_fini(struct facts *f)
{
	free(f->v);
}

static size_t
slot_of(const struct facts *f, uint64_t fact)
{
	size_t i = (size_t)fact & (f->slots - 1);

	while (f->v[i] != 0 && f->v[i] != fact)
		i = (i + 1) & (f->slots - 1);
	return i;
}

void
facts_add(struct facts *f, uint64_t fact)
{
	size_t slot = slot_of(f, fact), old_slots = f->slots;
	uint64_t *old = f->v;

	if (f->v[slot] == fact)
		return;
	f->v[slot] = fact;
	if (2 * ++f->count < f->slots)
		return;
	f->slots *= 2;
	f->v = heap_zeroed(f->slots, sizeof(*f->v));
	for (size_t i = 0; i < old_slots; i++)
		if (old[i] != 0)
			f->v[slot_of(f, old[i])] = old[i];
	free(old);
}

bool
facts_has(const struct facts *f, uint64_t fact)
{
	return f->v[slot_of(f, fact)] == fact;
}

/* The finished hash, which is never 0: 0 marks a free slot. */
static uint64_t
finish(uint64_t h)
{
	h = hash64_end(h);
	return h == 0 ? 1 : h;
}

uint64_t
facts_observed(uint64_t name_hash)
{
	return finish(hash64_u64(hash64_u64(HASH64_START, OBSERVED), name_hash));
}

uint64_t
facts_identity(uint64_t name_hash, uint64_t incarnation, const char *address, const char *tags,
    size_t tags_len)
{
	uint64_t h = hash64_u64(HASH64_START, tags != NULL ? IDENTITY : ADDRESS);

	h = hash64_u64(hash64_u64(h, name_hash), incarnation);
	h = hash64_bytes(h, address, strlen(address) + 1);
	return finish(tags != NULL ? hash64_bytes(h, tags, tags_len) : h);
}

uint64_t
facts_lived(uint64_t name_hash, const char *address)
{
	uint64_t h = hash64_u64(hash64_u64(HASH64_START, LIVED), name_hash);

	return finish(hash64_bytes(h, address, strlen(address) + 1));
}

uint64_t
facts_had(uint64_t name_hash, uint64_t incarnation)
{
	return finish(
	    hash64_u64(hash64_u64(hash64_u64(HASH64_START, HAD), name_hash), incarnation));
}

uint64_t
facts_accusation(uint64_t accuser_hash, uint64_t subject_hash, uint64_t incarnation)
{
	uint64_t h = hash64_u64(HASH64_START, ACCUSATION);

	return finish(
	    hash64_u64(hash64_u64(hash64_u64(h, accuser_hash), subject_hash), incarnation));
}
