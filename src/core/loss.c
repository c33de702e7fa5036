/* SPDX-License-Identifier: MIT */
#include "core/loss.h"

#include <math.h>

/*
 * The weight of one more question is that of one more round trip in RFC 6298, section 2.  An answer has half of that weight:
 * if the share is too low by chance, a live member may be declared dead; if it is too high, that costs a few more questions.
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
