/* SPDX-License-Identifier: MIT */
/* The methods that change something. */
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
refuses(struct peer *peer, const char *method, const char *params, const char *code,
    const char *param)
{
	json_t *error = peer_error(peer, request(method, params), code);

	if (param != NULL)
		ck_assert_str_eq(text(member(error, "data"), "param"), param);
	json_decref(error);
}

START_TEST(a_join_is_answered_when_it_is_over)
{
	struct world world;
	struct peer peer, other;
	json_t *answer;
	const json_t *list;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_open(&other, &world, world.path);
	peer_say(&peer, request("join", "{\"addresses\":[\"10.0.0.7\",\"[::1]:7946\"]}"));
	peer_say(&peer, "{\"id\":2,\"method\":\"info\"}");
	/* Others are served meanwhile, this one in order. */
	json_decref(peer_result(&other, "info"));
	ck_assert_uint_eq(world.discovery.started, 1);
	ck_assert_uint_eq(peer.len, 0);
	world_joined(&world);
	answer = peer_json(&peer);
	ck_assert_int_eq(number(answer, "id"), 1);
	list = member(member(answer, "result"), "addresses");
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(text(json_array_get(list, 0), "address"), "10.0.0.7");
	ck_assert(json_is_true(member(json_array_get(list, 0), "joined")));
	ck_assert_str_eq(text(json_array_get(list, 0), "state"), "joined");
	ck_assert_str_eq(text(json_array_get(list, 0), "member"), "there");
	ck_assert(json_is_null(member(json_array_get(list, 0), "reason")));
	ck_assert(json_is_false(member(json_array_get(list, 1), "joined")));
	ck_assert_str_eq(text(json_array_get(list, 1), "reason"), "no answer");
	ck_assert(json_is_null(member(json_array_get(list, 1), "member")));
	json_decref(answer);
	answer = peer_json(&peer);
	ck_assert_int_eq(number(answer, "id"), 2);
	json_decref(answer);
	peer_close(&peer);
	peer_close(&other);
	world_stop(&world);
}
END_TEST

START_TEST(a_join_after_a_half_close_is_answered)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_say(&peer, request("join", "{\"addresses\":[\"10.0.0.7\"]}"));
	peer_half_close(&peer);
	while (world.discovery.started == 0)
		world_turn(&world);
	for (unsigned i = 0; i < 20; i++)
		world_turn(&world);
	ck_assert_uint_eq(world.discovery.cancelled, 0);
	world_joined(&world);
	json_decref(peer_json(&peer));
	peer_expect_end(&peer);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(a_join_whose_asker_is_gone_is_forgotten)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	/* Gone at once, and gone after a half-close that was taken for just that. */
	peer_open(&peer, &world, world.path);
	peer_say(&peer, request("join", "{\"addresses\":[\"10.0.0.7\"]}"));
	while (world.discovery.started == 0)
		world_turn(&world);
	peer_close(&peer);
	while (world.discovery.cancelled == 0)
		event_base_loop(world.base, EVLOOP_ONCE);
	peer_open(&peer, &world, world.path);
	peer_say(&peer, request("join", "{\"addresses\":[\"10.0.0.7\"]}"));
	peer_half_close(&peer);
	while (world.discovery.started == 1)
		world_turn(&world);
	for (unsigned i = 0; i < 20; i++)
		world_turn(&world);
	peer_close(&peer);
	while (world.discovery.cancelled == 1)
		event_base_loop(world.base, EVLOOP_ONCE);
	world_joined(&world);
	/* And one that is under way when we end. */
	peer_open(&peer, &world, world.path);
	peer_say(&peer, request("join", "{\"addresses\":[\"10.0.0.7\"]}"));
	while (world.discovery.started == 2)
		world_turn(&world);
	world_stop(&world);
	ck_assert_uint_eq(world.discovery.cancelled, 3);
	peer_close(&peer);
}
END_TEST

