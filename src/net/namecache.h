/* SPDX-License-Identifier: MIT */
/* A bounded cache of looked-up names, with a time to live; the least recently used goes first. */
#ifndef SWIMD_NET_NAMECACHE_H
#define SWIMD_NET_NAMECACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/time.h"

#define NAME_ADDRESSES_MAX 16
#define NAME_TEXT_MAX 160

/* What a name came to: addresses, or (count 0) why not. */
struct name_answer {
	enum swim_error error;
	char text[NAME_TEXT_MAX]; /* a sentence; "" when error is SWIM_OK */
	size_t count;
	struct swim_addr addresses[NAME_ADDRESSES_MAX]; /* port 0: names have none */
};

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
/* Keep an answer until `expires`, replacing an earlier one.  Without memory it is not kept. */
void namecache_put(struct namecache *, const char *host, const struct name_answer *,
    swim_time expires);
void namecache_stats(const struct namecache *, struct namecache_stats *out);

#endif
