/* SPDX-License-Identifier: MIT */
/* Subscriptions: no event is lost or sent twice, and a slow subscriber delays no other client. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_internal.h"
#include "control_world.h"
#include "net/loop.h"
#include "support/unit.h"

static void
hear(struct world *world, const char *name, enum swim_status status, uint64_t incarnation)
{
	world_hear(world, name, strlen(name), status, incarnation);
}

static uint64_t
last_seq(const struct world *world)
{
	struct control_stats stats;

	control_stats(world->control, &stats);
	return stats.last_seq;
}

/* Make the n-th change.  The changes go round 20 members again and again: joined, suspected, recovered, ... */
static void
change(struct world *world, unsigned n)
{
	char name[16];
	uint64_t before;

	snprintf(name, sizeof(name), "m%u", n % 20);
	before = last_seq(world);
	hear(world, name, n / 20 % 2 == 0 ? SWIM_ALIVE : SWIM_SUSPECT, n / 20 + 1);
	/* world_hear changes the sender each time, so that no quota of a sender is used up. */
	ck_assert_msg(last_seq(world) > before, "change %u made no event", n);
}

/* The `params` of the next event, to be decref'd. */
static json_t *
next_event(struct caller *caller)
{
	json_t *event = caller_json(caller), *params = json_object_get(event, "params");

	ck_assert_str_eq(text(event, "jsonrpc"), "2.0");
	ck_assert_str_eq(text(event, "method"), "event");
	ck_assert_ptr_null(json_object_get(event, "id"));
	ck_assert_ptr_nonnull(params);
	json_incref(params);
	json_decref(event);
	return params;
}

static void
expect_event(struct caller *caller, const char *type, const char *name)
{
	json_t *event = next_event(caller);

	ck_assert_str_eq(text(event, "type"), type);
	if (name != NULL)
		ck_assert_str_eq(text(field(event, "member"), "name"), name);
	json_decref(event);
}

/* Subscribe, check seq and gap of the result, and return the result, to be decref'd. */
static json_t *
subscribe(struct caller *caller, const char *params, json_int_t seq, bool gap)
{
	char line[256];
	json_t *result;

	snprintf(line, sizeof(line), "{\"id\":1,\"method\":\"subscribe\",\"params\":%s}", params);
	result = caller_result(caller, line);
	ck_assert_int_eq(number(result, "seq"), seq);
	ck_assert(json_is_true(field(result, "gap")) == gap);
	ck_assert_str_eq(text(result, "boot"), "boot-1");
	return result;
}

