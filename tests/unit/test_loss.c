/* SPDX-License-Identifier: MIT */
/* How many questions silence takes, by the share of those that are lost. */
#include "core/loss.h"

#include <math.h>

#include "support/unit.h"

/* So many questions, of which each `every`th is answered (0: none). */
static void
ask(struct loss *l, unsigned count, unsigned every)
{
	for (unsigned i = 1; i <= count; i++) {
		if (every > 0 && i % every == 0)
			loss_answered(l);
		else
			loss_lost(l);
	}
}

START_TEST(where_all_are_answered_the_least_do)
{
	struct loss l = {0};

	ck_assert_uint_eq(loss_questions(&l), LOSS_QUESTIONS_LEAST);
	ask(&l, 1000, 1);
	ck_assert_uint_eq(loss_questions(&l), LOSS_QUESTIONS_LEAST);
	/* One that is lost is hardly more than none. */
	ask(&l, 1, 0);
	ck_assert_uint_le(loss_questions(&l), LOSS_QUESTIONS_LEAST + 1);
}
END_TEST

START_TEST(they_are_as_many_as_leave_one_chance_in_a_thousand)
{
	for (unsigned percent = 0; percent <= 100; percent++) {
		struct loss l = {percent / 101.0};
		unsigned n = loss_questions(&l);

		ck_assert_uint_ge(n, LOSS_QUESTIONS_LEAST);
		ck_assert_uint_le(n, LOSS_QUESTIONS_MOST);
		ck_assert(n == LOSS_QUESTIONS_MOST || pow(l.share, n) <= LOSS_DOUBT);
		ck_assert(n == LOSS_QUESTIONS_LEAST || pow(l.share, n - 1) > LOSS_DOUBT);
	}
}
END_TEST

START_TEST(they_follow_the_loss_within_some_twenty_questions)
{
	struct loss l = {0};

	/* 30 % of the datagrams each way is half of the questions, which takes ten; some more are to be on the safe side. */
	ask(&l, 20, 2);
	ck_assert_uint_ge(loss_questions(&l), 10);
	ck_assert_uint_le(loss_questions(&l), 18);
	/* 80 % one way. */
	ask(&l, 20, 5);
	ck_assert_uint_ge(loss_questions(&l), 20);
	ask(&l, 1000, 0);
	ck_assert_uint_eq(loss_questions(&l), LOSS_QUESTIONS_MOST);
	ask(&l, 40, 1);
	ck_assert_uint_eq(loss_questions(&l), LOSS_QUESTIONS_LEAST);
}
END_TEST

START_TEST(a_lucky_few_do_not_hide_it)
{
	struct loss l = {0};

	ask(&l, 1000, 2);
	ask(&l, 4, 1);
	ck_assert_uint_ge(loss_questions(&l), 10);
}
END_TEST

UNIT_MAIN("loss", where_all_are_answered_the_least_do,
    they_are_as_many_as_leave_one_chance_in_a_thousand,
    they_follow_the_loss_within_some_twenty_questions, a_lucky_few_do_not_hide_it)
