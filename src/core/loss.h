/* SPDX-License-Identifier: MIT */
/*
 * How many questions in a row have to stay unanswered before the member that was asked counts as silent.  That depends on the
 * loss: the share of our questions to live members that were not answered in time, because the question or its answer was lost
 * or late.  If one in ten is lost, three unanswered questions show silence: the chance that all of them were lost is one in a
 * thousand.  If one in two is lost, that takes ten questions.  Questions to members that turn out to be dead do not count, so an
 * outage is not taken for loss, however large it is.
 */
#ifndef SWIMD_CORE_LOSS_H
#define SWIMD_CORE_LOSS_H

#define LOSS_QUESTIONS_LEAST 3
/* Enough where four in five are lost, as in Rapid's experiment (ATC'18, figure 10). */
#define LOSS_QUESTIONS_MOST 32
/* Within these bounds, the chance that all the questions were lost is at most this. */
#define LOSS_DOUBT 0.001

/* All zero at the beginning. */
struct loss {
	double share;
};

/* A question to a live member has been answered. */
void loss_answered(struct loss *);
/* A question to a live member has not been answered in time. */
void loss_lost(struct loss *);
/* How many questions in a row have to stay unanswered. */
unsigned loss_questions(const struct loss *);

#endif
