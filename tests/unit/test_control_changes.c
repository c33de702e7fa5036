/* SPDX-License-Identifier: MIT */
/* The methods that change something: what they do, answer and refuse. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_internal.h"
#include "control_world.h"
#include "support/unit.h"

static void
hear(struct world *world, const char *name, enum swim_status status, uint64_t incarnation)
{
	world_hear(world, name, strlen(name), status, incarnation);
}

static char *
request(const char *method, const char *params)
{
	static char line[1024];

	snprintf(line, sizeof(line), "{\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
	return line;
}

static void
refuses(struct caller *caller, const char *method, const char *params, const char *code,
    const char *param)
{
	json_t *error = caller_error(caller, request(method, params), code);

	if (param != NULL)
		ck_assert_str_eq(text(field(error, "data"), "param"), param);
	json_decref(error);
}

START_TEST(a_join_is_answered_when_every_address_has_a_result)
{
	struct world world;
	struct caller caller, other;
	json_t *answer;
	const json_t *list;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_open(&other, &world, world.path);
	caller_say(&caller, request("join", "{\"addresses\":[\"10.0.0.7\",\"[::1]:7946\"]}"));
	caller_say(&caller, "{\"id\":2,\"method\":\"info\"}");
	/* Meanwhile another client is served, and the later request of this client waits. */
	json_decref(caller_result(&other, "info"));
	ck_assert_uint_eq(world.discovery.started, 1);
	ck_assert_uint_eq(caller.len, 0);
	world_joined(&world);
	answer = caller_json(&caller);
	ck_assert_int_eq(number(answer, "id"), 1);
	list = field(field(answer, "result"), "addresses");
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(text(json_array_get(list, 0), "address"), "10.0.0.7");
	ck_assert(json_is_true(field(json_array_get(list, 0), "joined")));
	ck_assert_str_eq(text(json_array_get(list, 0), "state"), "joined");
	ck_assert_str_eq(text(json_array_get(list, 0), "member"), "there");
	ck_assert(json_is_null(field(json_array_get(list, 0), "reason")));
	ck_assert(json_is_false(field(json_array_get(list, 1), "joined")));
	ck_assert_str_eq(text(json_array_get(list, 1), "reason"), "no answer");
	ck_assert(json_is_null(field(json_array_get(list, 1), "member")));
	json_decref(answer);
	answer = caller_json(&caller);
	ck_assert_int_eq(number(answer, "id"), 2);
	json_decref(answer);
	caller_close(&caller);
	caller_close(&other);
	world_stop(&world);
}
END_TEST

START_TEST(a_join_is_answered_after_a_half_close)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_say(&caller, request("join", "{\"addresses\":[\"10.0.0.7\"]}"));
	caller_half_close(&caller);
	while (world.discovery.started == 0)
		world_turn(&world);
	for (unsigned i = 0; i < 20; i++)
		world_turn(&world);
	ck_assert_uint_eq(world.discovery.cancelled, 0);
	world_joined(&world);
	json_decref(caller_json(&caller));
	caller_expect_end(&caller);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_join_is_cancelled_when_its_client_is_gone)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	/* The client closes at once; another client closes half and then the rest. */
	caller_open(&caller, &world, world.path);
	caller_say(&caller, request("join", "{\"addresses\":[\"10.0.0.7\"]}"));
	while (world.discovery.started == 0)
		world_turn(&world);
	caller_close(&caller);
	while (world.discovery.cancelled == 0)
		event_base_loop(world.base, EVLOOP_ONCE);
	caller_open(&caller, &world, world.path);
	caller_say(&caller, request("join", "{\"addresses\":[\"10.0.0.7\"]}"));
	caller_half_close(&caller);
	while (world.discovery.started == 1)
		world_turn(&world);
	for (unsigned i = 0; i < 20; i++)
		world_turn(&world);
	caller_close(&caller);
	while (world.discovery.cancelled == 1)
		event_base_loop(world.base, EVLOOP_ONCE);
	world_joined(&world);
	/* A join is under way when the server ends. */
	caller_open(&caller, &world, world.path);
	caller_say(&caller, request("join", "{\"addresses\":[\"10.0.0.7\"]}"));
	while (world.discovery.started == 2)
		world_turn(&world);
	world_stop(&world);
	ck_assert_uint_eq(world.discovery.cancelled, 3);
	caller_close(&caller);
}
END_TEST

