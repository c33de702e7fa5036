/* SPDX-License-Identifier: MIT */
/*
 * Quotas: how many updates one source may tell in a second.  An update of 24 bytes may make an event, a rumour and
 * questions to third parties, and a datagram has room for 2,700 updates.  An update that is left out is told again, by
 * others or on pages.  We ask for pages ourselves, so they have no quota.
 */
#include "core/internal.h"

/* Units that an update costs if it is news.  An update that we knew costs one unit, as it is only looked up. */
#define NEWS_UNITS 16
/*
 * Units a second (RATE) and at once (BURST), of one member, of all strangers together and of all sources.  When a
 * cluster of thousands starts, each member hears a few thousand joins in the first second, from many sources, and the
 * seed hears each join a hundred times.
 */
#define SOURCE_RATE (1000 * NEWS_UNITS)
#define SOURCE_BURST (4000 * NEWS_UNITS)
#define STRANGER_RATE (500 * NEWS_UNITS)
#define STRANGER_BURST (2000 * NEWS_UNITS)
#define ALL_RATE (20000 * NEWS_UNITS)
#define ALL_BURST (40000 * NEWS_UNITS)
/* Changes of one member, a second and at once, that are taken from a busy source: one that has used up BUSY_BURST. */
#define MEMBER_RATE 5
#define MEMBER_BURST 10
#define BUSY_BURST (SOURCE_BURST / 8)
/* Rises of our incarnation by accusations, a second and at once: each rise costs a write to the disk and a rumour. */
#define SELF_RATE 5
#define SELF_BURST 20

/*
 * Is there room for one unit more?  Each unit is paid in 1/rate seconds, and all units so far are paid at `paid`,
 * which may be burst/rate seconds ahead of `now`.
 */
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

/* The record of the datagram's source. */
static swim_time *
quota_of(struct swim *s, const struct input *in)
{
	uint64_t h = HASH64_START;

	if (in->authority < AUTHORITY_MEMBER)
		return &s->quota.strangers;
	h = hash64_bytes(h, in->from.ip, sizeof(in->from.ip));
	h = hash64_end(hash64_u64(h, (uint64_t)in->from.scope << 16 | in->from.port));
	return &s->quota.sources[h % QUOTA_SOURCES];
}

/* A busy source must not make one member come and go again and again, with an event for each change. */
static bool
quota_allows_member(struct swim *s, const struct wire_update *u, swim_time source)
{
	const struct member *m;

	if (quota_has_room(source, s->now, SOURCE_RATE, BUSY_BURST))
		return true;
	m = members_find(s, u->member.id.bytes, u->member.id.len);
	return m == NULL || quota_has_room(extra_of(m)->news, s->now, MEMBER_RATE, MEMBER_BURST);
}

bool
quota_allows(struct swim *s, const struct input *in, const struct wire_update *u)
{
	int64_t rate = in->authority >= AUTHORITY_MEMBER ? SOURCE_RATE : STRANGER_RATE;
	int64_t burst = in->authority >= AUTHORITY_MEMBER ? SOURCE_BURST : STRANGER_BURST;
	swim_time source = *quota_of(s, in);

	/* Accusations of us have a quota of their own, as we have to refute them in any flood. */
	if (wire_str_equal(u->member.id, s->self->name))
		return quota_has_room(s->quota.self, s->now, SELF_RATE, SELF_BURST);
	return quota_has_room(source, s->now, rate, burst) &&
	       quota_has_room(s->quota.all, s->now, ALL_RATE, ALL_BURST) &&
	       quota_allows_member(s, u, source);
}

struct quota_mark
quota_mark(const struct swim *s)
{
	return (struct quota_mark){s->digest, s->self->incarnation, s->event_count, s->out_count};
}

void
quota_charge(struct swim *s, const struct input *in, const struct wire_update *u,
    struct quota_mark before)
{
	bool news = s->digest != before.digest || s->event_count != before.events ||
		    s->out_count != before.datagrams;
	int64_t units = news ? NEWS_UNITS : 1;
	swim_time *source = quota_of(s, in);
	struct member *m;
	struct extra *x;

	if (s->self->incarnation != before.incarnation)
		quota_pay(&s->quota.self, s->now, 1, SELF_RATE);
	quota_pay(source, s->now, units,
	    in->authority >= AUTHORITY_MEMBER ? SOURCE_RATE : STRANGER_RATE);
	quota_pay(&s->quota.all, s->now, units, ALL_RATE);
	if (!news || quota_has_room(*source, s->now, SOURCE_RATE, BUSY_BURST))
		return;
	m = members_find(s, u->member.id.bytes, u->member.id.len);
	x = m != NULL ? extra_new(s, m) : NULL;
	/* Without memory the member has no quota of its own, but the source has one. */
	if (x != NULL)
		quota_pay(&x->news, s->now, 1, MEMBER_RATE);
}
