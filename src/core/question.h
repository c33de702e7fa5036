/* SPDX-License-Identifier: MIT */
/*
 * The table of questions: each question of ours that waits for an answer has a row, which is found by the sequence number of
 * the answer, and by its deadline when no answer has come.  A row is a field of the object that its purpose is about, so that
 * a question needs no memory of its own.  It has to be closed before that object is freed or assigned anew.
 */
#ifndef SWIMD_CORE_QUESTION_H
#define SWIMD_CORE_QUESTION_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct swim;

/* What a question is asked for.  The comment names the object that the row is a field of. */
enum question_purpose {
	QUESTION_CLOSED,       /* the row waits for no answer */
	QUESTION_PROBE,        /* struct probe: is the target of this period alive? */
	QUESTION_PROBE_SECOND, /* struct probe: the same, at another address of the target */
	QUESTION_PROBE_OTHERS, /* struct probe: the same, through others */
	QUESTION_LATE,    /* struct extra: a probe that ended when others had reached the target */
	QUESTION_SUSPECT, /* struct suspicion: is a suspect alive? */
	QUESTION_SUSPECT_OTHERS, /* struct suspicion: the same, through others */
	QUESTION_TRIAL,      /* struct damping: does a member answer us while we are held dead? */
	QUESTION_LINK_CHECK, /* struct link_check: is the link with a member broken? */
	QUESTION_LINK_RETRY, /* struct link_retry: does a member answer at this address? */
	QUESTION_RELAY,      /* struct relay: is the target of another's ping-req alive? */
	QUESTION_INQUIRY,    /* struct inquiry: who lives at this address? */
	QUESTION_VISITOR, /* struct visitor: does a member live there of which a stranger told? */
	QUESTION_ROUTABLE, /* struct extra: does a member live at its address, before it is sent rumours? */
	QUESTION_PATH,         /* struct path_check: does a datagram of this size arrive? */
	QUESTION_INTRODUCTION, /* struct introduction: has a base peer been told of these members? */
	QUESTION_SYNC,         /* struct sync: a page of another's view */
};
#define QUESTION_PURPOSES (QUESTION_SYNC + 1)

struct question {
	struct question *next; /* in its bucket */
	uint64_t seq;          /* of the first try */
	swim_time sent;        /* the last try; before the first, when the row was opened */
	/* set by question_wait(), and kept when that time has passed */
	swim_time deadline;
	/* place of the row in the heap, plus 1; 0: no deadline to come; UINT32_MAX: not in the heap */
	uint32_t timer;
	uint8_t purpose; /* enum question_purpose; a row of zeros is closed */
	uint8_t tries;   /* how often the question was sent; an answer to any try is an answer */
	/* how many sequence numbers the tries have: `seq` and those that follow it; 0: not sent yet */
	uint8_t numbers;
	bool of_stranger; /* a stranger made us ask, at an address of its choice */
};
#define QUESTION_TRIES_MOST UINT8_MAX
/*
 * Strangers may make us ask so many questions of one purpose at a time.  That is half of SWIM_RELAYS and of SWIM_INQUIRIES: the
 * other half is left to members and to joins.  Each purpose has its own count, so that a flood of greetings, say, stops no
 * ping-req of a stranger.
 */
#define QUESTION_STRANGERS_MAX 32

/* All open rows, by sequence number, and those that have a deadline to come, by deadline. */
struct questions {
	struct question **buckets;
	size_t bucket_count, count;
	struct question **timers; /* heap of rows with a deadline to come, the earliest first */
	size_t timer_count, timer_capacity;
	uint32_t of_strangers[QUESTION_PURPOSES]; /* open rows that strangers made us ask */
	size_t unsorted_count; /* rows with a deadline to come for which the heap has no room */
};

/* The object that the row is this field of. */
#define question_owner(row, type, field) ((type *)(void *)((char *)(row)-offsetof(type, field)))

/* False: no memory. */
bool questions_init(struct swim *, struct questions *);
void questions_fini(struct swim *, struct questions *);
/* Open the row, which may be open already, for a question whose first try has this number.  It has not been sent yet. */
void question_open(struct swim *, struct question *, enum question_purpose, uint64_t seq);
/* The same, for a question that a stranger makes us ask. */
void question_open_for_stranger(struct swim *, struct question *, enum question_purpose,
    uint64_t seq);
/* May a stranger make us ask one question more of this purpose? */
bool question_has_room_for_stranger(const struct swim *, enum question_purpose);
/*
 * The tries of `from` become those of `to`, for this purpose, so that an answer to them is found in `to`.  Closes `from`, and
 * the question that `to` was open for before.
 */
void question_move(struct swim *, struct question *to, enum question_purpose,
    struct question *from);
/*
 * Count one try more, which is sent now.  Returns its number, the next after that of the try before: the same where all
 * QUESTION_TRIES_MOST are taken.
 */
uint64_t question_try(struct swim *, struct question *);
/* The same, for a question all of whose tries have one number, as any answer to any of them means the same. */
uint64_t question_repeat(struct swim *, struct question *);
/*
 * Set the deadline of the row, in place of the one before.  If the row is still open then, swim_tick() calls unanswered() of
 * its purpose once (handlers[] in swim.c).  While we leave, only relays and inquiries have deadlines: others wait for the end
 * of a relay, and inquiries decide about our name.
 */
void question_wait(struct swim *, struct question *, swim_time until);
/* We begin to leave: drop the deadlines that question_wait() would no longer set. */
void questions_leave(struct swim *);
/* The row waits for no answer any more, if it did. */
void question_close(struct swim *, struct question *);
/* The open row of the question to which a datagram of this number is an answer; NULL: none.  Takes the same time for all. */
struct question *question_find(const struct swim *, uint64_t seq);
/* Is this the number of a try of an open question of this purpose? */
bool question_is(const struct swim *, uint64_t seq, enum question_purpose);
/* The earliest deadline of all rows, or SWIM_TIME_NEVER. */
swim_time question_deadline(const struct swim *);
/* The row whose deadline passed first; the row then has no deadline to come.  NULL: no deadline has passed. */
struct question *question_take_due(struct swim *);

static inline bool
question_is_open(const struct question *q)
{
	return q->purpose != QUESTION_CLOSED;
}

/*
 * The object of the row is about to be freed or assigned anew.  If the row were open, the table would keep a pointer to it.
 */
static inline void
question_fini(const struct question *q)
{
	assert(!question_is_open(q));
	(void)q; /* where assertions are compiled out */
}

#endif
