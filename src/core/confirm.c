/* SPDX-License-Identifier: MIT */
/*
 * Focused confirmation.  Lifeguard waits for independent accusers to come by chance; here a few members,
 * the same few for everybody, probe a fresh suspect at once.  If it is dead they all say so within a few
 * probe timeouts and the suspicion is short; if it lives they reach it, it refutes, and nobody else accuses
 * it.  Where too few of them say anything (half of a cluster may have died) the next in order follow.
 */
#include "core/internal.h"

/* Those who follow, as a multiple of those who begin. */
#define SECOND 4
/* Our place among the members is beyond those chosen. */
#define NOT_CHOSEN UINT32_MAX

/*
 * Of all members, those whose hash with the suspect's and its incarnation is lowest (rendezvous hashing):
 * everybody finds the same few without a word.  One more than are needed, as the first accuser may be one.
 */
static unsigned
rank(const struct swim *s, const struct member *suspect)
{
	uint64_t salt = hash64_end(suspect->hash ^ suspect->incarnation);
	uint64_t ours = hash64_end(s->self->hash ^ salt);
	unsigned before = 0;

	for (size_t i = 0; i < s->live_count; i++) {
		const struct member *m = s->live[i];

		if (m == suspect || members_status(m) != SWIM_ALIVE ||
		    hash64_end(m->hash ^ salt) >= ours)
			continue;
		if (++before == SECOND * WIRE_ACCUSERS_MAX)
			return NOT_CHOSEN;
	}
	return before;
}

static void
send(struct swim *s, struct confirm *c)
{
	swim_duration wait = probe_patience(s, c->target);

	/* An answer to any of them counts until the last has had its time, and tells which were lost. */
	probe_ping(s, c->target, c->seq + c->tries++);
	c->next = swim_time_add(s->now, c->tries < c->most ? swim_ns(wait.ns / 2) : wait);
}

void
confirm_start(struct swim *s, struct member *m)
{
	struct confirm *vacant = NULL;
	unsigned place;

	if (s->leaving || m->life != LIFE_SUSPECT || !locate_is_reached(s, m))
		return;
	/* It does not answer us when it is well. */
	if (m->link == SWIM_PATH_RELAYED || link_is_stale(s, m))
		return;
	place = RULE(confirmation) ? rank(s, m) : NOT_CHOSEN;
	if (place == NOT_CHOSEN)
		return;
	for (size_t i = 0; i < CONFIRMS_MAX; i++) {
		struct confirm *c = &s->confirms[i];

		if (c->target == m)
			return;
		if (c->target == NULL)
			vacant = c;
	}
	if (vacant == NULL)
		return;
	/* One more than a verdict takes: nobody asks after that. */
	*vacant = (struct confirm){.target = m, .seq = core_seq(s), .most = doubt_questions(s) + 1};
	if (place < WIRE_ACCUSERS_MAX) {
		send(s, vacant);
		return;
	}
	/* By then those before us have spoken. */
	vacant->next = swim_time_add(s->now,
	    swim_duration_scale(probe_patience(s, m), vacant->most / 2.0 + 1));
}

void
confirm_forget(struct swim *s, const struct member *m)
{
	for (size_t i = 0; i < CONFIRMS_MAX; i++) {
		if (s->confirms[i].target == m)
			s->confirms[i].target = NULL;
	}
}

void
confirm_stalled(struct swim *s)
{
	for (size_t i = 0; i < CONFIRMS_MAX; i++)
		s->confirms[i].target = NULL;
}

bool
confirm_ack(struct swim *s, struct input *in)
{
	for (size_t i = 0; i < CONFIRMS_MAX; i++) {
		struct confirm *c = &s->confirms[i];

		if (c->target == NULL || in->msg->seq - c->seq >= c->tries)
			continue;
		/* Another member at that address is no sign of life of this one. */
		if (in->msg->member.id.len > 0 && !probe_same_id(in->msg->member.id, c->target))
			return true;
		for (uint64_t before = c->seq; before != in->msg->seq; before++)
			doubt_question_lost(s);
		doubt_question_answered(s);
		in->answer.asked = *link_way(c->target);
		c->target = NULL;
		return true;
	}
	return false;
}

static bool
is_settled(const struct swim *s, const struct confirm *c)
{
	return members_status(c->target) != SWIM_SUSPECT ||
	       (c->tries == 0 && suspicion_accusers(s, c->target) == WIRE_ACCUSERS_MAX);
}

void
confirm_tick(struct swim *s, const struct input *in)
{
	for (size_t i = 0; i < CONFIRMS_MAX; i++) {
		struct confirm *c = &s->confirms[i];
		struct member *m = c->target;

		if (m == NULL || !swim_time_reached(s->now, c->next))
			continue;
		if (!is_settled(s, c) && c->tries < c->most) {
			send(s, c);
			continue;
		}
		c->target = NULL;
		if (members_status(m) == SWIM_SUSPECT && c->tries == c->most && doubt_may_accuse(s))
			suspicion_own(s, in, m);
	}
}

swim_time
confirm_deadline(const struct swim *s)
{
	swim_time at = SWIM_TIME_NEVER;

	for (size_t i = 0; i < CONFIRMS_MAX; i++) {
		if (s->confirms[i].target != NULL)
			at = swim_time_min(at, s->confirms[i].next);
	}
	return at;
}
