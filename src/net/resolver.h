/* SPDX-License-Identifier: MIT */
/*
 * Looks names up without blocking the loop: with the system's name service (net/dns.h), through a bounded cache that
 * keeps each answer for its time to live.  The resolver reads the system's configuration of the name service again
 * when it needs to, so that swimd may start before the network does and follows later changes.
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

#define RESOLVER_REQUESTS_MAX 1024 /* requests at a time */

struct resolver;
struct resolver_config {
	/* 1,024; when the cache is full, the least recently used entry is removed */
	size_t cache_entries;
	swim_duration
	    cache_ttl; /* 60 s: an answer is kept for its own time to live, but no longer than this */
	swim_duration negative_ttl; /* 5 s: how long a failure is kept */
	swim_duration timeout;      /* 5 s for one lookup */
	/* For tests: other files and another port than the system's.  NULL: /etc/resolv.conf, /etc/hosts; 0: port 53. */
	const char *resolv_conf;
	const char *hosts_file;
	uint16_t nameserver_port;
};
void resolver_config_defaults(struct resolver_config *);

/* NULL when memory is short. */
struct resolver *resolver_new(struct event_base *, const struct resolver_config *);
/* Drops the requests under way without calling their callbacks.  Do not call this from within a callback. */
void resolver_free(struct resolver *);

/*
 * Gives the answer: count addresses with the port that was asked for, IPv4 first.  With count 0 error is
 * RESOLUTION_FAILED and text says why in a sentence.  Everything is valid during the call only.  Never called before
 * resolver_lookup has returned.
 */
typedef void resolver_callback(void *ctx, const char *hostport, enum swim_error error,
    const char *text, const struct swim_addr *addresses, size_t count);

struct resolver_request;
/*
 * Look up "host:port", or "srv:NAME".  A numeric host is answered too; the zone of a link-local address may be a number or
 * the name of an interface.  For "srv:NAME" the answer has the addresses of the service's SRV records, with their ports, in
 * the order in which they are to be asked.  NULL when memory is short, RESOLVER_REQUESTS_MAX are under way, or the text is
 * neither.  The request ends with its callback, or with resolver_cancel.
 */
struct resolver_request *resolver_lookup(struct resolver *, const char *hostport,
    resolver_callback *, void *ctx);
void resolver_cancel(struct resolver_request *);
/* Answer from the cache alone.  On false the caller calls resolver_lookup, which counts the miss. */
bool resolver_cached(struct resolver *, const char *hostport, struct swim_addr *out);

struct resolver_stats {
	uint64_t hits, misses, evictions, expired; /* of the cache */
	uint64_t lookups,
	    failures; /* names looked up because no answer was cached, and those of them without an answer */
	size_t entries, pending; /* names in the cache; requests under way */
};
void resolver_stats(const struct resolver *, struct resolver_stats *out);

#endif
