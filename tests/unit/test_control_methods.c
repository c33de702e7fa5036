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

/* `members` lists these names, separated by commas, with these parameters. */
static void
lists(struct caller *caller, const char *params, const char *names)
{
	json_t *result = caller_result(caller, request("members", params)), *subject;
	char got[1024] = "";
	size_t i;

	json_array_foreach(field(result, "members"), i, subject) {
		strcat(got, i > 0 ? "," : "");
		strcat(got, text(subject, "name"));
	}
	ck_assert_msg(strcmp(got, names) == 0, "%s: '%s' and not '%s'", params, got, names);
	/* The counts are of all members, not of those listed. */
	ck_assert_int_eq(number(field(result, "counts"), "alive"), 3);
	ck_assert_int_eq(number(field(result, "counts"), "suspect"), 1);
	ck_assert_int_eq(number(field(result, "counts"), "dead"), 1);
	ck_assert_int_eq(number(field(result, "counts"), "left"), 1);
	json_decref(result);
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

START_TEST(info_describes_this_member)
{
	struct world world;
	struct caller caller;
	json_t *info;

	world_start(&world, 0);
	caller_open(&caller, &world, world.ro_path);
	info = caller_result(&caller, "info");
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
	ck_assert(json_is_number(field(info, "uptime_seconds")));
	json_decref(info);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(members_lists_the_chosen_members)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	hear(&world, "web1", SWIM_ALIVE, 1);
	hear(&world, "db2", SWIM_ALIVE, 1);
	hear(&world, "db1", SWIM_ALIVE, 1);
	hear(&world, "db3", SWIM_ALIVE, 1);
	hear(&world, "db4", SWIM_ALIVE, 1);
	hear(&world, "db2", SWIM_SUSPECT, 1);
	hear(&world, "db3", SWIM_DEAD, 1);
	hear(&world, "db4", SWIM_LEFT, 1);
	caller_open(&caller, &world, world.ro_path);
	lists(&caller, "{}", "db1,db2,db3,db4,me,web1");
	lists(&caller, "{\"status\":\"alive\"}", "db1,me,web1");
	lists(&caller, "{\"status\":[\"suspect\",\"dead\",\"suspect\"]}", "db2,db3");
	lists(&caller, "{\"status\":[\"left\"]}", "db4");
	lists(&caller, "{\"status\":[]}", "");
	lists(&caller, "{\"name\":\"db?\"}", "db1,db2,db3,db4");
	lists(&caller, "{\"name\":\"db[!1]\",\"status\":\"dead\"}", "db3");
	lists(&caller, "{\"name\":\"none*\"}", "");
	lists(&caller, "{\"tags\":{}}", "db1,db2,db3,db4,me,web1");
	lists(&caller, "{\"tags\":{\"role\":\"db\"}}", "");
	refuses(&caller, "members", "{\"status\":\"living\"}", "invalid-params", "status");
	refuses(&caller, "members", "{\"status\":[\"alive\",\"\"]}", "invalid-params", "status");
	refuses(&caller, "members", "{\"status\":\"alive\\u0000\"}", "invalid-params", "status");
	refuses(&caller, "members", "{\"status\":[1]}", "invalid-params", "status");
	refuses(&caller, "members", "{\"status\":1}", "invalid-params", "status");
	refuses(&caller, "members", "{\"name\":1}", "invalid-params", "name");
	refuses(&caller, "members", "{\"tags\":[]}", "invalid-params", "tags");
	refuses(&caller, "members", "{\"tags\":{\"role\":1}}", "invalid-params", "tags");
	refuses(&caller, "members", "{\"nmae\":\"db1\"}", "invalid-params", "nmae");
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_glob_of_256_bytes_is_refused)
{
	struct world world;
	struct caller caller;
	char params[512];

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	snprintf(params, sizeof(params), "{\"name\":\"%0255d\"}", 0);
	json_decref(caller_result(&caller, request("members", params)));
	snprintf(params, sizeof(params), "{\"name\":\"%0256d\"}", 0);
	refuses(&caller, "members", params, "invalid-params", "name");
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(member_shows_one_member)
{
	struct world world;
	struct caller caller;
	json_t *shown;

	world_start(&world, 0);
	hear(&world, "db1", SWIM_ALIVE, 3);
	caller_open(&caller, &world, world.ro_path);
	shown = caller_result(&caller, request("member", "{\"name\":\"db1\"}"));
	ck_assert_str_eq(text(shown, "name"), "db1");
	ck_assert_ptr_nonnull(strstr(text(shown, "address"), ":7946"));
	ck_assert(
	    strncmp(text(shown, "address"), text(shown, "host"), strlen(text(shown, "host"))) == 0);
	ck_assert_int_eq(json_integer_value(field(shown, "port")), 7946);
	ck_assert(json_is_false(field(shown, "local")));
	ck_assert(json_is_null(field(shown, "rtt_ms")));
	ck_assert_str_eq(text(shown, "path"), "unknown");
	ck_assert(json_is_null(field(shown, "heard")));
	ck_assert_str_eq(text(shown, "kind"), "swimd");
	ck_assert_uint_eq(json_object_size(shown), 13);
	json_decref(shown);
	shown = caller_result(&caller, request("member", "{\"name\":\"me\"}"));
	ck_assert(json_is_true(field(shown, "local")));
	json_decref(shown);
	refuses(&caller, "member", "{\"name\":\"db2\"}", "not-found", NULL);
	refuses(&caller, "member", "{\"name\":\"db1\\u0000\"}", "not-found", NULL);
	refuses(&caller, "member", "{\"name\":\"\"}", "not-found", NULL);
	refuses(&caller, "member", "{}", "invalid-params", "name");
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_time_is_the_same_in_all_answers)
{
	struct world world;
	struct caller caller;
	json_t *first, *later;

	/* Times are converted from the monotonic to the wall clock, and must not differ between two answers. */
	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	first = caller_result(&caller, "members");
	for (unsigned i = 0; i < 300; i++) {
		later = caller_result(&caller, "members");
		ck_assert(json_equal(first, later));
		json_decref(later);
	}
	json_decref(first);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(odd_names_are_valid_json)
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
	struct caller caller;
	json_t *result;

	world_start(&world, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		world_hear(&world, names[i].name, names[i].len, SWIM_ALIVE, 1);
	caller_open(&caller, &world, world.path);
	result = caller_result(&caller, "members");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *wanted = json_stringn(names[i].name, names[i].len), *subject, *ask, *found;
		bool listed = false;
		char *line;
		size_t k;

		json_array_foreach(field(result, "members"), k, subject)
			listed = listed || json_equal(field(subject, "name"), wanted);
		ck_assert(listed);
		/* `member` finds the member by its name. */
		ask = json_pack("{s:i, s:s, s:{s:O}}", "id", 1, "method", "member", "params",
		    "name", wanted);
		line = json_dumps(ask, 0);
		found = caller_result(&caller, line);
		ck_assert(json_equal(field(found, "name"), wanted));
		json_decref(found);
		json_decref(ask);
		json_decref(wanted);
		free(line);
	}
	json_decref(result);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(the_highest_incarnation_is_exact)
{
	struct world world;
	struct caller caller, events;
	char *line;

	world_start(&world, 0);
	caller_open(&events, &world, world.path);
	json_decref(caller_result(&events, "subscribe"));
	hear(&world, "old", SWIM_ALIVE, UINT64_MAX);
	line = caller_line(&events);
	ck_assert_ptr_nonnull(strstr(line, "\"incarnation\":18446744073709551615,"));
	free(line);
	caller_open(&caller, &world, world.path);
	caller_say(&caller, "members");
	line = caller_line(&caller);
	ck_assert_ptr_nonnull(strstr(line, "\"incarnation\":18446744073709551615,"));
	free(line);
	caller_close(&caller);
	caller_close(&events);
	world_stop(&world);
}
END_TEST

START_TEST(health_shows_the_state_of_the_daemon)
{
	struct world world;
	struct caller caller;
	json_t *health;

	world_start(&world, 0);
	hear(&world, "a", SWIM_ALIVE, 1);
	hear(&world, "a", SWIM_SUSPECT, 1);
	caller_open(&caller, &world, world.ro_path);
	health = caller_result(&caller, "health");
	ck_assert_str_eq(text(health, "status"), "ok");
	ck_assert_uint_eq(json_array_size(field(health, "reasons")), 0);
	ck_assert(json_is_true(field(health, "running")));
	ck_assert_int_eq(number(health, "alive"), 1);
	ck_assert_int_eq(number(health, "suspect"), 1);
	ck_assert_int_eq(number(health, "dead"), 0);
	ck_assert(json_is_null(field(health, "last_probe")));
	ck_assert(json_is_true(field(field(health, "transport"), "healthy")));
	ck_assert(json_is_null(field(field(health, "transport"), "last_error")));
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
	health = caller_result(&caller, "health");
	ck_assert_str_eq(text(health, "status"), "isolated");
	ck_assert_str_eq(json_string_value(json_array_get(field(health, "reasons"), 1)),
	    "the network is down");
	ck_assert(json_is_false(field(field(health, "transport"), "healthy")));
	ck_assert_str_eq(text(field(health, "transport"), "last_error"), "send-failed");
	ck_assert_str_eq(text(health, "discovery"), "unreachable");
	json_decref(health);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

/* Here every link works; the system test of links has broken ones. */
START_TEST(links_lists_every_live_member)
{
	struct world world;
	struct caller caller;
	json_t *result;
	const json_t *list, *link;

	world_start(&world, 0);
	hear(&world, "db1", SWIM_ALIVE, 3);
	hear(&world, "db2", SWIM_ALIVE, 3);
	caller_open(&caller, &world, world.ro_path);
	result = caller_result(&caller, "links");
	list = field(result, "links");
	ck_assert_uint_eq(json_array_size(list), 3);
	link = json_array_get(list, 0);
	ck_assert_str_eq(text(link, "name"), "db1");
	ck_assert(json_is_false(field(link, "local")));
	ck_assert_uint_eq(json_array_size(field(link, "unreachable")), 0);
	ck_assert_int_eq(number(link, "total"), 0);
	ck_assert(json_is_true(field(json_array_get(list, 2), "local")));
	json_decref(result);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(discovery_is_sorted_by_source_and_address)
{
	struct world world;
	struct caller caller;
	json_t *result;
	const json_t *list, *first;

	world_start(&world, 0);
	caller_open(&caller, &world, world.ro_path);
	result = caller_result(&caller, "discovery");
	ck_assert_uint_eq(json_array_size(field(result, "peers")), 0);
	first = json_array_get(field(result, "sources"), 0);
	ck_assert_str_eq(text(first, "name"), "mdns");
	ck_assert_str_eq(text(first, "trouble"), "avahi-daemon does not run");
	ck_assert_int_eq(number(first, "dropped"), 3);
	first = json_array_get(field(result, "sources"), 1);
	ck_assert_str_eq(text(first, "name"), "seed");
	ck_assert(json_is_null(field(first, "trouble")));
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
	result = caller_result(&caller, "discovery");
	list = field(result, "sources");
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(text(json_array_get(list, 0), "name"), "join");
	ck_assert_str_eq(text(json_array_get(list, 1), "name"), "mdns");
	ck_assert_int_eq(number(json_array_get(list, 2), "peers"), 2);
	ck_assert_int_eq(number(json_array_get(list, 2), "joined"), 1);
	list = field(result, "peers");
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(text(json_array_get(list, 0), "address"), "c:1");
	ck_assert_str_eq(text(json_array_get(list, 0), "interface"), "eth0");
	ck_assert_str_eq(text(json_array_get(list, 0), "service"), "c \xef\xbf\xbd");
	first = json_array_get(list, 1);
	ck_assert_str_eq(text(first, "address"), "a:1");
	ck_assert_str_eq(text(first, "resolved"), "10.0.0.1:1");
	ck_assert_str_eq(text(first, "state"), "joined");
	ck_assert_uint_eq(json_string_length(field(first, "member")), 3);
	ck_assert(json_is_null(field(first, "next_try")));
	ck_assert(json_is_null(field(first, "reason")));
	ck_assert_str_eq(text(json_array_get(list, 2), "reason"), "no such host");
	ck_assert(json_is_null(field(json_array_get(list, 2), "resolved")));
	ck_assert(json_is_string(field(json_array_get(list, 2), "next_try")));
	json_decref(result);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(the_read_only_socket_denies_every_change)
{
	static const char *const params[] = {"{}", "{\"name\":\"a\"}",
	    "{\"addresses\":[\"10.0.0.7\"]}"};
	struct world world;
	struct caller caller;
	unsigned denied = 0;

	world_start(&world, 0);
	caller_open(&caller, &world, world.ro_path);
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);

		for (size_t k = 0; k < 3 && method->access == METHOD_WRITE; k++, denied++)
			refuses(&caller, method->name, params[k], "denied", NULL);
	}
	ck_assert_uint_eq(denied, 3 * 5);
	ck_assert_uint_eq(world.leaves + world.discovery.started, 0);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(every_method_refuses_unknown_and_wrong_parameters)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);
		json_t *error;

		ck_assert_ptr_eq(method_find(method->name, strlen(method->name)), method);
		ck_assert_uint_gt(strlen(method->help), 5);
		error = caller_error(&caller, request(method->name, "{\"nonsense\":1}"),
		    "invalid-params");
		ck_assert_str_eq(text(field(error, "data"), "param"), "nonsense");
		ck_assert_ptr_nonnull(strstr(text(error, "message"), "nonsense"));
		json_decref(error);
		/* No parameter accepts an object of lists, or null. */
		for (const struct method_param *p = method->params; p->name != NULL; p++) {
			char params[128];

			ck_assert_uint_gt(strlen(p->help), 5);
			snprintf(params, sizeof(params), "{\"%s\":{\"x\":[]}}", p->name);
			refuses(&caller, method->name, params, "invalid-params", p->name);
			snprintf(params, sizeof(params), "{\"%s\":null}", p->name);
			refuses(&caller, method->name, params, "invalid-params", p->name);
		}
	}
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_methods", info_describes_this_member, members_lists_the_chosen_members,
    a_glob_of_256_bytes_is_refused, member_shows_one_member, a_time_is_the_same_in_all_answers,
    odd_names_are_valid_json, the_highest_incarnation_is_exact,
    health_shows_the_state_of_the_daemon, links_lists_every_live_member,
    discovery_is_sorted_by_source_and_address, the_read_only_socket_denies_every_change,
    every_method_refuses_unknown_and_wrong_parameters)
