/* SPDX-License-Identifier: MIT */
#include "core/loss.h"

#include <math.h>

/*
 * The weight of one question more: that of one round trip more (RFC 6298, section 2).  An answer has half of it, for
 * a share that chance makes too low costs somebody's membership, and one too high a few questions.
 */
#define GAIN (1.0 / 8)
#define GAIN_ANSWERED (GAIN / 2)

void
loss_answered(struct loss *l)
{
	l->share -= l->share * GAIN_ANSWERED;
}

void
loss_lost(struct loss *l)
{
	l->share += (1 - l->share) * GAIN;
}

unsigned
loss_questions(const struct loss *l)
{
	if (l->share <= pow(LOSS_DOUBT, 1.0 / LOSS_QUESTIONS_LEAST))
		return LOSS_QUESTIONS_LEAST;
	if (l->share >= pow(LOSS_DOUBT, 1.0 / LOSS_QUESTIONS_MOST))
		return LOSS_QUESTIONS_MOST;
	return (unsigned)ceil(log(LOSS_DOUBT) / log(l->share));
}
