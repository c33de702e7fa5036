/* SPDX-License-Identifier: MIT */
/*
 * How many updates a source may tell us in a second.  An update of 24 bytes may make an event, a rumour to others and
 * questions to third parties, and a datagram has room for 2,700 of them.  What is left out is told again: by others,
 * or when views are compared, whose pages we ask for ourselves and which therefore have no quota.
 */
#include "core/internal.h"

/*
 * An update that is news costs so many units, and one that we knew already a single unit: it is looked up, and makes
 * nothing.
 */
#define NEWS_UNITS 16
/*
 * Units a second, and at once, of one source (all strangers together are one) and of all.  In a cluster of thousands
 * that forms at once each member hears a few thousand joins in the first second, from many sources, and its seed each
 * of them a hundred times.
 */
#define SOURCE_RATE (4000 * NEWS_UNITS)
#define SOURCE_BURST (4000 * NEWS_UNITS)
#define STRANGER_RATE (1000 * NEWS_UNITS)
#define STRANGER_BURST (2000 * NEWS_UNITS)
#define ALL_RATE (20000 * NEWS_UNITS)
#define ALL_BURST (40000 * NEWS_UNITS)
/* Updates about ourselves when there are too many others: each that accuses us has to be answered. */
#define SELF_RATE 20
#define SELF_BURST 100

/* `paid` is until when all units so far are paid for, at one each 1/rate seconds; burst/rate ahead at the most. */
static bool
quota_has_room(swim_time paid, swim_time now, int64_t rate, int64_t burst)
{
	return paid.ns - now.ns < burst * (1000000000 / rate);
}

static void
quota_pay(swim_time *paid, swim_time now, int64_t units, int64_t rate)
{
	paid->ns = (paid->ns > now.ns ? paid->ns : now.ns) + units * (1000000000 / rate);
}

static swim_time *
quota_of(struct swim *s)
{
	uint64_t h = HASH64_START;

	if (!s->by_known)
		return &s->quota.strangers;
	h = hash64_bytes(h, s->from.ip, sizeof(s->from.ip));
	h = hash64_end(hash64_u64(h, (uint64_t)s->from.scope << 16 | s->from.port));
	return &s->quota.sources[h % QUOTA_SOURCES];
}

bool
quota_allows(struct swim *s, const struct wire_update *u)
{
	int64_t rate = s->by_known ? SOURCE_RATE : STRANGER_RATE;
	int64_t burst = s->by_known ? SOURCE_BURST : STRANGER_BURST;

	if (quota_has_room(*quota_of(s), s->now, rate, burst) &&
	    quota_has_room(s->quota.all, s->now, ALL_RATE, ALL_BURST))
		return true;
	if (!wire_str_equal(u->member.id, s->self->name) ||
	    !quota_has_room(s->quota.self, s->now, SELF_RATE, SELF_BURST))
		return false;
	quota_pay(&s->quota.self, s->now, 1, SELF_RATE);
	return true;
}

struct quota_mark
quota_mark(const struct swim *s)
{
	return (struct quota_mark){s->digest, s->event_count, s->out_count};
}

void
quota_charge(struct swim *s, struct quota_mark before)
{
	bool news = s->digest != before.digest || s->event_count != before.events ||
		    s->out_count != before.datagrams;
	int64_t units = news ? NEWS_UNITS : 1;

	quota_pay(quota_of(s), s->now, units, s->by_known ? SOURCE_RATE : STRANGER_RATE);
	quota_pay(&s->quota.all, s->now, units, ALL_RATE);
}
