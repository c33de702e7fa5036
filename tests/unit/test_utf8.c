/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <string.h>

#include "base/rng.h"
#include "support/unit.h"

static bool
valid(const char *text)
{
	return utf8_valid(text, strlen(text));
}

START_TEST(well_formed_text_is_valid)
{
	ck_assert(utf8_valid("", 0));
	ck_assert(utf8_valid("\0", 1));
	ck_assert(valid("plain ascii, long enough for eight at a time"));
	ck_assert(valid("n\xc5\x93ud-\xc3\xa9"));
	/* The first and last character of each length, and those around the surrogates. */
	ck_assert(valid("\x7f"));
	ck_assert(valid("\xc2\x80"));
	ck_assert(valid("\xdf\xbf"));
	ck_assert(valid("\xe0\xa0\x80"));
	ck_assert(valid("\xed\x9f\xbf"));
	ck_assert(valid("\xee\x80\x80"));
	ck_assert(valid("\xef\xbf\xbf"));
	ck_assert(valid("\xf0\x90\x80\x80"));
	ck_assert(valid("\xf4\x8f\xbf\xbf"));
}
END_TEST

START_TEST(malformed_text_is_not_valid)
{
	static const char *const bad[] = {"\x80", "\xbf", /* a continuation alone */
	    "\xc0\x80", "\xc1\xbf",                       /* overlong ASCII */
	    "\xe0\x80\x80", "\xe0\x9f\xbf",               /* overlong, three bytes */
	    "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",       /* overlong, four bytes */
	    "\xed\xa0\x80", "\xed\xbf\xbf",               /* surrogates */
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",       /* above U+10FFFF */
	    "\xf8\x88\x80\x80\x80", "\xfe", "\xff",       /* bytes that never occur */
	    "\xc2", "\xe2\x82", "\xf0\x9f\x98",           /* cut short */
	    "\xc2\x41", "\xe2\x82\x41", "\xe2\x41\x82", "\xf0\x9f\x41\x80", /* wrong continuation */
	    "12345678\xff", "1234567\xc2"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!valid(bad[i]), "number %zu is taken for UTF-8", i);
}
END_TEST

START_TEST(nothing_is_read_past_the_length)
{
	/* The byte behind the end would complete the character. */
	ck_assert(!utf8_valid("\xc2\x80", 1));
	ck_assert(!utf8_valid("\xf0\x9f\x98\x80", 3));
}
END_TEST

START_TEST(next_gives_character_and_length)
{
	uint32_t cp = 0;

	ck_assert_uint_eq(utf8_next("\xf0\x9f\x98\x80x", 5, &cp), 4);
	ck_assert_uint_eq(cp, 0x1f600);
	ck_assert_uint_eq(utf8_next("\xe2\x82\xac", 3, &cp), 3);
	ck_assert_uint_eq(cp, 0x20ac);
	ck_assert_uint_eq(utf8_next("", 0, &cp), 0);
}
END_TEST

static void
escapes(const char *text, size_t len, bool spaces, const char *expected)
{
	char out[256];
	size_t n = utf8_escape(text, len, spaces, out, sizeof(out));

	ck_assert_str_eq(out, expected);
	ck_assert_uint_eq(n, strlen(expected));
}

START_TEST(harmful_characters_are_escaped)
{
	escapes("web-1", 5, true, "web-1");
	escapes("n\xc5\x93ud", 5, true, "n\xc5\x93ud");
	escapes("a\nb\x1b[31m\x7f\0z", 11, false, "a\\x0ab\\x1b[31m\\x7f\\x00z");
	escapes("\xc2\x9b"
		"31m",
	    5, false, "\\u{9b}31m");
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested */
	escapes("\xe2\x80\xae"
		"exe",
	    6, false, "\\u{202e}exe");
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested */
	escapes("\xe2\x81\xa6", 3, false, "\\u{2066}");
	escapes("\xe2\x80\xa8", 3, false, "\\u{2028}");
	escapes("\xef\xbb\xbfn", 4, false, "\\u{feff}n");
	escapes("\xe2\x80\x8b", 3, false, "\\u{200b}");
	escapes("\xe2\x81\xa0", 3, false, "\\u{2060}");
	/* Invisible: joiners, a variation selector, a tag, Hangul fillers, a soft hyphen, a combining mark. */
	escapes("n0\xe2\x80\x8d", 5, false, "n0\\u{200d}");
	escapes("n0\xe2\x80\x8c", 5, false, "n0\\u{200c}");
	escapes("n0\xef\xb8\x8f", 5, false, "n0\\u{fe0f}");
	escapes("n0\xf3\xa0\x81\xa1", 6, false, "n0\\u{e0061}");
	escapes("n0\xf3\xa0\x84\x80", 6, false, "n0\\u{e0100}");
	escapes("n0\xe1\x85\x9f\xe1\x85\xa0", 8, false, "n0\\u{115f}\\u{1160}");
	escapes("n0\xe3\x85\xa4\xef\xbe\xa0", 8, false, "n0\\u{3164}\\u{ffa0}");
	escapes("n\xc2\xad"
		"0\xcd\x8f",
	    6, false, "n\\u{ad}0\\u{34f}");
	escapes("n0\xcc\x81", 4, false, "n0\\u{301}");
	/* Visible characters stay, also the neighbours of invisible ranges. */
	escapes("\xc2\xac\xc2\xae\xcb\xbf\xea\xb0\x80\xe6\xbc\xa2\xf3\xa1\x80\x80", 16, true,
	    "\xc2\xac\xc2\xae\xcb\xbf\xea\xb0\x80\xe6\xbc\xa2\xf3\xa1\x80\x80");
	escapes("say \"\\\"", 7, false, "say \\x22\\x5c\\x22");
	escapes("\xff\xc0\xaf", 3, false, "\\xff\\xc0\\xaf");
}
END_TEST

