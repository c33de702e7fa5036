/* SPDX-License-Identifier: MIT */
/* Logs datagrams, and the events of the core. */
#include "base/log.h"
#include "daemon/node.h"
#include "net/zone.h"
#include "wire/wire.h"

#define TRACE_TEXT_MAX 4096 /* bytes of a formatted datagram; a longer text is cut */

static void
trace_message(const char *what, const char *peer_key, const char *peer, const void *data,
    size_t len)
{
	char text[TRACE_TEXT_MAX];
	struct wire_message message;

	if (wire_decode(data, len, &message) != WIRE_OK)
		return;
	wire_format(&message, text, sizeof(text));
	log_at(LOG_LEVEL_TRACE, what, log_str(peer_key, peer), log_uint("bytes", len),
	    log_str("datagram", text));
}

void
trace_received(const struct swim_addr *from, const void *data, size_t len)
{
	char peer[SWIM_ADDR_TEXT];

	if (log_enabled(LOG_LEVEL_TRACE))
		trace_message("received a datagram", "from", zone_format(from, peer), data, len);
}

void
trace_refused(const struct swim_addr *from, size_t len, enum wire_reject why)
{
	char peer[SWIM_ADDR_TEXT];

	log_at(LOG_LEVEL_DEBUG, "refused a datagram", log_str("from", zone_format(from, peer)),
	    log_uint("bytes", len), log_str("reason", wire_reject_word(why)));
}

void
trace_sent(const struct swim_datagram *d)
{
	char peer[SWIM_ADDR_TEXT];

	if (log_enabled(LOG_LEVEL_TRACE))
		trace_message("sent a datagram", "to",
		    d->to.family != 0 ? zone_format(&d->to, peer) : d->host, d->data, d->len);
}

static enum log_level
trace_event_level(enum swim_event_type type)
{
	switch (type) {
	case SWIM_EVENT_NAME_LOST:
		return LOG_LEVEL_ERROR;
	case SWIM_EVENT_FAILED:
	case SWIM_EVENT_NAME_CONFLICT:
	case SWIM_EVENT_LINK_FAILED:
		return LOG_LEVEL_WARNING;
	case SWIM_EVENT_JOINED:
	case SWIM_EVENT_RECOVERED:
	case SWIM_EVENT_LEFT:
	case SWIM_EVENT_LINK_RECOVERED:
		return LOG_LEVEL_NOTICE;
	case SWIM_EVENT_SUSPECTED:
	case SWIM_EVENT_REMOVED:
	case SWIM_EVENT_UPDATED:
	case SWIM_EVENT_INCARNATION:
		return LOG_LEVEL_INFO;
	case SWIM_EVENT_SEED_ANSWERED:
	case SWIM_EVENT_SEED_SILENT:
	case SWIM_EVENT_SEED_FOREIGN:
		return LOG_LEVEL_DEBUG;
	}
	__builtin_unreachable();
}

static const char *
trace_event_text(enum swim_event_type type)
{
	switch (type) {
	case SWIM_EVENT_JOINED:
		return "member joined";
	case SWIM_EVENT_SUSPECTED:
		return "member suspected";
	case SWIM_EVENT_FAILED:
		return "member failed";
	case SWIM_EVENT_RECOVERED:
		return "member recovered";
	case SWIM_EVENT_LEFT:
		return "member left";
	case SWIM_EVENT_REMOVED:
		return "member removed";
	case SWIM_EVENT_UPDATED:
		return "member updated";
	case SWIM_EVENT_INCARNATION:
		return "this member raised its incarnation";
	case SWIM_EVENT_LINK_FAILED:
		return "a member answers others, but not this member";
	case SWIM_EVENT_LINK_RECOVERED:
		return "a member answers this member again";
	case SWIM_EVENT_NAME_CONFLICT:
		return "another member has the name of this one, which keeps it";
	case SWIM_EVENT_NAME_LOST:
		return "another member has had the name of this one for longer";
	case SWIM_EVENT_SEED_ANSWERED:
		return "an address answered";
	case SWIM_EVENT_SEED_SILENT:
		return "an address did not answer";
	case SWIM_EVENT_SEED_FOREIGN:
		return "an address belongs to another cluster";
	}
	__builtin_unreachable();
}

void
trace_event(const struct swim_event *e)
{
	const struct swim_report *m = &e->member;
	char seed[SWIM_ADDR_TEXT], address[ZONE_TEXT];

	if (!log_enabled(trace_event_level(e->type)) || e->type == SWIM_EVENT_NAME_CONFLICT ||
	    e->type == SWIM_EVENT_NAME_LOST) /* flush_conflict logs these with both addresses */
		return;
	if (e->type == SWIM_EVENT_SEED_ANSWERED || e->type == SWIM_EVENT_SEED_SILENT) {
		log_at(LOG_LEVEL_DEBUG, trace_event_text(e->type),
		    log_str("address", zone_format(&e->address, seed)),
		    log_strn("member", m->name, m->name_len));
		return;
	}
	log_at(trace_event_level(e->type), trace_event_text(e->type),
	    log_strn("name", m->name, m->name_len),
	    log_str("address", zone_put(m->address, m->zone, address)),
	    log_str("status", swim_status_name(m->status)), log_uint("incarnation", m->incarnation),
	    log_strn("by", e->by, e->by_len));
}