START_TEST(events_look_as_documented)
{
	struct world world;
	struct caller caller;
	json_t *event;
	const json_t *subject;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	json_decref(subscribe(&caller, "{}", (json_int_t)last_seq(&world), false));
	hear(&world, "db1", SWIM_ALIVE, 3);
	event = next_event(&caller);
	ck_assert_int_eq(number(event, "seq"), (json_int_t)last_seq(&world));
	ck_assert_str_eq(text(event, "type"), "member.joined");
	ck_assert_uint_eq(strlen(text(event, "time")), strlen("2026-11-23T01:02:03.412Z"));
	ck_assert_ptr_nonnull(json_object_get(event, "by"));
	subject = field(event, "member");
	ck_assert_str_eq(text(subject, "name"), "db1");
	ck_assert_str_eq(text(subject, "status"), "alive");
	ck_assert_int_eq(number(subject, "incarnation"), 3);
	ck_assert(json_is_false(field(subject, "local")));
	ck_assert(json_is_null(field(subject, "rtt_ms")));
	ck_assert(json_is_object(field(subject, "tags")));
	json_decref(event);
	control_error_event(world.control, "state-unwritable", "no space");
	event = next_event(&caller);
	ck_assert_str_eq(text(event, "type"), "error");
	ck_assert_str_eq(text(event, "code"), "state-unwritable");
	ck_assert_str_eq(text(event, "message"), "no space");
	json_decref(event);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(each_change_of_a_member_has_its_type)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	json_decref(subscribe(&caller, "{}", (json_int_t)last_seq(&world), false));
	hear(&world, "a", SWIM_ALIVE, 1);
	expect_event(&caller, "member.joined", "a");
	hear(&world, "a", SWIM_SUSPECT, 1);
	expect_event(&caller, "member.suspected", "a");
	hear(&world, "a", SWIM_ALIVE, 2);
	expect_event(&caller, "member.recovered", "a");
	hear(&world, "a", SWIM_DEAD, 2);
	expect_event(&caller, "member.failed", "a");
	json_decref(
	    caller_ask(&caller, "{\"id\":2,\"method\":\"remove\",\"params\":{\"name\":\"a\"}}"));
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(results_of_a_join_are_no_events)
{
	struct world world;
	struct swim_event event = {.type = SWIM_EVENT_SEED_ANSWERED};
	uint64_t before;

	world_start(&world, 0);
	before = last_seq(&world);
	control_event(world.control, &event);
	event.type = SWIM_EVENT_SEED_SILENT;
	control_event(world.control, &event);
	ck_assert_uint_eq(last_seq(&world), before);
	world_stop(&world);
}
END_TEST

START_TEST(a_subscription_gets_the_types_that_it_names)
{
	struct world world;
	struct caller failed, members, rest;
	json_int_t seq;

	world_start(&world, 0);
	seq = (json_int_t)last_seq(&world);
	caller_open(&failed, &world, world.path);
	caller_open(&members, &world, world.ro_path);
	caller_open(&rest, &world, world.path);
	json_decref(
	    subscribe(&failed, "{\"types\":[\"member.failed\",\"member.failed\"]}", seq, false));
	json_decref(subscribe(&members, "{\"types\":[\"member.*\"]}", seq, false));
	json_decref(subscribe(&rest,
	    "{\"types\":[\"incarnation.incremented\",\"error\",\"overflow\"]}", seq, false));
	hear(&world, "a", SWIM_ALIVE, 1);
	hear(&world, "a", SWIM_DEAD, 1);
	hear(&world, "me", SWIM_DEAD, 1);
	control_error_event(world.control, "x", "y");
	expect_event(&failed, "member.failed", "a");
	expect_event(&members, "member.joined", "a");
	expect_event(&members, "member.failed", "a");
	expect_event(&rest, "incarnation.incremented", "me");
	expect_event(&rest, "error", NULL);
	/* No other event was sent to any of them. */
	json_decref(caller_result(&failed, "info"));
	json_decref(caller_result(&members, "info"));
	json_decref(caller_result(&rest, "info"));
	caller_close(&failed);
	caller_close(&members);
	caller_close(&rest);
	world_stop(&world);
}
END_TEST

START_TEST(bad_subscriptions_are_refused)
{
	static const struct {
		const char *params, *param;
	} cases[] = {
	    {"{\"types\":[\"member.fail\"]}", "types"},
	    {"{\"types\":[\"member.failed\",\"m*\"]}", "types"},
	    {"{\"types\":[\"*\"]}", "types"},
	    {"{\"types\":[\".*\"]}", "types"},
	    {"{\"types\":[\"member.*x\"]}", "types"},
	    {"{\"types\":[\"\"]}", "types"},
	    {"{\"types\":[]}", "types"},
	    {"{\"types\":\"member.*\"}", "types"},
	    {"{\"types\":[7]}", "types"},
	    {"{\"since\":-1}", "since"},
	    {"{\"since\":\"7\"}", "since"},
	    {"{\"since\":1.5}", "since"},
	    {"{\"snapshot\":1}", "snapshot"},
	    {"{\"boot\":1}", "boot"},
	    {"{\"from\":1}", "from"},
	};
	struct world world;
	struct caller caller;
	struct control_stats stats;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256];
		json_t *error;

		snprintf(line, sizeof(line), "{\"id\":1,\"method\":\"subscribe\",\"params\":%s}",
		    cases[i].params);
		error = caller_error(&caller, line, "invalid-params");
		ck_assert_str_eq(text(field(error, "data"), "param"), cases[i].param);
		json_decref(error);
	}
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.subscribers, 0);
	/* A connection may subscribe only once. */
	json_decref(caller_result(&caller, "subscribe"));
	json_decref(caller_error(&caller, "subscribe", "conflict"));
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.subscribers, 1);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