START_TEST(spaces_are_escaped_on_request)
{
	escapes("a b", 3, false, "a b");
	escapes("a b", 3, true, "a\\x20b");
	escapes("a\xc2\xa0"
		"b",
	    4, false,
	    "a\xc2\xa0"
	    "b");
	escapes("a\xc2\xa0"
		"b",
	    4, true, "a\\u{a0}b");
	escapes("\xe3\x80\x80", 3, true, "\\u{3000}");
	escapes("\xe2\xa0\x80", 3, true, "\\u{2800}");
	escapes("\t", 1, false, "\\x09");
}
END_TEST

START_TEST(json_has_two_escapes_above_the_basic_plane)
{
	char out[UTF8_JSON_MAX + 1];

	ck_assert_uint_eq(utf8_json(0x200d, out), 6);
	ck_assert_str_eq(out, "\\u200d");
	ck_assert_uint_eq(utf8_json(0xffff, out), 6);
	ck_assert_uint_eq(utf8_json(0x10000, out), 12);
	ck_assert_str_eq(out, "\\ud800\\udc00");
	ck_assert_uint_eq(utf8_json(0xe0061, out), 12);
	ck_assert_str_eq(out, "\\udb40\\udc61");
}
END_TEST

START_TEST(a_short_buffer_cuts_between_characters)
{
	/* Pieces of 1, 2, 4, 8 and 1 bytes. */
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested */
	static const char text[] = "a\xc3\xa9\n\xe2\x80\xaez";
	static const size_t ends[] = {0, 1, 3, 7, 15, 16};
	char out[32];

	for (size_t cap = 1; cap <= sizeof(out); cap++) {
		size_t n = utf8_escape(text, strlen(text), false, out, cap), expected = 0;

		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			if (ends[i] < cap)
				expected = ends[i];
		}
		ck_assert_uint_eq(n, expected);
		ck_assert_uint_eq(strlen(out), n);
	}
}
END_TEST

START_TEST(a_sentence_keeps_its_quotes)
{
	static const char text[] = "say \"a\\b\"\n\x9b";
	char out[64];

	ck_assert_uint_eq(utf8_sentence(text, strlen(text), out, sizeof(out)), strlen(out));
	ck_assert_str_eq(out, "say \"a\\b\"\\x0a\\x9b");
	ck_assert_uint_eq(utf8_sentence(text, strlen(text), out, 6), 5);
	ck_assert_str_eq(out, "say \"");
	ck_assert_uint_eq(utf8_sentence("", 0, out, 1), 0);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(random_bytes_become_harmless_utf8)
{
	struct rng r;

	rng_init(&r, 11);
	for (int i = 0; i < 20000; i++) {
		char in[24], out[24 * 4 + 1];
		size_t len = rng_below(&r, sizeof(in) + 1), n;

		for (size_t j = 0; j < len; j++)
			in[j] = (char)rng_u64(&r);
		n = utf8_escape(in, len, true, out, sizeof(out));
		ck_assert(utf8_valid(out, n));
		for (size_t j = 0; j < n; j++)
			ck_assert((unsigned char)out[j] > ' ' && out[j] != '"' && out[j] != 0x7f);
	}
}
END_TEST

UNIT_MAIN("utf8", well_formed_text_is_valid, malformed_text_is_not_valid,
    nothing_is_read_past_the_length, next_gives_character_and_length,
    harmful_characters_are_escaped, spaces_are_escaped_on_request,
    json_has_two_escapes_above_the_basic_plane, a_short_buffer_cuts_between_characters,
    a_sentence_keeps_its_quotes, random_bytes_become_harmless_utf8)
