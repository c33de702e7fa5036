/* SPDX-License-Identifier: MIT */
#include "daemon/health.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void
health_memory_init(struct health_memory *m, const struct swim_timing *timing)
{
	*m = (struct health_memory){
	    .dropped_at = SWIM_TIME_NEVER,
	    .timing = timing,
	    .lagged_at = SWIM_TIME_NEVER,
	    .conflict_at = SWIM_TIME_NEVER,
	    .flooded_at = SWIM_TIME_NEVER,
	    .quorum = true,
	};
	for (size_t i = 0; i < HEALTH_LAGS; i++)
		m->lags[i] = SWIM_TIME_NEVER;
}

static bool
health_within(swim_time at, swim_time now, int64_t seconds)
{
	return !swim_time_is_never(at) &&
	       swim_time_before(now, swim_time_add(at, swim_seconds(seconds)));
}

static bool
health_recent(swim_time at, swim_time now)
{
	return health_within(at, now, HEALTH_MEMORY_SECONDS);
}

static void
health_note_lag(struct health_memory *m, swim_time now, swim_duration lag)
{
	if (lag.ns >= m->timing->probe_timeout.ns) {
		m->lags[m->lag_next] = now;
		m->lag_next = (m->lag_next + 1) % HEALTH_LAGS;
	}
	if (lag.ns >= m->timing->probe_interval.ns &&
	    (!health_recent(m->lagged_at, now) || lag.ns >= m->lag.ns)) {
		m->lag = lag;
		m->lagged_at = now;
	}
}

uint64_t
health_note(struct health_memory *m, swim_time now, uint64_t kernel_drops, swim_duration lag)
{
	uint64_t dropped = kernel_drops - m->drops_seen;

	if (dropped > 0) {
		m->drops = (health_recent(m->dropped_at, now) ? m->drops : 0) + dropped;
		m->drops_seen = kernel_drops;
		m->dropped_at = now;
	}
	health_note_lag(m, now, lag);
	return dropped;
}

void
health_note_flood(struct health_memory *m, swim_time now, uint64_t more, const char *from)
{
	m->unread = (health_recent(m->flooded_at, now) ? m->unread : 0) + more;
	m->flooded_at = now;
	snprintf(m->flooder, sizeof(m->flooder), "%s", from);
}

void
health_note_conflict(struct health_memory *m, swim_time now, const char *address)
{
	m->conflict_at = now;
	snprintf(m->namesake, sizeof(m->namesake), "%s", address);
}

static bool
health_majority(size_t alive, size_t lost)
{
	return alive > lost;
}

void
health_note_forgotten(struct health_memory *m)
{
	m->forgotten += !m->quorum;
}

void
health_note_joined(struct health_memory *m)
{
	m->forgotten -= m->forgotten > 0;
}

void
health_note_members(struct health_memory *m, size_t alive, size_t lost)
{
	m->quorum = health_majority(alive, lost + m->forgotten);
	if (m->quorum)
		m->forgotten = 0;
}

static void __attribute__((format(printf, 3, 4))) health_reason(struct control_health *out,
    enum control_health_status status, const char *format, ...)
{
	va_list ap;

	if (out->status < status)
		out->status = status;
	if (out->reason_count == CONTROL_REASONS_MAX)
		return;
	va_start(ap, format);
	vsnprintf(out->reasons[out->reason_count++], sizeof(out->reasons[0]), format, ap);
	va_end(ap);
}

