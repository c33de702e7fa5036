/* SPDX-License-Identifier: MIT */
/* Who accuses whom, for how long, and the verdict. */
#ifndef SWIMD_CORE_SUSPICION_H
#define SWIMD_CORE_SUSPICION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/members.h"
#include "core/question.h"
#include "core/suspect.h"
#include "core/swim.h"
#include "wire/wire.h"

struct input;
struct question;
struct swim;

/* Why a member is suspected; and of a dead one who came to the verdict. */
struct suspicion {
	/* of the time line that suspect.c draws, while the member is suspect: */
	swim_time began;
	swim_time ask_at; /* when the next question is due, or a judgement after the last one */
	swim_time
	    answer_due; /* when the last question has had its patience; no single question before */
	swim_time
	    confirm_at; /* when our confirmation round begins; NEVER: there is none to begin */
	struct question question;             /* to the suspect */
	struct question question_to_others;   /* which others pass on to the suspect */
	uint64_t accusers[WIRE_ACCUSERS_MAX]; /* hashes of their names */
	uint32_t place;                       /* in suspects[], or SUSPECT_NOWHERE */
	uint8_t accuser_count;
	enum suspect_round round : 8;
	uint8_t confirm_asked; /* questions of the confirmation round under way */
	uint8_t last_asked;    /* questions since the last round was due */
	uint8_t
	    unanswered; /* questions that count for the verdict: all but those of the confirmation round */
	bool doomed; /* a suspect, to be forgotten with its verdict */
};
#define SUSPECT_NOWHERE UINT32_MAX

extern const struct suspicion suspicion_none;
/* To read why m is suspected, or was held dead. */
static inline const struct suspicion *
suspicion_of(const struct member *m)
{
	return m->suspicion != NULL ? m->suspicion : &suspicion_none;
}
/*
 * Make room for one suspicion more, before a member becomes suspect.  False: there is no memory, and more members than one in
 * eight are suspect, or dead with accusers.
 */
bool suspicion_room(struct swim *);
/* Make room for the suspicions of one in eight of so many members, so that suspicion_room() needs none.  False: no memory. */
bool suspicion_room_ahead(struct swim *, size_t members);
/* m takes another status: its accusers count no longer. */
void suspicion_acquit(struct member *m);
/* m has taken another status: put it into the list of suspects, which has to have room for it, or take it out. */
void suspicion_list(struct swim *, struct member *m);
/* m is destroyed. */
void suspicion_forget(struct swim *, struct member *m);
/* The suspect m is to be forgotten with its verdict. */
void suspicion_doom(struct member *m);
/* m is dead: those who came to the verdict go with it. */
void suspicion_keep_verdict(struct swim *, struct member *m, const struct wire_update *);
/* One more accuser of a suspect, by the hash of its name; false: known, or no room. Moves the deadline. */
bool suspicion_accuse(struct swim *, struct member *, uint64_t accuser);
void suspicion_own(struct swim *, const struct input *,
    struct member *); /* ours: a probe of it failed */
/* Those who accuse m by this update; true: one is new. */
bool suspicion_take(struct swim *, const struct input *, struct member *,
    const struct wire_update *);
/* It is the word of those alone whom we hold dead. */
bool suspicion_is_void(const struct swim *, const struct input *, const struct wire_update *);
/* Enough others have found m silent for us to hold it dead, as the update does. */
bool suspicion_confirms(const struct swim *, const struct member *m, const struct wire_update *);
/* Those to be named with an update of m: all of a suspect, as many as a verdict needs of one that is dead. */
uint8_t suspicion_named(const struct swim *, const struct member *m,
    uint64_t out[WIRE_ACCUSERS_MAX]);
/* How many whom we hold alive accuse m; are they enough for a verdict? */
unsigned suspicion_accusers(const struct swim *, const struct member *m);
/* Members that several others than we find silent. */
size_t suspicion_outage(const struct swim *);
bool suspicion_confirmed(const struct swim *, const struct member *m);
/* We ourselves are one of its accusers. */
bool suspicion_is_ours(const struct swim *, const struct member *m);

#endif
