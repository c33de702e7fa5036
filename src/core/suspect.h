/* SPDX-License-Identifier: MIT */
/* The questions to a suspect, when each is asked, and the verdict. */
#ifndef SWIMD_CORE_SUSPECT_H
#define SWIMD_CORE_SUSPECT_H

#include "core/swim.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

/* Which round of questions to a suspect is under way.  suspect.c draws the time line. */
enum suspect_round {
	ROUND_NONE, /* single questions, with pauses */
	ROUND_CONFIRMATION, /* this member is chosen to confirm, and accuses the suspect if the suspect is silent */
	ROUND_LAST, /* the questions right before the verdict */
};
/* Confirmation rounds that are under way at a time, at most. */
#define CONFIRMATIONS_MAX 64

/* Begin the time line of the suspect m, for the first time or again.  What m did not answer before counts no longer. */
void suspect_begin(struct swim *, struct member *m);
/* Compute the deadline of the suspect m, and when it is asked next, by the accusers that count now. */
void suspect_schedule(struct swim *, struct member *m);
/* Another member has told us that m is suspect: begin a confirmation round, now or later, if we are chosen to confirm. */
void suspect_confirm(struct swim *, struct member *m);
/* m is suspect no longer: close its questions. */
void suspect_end(struct swim *, struct member *m);
/* How long a suspicion lasts that as many members as possible have confirmed. */
swim_duration suspect_shortest(const struct swim *);
/* The suspect has answered us. */
struct answer suspect_answered(struct swim *, const struct input *, struct question *);
/* The suspect has answered another member, which tells us so. */
struct answer suspect_answered_to_others(struct swim *, const struct input *, struct question *);
/* Ask the suspect its next question, or give the verdict. */
void suspect_unanswered(struct swim *, const struct input *, struct question *);
/* The process stood still for so long: all time lines are moved, and the questions under way are void. */
void suspect_stalled(struct swim *, swim_duration late);

#endif
