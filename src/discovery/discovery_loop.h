/* SPDX-License-Identifier: MIT */
/* The hub on the daemon's loop: its timer, and its lookups by net/resolver.h. */
#ifndef SWIMD_DISCOVERY_DISCOVERY_LOOP_H
#define SWIMD_DISCOVERY_DISCOVERY_LOOP_H

#include <event2/event.h>

#include "discovery/discovery.h"
#include "net/resolver.h"

struct discovery_loop;

/* NULL when memory is short.  The resolver must outlive the result.  The callbacks are called on the loop only. */
struct discovery_loop *discovery_loop_new(struct event_base *, struct resolver *,
    const struct discovery_config *, const struct discovery_callbacks *);
/* Frees the hub as well. */
void discovery_loop_free(struct discovery_loop *);
struct discovery *discovery_loop_hub(const struct discovery_loop *);

#endif