static void
health_judge_members(const struct health_input *in, struct control_health *out)
{
	size_t known = in->suspect + in->dead;

	out->discovery = "ok";
	if (in->seeds > 0 && in->seeds_joined == 0)
		out->discovery = in->alive > 0 ? "no seed answers, others do" : "no seed answers";
	if (in->discovery_trouble != NULL) {
		out->discovery = in->discovery_trouble;
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "mDNS: %s (where mDNS is not wanted, set mdns = false)", in->discovery_trouble);
	}
	if (in->alive > 0)
		return;
	if (known == 1)
		health_reason(out, CONTROL_HEALTH_ISOLATED,
		    "the only other member is suspect or dead; perhaps this one is cut off");
	else if (known > 1)
		health_reason(out, CONTROL_HEALTH_ISOLATED,
		    "all %zu other members are suspect or dead; perhaps this one is cut off",
		    known);
	else if (in->memory->forgotten > 0)
		health_reason(out, CONTROL_HEALTH_ISOLATED,
		    "nobody answers; %zu other member%s dead for so long that this one has forgotten %s; perhaps this one is cut off",
		    in->memory->forgotten, in->memory->forgotten == 1 ? " was" : "s were",
		    in->memory->forgotten == 1 ? "it" : "them");
	else if (in->seeds > 0)
		health_reason(out, CONTROL_HEALTH_ISOLATED,
		    "no other member is known, though %zu seed%s configured%s%s", in->seeds,
		    in->seeds == 1 ? " is" : "s are", in->seed_reason[0] != '\0' ? ": " : "",
		    in->seed_reason);
	else if (in->missing == 1)
		health_reason(out, CONTROL_HEALTH_ISOLATED,
		    "the only member that was alive before this one's restart does not answer");
	else if (in->missing > 1)
		health_reason(out, CONTROL_HEALTH_ISOLATED,
		    "none of the %zu members that were alive before this one's restart answers",
		    in->missing);
}

static long long
health_seconds_since(swim_time at, swim_time now)
{
	return (long long)(swim_duration_ms(swim_time_since(now, at)) / 1000);
}

static void
health_judge_memory(const struct health_input *in, struct control_health *out)
{
	const struct health_memory *m = in->memory;

	if (health_within(m->conflict_at, in->now, HEALTH_CONFLICT_SECONDS))
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "the member at %s has the same name as this one: give one of the two another name",
		    m->namesake);
	if (health_recent(m->dropped_at, in->now))
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "the kernel dropped %llu datagrams: the receive buffer was full",
		    (unsigned long long)m->drops);
	if (health_recent(m->flooded_at, in->now))
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "%llu datagrams were dropped unread because too many came, the last from %s: stop their sender",
		    (unsigned long long)m->unread, m->flooder);
	if (health_recent(m->lagged_at, in->now))
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "the loop was kept waiting for %lld ms: too little processor time, a stop, or a sleep",
		    (long long)swim_duration_ms(m->lag));
	else if (health_recent(m->lags[m->lag_next], in->now))
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "the loop was kept waiting for %lld ms or longer %d times in a minute: too little processor time",
		    (long long)swim_duration_ms(m->timing->probe_timeout), HEALTH_LAGS);
	if (health_recent(in->accept_failed_at, in->now))
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "no control connection could be accepted %lld s ago: %s",
		    health_seconds_since(in->accept_failed_at, in->now),
		    strerror(in->accept_errno));
}

/* The core counts healthy accusers only, and at least two: the fault may be with a single accuser. */
static void
health_judge_accused(const struct health_input *in, struct control_health *out)
{
	const struct swim_accused *a = in->accused;
	char first[160], second[160];

	if (a == NULL)
		return;
	utf8_escape(a->by[0], a->by_len[0], false, first, sizeof(first));
	utf8_escape(a->by[1], a->by_len[1], false, second, sizeof(second));
	if (a->count > 2)
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "%s, %s and %zu more suspected this member, most recently %lld s ago", first,
		    second, a->count - 2, health_seconds_since(a->at, in->now));
	else
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "%s and %s suspected this member, most recently %lld s ago", first, second,
		    health_seconds_since(a->at, in->now));
}

/* An exchange of views begins after a small ping was answered, so large datagrams are lost on the way there or back. */
static void
health_judge_syncs(const struct health_input *in, struct control_health *out)
{
	char name[160];

	if (in->syncs_unanswered < HEALTH_SYNCS_UNANSWERED || in->sync_silent == NULL)
		return;
	utf8_escape(in->sync_silent, in->sync_silent_len, false, name, sizeof(name));
	health_reason(out, CONTROL_HEALTH_DEGRADED,
	    "%llu exchanges of views went unanswered, the last by %s, which answers pings: check the MTU and the firewalls on the way, which may drop larger datagrams",
	    (unsigned long long)in->syncs_unanswered, name);
}

/* Writes "n2" or "n2 and 3 others" into `out`; returns `out`. */
static const char *
health_names(const struct swim_reach_row *row, char *out, size_t cap)
{
	char first[64];

	utf8_escape(row->name, row->name_len, false, first, sizeof(first));
	if (row->count == 1)
		snprintf(out, cap, "%s", first);
	else
		snprintf(out, cap, "%s and %zu other%s", first, row->count - 1,
		    row->count == 2 ? "" : "s");
	return out;
}

