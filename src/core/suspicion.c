/* SPDX-License-Identifier: MIT */
/*
 * Suspicions, from the first accuser to the verdict (SWIM 4.2, Lifeguard IV.B).  Who found a member silent is
 * named with every suspicion and verdict, so that each observer judges by those accusers that it holds
 * alive itself: a verdict that one member alone came to is a suspicion to all others, and the word of
 * one that is held dead is nothing.  A member whose own link is bad can so make nobody else fail.
 */
#include <math.h>
#include <string.h>

#include "core/internal.h"

/* Of suspicion_min, what a suspicion lasts at least in clusters of up to fifty. */
#define SMALL 0.85
/* Accusers that make a suspicion a verdict that others take over. */
#define VERDICT_ACCUSERS 2

/* Members for each of which there is room for one suspicion, and suspicions that there is room for besides, ahead of need. */
#define AHEAD_PART 8
#define AHEAD_LEAST 8

const struct suspicion suspicion_none = {.place = SUSPECT_NOWHERE};

static swim_time
suspicion_not_before(swim_time at, swim_time earliest)
{
	return swim_time_before(at, earliest) ? earliest : at;
}

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

/*
 * What a suspicion lasts that enough have confirmed: the time that a rumour and its refutation need, which is
 * logarithmic in the size; pushed rumours need little below a hundred.
 */
static swim_duration
suspicion_least_wait(const struct swim *s)
{
	double scale = log10((double)members_live(s)) / 2;

	return swim_duration_scale(s->config.timing.suspicion_min, scale > SMALL ? scale : SMALL);
}

/* What a suspicion lasts in memberlist, to compare with: 5 log10(N) probe intervals. */
static swim_duration
suspicion_memberlist_wait(const struct swim *s)
{
	return swim_duration_scale(s->config.timing.probe_interval,
	    5 * log10((double)members_live(s)));
}

/*
 * Lifeguard IV.B: a suspicion begins long and shrinks with every independent accuser,
 * max - (max - min) * log(C + 1) / log(K + 1).
 */
static swim_duration
suspicion_wait_for_verdict(const struct swim *s, const struct member *m)
{
	const struct swim_timing *t = &s->config.timing;
	double min =
	    (double)(RULE(short_suspicion) ? suspicion_least_wait(s) : suspicion_memberlist_wait(s))
		.ns;
	double max = min *
		     (t->suspicion_mult > 1 && RULE(suspicion_shrinks) ? t->suspicion_mult : 1);
	unsigned accusers = suspicion_accusers(s, m);
	/* Those who can confirm: neither it, nor the first accuser. */
	size_t k = s->live_count > WIRE_ACCUSERS_MAX ? WIRE_ACCUSERS_MAX - 1
		   : s->live_count > 0               ? s->live_count - 1
						     : 0;
	double confirmations = accusers > 1 ? accusers - 1 : 0;
	double wait;

	if (k == 0)
		return swim_ns((int64_t)min);
	wait = max - (max - min) * log(confirmations + 1) / log((double)k + 1);
	return swim_ns((int64_t)(wait > min ? wait : min));
}

/*
 * Questions still to be asked before the verdict, which a few that were lost must not bring.  Those asked long before
 * count too, but the last few have to be of now: it may have been out of our reach for a moment.
 */
static unsigned
suspicion_questions_left(const struct swim *s, const struct member *m)
{
	unsigned all = doubt_questions_before_verdict(s, m->suspicion->began);
	unsigned asked = m->suspicion->question.tries, final_tries = m->suspicion->final_tries;
	unsigned left = all > asked ? all - asked : 0;
	unsigned last = LOSS_QUESTIONS_LEAST > final_tries ? LOSS_QUESTIONS_LEAST - final_tries : 0;

	if (!RULE(last_questions))
		return 0;
	return left > last ? left : last;
}

/* A round of pings, half a patience apart; an answer to any of them counts until the last has had its time. */
static swim_duration
suspicion_round_time(const struct swim *s, const struct member *m, unsigned questions)
{
	return swim_ns(probe_patience(s, m).ns / 2 * (questions + 1));
}

/*
 * When the verdict on a suspect is due, and what is done about it before.  Never in the past, where an accuser
 * that comes late would put it: a deadline long gone is how a process learns that it stood still.
 */