/* Apply a member of a snapshot or event to what a client knows: name -> status. */
static void
apply(json_t *known, const json_t *subject)
{
	json_object_set_new(known, text(subject, "name"), json_string(text(subject, "status")));
}

START_TEST(snapshot_and_stream_have_no_hole_and_no_overlap)
{
	enum { CHANGES = 1000, SUBSCRIBERS = 25 };

	static struct caller callers[SUBSCRIBERS];
	json_t *known[SUBSCRIBERS], *now = json_object(), *result;
	json_int_t seq[SUBSCRIBERS];
	struct world world;
	struct caller last;
	size_t i;

	world_start(&world, 16 << 20);
	for (unsigned n = 0, next = 0; n < CHANGES; n++) {
		change(&world, n);
		if (n % (CHANGES / SUBSCRIBERS) != 7)
			continue;
		/* Subscribe between the changes; some changes happen before the request is read. */
		caller_open(&callers[next], &world, world.path);
		caller_say(&callers[next++],
		    "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"snapshot\":true}}");
		for (unsigned turns = 0; turns < n % 5; turns++)
			world_turn(&world);
	}
	for (i = 0; i < SUBSCRIBERS; i++) {
		json_t *answer = caller_json(&callers[i]), *subject;
		size_t k;

		result = json_object_get(answer, "result");
		known[i] = json_object();
		seq[i] = number(result, "seq");
		ck_assert_int_eq(number(result, "snapshot_seq"), seq[i]);
		json_array_foreach(json_object_get(result, "members"), k, subject)
			apply(known[i], subject);
		json_decref(answer);
		while (seq[i] < (json_int_t)last_seq(&world)) {
			json_t *event = next_event(&callers[i]);

			ck_assert_int_eq(number(event, "seq"), ++seq[i]);
			apply(known[i], field(event, "member"));
			json_decref(event);
		}
	}
	caller_open(&last, &world, world.path);
	result = caller_result(&last, "members");
	for (i = 0; i < json_array_size(field(result, "members")); i++)
		apply(now, json_array_get(field(result, "members"), i));
	ck_assert_uint_ge(json_object_size(now), 20);
	for (i = 0; i < SUBSCRIBERS; i++) {
		ck_assert(json_equal(known[i], now));
		json_decref(known[i]);
		caller_close(&callers[i]);
	}
	json_decref(result);
	json_decref(now);
	caller_close(&last);
	world_stop(&world);
}
END_TEST

