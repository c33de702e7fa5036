/* SPDX-License-Identifier: MIT */
/*
 * A hash table of the open rows.  The tries of a row have consecutive numbers.  So a row is kept under the block of 256
 * numbers that its first number is in, and the row of a later try is in the same block or in the one before.  Sequence numbers
 * are random, so that nobody can choose numbers which make this slow.  The table grows when memory allows: a smaller one finds
 * the same, so that a row can be opened when no memory is left.
 */
#include "core/question.h"

#include <string.h>

#include "core/internal.h"

#define BLOCK_BITS 8
#define BUCKETS_FIRST 64 /* a power of two */

_Static_assert(QUESTION_TRIES_MOST < 1 << BLOCK_BITS,
    "tries of one row reach beyond the next block");

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
	*q = (struct question){.seq = seq, .purpose = (uint8_t)purpose};
	question_put(t, q);
	t->count++;
}

uint64_t
question_try(struct question *q)
{
	if (q->tries < QUESTION_TRIES_MOST)
		q->tries++;
	return q->seq + q->tries - 1;
}

void
question_close(struct swim *s, struct question *q)
{
	struct question **at;

	if (!question_is_open(q))
		return;
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

		while (q != NULL && seq - q->seq >= q->tries)
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
