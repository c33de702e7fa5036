/* SPDX-License-Identifier: MIT */
/*
 * The mDNS helper: a process of its own that runs avahi-client, because the D-Bus calls of avahi-client block.  With
 * a hung avahi-daemon a call was measured to block for up to 25 s; in the helper it delays no other work.
 *
 * mdns_helper.c connects the daemon on one side with Avahi on the other; mdns_publish.c advertises this member;
 * mdns_browse.c finds other members.
 */
#ifndef SWIMD_DISCOVERY_MDNS_HELPER_H
#define SWIMD_DISCOVERY_MDNS_HELPER_H

#include <avahi-client/client.h>
#include <stdbool.h>

#include "base/time.h"
#include "discovery/mdns_message.h"

/* The first argument that makes swimd the helper.  The second argument is the process id of the parent. */
#define MDNS_HELPER_ARGUMENT "--mdns-helper"
/* The name of the process in ps and top. */
#define MDNS_HELPER_NAME "swimd-mdns"
/* The descriptor of the socket to the parent. */
#define MDNS_HELPER_FD 0
/* Seconds from one message of the helper that it is alive to the next. */
#define MDNS_HELPER_ALIVE_S 2

/* Runs the helper and returns its exit status.  `parent` is the process id of the process that started it. */
int mdns_helper_main(const char *parent);

/* Functions that the helper's parts call: `tell` sends to the daemon, `soon` makes the helper run its parts soon. */
struct mdns_outlet {
	void (*tell)(void *ctx, const struct mdns_message *);
	void (*soon)(void *ctx);
	void *ctx;
};

/* Where to look for services: the interfaces that exist now, and an AvahiProtocol. */
struct mdns_scope {
	AvahiIfIndex interfaces[MDNS_INTERFACES_MAX];
	size_t count;
	AvahiProtocol protocol;
};

/* The functions of both parts return 0 or a negative error of Avahi; after an error the client has to be made again. */

struct mdns_publish;
/* Make an empty group of entries.  NULL with *error on failure. */
struct mdns_publish *mdns_publish_new(AvahiClient *, const struct mdns_outlet *, int *error);
void mdns_publish_free(struct mdns_publish *);
/* Advertise this member with these properties, in place of what was advertised before. */
int mdns_publish_set(struct mdns_publish *, const struct mdns_setup *, const struct mdns_scope *,
    const struct mdns_self *);
/* Withdraw what is advertised, because the host's name is changing. */
int mdns_publish_reset(struct mdns_publish *);
/* Do the work that callbacks of Avahi have left. */
int mdns_publish_run(struct mdns_publish *);
/* Ask Avahi a question; returns an error when Avahi does not answer. */
int mdns_publish_ping(struct mdns_publish *);

struct mdns_browse;
struct mdns_browse *mdns_browse_new(AvahiClient *, const struct mdns_outlet *,
    const struct mdns_setup *, const struct mdns_scope *, int *error);
void mdns_browse_free(struct mdns_browse *);
int mdns_browse_run(struct mdns_browse *, swim_time now);
/* When mdns_browse_run is next needed. */
swim_time mdns_browse_deadline(const struct mdns_browse *);

#endif
