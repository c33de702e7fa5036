/* SPDX-License-Identifier: MIT */
/* Tests the parsing of durations, sizes, counts, factors and booleans. */
#include "daemon/units.h"

#include <string.h>

#include "support/unit.h"

static void
duration(const char *text, int64_t ns)
{
	swim_duration got = {-1};
	const char *error;

	ck_assert_msg(units_duration(text, &got, &error), "'%s' %s", text, error);
	ck_assert_int_eq(got.ns, ns);
}

static void
not_a_duration(const char *text, const char *word)
{
	swim_duration got;
	const char *error = "";

	ck_assert_msg(!units_duration(text, &got, &error), "'%s' was taken", text);
	ck_assert_msg(strstr(error, word) != NULL, "'%s' %s", text, error);
}

START_TEST(a_duration_is_a_decimal_number_with_a_unit)
{
	duration("0s", 0);
	duration("7ns", 7);
	duration("7us", 7000);
	duration("500ms", 500000000);
	duration("5s", 5000000000);
	duration("2m", 120000000000);
	duration("1h", 3600000000000);
	duration("1d", 86400000000000);
	duration("1.5s", 1500000000);
	duration("0.000000001s", 1);
	duration("0.1ns", 0);
	duration("9223372036854775807ns", INT64_MAX);
}
END_TEST

START_TEST(a_text_that_is_not_a_duration_is_refused)
{
	not_a_duration("", "not a duration");
	not_a_duration("s", "not a duration");
	not_a_duration("-1s", "not a duration");
	not_a_duration("+1s", "not a duration");
	not_a_duration(" 1s", "not a duration");
	not_a_duration("1s ", "not a duration");
	not_a_duration("1 s", "not a duration");
	not_a_duration("1S", "not a duration");
	not_a_duration("1sec", "not a duration");
	not_a_duration("1.s", "not a duration");
	not_a_duration(".5s", "not a duration");
	not_a_duration("1.0000000000s", "not a duration");
	not_a_duration("1e3s", "not a duration");
	not_a_duration("500", "no unit");
	not_a_duration("1.5", "no unit");
	not_a_duration("9223372036854775808ns", "range");
	not_a_duration("99999999999999999999s", "range");
	not_a_duration("106752d", "range");
}
END_TEST

static void
size(const char *text, uint64_t bytes)
{
	uint64_t got = 1;
	const char *error;

	ck_assert_msg(units_size(text, &got, &error), "'%s' %s", text, error);
	ck_assert_uint_eq(got, bytes);
}

START_TEST(a_size_is_a_whole_number_with_or_without_a_unit)
{
	static const char *const bad[] = {"", "B", "-1", "64K", "64kib", "64KB", "64KiBs", "1.5MiB",
	    "0x10", "64 KiB", "18446744073709551616", "17179869184GiB"};
	uint64_t got;
	const char *error;

	size("0", 0);
	size("1400", 1400);
	size("1400B", 1400);
	size("64kB", 64000);
	size("64KiB", 65536);
	size("2MB", 2000000);
	size("1MiB", 1048576);
	size("1GB", 1000000000);
	size("4GiB", UINT64_C(4) << 30);
	size("18446744073709551615", UINT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!units_size(bad[i], &got, &error), "'%s' was taken", bad[i]);
}
END_TEST

START_TEST(a_count_is_digits_only)
{
	static const char *const bad[] = {"", "-1", "+1", "1.0", "1k", " 1", "0x1",
	    "18446744073709551616"};
	uint64_t got;
	const char *error;

	ck_assert(units_count("18446744073709551615", &got, &error) && got == UINT64_MAX);
	ck_assert(units_count("007", &got, &error) && got == 7);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!units_count(bad[i], &got, &error), "'%s' was taken", bad[i]);
}
END_TEST

START_TEST(a_factor_is_a_decimal_number)
{
	static const char *const bad[] = {"", "-1", "1.", ".5", "1e3", "nan", "inf", "2x", "0x2"};
	double got;
	const char *error;

	ck_assert(units_factor("2", &got, &error));
	ck_assert_double_eq_tol(got, 2, 1e-12);
	ck_assert(units_factor("1.25", &got, &error));
	ck_assert_double_eq_tol(got, 1.25, 1e-12);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!units_factor(bad[i], &got, &error), "'%s' was taken", bad[i]);
}
END_TEST

START_TEST(a_boolean_has_eight_words_in_any_case)
{
	static const char *const words[] = {"false", "no", "off", "0", "true", "yes", "on", "1"};
	bool got;
	const char *error;

	for (size_t i = 0; i < 8; i++) {
		got = i < 4;
		ck_assert(units_bool(words[i], &got, &error));
		ck_assert_int_eq(got, i >= 4);
	}
	ck_assert(!units_bool("", &got, &error));
	ck_assert(units_bool("True", &got, &error) && got);
	ck_assert(units_bool("FALSE", &got, &error) && !got);
	ck_assert(!units_bool("perhaps", &got, &error));
}
END_TEST

UNIT_MAIN("units", a_duration_is_a_decimal_number_with_a_unit,
    a_text_that_is_not_a_duration_is_refused, a_size_is_a_whole_number_with_or_without_a_unit,
    a_count_is_digits_only, a_factor_is_a_decimal_number, a_boolean_has_eight_words_in_any_case)
