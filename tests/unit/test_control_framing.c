/* SPDX-License-Identifier: MIT */
/* Lines, and their limits. */
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
	struct peer peer;
	json_t *answer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	answer = peer_ask(&peer, "members");
	ck_assert_str_eq(text(answer, "jsonrpc"), "2.0");
	ck_assert(json_is_null(member(answer, "id")));
	ck_assert_uint_eq(json_array_size(member(member(answer, "result"), "members")), 1);
	json_decref(answer);
	json_decref(peer_result(&peer, "  info \r"));
	json_decref(peer_result(&peer, " {\"method\":\"info\",\"id\":1}\r"));
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(blank_lines_are_nothing)
{
	struct world world;
	struct peer peer;
	struct control_stats stats;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	json_decref(peer_result(&peer, "\n\n \r\n\t\ninfo"));
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.requests, 1);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(the_id_comes_back_as_it_was)
{
	static const char *const ids[] = {"1", "-7", "9223372036854775807",
	    "\"a \\\"b\\\" \\u0000\"", "null", "1.5", "\"d\\u00e9j\\u00e0\""};
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char line[128];
		json_t *answer, *id = json_loads(ids[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

		snprintf(line, sizeof(line), "{\"method\":\"info\",\"id\":%s}", ids[i]);
		answer = peer_ask(&peer, line);
		ck_assert(json_equal(member(answer, "id"), id));
		json_decref(answer);
		json_decref(id);
	}
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(what_is_no_request_is_an_error)
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
	struct peer peer;
	json_t *error;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		json_decref(peer_error(&peer, cases[i].line, cases[i].code));
	/* And the connection goes on. */
	json_decref(
	    peer_result(&peer, "{\"id\":1,\"method\":\"info\",\"jsonrpc\":\"2.0\",\"params\":{}}"));
	/* What is wrong is quoted as it was written, but for what a terminal would obey. */
	error = peer_error(&peer, "{\"id\" \"\\\\x\xc2\x9b\"}", "parse-error");
	ck_assert_str_eq(json_string_value(member(error, "message")),
	    "the line is not JSON: ':' expected near '\"\\\\x\\u{9b}\"', at byte 13: a request is one line with a "
	    "JSON object or the name of a method");
	json_decref(error);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(a_notification_gets_no_answer)
{
	struct world world;
	struct peer peer;
	json_t *answer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_say(&peer, "{\"method\":\"info\"}");
	peer_say(&peer, "{\"method\":\"nothing\"}");
	peer_say(&peer, "{\"method\":\"info\",\"params\":{\"x\":1}}");
	answer = peer_ask(&peer, "{\"method\":\"info\",\"id\":\"after\"}");
	ck_assert_str_eq(text(answer, "id"), "after");
	json_decref(answer);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(five_hundred_at_once_are_answered_in_order)
{
	enum { REQUESTS = 500 };

	static const char *const methods[] = {"members", "info", "health", "metrics", "discovery",
	    "nothing"};
	struct world world;
	struct peer peer;
	char *all = NULL;
	size_t len;
	FILE *lines = open_memstream(&all, &len);

	world_start(&world, 0);
	for (int i = 0; i < REQUESTS; i++)
		fprintf(lines, "{\"id\":%d,\"method\":\"%s\"}\n", i, methods[i % 6]);
	fclose(lines);
	peer_open(&peer, &world, world.path);
	peer_send(&peer, all, len);
	free(all);
	for (int i = 0; i < REQUESTS; i++) {
		json_t *answer = peer_json(&peer);

		ck_assert_int_eq(number(answer, "id"), i);
		ck_assert_ptr_nonnull(json_object_get(answer, i % 6 == 5 ? "error" : "result"));
		json_decref(answer);
	}
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(a_line_may_come_byte_by_byte)
{
	static const char line[] = "{\"id\":5,\"method\":\"info\"}\n";
	struct world world;
	struct peer peer;
	json_t *answer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	for (size_t i = 0; i + 1 < sizeof(line); i++) {
		peer_send(&peer, line + i, 1);
		world_turn(&world);
		world_turn(&world);
	}
	answer = peer_json(&peer);
	ck_assert_int_eq(number(answer, "id"), 5);
	json_decref(answer);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(a_line_of_64_kib_is_served)
{
	struct world world;
	struct peer peer;
	char *line = line_of(CONTROL_LINE_MAX, "{\"id\":1,\"method\":\"info\"", "}");
	json_t *answer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_send(&peer, line, CONTROL_LINE_MAX + 1);
	answer = peer_json(&peer);
	ck_assert_ptr_nonnull(json_object_get(answer, "result"));
	json_decref(answer);
	/* And as the last one, without a newline. */
	peer_send(&peer, line, CONTROL_LINE_MAX);
	peer_half_close(&peer);
	answer = peer_json(&peer);
	ck_assert_ptr_nonnull(json_object_get(answer, "result"));
	json_decref(answer);
	peer_expect_end(&peer);
	free(line);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

static void
refuses_long_line(size_t len, size_t sent)
{
	struct world world;
	struct peer peer, other;
	char *line = line_of(len, "{\"id\":1,\"method\":\"info\"", "}");
	json_t *answer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_say(&peer, "{\"id\":7,\"method\":\"info\"}");
	peer_send(&peer, line, sent);
	/* What was asked before is answered first. */
	answer = peer_json(&peer);
	ck_assert_int_eq(number(answer, "id"), 7);
	json_decref(answer);
	answer = peer_json(&peer);
	ck_assert(json_is_null(member(answer, "id")));
	ck_assert_str_eq(text(member(member(answer, "error"), "data"), "code"), "too-large");
	ck_assert_int_eq(number(member(answer, "error"), "code"), CONTROL_TOO_LARGE);
	json_decref(answer);
	peer_expect_end(&peer);
	/* Others go on. */
	peer_open(&other, &world, world.path);
	json_decref(peer_result(&other, "info"));
	peer_close(&other);
	peer_close(&peer);
	world_wait_for_clients(&world, 0);
	free(line);
	world_stop(&world);
}

START_TEST(a_line_of_64_kib_and_a_byte_is_refused)
{
	refuses_long_line(CONTROL_LINE_MAX + 1, CONTROL_LINE_MAX + 2);
}
END_TEST

START_TEST(a_line_that_never_ends_is_refused)
{
	refuses_long_line(CONTROL_LINE_MAX + 1, CONTROL_LINE_MAX + 1);
}
END_TEST

START_TEST(a_line_of_a_megabyte_is_refused)
{
	/* More than the socket holds: what nobody wants is read and dropped, so that the answer is seen. */
	refuses_long_line(1 << 20, 1 << 20);
}
END_TEST

START_TEST(a_closed_connection_is_let_go_of_when_the_other_side_keeps_it)
{
	struct world world;
	struct peer peer;
	char *line = line_of(CONTROL_LINE_MAX + 1, "", "");

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_send(&peer, line, CONTROL_LINE_MAX + 1);
	json_decref(peer_json(&peer));
	peer_expect_end(&peer);
	world_wait_for_clients(&world, 0);
	peer_close(&peer);
	free(line);
	world_stop(&world);
}
END_TEST

START_TEST(all_is_answered_after_a_half_close)
{
	enum { REQUESTS = 200 };

	struct world world;
	struct peer peer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	for (int i = 0; i < REQUESTS; i++)
		peer_say(&peer, "metrics");
	peer_send(&peer, "info", 4); /* no newline */
	peer_half_close(&peer);
	for (int i = 0; i < REQUESTS + 1; i++) {
		json_t *answer = peer_json(&peer);

		ck_assert_ptr_nonnull(json_object_get(answer, "result"));
		json_decref(answer);
	}
	peer_expect_end(&peer);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(what_was_asked_is_done_though_nobody_listens)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_say(&peer, "info");
	peer_say(&peer, "leave");
	peer_close(&peer);
	world_wait_for_clients(&world, 1);
	world_wait_for_clients(&world, 0);
	ck_assert_uint_eq(world.leaves, 1);
	world_stop(&world);
}
END_TEST

START_TEST(requests_wait_while_answers_are_not_read)
{
	struct world world;
	struct peer peer;
	struct control_stats stats;
	uint64_t before;
	int asked = 0, answered = 0;

	world_start(&world, 0);
	for (int i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%d", i);
		world_hear(&world, name, strlen(name), SWIM_ALIVE, 1);
	}
	peer_open(&peer, &world, world.path);
	/* Ask until nothing more is taken: 200 members take some 40 KiB an answer. */
	for (int stuck = 0; stuck < 100;) {
		ssize_t n = send(peer.fd, "members\n", 8, MSG_DONTWAIT);

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
	/* Then all comes. */
	peer_half_close(&peer);
	for (char *line; (line = peer_line(&peer)) != NULL; answered++)
		free(line);
	ck_assert_int_eq(answered, asked);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_framing", a_bare_word_is_a_request, blank_lines_are_nothing,
    the_id_comes_back_as_it_was, what_is_no_request_is_an_error, a_notification_gets_no_answer,
    five_hundred_at_once_are_answered_in_order, a_line_may_come_byte_by_byte,
    a_line_of_64_kib_is_served, a_line_of_64_kib_and_a_byte_is_refused,
    a_line_that_never_ends_is_refused, a_line_of_a_megabyte_is_refused,
    a_closed_connection_is_let_go_of_when_the_other_side_keeps_it,
    all_is_answered_after_a_half_close, what_was_asked_is_done_though_nobody_listens,
    requests_wait_while_answers_are_not_read)
