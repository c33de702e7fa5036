/* SPDX-License-Identifier: MIT */
/*
 * The table of questions: a hash table of the open rows.  The tries of a row have consecutive numbers.  A row is kept
 * under the block of 256 numbers that has its first number, and the number of any try is in this block or the next.
 * Numbers are random, so that nobody can make a search slow.  The table grows if memory allows; a smaller one finds the
 * same, so that a row can be opened when no memory is left.
 *
 * The rows that have a deadline to come are in a binary heap, the earliest first.  If memory does not allow the heap to
 * grow, a row with a deadline is not in the heap (QUESTION_UNSORTED), and is found by a walk over all rows.
 */
#include "core/question.h"

#include <assert.h>
#include <string.h>

#include "core/internal.h"

#define BLOCK_BITS 8
#define BUCKETS_FIRST 64 /* a power of two */
/*
 * Two values of question.timer: no deadline is to come; one is, but the heap had no room.  Others: place in the heap,
 * plus 1.
 */
#define QUESTION_UNTIMED 0
#define QUESTION_UNSORTED UINT32_MAX

_Static_assert(QUESTION_TRIES_MOST < 1 << BLOCK_BITS,
    "tries of one row reach beyond the next block");

_Static_assert(2 * QUESTION_STRANGERS_MAX <= SWIM_RELAYS,
    "strangers leave members less than half of the relays");
_Static_assert(2 * QUESTION_STRANGERS_MAX <= SWIM_INQUIRIES,
    "strangers leave members less than half of the inquiries");

bool
questions_init(struct swim *s, struct questions *t)
{
	size_t size = BUCKETS_FIRST * sizeof(*t->buckets);

	*t = (struct questions){.buckets = core_alloc(s, size), .bucket_count = BUCKETS_FIRST};
	if (t->buckets == NULL)
		return false;
	memset(t->buckets, 0, size);
	return true;
}

void
questions_fini(struct swim *s, struct questions *t)
{
	core_release(s, t->buckets);
	core_release(s, t->timers);
	*t = (struct questions){0};
}

static struct question **
question_bucket(const struct questions *t, uint64_t block)
{
	return &t->buckets[block & (t->bucket_count - 1)];
}

static void
question_put(struct questions *t, struct question *q)
{
	struct question **bucket = question_bucket(t, q->seq >> BLOCK_BITS);

	q->next = *bucket;
	*bucket = q;
}

static void
question_grow_table(struct swim *s, struct questions *t)
{
	struct questions old = *t;
	size_t count = 2 * old.bucket_count, size = count * sizeof(*t->buckets);
	struct question **buckets = core_alloc(s, size);

	if (buckets == NULL)
		return;
	memset(buckets, 0, size);
	t->buckets = buckets;
	t->bucket_count = count;
	for (size_t i = 0; i < old.bucket_count; i++) {
		for (struct question *q = old.buckets[i], *next; q != NULL; q = next) {
			next = q->next;
			question_put(t, q);
		}
	}
	core_release(s, old.buckets);
}

void
question_open(struct swim *s, struct question *q, enum question_purpose purpose, uint64_t seq)
{
	struct questions *t = &s->questions;

	question_close(s, q);
	if (t->count == t->bucket_count)
		question_grow_table(s, t);
	*q = (struct question){.seq = seq, .sent = s->now, .purpose = (uint8_t)purpose};
	question_put(t, q);
	t->count++;
}

void
question_open_for_stranger(struct swim *s, struct question *q, enum question_purpose purpose,
    uint64_t seq)
{
	question_open(s, q, purpose, seq);
	q->of_stranger = true;
	s->questions.of_strangers[purpose]++;
}

bool
question_has_room_for_stranger(const struct swim *s, enum question_purpose purpose)
{
	return s->questions.of_strangers[purpose] < QUESTION_STRANGERS_MAX;
}

void
question_move(struct swim *s, struct question *to, enum question_purpose purpose,
    struct question *from)
{
	const struct question was = *from;

	question_close(s, from);
	question_open(s, to, purpose, was.seq);
	to->sent = was.sent;
	to->tries = was.tries;
	to->numbers = was.numbers;
}

uint64_t
question_try(struct swim *s, struct question *q)
{
	if (q->numbers < QUESTION_TRIES_MOST)
		q->numbers++;
	if (q->tries < QUESTION_TRIES_MOST)
		q->tries++;
	q->sent = s->now;
	return q->seq + q->numbers - 1;
}

uint64_t
question_repeat(struct swim *s, struct question *q)
{
	q->numbers = 0;
	return question_try(s, q);
}

/*
 * Does the deadline of a come before that of b?  Of two deadlines at one time the one of the earlier purpose comes
 * first: the direct question of a probe before the question to others.
 */
static bool
question_is_before(const struct question *a, const struct question *b)
{
	if (a->deadline.ns != b->deadline.ns)
		return a->deadline.ns < b->deadline.ns;
	return a->purpose != b->purpose ? a->purpose < b->purpose : a->seq < b->seq;
}

