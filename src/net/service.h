/* SPDX-License-Identifier: MIT */
/*
 * Looks up a service by its SRV records (RFC 2782): gives the addresses of their targets, each with the port of its record,
 * in the order in which they are to be asked.  net/resolver is the only user.
 */
#ifndef SWIMD_NET_SERVICE_H
#define SWIMD_NET_SERVICE_H

#include "net/dns.h"
#include "net/resolver.h"

struct service;
/* count 0: text says why.  The service does nothing afterwards, and may be freed here. */
typedef void service_callback(void *ctx, const struct name_answer *);
/* Look `name` up, and then each target.  NULL when memory is short. */
struct service *service_new(struct dns *, struct resolver *, const char *name, service_callback *,
    void *ctx);
/* May be called at any time.  A callback that has not been called is not called any more. */
void service_free(struct service *);

/*
 * Into the order of RFC 2782: by priority; among equals at random, by weight.  `unit` is called for numbers from
 * [0, 1).
 */
void service_sort(struct dns_service *, size_t count, double (*unit)(void *ctx), void *ctx);

#endif
