/* SPDX-License-Identifier: MIT */
/*
 * Finds services of our type by browsers, and resolves a bounded number of them at a time.  A resolver is
 * freed when it has answered, and a new one is made when the service is due again: Avahi bounds the objects of
 * one client, and a thousand strangers must not use these up.
 */
#include "discovery/mdns_helper.h"

#include <avahi-client/lookup.h>
#include <avahi-common/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "discovery/mdns_txt.h"
#include "net/loop.h"

#define RESOLVERS_MAX 64 /* at once */
/* Seconds after which a service is resolved again: the host records of mDNS live for 120 s. */
#define REFRESH_S 120
/* The same for a service that could not be resolved: doubled after each failure, up to REFRESH_S. */
#define RETRY_FIRST_S 5

struct service {
	struct mdns_browse *browse;
	struct mdns_service report; /* as sent to the daemon last */
	AvahiIfIndex interface;
	AvahiProtocol protocol;
	AvahiServiceResolver *resolver; /* NULL: the service is not being resolved */
	swim_time due;                  /* when to resolve; with a resolver: when to give up */
	unsigned tries, failed;         /* failed: failed tries in a row */
	unsigned round;                 /* the last round in which a browser reported the service */
};

struct mdns_browse {
	struct mdns_outlet outlet;
	AvahiClient *client;
	char type[MDNS_TYPE_MAX + 1], domain[MDNS_DOMAIN_MAX + 1];
	swim_duration timeout;
	AvahiServiceBrowser *browsers[MDNS_INTERFACES_MAX];
	size_t browser_count;
	struct service *services[MDNS_SERVICES_MAX];
	size_t count, resolving;
	uint32_t last_id;
	uint64_t dropped, dropped_told;
	bool missed;    /* services were dropped in this round */
	unsigned round; /* how often the browsers were made */
	size_t told;    /* browsers of this round that have reported all services */
	struct mdns_scope scope;
	int error;
};

static void
mdns_browse_tell_service(const struct service *service)
{
	const struct mdns_message message = {.type = MDNS_SERVICE, .service = service->report};

	service->browse->outlet.tell(service->browse->outlet.ctx, &message);
}

static void
mdns_browse_tell_number(const struct mdns_browse *browse, enum mdns_type type, uint64_t number)
{
	const struct mdns_message message = {.type = type, .number = number};

	browse->outlet.tell(browse->outlet.ctx, &message);
}

/* --------------------------------------------------------------------------------------- resolving */

static void
mdns_browse_end_resolver(struct service *service)
{
	if (service->resolver == NULL)
		return;
	avahi_service_resolver_free(service->resolver);
	service->resolver = NULL;
	service->browse->resolving--;
}

/* A resolution has ended: report the service, and set the time of its next resolution. */
static void
mdns_browse_settle(struct service *service, swim_time now)
{
	int64_t wait = REFRESH_S;

	mdns_browse_end_resolver(service);
	if (service->report.verdict == MDNS_UNRESOLVED) {
		if (service->failed < 5 && RETRY_FIRST_S << service->failed < REFRESH_S)
			wait = RETRY_FIRST_S << service->failed;
		service->failed++;
	} else {
		service->failed = 0;
	}
	service->due = swim_time_add(now, swim_seconds(wait));
	mdns_browse_tell_service(service);
	service->browse->outlet.soon(service->browse->outlet.ctx);
}

static void
mdns_browse_set_failure(struct service *service, enum mdns_verdict verdict, const char *text)
{
	service->report.verdict = verdict;
	service->report.address = (struct swim_addr){0};
	snprintf(service->report.text, sizeof(service->report.text), "%s", text);
}

static struct swim_addr
mdns_browse_to_address(const AvahiAddress *from, AvahiIfIndex interface, uint16_t port)
{
	struct swim_addr address = {.port = port};
	uint8_t *ip = address.ip;

	if (from->proto == AVAHI_PROTO_INET) {
		address.family = 4;
		memcpy(ip, &from->data.ipv4.address, 4);
	} else {
		address.family = 6;
		memcpy(ip, from->data.ipv6.address, 16);
		if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
			address.scope = (uint32_t)interface;
	}
	return address;
}

/* Check what a resolved service says of itself. */
static void
mdns_browse_judge(struct service *service, const AvahiAddress *at, uint16_t port,
    const AvahiStringList *txt)
{
	struct swim_addr address;
	const char *wrong = mdns_txt_parse(txt, &service->report);

	if (wrong == NULL && port == 0)
		wrong = "its port is 0";
	if (wrong == NULL && at == NULL)
		wrong = "it has no address";
	if (wrong == NULL) {
		address = mdns_browse_to_address(at, service->interface, port);
		if (swim_addr_is_wildcard(&address) || swim_addr_is_multicast(&address))
			wrong =
			    "its address is a wildcard or multicast address, which no member has";
		else if (swim_addr_is_loopback(&address) &&
			 strcmp(service->report.interface, "lo") != 0)
			wrong = "its address is a loopback address, which no other machine has";
	}
	if (wrong != NULL) {
		mdns_browse_set_failure(service, MDNS_MALFORMED, wrong);
		return;
	}
	service->report.verdict = MDNS_RESOLVED;
	service->report.address = address;
	service->report.text[0] = '\0';
}

