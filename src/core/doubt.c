/* SPDX-License-Identifier: MIT */
/*
 * Self-doubt: may this member accuse another one now, and how patient must it be?  A member measures of itself:
 *
 *	health		Lifeguard's local health (IV.A): how often its own part failed, and other signs that the member is slow.
 *			Bad health stretches every wait for an answer.
 *	loss		The share of its questions that are lost.  Loss raises the number of questions before a verdict.
 *	lag		How late its loop runs.  A late loop measures no round trips.
 *	stall		The process stood still, and no probe has been answered since.  Its next failed probes accuse nobody.
 *	deafness	The member hears nobody at all.  Its own fault is more likely than the death of all others.
 */
#include "base/rule.h"
#include "core/internal.h"

/* A loop that is later than this part of the probe timeout makes answers of others look late. */
#define LAG_OF_TIMEOUT 0.5
/* A tick that is late by this part of a probe interval means that the process stood still. */
#define STALL_PERIODS 0.5
/* So many failed probes after a stall accuse nobody; by the next one the cause is not the stall. */
#define STALL_FAILURES_MAX 3
/* After more probe intervals than this without a datagram from anybody, the fault is probably ours. */
#define SILENCE_PERIODS 3
/* A member that hears nobody waits so long for each other member that would have to be dead too, and at most DEAF_MAX. */
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
 * All signs within one probe interval probably have one cause, and an answered probe takes back one step only.  A member that
 * knows no other member gives no verdicts, and no answer would ever improve its health.
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

/* While a datagram is handled, swim_deadline() still gives the deadline at which the loop should have called. */
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
doubt_stretch(const struct swim *s, swim_duration wait)
{
	return swim_ns(wait.ns * (int64_t)(s->doubt.health + 1));
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
 * Have we heard nobody while the suspicion that began at `since` lasted?  Either no datagram has been taken since then, for less
 * than a time that grows with the number of members which would all have to be dead.  Or datagrams are taken again after a
 * silence, and the suspicion began before the end of that silence.
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
	return RULE(deaf_waits) && doubt_is_deaf(s, since);
}

unsigned
doubt_questions(const struct swim *s)
{
	return loss_questions(&s->doubt.loss);
}

unsigned
doubt_questions_before_verdict(const struct swim *s, swim_time since)
{
	/* A member that hears nobody misses all answers, however often it asks, and gives no verdict meanwhile. */
	return doubt_is_deaf(s, since) ? LOSS_QUESTIONS_LEAST : doubt_questions(s);
}
