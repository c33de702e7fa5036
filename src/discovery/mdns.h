/* SPDX-License-Identifier: MIT */
/* A source of peers that finds other members with Avahi by mDNS, and advertises this member to them. */
#ifndef SWIMD_DISCOVERY_MDNS_H
#define SWIMD_DISCOVERY_MDNS_H

#include <event2/event.h>

#include "base/time.h"
#include "discovery/mdns_message.h"
#include "discovery/source.h"

struct mdns_config {
	const char *service; /* "_swim._udp" */
	const char *domain;  /* "local" */
	const char *const *interfaces;
	size_t interface_count; /* at most MDNS_INTERFACES_MAX; 0: all */
	unsigned families;      /* MDNS_IPV4 | MDNS_IPV6: what our socket can send to */
	swim_duration timeout;  /* for the first round, one resolution, and Avahi's silence */
	const char *program;    /* to run as the helper; NULL: this program */
};

/* NULL when memory is short.  Copies the strings.  The helper is started when a hub gets the source. */
struct discovery_source *mdns_new(struct event_base *, const struct mdns_config *);

#endif