static void
mdns_browse_resolved(AvahiServiceResolver *resolver, AvahiIfIndex interface, AvahiProtocol protocol,
    AvahiResolverEvent event, const char *name, const char *type, const char *domain,
    const char *host, const AvahiAddress *address, uint16_t port, AvahiStringList *txt,
    AvahiLookupResultFlags flags, void *userdata)
{
	struct service *service = userdata;

	(void)resolver, (void)interface, (void)protocol, (void)name, (void)type, (void)domain;
	(void)host, (void)flags;
	switch (event) {
	case AVAHI_RESOLVER_FOUND:
		mdns_browse_judge(service, address, port, txt);
		break;
	case AVAHI_RESOLVER_FAILURE:
		mdns_browse_set_failure(service, MDNS_UNRESOLVED,
		    avahi_strerror(avahi_client_errno(service->browse->client)));
		break;
	}
	mdns_browse_settle(service, loop_now());
}

static void
mdns_browse_start_resolver(struct service *service, swim_time now)
{
	struct mdns_browse *browse = service->browse;

	service->tries++;
	service->resolver = avahi_service_resolver_new(browse->client, service->interface,
	    service->protocol, service->report.instance, browse->type, browse->domain,
	    service->protocol, (AvahiLookupFlags)0, mdns_browse_resolved, service);
	if (service->resolver == NULL) {
		browse->error = avahi_client_errno(browse->client);
		/* A name that Avahi cannot look up is a fault of the service, not of Avahi. */
		if (browse->error == AVAHI_ERR_INVALID_SERVICE_NAME ||
		    browse->error == AVAHI_ERR_INVALID_DOMAIN_NAME) {
			browse->error = 0;
			mdns_browse_set_failure(service, MDNS_MALFORMED,
			    "its service name is not valid");
			mdns_browse_settle(service, now);
		}
		return;
	}
	browse->resolving++;
	service->due = swim_time_add(now, browse->timeout);
}

/* The due service with the fewest tries: a new service does not wait for many services that fail. */
static struct service *
mdns_browse_next_due(const struct mdns_browse *browse, swim_time now)
{
	struct service *best = NULL;

	for (size_t i = 0; i < browse->count; i++) {
		struct service *service = browse->services[i];

		if (service->resolver == NULL && swim_time_reached(now, service->due) &&
		    (best == NULL || service->tries < best->tries))
			best = service;
	}
	return best;
}

/* ---------------------------------------------------------------------------------------- browsing */

static size_t
mdns_browse_find(const struct mdns_browse *browse, AvahiIfIndex interface, AvahiProtocol protocol,
    const char *name)
{
	size_t i = 0;

	while (i < browse->count && (browse->services[i]->interface != interface ||
					browse->services[i]->protocol != protocol ||
					strcmp(browse->services[i]->report.instance, name) != 0))
		i++;
	return i;
}

static void
mdns_browse_add(struct mdns_browse *browse, AvahiIfIndex interface, AvahiProtocol protocol,
    const char *name, swim_time now)
{
	size_t i = mdns_browse_find(browse, interface, protocol, name);
	struct service *service;

	if (i < browse->count) {
		browse->services[i]->round = browse->round;
		return;
	}
	if (browse->count == MDNS_SERVICES_MAX || strlen(name) > MDNS_INSTANCE_MAX ||
	    (service = calloc(1, sizeof(*service))) == NULL) {
		browse->dropped++;
		browse->missed = true;
		return;
	}
	service->browse = browse;
	service->interface = interface;
	service->protocol = protocol;
	service->due = now;
	service->round = browse->round;
	service->report.id = ++browse->last_id;
	service->report.verdict = MDNS_FOUND;
	strcpy(service->report.instance, name);
	if (if_indextoname((unsigned)interface, service->report.interface) == NULL)
		snprintf(service->report.interface, sizeof(service->report.interface), "%d",
		    interface);
	browse->services[browse->count++] = service;
	mdns_browse_tell_service(service);
}

static void
mdns_browse_drop(struct mdns_browse *browse, size_t i)
{
	struct service *service = browse->services[i];

	mdns_browse_end_resolver(service);
	browse->services[i] = browse->services[--browse->count];
	free(service);
}

static void
mdns_browse_withdraw(struct mdns_browse *browse, size_t i)
{
	mdns_browse_tell_number(browse, MDNS_GONE, browse->services[i]->report.id);
	mdns_browse_drop(browse, i);
}

