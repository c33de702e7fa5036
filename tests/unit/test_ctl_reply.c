/* SPDX-License-Identifier: MIT */
/* ctl/reply.h: large integers, the exact text of fields, and lines that are no reply. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/reply.h"
#include "support/unit.h"

static void
exact(const char *text, const char *wanted)
{
	size_t len;
	char *out = reply_exact(text, strlen(text), &len);

	ck_assert_str_eq(out, wanted);
	ck_assert_uint_eq(len, strlen(wanted));
	free(out);
}

START_TEST(integers_that_jansson_cannot_hold_become_strings)
{
	exact("[9223372036854775807,9223372036854775808]",
	    "[9223372036854775807,\"9223372036854775808\"]");
	exact("{\"i\":18446744073709551615}", "{\"i\":\"18446744073709551615\"}");
	exact("18446744073709551615", "\"18446744073709551615\"");
	exact("[-9223372036854775808,-9223372036854775809]",
	    "[-9223372036854775808,\"-9223372036854775809\"]");
	exact("[123456789012345678901234567890123456789012345678901234567890]",
	    "[\"123456789012345678901234567890123456789012345678901234567890\"]");
}
END_TEST

START_TEST(all_other_text_is_copied_unchanged)
{
	static const char *const same[] = {"", "{}", "[1,2.5,-3e40,1e400,1234567890123456789.5]",
	    "\"18446744073709551615\"", "\"a\\\"18446744073709551615\"", "[\"\\\\\",1]",
	    "\"unended 18446744073709551615", "\"unended\\", "-", "00000000000000000000000000001",
	    "[true,false,null]"};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		exact(same[i], same[i]);
}
END_TEST

/* reply_exact reserves room for quotes by the length of the text: a list of such integers needs the most room. */
START_TEST(a_text_of_large_integers_fits_the_buffer)
{
	enum { NUMBERS = 10000 };
	char *text = malloc(NUMBERS * 20 + 3), *out;
	size_t len;
	json_t *list;

	text[0] = '[';
	for (size_t i = 0; i < NUMBERS; i++)
		snprintf(text + 1 + i * 20, 21, "9223372036854775808,");
	text[NUMBERS * 20] = ']'; /* in place of the last comma */
	out = reply_exact(text, strlen(text), &len);
	ck_assert_uint_eq(len, strlen(text) + 2 * (size_t)NUMBERS);
	list = json_loads(out, 0, NULL);
	ck_assert_uint_eq(json_array_size(list), NUMBERS);
	json_decref(list);
	free(out);
	free(text);
}
END_TEST

START_TEST(the_text_of_a_field_is_returned_byte_for_byte)
{
	static const char line[] =
	    " { \"id\":1, \"x\" : {\"result\":0}, \"result\" : {\"a\":[1,{\"b\":\"}]\\\"\"}],"
	    "\"i\":18446744073709551615} , \"error\":null,\"n\":-1.5e3}";
	struct reply reply;
	const char *text;
	size_t len;

	ck_assert_int_eq(reply_parse(&reply, line, strlen(line)), 0);
	ck_assert_str_eq(json_string_value(json_object_get(reply.result, "i")),
	    "18446744073709551615");
	text = reply_text(&reply, "result", &len);
	ck_assert_uint_eq(len, strlen("{\"a\":[1,{\"b\":\"}]\\\"\"}],\"i\":18446744073709551615}"));
	ck_assert_mem_eq(text, "{\"a\":[1,{\"b\":\"}]\\\"\"}],\"i\":18446744073709551615}", len);
	text = reply_text(&reply, "id", &len);
	ck_assert(len == 1 && *text == '1');
	text = reply_text(&reply, "n", &len);
	ck_assert(len == 6 && memcmp(text, "-1.5e3", 6) == 0);
	text = reply_text(&reply, "error", &len);
	ck_assert(len == 4 && memcmp(text, "null", 4) == 0);
	ck_assert_ptr_null(reply_text(&reply, "a", &len));
	ck_assert_ptr_null(reply_text(&reply, "resul", &len));
	ck_assert_ptr_null(reply_text(&reply, "results", &len));
	reply_fini(&reply);
}
END_TEST

START_TEST(a_name_may_have_a_nul)
{
	static const char line[] = "{\"result\":{\"name\":\"a\\u0000b\"}}";
	struct reply reply;

	ck_assert_int_eq(reply_parse(&reply, line, strlen(line)), 0);
	ck_assert_uint_eq(json_string_length(json_object_get(reply.result, "name")), 3);
	reply_fini(&reply);
}
END_TEST

START_TEST(a_line_that_is_no_object_is_a_protocol_error)
{
	static const char *const bad[] = {"", "{", "[]", "1", "null", "{}x",
	    "HTTP/1.1 400 Bad Request", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}"};
	struct reply reply;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(reply_parse(&reply, bad[i], strlen(bad[i])), -EPROTO);
}
END_TEST

START_TEST(a_line_of_a_subscription_must_be_a_notification)
{
	static const char *const bad[] = {"{}", "{\"id\":1,\"result\":{}}",
	    "{\"method\":\"event\"}", "{\"method\":\"event\",\"params\":[1]}",
	    "{\"method\":\"event\",\"params\":null}", "{\"method\":1,\"params\":{}}",
	    "{\"params\":{\"type\":\"error\"}}", "[]", ""};
	static const char event[] = "{\"method\":\"event\",\"params\":{\"seq\":1}}";
	static const char other[] = "{\"method\":\"later\",\"params\":[1]}";
	struct reply reply;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(reply_parse_event(&reply, bad[i], strlen(bad[i])), -EPROTO);
	ck_assert_int_eq(reply_parse_event(&reply, event, strlen(event)), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(reply.params, "seq")), 1);
	reply_fini(&reply);
	ck_assert_int_eq(reply_parse_event(&reply, other, strlen(other)), 0);
	ck_assert_ptr_null(reply.params);
	reply_fini(&reply);
}
END_TEST

UNIT_MAIN("ctl_reply", integers_that_jansson_cannot_hold_become_strings,
    all_other_text_is_copied_unchanged, a_text_of_large_integers_fits_the_buffer,
    the_text_of_a_field_is_returned_byte_for_byte, a_name_may_have_a_nul,
    a_line_that_is_no_object_is_a_protocol_error, a_line_of_a_subscription_must_be_a_notification)
