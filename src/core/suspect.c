/* SPDX-License-Identifier: MIT */
/*
 * The questions to a suspect, and the verdict (SWIM 4.2, Lifeguard IV.B).  A question is a ping, which tells the suspect of
 * the suspicion.  A suspect that answers is alive, and an answer usually brings its refutation along.
 *
 * The time line of one suspicion, at a member that is chosen to confirm it and becomes the second accuser.  The times are those
 * of profile lan, where a patience is 0.4 s before any round trip is measured:
 *
 *	began                                                                  deadline
 *	|                                                                             |
 *	C    C    C    C         A     S              S          L    L    L          V
 *	0    0.2  0.4  0.6       1.0   1.22           1.84       2.26 2.46 2.66       3.06 s
 *	|<- confirmation round ->|<--- single questions --->|    |<--- last round --->|
 *
 *	began	The member became suspect, or answered, or the time line began again for another reason.
 *	C	A question of the confirmation round.  Only the few members that confirm.c chooses ask these questions; some of
 *		the few wait until the others of the few have finished.  All other members begin with single questions.
 *	A	No question of the confirmation round was answered: this member becomes an accuser.
 *	S	A single question, after a pause.  The suspect may have refuted, or others may have given a verdict, and this
 *		member may have missed the rumour.  The pause is so long that, without a confirmation round, the first single
 *		question is asked when the last round of the shortest suspicion begins.
 *	L	A question of the last round.
 *	V	No question of the last round was answered: this member gives its verdict that the suspect is dead.
 *
 * The questions of a round are half a patience apart, and the last one waits a whole patience for its answer.  The last round
 * begins so early that it ends at the deadline.  Each accuser that is heard of moves the deadline nearer, and with it the last
 * round.  A last round that is due during a confirmation round has no questions of its own before the confirmation round is over:
 * the same questions count for both.  An answer to any question begins the time line again.
 */
#include "core/suspect.h"

#include <math.h>

#include "core/internal.h"

/* A suspicion lasts at least this part of suspicion_min, in clusters of up to fifty members. */
#define SMALL 0.85

/* ---------------------------------------------------------------------------- how long a suspicion lasts */

/* A rumour and its refutation need a time that is logarithmic in the size; below a hundred members they need little. */
swim_duration
suspect_shortest(const struct swim *s)
{
	double scale = log10((double)members_cluster_size(s)) / 2;

	return swim_duration_scale(s->config.timing.suspicion_min, scale > SMALL ? scale : SMALL);
}

/* What a suspicion lasts in memberlist, to compare with: 5 log10(N) probe intervals. */
static swim_duration
suspect_memberlist_shortest(const struct swim *s)
{
	return swim_duration_scale(s->config.timing.probe_interval,
	    5 * log10((double)members_cluster_size(s)));
}

/*
 * Lifeguard IV.B: a suspicion begins long and shrinks with every independent accuser,
 * max - (max - min) * log(C + 1) / log(K + 1).
 */
