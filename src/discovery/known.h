/* SPDX-License-Identifier: MIT */
/*
 * A source of peers named "snapshot": the members that were known before a restart, or before all other members were
 * lost.  The source offers them to the hub, a few at a time, only while this member has no peers.
 */
#ifndef SWIMD_DISCOVERY_KNOWN_H
#define SWIMD_DISCOVERY_KNOWN_H

#include <stddef.h>

#include "discovery/source.h"

#define KNOWN_AT_ONCE 16

/* NULL when memory is short. */
struct discovery_source *known_new(void);
/*
 * Add addresses, which are tried after those of earlier calls, and in random order among themselves.  Addresses for
 * which memory is short are left out.
 */
void known_add(struct discovery_source *, swim_time now, const char *const *addresses,
    size_t count);
/* Forget all addresses. */
void known_clear(struct discovery_source *);
/* Forget this address. */
void known_forget(struct discovery_source *, const char *address);

#endif
