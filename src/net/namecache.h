/* SPDX-License-Identifier: MIT */
/*
 * The answers to lookups of names, and a bounded cache of answers with a time to live.  When the cache is full, the
 * least recently used name is removed.
 */
#ifndef SWIMD_NET_NAMECACHE_H
#define SWIMD_NET_NAMECACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/time.h"

#define NAME_ADDRESSES_MAX 1024 /* addresses of one name; further addresses are left out */
#define NAME_TEXT_MAX 160
/* A name with more addresses is not cached and is looked up each time, so that the memory of the cache is bounded too. */
#define NAMECACHE_ADDRESSES_MAX 64

/* The answer for one name: its addresses, or (count 0) the reason why there are none. */
struct name_answer {
	enum swim_error error;
	char text[NAME_TEXT_MAX]; /* a sentence; "" when error is SWIM_OK */
	swim_duration ttl;        /* how long the answer may be kept */
	size_t count;
	struct swim_addr
	    *addresses; /* on the heap; port 0, unless the name has ports of its own (SRV) */
};

/*
 * Add an address, unless it is there already.  With `ipv4_first` an IPv4 address goes before all IPv6 addresses, any
 * other address goes to the end.  False when memory is short or there are NAME_ADDRESSES_MAX already.
 */
bool name_answer_add(struct name_answer *, const struct swim_addr *, bool ipv4_first);
/* Makes a deep copy.  Returns false when memory is short; *out then has no addresses and contains that error. */
bool name_answer_copy(struct name_answer *out, const struct name_answer *);
/* Turns the answer into a failure with this sentence, and frees the addresses that it had. */
void name_answer_fail(struct name_answer *, const char *text);
void name_answer_fini(struct name_answer *);

struct namecache_stats {
	uint64_t hits, evictions, expired;
	size_t entries;
};

struct namecache;
/* Makes a cache with room for `capacity` names; 0 keeps no name.  NULL when memory is short. */
struct namecache *namecache_new(size_t capacity);
void namecache_free(struct namecache *);

/*
 * Returns the answer that is kept for a name (case does not matter), valid until the next call; NULL when there is
 * none or when it is too old.
 */
const struct name_answer *namecache_find(struct namecache *, const char *host, swim_time now);
/*
 * Keep a copy of an answer until `expires`, in place of an earlier one.  When memory is short, or when the answer has
 * more than NAMECACHE_ADDRESSES_MAX addresses, the answer is not kept.
 */
void namecache_put(struct namecache *, const char *host, const struct name_answer *,
    swim_time expires);
void namecache_stats(const struct namecache *, struct namecache_stats *out);

#endif
