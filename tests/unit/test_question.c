/* SPDX-License-Identifier: MIT */
/* The table of requests: which row a sequence number belongs to, and whose deadline comes first. */
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
	ck_assert_uint_eq(question_try(f->swim, &q), number(0));
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
			ck_assert_uint_eq(question_try(f->swim, &q), first[i] + tries);
			ck_assert_ptr_eq(question_find(f->swim, first[i] + tries), &q);
			ck_assert_ptr_eq(question_find(f->swim, first[i]), &q);
		}
		ck_assert_ptr_null(question_find(f->swim, first[i] - 1));
		/* Those after it have the last number: it is found, and the next is not. */
		ck_assert_uint_eq(question_try(f->swim, &q), first[i] + QUESTION_TRIES_MOST - 1);
		ck_assert_ptr_null(question_find(f->swim, first[i] + QUESTION_TRIES_MOST));
	}
	question_close(f->swim, &q);
	fixture_free(f);
}
END_TEST

START_TEST(a_question_that_is_repeated_keeps_its_number)
{
	struct fixture *f = started();
	struct question q = {0};

	question_open(f->swim, &q, QUESTION_VISITOR, number(0));
	for (unsigned tries = 0; tries < 3; tries++) {
		f->swim->now = swim_time_add(f->now, swim_seconds(tries));
		ck_assert_uint_eq(question_repeat(f->swim, &q), number(0));
		ck_assert_int_eq(q.sent.ns, f->swim->now.ns);
	}
	ck_assert_uint_eq(q.tries, 3);
	ck_assert_ptr_null(question_find(f->swim, number(0) + 1));
	question_close(f->swim, &q);
	fixture_free(f);
}
END_TEST

