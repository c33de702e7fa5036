/* SPDX-License-Identifier: MIT */
/* What each method answers, and what it refuses. */
#include "control/method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_world.h"
#include "net/loop.h"
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

/* The names that `members` lists with these parameters, with commas. */
static void
lists(struct peer *peer, const char *params, const char *names)
{
	json_t *result = peer_result(peer, request("members", params)), *subject;
	char got[1024] = "";
	size_t i;

	json_array_foreach(member(result, "members"), i, subject) {
		strcat(got, i > 0 ? "," : "");
		strcat(got, text(subject, "name"));
	}
	ck_assert_msg(strcmp(got, names) == 0, "%s: '%s' and not '%s'", params, got, names);
	/* Counts are of all members, whatever is listed. */
	ck_assert_int_eq(number(member(result, "counts"), "alive"), 3);
	ck_assert_int_eq(number(member(result, "counts"), "suspect"), 1);
	ck_assert_int_eq(number(member(result, "counts"), "dead"), 1);
	ck_assert_int_eq(number(member(result, "counts"), "left"), 1);
	json_decref(result);
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

START_TEST(info_says_who_we_are)
{
	struct world world;
	struct peer peer;
	json_t *info;

	world_start(&world, 0);
	peer_open(&peer, &world, world.ro_path);
	info = peer_result(&peer, "info");
	ck_assert_str_eq(text(info, "name"), "me");
	ck_assert_str_eq(text(info, "cluster"), "a \"b\" \\ c");
	ck_assert_str_eq(text(info, "address"), "127.0.0.1:7946");
	ck_assert_int_eq(number(info, "incarnation"), 1);
	ck_assert_str_eq(text(info, "version"), "1.2.3");
	ck_assert_int_eq(number(info, "protocol"), 1);
	ck_assert_int_eq(number(info, "pid"), 42);
	ck_assert_str_eq(text(info, "boot"), "boot-1");
	ck_assert_str_eq(text(info, "started"), "2026-11-23T01:02:03.412Z");
	ck_assert_str_eq(text(info, "profile"), "lan");
	ck_assert(json_is_number(member(info, "uptime_seconds")));
	json_decref(info);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(members_are_listed_and_chosen)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	hear(&world, "web1", SWIM_ALIVE, 1);
	hear(&world, "db2", SWIM_ALIVE, 1);
	hear(&world, "db1", SWIM_ALIVE, 1);
	hear(&world, "db3", SWIM_ALIVE, 1);
	hear(&world, "db4", SWIM_ALIVE, 1);
	hear(&world, "db2", SWIM_SUSPECT, 1);
	hear(&world, "db3", SWIM_DEAD, 1);
	hear(&world, "db4", SWIM_LEFT, 1);
	peer_open(&peer, &world, world.ro_path);
	lists(&peer, "{}", "db1,db2,db3,db4,me,web1");
	lists(&peer, "{\"status\":\"alive\"}", "db1,me,web1");
	lists(&peer, "{\"status\":[\"suspect\",\"dead\",\"suspect\"]}", "db2,db3");
	lists(&peer, "{\"status\":[\"left\"]}", "db4");
	lists(&peer, "{\"status\":[]}", "");
	lists(&peer, "{\"name\":\"db?\"}", "db1,db2,db3,db4");
	lists(&peer, "{\"name\":\"db[!1]\",\"status\":\"dead\"}", "db3");
	lists(&peer, "{\"name\":\"none*\"}", "");
	lists(&peer, "{\"tags\":{}}", "db1,db2,db3,db4,me,web1");
	lists(&peer, "{\"tags\":{\"role\":\"db\"}}", "");
	refuses(&peer, "members", "{\"status\":\"living\"}", "invalid-params", "status");
	refuses(&peer, "members", "{\"status\":[\"alive\",\"\"]}", "invalid-params", "status");
	refuses(&peer, "members", "{\"status\":\"alive\\u0000\"}", "invalid-params", "status");
	refuses(&peer, "members", "{\"status\":[1]}", "invalid-params", "status");
	refuses(&peer, "members", "{\"status\":1}", "invalid-params", "status");
	refuses(&peer, "members", "{\"name\":1}", "invalid-params", "name");
	refuses(&peer, "members", "{\"tags\":[]}", "invalid-params", "tags");
	refuses(&peer, "members", "{\"tags\":{\"role\":1}}", "invalid-params", "tags");
	refuses(&peer, "members", "{\"nmae\":\"db1\"}", "invalid-params", "nmae");
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(a_glob_has_a_limit)
{
	struct world world;
	struct peer peer;
	char params[512];

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	snprintf(params, sizeof(params), "{\"name\":\"%0255d\"}", 0);
	json_decref(peer_result(&peer, request("members", params)));
	snprintf(params, sizeof(params), "{\"name\":\"%0256d\"}", 0);
	refuses(&peer, "members", params, "invalid-params", "name");
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(a_member_is_shown)
{
	struct world world;
	struct peer peer;
	json_t *shown;

	world_start(&world, 0);
	hear(&world, "db1", SWIM_ALIVE, 3);
	peer_open(&peer, &world, world.ro_path);
	shown = peer_result(&peer, request("member", "{\"name\":\"db1\"}"));
	ck_assert_str_eq(text(shown, "name"), "db1");
	ck_assert_ptr_nonnull(strstr(text(shown, "address"), ":7946"));
	ck_assert(
	    strncmp(text(shown, "address"), text(shown, "host"), strlen(text(shown, "host"))) == 0);
	ck_assert_int_eq(json_integer_value(member(shown, "port")), 7946);
	ck_assert(json_is_false(member(shown, "local")));
	ck_assert(json_is_null(member(shown, "rtt_ms")));
	ck_assert_str_eq(text(shown, "path"), "unknown");
	ck_assert(json_is_null(member(shown, "heard")));
	ck_assert_str_eq(text(shown, "kind"), "swimd");
	ck_assert_uint_eq(json_object_size(shown), 13);
	json_decref(shown);
	shown = peer_result(&peer, request("member", "{\"name\":\"me\"}"));
	ck_assert(json_is_true(member(shown, "local")));
	json_decref(shown);
	refuses(&peer, "member", "{\"name\":\"db2\"}", "not-found", NULL);
	refuses(&peer, "member", "{\"name\":\"db1\\u0000\"}", "not-found", NULL);
	refuses(&peer, "member", "{\"name\":\"\"}", "not-found", NULL);
	refuses(&peer, "member", "{}", "invalid-params", "name");
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(times_stay_the_same)
{
	struct world world;
	struct peer peer;
	json_t *first, *later;

	/* A time is of one clock and told by another: it must not flicker between two answers. */
	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	first = peer_result(&peer, "members");
	for (unsigned i = 0; i < 300; i++) {
		later = peer_result(&peer, "members");
		ck_assert(json_equal(first, later));
		json_decref(later);
	}
	json_decref(first);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(odd_names_are_sound_json)
{
	static const struct {
		const char *name;
		size_t len;
	} names[] = {{"a\0b", 3}, {"\"\\/", 3}, {"\x1b[2J", 4},
	    {"\xe2\x80\xae"
	     "evil",
		7},
	    {"d\xc3\xa9j\xc3\xa0 vu", 10}, {"\xf0\x9f\x98\x80", 4}, {"line\nbreak", 10}};
	struct world world;
	struct peer peer;
	json_t *result;

	world_start(&world, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		world_hear(&world, names[i].name, names[i].len, SWIM_ALIVE, 1);
	peer_open(&peer, &world, world.path);
	result = peer_result(&peer, "members");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *wanted = json_stringn(names[i].name, names[i].len), *subject, *ask, *found;
		bool listed = false;
		char *line;
		size_t k;

		json_array_foreach(member(result, "members"), k, subject)
			listed = listed || json_equal(member(subject, "name"), wanted);
		ck_assert(listed);
		/* And it can be asked for by its name. */
		ask = json_pack("{s:i, s:s, s:{s:O}}", "id", 1, "method", "member", "params",
		    "name", wanted);
		line = json_dumps(ask, 0);
		found = peer_result(&peer, line);
		ck_assert(json_equal(member(found, "name"), wanted));
		json_decref(found);
		json_decref(ask);
		json_decref(wanted);
		free(line);
	}
	json_decref(result);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(the_highest_incarnation_is_exact)
{
	struct world world;
	struct peer peer, events;
	char *line;

	world_start(&world, 0);
	peer_open(&events, &world, world.path);
	json_decref(peer_result(&events, "subscribe"));
	hear(&world, "old", SWIM_ALIVE, UINT64_MAX);
	line = peer_line(&events);
	ck_assert_ptr_nonnull(strstr(line, "\"incarnation\":18446744073709551615,"));
	free(line);
	peer_open(&peer, &world, world.path);
	peer_say(&peer, "members");
	line = peer_line(&peer);
	ck_assert_ptr_nonnull(strstr(line, "\"incarnation\":18446744073709551615,"));
	free(line);
	peer_close(&peer);
	peer_close(&events);
	world_stop(&world);
}
END_TEST

START_TEST(health_says_how_we_are)
{
	struct world world;
	struct peer peer;
	json_t *health;

	world_start(&world, 0);
	hear(&world, "a", SWIM_ALIVE, 1);
	hear(&world, "a", SWIM_SUSPECT, 1);
	peer_open(&peer, &world, world.ro_path);
	health = peer_result(&peer, "health");
	ck_assert_str_eq(text(health, "status"), "ok");
	ck_assert_uint_eq(json_array_size(member(health, "reasons")), 0);
	ck_assert(json_is_true(member(health, "running")));
	ck_assert_int_eq(number(health, "alive"), 1);
	ck_assert_int_eq(number(health, "suspect"), 1);
	ck_assert_int_eq(number(health, "dead"), 0);
	ck_assert(json_is_null(member(health, "last_probe")));
	ck_assert(json_is_true(member(member(health, "transport"), "healthy")));
	ck_assert(json_is_null(member(member(health, "transport"), "last_error")));
	ck_assert_int_eq(number(health, "local_health"), 0);
	ck_assert_str_eq(text(health, "discovery"), "ok");
	json_decref(health);

	world.health.status = CONTROL_HEALTH_ISOLATED;
	world.health.reason_count = 2;
	strcpy(world.health.reasons[0], "nobody answers");
	strcpy(world.health.reasons[1], "the network is down");
	world.health.discovery = "unreachable";
	world.udp.stats.healthy = false;
	world.udp.stats.last_error = SWIM_ERROR_SEND_FAILED;
	health = peer_result(&peer, "health");
	ck_assert_str_eq(text(health, "status"), "isolated");
	ck_assert_str_eq(json_string_value(json_array_get(member(health, "reasons"), 1)),
	    "the network is down");
	ck_assert(json_is_false(member(member(health, "transport"), "healthy")));
	ck_assert_str_eq(text(member(health, "transport"), "last_error"), "send-failed");
	ck_assert_str_eq(text(health, "discovery"), "unreachable");
	json_decref(health);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

/* What a member says comes with the system test of links: here all are well. */
START_TEST(links_has_every_member_that_lives)
{
	struct world world;
	struct peer peer;
	json_t *result;
	const json_t *list, *link;

	world_start(&world, 0);
	hear(&world, "db1", SWIM_ALIVE, 3);
	hear(&world, "db2", SWIM_ALIVE, 3);
	peer_open(&peer, &world, world.ro_path);
	result = peer_result(&peer, "links");
	list = member(result, "links");
	ck_assert_uint_eq(json_array_size(list), 3);
	link = json_array_get(list, 0);
	ck_assert_str_eq(text(link, "name"), "db1");
	ck_assert(json_is_false(member(link, "local")));
	ck_assert_uint_eq(json_array_size(member(link, "unreachable")), 0);
	ck_assert_int_eq(number(link, "total"), 0);
	ck_assert(json_is_true(member(json_array_get(list, 2), "local")));
	json_decref(result);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(discovery_is_sorted)
{
	struct world world;
	struct peer peer;
	json_t *result;
	const json_t *list, *first;

	world_start(&world, 0);
	peer_open(&peer, &world, world.ro_path);
	result = peer_result(&peer, "discovery");
	ck_assert_uint_eq(json_array_size(member(result, "peers")), 0);
	first = json_array_get(member(result, "sources"), 0);
	ck_assert_str_eq(text(first, "name"), "mdns");
	ck_assert_str_eq(text(first, "trouble"), "avahi-daemon does not run");
	ck_assert_int_eq(number(first, "dropped"), 3);
	first = json_array_get(member(result, "sources"), 1);
	ck_assert_str_eq(text(first, "name"), "seed");
	ck_assert(json_is_null(member(first, "trouble")));
	json_decref(result);

	world.discovery.count = 3;
	world.discovery.peers[0] = (struct discovery_peer){.source = "seed",
	    .address = "b:1",
	    .state = DISCOVERY_UNRESOLVED,
	    .reason = "no such host",
	    .attempts = 4,
	    .since = loop_now(),
	    .next_try = loop_now()};
	world.discovery.peers[1] = (struct discovery_peer){.source = "seed",
	    .address = "a:1",
	    .resolved = {4, 0, 1, 0, {10, 0, 0, 1}},
	    .state = DISCOVERY_JOINED,
	    .member = "a\0b",
	    .member_len = 3,
	    .attempts = 1,
	    .since = loop_now(),
	    .next_try = SWIM_TIME_NEVER};
	world.discovery.peers[2] = (struct discovery_peer){.source = "join",
	    .address = "c:1",
	    .interface = "eth0",
	    .service = "c \xff",
	    .since = loop_now(),
	    .next_try = loop_now()};
	result = peer_result(&peer, "discovery");
	list = member(result, "sources");
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(text(json_array_get(list, 0), "name"), "join");
	ck_assert_str_eq(text(json_array_get(list, 1), "name"), "mdns");
	ck_assert_int_eq(number(json_array_get(list, 2), "peers"), 2);
	ck_assert_int_eq(number(json_array_get(list, 2), "joined"), 1);
	list = member(result, "peers");
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(text(json_array_get(list, 0), "address"), "c:1");
	ck_assert_str_eq(text(json_array_get(list, 0), "interface"), "eth0");
	ck_assert_str_eq(text(json_array_get(list, 0), "service"), "c \xef\xbf\xbd");
	first = json_array_get(list, 1);
	ck_assert_str_eq(text(first, "address"), "a:1");
	ck_assert_str_eq(text(first, "resolved"), "10.0.0.1:1");
	ck_assert_str_eq(text(first, "state"), "joined");
	ck_assert_uint_eq(json_string_length(member(first, "member")), 3);
	ck_assert(json_is_null(member(first, "next_try")));
	ck_assert(json_is_null(member(first, "reason")));
	ck_assert_str_eq(text(json_array_get(list, 2), "reason"), "no such host");
	ck_assert(json_is_null(member(json_array_get(list, 2), "resolved")));
	ck_assert(json_is_string(member(json_array_get(list, 2), "next_try")));
	json_decref(result);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(the_read_only_socket_changes_nothing)
{
	static const char *const params[] = {"{}", "{\"name\":\"a\"}",
	    "{\"addresses\":[\"10.0.0.7\"]}"};
	struct world world;
	struct peer peer;
	unsigned denied = 0;

	world_start(&world, 0);
	peer_open(&peer, &world, world.ro_path);
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);

		for (size_t k = 0; k < 3 && method->access == METHOD_WRITE; k++, denied++)
			refuses(&peer, method->name, params[k], "denied", NULL);
	}
	ck_assert_uint_eq(denied, 3 * 5);
	ck_assert_uint_eq(world.leaves + world.discovery.started, 0);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(every_method_refuses_what_it_does_not_know)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);
		json_t *error;

		ck_assert_ptr_eq(method_find(method->name, strlen(method->name)), method);
		ck_assert_uint_gt(strlen(method->help), 5);
		error =
		    peer_error(&peer, request(method->name, "{\"nonsense\":1}"), "invalid-params");
		ck_assert_str_eq(text(member(error, "data"), "param"), "nonsense");
		ck_assert_ptr_nonnull(strstr(text(error, "message"), "nonsense"));
		json_decref(error);
		/* Every parameter wants a type, and an object of lists is none of them. */
		for (const struct method_param *p = method->params; p->name != NULL; p++) {
			char params[128];

			ck_assert_uint_gt(strlen(p->help), 5);
			snprintf(params, sizeof(params), "{\"%s\":{\"x\":[]}}", p->name);
			refuses(&peer, method->name, params, "invalid-params", p->name);
			snprintf(params, sizeof(params), "{\"%s\":null}", p->name);
			refuses(&peer, method->name, params, "invalid-params", p->name);
		}
	}
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_methods", info_says_who_we_are, members_are_listed_and_chosen,
    a_glob_has_a_limit, a_member_is_shown, times_stay_the_same, odd_names_are_sound_json,
    the_highest_incarnation_is_exact, health_says_how_we_are, links_has_every_member_that_lives,
    discovery_is_sorted, the_read_only_socket_changes_nothing,
    every_method_refuses_what_it_does_not_know)
