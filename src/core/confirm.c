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
confirm_rank(const struct swim *s, const struct member *suspect)
{
	uint64_t salt = hash64_end(suspect->hash ^ suspect->incarnation);
	uint64_t ours = hash64_end(s->self->hash ^ salt);
	unsigned before = 0, most = (RULE(confirmers_follow) ? SECOND : 1) * WIRE_ACCUSERS_MAX;

	for (size_t i = 0; i < s->live_count; i++) {
		const struct member *m = s->live[i];

		if (m == suspect || members_status(m) != SWIM_ALIVE ||
		    hash64_end(m->hash ^ salt) >= ours)
			continue;
		if (++before == most)
			return NOT_CHOSEN;
	}
	return before;
}

static void
confirm_send(struct swim *s, struct confirm *c)
{
	swim_duration wait = probe_patience(s, c->target);

	/* An answer to any of them counts until the last has had its time, and tells which were lost. */
	probe_ping(s, c->target, question_try(&c->question));
	c->next = swim_time_add(s->now, c->question.tries < c->most ? swim_ns(wait.ns / 2) : wait);
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
	place = RULE(confirmation) ? confirm_rank(s, m) : NOT_CHOSEN;
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
	*vacant = (struct confirm){.target = m, .most = doubt_questions(s) + 1};
	question_open(s, &vacant->question, QUESTION_CONFIRM, core_seq(s));
	if (place < WIRE_ACCUSERS_MAX) {
		confirm_send(s, vacant);
		return;
	}
	/* By then those before us have spoken. */
	vacant->next = swim_time_add(s->now,
	    swim_duration_scale(probe_patience(s, m), vacant->most / 2.0 + 1));
}

static void
confirm_end(struct swim *s, struct confirm *c)
{
	c->target = NULL;
	question_close(s, &c->question);
}

void
confirm_forget(struct swim *s, const struct member *m)
{
	for (size_t i = 0; i < CONFIRMS_MAX; i++) {
		if (s->confirms[i].target == m)
			confirm_end(s, &s->confirms[i]);
	}
}

void
confirm_stalled(struct swim *s)
{
	for (size_t i = 0; i < CONFIRMS_MAX; i++)
		confirm_end(s, &s->confirms[i]);
}

struct answer
confirm_answered(struct swim *s, const struct input *in, struct question *q)
{
	struct confirm *c = question_owner(q, struct confirm, question);
	struct answer answer = {.ours = true};

	/* Another member at that address is no sign of life of this one. */
	if (in->msg->member.id.len > 0 && !probe_same_id(in->msg->member.id, c->target))
		return answer;
	for (uint64_t before = q->seq; before != in->msg->seq; before++)
		doubt_question_lost(s);
	doubt_question_answered(s);
	answer.asked = *link_way(c->target);
	confirm_end(s, c);
	return answer;
}

static bool
confirm_is_obsolete(const struct swim *s, const struct confirm *c)
{
	return members_status(c->target) != SWIM_SUSPECT ||
	       (c->question.tries == 0 && suspicion_accusers(s, c->target) == WIRE_ACCUSERS_MAX);
}

void
confirm_tick(struct swim *s, const struct input *in)
{
	for (size_t i = 0; i < CONFIRMS_MAX; i++) {
		struct confirm *c = &s->confirms[i];
		struct member *m = c->target;

		if (m == NULL || !swim_time_reached(s->now, c->next))
			continue;
		if (!confirm_is_obsolete(s, c) && c->question.tries < c->most) {
			confirm_send(s, c);
			continue;
		}
		confirm_end(s, c);
		if (members_status(m) == SWIM_SUSPECT && c->question.tries == c->most &&
		    doubt_may_accuse(s))
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
