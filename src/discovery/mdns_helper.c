/* SPDX-License-Identifier: MIT */
#include "discovery/mdns_helper.h"

#include <avahi-common/error.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/rng.h"
#include "discovery/avahi_poll.h"
#include "net/loop.h"
#include "net/retry.h"

/* The delays after which a failed Avahi is tried again: Avahi's own start included, it is found within 10 s. */
#define RETRY_FIRST_MS 250
#define RETRY_MAX_MS 4000
#define RETRY_JITTER 0.25

struct mdns_helper {
	struct event_base *base;
	struct event *readable;
	struct loop_timer *timer;
	struct avahi_poll *poll;
	struct mdns_outlet outlet;
	struct mdns_setup setup;
	struct mdns_self self;
	/* The last known index of each interface in setup; 0: never seen. */
	unsigned indexes[MDNS_INTERFACES_MAX];
	bool has_setup, has_self;

	AvahiClient *client;
	AvahiClientState state; /* as the client reported last */
	struct mdns_scope scope;
	struct mdns_publish *publish;
	struct mdns_browse *browse;
	bool self_stale; /* self has changed since it was advertised */

	char trouble[MDNS_TEXT_MAX + 1]; /* as sent last; at first a text that is never sent */
	unsigned failed;                 /* failures in a row */
	swim_time retry_at;              /* when to make a client; NEVER while there is one */
	swim_time alive_at;              /* when to send MDNS_ALIVE next */
	struct rng rng;
};

/* --------------------------------------------------------------------------------------- the daemon */

