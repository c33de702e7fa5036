/* SPDX-License-Identifier: MIT */
/*
 * Names to addresses without ever blocking the loop: the system's name service (net/dns.h), behind a bounded cache that
 * keeps an answer for its own time to live.  The files that configure it are read when they are needed, so that a
 * machine may start without a network, and what is written there later is heeded.
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

#define RESOLVER_REQUESTS_MAX 1024 /* at once */

struct resolver;
struct resolver_config {
	size_t cache_entries; /* 1,024; the least recently used goes first */
	swim_duration
	    cache_ttl; /* 60 s: an answer is kept for its own time to live, and this at most */
	swim_duration negative_ttl; /* 5 s: a failure is remembered too */
	swim_duration timeout;      /* 5 s for one lookup */
	/* For tests, instead of the system's: NULL for /etc/resolv.conf and /etc/hosts, 0 for 53. */
	const char *resolv_conf;
	const char *hosts_file;
	uint16_t nameserver_port;
};
void resolver_config_defaults(struct resolver_config *);

/* NULL when memory is short. */
struct resolver *resolver_new(struct event_base *, const struct resolver_config *);
/* Requests under way are dropped without their callback.  Not from within a callback. */
void resolver_free(struct resolver *);

/*
 * The answer: count addresses with the port asked for, IPv4 first (count 0: error is
 * RESOLUTION_FAILED and text says why in a sentence).  All is valid during the call only.  Never called
 * before resolver_lookup has returned.
 */
typedef void resolver_callback(void *ctx, const char *hostport, enum swim_error error,
    const char *text, const struct swim_addr *addresses, size_t count);

struct resolver_request;
/*
 * Look up "host:port" (numeric ones are answered too, with the zone of a link-local address by number or
 * name), or "srv:NAME": the addresses of a service's SRV records, with their ports, in the order to be asked.
 * NULL when memory is short, RESOLVER_REQUESTS_MAX are under way, or the text is neither.  The request ends with its callback, or with resolver_cancel.
 */
struct resolver_request *resolver_lookup(struct resolver *, const char *hostport,
    resolver_callback *, void *ctx);
void resolver_cancel(struct resolver_request *);
/* From the cache alone, at once.  False: it takes a resolver_lookup, which is what counts the miss. */
bool resolver_cached(struct resolver *, const char *hostport, struct swim_addr *out);

struct resolver_stats {
	uint64_t hits, misses, evictions, expired; /* of the cache */
	uint64_t lookups,
	    failures; /* names looked up for want of a cached answer, and those in vain */
	size_t entries, pending; /* names in the cache; requests under way */
};
void resolver_stats(const struct resolver *, struct resolver_stats *out);

#endif
