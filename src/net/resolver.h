/* SPDX-License-Identifier: MIT */
/*
 * Looks names up without blocking the loop: by the system's name service (net/dns.h), through a bounded cache that keeps
 * each answer for its time to live.  The system's configuration of name service is read again when it is needed, so that
 * swimd may start before the network does and follows later changes.
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
 * Look up "host:port", or "srv:NAME".  A numeric host is answered too; the zone of a link-local address may be a number or
 * the name of an interface.  For "srv:NAME" the answer has the addresses of the service's SRV records, with their ports, in
 * the order in which they are to be asked.  NULL when memory is short, RESOLVER_REQUESTS_MAX are under way, or the text is
 * neither.  The request ends with its callback, or with resolver_cancel.
 */
struct resolver_request *resolver_lookup(struct resolver *, const char *hostport,
    resolver_callback *, void *ctx);
void resolver_cancel(struct resolver_request *);
/* Answer from the cache alone.  False: call resolver_lookup, which counts the miss. */
bool resolver_cached(struct resolver *, const char *hostport, struct swim_addr *out);

struct resolver_stats {
	uint64_t hits, misses, evictions, expired; /* of the cache */
	uint64_t lookups,
	    failures; /* names looked up because no answer was cached, and those of them without an answer */
	size_t entries, pending; /* names in the cache; requests under way */
};
void resolver_stats(const struct resolver *, struct resolver_stats *out);

#endif
