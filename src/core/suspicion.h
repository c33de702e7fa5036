/* SPDX-License-Identifier: MIT */
/* Which members are suspect, and which members accuse them. */
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

/* What is kept of a suspect: its accusers, and the time line of suspect.c.  Of a dead member only the accusers are kept. */
struct suspicion {
	swim_time began; /* of the time line */
	/* when the last question has had its patience, or the pause after an answer ends; no single question is asked before */
	swim_time answer_due;
	/* when our confirmation round begins; NEVER: it has begun, or we are not chosen */
	swim_time confirm_at;
	/* to the suspect; at its deadline the next try is due, or after the last try the judgement */
	struct question question;
	struct question question_to_others; /* to other members, which pass it on to the suspect */
	uint64_t accusers[WIRE_ACCUSERS_MAX]; /* hashes of their names */
	uint32_t place;                       /* in suspects[], or SUSPECT_NOWHERE */
	uint8_t accuser_count;
	enum suspect_round round : 8;
	uint8_t confirm_asked; /* questions of the confirmation round that is under way */
	uint8_t last_asked;    /* questions since the last round was due */
	/* questions that count for the verdict: all but those of the confirmation round */
	uint8_t unanswered;
	bool doomed; /* a removal was heard: the suspect is to be forgotten as soon as it is dead */
};
#define SUSPECT_NOWHERE UINT32_MAX

extern const struct suspicion suspicion_none;
/* The suspicion of m, to be read; an empty one if m has none. */
static inline const struct suspicion *
suspicion_of(const struct member *m)
{
	return m->suspicion != NULL ? m->suspicion : &suspicion_none;
}

/*
 * Make room for one suspicion more, before a member becomes suspect.  False: there is no memory, and more than one member in
 * eight is suspect, or dead with accusers.
 */
bool suspicion_room(struct swim *);
/* Make room ahead for suspicions of one in eight of so many members.  False: no memory. */
bool suspicion_room_ahead(struct swim *, size_t members);
/* m takes another status or incarnation: drop its accusers, and the removal that was to follow its death. */
void suspicion_clear(struct member *m);
/* m has taken another status: if m is suspect now, list it with the suspects (suspicion_room() has made room), else not. */
void suspicion_follow_status(struct swim *, struct member *m);
/* m is about to be freed: take m out of the list of suspects, and give its suspicion back to the pool. */
void suspicion_forget(struct swim *, struct member *m);
/* A removal of the suspect m was heard: m is forgotten as soon as it is dead. */
void suspicion_doom(struct member *m);
/* The update tells that m is dead: keep the accusers that it names, to name them with the death. */
void suspicion_keep_verdict(struct swim *, struct member *m, const struct wire_update *);
/*
 * Add an accuser of the suspect m, by the hash of the accuser's name, and move the deadline.  False: it is an accuser already,
 * or does not count, or there is no room.
 */
bool suspicion_accuse(struct swim *, struct member *m, uint64_t accuser);
/* We have asked m in vain: m is suspect, and we accuse it. */
void suspicion_found_silent(struct swim *, const struct input *, struct member *m);
/* Add the accusers of m that the update names.  True: one of them is new. */
bool suspicion_add_accusers(struct swim *, const struct input *, struct member *m,
    const struct wire_update *);
/* Do we hold all accusers dead that the update names, or if it names none, the speaker? */
bool suspicion_is_void(const struct swim *, const struct input *, const struct wire_update *);
/* The update tells that m is dead: does it, with the accusers that we know, name enough accusers for us to hold m dead? */
bool suspicion_confirms(const struct swim *, const struct member *m, const struct wire_update *);
/* Write the accusers to be named in an update about m: of a suspect all, of a dead member as many as a verdict needs.  Returns
 * their number. */
uint8_t suspicion_named(const struct swim *, const struct member *m,
    uint64_t out[WIRE_ACCUSERS_MAX]);
/* How many accusers of m count: those that we hold alive or suspect. */
unsigned suspicion_accusers(const struct swim *, const struct member *m);
/* Do as many accusers of m count as others need to take over a verdict? */
bool suspicion_confirmed(const struct swim *, const struct member *m);
/* How many suspects have been found silent by at least two members besides us? */
size_t suspicion_outage(const struct swim *);
/* Do we accuse m ourselves? */
bool suspicion_is_ours(const struct swim *, const struct member *m);

#endif