START_TEST(events_still_in_the_core_come_before_a_snapshot)
{
	struct world world;
	struct caller caller;
	json_t *result;
	json_int_t before;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	before = (json_int_t)last_seq(&world);
	world_input(&world, "a", 1, SWIM_ALIVE, 1);
	ck_assert_int_eq((json_int_t)last_seq(&world), before);
	result = subscribe(&caller, "{\"snapshot\":true}", before + 1, false);
	ck_assert_uint_eq(json_array_size(field(result, "members")), 2);
	json_decref(result);
	/* The next event is not that of the member in the snapshot. */
	hear(&world, "b", SWIM_ALIVE, 1);
	expect_event(&caller, "member.joined", "b");
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(since_continues_without_a_gap_over_1000_changes)
{
	struct world world;
	struct caller caller;
	json_int_t seq;
	char params[64];

	world_start(&world, 16 << 20);
	seq = (json_int_t)last_seq(&world);
	for (unsigned n = 0; n < 1000; n++) {
		change(&world, n);
		if (n % 37 != 0)
			continue;
		/* The client connects again, and goes on after the last event that it got. */
		caller_open(&caller, &world, world.ro_path);
		snprintf(params, sizeof(params),
		    "{\"since\":%" JSON_INTEGER_FORMAT ",\"boot\":\"boot-1\"}", seq);
		json_decref(subscribe(&caller, params, seq, false));
		change(&world, ++n);
		while (seq < (json_int_t)last_seq(&world)) {
			json_t *event = next_event(&caller);

			ck_assert_int_eq(number(event, "seq"), ++seq);
			json_decref(event);
		}
		/* No other event follows. */
		json_decref(caller_result(&caller, "info"));
		caller_close(&caller);
	}
	world_stop(&world);
}
END_TEST

START_TEST(lost_events_are_reported_as_a_gap)
{
	struct world world;
	struct caller caller;
	json_t *result;
	uint64_t last, oldest;
	char params[64];

	world_start(&world, 16 << 20);
	for (unsigned n = 0; last_seq(&world) < CONTROL_RING_EVENTS + 100; n++)
		change(&world, n);
	last = last_seq(&world);
	oldest = last - CONTROL_RING_EVENTS + 1;

	/* `since` may go back to the event before the oldest one that is kept. */
	snprintf(params, sizeof(params), "{\"since\":%u}", (unsigned)oldest - 1);
	caller_open(&caller, &world, world.path);
	json_decref(subscribe(&caller, params, (json_int_t)oldest - 1, false));
	for (uint64_t seq = oldest; seq <= last; seq++) {
		json_t *event = next_event(&caller);

		ck_assert_int_eq(number(event, "seq"), (json_int_t)seq);
		json_decref(event);
	}
	json_decref(caller_result(&caller, "info"));
	caller_close(&caller);

	/* With a smaller `since` there is a gap, and all events that are kept follow. */
	snprintf(params, sizeof(params), "{\"since\":%u}", (unsigned)oldest - 2);
	caller_open(&caller, &world, world.path);
	json_decref(subscribe(&caller, params, (json_int_t)oldest - 1, true));
	result = next_event(&caller);
	ck_assert_int_eq(number(result, "seq"), (json_int_t)oldest);
	json_decref(result);
	caller_close(&caller);

	/* With a gap and a snapshot, no old event follows. */
	caller_open(&caller, &world, world.path);
	json_decref(subscribe(&caller, "{\"since\":0,\"snapshot\":true}", (json_int_t)last, true));
	json_decref(caller_result(&caller, "info"));
	caller_close(&caller);

	/* `since` is greater than the last number, or belongs to another run of the daemon. */
	caller_open(&caller, &world, world.path);
	json_decref(
	    subscribe(&caller, "{\"since\":9223372036854775807}", (json_int_t)oldest - 1, true));
	caller_close(&caller);
	caller_open(&caller, &world, world.path);
	snprintf(params, sizeof(params), "{\"since\":%u,\"boot\":\"boot-0\"}", (unsigned)last);
	json_decref(subscribe(&caller, params, (json_int_t)oldest - 1, true));
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(since_and_snapshot_work_together)
{
	struct world world;
	struct caller caller;
	json_t *result;
	json_int_t before, last;
	char params[64];

	world_start(&world, 0);
	before = (json_int_t)last_seq(&world);
	hear(&world, "a", SWIM_ALIVE, 1);
	hear(&world, "b", SWIM_ALIVE, 1);
	last = (json_int_t)last_seq(&world);
	caller_open(&caller, &world, world.path);
	snprintf(params, sizeof(params), "{\"since\":%d,\"snapshot\":true}", (int)before);
	result = subscribe(&caller, params, before, false);
	ck_assert_int_eq(number(result, "snapshot_seq"), last);
	ck_assert_uint_eq(json_array_size(field(result, "members")), 3);
	json_decref(result);
	expect_event(&caller, "member.joined", "a");
	expect_event(&caller, "member.joined", "b");
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(a_subscription_goes_on_after_a_half_close)
{
	struct world world;
	struct caller caller;
	struct control_stats stats;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	caller_say(&caller, "subscribe");
	caller_half_close(&caller);
	json_decref(caller_json(&caller));
	for (unsigned i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "m%u", i);
		hear(&world, name, SWIM_ALIVE, 1);
		expect_event(&caller, "member.joined", name);
	}
	/* When the client closes the rest, the server notices although it has no event to send. */
	caller_close(&caller);
	do {
		event_base_loop(world.base, EVLOOP_ONCE);
		control_stats(world.control, &stats);
	} while (stats.clients > 0);
	ck_assert_uint_eq(stats.subscribers, 0);
	world_stop(&world);
}
END_TEST

START_TEST(a_subscriber_that_does_not_read_is_closed_and_others_go_on)
{
	enum { LIMIT = 100000, CHANGES = 5000 };

	struct world world;
	struct caller slow, quick;
	struct control_stats stats;
	json_int_t seq = 0, begin;
	bool overflowed = false;

	world_start(&world, LIMIT);
	caller_open(&slow, &world, world.path);
	caller_open(&quick, &world, world.path);
	begin = (json_int_t)last_seq(&world);
	json_decref(subscribe(&slow, "{}", begin, false));
	json_decref(subscribe(&quick, "{}", begin, false));
	for (unsigned n = 0; n < CHANGES; n++) {
		uint64_t before = last_seq(&world);

		change(&world, n);
		world_turn(&world);
		for (uint64_t told = before + 1; told <= last_seq(&world); told++) {
			json_t *event = next_event(&quick);

			ck_assert_int_eq(number(event, "seq"), (json_int_t)told);
			json_decref(event);
		}
	}
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.overflows, 1);
	ck_assert_uint_eq(stats.subscribers, 1);
	/* The subscriber got whole lines without a gap, and `overflow` as the last one. */
	for (char *line; (line = caller_line(&slow)) != NULL; free(line)) {
		json_t *event = json_loads(line, 0, NULL);
		const json_t *params = field(event, "params");

		ck_assert(!overflowed);
		overflowed = strcmp(text(params, "type"), "overflow") == 0;
		if (overflowed)
			ck_assert_int_eq(number(params, "seq"), seq);
		else
			ck_assert_int_eq(number(params, "seq"), seq == 0 ? begin + 1 : seq + 1);
		seq = number(params, "seq");
		json_decref(event);
	}
	ck_assert(overflowed);
	ck_assert_int_gt(seq, 100);
	ck_assert_int_lt(seq, CHANGES / 2);
	/* The server frees the client at the latest when it closes; on a busy machine, it did so before. */
	caller_close(&slow);
	world_wait_for_clients(&world, 1);
	json_decref(caller_result(&quick, "info"));
	caller_close(&quick);
	world_stop(&world);
}
END_TEST

START_TEST(a_replay_or_snapshot_above_the_limit_is_no_overflow)
{
	struct world world;
	struct caller caller;
	struct control_stats stats;
	json_int_t last;

	/* The limit is that of a few events; the answer to `subscribe` is far larger. */
	world_start(&world, 4000);
	for (unsigned n = 0; n < 3000; n++)
		change(&world, n);
	last = (json_int_t)last_seq(&world);
	caller_open(&caller, &world, world.path);
	json_decref(subscribe(&caller, "{\"since\":0,\"snapshot\":true}", 0, false));
	change(&world, 3000);
	for (json_int_t seq = 1; seq <= last + 1; seq++) {
		json_t *event = next_event(&caller);

		ck_assert_int_eq(number(event, "seq"), seq);
		json_decref(event);
	}
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.overflows, 0);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

START_TEST(unsent_events_are_sent_when_the_server_ends)
{
	struct world world;
	struct caller caller;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	json_decref(caller_result(&caller, "subscribe"));
	hear(&world, "a", SWIM_ALIVE, 1);
	/* The loop does not turn before the server ends. */
	world_stop(&world);
	expect_event(&caller, "member.joined", "a");
	caller_close(&caller);
}
END_TEST

UNIT_MAIN("control_events", events_look_as_documented, each_change_of_a_member_has_its_type,
    results_of_a_join_are_no_events, a_subscription_gets_the_types_that_it_names,
    bad_subscriptions_are_refused, snapshot_and_stream_have_no_hole_and_no_overlap,
    events_still_in_the_core_come_before_a_snapshot,
    since_continues_without_a_gap_over_1000_changes, lost_events_are_reported_as_a_gap,
    since_and_snapshot_work_together, a_subscription_goes_on_after_a_half_close,
    a_subscriber_that_does_not_read_is_closed_and_others_go_on,
    a_replay_or_snapshot_above_the_limit_is_no_overflow,
    unsent_events_are_sent_when_the_server_ends)
