/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/status.h"

#include <string.h>

#include "support/unit.h"

START_TEST(statuses_have_their_numbers_on_the_wire)
{
	ck_assert_int_eq(SWIM_ALIVE, 0);
	ck_assert_int_eq(SWIM_SUSPECT, 1);
	ck_assert_int_eq(SWIM_DEAD, 2);
}
END_TEST

START_TEST(every_status_is_parsed_from_its_name)
{
	static const char *const names[SWIM_STATUS_COUNT] = {"alive", "suspect", "dead", "left"};

	for (int i = 0; i < SWIM_STATUS_COUNT; i++) {
		enum swim_status status;

		ck_assert_str_eq(swim_status_name((enum swim_status)i), names[i]);
		ck_assert(swim_status_parse(names[i], &status));
		ck_assert_int_eq((int)status, i);
		ck_assert_int_eq(swim_status_is_live(status), i <= SWIM_SUSPECT);
	}
}
END_TEST

START_TEST(other_words_are_refused)
{
	static const char *const words[] = {"", "Alive", "alive ", "aliv", "failed", "none"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		enum swim_status status = SWIM_SUSPECT;

		ck_assert_msg(!swim_status_parse(words[i], &status), "'%s' parsed", words[i]);
		ck_assert_int_eq(status, SWIM_SUSPECT);
	}
}
END_TEST

START_TEST(every_error_has_its_own_word_and_text)
{
	for (int i = 0; i < SWIM_ERROR_COUNT; i++) {
		const char *word = swim_error_word((enum swim_error)i);
		const char *text = swim_error_text((enum swim_error)i);

		ck_assert_uint_gt(strlen(text), 0);
		ck_assert_uint_eq(strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word));
		for (int j = 0; j < i; j++) {
			ck_assert_str_ne(word, swim_error_word((enum swim_error)j));
			ck_assert_str_ne(text, swim_error_text((enum swim_error)j));
		}
	}
	ck_assert_str_eq(swim_error_word(SWIM_ERROR_MESSAGE_TOO_LARGE), "message-too-large");
}
END_TEST

UNIT_MAIN("status", statuses_have_their_numbers_on_the_wire, every_status_is_parsed_from_its_name,
    other_words_are_refused, every_error_has_its_own_word_and_text)
