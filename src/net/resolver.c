/* SPDX-License-Identifier: MIT */
#include "net/resolver.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "net/dns.h"
#include "net/loop.h"
#include "net/namecache.h"
#include "net/service.h"

/* The least time, in milliseconds, to keep an answer: with a time to live of 0 each datagram would cost a question. */
#define RESOLVER_TTL_MIN_MS 1000

/* A name that is being looked up, for one or more requests. */
struct resolver_name {
	TAILQ_ENTRY(resolver_name) link;
	struct resolver *resolver;
	char host[SWIM_HOSTPORT_MAX + 1];
};

struct resolver_request {
	TAILQ_ENTRY(resolver_request) link; /* in waiting or in done */
	struct resolver *resolver;
	struct resolver_name *name; /* in waiting for a host: its lookup; else NULL */
	struct service *service;    /* in waiting for a service: its lookup; else NULL */
	resolver_callback *callback;
	void *ctx;
	uint64_t turn; /* the resolver's turn in which the request was done */
	uint16_t port;
	struct name_answer answer;
	char hostport[];
};

TAILQ_HEAD(resolver_names, resolver_name);
TAILQ_HEAD(resolver_requests, resolver_request);

struct resolver {
	struct resolver_config config;
	struct dns *dns;
	struct namecache *cache;
	struct resolver_names names;
	struct resolver_requests waiting, done;
	struct event *done_event; /* calls back for all in done */
	uint64_t turn;            /* counts the calls of done_event */
	size_t pending;
	uint64_t misses, lookup_count, failures;
};

void
resolver_config_defaults(struct resolver_config *config)
{
	*config = (struct resolver_config){
	    .cache_entries = 1024,
	    .cache_ttl = swim_seconds(60),
	    .negative_ttl = swim_seconds(5),
	    .timeout = swim_seconds(5),
	};
}

static void
resolver_done(struct resolver_request *request, const struct name_answer *answer)
{
	static const struct timeval at_once = {0, 0};
	struct resolver *resolver = request->resolver;
	size_t i;

	if (request->name != NULL || request->service != NULL)
		TAILQ_REMOVE(&resolver->waiting, request, link);
	request->name = NULL;
	(void)name_answer_copy(&request->answer, answer); /* without memory the copy is a failure */
	/* The addresses of a service have their ports already. */
	for (i = 0; i < request->answer.count && request->port != 0; i++)
		request->answer.addresses[i].port = request->port;
	request->turn = resolver->turn;
	TAILQ_INSERT_TAIL(&resolver->done, request, link);
	/* Use a timer: an event that event_active makes active would run before the loop polls its sockets. */
	event_add(resolver->done_event, &at_once);
}

static void
resolver_request_free(struct resolver_request *request)
{
	name_answer_fini(&request->answer);
	free(request);
}

static void
resolver_call_back(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *resolver = arg;
	struct resolver_request *request;

	(void)fd;
	(void)what;
	/*
	 * Call back only for requests that were done before this turn.  A request that a callback makes and that the
	 * cache answers waits for the next turn; otherwise this loop might never end.
	 */
	resolver->turn++;
	for (;;) {
		request = TAILQ_FIRST(&resolver->done);
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer cannot follow TAILQ_REMOVE */
		if (request == NULL || request->turn == resolver->turn)
			break;
		TAILQ_REMOVE(&resolver->done, request, link);
		resolver->pending--;
		request->callback(request->ctx, request->hostport, request->answer.error,
		    request->answer.text, request->answer.addresses, request->answer.count);
		resolver_request_free(request);
	}
}

/* The answer's own time to live, within the bounds that we set. */
static swim_duration
resolver_ttl(const struct resolver *resolver, const struct name_answer *answer)
{
	swim_duration ttl = answer->ttl, least = swim_ms(RESOLVER_TTL_MIN_MS);

	if (answer->count == 0)
		return resolver->config.negative_ttl;
	if (ttl.ns < least.ns)
		ttl = least;
	return ttl.ns < resolver->config.cache_ttl.ns ? ttl : resolver->config.cache_ttl;
}

static bool
resolver_is_localhost(const char *host)
{
	static const char name[] = "localhost";
	size_t len = strlen(host), name_len = sizeof(name) - 1;

	if (len > 0 && host[len - 1] == '.')
		len--;
	return len >= name_len && strncasecmp(host + len - name_len, name, name_len) == 0 &&
	       (len == name_len || host[len - name_len - 1] == '.');
}

/* The answer for localhost where neither the hosts file nor a nameserver gives an address (RFC 6761, section 6.3). */
static void
resolver_add_loopback(struct name_answer *answer)
{
	static const char *const hosts[] = {"127.0.0.1", "::1"};
	struct swim_addr addr;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (swim_addr_from_host(hosts[i], 0, &addr))
			(void)name_answer_add(answer, &addr, false); /* no memory: omitted */
}

