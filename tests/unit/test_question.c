/* SPDX-License-Identifier: MIT */
/* The table of requests: which row a sequence number belongs to. */
#include "core/question.h"

#include "core/internal.h"
#include "swim_fixture.h"
#include "support/unit.h"

#define MANY 5000

/* A core that knows no members, so only the test uses its table of requests. */
static struct fixture *
started(void)
{
	struct fixture *f = fixture_new();

	ck_assert(fixture_start(f));
	ck_assert_uint_eq(f->swim->questions.count, 0);
	return f;
}

/* Sequence numbers as the core draws them: each in a block of its own. */
static uint64_t
number(unsigned i)
{
	return hash64_end(i + 1U) | 0xf0;
}

START_TEST(a_number_finds_its_row_until_the_row_is_closed)
{
	struct fixture *f = started();
	struct question q = {0};

	question_open(f->swim, &q, QUESTION_PATH, number(0));
	ck_assert_uint_eq(question_try(&q), number(0));
	ck_assert_ptr_eq(question_find(f->swim, number(0)), &q);
	ck_assert(question_is(f->swim, number(0), QUESTION_PATH));
	ck_assert(!question_is(f->swim, number(0), QUESTION_INQUIRY));
	ck_assert_ptr_null(question_find(f->swim, number(1)));
	question_close(f->swim, &q);
	ck_assert(!question_is_open(&q));
	ck_assert_ptr_null(question_find(f->swim, number(0)));
	/* A row that is closed may be closed again. */
	question_close(f->swim, &q);
	ck_assert_uint_eq(f->swim->questions.count, 0);
	fixture_free(f);
}
END_TEST

START_TEST(only_the_tries_that_were_sent_are_found)
{
	const uint64_t first[] = {0, 0xffff, 0x1234567890abcdff, UINT64_MAX - 1, UINT64_MAX};
	struct fixture *f = started();
	struct question q = {0};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		question_open(f->swim, &q, QUESTION_SUSPECT, first[i]);
		for (unsigned tries = 0; tries < QUESTION_TRIES_MOST; tries++) {
			ck_assert_ptr_null(question_find(f->swim, first[i] + tries));
			ck_assert_uint_eq(question_try(&q), first[i] + tries);
			ck_assert_ptr_eq(question_find(f->swim, first[i] + tries), &q);
			ck_assert_ptr_eq(question_find(f->swim, first[i]), &q);
		}
		ck_assert_ptr_null(question_find(f->swim, first[i] - 1));
		/* Those after it have the last number: it is found, and the next is not. */
		ck_assert_uint_eq(question_try(&q), first[i] + QUESTION_TRIES_MOST - 1);
		ck_assert_ptr_null(question_find(f->swim, first[i] + QUESTION_TRIES_MOST));
	}
	question_close(f->swim, &q);
	fixture_free(f);
}
END_TEST

START_TEST(a_row_that_is_opened_again_forgets_its_former_number)
{
	struct fixture *f = started();
	struct question q = {0};

	question_open(f->swim, &q, QUESTION_SUSPECT, number(0));
	question_try(&q);
	question_open(f->swim, &q, QUESTION_SYNC, number(1));
	ck_assert_ptr_null(question_find(f->swim, number(0)));
	ck_assert_ptr_null(question_find(f->swim, number(1)));
	question_try(&q);
	ck_assert(question_is(f->swim, number(1), QUESTION_SYNC));
	ck_assert_uint_eq(f->swim->questions.count, 1);
	question_close(f->swim, &q);
	fixture_free(f);
}
END_TEST

/* Open all rows, and close every other: those that are left are found. */
static void
open_many(struct fixture *f)
{
	static struct question rows[MANY];

	for (unsigned i = 0; i < MANY; i++) {
		question_open(f->swim, &rows[i], QUESTION_SUSPECT, number(i));
		question_try(&rows[i]);
	}
	ck_assert_uint_eq(f->swim->questions.count, MANY);
	for (unsigned i = 0; i < MANY; i += 2)
		question_close(f->swim, &rows[i]);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_ptr_eq(question_find(f->swim, number(i)), i % 2 == 0 ? NULL : &rows[i]);
	for (unsigned i = 0; i < MANY; i++)
		question_close(f->swim, &rows[i]);
	ck_assert_uint_eq(f->swim->questions.count, 0);
}

START_TEST(thousands_of_rows_have_a_bucket_each)
{
	struct fixture *f = started();

	open_many(f);
	ck_assert_uint_ge(f->swim->questions.bucket_count, MANY);
	fixture_free(f);
}
END_TEST

START_TEST(without_memory_all_rows_are_found_in_the_buckets_that_there_are)
{
	struct fixture *f = started();
	size_t before = f->swim->questions.bucket_count;

	f->budget = 0;
	open_many(f);
	ck_assert_uint_eq(f->swim->questions.bucket_count, before);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("question", a_number_finds_its_row_until_the_row_is_closed,
    only_the_tries_that_were_sent_are_found, a_row_that_is_opened_again_forgets_its_former_number,
    thousands_of_rows_have_a_bucket_each,
    without_memory_all_rows_are_found_in_the_buckets_that_there_are)
