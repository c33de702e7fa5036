/* SPDX-License-Identifier: MIT */
/*
 * Accusations of us: which members have found us silent, and whether they count.  A single accuser may be at fault
 * itself: a member with a bad link suspects everybody in turn.  So only healthy accusers count, and only if there are
 * two of them.
 */
#include <string.h>

#include "core/internal.h"

/* A member that returned from a suspicion or death counts as healthy after this time. */
#define HEALTHY_AFTER SWIM_ACCUSED_MEMORY

/* Is the accuser, given by the hash of its name, healthy: alive, and not back from a suspicion or death lately? */
static bool
accused_is_healthy(const struct swim *s, uint64_t accuser, swim_time now)
{
	const struct member *m = members_by_hash(s, accuser);

	if (m == NULL || m == s->self || m->life != LIFE_ALIVE)
		return false;
	return m->alive_as != ALIVE_AGAIN || swim_time_since(now, m->since).ns >= HEALTHY_AFTER.ns;
}

static bool
accused_is_recent(const struct accusal *a, swim_time now)
{
	return a->taken && swim_time_since(now, a->at).ns < SWIM_ACCUSED_MEMORY.ns;
}

static unsigned
accused_count_healthy(const struct swim *s)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ACCUSALS_MAX; i++)
		count += accused_is_recent(&s->accusals[i], s->now) &&
			 accused_is_healthy(s, s->accusals[i].accuser, s->now);
	return count;
}

/* The record of this accuser, or else a free record, or else the oldest one, which is freed. */
static struct accusal *
accused_record_of(struct swim *s, uint64_t accuser)
{
	struct accusal *oldest = &s->accusals[0];

	for (unsigned i = 0; i < ACCUSALS_MAX; i++) {
		struct accusal *a = &s->accusals[i];

		if (a->taken && a->accuser == accuser)
			return a;
		if (oldest->taken && (!a->taken || swim_time_before(a->at, oldest->at)))
			oldest = a;
	}
	oldest->taken = false;
	return oldest;
}

/* Note one accusation.  True if it is new: this accuser has not lately accused us at this incarnation or a higher one. */
static bool
accused_note_one(struct swim *s, uint64_t accuser, uint64_t incarnation)
{
	struct accusal *a;

	if (accuser == s->self->hash)
		return false;
	a = accused_record_of(s, accuser);
	if (a->taken && a->incarnation >= incarnation && accused_is_recent(a, s->now))
		return false;
	*a = (struct accusal){.accuser = accuser,
	    .incarnation = incarnation,
	    .at = s->now,
	    .taken = true};
	return true;
}

void
accused_note(struct swim *s, const struct input *in, const struct wire_update *u)
{
	uint64_t ours = s->self->incarnation;
	bool news = false;

	if (u->status != SWIM_SUSPECT && u->status != SWIM_DEAD)
		return;
	/*
	 * The second accuser of an incarnation is often heard after we have refuted the first: the former incarnation
	 * counts too.
	 */
	if (u->incarnation < ours && ours - u->incarnation > 1)
		return;
	for (unsigned i = 0; i < u->accuser_count; i++)
		news |= accused_note_one(s, u->accusers[i], u->incarnation);
	if (u->accuser_count == 0 && in->base && in->authority >= AUTHORITY_MEMBER)
		news = accused_note_one(s, members_hash(in->speaker.bytes, in->speaker.len),
		    u->incarnation);
	/* Having to refute suggests that we are slow ourselves (Lifeguard IV.A). */
	if (news && accused_count_healthy(s) >= SWIM_ACCUSERS_NEEDED)
		doubt_strain(s);
}

bool
swim_accused(const struct swim *s, swim_time now, struct swim_accused *out)
{
	*out = (struct swim_accused){0};
	for (unsigned i = 0; i < ACCUSALS_MAX; i++) {
		const struct accusal *a = &s->accusals[i];
		const struct member *m;

		if (!accused_is_recent(a, now) || !accused_is_healthy(s, a->accuser, now))
			continue;
		m = members_by_hash(s, a->accuser);
		if (out->count < SWIM_ACCUSERS_NEEDED) {
			memcpy(out->by[out->count], m->name, m->name_len);
			out->by_len[out->count] = m->name_len;
		}
		if (out->count == 0 || swim_time_before(out->at, a->at))
			out->at = a->at;
		out->count++;
	}
	return out->count >= (RULE(accusers_needed) ? SWIM_ACCUSERS_NEEDED : 1);
}
