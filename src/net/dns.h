/* SPDX-License-Identifier: MIT */
/*
 * One name's addresses from DNS, by evdns: both families at once, a deadline over all, and an answer that
 * comes exactly once and never before dns_start has returned.  net/resolver is its only user.
 */
#ifndef SWIMD_NET_DNS_H
#define SWIMD_NET_DNS_H

#include <event2/event.h>

#include "base/time.h"
#include "net/namecache.h"

/* The nameservers, and the sockets to them: there while questions are open, and made anew for later ones. */
struct dns;
#define DNS_RESOLV_CONF "/etc/resolv.conf"
/*
 * resolv_conf: the file that names the nameservers; nameserver: "ip:port", in place of those, or NULL.
 * NULL when memory is short.
 */
struct dns *dns_new(struct event_base *, const char *resolv_conf, const char *nameserver,
    swim_duration timeout);
/* Questions under way are dropped without their callback; see resolver_free for what that leaves. */
void dns_free(struct dns *);

/* The answer's addresses have port 0; it is valid during the call only. */
typedef void dns_callback(void *ctx, const struct name_answer *);
/* Ask for a host's addresses.  False when memory is short. */
bool dns_start(struct dns *, const char *host, dns_callback *, void *ctx);

#endif
