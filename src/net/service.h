/* SPDX-License-Identifier: MIT */
/*
 * Looks up a service by its SRV records (RFC 2782): gives the addresses of the records' targets, each with the port
 * of its record, in the order in which they are to be asked. net/resolver is the only user.
 */
#ifndef SWIMD_NET_SERVICE_H
#define SWIMD_NET_SERVICE_H

#include "net/dns.h"
#include "net/resolver.h"

struct service;
/* With count 0 text says why.  After the call the service does nothing more; the callback may free it. */
typedef void service_callback(void *ctx, const struct name_answer *);
/* Look up the records of `name`, and then each target.  NULL when memory is short. */
struct service *service_new(struct dns *, struct resolver *, const char *name, service_callback *,
    void *ctx);
/* May be called at any time.  A callback that has not been called yet is then never called. */
void service_free(struct service *);

/*
 * Sort records into the order of RFC 2782: by priority, and records of equal priority at random by weight.  `unit`
 * returns random numbers from [0, 1).
 */
void service_sort(struct dns_service *, size_t count, double (*unit)(void *ctx), void *ctx);

#endif
