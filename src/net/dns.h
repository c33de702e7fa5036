/* SPDX-License-Identifier: MIT */
/*
 * Asks the system's name service with c-ares, on the libevent loop: the hosts file and DNS in the order that
 * nsswitch.conf(5) gives, search domains, several nameservers, EDNS, and TCP for answers that a datagram has no room
 * for.  Each answer comes exactly once, and never before the function that asks has returned. net/resolver is the
 * only user.
 */
#ifndef SWIMD_NET_DNS_H
#define SWIMD_NET_DNS_H

#include <event2/event.h>

#include "base/time.h"
#include "net/namecache.h"

struct dns_config {
	const char *resolv_conf; /* NULL: /etc/resolv.conf */
	const char *hosts_file;  /* NULL: /etc/hosts */
	uint16_t port;           /* port of the nameservers; 0: 53 */
	swim_duration timeout;   /* for one question */
};

struct dns;
/* NULL when memory is short.  A hosts_file is given by tests alone, because it sets CARES_HOSTS in the environment. */
struct dns *dns_new(struct event_base *, const struct dns_config *);
/* Drops the questions under way without calling their callbacks.  Do not call this from within a callback. */
void dns_free(struct dns *);

/* A question.  It exists until its callback has returned or until it is dropped. */
struct dns_question;
/* Drops a question: its callback is not called any more. */
void dns_drop(struct dns_question *);

/*
 * The addresses have port 0 and IPv4 addresses come first; wildcard and multicast addresses are left out.  Valid
 * during the call only.
 */
typedef void dns_callback(void *ctx, const struct name_answer *);
/* Ask for the addresses of a host, of both families at once.  NULL when memory is short. */
struct dns_question *dns_start(struct dns *, const char *host, dns_callback *, void *ctx);

/* A record of a service (RFC 2782) tells where the service runs.  Records with a lower priority are to be asked first. */
struct dns_service {
	uint16_t priority, weight, port;
	char *target;
};
/* With count 0 text says why.  Everything is valid during the call only. */
typedef void dns_service_callback(void *ctx, const struct dns_service *, size_t count,
    const char *text);
/* Ask for the SRV records of a name; at most DNS_SERVICES_MAX are given.  NULL when memory is short. */
#define DNS_SERVICES_MAX 64
struct dns_question *dns_start_service(struct dns *, const char *name, dns_service_callback *,
    void *ctx);

#endif
