/* SPDX-License-Identifier: MIT */
/* The types of events that a client may subscribe to, and their text. */
#ifndef SWIMD_CONTROL_EVENT_H
#define SWIMD_CONTROL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/emit.h"
#include "core/swim.h"

enum event_kind {
	EVENT_JOINED,
	EVENT_SUSPECTED,
	EVENT_FAILED,
	EVENT_RECOVERED,
	EVENT_LEFT,
	EVENT_REMOVED,
	EVENT_UPDATED,
	EVENT_INCARNATION,
	EVENT_LINK_FAILED,
	EVENT_LINK_RECOVERED,
	EVENT_ERROR,
	EVENT_OVERFLOW,
};
#define EVENT_KINDS 12

/* "member.joined", ...; static. */
const char *event_name(enum event_kind);

/* Subscriptions are sets of kinds: bit 1 << kind. */
#define EVENT_ALL ((1U << EVENT_KINDS) - 1)
/* Adds what a type ("member.failed") or a wildcard ("member.*") means.  False if no type is meant. */
bool event_mask(const char *text, size_t len, uint32_t *mask);

/* The kind of an event of the core; false for those that are the daemon's own business (join's answers). */
bool event_kind_of(enum swim_event_type, enum event_kind *out);

/*
 * Whole lines, newline included.  wall_offset_ns: what to add to the core's clock to get the wall's.
 * overflow: seq is that of the last event before it.
 */
void event_put_member(struct emit *, uint64_t seq, enum event_kind, const struct swim_event *,
    int64_t wall_offset_ns);
void event_put_error(struct emit *, uint64_t seq, int64_t wall_ns, const char *code,
    const char *message);
void event_put_overflow(struct emit *, uint64_t seq, int64_t wall_ns);

#endif
