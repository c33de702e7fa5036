/* SPDX-License-Identifier: MIT */
/*
 * The table of requests: each question of ours that waits for an answer has a row, which is found by the sequence number of
 * the answer.  A row is a field of the object that its purpose is about, so that a question needs no memory of its own.  It has
 * to be closed before that object is freed or assigned anew.
 */
#ifndef SWIMD_CORE_QUESTION_H
#define SWIMD_CORE_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	uint64_t seq;          /* of the first try; each has the next number */
	uint8_t purpose;       /* enum question_purpose; a row of zeros is closed */
	uint8_t tries;         /* sent; an answer to any of them is one */
	/* a stranger made us ask whom it liked, perhaps itself, and so may know the number */
	bool of_stranger;
};
#define QUESTION_TRIES_MOST UINT8_MAX

/* All open rows, by sequence number. */
struct questions {
	struct question **buckets;
	size_t bucket_count, count;
};

/* The object that the row is this field of. */
#define question_owner(row, type, field) ((type *)(void *)((char *)(row)-offsetof(type, field)))

/* False: no memory. */
bool questions_init(struct swim *, struct questions *);
void questions_fini(struct swim *, struct questions *);
/* Open the row, which may be open already, for a question whose first try has this number.  It has not been sent yet. */
void question_open(struct swim *, struct question *, enum question_purpose, uint64_t seq);
/* Count one try more.  Returns its number: that of the one before where all QUESTION_TRIES_MOST are taken. */
uint64_t question_try(struct question *);
/* The row waits for no answer any more, if it did. */
void question_close(struct swim *, struct question *);
/* The open row of the question to which a datagram of this number is an answer; NULL: none.  Takes the same time for all. */
struct question *question_find(const struct swim *, uint64_t seq);
/* Has this number been sent in a question of this purpose that is open? */
bool question_is(const struct swim *, uint64_t seq, enum question_purpose);

static inline bool
question_is_open(const struct question *q)
{
	return q->purpose != QUESTION_CLOSED;
}

#endif
