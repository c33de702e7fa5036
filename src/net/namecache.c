/* SPDX-License-Identifier: MIT */
#include "net/namecache.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/hash.h"

struct namecache_entry {
	TAILQ_ENTRY(namecache_entry) by_use; /* the most recently used first */
	struct namecache_entry *next;        /* in the same bucket */
	size_t bucket;
	swim_time expires;
	struct name_answer answer;
	char host[];
};

TAILQ_HEAD(namecache_list, namecache_entry);

struct namecache {
	size_t capacity, mask;
	struct namecache_list by_use;
	struct namecache_stats stats;
	struct namecache_entry *buckets[];
};

bool
name_answer_add(struct name_answer *answer, const struct swim_addr *addr, bool ipv4_first)
{
	size_t i, at = answer->count;
	struct swim_addr *grown;

	for (i = 0; i < answer->count; i++) {
		if (swim_addr_equal(&answer->addresses[i], addr))
			return true;
	}
	if (answer->count == NAME_ADDRESSES_MAX)
		return false;
	/* The array grows at each power of two, from 4 on. */
	if (answer->count == 0 ||
	    (answer->count >= 4 && (answer->count & (answer->count - 1)) == 0)) {
		grown = reallocarray(answer->addresses, answer->count == 0 ? 4 : 2 * answer->count,
		    sizeof(*grown));
		if (grown == NULL)
			return false;
		answer->addresses = grown;
	}
	if (ipv4_first && addr->family == 4) {
		for (at = 0; at < answer->count && answer->addresses[at].family == 4;)
			at++;
	}
	memmove(&answer->addresses[at + 1], &answer->addresses[at],
	    (answer->count - at) * sizeof(*addr));
	answer->addresses[at] = *addr;
	answer->count++;
	return true;
}

void
name_answer_fini(struct name_answer *answer)
{
	free(answer->addresses);
	answer->addresses = NULL;
	answer->count = 0;
}

void
name_answer_fail(struct name_answer *answer, const char *text)
{
	name_answer_fini(answer);
	answer->error = SWIM_ERROR_RESOLUTION_FAILED;
	snprintf(answer->text, sizeof(answer->text), "%s", text);
}

bool
name_answer_copy(struct name_answer *out, const struct name_answer *answer)
{
	*out = *answer;
	out->addresses = NULL;
	if (answer->count == 0)
		return true;
	out->addresses = reallocarray(NULL, answer->count, sizeof(*out->addresses));
	if (out->addresses == NULL) {
		name_answer_fail(out, "out of memory");
		return false;
	}
	memcpy(out->addresses, answer->addresses, answer->count * sizeof(*out->addresses));
	return true;
}

struct namecache *
namecache_new(size_t capacity)
{
	struct namecache *cache;
	size_t buckets = 16;

	while (buckets < capacity && buckets < SIZE_MAX / 64)
		buckets *= 2;
	cache = calloc(1, sizeof(*cache) + buckets * sizeof(cache->buckets[0]));
	if (cache == NULL)
		return NULL;
	cache->capacity = capacity;
	cache->mask = buckets - 1;
	TAILQ_INIT(&cache->by_use);
	return cache;
}

static size_t
namecache_bucket(const struct namecache *cache, const char *host)
{
	uint64_t h = HASH64_START;
	unsigned char c;

	for (; *host != '\0'; host++) {
		c = (unsigned char)tolower((unsigned char)*host);
		h = hash64_bytes(h, &c, 1);
	}
	return (size_t)hash64_end(h) & cache->mask;
}

static void
namecache_drop(struct namecache *cache, struct namecache_entry *entry)
{
	struct namecache_entry **at = &cache->buckets[entry->bucket];

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	TAILQ_REMOVE(&cache->by_use, entry, by_use);
	cache->stats.entries--;
	name_answer_fini(&entry->answer);
	free(entry);
}

void
namecache_free(struct namecache *cache)
{
	struct namecache_entry *entry;

	if (cache == NULL)
		return;
	while ((entry = TAILQ_FIRST(&cache->by_use)) != NULL)
		namecache_drop(cache, entry);
	free(cache);
}

static struct namecache_entry *
namecache_lookup(const struct namecache *cache, const char *host, size_t bucket)
{
	struct namecache_entry *entry = cache->buckets[bucket];

	while (entry != NULL && strcasecmp(entry->host, host) != 0)
		entry = entry->next;
	return entry;
}

const struct name_answer *
namecache_find(struct namecache *cache, const char *host, swim_time now)
{
	struct namecache_entry *entry =
	    namecache_lookup(cache, host, namecache_bucket(cache, host));

	if (entry != NULL && swim_time_reached(now, entry->expires)) {
		cache->stats.expired++;
		namecache_drop(cache, entry);
		entry = NULL;
	}
	if (entry == NULL)
		return NULL;
	cache->stats.hits++;
	TAILQ_REMOVE(&cache->by_use, entry, by_use);
	TAILQ_INSERT_HEAD(&cache->by_use, entry, by_use);
	return &entry->answer;
}

void
namecache_put(struct namecache *cache, const char *host, const struct name_answer *answer,
    swim_time expires)
{
	size_t bucket = namecache_bucket(cache, host);
	struct namecache_entry *entry = namecache_lookup(cache, host, bucket);
	size_t len = strlen(host);

	if (entry != NULL)
		namecache_drop(cache, entry);
	if (cache->capacity == 0 || answer->count > NAMECACHE_ADDRESSES_MAX)
		return;
	if (cache->stats.entries == cache->capacity) {
		cache->stats.evictions++;
		namecache_drop(cache, TAILQ_LAST(&cache->by_use, namecache_list));
	}
	entry = malloc(sizeof(*entry) + len + 1);
	if (entry == NULL)
		return;
	if (!name_answer_copy(&entry->answer, answer)) {
		free(entry);
		return;
	}
	memcpy(entry->host, host, len + 1);
	entry->expires = expires;
	entry->bucket = bucket;
	entry->next = cache->buckets[bucket];
	cache->buckets[bucket] = entry;
	TAILQ_INSERT_HEAD(&cache->by_use, entry, by_use);
	cache->stats.entries++;
}

void
namecache_stats(const struct namecache *cache, struct namecache_stats *out)
{
	*out = cache->stats;
}
