/* SPDX-License-Identifier: MIT */
/*
 * Flap damping (RFC 2439, but at the source of the flapping).  A member that is held dead though it lives refutes at once, the
 * first time.  A member that is declared dead again and again has a link or a host that works only now and then, and after each
 * return the next verdict would follow, without end.  So from the second time on the member first goes on trial: it pings random
 * members, and refutes once half of its pings were answered during a time that doubles with every return.  On trial it goes on
 * probing, and gives verdicts like any other member.
 */
#include "core/internal.h"

/* How many probe intervals the first trial lasts, and how many pings a trial sends in a probe interval. */
#define TRIAL_INTERVALS 2
#define PINGS_PER_INTERVAL 4
#define TRIAL_GROWTH 2
/* The longest trial.  A member is back within half a minute after its trouble is over. */
#define TRIAL_MAX swim_seconds(25)
/* After so many unanswered pings in a row the trial begins again: a member that was well at first has failed again. */
#define UNANSWERED_MAX 8
/* Returns that are older than this count no longer. */
#define FORGOTTEN swim_seconds(600)

static swim_duration
damping_trial_length(const struct swim *s)
{
	int64_t length = TRIAL_INTERVALS * s->config.timing.probe_interval.ns;

	for (unsigned i = 1; i < s->damping.returns && length < TRIAL_MAX.ns; i++)
		length *= TRIAL_GROWTH;
	return swim_ns(length < TRIAL_MAX.ns ? length : TRIAL_MAX.ns);
}

static void
damping_begin_trial(struct swim *s)
{
	struct damping *d = &s->damping;

	d->asked = d->acked = d->unanswered = 0;
	d->ends = swim_time_add(s->now, damping_trial_length(s));
	d->ping_at = s->now;
	for (unsigned i = 0; i < DAMPING_PINGS; i++)
		question_close(s, &d->pings[i]);
}

static void
damping_count_return(struct swim *s)
{
	struct damping *d = &s->damping;

	if (swim_time_since(s->now, d->returned).ns > FORGOTTEN.ns)
		d->returns = 0;
	d->returns++;
	d->returned = s->now;
	d->deaths_below = s->self->incarnation;
}

static void
damping_come_back(struct swim *s, const struct input *in)
{
	struct damping *d = &s->damping;

	apply_refute(s, in, d->than);
	damping_count_return(s);
}

static bool
damping_has_returned(const struct swim *s)
{
	const struct damping *d = &s->damping;

	return d->returns > 0 && swim_time_since(s->now, d->returned).ns <= FORGOTTEN.ns;
}

void
damping_held_dead(struct swim *s, const struct input *in, uint64_t than)
{
	struct damping *d = &s->damping;

	if (d->on_trial) {
		d->than = than > d->than ? than : d->than;
		return;
	}
	d->than = than;
	if (!damping_has_returned(s) || !RULE(return_waits)) {
		damping_come_back(s, in);
		return;
	}
	d->on_trial = true;
	damping_begin_trial(s);
}

void
damping_hearsay(struct swim *s, const struct input *in, uint64_t than)
{
	if (s->damping.on_trial)
		damping_held_dead(s, in, than);
	else
		apply_refute(s, in, than);
}

void
damping_suspected(struct swim *s, const struct input *in, uint64_t than)
{
	swim_duration late = swim_time_since(s->now, swim_deadline(s));
	/*
	 * A member that has returned before, and stood still for so long, has been declared dead meanwhile.  The members that
	 * it hears first may not know yet.
	 */
	bool stalled = late.ns >= s->config.timing.suspicion_min.ns ||
		       (RULE(recent_stall_counts) && s->damping.stalled &&
			   swim_time_since(s->now, s->damping.went_on).ns <
			       s->config.timing.probe_interval.ns);

	if (s->damping.on_trial || (RULE(stall_waits) && stalled && damping_has_returned(s)))
		damping_held_dead(s, in, than);
	else
		apply_refute(s, in, than);
}

void
damping_was_dead(struct swim *s, uint64_t incarnation)
{
	/* We refuted the suspicion that came before that death, so we rose above its incarnation without hearing of the death. */
	if (s->damping.returns == 0 || incarnation >= s->damping.deaths_below)
		damping_count_return(s);
}

void
damping_end_trial(struct swim *s)
{
	if (!s->damping.on_trial)
		return;
	s->damping.on_trial = false;
	for (unsigned i = 0; i < DAMPING_PINGS; i++)
		question_close(s, &s->damping.pings[i]);
}

struct answer
damping_answered(struct swim *s, const struct input *in, struct question *q)
{
	(void)in; /* an answer counts, whoever answers */
	question_close(s, q);
	s->damping.acked++;
	s->damping.unanswered = 0;
	return (struct answer){.ours = true};
}

void
damping_stalled(struct swim *s, swim_duration late)
{
	if (late.ns >= s->config.timing.suspicion_min.ns) {
		s->damping.stalled = true;
		s->damping.went_on = s->now;
	}
	if (s->damping.on_trial)
		damping_begin_trial(s);
}

void
damping_tick(struct swim *s, const struct input *in)
{
	struct damping *d = &s->damping;
	struct member *to;

	if (!d->on_trial)
		return;
	if (swim_time_reached(s->now, d->ends)) {
		if (2 * d->acked >= d->asked)
			damping_come_back(s, in);
		else
			damping_begin_trial(s);
	}
	if (d->unanswered == UNANSWERED_MAX)
		damping_begin_trial(s);
	if (!d->on_trial || !swim_time_reached(s->now, d->ping_at))
		return;
	d->ping_at =
	    swim_time_add(s->now, swim_ns(s->config.timing.probe_interval.ns / PINGS_PER_INTERVAL));
	if (members_pick(s, 1, NULL, locate_is_reached, &to) == 1) {
		struct question *q = &d->pings[d->asked++ % DAMPING_PINGS];

		d->unanswered++;
		question_open(s, q, QUESTION_TRIAL, core_seq(s));
		probe_ping(s, to, question_try(s, q));
	}
}

swim_time
damping_deadline(const struct swim *s)
{
	return s->damping.on_trial ? swim_time_min(s->damping.ping_at, s->damping.ends)
				   : SWIM_TIME_NEVER;
}
