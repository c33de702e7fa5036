/* SPDX-License-Identifier: MIT */
/* Connections, lines and limits. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/internal.h"
#include "control_world.h"
#include "net/loop.h"
#include "support/unit.h"

/* Turn the loop until nothing more happens in it for a while. */
static void
settle(struct world *world)
{
	for (unsigned i = 0; i < 50; i++)
		world_turn(world);
}

static void
wait_for_clients(struct world *world, size_t count)
{
	struct control_stats stats;
	swim_time end = swim_time_add(loop_now(), swim_seconds(60));

	do {
		ck_assert(!swim_time_reached(loop_now(), end));
		world_turn(world);
		control_stats(world->control, &stats);
		poll(NULL, 0, stats.clients == count ? 0 : 1);
	} while (stats.clients != count);
}

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
	    "not JSON: ':' expected near '\"\\\\x\\u{9b}\"', at byte 13: a request is one JSON object or one "
	    "method's name on a line");
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
	wait_for_clients(&world, 0);
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
	wait_for_clients(&world, 0);
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
	wait_for_clients(&world, 1);
	wait_for_clients(&world, 0);
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
	settle(&world);
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

START_TEST(the_65th_connection_is_told_so)
{
	struct world world;
	struct peer peers[CONTROL_CLIENTS_MAX + 1];
	struct control_stats stats;
	json_t *answer;

	world_start(&world, 0);
	/* Over both sockets. */
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		peer_open(&peers[i], &world, i % 2 ? world.ro_path : world.path);
		json_decref(peer_result(&peers[i], "info"));
	}
	for (size_t i = 0; i < 2; i++) {
		peer_open(&peers[CONTROL_CLIENTS_MAX], &world, i ? world.ro_path : world.path);
		peer_say(&peers[CONTROL_CLIENTS_MAX], "info");
		answer = peer_json(&peers[CONTROL_CLIENTS_MAX]);
		ck_assert_str_eq(text(member(member(answer, "error"), "data"), "code"),
		    "unavailable");
		json_decref(answer);
		peer_expect_end(&peers[CONTROL_CLIENTS_MAX]);
		peer_close(&peers[CONTROL_CLIENTS_MAX]);
	}
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.refused, 2);
	ck_assert_uint_eq(stats.clients, CONTROL_CLIENTS_MAX);
	/* All others go on, and one that goes makes room. */
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		json_decref(peer_result(&peers[i], "info"));
	peer_close(&peers[0]);
	wait_for_clients(&world, CONTROL_CLIENTS_MAX - 1);
	peer_open(&peers[0], &world, world.path);
	json_decref(peer_result(&peers[0], "info"));
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		peer_close(&peers[i]);
	world_stop(&world);
}
END_TEST

static int64_t
cpu_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

START_TEST(four_hundred_connections_do_not_spin)
{
	enum { CONNECTIONS = 400 };

	static struct peer peers[CONNECTIONS];
	struct world world;
	struct control_stats stats;
	int64_t begin;

	world_start(&world, 0);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		peer_open(&peers[i], &world, world.path);
		if (i % 100 == 99)
			settle(&world);
	}
	settle(&world);
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.connections, CONNECTIONS);
	ck_assert_uint_eq(stats.clients, CONTROL_CLIENTS_MAX);
	ck_assert_uint_eq(stats.refused, CONNECTIONS - CONTROL_CLIENTS_MAX);
	/* With nothing to do the loop sleeps: it takes a small part of the time that passes. */
	begin = cpu_ms();
	event_base_loopexit(world.base, &(struct timeval){0, 800000});
	event_base_dispatch(world.base);
	ck_assert_int_lt(cpu_ms() - begin, 400);
	/* All that were turned away know why, the last one as the first. */
	for (size_t i = CONTROL_CLIENTS_MAX; i < CONNECTIONS; i++) {
		json_t *answer = peer_json(&peers[i]);

		ck_assert_str_eq(text(member(member(answer, "error"), "data"), "code"),
		    "unavailable");
		json_decref(answer);
		peer_expect_end(&peers[i]);
	}
	for (size_t i = 0; i < CONNECTIONS; i++)
		peer_close(&peers[i]);
	wait_for_clients(&world, 0);
	peer_open(&peers[0], &world, world.path);
	json_decref(peer_result(&peers[0], "info"));
	peer_close(&peers[0]);
	world_stop(&world);
}
END_TEST

START_TEST(without_descriptors_it_waits_and_then_goes_on)
{
	struct world world;
	struct peer peer, later;
	struct rlimit before, few;
	int top;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	json_decref(peer_result(&peer, "info"));
	peer_open(&later, &world, world.path);
	peer_say(&later, "info");
	/* No descriptor is left from here on. */
	top = dup(0);
	close(top);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){(rlim_t)top, before.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	settle(&world);
	/* It does not try over and over. */
	ck_assert(!world.control->accepting);
	ck_assert(!event_pending(world.control->listeners[0].acceptable, EV_READ, NULL));
	/* Those who are connected go on. */
	json_decref(peer_result(&peer, "info"));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	json_decref(peer_json(&later));
	ck_assert(world.control->accepting);
	peer_close(&later);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(the_sockets_have_their_permissions)
{
	struct world world;
	struct stat st;

	world_start(&world, 0);
	ck_assert_int_eq(lstat(world.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	ck_assert_int_eq(lstat(world.ro_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0666);
	world_stop(&world);
}
END_TEST

START_TEST(a_second_server_is_refused)
{
	struct world world, empty = {0};
	struct control_config config = {.socket_fd = -1, .ro_socket_fd = -1};
	struct control_backend backend = {.ctx = &empty};
	char error[512], path[128];
	struct stat st;

	world_start(&world, 0);
	config.socket = world.path;
	ck_assert_ptr_null(control_new(world.base, &config, &backend, error));
	ck_assert_ptr_nonnull(strstr(error, world.path));
	/* Where the second socket is the trouble, the first goes again. */
	snprintf(path, sizeof(path), "%s/other", world.directory);
	config.socket = path;
	config.ro_socket = world.ro_path;
	ck_assert_ptr_null(control_new(world.base, &config, &backend, error));
	ck_assert_ptr_nonnull(strstr(error, world.ro_path));
	ck_assert_int_eq(lstat(path, &st), -1);
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
    requests_wait_while_answers_are_not_read, the_65th_connection_is_told_so,
    four_hundred_connections_do_not_spin, without_descriptors_it_waits_and_then_goes_on,
    the_sockets_have_their_permissions, a_second_server_is_refused)
