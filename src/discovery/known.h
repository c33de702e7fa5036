/* SPDX-License-Identifier: MIT */
/*
 * Members of an earlier time as a source of peers, named "snapshot": who was known before a restart, or
 * before we were left alone.  They are offered to the hub, a few at a time, only while we have no peers.
 */
#ifndef SWIMD_DISCOVERY_KNOWN_H
#define SWIMD_DISCOVERY_KNOWN_H

#include <stddef.h>

#include "discovery/source.h"

#define KNOWN_AT_ONCE 16

/* NULL when memory is short. */
struct discovery_source *known_new(void);
/*
 * Further addresses, to be tried after those of earlier calls and in random order among themselves.  What
 * memory is too short for is left out.
 */
void known_add(struct discovery_source *, swim_time now, const char *const *addresses,
    size_t count);
/* None of them. */
void known_clear(struct discovery_source *);
/* All but this one. */
void known_forget(struct discovery_source *, const char *address);

#endif