/* Withdraw what the browsers of this round did not report: such a service went away before they were made. */
static void
mdns_browse_drop_missing(struct mdns_browse *browse)
{
	for (size_t i = browse->count; i-- > 0;) {
		if (browse->services[i]->round != browse->round)
			mdns_browse_withdraw(browse, i);
	}
}

static void
mdns_browse_event(AvahiServiceBrowser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
    AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
    AvahiLookupResultFlags flags, void *userdata)
{
	struct mdns_browse *browse = userdata;
	size_t i;

	(void)browser, (void)type, (void)domain, (void)flags;
	switch (event) {
	case AVAHI_BROWSER_NEW:
		mdns_browse_add(browse, interface, protocol, name, loop_now());
		break;
	case AVAHI_BROWSER_REMOVE:
		i = mdns_browse_find(browse, interface, protocol, name);
		if (i < browse->count)
			mdns_browse_withdraw(browse, i);
		break;
	case AVAHI_BROWSER_FAILURE:
		browse->error = avahi_client_errno(browse->client);
		break;
	case AVAHI_BROWSER_ALL_FOR_NOW:
		if (++browse->told == browse->browser_count)
			mdns_browse_drop_missing(browse);
		break;
	case AVAHI_BROWSER_CACHE_EXHAUSTED:
		break;
	}
	browse->outlet.soon(browse->outlet.ctx);
}

static void
mdns_browse_free_browsers(struct mdns_browse *browse)
{
	while (browse->browser_count > 0)
		avahi_service_browser_free(browse->browsers[--browse->browser_count]);
}

/* Begin a round: the new browsers report all services, known and new. */
static int
mdns_browse_make_browsers(struct mdns_browse *browse)
{
	AvahiServiceBrowser *browser;

	browse->missed = false;
	browse->told = 0;
	browse->round++;
	for (size_t i = 0; i < browse->scope.count; i++) {
		browser = avahi_service_browser_new(browse->client, browse->scope.interfaces[i],
		    browse->scope.protocol, browse->type, browse->domain, (AvahiLookupFlags)0,
		    mdns_browse_event, browse);
		if (browser == NULL)
			return avahi_client_errno(browse->client);
		browse->browsers[browse->browser_count++] = browser;
	}
	return 0;
}

struct mdns_browse *
mdns_browse_new(AvahiClient *client, const struct mdns_outlet *outlet,
    const struct mdns_setup *setup, const struct mdns_scope *scope, int *error)
{
	struct mdns_browse *browse = calloc(1, sizeof(*browse));

	*error = AVAHI_ERR_NO_MEMORY;
	if (browse == NULL)
		return NULL;
	browse->outlet = *outlet;
	browse->client = client;
	browse->timeout = swim_ms(setup->timeout_ms);
	strcpy(browse->type, setup->service);
	strcpy(browse->domain, setup->domain);
	browse->scope = *scope;
	if ((*error = mdns_browse_make_browsers(browse)) != 0) {
		mdns_browse_free(browse);
		return NULL;
	}
	return browse;
}

void
mdns_browse_free(struct mdns_browse *browse)
{
	if (browse == NULL)
		return;
	while (browse->count > 0)
		mdns_browse_drop(browse, browse->count - 1);
	mdns_browse_free_browsers(browse);
	free(browse);
}

int
mdns_browse_run(struct mdns_browse *browse, swim_time now)
{
	struct service *service;

	for (size_t i = 0; i < browse->count; i++) {
		service = browse->services[i];
		if (service->resolver != NULL && swim_time_reached(now, service->due)) {
			mdns_browse_set_failure(service, MDNS_UNRESOLVED,
			    "its resolution takes too long");
			mdns_browse_settle(service, now);
		}
	}
	while (browse->error == 0 && browse->resolving < RESOLVERS_MAX &&
	       (service = mdns_browse_next_due(browse, now)) != NULL)
		mdns_browse_start_resolver(service, now);
	if (browse->error == 0 && browse->missed && browse->count <= MDNS_SERVICES_MAX * 3 / 4) {
		mdns_browse_free_browsers(browse);
		browse->error = mdns_browse_make_browsers(browse);
	}
	if (browse->dropped != browse->dropped_told) {
		browse->dropped_told = browse->dropped;
		mdns_browse_tell_number(browse, MDNS_DROPPED, browse->dropped);
	}
	return browse->error;
}

swim_time
mdns_browse_deadline(const struct mdns_browse *browse)
{
	bool full = browse->resolving == RESOLVERS_MAX;
	swim_time next = SWIM_TIME_NEVER;

	for (size_t i = 0; i < browse->count; i++) {
		if (browse->services[i]->resolver != NULL || !full)
			next = swim_time_min(next, browse->services[i]->due);
	}
	return next;
}
