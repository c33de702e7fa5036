/* SPDX-License-Identifier: MIT */
/*
 * Suspicions, from the first accuser to the verdict (SWIM 4.2, Lifeguard IV.B).  Who found a member silent is
 * named with every suspicion and verdict, so that each observer judges by those accusers that it holds
 * alive itself: a verdict that one member alone came to is a suspicion to all others, and the word of
 * one that is held dead is nothing.  A member whose own link is bad can so make nobody else fail.
 */
#include <string.h>

#include "core/internal.h"

/* Accusers that make a suspicion a verdict that others take over. */
#define VERDICT_ACCUSERS 2

/* Members for each of which there is room for one suspicion, and suspicions that there is room for besides, ahead of need. */
#define AHEAD_PART 8
#define AHEAD_LEAST 8

const struct suspicion suspicion_none = {.place = SUSPECT_NOWHERE};

/* NULL: a stranger, perhaps somebody of whom we haven't heard yet. */
static const struct member *
suspicion_accuser_of(const struct swim *s, uint64_t hash)
{
	size_t i = members_position_from(s, hash);

	return i < s->table.count && s->table.v[i]->hash == hash ? s->table.v[i] : NULL;
}

/* Those who count: all that we hold alive or suspect, and we ourselves. */
static bool
suspicion_has_say(const struct swim *s, uint64_t accuser)
{
	const struct member *m = suspicion_accuser_of(s, accuser);

	return m != NULL && (m == s->self || members_is_live(m));
}

/* Held dead by us. */
static bool
suspicion_is_gone(const struct swim *s, uint64_t accuser)
{
	const struct member *m = suspicion_accuser_of(s, accuser);

	return m != NULL && members_is_gone(m);
}

static bool
suspicion_is_accused_by(const struct member *m, uint64_t accuser)
{
	const struct suspicion *x = suspicion_of(m);

	for (unsigned i = 0; i < x->accuser_count; i++) {
		if (x->accusers[i] == accuser && (RULE(accusers_differ) || x->accuser_count > 2))
			return true;
	}
	return false;
}

unsigned
suspicion_accusers(const struct swim *s, const struct member *m)
{
	const struct suspicion *x = suspicion_of(m);
	unsigned count = 0;

	for (unsigned i = 0; i < x->accuser_count; i++)
		count += suspicion_has_say(s, x->accusers[i]);
	return count;
}

static bool
suspicion_make_room(struct swim *s, size_t suspicions)
{
	if (!pool_room(s, &s->suspicions, suspicions))
		return false;
	while (s->suspect_capacity < suspicions) {
		if (!core_grow(s, &s->suspects, s->suspect_capacity, &s->suspect_capacity,
			sizeof(*s->suspects)))
			return false;
	}
	return true;
}

bool
suspicion_room(struct swim *s)
{
	return suspicion_make_room(s, s->suspicions.taken + 1);
}

bool
suspicion_room_ahead(struct swim *s, size_t members)
{
	return suspicion_make_room(s, members / AHEAD_PART + AHEAD_LEAST);
}

static void
suspicion_take_object(struct swim *s, struct member *m)
{
	if (m->suspicion != NULL)
		return;
	m->suspicion = pool_take(&s->suspicions);
	*m->suspicion = suspicion_none;
}

static void
suspicion_give_object(struct swim *s, struct member *m)
{
	pool_give(&s->suspicions, m->suspicion);
	m->suspicion = NULL;
}

static void
suspicion_unlist(struct swim *s, struct member *m)
{
	struct suspicion *x = m->suspicion;
	struct member *last = s->suspects[--s->suspect_count];

	suspect_end(s, m);
	s->suspects[x->place] = last;
	last->suspicion->place = x->place;
	x->place = SUSPECT_NOWHERE;
}

void
suspicion_list(struct swim *s, struct member *m)
{
	bool suspect = m->life == LIFE_SUSPECT;

	if (suspect)
		suspicion_take_object(s, m);
	if (m->suspicion == NULL)
		return;
	if (suspect && m->suspicion->place == SUSPECT_NOWHERE) {
		m->suspicion->place = (uint32_t)s->suspect_count;
		s->suspects[s->suspect_count++] = m;
	}
	if (!suspect && m->suspicion->place != SUSPECT_NOWHERE)
		suspicion_unlist(s, m);
	if (!suspect && m->suspicion->accuser_count == 0)
		suspicion_give_object(s, m);
}

void
suspicion_forget(struct swim *s, struct member *m)
{
	if (m->suspicion == NULL)
		return;
	if (m->suspicion->place != SUSPECT_NOWHERE)
		suspicion_unlist(s, m);
	suspicion_give_object(s, m);
}

void
suspicion_acquit(struct member *m)
{
	if (m->suspicion == NULL)
		return;
	m->suspicion->accuser_count = 0;
	m->suspicion->doomed = false;
}

void
suspicion_doom(struct member *m)
{
	m->suspicion->doomed = true;
}

void
suspicion_keep_verdict(struct swim *s, struct member *m, const struct wire_update *u)
{
	/* Those who have not heard of the suspicion learn from its accusers that the verdict is one; without memory they do not. */
	if (suspicion_of(m)->accuser_count >= u->accuser_count || !suspicion_room(s))
		return;
	suspicion_take_object(s, m);
	m->suspicion->accuser_count = u->accuser_count;
	memcpy(m->suspicion->accusers, u->accusers, sizeof(m->suspicion->accusers));
}