static void
question_place_timer(struct questions *t, struct question *q, size_t at)
{
	t->timers[at] = q;
	q->timer = (uint32_t)at + 1;
}

/* Puts the row into the heap, at this place or nearer to the top; rows with later deadlines move down. */
static void
question_rise(struct questions *t, struct question *q, size_t at)
{
	while (at > 0 && question_is_before(q, t->timers[(at - 1) / 2])) {
		question_place_timer(t, t->timers[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	question_place_timer(t, q, at);
}

/* Puts the row into the heap, at this place or further from the top; rows with earlier deadlines move up. */
static void
question_sink(struct questions *t, struct question *q, size_t at)
{
	size_t child;

	while ((child = 2 * at + 1) < t->timer_count) {
		if (child + 1 < t->timer_count &&
		    question_is_before(t->timers[child + 1], t->timers[child]))
			child++;
		if (!question_is_before(t->timers[child], q))
			break;
		question_place_timer(t, t->timers[child], at);
		at = child;
	}
	question_place_timer(t, q, at);
}

/* Takes the row out of the heap, if it is there: no deadline of it is to come. */
static void
question_stop(struct questions *t, struct question *q)
{
	size_t at = q->timer - 1;
	struct question *last;

	if (q->timer == QUESTION_UNSORTED)
		t->unsorted_count--;
	if (q->timer != QUESTION_UNTIMED && q->timer != QUESTION_UNSORTED) {
		last = t->timers[--t->timer_count];
		if (last != q) {
			question_sink(t, last, at);
			question_rise(t, last, last->timer - 1);
		}
	}
	q->timer = QUESTION_UNTIMED;
}

/* Does this question keep its deadline while we leave? */
static bool
question_goes_on(const struct question *q)
{
	return q->purpose == QUESTION_RELAY || q->purpose == QUESTION_INQUIRY;
}

void
question_wait(struct swim *s, struct question *q, swim_time until)
{
	struct questions *t = &s->questions;

	assert(question_is_open(q));
	question_stop(t, q);
	q->deadline = until;
	if (swim_time_is_never(until) || (s->leaving && !question_goes_on(q)))
		return;
	if (t->timer_count < QUESTION_UNSORTED - 1 &&
	    core_grow(s, &t->timers, t->timer_count, &t->timer_capacity, sizeof(*t->timers))) {
		question_rise(t, q, t->timer_count++);
		return;
	}
	q->timer = QUESTION_UNSORTED;
	t->unsorted_count++;
}

void
questions_leave(struct swim *s)
{
	struct questions *t = &s->questions;

	for (size_t i = 0; i < t->bucket_count; i++) {
		for (struct question *q = t->buckets[i]; q != NULL; q = q->next) {
			if (!question_goes_on(q))
				question_stop(t, q);
		}
	}
}

/* The row whose deadline comes first; NULL: none has a deadline to come. */
static struct question *
question_first(const struct questions *t)
{
	struct question *first = t->timer_count > 0 ? t->timers[0] : NULL;

	for (size_t i = 0; i < t->bucket_count && t->unsorted_count > 0; i++) {
		for (struct question *q = t->buckets[i]; q != NULL; q = q->next) {
			if (q->timer == QUESTION_UNSORTED &&
			    (first == NULL || question_is_before(q, first)))
				first = q;
		}
	}
	return first;
}

swim_time
question_deadline(const struct swim *s)
{
	const struct question *q = question_first(&s->questions);

	return q != NULL ? q->deadline : SWIM_TIME_NEVER;
}

struct question *
question_take_due(struct swim *s)
{
	struct question *q = question_first(&s->questions);

	if (q == NULL || !swim_time_reached(s->now, q->deadline))
		return NULL;
	question_stop(&s->questions, q);
	return q;
}

void
question_close(struct swim *s, struct question *q)
{
	struct question **at;

	if (!question_is_open(q))
		return;
	question_stop(&s->questions, q);
	s->questions.of_strangers[q->purpose] -= q->of_stranger;
	at = question_bucket(&s->questions, q->seq >> BLOCK_BITS);
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	q->next = NULL;
	q->purpose = QUESTION_CLOSED;
	s->questions.count--;
}

struct question *
question_find(const struct swim *s, uint64_t seq)
{
	uint64_t block = seq >> BLOCK_BITS;

	for (uint64_t back = 0; back < 2; back++) {
		struct question *q = *question_bucket(&s->questions, block - back);

		while (q != NULL && seq - q->seq >= q->numbers)
			q = q->next;
		if (q != NULL)
			return q;
	}
	return NULL;
}

bool
question_is(const struct swim *s, uint64_t seq, enum question_purpose purpose)
{
	const struct question *q = question_find(s, seq);

	return q != NULL && q->purpose == purpose;
}
