/* SPDX-License-Identifier: MIT */
/* How many unanswered questions count as silence, by the share of questions that are lost. */
#include "core/loss.h"

#include <math.h>

#include "support/unit.h"

/* Ask `count` questions, of which every `every`th is answered (0: none is). */
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

START_TEST(without_loss_the_fewest_questions_suffice)
{
	struct loss l = {0};

	ck_assert_uint_eq(loss_questions(&l), LOSS_QUESTIONS_LEAST);
	ask(&l, 1000, 1);
	ck_assert_uint_eq(loss_questions(&l), LOSS_QUESTIONS_LEAST);
	/* One lost question changes little. */
	ask(&l, 1, 0);
	ck_assert_uint_le(loss_questions(&l), LOSS_QUESTIONS_LEAST + 1);
}
END_TEST

START_TEST(the_questions_leave_one_chance_in_a_thousand)
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

START_TEST(the_number_follows_the_loss_within_twenty_questions)
{
	struct loss l = {0};

	/* A loss of 30 % each way is half of the questions, for which ten suffice; a few more are allowed. */
	ask(&l, 20, 2);
	ck_assert_uint_ge(loss_questions(&l), 10);
	ck_assert_uint_le(loss_questions(&l), 18);
	/* A loss of 80 % one way. */
	ask(&l, 20, 5);
	ck_assert_uint_ge(loss_questions(&l), 20);
	ask(&l, 1000, 0);
	ck_assert_uint_eq(loss_questions(&l), LOSS_QUESTIONS_MOST);
	ask(&l, 40, 1);
	ck_assert_uint_eq(loss_questions(&l), LOSS_QUESTIONS_LEAST);
}
END_TEST

START_TEST(a_few_answers_do_not_hide_the_loss)
{
	struct loss l = {0};

	ask(&l, 1000, 2);
	ask(&l, 4, 1);
	ck_assert_uint_ge(loss_questions(&l), 10);
}
END_TEST

UNIT_MAIN("loss", without_loss_the_fewest_questions_suffice,
    the_questions_leave_one_chance_in_a_thousand,
    the_number_follows_the_loss_within_twenty_questions, a_few_answers_do_not_hide_the_loss)
