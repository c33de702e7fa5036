/* SPDX-License-Identifier: MIT */
/*
 * Suspicions and their accusers (SWIM 4.2, Lifeguard IV.B).  An accuser is a member that has asked the suspect in vain.  Every
 * suspicion and every verdict names its accusers, so that each observer counts only those accusers that the observer holds
 * alive or suspect.  Others take a verdict of a single accuser for a suspicion.  So a member whose own link is bad makes no
 * other member fail.  suspect.c asks the suspect, and gives our verdict.
 */
#include <string.h>

#include "core/internal.h"

/* Others take over a verdict that names at least so many accusers. */
#define VERDICT_ACCUSERS 2

/* Room for suspicions is made ahead: for one member in AHEAD_PART, and for AHEAD_LEAST members besides. */
#define AHEAD_PART 8
#define AHEAD_LEAST 8

const struct suspicion suspicion_none = {.place = SUSPECT_NOWHERE};

/*
 * Does this accuser count?  We do, and all members that we hold alive or suspect.  An accuser of which we have not heard yet
 * is no member here, and does not count.
 */
static bool
suspicion_has_say(const struct swim *s, uint64_t accuser)
{
	const struct member *m = members_by_hash(s, accuser);

	return m != NULL && (m == s->self || members_is_live(m));
}

/* Do we hold this accuser dead? */
static bool
suspicion_is_gone(const struct swim *s, uint64_t accuser)
{
	const struct member *m = members_by_hash(s, accuser);

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
	question_fini(&m->suspicion->question);
	question_fini(&m->suspicion->question_to_others);
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
suspicion_follow_status(struct swim *s, struct member *m)
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
suspicion_clear(struct member *m)
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
	/* Members that have not heard of the suspicion take the death for a verdict only if it names accusers. */
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
	/* If all places are taken, an accuser that has died gives way; to us, an accuser that is no member here does too. */
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
suspicion_found_silent(struct swim *s, const struct input *in, struct member *m)
{
	if (!members_is_alive_or_suspect(m))
		return;
	if (members_status(m) == SWIM_ALIVE) {
		/* Another probe of m will fail, and may find memory then. */
		if (!suspicion_room(s))
			return;
		s->stats.suspicions++;
		members_transition(s, in, m, LIFE_SUSPECT, m->incarnation);
	}
	if (suspicion_accuse(s, m, s->self->hash))
		gossip_queue(s, m);
}

/* The accuser that a speaker without accusers counts as.  All strangers, whatever their names, are one without a name. */
static uint64_t
suspicion_teller(const struct input *in)
{
	return members_hash(in->speaker.bytes,
	    in->authority >= AUTHORITY_MEMBER ? in->speaker.len : 0);
}

/*
 * The accusers are those that the update names.  A base peer names no accusers, so the base peer counts as the accuser.  A
 * swimd that has asked in vain names itself; a swimd that names nobody only repeats the suspicion, or remembers an old death.
 */
bool
suspicion_add_accusers(struct swim *s, const struct input *in, struct member *m,
    const struct wire_update *u)
{
	bool news = false;

	for (unsigned i = 0; i < u->accuser_count; i++)
		news |= suspicion_accuse(s, m, u->accusers[i]);
	if (u->accuser_count == 0 && (in->base || !RULE(finder_accuses)))
		news = suspicion_accuse(s, m, suspicion_teller(in));
	/* Another member has found the silence that we found: the fault was not ours. */
	if (news && suspicion_of(m)->accuser_count == 2 && suspicion_is_ours(s, m))
		doubt_improve(s);
	return news;
}

bool
suspicion_is_void(const struct swim *s, const struct input *in, const struct wire_update *u)
{
	/* A base peer names no accusers. */
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
	/* If only we and m are left, there can be no second accuser. */
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
 * A death is news for as long as a suspicion may last: by then all members have given the verdict or heard of it.  An older
 * death is told without accusers.  When two halves of a partition meet again, each still remembers the other as dead, with
 * accusers that live; named with the death, they would make it a verdict once more.
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
