/* SPDX-License-Identifier: MIT */
/* How members, peers and times look in JSON. */
#ifndef SWIMD_CONTROL_VIEW_H
#define SWIMD_CONTROL_VIEW_H

#include <stdint.h>

#include "base/time.h"
#include "control/emit.h"
#include "core/swim.h"
#include "discovery/discovery.h"

/* wall_offset_ns: what to add to an instant of the monotonic clock to get the wall's. */
/* Encoded tags (wire/tags.h) as an object of strings. */
void view_tags(struct emit *, const char *key, const void *tags, size_t len);
/* An address of ours or of a member, and what it is made of: address, host and port. */
void view_address(struct emit *, const char *address);
void view_member(struct emit *, const char *key, const struct swim_report *,
    int64_t wall_offset_ns);
/* A time, or null for one that never comes. */
void view_time(struct emit *, const char *key, swim_time, int64_t wall_offset_ns);
/* {"alive": n, "suspect": n, ...} */
void view_counts(struct emit *, const char *key, const size_t counts[SWIM_STATUS_COUNT]);
/* The outcome of one address of a `join`. */
void view_joined(struct emit *, const struct discovery_peer *);
/* The sources, and all their peers, sorted by source and address.  False: out of memory. */
bool view_discovery(struct emit *, const struct discovery *, int64_t wall_offset_ns);

#endif
