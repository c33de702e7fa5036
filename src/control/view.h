/* SPDX-License-Identifier: MIT */
/* Writes members, peers and times as JSON. */
#ifndef SWIMD_CONTROL_VIEW_H
#define SWIMD_CONTROL_VIEW_H

#include <stdint.h>

#include "base/time.h"
#include "control/emit.h"
#include "core/swim.h"
#include "discovery/discovery.h"

/* In all functions: `key` as in emit.h; wall_offset_ns is wall clock minus monotonic clock. */

/* Write encoded tags (wire/tags.h) as an object of strings. */
void view_tags(struct emit *, const char *key, const void *tags, size_t len);
/* Write the keys `address`, `host` and `port` of an address of a member. */
void view_address(struct emit *, const char *address);
/* Write a member as an object. */
void view_member(struct emit *, const char *key, const struct swim_report *,
    int64_t wall_offset_ns);
/* Write a time, or null for SWIM_TIME_NEVER. */
void view_time(struct emit *, const char *key, swim_time, int64_t wall_offset_ns);
/* Write the numbers of members by status: {"alive": n, "suspect": n, ...}. */
void view_counts(struct emit *, const char *key, const size_t counts[SWIM_STATUS_COUNT]);
/* Write the result of one address of a `join` as an object. */
void view_joined(struct emit *, const struct discovery_peer *);
/* Write the sources of discovery, and all peers sorted by source and address.  False: out of memory. */
bool view_discovery(struct emit *, const struct discovery *, int64_t wall_offset_ns);

#endif
