/* SPDX-License-Identifier: MIT */
/*
 * Flap damping (RFC 2439 in spirit, but at the source).  Whoever is held dead and lives refutes it, the first
 * time at once.  One that is declared dead again and again has a link or a host that works now and then;
 * each return would be followed by the next verdict, for ever.  So from the second time on it first has
 * to find, for a while that grows with every return, that others answer its pings; until then it
 * neither returns nor declares anybody dead.
 */
#include "core/internal.h"

/* Of the probe interval, how long the first trial lasts, and how often it pings. */
#define TRIAL_INTERVALS 2
#define PINGS_PER_INTERVAL 4
#define TRIAL_GROWTH 2
/* The longest: who is fine once the trouble is over is back within half a minute. */
#define TRIAL_MAX swim_seconds(25)
/* So many pings without an answer, and it begins anew: one that was well for most of it has failed again. */
#define UNANSWERED_MAX 8
/* So long after a return it is forgotten. */
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
damping_condemned(struct swim *s, const struct input *in, uint64_t than)
{
	struct damping *d = &s->damping;

	if (d->condemned) {
		d->than = than > d->than ? than : d->than;
		return;
	}
	d->than = than;
	if (!damping_has_returned(s) || !RULE(return_waits)) {
		damping_come_back(s, in);
		return;
	}
	d->condemned = true;
	damping_begin_trial(s);
}

void
damping_hearsay(struct swim *s, const struct input *in, uint64_t than)
{
	if (s->damping.condemned)
		damping_condemned(s, in, than);
	else
		apply_refute(s, in, than);
}

void
damping_suspected(struct swim *s, const struct input *in, uint64_t than)
{
	swim_duration late = swim_time_since(s->now, swim_deadline(s));
	/*
	 * Whoever stood still for as long as that has been declared dead meanwhile, if it was before: those whom it
	 * hears first may not know yet.
	 */
	bool stalled = late.ns >= s->config.timing.suspicion_min.ns ||
		       (RULE(recent_stall_counts) && s->damping.stalled &&
			   swim_time_since(s->now, s->damping.went_on).ns <
			       s->config.timing.probe_interval.ns);

	if (s->damping.condemned || (RULE(stall_waits) && stalled && damping_has_returned(s)))
		damping_condemned(s, in, than);
	else
		apply_refute(s, in, than);
}

void
damping_was_dead(struct swim *s, uint64_t incarnation)
{
	/* We have risen above that already: without knowing, when we refuted the suspicion before it. */
	if (s->damping.returns == 0 || incarnation >= s->damping.deaths_below)
		damping_count_return(s);
}

void
damping_acquit(struct swim *s)
{
	if (!s->damping.condemned)
		return;
	s->damping.condemned = false;
	for (unsigned i = 0; i < DAMPING_PINGS; i++)
		question_close(s, &s->damping.pings[i]);
}

/* Held dead, and others are heard: whatever we find silent may be silent to us alone. */
bool
damping_doubts_us(const struct swim *s)
{
	return s->damping.condemned && swim_time_since(s->now, s->doubt.heard).ns < TRIAL_MAX.ns;
}

struct answer
damping_answered(struct swim *s, const struct input *in, struct question *q)
{
	(void)in; /* whoever answers */
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
	if (s->damping.condemned)
		damping_begin_trial(s);
}

void
damping_tick(struct swim *s, const struct input *in)
{
	struct damping *d = &s->damping;
	struct member *to;

	if (!d->condemned)
		return;
	if (swim_time_reached(s->now, d->ends)) {
		if (2 * d->acked >= d->asked)
			damping_come_back(s, in);
		else
			damping_begin_trial(s);
	}
	if (d->unanswered == UNANSWERED_MAX)
		damping_begin_trial(s);
	if (!d->condemned || !swim_time_reached(s->now, d->ping_at))
		return;
	d->ping_at =
	    swim_time_add(s->now, swim_ns(s->config.timing.probe_interval.ns / PINGS_PER_INTERVAL));
	if (members_pick(s, 1, NULL, locate_is_reached, &to) == 1) {
		struct question *q = &d->pings[d->asked++ % DAMPING_PINGS];

		d->unanswered++;
		question_open(s, q, QUESTION_TRIAL, core_seq(s));
		probe_ping(s, to, question_try(q));
	}
}

swim_time
damping_deadline(const struct swim *s)
{
	return s->damping.condemned ? swim_time_min(s->damping.ping_at, s->damping.ends)
				    : SWIM_TIME_NEVER;
}
