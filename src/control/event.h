/* SPDX-License-Identifier: MIT */
/* The kinds of events that clients may subscribe to, and the lines that report events. */
#ifndef SWIMD_CONTROL_EVENT_H
#define SWIMD_CONTROL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/emit.h"
#include "core/swim.h"

/* A kind is the `type` of an event in JSON. */
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

/* The type, such as "member.joined"; a static string. */
const char *event_name(enum event_kind);

/* A set of kinds has the bit 1 << kind for each kind. */
#define EVENT_ALL ((1U << EVENT_KINDS) - 1)
/* Add the kinds of a type ("member.failed") or wildcard ("member.*") to *mask.  False: `text` matches no type. */
bool event_mask(const char *text, size_t len, uint32_t *mask);

/* The kind of an event of the core.  False: only the daemon handles this event, and clients are not told of it. */
bool event_kind_of(enum swim_event_type, enum event_kind *out);

/*
 * Each function writes one line with its newline.  seq: the number of the event; for `overflow`, the number of the
 * last event that was sent.  wall_ns: the time of the event, since the epoch.  wall_offset_ns: wall clock minus
 * the clock of the core.
 */
void event_put_member(struct emit *, uint64_t seq, enum event_kind, const struct swim_event *,
    int64_t wall_offset_ns);
void event_put_error(struct emit *, uint64_t seq, int64_t wall_ns, const char *code,
    const char *message);
void event_put_overflow(struct emit *, uint64_t seq, int64_t wall_ns);

#endif