static void
suspicion_schedule(const struct swim *s, struct member *m)
{
	struct suspicion *x = m->suspicion;
	unsigned left = suspicion_questions_left(s, m);
	int64_t whole = suspicion_round_time(s, m, LOSS_QUESTIONS_LEAST).ns;
	/* The next of a round need not wait until the one before has had its time. */
	swim_duration early = swim_ns(
	    left > 0 && x->question.tries > 0 ? -probe_patience(s, m).ns / 2 : 0);
	swim_time last, lone;

	m->deadline = RULE(suspicion_ends)
			  ? suspicion_not_before(
				swim_time_add(x->began, suspicion_wait_for_verdict(s, m)), s->now)
			  : SWIM_TIME_NEVER;
	last = left > 0 ? swim_time_add(m->deadline, swim_ns(-suspicion_round_time(s, m, left).ns))
			: m->deadline;
	/*
	 * The first question is for when the verdict on one whom all accuse would fall.  Any other is asked, and asked
	 * after, again and again until the verdict: it may have refuted, or others may have come to a verdict, without
	 * us hearing of it.
	 */
	lone = swim_time_add(x->answer_due, swim_ns(suspicion_least_wait(s).ns - whole));
	x->ask_at = swim_time_min(suspicion_not_before(lone, x->answer_due),
	    suspicion_not_before(last, swim_time_add(x->answer_due, early)));
	if (RULE(question_not_overdue))
		x->ask_at = suspicion_not_before(x->ask_at, s->now);
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

	question_close(s, &x->question);
	question_close(s, &x->question_to_others);
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

/* The questions to the suspect before this count no longer, and answers to them neither. */
static void
suspicion_renumber(struct swim *s, struct suspicion *x, uint8_t tries)
{
	question_open(s, &x->question, QUESTION_SUSPECT, core_seq(s));
	x->question.tries = tries;
	question_close(s, &x->question_to_others);
}

void
suspicion_begin(struct swim *s, struct member *m)
{
	struct suspicion *x = m->suspicion;

	x->began = x->answer_due = s->now;
	x->final_tries = 0;
	suspicion_renumber(s, x, 0);
	suspicion_schedule(s, m);
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
	suspicion_schedule(s, m);
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
	    swim_duration_scale(suspicion_least_wait(s), s->config.timing.suspicion_mult);

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

/* The questions to others about one suspect have one number, as any answer to any of them means the same. */
static void
suspicion_ask_others(struct swim *s, struct member *m, swim_duration patience)
{
	struct suspicion *x = m->suspicion;

	if (!question_is_open(&x->question_to_others)) {
		question_open(s, &x->question_to_others, QUESTION_SUSPECT_OTHERS, core_seq(s));
		question_try(&x->question_to_others);
	}
	probe_ask_others(s, m, x->question_to_others.seq, patience);
}

/*
 * Rumours reach nearly everybody, and a refutation is one.  Before we pronounce anybody dead we ask it
 * ourselves, and where nobody else accuses it, through others too: if it lives, an answer has what we missed.
 * Others are asked as well about a member whose answers have failed to reach us alone: its silence says little.
 */
static void
suspicion_ask(struct swim *s, struct member *m)
{
	struct suspicion *x = m->suspicion;
	swim_duration patience = probe_patience(s, m);
	swim_duration round = suspicion_round_time(s, m, suspicion_questions_left(s, m));
	/* Long before the verdict one question has to do: there may be many to be asked. */
	bool lone = !swim_time_reached(swim_time_add(s->now, round), m->deadline);
	/* What loss adds to the least is ours alone to ask. */
	bool least = lone || x->final_tries < LOSS_QUESTIONS_LEAST;
	uint64_t seq = question_try(&x->question);

	x->final_tries = lone ? 0 : (uint8_t)(x->final_tries + least);
	x->answer_due = swim_time_add(s->now, patience);
	suspicion_schedule(s, m);
	if (!RULE(last_questions))
		return;
	probe_ping(s, m, seq);
	if (least && (extra_of(m)->relayed > 0 || !suspicion_confirmed(s, m)))
		suspicion_ask_others(s, m, patience);
}

/* True when the verdict fell, or there is nothing to be asked now. */
static bool
suspicion_try_verdict(struct swim *s, const struct input *in, struct member *m)
{
	/* Accusers may have died since. */
	suspicion_schedule(s, m);
	if (!swim_time_reached(s->now, m->suspicion->ask_at))
		return true;
	if (!swim_time_reached(s->now, m->deadline) ||
	    (RULE(late_verdict_asks) && suspicion_questions_left(s, m) > 0))
		return false;
	/* The member is being asked whether it has left. */
	if (inquiry_is_leaver(s, &m->addr)) {
		suspicion_begin(s, m);
		return true;
	}
	if (doubt_forbids_verdict(s, m->suspicion->began)) {
		suspicion_begin(s, m);
		return true;
	}
	/* By now that is our own finding. */
	if (suspicion_accusers(s, m) == 0)
		suspicion_accuse(s, m, s->self->hash);
	members_transition(s, in, m, LIFE_DEAD,
	    RULE(owner_raises) ? m->incarnation : m->incarnation + 1);
	gossip_queue(s, m);
	return true;
}

/* The suspect has answered.  What it did not answer before is no evidence any more. */
static void
suspicion_lives(struct swim *s, struct member *m)
{
	suspicion_begin(s, m);
	/* It is asked no more often than it would be probed, however soon its answers come. */
	m->suspicion->answer_due = swim_time_add(s->now, s->config.timing.probe_interval);
	suspicion_schedule(s, m);
}

/* Does the answer come from m, as far as it says? */
static bool
suspicion_is_answerer(const struct input *in, const struct member *m)
{
	return in->msg->member.id.len == 0 || probe_same_id(in->msg->member.id, m);
}

/*
 * A suspect that answers us lives, though it has not refuted: a base peer may not know the name that it is suspected
 * under, and the last of all incarnations has none above it.
 */
struct answer
suspicion_answered(struct swim *s, const struct input *in, struct question *q)
{
	const struct suspicion *x = question_owner(q, struct suspicion, question);
	struct member *m = s->suspects[x->place];
	struct answer answer = {.ours = true};

	if (!suspicion_is_answerer(in, m))
		return answer;
	answer.asked = *link_way(m);
	suspicion_lives(s, m);
	return answer;
}

/*
 * A suspect that answers others lives too.  It may not read what comes from our address, because somebody floods it from
 * there.
 */
struct answer
suspicion_answered_to_others(struct swim *s, const struct input *in, struct question *q)
{
	const struct suspicion *x = question_owner(q, struct suspicion, question_to_others);
	struct member *m = s->suspects[x->place];

	if (!RULE(answer_to_others_counts))
		return (struct answer){0};
	if (suspicion_is_answerer(in, m)) {
		probe_helped(s, in, m);
		suspicion_lives(s, m);
	}
	return (struct answer){.ours = true};
}

void
suspicion_tick(struct swim *s, const struct input *in)
{
	for (size_t i = s->suspect_count; i-- > 0;) {
		struct member *m = s->suspects[i];

		while (members_status(m) == SWIM_SUSPECT &&
		       swim_time_reached(s->now, m->suspicion->ask_at)) {
			if (!suspicion_try_verdict(s, in, m))
				suspicion_ask(s, m);
		}
	}
}

swim_time
suspicion_deadline(const struct swim *s)
{
	swim_time at = SWIM_TIME_NEVER;

	for (size_t i = 0; i < s->suspect_count; i++)
		at = swim_time_min(at, s->suspects[i]->suspicion->ask_at);
	return at;
}

void
suspicion_stalled(struct swim *s, swim_duration late)
{
	for (size_t i = 0; i < s->suspect_count; i++) {
		struct member *m = s->suspects[i];
		struct suspicion *x = m->suspicion;

		x->began = swim_time_add(x->began, late);
		x->answer_due = swim_time_add(x->answer_due, late);
		m->deadline = swim_time_add(m->deadline, late);
		/* What was asked before is void too: nobody was there to hear the answer. */
		suspicion_renumber(s, x, RULE(stall_voids_questions) ? 0 : x->question.tries);
		if (RULE(stall_voids_questions))
			x->final_tries = 0;
		x->ask_at = swim_time_add(x->ask_at, late);
	}
}