static void
is_unavailable(json_t *answer, json_int_t id)
{
	ck_assert_int_eq(number(answer, "id"), id);
	ck_assert_int_eq(number(field(answer, "error"), "code"), CONTROL_UNAVAILABLE);
	ck_assert_str_eq(text(field(field(answer, "error"), "data"), "code"), "unavailable");
	json_decref(answer);
}

START_TEST(joins_are_refused_when_the_member_leaves)
{
	struct world world;
	struct caller caller, other;
	json_t *answer;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_open(&other, &world, world.path);
	caller_say(&caller,
	    "{\"id\":5,\"method\":\"join\",\"params\":{\"addresses\":[\"10.0.0.7\"]}}");
	caller_say(&caller, "{\"id\":6,\"method\":\"info\"}");
	caller_say(&other, "{\"method\":\"join\",\"params\":{\"addresses\":[\"10.0.0.7\"]}}");
	caller_say(&other, "{\"id\":7,\"method\":\"info\"}");
	while (world.discovery.started < 2)
		world_turn(&world);
	control_leaving(world.control);
	ck_assert_uint_eq(world.discovery.cancelled, 2);
	is_unavailable(caller_json(&caller), 5);
	/* Later requests are served; the join that was a notification gets no answer. */
	answer = caller_json(&caller);
	ck_assert_str_eq(text(field(answer, "result"), "name"), "me");
	json_decref(answer);
	answer = caller_json(&other);
	ck_assert_int_eq(number(answer, "id"), 7);
	json_decref(answer);
	/* A later join is refused. */
	json_decref(caller_error(&caller, request("join", "{\"addresses\":[\"10.0.0.7\"]}"),
	    "unavailable"));
	ck_assert_uint_eq(world.discovery.started, 2);
	caller_close(&other);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(waiting_clients_get_an_error_when_the_server_ends)
{
	struct world world;
	struct caller joiner, leaver;
	char line[1024];
	ssize_t n;

	world_start(&world, 0);
	caller_open(&joiner, &world, world.path);
	caller_open(&leaver, &world, world.path);
	caller_say(&joiner,
	    "{\"id\":1,\"method\":\"join\",\"params\":{\"addresses\":[\"10.0.0.7\"]}}");
	while (world.discovery.started == 0)
		world_turn(&world);
	caller_say(&leaver, "{\"id\":2,\"method\":\"leave\"}");
	while (world.leaves == 0)
		world_turn(&world);
	world_stop(&world);
	n = recv(joiner.fd, line, sizeof(line), 0);
	ck_assert_int_gt(n, 0);
	is_unavailable(json_loadb(line, (size_t)n, 0, NULL), 1);
	n = recv(leaver.fd, line, sizeof(line), 0);
	ck_assert_int_gt(n, 0);
	is_unavailable(json_loadb(line, (size_t)n, 0, NULL), 2);
	caller_close(&joiner);
	caller_close(&leaver);
}
END_TEST

START_TEST(bad_joins_are_refused)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	refuses(&caller, "join", "{}", "invalid-params", "addresses");
	refuses(&caller, "join", "{\"addresses\":[]}", "invalid-params", "addresses");
	refuses(&caller, "join", "{\"addresses\":\"10.0.0.7\"}", "invalid-params", "addresses");
	refuses(&caller, "join", "{\"addresses\":[7]}", "invalid-params", "addresses");
	refuses(&caller, "join", "{\"addresses\":[\"10.0.0.7\",\"\"]}", "invalid-params",
	    "addresses");
	refuses(&caller, "join", "{\"addresses\":[\"10.0.0.7:0\"]}", "invalid-params", "addresses");
	refuses(&caller, "join", "{\"addresses\":[\"10.0.0.7:99999\"]}", "invalid-params",
	    "addresses");
	refuses(&caller, "join", "{\"addresses\":[\"h\\u0000:1\"]}", "invalid-params", "addresses");
	ck_assert_uint_eq(world.discovery.started, 0);
	world.discovery.refuse = SWIM_ERROR_NOT_STARTED;
	refuses(&caller, "join", "{\"addresses\":[\"10.0.0.7\"]}", "unavailable", NULL);
	json_decref(caller_result(&caller, "info"));
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(too_many_addresses_are_refused)
{
	struct world world;
	struct caller caller;
	json_t *list = json_array(), *ask;
	char *line;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	for (unsigned i = 0; i < CONTROL_JOIN_MAX + 1; i++)
		json_array_append_new(list, json_string("10.0.0.7"));
	ask = json_pack("{s:i, s:s, s:{s:o}}", "id", 1, "method", "join", "params", "addresses",
	    list);
	line = json_dumps(ask, 0);
	json_decref(caller_error(&caller, line, "invalid-params"));
	free(line);
	json_decref(ask);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_leave_is_answered_when_it_has_been_sent)
{
	struct world world;
	struct caller first, second, third;

	world_start(&world, 0);
	caller_open(&first, &world, world.path);
	caller_open(&second, &world, world.path);
	caller_say(&first, "leave");
	caller_say(&second, "leave");
	while (control_idle(world.control))
		world_turn(&world);
	for (unsigned i = 0; i < 20; i++)
		world_turn(&world);
	ck_assert_uint_eq(world.leaves, 1);
	ck_assert(!control_idle(world.control));
	caller_open(&third, &world, world.path);
	refuses(&third, "join", "{\"addresses\":[\"10.0.0.7\"]}", "unavailable", NULL);
	control_left(world.control);
	ck_assert(!control_idle(world.control));
	for (unsigned i = 0; i < 20; i++)
		world_turn(&world);
	ck_assert(control_idle(world.control));
	json_decref(caller_json(&first));
	json_decref(caller_json(&second));
	/* A second leave is answered and does nothing. */
	json_decref(caller_result(&third, "leave"));
	ck_assert_uint_eq(world.leaves, 1);
	caller_close(&first);
	caller_close(&second);
	caller_close(&third);
	world_stop(&world);
}
END_TEST

START_TEST(a_leave_that_is_sent_at_once_is_answered)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	world.leave_at_once = true;
	caller_open(&caller, &world, world.path);
	json_decref(caller_result(&caller, "leave"));
	json_decref(caller_result(&caller, "leave"));
	ck_assert(control_idle(world.control));
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(only_dead_members_are_removed)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	hear(&world, "a", SWIM_ALIVE, 1);
	caller_open(&caller, &world, world.path);
	refuses(&caller, "remove", "{\"name\":\"a\"}", "conflict", NULL);
	refuses(&caller, "remove", "{\"name\":\"me\"}", "conflict", NULL);
	refuses(&caller, "remove", "{\"name\":\"b\"}", "not-found", NULL);
	refuses(&caller, "remove", "{}", "invalid-params", "name");
	hear(&world, "a", SWIM_DEAD, 1);
	json_decref(caller_result(&caller, request("remove", "{\"name\":\"a\"}")));
	refuses(&caller, "member", "{\"name\":\"a\"}", "not-found", NULL);
	refuses(&caller, "remove", "{\"name\":\"a\"}", "not-found", NULL);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(reload_lists_the_changed_keys)
{
	struct world world;
	struct caller caller;
	json_t *result, *error;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	result = caller_result(&caller, "reload");
	ck_assert_uint_eq(json_array_size(field(result, "applied")), 2);
	ck_assert_str_eq(json_string_value(json_array_get(field(result, "applied"), 1)), "seeds");
	ck_assert_str_eq(json_string_value(json_array_get(field(result, "needs_restart"), 0)),
	    "bind");
	json_decref(result);
	world.reload_error = "/etc/swimd/swimd.conf:7: no such key";
	error = caller_error(&caller, "reload", "failed");
	ck_assert_ptr_nonnull(strstr(text(error, "message"), world.reload_error));
	json_decref(error);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(tags_are_set_and_unset)
{
	struct world world;
	struct caller caller;
	json_t *result;
	const json_t *tags;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	result =
	    caller_result(&caller, request("tags", "{\"set\":{\"role\":\"db\",\"zone\":\"\"}}"));
	ck_assert_str_eq(text(field(result, "tags"), "role"), "db");
	ck_assert_str_eq(text(field(result, "tags"), "zone"), "");
	json_decref(result);
	result = caller_result(&caller,
	    request("tags", "{\"set\":{\"role\":\"web\"},\"unset\":[\"zone\",\"none\"]}"));
	tags = field(result, "tags");
	ck_assert_uint_eq(json_object_size(tags), 1);
	ck_assert_str_eq(text(tags, "role"), "web");
	json_decref(result);
	ck_assert_uint_eq(world.retagged, 2);
	/* Without parameters nothing changes, and the answer has the tags. */
	result = caller_result(&caller, "tags");
	ck_assert_str_eq(text(field(result, "tags"), "role"), "web");
	json_decref(result);
	ck_assert_uint_eq(world.retagged, 2);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(bad_tags_are_refused)
{
	static char line[2048], *at;
	struct world world;
	struct caller caller;
	json_t *error;

	world_start(&world, 0);
	caller_open(&caller, &world, world.ro_path);
	json_decref(caller_error(&caller, "tags", "denied"));
	caller_close(&caller);
	caller_open(&caller, &world, world.path);
	refuses(&caller, "tags", "{\"set\":{\"role\":1}}", "invalid-params", "set");
	refuses(&caller, "tags", "{\"set\":[]}", "invalid-params", "set");
	refuses(&caller, "tags", "{\"set\":{\"\":\"x\"}}", "invalid-params", "set");
	refuses(&caller, "tags", "{\"set\":{\"k\":\"a\\u0000b\"}}", "invalid-params", "set");
	refuses(&caller, "tags", "{\"unset\":\"role\"}", "invalid-params", "unset");
	refuses(&caller, "tags", "{\"unset\":[\"\"]}", "invalid-params", "unset");
	refuses(&caller, "tags", "{\"unset\":[\"a\\u0000\"]}", "invalid-params", "unset");
	refuses(&caller, "tags", "{\"set\":{\"a\":\"\"},\"unset\":[\"a\"]}", "invalid-params",
	    "unset");
	refuses(&caller, "tags", "{\"get\":{}}", "invalid-params", "get");
	/* A key of 256 bytes, and a value that alone exceeds the limit of all tags. */
	at = stpcpy(line, "{\"id\":1,\"method\":\"tags\",\"params\":{\"set\":{\"");
	at = (char *)memset(at, 'k', 256) + 256;
	stpcpy(at, "\":\"\"}}}");
	json_decref(caller_error(&caller, line, "too-large"));
	at = stpcpy(line, "{\"id\":1,\"method\":\"tags\",\"params\":{\"set\":{\"k\":\"");
	at = (char *)memset(at, 'v', 513) + 513;
	stpcpy(at, "\"}}}");
	error = caller_error(&caller, line, "too-large");
	ck_assert_ptr_nonnull(strstr(text(error, "message"), "shorten"));
	json_decref(error);
	ck_assert_uint_eq(world.retagged, 0);
	world.tags_error = CONTROL_TOO_LARGE;
	error = caller_error(&caller, request("tags", "{\"unset\":[\"a\"]}"), "too-large");
	ck_assert_str_eq(text(error, "message"), "too many tags");
	json_decref(error);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_changes", a_join_is_answered_when_every_address_has_a_result,
    a_join_is_answered_after_a_half_close, joins_are_refused_when_the_member_leaves,
    waiting_clients_get_an_error_when_the_server_ends, a_join_is_cancelled_when_its_client_is_gone,
    bad_joins_are_refused, too_many_addresses_are_refused,
    a_leave_is_answered_when_it_has_been_sent, a_leave_that_is_sent_at_once_is_answered,
    only_dead_members_are_removed, reload_lists_the_changed_keys, tags_are_set_and_unset,
    bad_tags_are_refused)