bool
suspicion_accuse(struct swim *s, struct member *m, uint64_t accuser)
{
	struct suspicion *x = m->suspicion;

	if (m->life != LIFE_SUSPECT || suspicion_is_gone(s, accuser) ||
	    suspicion_is_accused_by(m, accuser))
		return false;
	/* One that has died since makes room, and for us one of whom we haven't heard. */
	for (unsigned i = 0; i < x->accuser_count && x->accuser_count == WIRE_ACCUSERS_MAX; i++) {
		if (suspicion_is_gone(s, x->accusers[i]) ||
		    (accuser == s->self->hash && !suspicion_has_say(s, x->accusers[i])))
			x->accusers[i] = x->accusers[--x->accuser_count];
	}
	if (x->accuser_count == WIRE_ACCUSERS_MAX)
		return false;
	x->accusers[x->accuser_count++] = accuser;
	suspect_schedule(s, m);
	return true;
}

void
suspicion_own(struct swim *s, const struct input *in, struct member *m)
{
	if (!members_is_living(m))
		return;
	if (members_status(m) == SWIM_ALIVE) {
		/* Another probe of it will fail, and may find memory. */
		if (!suspicion_room(s))
			return;
		s->stats.suspicions++;
		members_transition(s, in, m, LIFE_SUSPECT, m->incarnation);
	}
	if (suspicion_accuse(s, m, s->self->hash))
		gossip_queue(s, m);
}

/* Whatever name a stranger gives, his word is that of one who has none, which no member can be. */
static uint64_t
suspicion_teller(const struct input *in)
{
	return members_hash(in->speaker.bytes,
	    in->authority >= AUTHORITY_MEMBER ? in->speaker.len : 0);
}

/*
 * Whose word the suspicion is: of those named with it, or of the base peer that tells it.  A swimd names itself where
 * it has asked in vain; what it only remembers, or has of a death long ago, is nobody's finding.
 */
bool
suspicion_take(struct swim *s, const struct input *in, struct member *m,
    const struct wire_update *u)
{
	bool news = false;

	for (unsigned i = 0; i < u->accuser_count; i++)
		news |= suspicion_accuse(s, m, u->accusers[i]);
	if (u->accuser_count == 0 && (in->base || !RULE(finder_accuses)))
		news = suspicion_accuse(s, m, suspicion_teller(in));
	/* Another finds what we found: the fault was not ours. */
	if (news && suspicion_of(m)->accuser_count == 2 && suspicion_is_ours(s, m))
		doubt_improve(s);
	return news;
}

bool
suspicion_is_void(const struct swim *s, const struct input *in, const struct wire_update *u)
{
	/* What a base peer says it says as the wire format has it. */
	if (in->base || !RULE(gone_have_no_say))
		return false;
	if (u->accuser_count == 0)
		return suspicion_is_gone(s, members_hash(in->speaker.bytes, in->speaker.len));
	for (unsigned i = 0; i < u->accuser_count; i++) {
		if (!suspicion_is_gone(s, u->accusers[i]))
			return false;
	}
	return true;
}

bool
suspicion_confirms(const struct swim *s, const struct member *m, const struct wire_update *u)
{
	bool same = members_status(m) == SWIM_SUSPECT && m->incarnation == u->incarnation;
	/* Where only we and it are left, one word is all that there can be. */
	unsigned needed = s->live_count < VERDICT_ACCUSERS ? 1 : VERDICT_ACCUSERS;
	unsigned count = same ? suspicion_accusers(s, m) : 0;

	if (!RULE(verdict_is_confirmed))
		return true;
	if (u->accuser_count == 0)
		return false;
	for (unsigned i = 0; i < u->accuser_count; i++) {
		bool known = same && suspicion_is_accused_by(m, u->accusers[i]);

		for (unsigned j = 0; j < i; j++)
			known |= u->accusers[j] == u->accusers[i];
		count += !known && suspicion_has_say(s, u->accusers[i]);
	}
	return count >= needed;
}

/*
 * A verdict is news for as long as a suspicion may take: by then all have come to it, or heard of it.  After
 * that it is a memory.  What half of a parted cluster remembers of the other is not so any more when
 * both meet, though those whose word it was live.
 */
static bool
suspicion_is_memory(const struct swim *s, const struct member *m)
{
	swim_duration news =
	    swim_duration_scale(suspect_shortest(s), s->config.timing.suspicion_mult);

	return members_status(m) == SWIM_DEAD && swim_time_since(s->now, m->since).ns >= news.ns;
}

uint8_t
suspicion_named(const struct swim *s, const struct member *m, uint64_t out[WIRE_ACCUSERS_MAX])
{
	const struct suspicion *x = suspicion_of(m);
	uint8_t count = 0;

	if (suspicion_is_memory(s, m))
		return 0;
	for (unsigned i = 0; i < x->accuser_count; i++) {
		if (members_status(m) == SWIM_DEAD &&
		    (count == VERDICT_ACCUSERS || !suspicion_has_say(s, x->accusers[i])))
			continue;
		out[count++] = x->accusers[i];
	}
	return count;
}

size_t
suspicion_outage(const struct swim *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->suspect_count; i++) {
		const struct suspicion *x = s->suspects[i]->suspicion;
		unsigned others = 0;

		for (unsigned j = 0; j < x->accuser_count; j++)
			others += x->accusers[j] != s->self->hash &&
				  suspicion_has_say(s, x->accusers[j]);
		count += others >= VERDICT_ACCUSERS;
	}
	return count;
}

bool
suspicion_is_ours(const struct swim *s, const struct member *m)
{
	return suspicion_is_accused_by(m, s->self->hash);
}

bool
suspicion_confirmed(const struct swim *s, const struct member *m)
{
	return suspicion_accusers(s, m) >= VERDICT_ACCUSERS;
}
