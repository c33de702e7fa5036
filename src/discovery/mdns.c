/* SPDX-License-Identifier: MIT */
/* Runs the helper, starts it again when it ends, and makes a hint of each service that it finds. */
#include "discovery/mdns.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "discovery/mdns_helper.h"
#include "discovery/mdns_process.h"
#include "net/loop.h"
#include "net/retry.h"
#include "net/route.h"

/* The delays after which a helper that has ended is started again. */
#define RETRY_FIRST_MS 250
#define RETRY_MAX_MS 4000
#define RETRY_JITTER 0.25

struct mdns {
	struct discovery_source source; /* must be first: the ops cast a pointer to it */
	struct discovery *hub;
	struct event_base *base;
	struct loop_timer *timer;
	struct mdns_message setup, self; /* the messages that a new helper gets */
	/* The last known index of each interface in setup; 0: never seen. */
	unsigned indexes[MDNS_INTERFACES_MAX];
	bool has_self;
	uint16_t port;         /* of our own socket */
	swim_duration timeout; /* for the first round, one resolution, and Avahi's silence */
	char *program;         /* NULL: ourselves */

	struct mdns_process *process;
	unsigned failed;                 /* failures of the helper in a row */
	swim_time start_at;              /* when to start a helper; NEVER while one runs */
	swim_time quiet_until;           /* when the next message of the helper is overdue */
	swim_time round_end;             /* of the first round; then NEVER */
	bool silent;                     /* a message of the helper is overdue */
	bool said_found;                 /* a service to join was found */
	char trouble[MDNS_TEXT_MAX + 1]; /* what the helper reports, or why it does not run; "" */
	char shown[MDNS_TEXT_MAX + 1];   /* the sentence that mdns_trouble gives; "" */
	uint64_t refused;                /* services for which the hub had no room */
	uint64_t helpers_dropped;        /* services for which any helper had no room */
	uint64_t helper_dropped;         /* as the running helper reported last */
	struct rng rng;
};

/* ----------------------------------------------------------------------------------------- trouble */

static void
mdns_set_trouble(struct mdns *mdns, const char *sentence)
{
	bool before = mdns->shown[0] != '\0';

	snprintf(mdns->trouble, sizeof(mdns->trouble), "%s", sentence);
	if (mdns->silent && *sentence == '\0')
		sentence = "Avahi does not answer";
	if (strcmp(mdns->shown, sentence) == 0)
		return;
	snprintf(mdns->shown, sizeof(mdns->shown), "%s", sentence);
	if (*sentence != '\0')
		log_at(LOG_LEVEL_WARNING, "mDNS does not work", log_str("reason", sentence),
		    log_str("remedy", "start avahi-daemon, or set mdns = false"));
	else if (before)
		log_at(LOG_LEVEL_NOTICE, "mDNS works again");
}

static void
mdns_set_silent(struct mdns *mdns, bool silent)
{
	char trouble[MDNS_TEXT_MAX + 1];

	if (mdns->silent == silent)
		return;
	mdns->silent = silent;
	strcpy(trouble, mdns->trouble);
	mdns_set_trouble(mdns, trouble);
}

/* -------------------------------------------------------------------------------- what others offer */

/* Is this an address of our own socket? */
static bool
mdns_is_here(const struct mdns *mdns, const struct swim_addr *address)
{
	return address->port == mdns->port && route_is_local(address);
}

/* The state of a service's hint; PENDING: the service may be joined. */
static enum discovery_state
mdns_judge(const struct mdns *mdns, const struct mdns_service *service, char *reason, size_t size)
{
	const struct mdns_self *self = &mdns->self.self;
	char cluster[100];

	reason[0] = '\0';
	switch (service->verdict) {
	case MDNS_FOUND:
		return DISCOVERY_RESOLVING;
	case MDNS_UNRESOLVED:
		snprintf(reason, size, "%.150s", service->text);
		return DISCOVERY_UNRESOLVED;
	case MDNS_MALFORMED:
		snprintf(reason, size, "%.150s", service->text);
		return DISCOVERY_MALFORMED;
	case MDNS_RESOLVED:
		break;
	}
	if (mdns_is_here(mdns, &service->address))
		return DISCOVERY_SELF;
	if (strcmp(service->cluster, self->cluster) != 0) {
		utf8_escape(service->cluster, strlen(service->cluster), false, cluster,
		    sizeof(cluster));
		if (*cluster == '\0')
			snprintf(reason, size, "it belongs to the unnamed cluster");
		else
			snprintf(reason, size, "it belongs to cluster \"%s\"", cluster);
		return DISCOVERY_OTHER_CLUSTER;
	}
	if (strcmp(service->name, self->name) == 0) {
		snprintf(reason, size, "it claims our name, and is at an address that is not ours");
		return DISCOVERY_NAMESAKE;
	}
	return DISCOVERY_PENDING;
}

