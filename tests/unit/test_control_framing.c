/* SPDX-License-Identifier: MIT */
/* Requests as lines: what is a request, the limits of a line, and the order of the answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control_internal.h"
#include "control_world.h"
#include "net/loop.h"
#include "support/unit.h"

static char *
line_of(size_t len, const char *begin, const char *end)
{
	char *line = malloc(len + 2);

	ck_assert_ptr_nonnull(line);
	memset(line, ' ', len);
	memcpy(line, begin, strlen(begin));
	memcpy(line + len - strlen(end), end, strlen(end));
	line[len] = '\n';
	line[len + 1] = '\0';
	return line;
}

START_TEST(a_bare_word_is_a_request)
{
	struct world world;
	struct caller caller;
	json_t *answer;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	answer = caller_ask(&caller, "members");
	ck_assert_str_eq(text(answer, "jsonrpc"), "2.0");
	ck_assert(json_is_null(field(answer, "id")));
	ck_assert_uint_eq(json_array_size(field(field(answer, "result"), "members")), 1);
	json_decref(answer);
	json_decref(caller_result(&caller, "  info \r"));
	json_decref(caller_result(&caller, " {\"method\":\"info\",\"id\":1}\r"));
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(blank_lines_are_ignored)
{
	struct world world;
	struct caller caller;
	struct control_stats stats;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	json_decref(caller_result(&caller, "\n\n \r\n\t\ninfo"));
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.requests, 1);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(the_answer_has_the_id_of_the_request)
{
	static const char *const ids[] = {"1", "-7", "9223372036854775807",
	    "\"a \\\"b\\\" \\u0000\"", "null", "1.5", "\"d\\u00e9j\\u00e0\""};
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char line[128];
		json_t *answer, *id = json_loads(ids[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

		snprintf(line, sizeof(line), "{\"method\":\"info\",\"id\":%s}", ids[i]);
		answer = caller_ask(&caller, line);
		ck_assert(json_equal(field(answer, "id"), id));
		json_decref(answer);
		json_decref(id);
	}
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_line_that_is_no_request_gets_an_error)
{
	static const struct {
		const char *line, *code;
	} cases[] = {
	    {"{", "parse-error"},
	    {"members alive", "parse-error"},
	    {"{\"method\":\"info\",\"method\":\"info\",\"id\":1}", "parse-error"},
	    {"{\"method\":\"events\",\"params\":{\"x\":[{\"a\":1,\"a\":1}]}}", "parse-error"},
	    {"{\"method\":\"info\"} x", "parse-error"},
	    {"\xff\xfe", "parse-error"},
	    {"\"info\"", "invalid-request"},
	    {"7", "invalid-request"},
	    {"[]", "invalid-request"},
	    {"[{\"method\":\"info\",\"id\":1}]", "invalid-request"},
	    {"{}", "invalid-request"},
	    {"{\"id\":1}", "invalid-request"},
	    {"{\"id\":1,\"method\":7}", "invalid-request"},
	    {"{\"id\":{},\"method\":\"info\"}", "invalid-request"},
	    {"{\"id\":true,\"method\":\"info\"}", "invalid-request"},
	    {"{\"id\":1,\"method\":\"info\",\"jsonrpc\":\"1.0\"}", "invalid-request"},
	    {"{\"id\":1,\"method\":\"info\",\"jsonrpc\":2}", "invalid-request"},
	    {"{\"id\":1,\"method\":\"info\",\"parms\":{}}", "invalid-request"},
	    {"nothing", "unknown-method"},
	    {"true", "unknown-method"},
	    {"{\"id\":1,\"method\":\"info\\u0000\"}", "unknown-method"},
	    {"{\"id\":1,\"method\":\"\"}", "unknown-method"},
	    {"{\"id\":1,\"method\":\"info\",\"params\":[]}", "invalid-params"},
	    {"{\"id\":1,\"method\":\"info\",\"params\":null}", "invalid-params"},
	};
	struct world world;
	struct caller caller;
	json_t *error;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		json_decref(caller_error(&caller, cases[i].line, cases[i].code));
	/* The connection is still served. */
	json_decref(caller_result(&caller,
	    "{\"id\":1,\"method\":\"info\",\"jsonrpc\":\"2.0\",\"params\":{}}"));
	/* The error quotes the line, with characters escaped that a terminal would obey. */
	error = caller_error(&caller, "{\"id\" \"\\\\x\xc2\x9b\"}", "parse-error");
	ck_assert_str_eq(json_string_value(field(error, "message")),
	    "the line is not JSON: ':' expected near '\"\\\\x\\u{9b}\"', at byte 13: a request is one line with a "
	    "JSON object or the name of a method");
	json_decref(error);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_notification_gets_no_answer)
{
	struct world world;
	struct caller caller;
	json_t *answer;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_say(&caller, "{\"method\":\"info\"}");
	caller_say(&caller, "{\"method\":\"nothing\"}");
	caller_say(&caller, "{\"method\":\"info\",\"params\":{\"x\":1}}");
	answer = caller_ask(&caller, "{\"method\":\"info\",\"id\":\"after\"}");
	ck_assert_str_eq(text(answer, "id"), "after");
	json_decref(answer);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(five_hundred_pipelined_requests_are_answered_in_order)
{
	enum { REQUESTS = 500 };

	static const char *const methods[] = {"members", "info", "health", "metrics", "discovery",
	    "nothing"};
	struct world world;
	struct caller caller;
	char *all = NULL;
	size_t len;
	FILE *lines = open_memstream(&all, &len);

	world_start(&world, 0);
	for (int i = 0; i < REQUESTS; i++)
		fprintf(lines, "{\"id\":%d,\"method\":\"%s\"}\n", i, methods[i % 6]);
	fclose(lines);
	caller_open(&caller, &world, world.path);
	caller_send(&caller, all, len);
	free(all);
	for (int i = 0; i < REQUESTS; i++) {
		json_t *answer = caller_json(&caller);

		ck_assert_int_eq(number(answer, "id"), i);
		ck_assert_ptr_nonnull(json_object_get(answer, i % 6 == 5 ? "error" : "result"));
		json_decref(answer);
	}
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_line_may_come_byte_by_byte)
{
	static const char line[] = "{\"id\":5,\"method\":\"info\"}\n";
	struct world world;
	struct caller caller;
	json_t *answer;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	for (size_t i = 0; i + 1 < sizeof(line); i++) {
		caller_send(&caller, line + i, 1);
		world_turn(&world);
		world_turn(&world);
	}
	answer = caller_json(&caller);
	ck_assert_int_eq(number(answer, "id"), 5);
	json_decref(answer);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_line_of_64_kib_is_served)
{
	struct world world;
	struct caller caller;
	char *line = line_of(CONTROL_LINE_MAX, "{\"id\":1,\"method\":\"info\"", "}");
	json_t *answer;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_send(&caller, line, CONTROL_LINE_MAX + 1);
	answer = caller_json(&caller);
	ck_assert_ptr_nonnull(json_object_get(answer, "result"));
	json_decref(answer);
	/* The same as the last line, without a newline. */
	caller_send(&caller, line, CONTROL_LINE_MAX);
	caller_half_close(&caller);
	answer = caller_json(&caller);
	ck_assert_ptr_nonnull(json_object_get(answer, "result"));
	json_decref(answer);
	caller_expect_end(&caller);
	free(line);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

static void
refuses_long_line(size_t len, size_t sent)
{
	struct world world;
	struct caller caller, other;
	char *line = line_of(len, "{\"id\":1,\"method\":\"info\"", "}");
	json_t *answer;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_say(&caller, "{\"id\":7,\"method\":\"info\"}");
	caller_send(&caller, line, sent);
	/* The earlier request is answered first. */
	answer = caller_json(&caller);
	ck_assert_int_eq(number(answer, "id"), 7);
	json_decref(answer);
	answer = caller_json(&caller);
	ck_assert(json_is_null(field(answer, "id")));
	ck_assert_str_eq(text(field(field(answer, "error"), "data"), "code"), "too-large");
	ck_assert_int_eq(number(field(answer, "error"), "code"), CONTROL_TOO_LARGE);
	json_decref(answer);
	caller_expect_end(&caller);
	/* Other clients are still served. */
	caller_open(&other, &world, world.path);
	json_decref(caller_result(&other, "info"));
	caller_close(&other);
	caller_close(&caller);
	world_wait_for_clients(&world, 0);
	free(line);
	world_stop(&world);
}

START_TEST(a_line_of_64_kib_and_a_byte_is_refused)
{
	refuses_long_line(CONTROL_LINE_MAX + 1, CONTROL_LINE_MAX + 2);
}
END_TEST

START_TEST(a_long_line_without_a_newline_is_refused)
{
	refuses_long_line(CONTROL_LINE_MAX + 1, CONTROL_LINE_MAX + 1);
}
END_TEST

START_TEST(a_line_of_a_megabyte_is_refused)
{
	/* More than the socket holds: the server reads and drops the rest, so that the client gets the answer. */
	refuses_long_line(1 << 20, 1 << 20);
}
END_TEST

START_TEST(a_closed_connection_is_freed_though_the_client_keeps_it_open)
{
	struct world world;
	struct caller caller;
	char *line = line_of(CONTROL_LINE_MAX + 1, "", "");

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_send(&caller, line, CONTROL_LINE_MAX + 1);
	json_decref(caller_json(&caller));
	caller_expect_end(&caller);
	world_wait_for_clients(&world, 0);
	caller_close(&caller);
	free(line);
	world_stop(&world);
}
END_TEST

START_TEST(all_requests_are_answered_after_a_half_close)
{
	enum { REQUESTS = 200 };

	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	for (int i = 0; i < REQUESTS; i++)
		caller_say(&caller, "metrics");
	caller_send(&caller, "info", 4); /* no newline */
	caller_half_close(&caller);
	for (int i = 0; i < REQUESTS + 1; i++) {
		json_t *answer = caller_json(&caller);

		ck_assert_ptr_nonnull(json_object_get(answer, "result"));
		json_decref(answer);
	}
	caller_expect_end(&caller);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(requests_are_carried_out_though_the_client_has_closed)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_say(&caller, "info");
	caller_say(&caller, "leave");
	caller_close(&caller);
	world_wait_for_clients(&world, 1);
	world_wait_for_clients(&world, 0);
	ck_assert_uint_eq(world.leaves, 1);
	world_stop(&world);
}
END_TEST

START_TEST(requests_wait_while_answers_are_not_read)
{
	struct world world;
	struct caller caller;
	struct control_stats stats;
	uint64_t before;
	int asked = 0, answered = 0;

	world_start(&world, 0);
	for (int i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%d", i);
		world_hear(&world, name, strlen(name), SWIM_ALIVE, 1);
	}
	caller_open(&caller, &world, world.path);
	/* Send requests until the server reads no more; an answer with 200 members has some 40 KiB. */
	for (int stuck = 0; stuck < 100;) {
		ssize_t n = send(caller.fd, "members\n", 8, MSG_DONTWAIT);

		if (n == 8) {
			asked++;
			stuck = 0;
		} else {
			ck_assert_int_eq(n, -1);
			stuck++;
		}
		world_turn(&world);
	}
	control_stats(world.control, &stats);
	before = stats.requests;
	ck_assert_uint_lt(before, (unsigned)asked);
	ck_assert_uint_lt(before, 100);
	world_settle(&world);
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.requests, before);
	/* When the client reads, all requests are answered. */
	caller_half_close(&caller);
	for (char *line; (line = caller_line(&caller)) != NULL; answered++)
		free(line);
	ck_assert_int_eq(answered, asked);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_framing", a_bare_word_is_a_request, blank_lines_are_ignored,
    the_answer_has_the_id_of_the_request, a_line_that_is_no_request_gets_an_error,
    a_notification_gets_no_answer, five_hundred_pipelined_requests_are_answered_in_order,
    a_line_may_come_byte_by_byte, a_line_of_64_kib_is_served,
    a_line_of_64_kib_and_a_byte_is_refused, a_long_line_without_a_newline_is_refused,
    a_line_of_a_megabyte_is_refused, a_closed_connection_is_freed_though_the_client_keeps_it_open,
    all_requests_are_answered_after_a_half_close,
    requests_are_carried_out_though_the_client_has_closed, requests_wait_while_answers_are_not_read)
