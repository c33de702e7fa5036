/* SPDX-License-Identifier: MIT */
#include "core/loss.h"

#include <math.h>

/* The weight of one question more: that of one round trip more (RFC 6298, section 2). */
#define GAIN (1.0 / 8)

void
loss_count(struct loss *l, bool answered)
{
	l->share += ((answered ? 0 : 1) - l->share) * GAIN;
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