static void
mdns_found(struct mdns *mdns, const struct mdns_service *service)
{
	char reason[160];
	struct discovery_hint hint = {
	    .address = service->address,
	    .interface = service->interface,
	    .service = service->instance,
	    .name = service->name,
	    .reason = reason,
	};

	hint.state = mdns_judge(mdns, service, reason, sizeof(reason));
	if (hint.state == DISCOVERY_PENDING)
		mdns->said_found = true;
	/* The hub has room for all services of the helper, unless another source has used some. */
	if (discovery_hint(mdns->hub, loop_now(), &mdns->source, service->id, &hint) != SWIM_OK)
		mdns->refused++;
}

/* -------------------------------------------------------------------------------------- the helper */

static void
mdns_arm(struct mdns *mdns)
{
	loop_timer_set(mdns->timer,
	    swim_time_min(mdns->start_at, swim_time_min(mdns->quiet_until, mdns->round_end)));
}

/* The helper has sent a message: set the time of the next. */
static void
mdns_heard(struct mdns *mdns)
{
	mdns->quiet_until = swim_time_add(loop_now(),
	    swim_ns(mdns->timeout.ns + swim_seconds(MDNS_HELPER_ALIVE_S).ns));
	mdns_set_silent(mdns, false);
	mdns_arm(mdns);
}

static void
mdns_received(void *ctx, const struct mdns_message *message)
{
	struct mdns *mdns = ctx;

	mdns_heard(mdns);
	switch (message->type) {
	case MDNS_ALIVE:
		mdns->failed = 0;
		break;
	case MDNS_TROUBLE:
		mdns_set_trouble(mdns, message->text);
		break;
	case MDNS_PUBLISHED:
		log_at(LOG_LEVEL_INFO, "advertised by mDNS", log_str("service", message->text));
		break;
	case MDNS_CLEAR:
		discovery_hint_withdraw_all(mdns->hub, &mdns->source);
		break;
	case MDNS_SERVICE:
		mdns_found(mdns, &message->service);
		break;
	case MDNS_GONE:
		discovery_hint_withdraw(mdns->hub, &mdns->source, message->number);
		break;
	case MDNS_DROPPED:
		if (mdns->helpers_dropped == 0)
			log_at(LOG_LEVEL_WARNING,
			    "mDNS finds more services than the limit: the others are ignored",
			    log_uint("limit", MDNS_SERVICES_MAX));
		if (message->number > mdns->helper_dropped) {
			mdns->helpers_dropped += message->number - mdns->helper_dropped;
			mdns->helper_dropped = message->number;
		}
		break;
	case MDNS_SETUP:
	case MDNS_SELF:
		break;
	}
}

static void
mdns_restart_later(struct mdns *mdns, const char *why)
{
	static const struct retry_policy policy = {
	    .first = {RETRY_FIRST_MS * INT64_C(1000000)},
	    .factor = 2,
	    .max = {RETRY_MAX_MS * INT64_C(1000000)},
	};
	char sentence[MDNS_TEXT_MAX + 1];
	swim_duration delay = policy.max;

	retry_delay(&policy, ++mdns->failed, &delay);
	mdns->start_at =
	    swim_time_add(loop_now(), retry_jitter(delay, RETRY_JITTER, rng_unit(&mdns->rng)));
	mdns->quiet_until = SWIM_TIME_NEVER;
	mdns->silent = false;
	snprintf(sentence, sizeof(sentence), "the mDNS helper does not run: %s", why);
	mdns_set_trouble(mdns, sentence);
	mdns_arm(mdns);
}

static void
mdns_ended(void *ctx, const char *why)
{
	struct mdns *mdns = ctx;

	mdns_process_free(mdns->process);
	mdns->process = NULL;
	mdns_restart_later(mdns, why);
}

/*
 * Send the setup with the present names of the interfaces.  A running helper follows a renamed interface by its
 * index, but a new helper knows the names alone.
 */
static void
mdns_tell_setup(struct mdns *mdns)
{
	struct mdns_message now = mdns->setup;

	for (size_t i = 0; i < now.setup.interface_count; i++) {
		unsigned index = if_nametoindex(now.setup.interfaces[i]);
		char name[IF_NAMESIZE];

		if (index != 0)
			mdns->indexes[i] = index;
		else if (mdns->indexes[i] != 0 && if_indextoname(mdns->indexes[i], name) != NULL)
			snprintf(now.setup.interfaces[i], sizeof(now.setup.interfaces[i]), "%s",
			    name);
	}
	mdns_process_send(mdns->process, &now);
}