/* A name has been looked up: put the answer into the cache, and answer all requests that wait for the name. */
static void
resolver_name_done(void *ctx, const struct name_answer *found)
{
	struct resolver_name *name = ctx;
	struct resolver *resolver = name->resolver;
	struct resolver_request *request, *next;
	struct name_answer loopback = {0};
	const struct name_answer *answer = found;

	if (answer->count == 0 && resolver_is_localhost(name->host)) {
		resolver_add_loopback(&loopback);
		if (loopback.count > 0)
			answer = &loopback;
	}
	if (answer->count == 0)
		resolver->failures++;
	namecache_put(resolver->cache, name->host, answer,
	    swim_time_add(loop_now(), resolver_ttl(resolver, answer)));
	for (request = TAILQ_FIRST(&resolver->waiting); request != NULL; request = next) {
		next = TAILQ_NEXT(request, link);
		if (request->name == name)
			resolver_done(request, answer);
	}
	name_answer_fini(&loopback);
	TAILQ_REMOVE(&resolver->names, name, link);
	free(name);
}

static void
resolver_service_done(void *ctx, const struct name_answer *answer)
{
	struct resolver_request *request = ctx;
	struct service *service = request->service;

	if (answer->count == 0)
		request->resolver->failures++;
	resolver_done(request, answer);
	request->service = NULL;
	service_free(service);
}

/* Answer a numeric host, whose zone may be the index or the name of an interface.  False: the host is a name. */
static bool
resolver_numeric(const char *host, struct name_answer *answer)
{
	const char *zone = strchr(host, '%');
	char numbered[SWIM_HOSTPORT_MAX + 1], why[NAME_TEXT_MAX];
	struct swim_addr addr;
	unsigned index;

	memset(answer, 0, sizeof(*answer));
	if (swim_addr_from_host(host, 0, &addr)) {
		if (!name_answer_add(answer, &addr, false))
			name_answer_fail(answer, "out of memory");
		return true;
	}
	if (zone == NULL)
		return false;
	index = if_nametoindex(zone + 1);
	snprintf(numbered, sizeof(numbered), "%.*s%%%u", (int)(zone - host), host, index);
	if (index != 0 && swim_addr_from_host(numbered, 0, &addr) &&
	    name_answer_add(answer, &addr, false))
		return true;
	snprintf(why, sizeof(why),
	    index == 0 ? "there is no network interface %.64s"
		       : "only a link-local address can have a zone (%.64s)",
	    zone + 1);
	name_answer_fail(answer, why);
	return true;
}

static struct resolver_name *
resolver_name_find(const struct resolver *resolver, const char *host)
{
	struct resolver_name *name = TAILQ_FIRST(&resolver->names);

	while (name != NULL && strcasecmp(name->host, host) != 0)
		name = TAILQ_NEXT(name, link);
	return name;
}

static struct resolver_name *
resolver_name_start(struct resolver *resolver, const char *host)
{
	struct resolver_name *name = calloc(1, sizeof(*name));

	if (name == NULL)
		return NULL;
	name->resolver = resolver;
	snprintf(name->host, sizeof(name->host), "%s", host);
	if (dns_start(resolver->dns, host, resolver_name_done, name) == NULL) {
		free(name);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&resolver->names, name, link);
	return name;
}

/* Answer from the text of the host or from the cache.  False: the host has to be looked up. */
static bool
resolver_at_once(struct resolver *resolver, const char *host, struct name_answer *answer)
{
	const struct name_answer *cached;

	if (resolver_numeric(host, answer))
		return true;
	cached = namecache_find(resolver->cache, host, loop_now());
	if (cached != NULL)
		(void)name_answer_copy(answer, cached);
	return cached != NULL;
}

/*
 * Let the request wait for the lookup of the host, and start the lookup if none is under way.  False when memory is
 * short.
 */
static bool
resolver_begin(struct resolver *resolver, struct resolver_request *request, const char *host)
{
	request->name = resolver_name_find(resolver, host);
	if (request->name == NULL) {
		resolver->lookup_count++;
		request->name = resolver_name_start(resolver, host);
	}
	if (request->name == NULL)
		return false;
	TAILQ_INSERT_TAIL(&resolver->waiting, request, link);
	return true;
}

static bool
resolver_begin_service(struct resolver *resolver, struct resolver_request *request,
    const char *name)
{
	/*
	 * The records of a service are not cached, because only tries of a peer ask for them.  The addresses of its
	 * targets are cached.
	 */
	resolver->lookup_count++;
	request->service =
	    service_new(resolver->dns, resolver, name, resolver_service_done, request);
	if (request->service == NULL)
		return false;
	TAILQ_INSERT_TAIL(&resolver->waiting, request, link);
	return true;
}

/* Answer a host from its text or from the cache, or begin to look it up. */
static bool
resolver_begin_host(struct resolver *resolver, struct resolver_request *request, const char *host)
{
	struct name_answer answer;

	if (!resolver_at_once(resolver, host, &answer)) {
		resolver->misses++;
		return resolver_begin(resolver, request, host);
	}
	resolver_done(request, &answer);
	name_answer_fini(&answer);
	return true;
}

