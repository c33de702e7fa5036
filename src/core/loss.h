/* SPDX-License-Identifier: MIT */
/*
 * How many questions silence takes.  What we measure is the share of our questions that bring no answer in time
 * from members that turn out to live: lost on the way there or back, or held up.  Where one in two is, three in
 * a row say little of whom they were for (one time in eight they were all lost), and ten say as much as three
 * do where one in ten is.  The dead are not counted, so that an outage is no loss, however large.
 */
#ifndef SWIMD_CORE_LOSS_H
#define SWIMD_CORE_LOSS_H

#define LOSS_QUESTIONS_LEAST 3
/* Enough for four in five that are lost, as in Rapid's experiment (ATC'18, figure 10). */
#define LOSS_QUESTIONS_MOST 32
/* The chance that may be left, within those bounds, of all the questions or their answers having been lost. */
#define LOSS_DOUBT 0.001

/* All zero at the beginning. */
struct loss {
	double share;
};

/* A question to a member that lives has been answered. */
void loss_answered(struct loss *);
/* A question to a member that lives has not been answered in time. */
void loss_lost(struct loss *);
/* How many have to stay without an answer. */
unsigned loss_questions(const struct loss *);

#endif