static void
is_unavailable(json_t *answer, json_int_t id)
{
	ck_assert_int_eq(number(answer, "id"), id);
	ck_assert_int_eq(number(member(answer, "error"), "code"), CONTROL_UNAVAILABLE);
	ck_assert_str_eq(text(member(member(answer, "error"), "data"), "code"), "unavailable");
	json_decref(answer);
}

START_TEST(a_join_is_answered_when_we_leave)
{
	struct world world;
	struct peer peer, other;
	json_t *answer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_open(&other, &world, world.path);
	peer_say(&peer, "{\"id\":5,\"method\":\"join\",\"params\":{\"addresses\":[\"10.0.0.7\"]}}");
	peer_say(&peer, "{\"id\":6,\"method\":\"info\"}");
	peer_say(&other, "{\"method\":\"join\",\"params\":{\"addresses\":[\"10.0.0.7\"]}}");
	peer_say(&other, "{\"id\":7,\"method\":\"info\"}");
	while (world.discovery.started < 2)
		world_turn(&world);
	control_leaving(world.control);
	ck_assert_uint_eq(world.discovery.cancelled, 2);
	is_unavailable(peer_json(&peer), 5);
	/* What came behind goes on; a notification is not answered now either. */
	answer = peer_json(&peer);
	ck_assert_str_eq(text(member(answer, "result"), "name"), "me");
	json_decref(answer);
	answer = peer_json(&other);
	ck_assert_int_eq(number(answer, "id"), 7);
	json_decref(answer);
	/* And no other begins. */
	json_decref(
	    peer_error(&peer, request("join", "{\"addresses\":[\"10.0.0.7\"]}"), "unavailable"));
	ck_assert_uint_eq(world.discovery.started, 2);
	peer_close(&other);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(whoever_waits_is_answered_at_the_end)
{
	struct world world;
	struct peer joiner, leaver;
	char line[1024];
	ssize_t n;

	world_start(&world, 0);
	peer_open(&joiner, &world, world.path);
	peer_open(&leaver, &world, world.path);
	peer_say(&joiner,
	    "{\"id\":1,\"method\":\"join\",\"params\":{\"addresses\":[\"10.0.0.7\"]}}");
	while (world.discovery.started == 0)
		world_turn(&world);
	peer_say(&leaver, "{\"id\":2,\"method\":\"leave\"}");
	while (world.leaves == 0)
		world_turn(&world);
	world_stop(&world);
	n = recv(joiner.fd, line, sizeof(line), 0);
	ck_assert_int_gt(n, 0);
	is_unavailable(json_loadb(line, (size_t)n, 0, NULL), 1);
	n = recv(leaver.fd, line, sizeof(line), 0);
	ck_assert_int_gt(n, 0);
	is_unavailable(json_loadb(line, (size_t)n, 0, NULL), 2);
	peer_close(&joiner);
	peer_close(&leaver);
}
END_TEST

START_TEST(bad_joins_are_refused)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	refuses(&peer, "join", "{}", "invalid-params", "addresses");
	refuses(&peer, "join", "{\"addresses\":[]}", "invalid-params", "addresses");
	refuses(&peer, "join", "{\"addresses\":\"10.0.0.7\"}", "invalid-params", "addresses");
	refuses(&peer, "join", "{\"addresses\":[7]}", "invalid-params", "addresses");
	refuses(&peer, "join", "{\"addresses\":[\"10.0.0.7\",\"\"]}", "invalid-params",
	    "addresses");
	refuses(&peer, "join", "{\"addresses\":[\"10.0.0.7:0\"]}", "invalid-params", "addresses");
	refuses(&peer, "join", "{\"addresses\":[\"10.0.0.7:99999\"]}", "invalid-params",
	    "addresses");
	refuses(&peer, "join", "{\"addresses\":[\"h\\u0000:1\"]}", "invalid-params", "addresses");
	ck_assert_uint_eq(world.discovery.started, 0);
	world.discovery.refuse = SWIM_ERROR_NOT_STARTED;
	refuses(&peer, "join", "{\"addresses\":[\"10.0.0.7\"]}", "unavailable", NULL);
	json_decref(peer_result(&peer, "info"));
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(too_many_addresses_are_refused)
{
	struct world world;
	struct peer peer;
	json_t *list = json_array(), *ask;
	char *line;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	for (unsigned i = 0; i < CONTROL_JOIN_MAX + 1; i++)
		json_array_append_new(list, json_string("10.0.0.7"));
	ask = json_pack("{s:i, s:s, s:{s:o}}", "id", 1, "method", "join", "params", "addresses",
	    list);
	line = json_dumps(ask, 0);
	json_decref(peer_error(&peer, line, "invalid-params"));
	free(line);
	json_decref(ask);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(a_leave_is_answered_once_it_is_sent)
{
	struct world world;
	struct peer first, second, third;

	world_start(&world, 0);
	peer_open(&first, &world, world.path);
	peer_open(&second, &world, world.path);
	peer_say(&first, "leave");
	peer_say(&second, "leave");
	while (control_idle(world.control))
		world_turn(&world);
	for (unsigned i = 0; i < 20; i++)
		world_turn(&world);
	ck_assert_uint_eq(world.leaves, 1);
	ck_assert(!control_idle(world.control));
	peer_open(&third, &world, world.path);
	refuses(&third, "join", "{\"addresses\":[\"10.0.0.7\"]}", "unavailable", NULL);
	control_left(world.control);
	ck_assert(!control_idle(world.control));
	for (unsigned i = 0; i < 20; i++)
		world_turn(&world);
	ck_assert(control_idle(world.control));
	json_decref(peer_json(&first));
	json_decref(peer_json(&second));
	/* Once more does no harm. */
	json_decref(peer_result(&third, "leave"));
	ck_assert_uint_eq(world.leaves, 1);
	peer_close(&first);
	peer_close(&second);
	peer_close(&third);
	world_stop(&world);
}
END_TEST

START_TEST(a_leave_may_be_over_at_once)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	world.leave_at_once = true;
	peer_open(&peer, &world, world.path);
	json_decref(peer_result(&peer, "leave"));
	json_decref(peer_result(&peer, "leave"));
	ck_assert(control_idle(world.control));
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(the_dead_are_removed)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	hear(&world, "a", SWIM_ALIVE, 1);
	peer_open(&peer, &world, world.path);
	refuses(&peer, "remove", "{\"name\":\"a\"}", "conflict", NULL);
	refuses(&peer, "remove", "{\"name\":\"me\"}", "conflict", NULL);
	refuses(&peer, "remove", "{\"name\":\"b\"}", "not-found", NULL);
	refuses(&peer, "remove", "{}", "invalid-params", "name");
	hear(&world, "a", SWIM_DEAD, 1);
	json_decref(peer_result(&peer, request("remove", "{\"name\":\"a\"}")));
	refuses(&peer, "member", "{\"name\":\"a\"}", "not-found", NULL);
	refuses(&peer, "remove", "{\"name\":\"a\"}", "not-found", NULL);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(reload_says_what_changed)
{
	struct world world;
	struct peer peer;
	json_t *result, *error;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	result = peer_result(&peer, "reload");
	ck_assert_uint_eq(json_array_size(member(result, "applied")), 2);
	ck_assert_str_eq(json_string_value(json_array_get(member(result, "applied"), 1)), "seeds");
	ck_assert_str_eq(json_string_value(json_array_get(member(result, "needs_restart"), 0)),
	    "bind");
	json_decref(result);
	world.reload_error = "/etc/swimd/swimd.conf:7: no such key";
	error = peer_error(&peer, "reload", "failed");
	ck_assert_ptr_nonnull(strstr(text(error, "message"), world.reload_error));
	json_decref(error);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(tags_are_set_and_unset)
{
	struct world world;
	struct peer peer;
	json_t *result;
	const json_t *tags;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	result = peer_result(&peer, request("tags", "{\"set\":{\"role\":\"db\",\"zone\":\"\"}}"));
	ck_assert_str_eq(text(member(result, "tags"), "role"), "db");
	ck_assert_str_eq(text(member(result, "tags"), "zone"), "");
	json_decref(result);
	result = peer_result(&peer,
	    request("tags", "{\"set\":{\"role\":\"web\"},\"unset\":[\"zone\",\"none\"]}"));
	tags = member(result, "tags");
	ck_assert_uint_eq(json_object_size(tags), 1);
	ck_assert_str_eq(text(tags, "role"), "web");
	json_decref(result);
	ck_assert_uint_eq(world.retagged, 2);
	/* Nothing asked is nothing done, and the answer the same. */
	result = peer_result(&peer, "tags");
	ck_assert_str_eq(text(member(result, "tags"), "role"), "web");
	json_decref(result);
	ck_assert_uint_eq(world.retagged, 2);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(bad_tags_are_refused)
{
	static char line[2048], *at;
	struct world world;
	struct peer peer;
	json_t *error;

	world_start(&world, 0);
	peer_open(&peer, &world, world.ro_path);
	json_decref(peer_error(&peer, "tags", "denied"));
	peer_close(&peer);
	peer_open(&peer, &world, world.path);
	refuses(&peer, "tags", "{\"set\":{\"role\":1}}", "invalid-params", "set");
	refuses(&peer, "tags", "{\"set\":[]}", "invalid-params", "set");
	refuses(&peer, "tags", "{\"set\":{\"\":\"x\"}}", "invalid-params", "set");
	refuses(&peer, "tags", "{\"set\":{\"k\":\"a\\u0000b\"}}", "invalid-params", "set");
	refuses(&peer, "tags", "{\"unset\":\"role\"}", "invalid-params", "unset");
	refuses(&peer, "tags", "{\"unset\":[\"\"]}", "invalid-params", "unset");
	refuses(&peer, "tags", "{\"unset\":[\"a\\u0000\"]}", "invalid-params", "unset");
	refuses(&peer, "tags", "{\"set\":{\"a\":\"\"},\"unset\":[\"a\"]}", "invalid-params",
	    "unset");
	refuses(&peer, "tags", "{\"get\":{}}", "invalid-params", "get");
	/* A key and a value that are each too long for anything. */
	at = stpcpy(line, "{\"id\":1,\"method\":\"tags\",\"params\":{\"set\":{\"");
	at = (char *)memset(at, 'k', 256) + 256;
	stpcpy(at, "\":\"\"}}}");
	json_decref(peer_error(&peer, line, "too-large"));
	at = stpcpy(line, "{\"id\":1,\"method\":\"tags\",\"params\":{\"set\":{\"k\":\"");
	at = (char *)memset(at, 'v', 513) + 513;
	stpcpy(at, "\"}}}");
	error = peer_error(&peer, line, "too-large");
	ck_assert_ptr_nonnull(strstr(text(error, "message"), "shorten"));
	json_decref(error);
	ck_assert_uint_eq(world.retagged, 0);
	world.tags_error = CONTROL_TOO_LARGE;
	error = peer_error(&peer, request("tags", "{\"unset\":[\"a\"]}"), "too-large");
	ck_assert_str_eq(text(error, "message"), "as you like it");
	json_decref(error);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_changes", a_join_is_answered_when_it_is_over,
    a_join_after_a_half_close_is_answered, a_join_is_answered_when_we_leave,
    whoever_waits_is_answered_at_the_end, a_join_whose_asker_is_gone_is_forgotten,
    bad_joins_are_refused, too_many_addresses_are_refused, a_leave_is_answered_once_it_is_sent,
    a_leave_may_be_over_at_once, the_dead_are_removed, reload_says_what_changed,
    tags_are_set_and_unset, bad_tags_are_refused)
