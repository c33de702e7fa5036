/* SPDX-License-Identifier: MIT */
/* The JSON that the emitter writes, and glob patterns. */
#include "control/emit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "control/glob.h"
#include "support/unit.h"

static void
wrote(struct emit *e, const char *expected)
{
	size_t len;
	char *text = emit_take(e, &len);

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(len == strlen(expected) && memcmp(text, expected, len) == 0,
	    "'%.*s' and not '%s'", (int)len, text, expected);
	free(text);
}

static void
writes_string(const char *bytes, size_t len, const char *expected)
{
	struct emit e;

	emit_init(&e);
	emit_bytes(&e, NULL, bytes, len);
	wrote(&e, expected);
}

static void
writes_fixed(int64_t value, unsigned digits, const char *expected)
{
	struct emit e;

	emit_init(&e);
	emit_fixed(&e, NULL, value, digits);
	wrote(&e, expected);
}

static void
writes_time(int64_t wall_ns, const char *expected)
{
	struct emit e;

	emit_init(&e);
	emit_time(&e, NULL, wall_ns);
	wrote(&e, expected);
}

START_TEST(objects_and_lists_nest)
{
	struct emit e;

	emit_init(&e);
	emit_object(&e, NULL);
	emit_array(&e, "empty");
	emit_array_end(&e);
	emit_array(&e, "list");
	emit_int(&e, NULL, -1);
	emit_object(&e, NULL);
	emit_object_end(&e);
	emit_null(&e, NULL);
	emit_array_end(&e);
	emit_bool(&e, "yes", true);
	emit_json(&e, "raw", "[0]");
	emit_object_end(&e);
	wrote(&e, "{\"empty\":[],\"list\":[-1,{},null],\"yes\":true,\"raw\":[0]}");
}
END_TEST

START_TEST(integers_are_exact)
{
	struct emit e;

	emit_init(&e);
	emit_array(&e, NULL);
	emit_uint(&e, NULL, UINT64_MAX);
	emit_uint(&e, NULL, 0);
	emit_int(&e, NULL, INT64_MIN);
	emit_int(&e, NULL, INT64_MAX);
	emit_array_end(&e);
	wrote(&e, "[18446744073709551615,0,-9223372036854775808,9223372036854775807]");
}
END_TEST

START_TEST(fractions_are_exact)
{
	writes_fixed(410, 3, "0.41");
	writes_fixed(1000, 3, "1");
	writes_fixed(1001, 3, "1.001");
	writes_fixed(0, 9, "0");
	writes_fixed(64, 9, "0.000000064");
	writes_fixed(-1500, 3, "-1.5");
	writes_fixed(-1, 9, "-0.000000001");
	writes_fixed(INT64_MIN, 9, "-9223372036.854775808");
}
END_TEST

START_TEST(strings_are_escaped)
{
	writes_string("plain", 5, "\"plain\"");
	writes_string("", 0, "\"\"");
	writes_string("a\0b", 3, "\"a\\u0000b\"");
	writes_string("\"\\/\n\t\r", 6, "\"\\\"\\\\/\\n\\t\\u000d\"");
	writes_string("\x1b[2J\x7f", 5, "\"\\u001b[2J\\u007f\"");
	writes_string("d\xc3\xa9j\xc3\xa0 \xf0\x9f\x98\x80", 11,
	    "\"d\xc3\xa9j\xc3\xa0 \xf0\x9f\x98\x80\"");
}
END_TEST

START_TEST(characters_that_a_terminal_obeys_are_escaped)
{
	writes_string("\xc2\x9b"
		      "2J",
	    4, "\"\\u009b2J\""); /* C1: CSI */
	writes_string("\xe2\x80\xae"
		      "x",
	    4, "\"\\u202ex\"");                               /* right-to-left override */
	writes_string("\xe2\x80\xa8", 3, "\"\\u2028\"");      /* line separator */
	writes_string("\xe2\x81\xa6", 3, "\"\\u2066\"");      /* isolate */
	writes_string("\xe2\x80\x94", 3, "\"\xe2\x80\x94\""); /* a dash is not escaped */
}
END_TEST

