/* SPDX-License-Identifier: MIT */
#include "sim/inspect.h"

#include <math.h>
#include <stdio.h>

#include "core/internal.h"

/* Each suspect has a timer and distinct accusers, and is in the list of suspects; no other member has accusers but the dead. */
static const char *
suspicion_fault(const struct swim *s, const struct member *m)
{
	const struct suspicion *x = suspicion_of(m);
	bool suspect = members_status(m) == SWIM_SUSPECT && members_is_visible(m);

	if (suspect != (x->place != SUSPECT_NOWHERE))
		return suspect ? "suspect, but not in the list of suspects"
			       : "in the list of suspects, but not suspect";
	if (!suspect && m->suspicion != NULL && x->accuser_count == 0)
		return "has a suspicion, but is not suspect and has no accuser";
	if (!suspect)
		return x->accuser_count > 0 && members_status(m) != SWIM_DEAD &&
			       members_is_visible(m)
			   ? "has an accuser, but is neither suspect nor dead"
			   : NULL;
	if (x->place >= s->suspect_count || s->suspects[x->place] != m)
		return "not at its place in the list of suspects";
	if (swim_time_is_never(m->deadline))
		return "suspect without a timer";
	if (x->accuser_count > WIRE_ACCUSERS_MAX)
		return "has more accusers than an update has room for";
	for (unsigned i = 0; i < x->accuser_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (x->accusers[i] == x->accusers[j])
				return "has one accuser twice";
	return NULL;
}

static const char *
rumour_fault(const struct swim *s, const struct member *m)
{
	/* The capacity stands for the highest number of members so far: the limit may have fallen since. */
	double limit = s->config.timing.retransmit_mult *
		       ceil(log10((double)s->table.capacity + 1)) * (members_is_removed(m) ? 2 : 1);

	if (m->rumour != NULL && m->rumour->sent >= (limit > 1 ? limit : 1))
		return "its rumour is kept after its last sending";
	if (m->rumour != NULL && m->rumour->member != m)
		return "its rumour is about another member";
	if (m->rumour != NULL && m->unnamed)
		return "there is a rumour about an unnamed peer";
	return NULL;
}

static const char *
list_fault(const struct swim *s, const struct member *m)
{
	bool live = members_status(m) <= SWIM_SUSPECT && members_is_visible(m) && m != s->self;
	bool gone = !live && m != s->self;

	if (live != members_is_live(m) || gone != members_is_gone(m))
		return "in the wrong list of live and gone members";
	if ((live && s->live[m->place] != m) || (gone && s->gone[m->place] != m))
		return "not at its place in the list of live or gone members";
	return NULL;
}

/* What the core's own objects ask, and the members that these questions are about. */
struct asked {
	size_t rows; /* open */
	const struct member *targets[4 + PATH_CHECKS_MAX];
	size_t target_count, found; /* found: how many of them are members */
	bool misused;               /* a row is open for another purpose than its object's */
};

static void
count_row(struct asked *a, const struct question *q, enum question_purpose purpose)
{
	a->rows += question_is_open(q);
	a->misused |= question_is_open(q) && q->purpose != purpose;
}

static void
count_row_about(struct asked *a, const struct question *q, enum question_purpose purpose,
    const struct member *target)
{
	count_row(a, q, purpose);
	if (question_is_open(q))
		a->targets[a->target_count++] = target;
}

static void
count_rows_of_member(struct asked *a, const struct member *m)
{
	const struct suspicion *x = suspicion_of(m);

	for (size_t i = 0; i < a->target_count; i++)
		a->found += a->targets[i] == m;
	if (m->extra != NULL) {
		count_row(a, &m->extra->late, QUESTION_LATE);
		count_row(a, &m->extra->routable_question, QUESTION_ROUTABLE);
		if (m->extra->intro != NULL)
			count_row(a, &m->extra->intro->question, QUESTION_INTRODUCTION);
	}
	if (x->place != SUSPECT_NOWHERE) {
		count_row(a, &x->question, QUESTION_SUSPECT);
		count_row(a, &x->question_to_others, QUESTION_SUSPECT_OTHERS);
	}
}

static void
count_rows_of_core(struct asked *a, const struct swim *s)
{
	count_row_about(a, &s->probe.direct, QUESTION_PROBE, s->probe.target);
	count_row(a, &s->probe.elsewhere, QUESTION_PROBE_SECOND);
	count_row_about(a, &s->probe.others, QUESTION_PROBE_OTHERS, s->probe.target);
	count_row_about(a, &s->link_check.question, QUESTION_LINK_CHECK, s->link_check.target);
	count_row_about(a, &s->link_retry.question, QUESTION_LINK_RETRY, s->link_retry.target);
	count_row(a, &s->sync.question, QUESTION_SYNC);
	for (unsigned i = 0; i < PATH_CHECKS_MAX; i++)
		count_row_about(a, &s->path_checks[i].question, QUESTION_PATH,
		    s->path_checks[i].target);
	for (unsigned i = 0; i < DAMPING_PINGS && s->damping.on_trial; i++)
		count_row(a, &s->damping.pings[i], QUESTION_TRIAL);
	for (unsigned i = 0; i < SWIM_RELAYS; i++)
		count_row(a, &s->relays[i].question, QUESTION_RELAY);
	for (unsigned i = 0; i < SWIM_INQUIRIES; i++)
		count_row(a, &s->inquiries[i].question, QUESTION_INQUIRY);
	for (unsigned i = 0; i < VISITORS_MAX; i++)
		count_row(a, &s->visitors[i].question, QUESTION_VISITOR);
}

/* Every row of the table is one of an object in use, for what that object asks, and about a member that there is. */
static const char *
questions_fault(const struct swim *s)
{
	struct asked a = {0};

	count_rows_of_core(&a, s);
	for (size_t i = 0; i < s->table.count; i++)
		count_rows_of_member(&a, s->table.v[i]);
	if (a.misused)
		return "a question is open for what its object does not ask";
	if (a.found != a.target_count)
		return "a question is open about a member that is gone";
	if (a.rows != s->questions.count)
		return "the table of questions has rows of objects that are not in use";
	return NULL;
}

bool
inspect(const struct swim *s, char *why, size_t size)
{
	size_t rumours = 0, suspicions = 0, confirmations = 0, kinds = 0, named = 0;

	for (size_t i = 0; i < s->table.count; i++) {
		const struct member *m = s->table.v[i];
		const char *fault = suspicion_fault(s, m);

		rumours += m->rumour != NULL;
		suspicions += m->suspicion != NULL;
		confirmations += suspicion_of(m)->round == ROUND_CONFIRMATION;
		if (fault == NULL)
			fault = rumour_fault(s, m);
		if (fault == NULL)
			fault = list_fault(s, m);
		if (fault != NULL) {
			snprintf(why, size, "%s about %s: %s", s->self->name, m->name, fault);
			return true;
		}
	}
	if (questions_fault(s) != NULL) {
		snprintf(why, size, "%s: %s", s->self->name, questions_fault(s));
		return true;
	}
	for (unsigned k = 0; k < RUMOUR_KINDS; k++)
		kinds += s->rumours.kind_count[k];
	for (unsigned k = 0; k < SWIM_STATUS_COUNT; k++)
		named += s->status_count[k];
	if (kinds != rumours || s->rumours.pool.taken != rumours ||
	    s->suspicions.taken != suspicions || s->confirmations != confirmations ||
	    named != s->named.count || s->live_count + s->gone_count + 1 != s->table.count) {
		snprintf(why, size, "%s: its counts and its lists disagree", s->self->name);
		return true;
	}
	if (rumours != s->rumours.count || s->table.count > s->config.max_members ||
	    s->unnamed_count > UNNAMED_MAX || s->out_count > OUTBOX_DATAGRAMS ||
	    s->confirmations > CONFIRMATIONS_MAX || s->doubt.health > HEALTH_MAX) {
		snprintf(why, size,
		    "%s: a bound is exceeded: %zu members, %zu rumours (counted %zu), %zu datagrams waiting",
		    s->self->name, s->table.count, rumours, s->rumours.count, s->out_count);
		return true;
	}
	return false;
}

unsigned
inspect_questions(const struct swim *s)
{
	return doubt_questions(s);
}

bool
inspect_forgets_in(const struct swim *s, swim_duration *out)
{
	swim_time at = SWIM_TIME_NEVER;

	for (size_t i = 0; i < s->gone_count; i++)
		if (members_is_removed(s->gone[i]))
			at = swim_time_min(at, s->gone[i]->deadline);
	if (swim_time_is_never(at))
		return false;
	*out = swim_time_since(at, s->now);
	return true;
}

uint64_t
inspect_removals(const struct swim *s)
{
	return s->removed_digest;
}

static bool
ends_soon(const struct swim *s, swim_time at)
{
	int64_t left = swim_time_since(at, s->now).ns;

	return left > swim_seconds(-1).ns && left < swim_seconds(60).ns;
}

bool
inspect_rest(const struct swim *s, char *why, size_t size)
{
	const char *busy = s->suspect_count > 0                  ? "a suspicion"
			   : question_is_open(&s->sync.question) ? "a sync"
								 : NULL;

	for (size_t i = 0; i < SWIM_RELAYS; i++)
		/* A relay may have begun just now; its deadline must come soon. */
		if (question_is_open(&s->relays[i].question) &&
		    !ends_soon(s, s->relays[i].question.deadline))
			busy = "a ping for another member";
	for (size_t i = 0; i < SWIM_INQUIRIES; i++)
		if (question_is_open(&s->inquiries[i].question) &&
		    s->inquiries[i].kind != INQUIRY_SEED)
			busy = "a question to a stranger";
	if (s->rumours.count > 0)
		busy = "a rumour";
	if (s->out_taken < s->out_count || s->event_taken < s->event_count)
		busy = "a datagram or event that nobody took out";
	if (busy != NULL)
		snprintf(why, size, "%s is not at rest: %s is under way", s->self->name, busy);
	return busy != NULL;
}
