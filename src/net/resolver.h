/* SPDX-License-Identifier: MIT */
/*
 * Names to addresses without ever blocking the loop (evdns, and /etc/hosts), behind a bounded cache with
 * a time to live.
 */
#ifndef SWIMD_NET_RESOLVER_H
#define SWIMD_NET_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/time.h"

#define RESOLVER_ADDRESSES_MAX 16

struct resolver;
struct resolver_config {
	size_t cache_entries;       /* 1,024; the least recently used goes first */
	swim_duration cache_ttl;    /* 60 s */
	swim_duration negative_ttl; /* 5 s: a failure is remembered too */
	swim_duration timeout;      /* 5 s for one lookup */
	/* For tests: a nameserver "ip:port" and a hosts file instead of the system's; NULL for the system's. */
	const char *nameserver;
	const char *hosts_file;
};
void resolver_config_defaults(struct resolver_config *);

struct resolver *resolver_new(struct event_base *, const struct resolver_config *);
/* Requests under way are dropped without their callback. */
void resolver_free(struct resolver *);

/*
 * The answer: count addresses with the port asked for (count 0: error says why, text is a sentence).
 * Never called before resolver_lookup has returned, whatever evdns does.
 */
typedef void resolver_callback(void *ctx, const char *hostport, enum swim_error error,
    const char *text, const struct swim_addr *addresses, size_t count);

struct resolver_request;
/*
 * Look up "host:port" (numeric ones are answered too).  NULL when memory is short or the text is no
 * host:port.  The request ends with its callback, or with resolver_cancel.
 */
struct resolver_request *resolver_lookup(struct resolver *, const char *hostport,
    resolver_callback *, void *ctx);
void resolver_cancel(struct resolver_request *);
/* From the cache alone, at once; false on a miss. */
bool resolver_cached(struct resolver *, const char *hostport, struct swim_addr *out);

struct resolver_stats {
	uint64_t hits, misses, evictions, expired, lookups, failures;
	size_t entries, pending;
};
void resolver_stats(const struct resolver *, struct resolver_stats *out);

#endif