bool
health_is_unreachable(const struct swim_reach *r)
{
	/* The fault may be with a single complaining member; its complaint counts only if it is the only other member. */
	return r->complaining.count >= 2 || (r->complaining.count == 1 && r->others == 1);
}

void
health_judge_address(const struct health_input *in, struct control_health *out)
{
	const struct swim_reach *r = in->reach;
	char who[96], seen[SWIM_ADDR_TEXT] = "";

	if (r == NULL)
		return;
	if (r->twins.count > 0)
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "%s advertise%s this member's address, %s, too: set advertise to an address of its own on each",
		    health_names(&r->twins, who, sizeof(who)), r->twins.count == 1 ? "s" : "",
		    r->twins.address);
	if (health_is_unreachable(r)) {
		if (r->seen_at.family != 0)
			snprintf(seen, sizeof(seen), "%s", swim_addr_format(&r->seen_at, who));
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "%s cannot reach this member at %s: set advertise or forward UDP %u%s%s",
		    health_names(&r->complaining, who, sizeof(who)), in->advertised, in->port,
		    *seen != '\0' ? "; heard from " : "", seen);
	}
}

/* Broken links degrade the health.  Wrong addresses of other members are reported, but are no fault of this one. */
static void
health_judge_links(const struct health_input *in, struct control_health *out)
{
	const struct swim_reach *r = in->reach;
	char who[96], at[SWIM_ADDR_TEXT];

	if (r == NULL)
		return;
	if (r->broken.count > 0)
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "%s answer%s others but not this member: look for a firewall or a route between here and %s",
		    health_names(&r->broken, who, sizeof(who)), r->broken.count == 1 ? "s" : "",
		    r->broken.address);
	if (r->elsewhere.count > 0)
		health_reason(out, CONTROL_HEALTH_OK,
		    "%s: no answer at %s, so swimd sends to %s: set advertise there or forward UDP",
		    health_names(&r->elsewhere, who, sizeof(who)), r->elsewhere.address,
		    swim_addr_format(&r->asked_at, at));
	if (r->shared.count > 0)
		health_reason(out, CONTROL_HEALTH_OK,
		    "%s advertise%s %s, as another member does: set advertise on each",
		    health_names(&r->shared, who, sizeof(who)), r->shared.count == 1 ? "s" : "",
		    r->shared.address);
}

void
health_judge(const struct health_input *in, struct control_health *out)
{
	*out = (struct control_health){.status = CONTROL_HEALTH_OK};
	if (in->leaving)
		health_reason(out, CONTROL_HEALTH_DEGRADED, "this member is leaving");
	health_judge_members(in, out);
	if (!in->transport_healthy)
		health_reason(out, CONTROL_HEALTH_DEGRADED, "transport: %s%s%s",
		    swim_error_text(in->transport_error), in->transport_errno != 0 ? ": " : "",
		    in->transport_errno != 0 ? strerror(in->transport_errno) : "");
	if (in->address_trouble != NULL)
		health_reason(out, CONTROL_HEALTH_DEGRADED, "%s", in->address_trouble);
	if (in->socket_trouble != NULL)
		health_reason(out, CONTROL_HEALTH_DEGRADED, "%s", in->socket_trouble);
	if (in->state_trouble != NULL)
		health_reason(out, CONTROL_HEALTH_DEGRADED, "%s", in->state_trouble);
	if (in->snapshot_trouble != NULL)
		health_reason(out, CONTROL_HEALTH_DEGRADED, "%s", in->snapshot_trouble);
	health_judge_address(in, out);
	health_judge_links(in, out);
	if (in->members >= in->max_members)
		health_reason(out, CONTROL_HEALTH_DEGRADED,
		    "there are %zu members, as many as max_members allows: further ones are refused",
		    in->members);
	health_judge_memory(in, out);
	health_judge_syncs(in, out);
	health_judge_accused(in, out);
	out->quorum = out->status != CONTROL_HEALTH_ISOLATED &&
		      health_majority(in->alive + 1,
			  in->suspect + in->dead + in->missing + in->memory->forgotten);
}
