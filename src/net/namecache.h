/* SPDX-License-Identifier: MIT */
/* What names came to, and a bounded cache of that, with a time to live; the least recently used name goes first. */
#ifndef SWIMD_NET_NAMECACHE_H
#define SWIMD_NET_NAMECACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/time.h"

#define NAME_ADDRESSES_MAX 1024 /* further ones of a name are left out */
#define NAME_TEXT_MAX 160
/* A name with more addresses is looked up anew each time: so the cache is bounded in memory as well. */
#define NAMECACHE_ADDRESSES_MAX 64

/* What a name came to: addresses, or (count 0) why not. */
struct name_answer {
	enum swim_error error;
	char text[NAME_TEXT_MAX]; /* a sentence; "" when error is SWIM_OK */
	swim_duration ttl;        /* for so long it may be kept */
	size_t count;
	struct swim_addr
	    *addresses; /* on the heap; port 0, unless the name has ports of its own (SRV) */
};

/*
 * Add an address: one that is there already is left out.  With `ipv4_first` it goes before all of IPv6, else behind all
 * others.  False when memory is short or there are NAME_ADDRESSES_MAX already.
 */
bool name_answer_add(struct name_answer *, const struct swim_addr *, bool ipv4_first);
/* Deep; false when memory is short: then *out has no addresses, and says so as an error. */
bool name_answer_copy(struct name_answer *out, const struct name_answer *);
/* A failure, with its sentence.  What was there is freed. */
void name_answer_fail(struct name_answer *, const char *text);
void name_answer_fini(struct name_answer *);

struct namecache_stats {
	uint64_t hits, evictions, expired;
	size_t entries;
};

struct namecache;
/* Room for `capacity` names; 0 keeps none.  NULL when memory is short. */
struct namecache *namecache_new(size_t capacity);
void namecache_free(struct namecache *);

/* The answer kept for a name (case does not matter), valid until the next call; NULL: none, or too old. */
const struct name_answer *namecache_find(struct namecache *, const char *host, swim_time now);
/*
 * Keep a copy of an answer until `expires`, replacing an earlier one.  Without memory, and with more than
 * NAMECACHE_ADDRESSES_MAX addresses, it is not kept.
 */
void namecache_put(struct namecache *, const char *host, const struct name_answer *,
    swim_time expires);
void namecache_stats(const struct namecache *, struct namecache_stats *out);

#endif
