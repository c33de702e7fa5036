/* SPDX-License-Identifier: MIT */
/*
 * The mDNS helper: a process of its own that runs avahi-client, whose D-Bus calls block.  A hung avahi-daemon
 * was measured to hold each of them for up to 25 s; here that holds nobody else.
 *
 *	mdns_helper.c   its life: the daemon on one side, Avahi on the other
 *	mdns_publish.c  what we advertise
 *	mdns_browse.c   what others do
 */
#ifndef SWIMD_DISCOVERY_MDNS_HELPER_H
#define SWIMD_DISCOVERY_MDNS_HELPER_H

#include <avahi-client/client.h>
#include <stdbool.h>

#include "base/time.h"
#include "discovery/mdns_message.h"

/* The first argument of a swimd that is to be the helper; the second is its parent's process id. */
#define MDNS_HELPER_ARGUMENT "--mdns-helper"
/* What ps and top show. */
#define MDNS_HELPER_NAME "swimd-mdns"
/* The descriptor on which it finds its parent. */
#define MDNS_HELPER_FD 0
/* So often it says that it is there. */
#define MDNS_HELPER_ALIVE_S 2

/* The whole of its life; the exit status.  `parent`: the process that started it. */
int mdns_helper_main(const char *parent);

/* What the parts do for each other: `tell` the daemon, and have the helper look after its parts soon. */
struct mdns_outlet {
	void (*tell)(void *ctx, const struct mdns_message *);
	void (*soon)(void *ctx);
	void *ctx;
};

/* Where to look: interfaces that there are now, and an AvahiProtocol. */
struct mdns_scope {
	AvahiIfIndex interfaces[MDNS_INTERFACES_MAX];
	size_t count;
	AvahiProtocol protocol;
};

/* Both parts: on failure a negative Avahi error, after which the client is to be made anew. */

struct mdns_publish;
/* An empty group of entries; NULL and *error. */
struct mdns_publish *mdns_publish_new(AvahiClient *, const struct mdns_outlet *, int *error);
void mdns_publish_free(struct mdns_publish *);
/* Advertise this, in place of what was. */
int mdns_publish_set(struct mdns_publish *, const struct mdns_setup *, const struct mdns_scope *,
    const struct mdns_self *);
/* Take back what is advertised: the host's name is changing. */
int mdns_publish_reset(struct mdns_publish *);
/* Do what came up in callbacks. */
int mdns_publish_run(struct mdns_publish *);
/* Ask Avahi something: an error when it does not answer. */
int mdns_publish_ping(struct mdns_publish *);

struct mdns_browse;
struct mdns_browse *mdns_browse_new(AvahiClient *, const struct mdns_outlet *,
    const struct mdns_setup *, const struct mdns_scope *, int *error);
void mdns_browse_free(struct mdns_browse *);
int mdns_browse_run(struct mdns_browse *, swim_time now);
/* When mdns_browse_run is next needed. */
swim_time mdns_browse_deadline(const struct mdns_browse *);

#endif