struct resolver_request *
resolver_lookup(struct resolver *resolver, const char *hostport, resolver_callback *callback,
    void *ctx)
{
	size_t len = strlen(hostport);
	const char *service = swim_service_name(hostport);
	char host[SWIM_HOSTPORT_MAX + 1];
	struct resolver_request *request;
	uint16_t port = 0;
	bool begun;

	if (resolver->pending == RESOLVER_REQUESTS_MAX ||
	    (service == NULL &&
		swim_hostport_split(hostport, len, -1, false, host, &port) != SWIM_ADDR_OK))
		return NULL;
	request = calloc(1, sizeof(*request) + len + 1);
	if (request == NULL)
		return NULL;
	request->resolver = resolver;
	request->callback = callback;
	request->ctx = ctx;
	request->port = port;
	memcpy(request->hostport, hostport, len + 1);
	begun = service != NULL ? resolver_begin_service(resolver, request, service)
				: resolver_begin_host(resolver, request, host);
	if (!begun) {
		free(request);
		return NULL;
	}
	resolver->pending++;
	return request;
}

void
resolver_cancel(struct resolver_request *request)
{
	struct resolver *resolver;

	if (request == NULL)
		return;
	resolver = request->resolver;
	/* The lookup of a host goes on without the request; its answer goes to the cache. */
	if (request->name != NULL || request->service != NULL)
		TAILQ_REMOVE(&resolver->waiting, request, link);
	else
		TAILQ_REMOVE(&resolver->done, request, link);
	if (request->service != NULL)
		service_free(request->service);
	resolver->pending--;
	resolver_request_free(request);
}

static struct resolver_request *
resolver_first_service(const struct resolver *resolver)
{
	struct resolver_request *request = TAILQ_FIRST(&resolver->waiting);

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer cannot follow TAILQ_REMOVE */
	while (request != NULL && request->service == NULL)
		request = TAILQ_NEXT(request, link);
	return request;
}

bool
resolver_cached(struct resolver *resolver, const char *hostport, struct swim_addr *out)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	struct name_answer answer;
	bool found;
	uint16_t port;

	if (swim_hostport_split(hostport, strlen(hostport), -1, false, host, &port) !=
		SWIM_ADDR_OK ||
	    !resolver_at_once(resolver, host, &answer))
		return false;
	found = answer.count > 0;
	if (found) {
		*out = answer.addresses[0];
		out->port = port;
	}
	name_answer_fini(&answer);
	return found;
}

struct resolver *
resolver_new(struct event_base *base, const struct resolver_config *config)
{
	const struct dns_config dns = {
	    .resolv_conf = config->resolv_conf,
	    .hosts_file = config->hosts_file,
	    .port = config->nameserver_port,
	    .timeout = config->timeout,
	};
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL)
		return NULL;
	resolver->config = *config;
	TAILQ_INIT(&resolver->names);
	TAILQ_INIT(&resolver->waiting);
	TAILQ_INIT(&resolver->done);
	resolver->done_event = evtimer_new(base, resolver_call_back, resolver);
	resolver->cache = namecache_new(config->cache_entries);
	resolver->dns = dns_new(base, &dns);
	if (resolver->done_event == NULL || resolver->cache == NULL || resolver->dns == NULL) {
		resolver_free(resolver);
		return NULL;
	}
	return resolver;
}

void
resolver_free(struct resolver *resolver)
{
	struct resolver_request *request;
	struct resolver_name *name;

	if (resolver == NULL)
		return;
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyzer cannot follow TAILQ_REMOVE */
	/* Cancel the requests for services first, because each of them has requests of its own. */
	while ((request = resolver_first_service(resolver)) != NULL)
		resolver_cancel(request);
	while ((request = TAILQ_FIRST(&resolver->waiting)) != NULL)
		resolver_cancel(request);
	while ((request = TAILQ_FIRST(&resolver->done)) != NULL)
		resolver_cancel(request);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	dns_free(resolver->dns);
	while ((name = TAILQ_FIRST(&resolver->names)) != NULL) {
		TAILQ_REMOVE(&resolver->names, name, link);
		free(name);
	}
	namecache_free(resolver->cache);
	if (resolver->done_event != NULL)
		event_free(resolver->done_event);
	free(resolver);
}

void
resolver_stats(const struct resolver *resolver, struct resolver_stats *out)
{
	struct namecache_stats cache;

	namecache_stats(resolver->cache, &cache);
	*out = (struct resolver_stats){
	    .hits = cache.hits,
	    .misses = resolver->misses,
	    .evictions = cache.evictions,
	    .expired = cache.expired,
	    .lookups = resolver->lookup_count,
	    .failures = resolver->failures,
	    .entries = cache.entries,
	    .pending = resolver->pending,
	};
}
