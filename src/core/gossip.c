/* SPDX-License-Identifier: MIT */
/*
 * Rumours: one a subject, in lists by how often each has been sent, freshest first.  They ride on pings
 * and acks, and while there are any they are pushed every gossip interval to a few others, the first
 * time at once (SWIM 4.1; the push is memberlist's).  Each is sent lambda * ceil(log10(N + 1)) times.
 */
#include <math.h>
#include <string.h>

#include "core/internal.h"

#define LEAVE_TICKS 4 /* a leave is pushed this many gossip intervals */
#define MISSES_MAX 8  /* rumours that didn't fit, before a datagram counts as full */

static unsigned
send_limit(const struct swim *s)
{
	double limit = s->config.timing.retransmit_mult * ceil(log10((double)members_live(s) + 1));

	return limit < 1 ? 1 : limit >= RUMOUR_LEVELS ? RUMOUR_LEVELS - 1 : (unsigned)limit;
}

void
gossip_wake(struct swim *s)
{
	if (s->rumour_count > 0 && s->live_count > 0 && swim_time_is_never(s->gossip_at)) {
		swim_time next = swim_time_add(s->gossiped, s->config.timing.gossip_interval);

		s->gossip_at = swim_time_before(next, s->now) ? s->now : next;
	}
}

void
gossip_drop(struct swim *s, struct member *m)
{
	if (!m->rumour_queued)
		return;
	TAILQ_REMOVE(&s->rumours[m->rumour_sent], m, rumour);
	m->rumour_queued = false;
	s->rumour_count--;
}

void
gossip_queue(struct swim *s, struct member *m)
{
	/* A stand-in is nobody else's business before it has a name. */
	if (m->stand_in)
		return;
	gossip_drop(s, m);
	m->rumour_sent = 0;
	m->rumour_queued = true;
	TAILQ_INSERT_HEAD(&s->rumours[0], m, rumour);
	s->rumour_count++;
	gossip_wake(s);
}

void
gossip_update_of(const struct swim *s, const struct member *m, struct wire_update *out)
{
	swim_duration age = swim_time_since(s->now, m->since);

	*out = (struct wire_update){
	    .member = {{m->name, m->name_len}, wire_str_of(m->address)},
	    .status = m->status,
	    .incarnation = m->incarnation,
	    .age_s = m->status == SWIM_DEAD || m->status == SWIM_LEFT
			 ? (uint32_t)(age.ns / 1000000000)
			 : 0,
	};
	if (m->status == SWIM_LEFT)
		out->flags |= WIRE_FLAG_LEFT;
	if (m->forget)
		out->flags |= WIRE_FLAG_FORGET;
}

bool
gossip_add_member(struct swim *s, struct wire_writer *w, struct member *m)
{
	struct wire_update u;

	gossip_update_of(s, m, &u);
	return wire_add_update(w, &u);
}

/* One sending more of this rumour. */
static void
advance(struct swim *s, struct member *m, unsigned limit)
{
	unsigned sent = m->rumour_sent + 1U;

	gossip_drop(s, m);
	if (sent >= limit)
		return;
	m->rumour_sent = (uint8_t)sent;
	m->rumour_queued = true;
	TAILQ_INSERT_TAIL(&s->rumours[sent], m, rumour);
	s->rumour_count++;
}

void
gossip_fill(struct swim *s, struct wire_writer *w, const struct member *recipient)
{
	unsigned limit = send_limit(s), misses = 0;
	uint64_t serial = ++s->pack_serial;

	for (unsigned level = 0; level < RUMOUR_LEVELS && s->rumour_count > 0; level++) {
		struct member *m, *next;

		for (m = TAILQ_FIRST(&s->rumours[level]); m != NULL; m = next) {
			next = TAILQ_NEXT(m, rumour);
			if (m->packed == serial)
				continue;
			if (level >= limit) { /* the cluster has shrunk since */
				gossip_drop(s, m);
				continue;
			}
			/* The subject knows; that counts as told. */
			if (m != recipient || m->status != SWIM_ALIVE) {
				if (!gossip_add_member(s, w, m)) {
					if (++misses == MISSES_MAX)
						return;
					continue;
				}
			}
			m->packed = serial;
			advance(s, m, limit);
		}
	}
}

static void
push(struct swim *s, struct member *to)
{
	struct wire_trailer trailer;
	struct wire_writer w;
	enum wire_type type = to->swimd ? WIRE_GOSSIP : WIRE_PING;

	outbox_trailer(s, true, &trailer);
	if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return;
	if (type == WIRE_GOSSIP) {
		wire_begin_gossip(&w, rng_u64(&s->rng));
	} else {
		wire_begin_ping(&w, rng_u64(&s->rng));
	}
	if (to->status != SWIM_ALIVE)
		gossip_add_member(s, &w, to);
	gossip_fill(s, &w, to);
	if (w.count > 0)
		outbox_end(s, &w, &trailer, 0, type, NULL, to);
	else
		outbox_cancel(s);
}

void
gossip_tick(struct swim *s)
{
	struct member *to[16];
	size_t want = s->config.timing.gossip_fanout;

	if (!swim_time_reached(s->now, s->gossip_at))
		return;
	if (s->leaving) {
		/* The last word has to reach somebody: louder than a rumour, and not used up by its limit. */
		want *= 2;
		gossip_queue(s, s->self);
	}
	if (want > sizeof(to) / sizeof(to[0]))
		want = sizeof(to) / sizeof(to[0]);
	want = members_pick(s, want, NULL, NULL, to);
	for (size_t i = 0; i < want && s->rumour_count > 0; i++)
		push(s, to[i]);
	s->gossiped = s->now;
	s->gossip_at = SWIM_TIME_NEVER;
	if (s->leaving) {
		/* When all others have left too, nobody is there to be told. */
		if (s->leave_ticks-- == 0 || s->live_count == 0) {
			s->left = true;
			return;
		}
		gossip_queue(s, s->self);
	}
	gossip_wake(s);
}

void
swim_leave(struct swim *s, swim_time now)
{
	if (s->leaving)
		return;
	s->now = now;
	s->leaving = true;
	s->leave_ticks = LEAVE_TICKS;
	s->probe.target = NULL;
	s->sync.active = false;
	s->check_at = SWIM_TIME_NEVER;
	members_transition(s, s->self, SWIM_LEFT, s->self->incarnation, false);
	if (s->live_count == 0) {
		s->left = true;
		return;
	}
	gossip_queue(s, s->self);
	s->gossip_at = now;
	gossip_tick(s);
}
