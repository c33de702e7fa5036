/* SPDX-License-Identifier: MIT */
/*
 * Self-doubt: may this member accuse another one now, and how patient must it be?  What it measures of itself is
 *
 *	health		Lifeguard's local health (IV.A): failures of its own part, and signs that it is slow; it stretches
 *			every wait for an answer;
 *	loss		the share of its questions that are lost; it sets how many questions silence takes;
 *	lag		how late its loop runs; a late loop measures no round trips;
 *	stall		it stood still, and has heard no answer since: its next failed probes say nothing of others;
 *	deafness	it hears nobody at all: then it is more likely itself than all others;
 *	trial		it is held dead itself (damping.c).
 */
#include "base/rule.h"
#include "core/internal.h"

/* Of the probe timeout, how late our loop runs when answers of others begin to look late. */
#define LAG_OF_TIMEOUT 0.5
/* A tick this late means that the whole process stood still, not that the others did. */
#define STALL_PERIODS 0.5
/* Probes that may fail after a stall before we believe them: by then it isn't us. */
#define STALL_FAILURES_MAX 3
/* Probe intervals without a datagram from anybody: the fault may well be ours. */
#define SILENCE_PERIODS 3
/* Who hears nobody at all is alone, or deaf: it waits so long for each other that it knows, but the first. */
#define DEAF_PER_MEMBER swim_seconds(5)
#define DEAF_MAX swim_seconds(90)

void
doubt_init(struct swim *s)
{
	s->doubt = (struct doubt){.strain_at = s->now, .heard = s->now, .hearing_since = s->now};
}

/* ------------------------------------------------------------------------------- what is measured */

static void
doubt_move_health(struct swim *s, int change)
{
	int health = RULE(local_health) ? (int)s->doubt.health + change : 0;
	int most = RULE(health_bound) ? HEALTH_MAX : health;

	s->doubt.health = health < 0 ? 0 : (unsigned)(health > most ? most : health);
}

void
doubt_worsen(struct swim *s)
{
	doubt_move_health(s, 1);
}

void
doubt_improve(struct swim *s)
{
	doubt_move_health(s, -1);
}

/*
 * Something other than a probe says that we are slow or miss datagrams.  However often within a period: it is one
 * cause, and an answered probe takes one step back.  Who is alone judges nobody, and has nobody whose answers would.
 */
void
doubt_strain(struct swim *s)
{
	if (s->live_count == 0 || !swim_time_reached(s->now, s->doubt.strain_at))
		return;
	s->doubt.strain_at = swim_time_add(s->now, s->config.timing.probe_interval);
	doubt_worsen(s);
}

void
swim_strained(struct swim *s, swim_time now, uint64_t dropped, swim_duration lag)
{
	s->now = now;
	if (dropped > 0 ||
	    lag.ns >= swim_duration_scale(s->config.timing.probe_timeout, LAG_OF_TIMEOUT).ns)
		doubt_strain(s);
}

void
doubt_heard(struct swim *s)
{
	if (swim_time_since(s->now, s->doubt.heard).ns >
	    SILENCE_PERIODS * s->config.timing.probe_interval.ns)
		s->doubt.hearing_since = s->now;
	s->doubt.heard = s->now;
}

void
doubt_question_answered(struct swim *s)
{
	loss_answered(&s->doubt.loss);
}

void
doubt_question_lost(struct swim *s)
{
	loss_lost(&s->doubt.loss);
}

void
doubt_stood_still(struct swim *s)
{
	s->doubt.stalled = true;
	s->doubt.stall_failures = 0;
	doubt_strain(s);
}

void
doubt_probe_answered(struct swim *s)
{
	s->doubt.stalled = false;
	doubt_improve(s);
}

/* ---------------------------------------------------------------------------- what follows from it */

bool
doubt_is_late(const struct swim *s)
{
	swim_duration late = swim_time_since(s->now, swim_deadline(s));

	return late.ns >= swim_duration_scale(s->config.timing.probe_timeout, LAG_OF_TIMEOUT).ns;
}

bool
doubt_is_stall(const struct swim *s, swim_duration late)
{
	return RULE(stall_is_noticed) &&
	       late.ns >= swim_duration_scale(s->config.timing.probe_interval, STALL_PERIODS).ns;
}

swim_duration
doubt_stretch(const struct swim *s, swim_duration d)
{
	return swim_ns(d.ns * (int64_t)(s->doubt.health + 1));
}

swim_duration
doubt_stretch_period(const struct swim *s, swim_duration period)
{
	return swim_duration_scale(period, 1 + s->doubt.health / 2.0);
}

bool
doubt_may_accuse(const struct swim *s)
{
	return !s->doubt.stalled;
}

bool
doubt_excuses_failure(struct swim *s)
{
	if (s->doubt.stalled && ++s->doubt.stall_failures <= STALL_FAILURES_MAX)
		return true;
	s->doubt.stalled = false;
	return false;
}

/*
 * Nobody at all has been heard since this suspicion began, or only just: then it is more likely us.  The more there are
 * that would all have to be dead, the longer we wait for one of them.
 */
static bool
doubt_is_deaf(const struct swim *s, swim_time since)
{
	int64_t others = (int64_t)s->live_count - 1;
	int64_t wait = DEAF_PER_MEMBER.ns * others;

	if (wait > DEAF_MAX.ns)
		wait = DEAF_MAX.ns;
	if (swim_time_reached(s->doubt.heard, since))
		return wait > 0 && swim_time_before(since, s->doubt.hearing_since);
	return swim_time_since(s->now, s->doubt.heard).ns < wait;
}

bool
doubt_forbids_verdict(const struct swim *s, swim_time since)
{
	return (RULE(deaf_waits) && doubt_is_deaf(s, since)) ||
	       (RULE(returned_waits) && damping_doubts_us(s));
}

unsigned
doubt_questions(const struct swim *s)
{
	return loss_questions(&s->doubt.loss);
}

unsigned
doubt_questions_before_verdict(const struct swim *s, swim_time since)
{
	/* Whoever hears nobody may as well be deaf to all the answers. */
	return doubt_is_deaf(s, since) ? LOSS_QUESTIONS_LEAST : doubt_questions(s);
}