static swim_duration
suspect_length(const struct swim *s, const struct member *m)
{
	const struct swim_timing *t = &s->config.timing;
	double min =
	    (double)(RULE(short_suspicion) ? suspect_shortest(s) : suspect_memberlist_shortest(s))
		.ns;
	double max = min *
		     (t->suspicion_mult > 1 && RULE(suspicion_shrinks) ? t->suspicion_mult : 1);
	unsigned accusers = suspicion_accusers(s, m);
	/* All live members but the suspect and the first accuser can confirm. */
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

/* ------------------------------------------------------------------ when the suspect is asked next, and why */

static swim_time
suspect_later(swim_time a, swim_time b)
{
	return swim_time_before(a, b) ? b : a;
}

static void
suspect_count_question(uint8_t *questions)
{
	if (*questions < UINT8_MAX)
		++*questions;
}

static void
suspect_set_round(struct swim *s, struct suspicion *x, enum suspect_round round)
{
	if (round == x->round)
		return;
	if (round == ROUND_CONFIRMATION)
		s->confirmations++;
	if (x->round == ROUND_CONFIRMATION)
		s->confirmations--;
	x->round = round;
	x->confirm_asked = 0;
}

/* How long a round of so many questions lasts, to the end of the patience of its last question. */
static swim_duration
suspect_round_time(const struct swim *s, const struct member *m, unsigned questions)
{
	return swim_ns(probe_patience(s, m).ns / 2 * (questions + 1));
}

/* A confirmation round takes one question more than a verdict: after the accusation nobody may ask for some time. */
static unsigned
suspect_confirmation_questions(const struct swim *s)
{
	return doubt_questions(s) + 1;
}

/*
 * How many questions the last round still has to ask.  Earlier questions count too if the suspect did not answer them, but the
 * last LOSS_QUESTIONS_LEAST have to be of the last round: the suspect may have been out of reach for a moment only.
 */
static unsigned
suspect_last_left(const struct swim *s, const struct member *m)
{
	const struct suspicion *x = m->suspicion;
	unsigned all = doubt_questions_before_verdict(s, x->began);
	unsigned left = all > x->unanswered ? all - x->unanswered : 0;
	unsigned least = LOSS_QUESTIONS_LEAST > x->last_asked ? LOSS_QUESTIONS_LEAST - x->last_asked
							      : 0;

	if (!RULE(last_questions))
		return 0;
	return left > least ? left : least;
}

/* Has the last round begun, or is it time for it to begin? */
static bool
suspect_is_last_due(const struct swim *s, const struct member *m)
{
	swim_duration round = suspect_round_time(s, m, suspect_last_left(s, m));

	return swim_time_reached(swim_time_add(s->now, round), m->deadline);
}

/* The time for the next question of a round: half a patience after the question before, if there was one. */
static swim_time
suspect_next_of_round(const struct swim *s, const struct member *m)
{
	const struct suspicion *x = m->suspicion;

	return x->question.tries == 0
		   ? x->answer_due
		   : swim_time_add(x->answer_due, swim_ns(-probe_patience(s, m).ns / 2));
}

/* The time for the next single question.  The pause leaves room for a last round in the shortest suspicion. */
static swim_time
suspect_next_single(const struct swim *s, const struct member *m)
{
	int64_t pause = suspect_shortest(s).ns - suspect_round_time(s, m, LOSS_QUESTIONS_LEAST).ns;

	return swim_time_add(m->suspicion->answer_due, swim_ns(pause > 0 ? pause : 0));
}

/* The time for the next question of the confirmation round, or for judging the silence of the suspect after the round. */
static swim_time
suspect_next_of_confirmation(const struct swim *s, const struct member *m)
{
	const struct suspicion *x = m->suspicion;

	return x->confirm_asked < suspect_confirmation_questions(s) ? suspect_next_of_round(s, m)
								    : x->answer_due;
}

/* The time for the next question of the last round, which may not have begun, or for the verdict after the round. */
static swim_time
suspect_next_of_last(const struct swim *s, const struct member *m)
{
	unsigned left = suspect_last_left(s, m);

	if (left == 0)
		return suspect_later(m->deadline, m->suspicion->answer_due);
	return suspect_later(
	    swim_time_add(m->deadline, swim_ns(-suspect_round_time(s, m, left).ns)),
	    suspect_next_of_round(s, m));
}

static swim_time
suspect_next(const struct swim *s, const struct member *m)
{
	const struct suspicion *x = m->suspicion;
	swim_time next;

	/* A last round that is due meanwhile waits: the questions of the confirmation round count for it. */
	if (x->round == ROUND_CONFIRMATION)
		return suspect_next_of_confirmation(s, m);
	next = swim_time_min(suspect_next_single(s, m), suspect_next_of_last(s, m));
	return x->round == ROUND_LAST ? next : swim_time_min(next, x->confirm_at);
}

/*
 * An accuser that is heard of late may put the verdict or the next question into the past.  Both are set to now instead: a
 * deadline that is long over would look as if the process had stood still.
 */
void
suspect_schedule(struct swim *s, struct member *m)
{
	struct suspicion *x = m->suspicion;
	swim_time next;

	m->deadline = RULE(suspicion_ends)
			  ? suspect_later(swim_time_add(x->began, suspect_length(s, m)), s->now)
			  : SWIM_TIME_NEVER;
	next = suspect_next(s, m);
	question_wait(s, &x->question,
	    RULE(question_not_overdue) ? suspect_later(next, s->now) : next);
}

/* The questions so far count no longer, neither their silence nor an answer to them. */
static void
suspect_forget_questions(struct swim *s, struct suspicion *x)
{
	suspect_set_round(s, x, ROUND_NONE);
	x->confirm_at = SWIM_TIME_NEVER;
	x->unanswered = x->last_asked = 0;
	question_open(s, &x->question, QUESTION_SUSPECT, core_seq(s));
	question_close(s, &x->question_to_others);
}

/* Begin the time line now.  The pause before the first single question, or a last round, begins at `answer_due`. */
static void
suspect_restart(struct swim *s, struct member *m, swim_time answer_due)
{
	struct suspicion *x = m->suspicion;

	x->began = s->now;
	x->answer_due = answer_due;
	suspect_forget_questions(s, x);
	suspect_schedule(s, m);
}

void
suspect_begin(struct swim *s, struct member *m)
{
	suspect_restart(s, m, s->now);
}

void
suspect_end(struct swim *s, struct member *m)
{
	struct suspicion *x = m->suspicion;

	suspect_set_round(s, x, ROUND_NONE);
	question_close(s, &x->question);
	question_close(s, &x->question_to_others);
}

/* ---------------------------------------------------------------------------------- asking the suspect */

/* All questions to others about one suspect have one number, as an answer to any of them means the same. */
static void
suspect_ask_others(struct swim *s, struct member *m, swim_duration patience)
{
	struct suspicion *x = m->suspicion;

	if (!question_is_open(&x->question_to_others))
		question_open(s, &x->question_to_others, QUESTION_SUSPECT_OTHERS, core_seq(s));
	probe_ask_others(s, m, question_repeat(s, &x->question_to_others), patience);
}

/*
 * Others pass a question on if nobody else accuses the suspect, or if the suspect has answered others but not us lately: then
 * its silence to us says little.  Others are not asked in a confirmation round, in which several chosen members ask the suspect
 * already, nor for those questions of the last round that only our own loss requires.
 */
static bool
suspect_needs_others(const struct swim *s, struct member *m, bool last)
{
	const struct suspicion *x = m->suspicion;

	if (last ? x->last_asked > LOSS_QUESTIONS_LEAST : x->round == ROUND_CONFIRMATION)
		return false;
	return extra_of(m)->relayed > 0 || !suspicion_confirmed(s, m);
}

/* Ask the next question of the round, or a single question.  A question may belong to the confirmation round and the last one. */
static void
suspect_ask(struct swim *s, struct member *m)
{
	struct suspicion *x = m->suspicion;
	swim_duration patience = probe_patience(s, m);
	bool confirms = x->round == ROUND_CONFIRMATION, last = suspect_is_last_due(s, m);
	uint64_t seq = question_try(s, &x->question);

	if (confirms)
		suspect_count_question(&x->confirm_asked);
	if (!confirms || last)
		suspect_count_question(&x->unanswered);
	if (last)
		suspect_count_question(&x->last_asked);
	else
		x->last_asked = 0;
	x->answer_due = swim_time_add(s->now, patience);
	suspect_schedule(s, m);
	if (!RULE(last_questions) && !confirms)
		return;
	probe_ping(s, m, seq);
	if (suspect_needs_others(s, m, last))
		suspect_ask_others(s, m, patience);
}

void
suspect_confirm(struct swim *s, struct member *m)
{
	struct suspicion *x;
	enum confirm_turn turn;

	if (s->leaving || m->life != LIFE_SUSPECT)
		return;
	turn = confirm_turn(s, m);
	if (turn == CONFIRM_NEVER)
		return;
	x = m->suspicion;
	if (turn == CONFIRM_FIRST && s->confirmations < CONFIRMATIONS_MAX) {
		suspect_set_round(s, x, ROUND_CONFIRMATION);
		suspect_ask(s, m);
	} else if (turn == CONFIRM_NEXT) {
		/* By then those before us have accused the suspect, if it is silent and they live. */
		x->confirm_at =
		    swim_time_add(s->now, swim_duration_scale(probe_patience(s, m),
					      suspect_confirmation_questions(s) / 2.0 + 1));
		suspect_schedule(s, m);
	}
}

/* The next question, or the end of a round, is due: set the round it belongs to.  A confirmation round goes on to its end. */
static void
suspect_enter_round(struct swim *s, struct member *m)
{
	struct suspicion *x = m->suspicion;
	enum suspect_round round = x->round;

	if (round == ROUND_CONFIRMATION)
		return;
	if (suspect_is_last_due(s, m)) {
		round = ROUND_LAST;
	} else if (swim_time_reached(s->now, x->confirm_at)) {
		x->confirm_at = SWIM_TIME_NEVER;
		round = suspicion_accusers(s, m) < WIRE_ACCUSERS_MAX &&
				s->confirmations < CONFIRMATIONS_MAX
			    ? ROUND_CONFIRMATION
			    : ROUND_NONE;
	} else {
		round = ROUND_NONE;
	}
	suspect_set_round(s, x, round);
}

/* Has all been asked that the round under way requires, and has every question had its time? */
static bool
suspect_round_is_over(const struct swim *s, const struct member *m)
{
	const struct suspicion *x = m->suspicion;

	switch (x->round) {
	case ROUND_NONE:
		break;
	case ROUND_CONFIRMATION:
		return x->confirm_asked >= suspect_confirmation_questions(s);
	case ROUND_LAST:
		return swim_time_reached(s->now, m->deadline) &&
		       (suspect_last_left(s, m) == 0 || !RULE(late_verdict_asks));
	}
	return false;
}

/* --------------------------------------------------------------------- what silence and an answer mean */

static void
suspect_give_verdict(struct swim *s, const struct input *in, struct member *m)
{
	/* We are asking whether the member has left, or are not to judge: the suspicion begins again. */
	if (inquiry_is_leaver(s, &m->addr) || doubt_forbids_verdict(s, m->suspicion->began)) {
		suspect_begin(s, m);
		return;
	}
	/* If no accuser is alive any more, the finding is ours. */
	if (suspicion_accusers(s, m) == 0)
		suspicion_accuse(s, m, s->self->hash);
	members_transition(s, in, m, LIFE_DEAD,
	    RULE(owner_raises) ? m->incarnation : m->incarnation + 1);
	gossip_queue(s, m);
}

/* The suspect has answered no question of the round, which is over. */
static void
suspect_is_silent(struct swim *s, const struct input *in, struct member *m)
{
	if (m->suspicion->round == ROUND_LAST) {
		suspect_give_verdict(s, in, m);
		return;
	}
	suspect_set_round(s, m->suspicion, ROUND_NONE);
	suspect_schedule(s, m);
	if (doubt_may_accuse(s))
		suspicion_found_silent(s, in, m);
}

/*
 * The suspect has answered, so it lives, though it may not have refuted: a base peer may not know the name that it is suspected
 * under, and no incarnation is above the last one.  The suspect is asked no more often than it would be probed, however soon
 * its answers come.
 */
static void
suspect_lives(struct swim *s, struct member *m)
{
	suspect_restart(s, m, swim_time_add(s->now, s->config.timing.probe_interval));
}

/* Does the answer come from m, as far as the answer names its sender?  Another member at m's address is no sign of life of m. */
static bool
suspect_is_answerer(const struct input *in, const struct member *m)
{
	return in->msg->member.id.len == 0 || probe_same_id(in->msg->member.id, m);
}

/* An answer in a confirmation round tells which questions of the round were lost, as the suspect is alive. */
static void
suspect_measure_loss(struct swim *s, const struct suspicion *x, uint64_t answered)
{
	uint64_t first = x->question.seq + x->question.tries - x->confirm_asked;

	for (uint64_t seq = first; (int64_t)(answered - seq) > 0; seq++)
		doubt_question_lost(s);
	doubt_question_answered(s);
}

struct answer
suspect_answered(struct swim *s, const struct input *in, struct question *q)
{
	const struct suspicion *x = question_owner(q, struct suspicion, question);
	struct member *m = s->suspects[x->place];
	struct answer answer = {.ours = true};

	if (!suspect_is_answerer(in, m))
		return answer;
	if (x->round == ROUND_CONFIRMATION)
		suspect_measure_loss(s, x, in->msg->seq);
	answer.asked = *link_address(m);
	suspect_lives(s, m);
	return answer;
}

/* The suspect may not read what comes from our address, because somebody floods it with datagrams from there. */
struct answer
suspect_answered_to_others(struct swim *s, const struct input *in, struct question *q)
{
	const struct suspicion *x = question_owner(q, struct suspicion, question_to_others);
	struct member *m = s->suspects[x->place];

	if (!RULE(answer_to_others_counts))
		return (struct answer){0};
	if (suspect_is_answerer(in, m)) {
		probe_helped(s, in, m);
		suspect_lives(s, m);
	}
	return (struct answer){.ours = true};
}

/* --------------------------------------------------------------------------------------------- time */

static bool
suspect_is_due(const struct swim *s, const struct member *m)
{
	return swim_time_reached(s->now, m->suspicion->question.deadline);
}

/* Do what is due now.  Accusers may have died since the schedule was made, so that nothing may be due yet. */
static void
suspect_act(struct swim *s, const struct input *in, struct member *m)
{
	suspect_schedule(s, m);
	if (!suspect_is_due(s, m))
		return;
	suspect_enter_round(s, m);
	suspect_schedule(s, m);
	if (!suspect_is_due(s, m))
		return;
	if (suspect_round_is_over(s, m))
		suspect_is_silent(s, in, m);
	else
		suspect_ask(s, m);
}

void
suspect_unanswered(struct swim *s, const struct input *in, struct question *q)
{
	suspect_act(s, in, s->suspects[question_owner(q, struct suspicion, question)->place]);
}

void
suspect_stalled(struct swim *s, swim_duration late)
{
	for (size_t i = 0; i < s->suspect_count; i++) {
		struct member *m = s->suspects[i];
		struct suspicion *x = m->suspicion;

		x->began = swim_time_add(x->began, late);
		x->answer_due = swim_time_add(x->answer_due, late);
		/* Nobody was there to hear the answers. */
		if (RULE(stall_voids_questions))
			suspect_forget_questions(s, x);
		suspect_schedule(s, m);
	}
}
