/* SPDX-License-Identifier: MIT */
#include "control/event.h"

#include <string.h>

#include "control/view.h"

/* The types of the kinds. */
static const char *const names[EVENT_KINDS] = {
    [EVENT_JOINED] = "member.joined",
    [EVENT_SUSPECTED] = "member.suspected",
    [EVENT_FAILED] = "member.failed",
    [EVENT_RECOVERED] = "member.recovered",
    [EVENT_LEFT] = "member.left",
    [EVENT_REMOVED] = "member.removed",
    [EVENT_UPDATED] = "member.updated",
    [EVENT_INCARNATION] = "incarnation.incremented",
    [EVENT_LINK_FAILED] = "link.failed",
    [EVENT_LINK_RECOVERED] = "link.recovered",
    [EVENT_ERROR] = "error",
    [EVENT_OVERFLOW] = "overflow",
};

const char *
event_name(enum event_kind kind)
{
	return names[kind];
}

bool
event_mask(const char *text, size_t len, uint32_t *mask)
{
	bool found = false;

	for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
		const char *name = names[kind];
		bool same = strlen(name) == len && memcmp(name, text, len) == 0;
		/* "member.*" matches a name that begins with "member." and is longer. */
		bool below = len > 2 && text[len - 1] == '*' && text[len - 2] == '.' &&
			     strlen(name) > len - 1 && memcmp(name, text, len - 1) == 0;

		if (same || below) {
			*mask |= 1U << kind;
			found = true;
		}
	}
	return found;
}

bool
event_kind_of(enum swim_event_type type, enum event_kind *out)
{
	switch (type) {
	case SWIM_EVENT_JOINED:
		*out = EVENT_JOINED;
		return true;
	case SWIM_EVENT_SUSPECTED:
		*out = EVENT_SUSPECTED;
		return true;
	case SWIM_EVENT_FAILED:
		*out = EVENT_FAILED;
		return true;
	case SWIM_EVENT_RECOVERED:
		*out = EVENT_RECOVERED;
		return true;
	case SWIM_EVENT_LEFT:
		*out = EVENT_LEFT;
		return true;
	case SWIM_EVENT_REMOVED:
		*out = EVENT_REMOVED;
		return true;
	case SWIM_EVENT_UPDATED:
		*out = EVENT_UPDATED;
		return true;
	case SWIM_EVENT_INCARNATION:
		*out = EVENT_INCARNATION;
		return true;
	case SWIM_EVENT_LINK_FAILED:
		*out = EVENT_LINK_FAILED;
		return true;
	case SWIM_EVENT_LINK_RECOVERED:
		*out = EVENT_LINK_RECOVERED;
		return true;
	case SWIM_EVENT_NAME_CONFLICT: /* the daemon reports this and the next one as `error` */
	case SWIM_EVENT_NAME_LOST:
	case SWIM_EVENT_SEED_ANSWERED:
	case SWIM_EVENT_SEED_SILENT:
	case SWIM_EVENT_SEED_FOREIGN:
		return false;
	}
	return false;
}

static void
event_begin(struct emit *e, uint64_t seq, int64_t wall_ns, enum event_kind kind)
{
	emit_object(e, NULL);
	emit_string(e, "jsonrpc", "2.0");
	emit_string(e, "method", "event");
	emit_object(e, "params");
	emit_uint(e, "seq", seq);
	emit_time(e, "time", wall_ns);
	emit_string(e, "type", names[kind]);
}

static void
event_end(struct emit *e)
{
	emit_object_end(e);
	emit_object_end(e);
	emit_raw(e, "\n");
}

void
event_put_member(struct emit *e, uint64_t seq, enum event_kind kind, const struct swim_event *event,
    int64_t wall_offset_ns)
{
	event_begin(e, seq, event->at.ns + wall_offset_ns, kind);
	view_member(e, "member", &event->member, wall_offset_ns);
	if (event->by_len > 0)
		emit_bytes(e, "by", event->by, event->by_len);
	else
		emit_null(e, "by");
	event_end(e);
}

void
event_put_error(struct emit *e, uint64_t seq, int64_t wall_ns, const char *code,
    const char *message)
{
	event_begin(e, seq, wall_ns, EVENT_ERROR);
	emit_string(e, "code", code);
	emit_string(e, "message", message);
	event_end(e);
}

void
event_put_overflow(struct emit *e, uint64_t seq, int64_t wall_ns)
{
	event_begin(e, seq, wall_ns, EVENT_OVERFLOW);
	emit_string(e, "message",
	    "this client did not read its events in time, and the connection is closed: subscribe again with since set to this seq");
	event_end(e);
}