/* Waits while the daemon is slow to read: the helper has no other work. */
static void
mdns_helper_tell(void *ctx, const struct mdns_message *message)
{
	struct mdns_helper *helper = ctx;
	uint8_t packet[MDNS_MESSAGE_MAX];
	size_t len = mdns_message_encode(message, packet);
	ssize_t sent;

	do {
		sent = send(MDNS_HELPER_FD, packet, len, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		event_base_loopbreak(helper->base);
}

static void
mdns_helper_tell_type(struct mdns_helper *helper, enum mdns_type type)
{
	const struct mdns_message message = {.type = type};

	mdns_helper_tell(helper, &message);
}

static void
mdns_helper_tell_trouble(struct mdns_helper *helper, const char *sentence)
{
	struct mdns_message message = {.type = MDNS_TROUBLE};

	if (strcmp(helper->trouble, sentence) == 0)
		return;
	snprintf(helper->trouble, sizeof(helper->trouble), "%s", sentence);
	strcpy(message.text, helper->trouble);
	mdns_helper_tell(helper, &message);
}

static void
mdns_helper_soon(void *ctx)
{
	struct mdns_helper *helper = ctx;

	loop_timer_set(helper->timer, (swim_time){0});
}

static void
mdns_helper_on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct mdns_helper *helper = ctx;
	uint8_t packet[MDNS_MESSAGE_MAX];
	struct mdns_message message;
	ssize_t len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

	(void)what;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* The daemon has ended, or the message is not from our daemon. */
	if (len <= 0 || !mdns_message_decode(packet, (size_t)len, &message) ||
	    message.type > MDNS_SELF) {
		event_base_loopbreak(helper->base);
		return;
	}
	if (message.type == MDNS_SETUP) {
		helper->setup = message.setup;
		memset(helper->indexes, 0, sizeof(helper->indexes));
		helper->has_setup = true;
	} else {
		helper->self = message.self;
		helper->has_self = true;
		helper->self_stale = true;
	}
	mdns_helper_soon(helper);
}

/* -------------------------------------------------------------------------------------------- Avahi */

/*
 * The index of interface i of the setup; 0: there is no such interface.  A renamed interface still counts, unless
 * another interface has the old name now.
 */
static unsigned
mdns_helper_find_index(struct mdns_helper *helper, size_t i)
{
	unsigned index = if_nametoindex(helper->setup.interfaces[i]);
	char name[IF_NAMESIZE];

	if (index != 0)
		helper->indexes[i] = index;
	else if (helper->indexes[i] != 0 && if_indextoname(helper->indexes[i], name) != NULL)
		index = helper->indexes[i];
	return index;
}

/* Find the interfaces of the setup.  Returns the name of the first interface that is missing, or NULL. */
static const char *
mdns_helper_find_scope(struct mdns_helper *helper, struct mdns_scope *scope)
{
	const struct mdns_setup *setup = &helper->setup;
	const char *missing = NULL;
	unsigned index;

	*scope = (struct mdns_scope){.protocol = AVAHI_PROTO_UNSPEC};
	if (setup->families == MDNS_IPV4)
		scope->protocol = AVAHI_PROTO_INET;
	else if (setup->families == MDNS_IPV6)
		scope->protocol = AVAHI_PROTO_INET6;
	if (setup->interface_count == 0)
		scope->interfaces[scope->count++] = AVAHI_IF_UNSPEC;
	for (size_t i = 0; i < setup->interface_count; i++) {
		index = mdns_helper_find_index(helper, i);
		if (index != 0)
			scope->interfaces[scope->count++] = (AvahiIfIndex)index;
		else if (missing == NULL)
			missing = setup->interfaces[i];
	}
	return missing;
}

static bool
mdns_helper_scope_equal(const struct mdns_scope *a, const struct mdns_scope *b)
{
	return a->count == b->count &&
	       memcmp(a->interfaces, b->interfaces, a->count * sizeof(a->interfaces[0])) == 0;
}

static void
mdns_helper_disconnect(struct mdns_helper *helper)
{
	if (helper->client == NULL)
		return;
	mdns_publish_free(helper->publish);
	mdns_browse_free(helper->browse);
	avahi_client_free(helper->client);
	helper->publish = NULL;
	helper->browse = NULL;
	helper->client = NULL;
}

static const char *
mdns_helper_trouble_text(int error)
{
	if (error == AVAHI_ERR_DBUS_ERROR)
		return "D-Bus cannot be reached, or does not answer";
	if (error == AVAHI_ERR_NO_DAEMON || error == AVAHI_ERR_DISCONNECTED)
		return "avahi-daemon does not run";
	return avahi_strerror(error);
}

/* Disconnect from Avahi, and connect again after a delay. */
static void
mdns_helper_fail(struct mdns_helper *helper, int error, swim_time now)
{
	static const struct retry_policy policy = {
	    .first = {RETRY_FIRST_MS * INT64_C(1000000)},
	    .factor = 2,
	    .max = {RETRY_MAX_MS * INT64_C(1000000)},
	};
	swim_duration delay = policy.max;

	mdns_helper_disconnect(helper);
	retry_delay(&policy, ++helper->failed, &delay);
	helper->retry_at =
	    swim_time_add(now, retry_jitter(delay, RETRY_JITTER, rng_unit(&helper->rng)));
	mdns_helper_tell_trouble(helper, mdns_helper_trouble_text(error));
}

/* avahi_client_new may call this function before it returns. */
static void
mdns_helper_on_client(AvahiClient *client, AvahiClientState state, void *userdata)
{
	struct mdns_helper *helper = userdata;

	(void)client;
	helper->state = state;
	mdns_helper_soon(helper);
}

static void
mdns_helper_connect_avahi(struct mdns_helper *helper, swim_time now)
{
	int error = 0;

	helper->retry_at = SWIM_TIME_NEVER;
	helper->state = AVAHI_CLIENT_CONNECTING;
	helper->client = avahi_client_new(avahi_poll_api(helper->poll), AVAHI_CLIENT_NO_FAIL,
	    mdns_helper_on_client, helper, &error);
	/* With AVAHI_CLIENT_NO_FAIL a missing daemon is no failure: the bus is missing. */
	if (helper->client == NULL)
		mdns_helper_fail(helper,
		    error == AVAHI_ERR_NO_DAEMON ? AVAHI_ERR_DBUS_ERROR : error, now);
}

/* Avahi runs: let Avahi browse, and advertise this member. */
static int
mdns_helper_serve(struct mdns_helper *helper, swim_time now)
{
	int error = 0;

	if (helper->browse == NULL) {
		mdns_helper_find_scope(helper, &helper->scope);
		mdns_helper_tell_type(helper, MDNS_CLEAR);
		helper->browse = mdns_browse_new(helper->client, &helper->outlet, &helper->setup,
		    &helper->scope, &error);
		if (helper->browse == NULL)
			return error;
		helper->publish = mdns_publish_new(helper->client, &helper->outlet, &error);
		if (helper->publish == NULL)
			return error;
		helper->self_stale = true;
	}
	if (helper->self_stale && helper->has_self) {
		helper->self_stale = false;
		error = mdns_publish_set(helper->publish, &helper->setup, &helper->scope,
		    &helper->self);
	}
	if (error == 0)
		error = mdns_publish_run(helper->publish);
	return error != 0 ? error : mdns_browse_run(helper->browse, now);
}

/* Check from time to time whether Avahi answers, and whether the interfaces have changed. */
static int
mdns_helper_look_round(struct mdns_helper *helper)
{
	struct mdns_scope scope;
	const char *missing = mdns_helper_find_scope(helper, &scope);
	char text[MDNS_TEXT_MAX + 1] = "";
	int error;

	if (!mdns_helper_scope_equal(&scope, &helper->scope)) {
		/* Browsers and entries are bound to the indexes of interfaces: make all of them again. */
		mdns_publish_free(helper->publish);
		mdns_browse_free(helper->browse);
		helper->publish = NULL;
		helper->browse = NULL;
		mdns_helper_soon(helper);
		return 0;
	}
	if ((error = mdns_publish_ping(helper->publish)) != 0)
		return error;
	helper->failed = 0;
	if (missing != NULL)
		snprintf(text, sizeof(text), "there is no interface %s", missing);
	mdns_helper_tell_trouble(helper, text);
	return 0;
}

static void
mdns_helper_run_client(struct mdns_helper *helper, swim_time now)
{
	bool look = swim_time_reached(now, helper->alive_at);
	int error = 0;

	switch (helper->state) {
	case AVAHI_CLIENT_S_RUNNING:
		error = mdns_helper_serve(helper, now);
		if (error == 0 && (look || *helper->trouble != '\0'))
			error = mdns_helper_look_round(helper);
		break;
	case AVAHI_CLIENT_S_REGISTERING:
	case AVAHI_CLIENT_S_COLLISION:
		/* The host is getting another name, and our entries need that name. */
		helper->self_stale = true;
		if (helper->publish != NULL)
			error = mdns_publish_reset(helper->publish);
		break;
	case AVAHI_CLIENT_CONNECTING:
		mdns_helper_tell_trouble(helper, mdns_helper_trouble_text(AVAHI_ERR_NO_DAEMON));
		break;
	case AVAHI_CLIENT_FAILURE:
		error = avahi_client_errno(helper->client);
		break;
	}
	if (error != 0)
		mdns_helper_fail(helper, error, now);
}

/* Do all work here, not in callbacks of Avahi: such a callback makes and frees no object of Avahi but its own resolver. */
static void
mdns_helper_on_timer(void *ctx, swim_time now)
{
	struct mdns_helper *helper = ctx;
	swim_time next;

	if (helper->has_setup && helper->client == NULL && swim_time_reached(now, helper->retry_at))
		mdns_helper_connect_avahi(helper, now);
	if (helper->client != NULL)
		mdns_helper_run_client(helper, now);
	now = loop_now();
	if (swim_time_reached(now, helper->alive_at)) {
		mdns_helper_tell_type(helper, MDNS_ALIVE);
		helper->alive_at = swim_time_add(now, swim_seconds(MDNS_HELPER_ALIVE_S));
	}
	next = swim_time_min(helper->alive_at, helper->retry_at);
	if (helper->browse != NULL)
		next = swim_time_min(next, mdns_browse_deadline(helper->browse));
	loop_timer_set(helper->timer, next);
}

static int
mdns_helper_start(struct mdns_helper *helper)
{
	helper->base = loop_new();
	if (helper->base == NULL)
		return EX_OSERR;
	helper->readable = event_new(helper->base, MDNS_HELPER_FD, EV_READ | EV_PERSIST,
	    mdns_helper_on_readable, helper);
	helper->timer = loop_timer_new(helper->base, mdns_helper_on_timer, helper);
	helper->poll = avahi_poll_new(helper->base);
	if (helper->readable == NULL || helper->timer == NULL || helper->poll == NULL ||
	    event_add(helper->readable, NULL) != 0)
		return EX_OSERR;
	strcpy(helper->trouble, "it begins");
	helper->outlet =
	    (struct mdns_outlet){.tell = mdns_helper_tell, .soon = mdns_helper_soon, .ctx = helper};
	helper->retry_at = helper->alive_at = loop_now();
	rng_init(&helper->rng, (uint64_t)loop_wall_ns());
	mdns_helper_soon(helper);
	return 0;
}

int
mdns_helper_main(const char *parent)
{
	struct mdns_helper helper = {0};
	int status;

	/* Otherwise the name of the process is "exe", the end of the path by which it was started. */
	prctl(PR_SET_NAME, MDNS_HELPER_NAME);
	/* While a call of Avahi blocks, we do not see that the daemon has ended. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != (pid_t)strtol(parent, NULL, 10))
		return EX_UNAVAILABLE;
	/* These signals are for the daemon, which ends the helper after it has left. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if ((status = mdns_helper_start(&helper)) == 0)
		event_base_dispatch(helper.base);
	mdns_helper_disconnect(&helper);
	avahi_poll_free(helper.poll);
	loop_timer_free(helper.timer);
	if (helper.readable != NULL)
		event_free(helper.readable);
	loop_free(helper.base);
	return status;
}