START_TEST(a_question_that_moves_is_found_in_its_new_row_alone)
{
	struct fixture *f = started();
	struct question from = {0}, to = {0};

	question_open(f->swim, &from, QUESTION_PROBE, number(0));
	question_try(f->swim, &from);
	question_try(f->swim, &from);
	question_wait(f->swim, &from, f->now);
	question_open(f->swim, &to, QUESTION_LATE, number(1));
	question_try(f->swim, &to);
	question_move(f->swim, &to, QUESTION_LATE, &from);
	ck_assert(!question_is_open(&from));
	ck_assert_ptr_null(question_find(f->swim, number(1)));
	ck_assert_ptr_eq(question_find(f->swim, number(0)), &to);
	ck_assert_ptr_eq(question_find(f->swim, number(0) + 1), &to);
	ck_assert_ptr_null(question_find(f->swim, number(0) + 2));
	ck_assert(question_is(f->swim, number(0), QUESTION_LATE));
	ck_assert(swim_time_is_never(question_deadline(f->swim)));
	question_close(f->swim, &to);
	ck_assert_uint_eq(f->swim->questions.count, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_row_that_is_opened_again_forgets_its_former_number)
{
	struct fixture *f = started();
	struct question q = {0};

	question_open(f->swim, &q, QUESTION_SUSPECT, number(0));
	question_try(f->swim, &q);
	question_open(f->swim, &q, QUESTION_SYNC, number(1));
	ck_assert_ptr_null(question_find(f->swim, number(0)));
	ck_assert_ptr_null(question_find(f->swim, number(1)));
	question_try(f->swim, &q);
	ck_assert(question_is(f->swim, number(1), QUESTION_SYNC));
	ck_assert_uint_eq(f->swim->questions.count, 1);
	question_close(f->swim, &q);
	fixture_free(f);
}
END_TEST

/* Another deadline for each, in no order. */
static swim_time
at(unsigned i)
{
	return swim_time_add((swim_time){1}, swim_ns((int64_t)(hash64_end(i) >> 32)));
}

/* So many rows have a deadline to come, and are taken from the earliest to the last, each once. */
static void
take_in_order(struct fixture *f, unsigned count)
{
	swim_time now = f->swim->now, last = {0};
	struct question *q;

	f->swim->now = last;
	ck_assert_ptr_null(question_take_due(f->swim));
	for (unsigned i = 0; i < count; i++) {
		f->swim->now = question_deadline(f->swim);
		q = question_take_due(f->swim);
		ck_assert_ptr_nonnull(q);
		ck_assert_int_eq(q->deadline.ns, f->swim->now.ns);
		ck_assert(swim_time_reached(q->deadline, last));
		last = q->deadline;
	}
	ck_assert(swim_time_is_never(question_deadline(f->swim)));
	f->swim->now = now;
}

/* Open all rows, and close every other: those that are left are found. */
static void
open_many(struct fixture *f)
{
	static struct question rows[MANY];

	for (unsigned i = 0; i < MANY; i++) {
		question_open(f->swim, &rows[i], QUESTION_SUSPECT, number(i));
		question_try(f->swim, &rows[i]);
		question_wait(f->swim, &rows[i], at(i));
	}
	ck_assert_uint_eq(f->swim->questions.count, MANY);
	for (unsigned i = 0; i < MANY; i += 2)
		question_close(f->swim, &rows[i]);
	take_in_order(f, MANY / 2);
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

START_TEST(of_several_deadlines_a_row_has_the_last)
{
	struct fixture *f = started();
	struct question a = {0}, b = {0};

	question_open(f->swim, &a, QUESTION_PATH, number(0));
	question_open(f->swim, &b, QUESTION_PATH, number(1));
	question_wait(f->swim, &a, swim_time_add(f->now, swim_seconds(1)));
	question_wait(f->swim, &b, swim_time_add(f->now, swim_seconds(2)));
	question_wait(f->swim, &a, swim_time_add(f->now, swim_seconds(3)));
	f->swim->now = swim_time_add(f->now, swim_seconds(5));
	ck_assert_ptr_eq(question_take_due(f->swim), &b);
	/* One that has passed comes no more, and the answer is still awaited. */
	ck_assert(question_is_open(&b));
	question_wait(f->swim, &a, SWIM_TIME_NEVER);
	ck_assert_ptr_null(question_take_due(f->swim));
	question_wait(f->swim, &a, swim_time_add(f->now, swim_seconds(4)));
	question_close(f->swim, &a);
	ck_assert_ptr_null(question_take_due(f->swim));
	question_close(f->swim, &b);
	fixture_free(f);
}
END_TEST

START_TEST(of_two_deadlines_at_one_time_the_earlier_purpose_is_first)
{
	struct fixture *f = started();
	struct question others = {0}, direct = {0};

	question_open(f->swim, &others, QUESTION_PROBE_OTHERS, 1);
	question_open(f->swim, &direct, QUESTION_PROBE, 2);
	question_wait(f->swim, &others, f->now);
	question_wait(f->swim, &direct, f->now);
	f->swim->now = f->now;
	ck_assert_ptr_eq(question_take_due(f->swim), &direct);
	ck_assert_ptr_eq(question_take_due(f->swim), &others);
	question_close(f->swim, &others);
	question_close(f->swim, &direct);
	fixture_free(f);
}
END_TEST

START_TEST(questions_of_one_purpose_for_strangers_are_limited)
{
	struct fixture *f = started();
	struct question rows[QUESTION_STRANGERS_MAX] = {0}, ours = {0};

	question_open(f->swim, &ours, QUESTION_RELAY, number(MANY));
	for (unsigned i = 0; i < QUESTION_STRANGERS_MAX; i++) {
		ck_assert(question_has_room_for_stranger(f->swim, QUESTION_RELAY));
		question_open_for_stranger(f->swim, &rows[i], QUESTION_RELAY, number(i));
	}
	ck_assert(!question_has_room_for_stranger(f->swim, QUESTION_RELAY));
	ck_assert(question_has_room_for_stranger(f->swim, QUESTION_INQUIRY));
	question_close(f->swim, &ours);
	ck_assert(!question_has_room_for_stranger(f->swim, QUESTION_RELAY));
	/* One that is opened again takes one place. */
	question_open_for_stranger(f->swim, &rows[0], QUESTION_RELAY, number(MANY + 1));
	ck_assert(!question_has_room_for_stranger(f->swim, QUESTION_RELAY));
	question_open(f->swim, &rows[0], QUESTION_RELAY, number(MANY + 2));
	ck_assert(question_has_room_for_stranger(f->swim, QUESTION_RELAY));
	for (unsigned i = 0; i < QUESTION_STRANGERS_MAX; i++)
		question_close(f->swim, &rows[i]);
	ck_assert_uint_eq(f->swim->questions.of_strangers[QUESTION_RELAY], 0);
	fixture_free(f);
}
END_TEST

START_TEST(while_we_leave_a_relay_has_a_deadline_and_a_path_has_none)
{
	struct fixture *f = started();
	struct question path = {0}, relay = {0}, late = {0};
	swim_time due = swim_time_add(f->now, swim_seconds(1));

	question_open(f->swim, &path, QUESTION_PATH, number(0));
	question_open(f->swim, &relay, QUESTION_RELAY, number(1));
	question_wait(f->swim, &path, due);
	question_wait(f->swim, &relay, due);
	swim_leave(f->swim, f->now);
	question_open(f->swim, &late, QUESTION_PATH, number(2));
	question_wait(f->swim, &late, due);
	f->swim->now = due;
	ck_assert_ptr_eq(question_take_due(f->swim), &relay);
	ck_assert_ptr_null(question_take_due(f->swim));
	question_close(f->swim, &path);
	question_close(f->swim, &relay);
	question_close(f->swim, &late);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("question", a_question_that_moves_is_found_in_its_new_row_alone,
    a_question_that_is_repeated_keeps_its_number, of_several_deadlines_a_row_has_the_last,
    of_two_deadlines_at_one_time_the_earlier_purpose_is_first,
    questions_of_one_purpose_for_strangers_are_limited,
    while_we_leave_a_relay_has_a_deadline_and_a_path_has_none,
    a_number_finds_its_row_until_the_row_is_closed, only_the_tries_that_were_sent_are_found,
    a_row_that_is_opened_again_forgets_its_former_number, thousands_of_rows_have_a_bucket_each,
    without_memory_all_rows_are_found_in_the_buckets_that_there_are)