static void
mdns_launch(struct mdns *mdns)
{
	const struct mdns_process_callbacks callbacks = {
	    .received = mdns_received,
	    .ended = mdns_ended,
	    .ctx = mdns,
	};

	mdns->start_at = SWIM_TIME_NEVER;
	mdns->helper_dropped = 0;
	mdns->process = mdns_process_new(mdns->base, mdns->program, &callbacks);
	if (mdns->process == NULL) {
		mdns_restart_later(mdns, strerror(errno));
		return;
	}
	log_at(LOG_LEVEL_DEBUG, "mDNS helper started",
	    log_int("pid", mdns_process_pid(mdns->process)));
	mdns_tell_setup(mdns);
	if (mdns->has_self)
		mdns_process_send(mdns->process, &mdns->self);
	mdns_heard(mdns);
}

static void
mdns_fired(void *ctx, swim_time now)
{
	struct mdns *mdns = ctx;

	if (swim_time_reached(now, mdns->start_at))
		mdns_launch(mdns);
	if (swim_time_reached(now, mdns->quiet_until)) {
		mdns->quiet_until = SWIM_TIME_NEVER;
		mdns_set_silent(mdns, true);
	}
	if (swim_time_reached(now, mdns->round_end)) {
		mdns->round_end = SWIM_TIME_NEVER;
		if (!mdns->said_found)
			log_at(LOG_LEVEL_INFO, "mDNS has found no other member yet",
			    log_double("seconds", swim_duration_seconds(mdns->timeout)));
	}
	mdns_arm(mdns);
}

/* -------------------------------------------------------------------------------------- the source */

static void
mdns_start(struct discovery_source *source, struct discovery *hub)
{
	struct mdns *mdns = (struct mdns *)source;
	swim_time now = loop_now();

	mdns->hub = hub;
	mdns->round_end = swim_time_add(now, mdns->timeout);
	mdns->start_at = now;
	mdns_arm(mdns);
}

static void
mdns_advertise(struct discovery_source *source, const struct discovery_self *self)
{
	struct mdns *mdns = (struct mdns *)source;
	struct mdns_self *out = &mdns->self.self;

	mdns->self.type = MDNS_SELF;
	snprintf(out->name, sizeof(out->name), "%s", self->name);
	snprintf(out->cluster, sizeof(out->cluster), "%s", self->cluster);
	snprintf(out->version, sizeof(out->version), "%s", self->version);
	out->port = mdns->port = self->address.port;
	mdns->has_self = true;
	if (mdns->process != NULL)
		mdns_process_send(mdns->process, &mdns->self);
}

static const char *
mdns_trouble(const struct discovery_source *source)
{
	const struct mdns *mdns = (const struct mdns *)source;

	return mdns->shown[0] != '\0' ? mdns->shown : NULL;
}

static uint64_t
mdns_dropped(const struct discovery_source *source)
{
	const struct mdns *mdns = (const struct mdns *)source;

	return mdns->refused + mdns->helpers_dropped;
}

static bool
mdns_owns(const struct discovery_source *source, pid_t child)
{
	const struct mdns *mdns = (const struct mdns *)source;

	return mdns->process != NULL && mdns_process_pid(mdns->process) == child;
}

static void
mdns_stop(struct discovery_source *source)
{
	struct mdns *mdns = (struct mdns *)source;

	mdns_process_free(mdns->process);
	loop_timer_free(mdns->timer);
	free(mdns->program);
	free(mdns);
}

static const struct discovery_source_ops mdns_ops = {
    .name = "mdns",
    .start = mdns_start,
    .advertise = mdns_advertise,
    .trouble = mdns_trouble,
    .dropped = mdns_dropped,
    .owns = mdns_owns,
    .stop = mdns_stop,
};

struct discovery_source *
mdns_new(struct event_base *base, const struct mdns_config *config)
{
	struct mdns *mdns = calloc(1, sizeof(*mdns));
	struct mdns_setup *setup;

	if (mdns == NULL)
		return NULL;
	mdns->source.ops = &mdns_ops;
	mdns->base = base;
	mdns->timeout = config->timeout;
	mdns->start_at = mdns->quiet_until = mdns->round_end = SWIM_TIME_NEVER;
	rng_init(&mdns->rng, (uint64_t)loop_wall_ns());
	mdns->setup.type = MDNS_SETUP;
	setup = &mdns->setup.setup;
	snprintf(setup->service, sizeof(setup->service), "%s", config->service);
	snprintf(setup->domain, sizeof(setup->domain), "%s", config->domain);
	setup->families = (uint8_t)config->families;
	setup->timeout_ms = (uint32_t)swim_duration_ms(config->timeout);
	for (size_t i = 0; i < config->interface_count && i < MDNS_INTERFACES_MAX; i++)
		snprintf(setup->interfaces[setup->interface_count++], sizeof(setup->interfaces[0]),
		    "%s", config->interfaces[i]);
	mdns->timer = loop_timer_new(base, mdns_fired, mdns);
	if (config->program != NULL)
		mdns->program = strdup(config->program);
	if (mdns->timer == NULL || (config->program != NULL && mdns->program == NULL)) {
		mdns_stop(&mdns->source);
		return NULL;
	}
	return &mdns->source;
}