START_TEST(bytes_that_are_not_utf8_are_replaced)
{
	writes_string("a\xff"
		      "b",
	    3, "\"a\\ufffdb\"");
	writes_string("\xc3", 1, "\"\\ufffd\"");
	writes_string("\xe2\x80", 2, "\"\\ufffd\\ufffd\"");
	writes_string("\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
	writes_string("\x80\x80", 2, "\"\\ufffd\\ufffd\"");
}
END_TEST

START_TEST(a_parser_reads_every_string_back)
{
	/* Each pair of bytes between two letters gives JSON, and the same string if the bytes are UTF-8. */
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			char bytes[4] = {'x', (char)a, (char)b, 'y'};
			struct emit e;
			size_t len;
			char *text;
			json_t *value, *same = json_stringn(bytes, 4);

			emit_init(&e);
			emit_bytes(&e, NULL, bytes, 4);
			text = emit_take(&e, &len);
			value = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
			ck_assert_msg(value != NULL, "%02x %02x: %.*s", a, b, (int)len, text);
			ck_assert(same == NULL || json_equal(value, same));
			ck_assert_ptr_null(memchr(text, '\n', len));
			json_decref(value);
			json_decref(same);
			free(text);
		}
}
END_TEST

START_TEST(times_are_rfc3339)
{
	writes_time(0, "\"1970-01-01T00:00:00.000Z\"");
	writes_time(INT64_C(1795395723412999999), "\"2026-11-23T01:02:03.412Z\"");
	writes_time(INT64_C(951782400000000000), "\"2000-02-29T00:00:00.000Z\"");
	writes_time(-1, "\"1969-12-31T23:59:59.999Z\"");
	writes_time(INT64_MAX, "\"2262-04-11T23:47:16.854Z\"");
	writes_time(INT64_MIN, "\"1677-09-21T00:12:43.145Z\"");
}
END_TEST

static bool
matches(const char *pattern, const char *name)
{
	return glob_match(pattern, strlen(pattern), name, strlen(name));
}

START_TEST(globs_match_as_documented)
{
	ck_assert(matches("", ""));
	ck_assert(!matches("", "a"));
	ck_assert(matches("*", ""));
	ck_assert(matches("db*", "db1"));
	ck_assert(!matches("db*", "adb1"));
	ck_assert(matches("*-eu-*", "db-eu-7"));
	ck_assert(matches("*a*b*c", "xxaxbxbxcxc"));
	ck_assert(!matches("*a*b*c", "xxaxbxbxcxd"));
	ck_assert(matches("db?", "db1"));
	ck_assert(!matches("db?", "db"));
	ck_assert(matches("db[0-3]", "db2"));
	ck_assert(!matches("db[0-3]", "db4"));
	ck_assert(matches("db[!0-3]", "db4"));
	ck_assert(matches("[]a]", "]"));
	ck_assert(matches("[a-]", "-"));
	ck_assert(matches("\\*", "*"));
	ck_assert(!matches("\\*", "a"));
	ck_assert(matches("[x", "[x"));
	ck_assert(!matches("[x", "x"));
	ck_assert(matches("a\\", "a\\"));
	ck_assert(!matches("DB", "db"));
}
END_TEST

START_TEST(globs_match_characters_and_not_bytes)
{
	ck_assert(matches("?", "\xc3\xa9"));
	ck_assert(!matches("??", "\xc3\xa9"));
	ck_assert(matches("[\xc3\xa0-\xc3\xbf]", "\xc3\xa9"));
	ck_assert(matches("*\xa9", "\xff\xa9"));
	ck_assert(glob_match("a?b", 3, "a\0b", 3));
	ck_assert(glob_match("a*", 2, "a\0b", 3));
	ck_assert(!glob_match("a", 1, "a\0b", 3));
}
END_TEST

START_TEST(a_glob_with_many_stars_is_fast)
{
	/* A matcher that backtracks to every star needs some 2^100 steps for this pattern. */
	char pattern[GLOB_MAX + 1], name[GLOB_MAX];

	for (size_t i = 0; i + 1 < GLOB_MAX; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[GLOB_MAX - 1] = 'b';
	memset(name, 'a', sizeof(name));
	for (unsigned i = 0; i < 1000; i++)
		ck_assert(!glob_match(pattern, GLOB_MAX, name, sizeof(name)));
}
END_TEST

UNIT_MAIN("control_emit", objects_and_lists_nest, integers_are_exact, fractions_are_exact,
    strings_are_escaped, characters_that_a_terminal_obeys_are_escaped,
    bytes_that_are_not_utf8_are_replaced, a_parser_reads_every_string_back, times_are_rfc3339,
    globs_match_as_documented, globs_match_characters_and_not_bytes, a_glob_with_many_stars_is_fast)
