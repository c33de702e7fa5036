/* SPDX-License-Identifier: MIT */
/* Subscriptions: nothing is lost, nothing doubled, and nobody is slowed. */
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

/* The n-th change of one that goes through 20 members over and over: joined, suspected, recovered, ... */
static void
change(struct world *world, unsigned n)
{
	char name[16];
	uint64_t before;

	snprintf(name, sizeof(name), "m%u", n % 20);
	before = last_seq(world);
	hear(world, name, n / 20 % 2 == 0 ? SWIM_ALIVE : SWIM_SUSPECT, n / 20 + 1);
	/* The world chooses tellers so that no quota of theirs is used up. */
	ck_assert_msg(last_seq(world) > before, "change %u made no event", n);
}

/* The parameters of the next event, to be decref'd. */
static json_t *
next_event(struct peer *peer)
{
	json_t *event = peer_json(peer), *params = json_object_get(event, "params");

	ck_assert_str_eq(text(event, "jsonrpc"), "2.0");
	ck_assert_str_eq(text(event, "method"), "event");
	ck_assert_ptr_null(json_object_get(event, "id"));
	ck_assert_ptr_nonnull(params);
	json_incref(params);
	json_decref(event);
	return params;
}

static void
expect_event(struct peer *peer, const char *type, const char *name)
{
	json_t *event = next_event(peer);

	ck_assert_str_eq(text(event, "type"), type);
	if (name != NULL)
		ck_assert_str_eq(text(member(event, "member"), "name"), name);
	json_decref(event);
}

/* Subscribes and checks seq and gap of the answer; returns it. */
static json_t *
subscribe(struct peer *peer, const char *params, json_int_t seq, bool gap)
{
	char line[256];
	json_t *result;

	snprintf(line, sizeof(line), "{\"id\":1,\"method\":\"subscribe\",\"params\":%s}", params);
	result = peer_result(peer, line);
	ck_assert_int_eq(number(result, "seq"), seq);
	ck_assert(json_is_true(member(result, "gap")) == gap);
	ck_assert_str_eq(text(result, "boot"), "boot-1");
	return result;
}

START_TEST(events_look_as_documented)
{
	struct world world;
	struct peer peer;
	json_t *event;
	const json_t *subject;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	json_decref(subscribe(&peer, "{}", (json_int_t)last_seq(&world), false));
	hear(&world, "db1", SWIM_ALIVE, 3);
	event = next_event(&peer);
	ck_assert_int_eq(number(event, "seq"), (json_int_t)last_seq(&world));
	ck_assert_str_eq(text(event, "type"), "member.joined");
	ck_assert_uint_eq(strlen(text(event, "time")), strlen("2026-11-23T01:02:03.412Z"));
	ck_assert_ptr_nonnull(json_object_get(event, "by"));
	subject = member(event, "member");
	ck_assert_str_eq(text(subject, "name"), "db1");
	ck_assert_str_eq(text(subject, "status"), "alive");
	ck_assert_int_eq(number(subject, "incarnation"), 3);
	ck_assert(json_is_false(member(subject, "local")));
	ck_assert(json_is_null(member(subject, "rtt_ms")));
	ck_assert(json_is_object(member(subject, "tags")));
	json_decref(event);
	control_error_event(world.control, "state-unwritable", "no space");
	event = next_event(&peer);
	ck_assert_str_eq(text(event, "type"), "error");
	ck_assert_str_eq(text(event, "code"), "state-unwritable");
	ck_assert_str_eq(text(event, "message"), "no space");
	json_decref(event);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(every_kind_has_its_name)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	json_decref(subscribe(&peer, "{}", (json_int_t)last_seq(&world), false));
	hear(&world, "a", SWIM_ALIVE, 1);
	expect_event(&peer, "member.joined", "a");
	hear(&world, "a", SWIM_SUSPECT, 1);
	expect_event(&peer, "member.suspected", "a");
	hear(&world, "a", SWIM_ALIVE, 2);
	expect_event(&peer, "member.recovered", "a");
	hear(&world, "a", SWIM_DEAD, 2);
	expect_event(&peer, "member.failed", "a");
	json_decref(
	    peer_ask(&peer, "{\"id\":2,\"method\":\"remove\",\"params\":{\"name\":\"a\"}}"));
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(answers_to_join_are_nobodys_business)
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

START_TEST(types_choose_events)
{
	struct world world;
	struct peer failed, members, rest;
	json_int_t seq;

	world_start(&world, 0);
	seq = (json_int_t)last_seq(&world);
	peer_open(&failed, &world, world.path);
	peer_open(&members, &world, world.ro_path);
	peer_open(&rest, &world, world.path);
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
	/* And nothing else came to any of them. */
	json_decref(peer_result(&failed, "info"));
	json_decref(peer_result(&members, "info"));
	json_decref(peer_result(&rest, "info"));
	peer_close(&failed);
	peer_close(&members);
	peer_close(&rest);
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
	struct peer peer;
	struct control_stats stats;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256];
		json_t *error;

		snprintf(line, sizeof(line), "{\"id\":1,\"method\":\"subscribe\",\"params\":%s}",
		    cases[i].params);
		error = peer_error(&peer, line, "invalid-params");
		ck_assert_str_eq(text(member(error, "data"), "param"), cases[i].param);
		json_decref(error);
	}
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.subscribers, 0);
	/* One subscription a connection. */
	json_decref(peer_result(&peer, "subscribe"));
	json_decref(peer_error(&peer, "subscribe", "conflict"));
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.subscribers, 1);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

/* What a client knows that applies events to a snapshot: name -> status. */
static void
apply(json_t *known, const json_t *subject)
{
	json_object_set_new(known, text(subject, "name"), json_string(text(subject, "status")));
}

START_TEST(snapshot_and_stream_have_no_hole_and_no_overlap)
{
	enum { CHANGES = 1000, SUBSCRIBERS = 25 };

	static struct peer peers[SUBSCRIBERS];
	json_t *known[SUBSCRIBERS], *now = json_object(), *result;
	json_int_t seq[SUBSCRIBERS];
	struct world world;
	struct peer last;
	size_t i;

	world_start(&world, 16 << 20);
	for (unsigned n = 0, next = 0; n < CHANGES; n++) {
		change(&world, n);
		if (n % (CHANGES / SUBSCRIBERS) != 7)
			continue;
		/* In the midst of the changes, of which some happen while the request is on its way. */
		peer_open(&peers[next], &world, world.path);
		peer_say(&peers[next++],
		    "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"snapshot\":true}}");
		for (unsigned turns = 0; turns < n % 5; turns++)
			world_turn(&world);
	}
	for (i = 0; i < SUBSCRIBERS; i++) {
		json_t *answer = peer_json(&peers[i]), *subject;
		size_t k;

		result = json_object_get(answer, "result");
		known[i] = json_object();
		seq[i] = number(result, "seq");
		ck_assert_int_eq(number(result, "snapshot_seq"), seq[i]);
		json_array_foreach(json_object_get(result, "members"), k, subject)
			apply(known[i], subject);
		json_decref(answer);
		while (seq[i] < (json_int_t)last_seq(&world)) {
			json_t *event = next_event(&peers[i]);

			ck_assert_int_eq(number(event, "seq"), ++seq[i]);
			apply(known[i], member(event, "member"));
			json_decref(event);
		}
	}
	peer_open(&last, &world, world.path);
	result = peer_result(&last, "members");
	for (i = 0; i < json_array_size(member(result, "members")); i++)
		apply(now, json_array_get(member(result, "members"), i));
	ck_assert_uint_ge(json_object_size(now), 20);
	for (i = 0; i < SUBSCRIBERS; i++) {
		ck_assert(json_equal(known[i], now));
		json_decref(known[i]);
		peer_close(&peers[i]);
	}
	json_decref(result);
	json_decref(now);
	peer_close(&last);
	world_stop(&world);
}
END_TEST

START_TEST(what_the_core_has_not_told_yet_comes_before_a_snapshot)
{
	struct world world;
	struct peer peer;
	json_t *result;
	json_int_t before;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	before = (json_int_t)last_seq(&world);
	world_input(&world, "a", 1, SWIM_ALIVE, 1);
	ck_assert_int_eq((json_int_t)last_seq(&world), before);
	result = subscribe(&peer, "{\"snapshot\":true}", before + 1, false);
	ck_assert_uint_eq(json_array_size(member(result, "members")), 2);
	json_decref(result);
	/* So it is not told once more. */
	hear(&world, "b", SWIM_ALIVE, 1);
	expect_event(&peer, "member.joined", "b");
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(since_goes_on_without_a_hole_over_1000_changes)
{
	struct world world;
	struct peer peer;
	json_int_t seq;
	char params[64];

	world_start(&world, 16 << 20);
	seq = (json_int_t)last_seq(&world);
	for (unsigned n = 0; n < 1000; n++) {
		change(&world, n);
		if (n % 37 != 0)
			continue;
		/* A client that comes back now and then. */
		peer_open(&peer, &world, world.ro_path);
		snprintf(params, sizeof(params),
		    "{\"since\":%" JSON_INTEGER_FORMAT ",\"boot\":\"boot-1\"}", seq);
		json_decref(subscribe(&peer, params, seq, false));
		change(&world, ++n);
		while (seq < (json_int_t)last_seq(&world)) {
			json_t *event = next_event(&peer);

			ck_assert_int_eq(number(event, "seq"), ++seq);
			json_decref(event);
		}
		/* All of them, and no more. */
		json_decref(peer_result(&peer, "info"));
		peer_close(&peer);
	}
	world_stop(&world);
}
END_TEST

START_TEST(a_gap_is_told)
{
	struct world world;
	struct peer peer;
	json_t *result;
	uint64_t last, oldest;
	char params[64];

	world_start(&world, 16 << 20);
	for (unsigned n = 0; last_seq(&world) < CONTROL_RING_EVENTS + 100; n++)
		change(&world, n);
	last = last_seq(&world);
	oldest = last - CONTROL_RING_EVENTS + 1;

	/* The oldest one that is kept is the first that can be asked for. */
	snprintf(params, sizeof(params), "{\"since\":%u}", (unsigned)oldest - 1);
	peer_open(&peer, &world, world.path);
	json_decref(subscribe(&peer, params, (json_int_t)oldest - 1, false));
	for (uint64_t seq = oldest; seq <= last; seq++) {
		json_t *event = next_event(&peer);

		ck_assert_int_eq(number(event, "seq"), (json_int_t)seq);
		json_decref(event);
	}
	json_decref(peer_result(&peer, "info"));
	peer_close(&peer);

	/* One before it is a gap, and all that is kept follows. */
	snprintf(params, sizeof(params), "{\"since\":%u}", (unsigned)oldest - 2);
	peer_open(&peer, &world, world.path);
	json_decref(subscribe(&peer, params, (json_int_t)oldest - 1, true));
	result = next_event(&peer);
	ck_assert_int_eq(number(result, "seq"), (json_int_t)oldest);
	json_decref(result);
	peer_close(&peer);

	/* With a snapshot nothing needs to follow. */
	peer_open(&peer, &world, world.path);
	json_decref(subscribe(&peer, "{\"since\":0,\"snapshot\":true}", (json_int_t)last, true));
	json_decref(peer_result(&peer, "info"));
	peer_close(&peer);

	/* Ahead of us, or of another run of the daemon. */
	peer_open(&peer, &world, world.path);
	json_decref(
	    subscribe(&peer, "{\"since\":9223372036854775807}", (json_int_t)oldest - 1, true));
	peer_close(&peer);
	peer_open(&peer, &world, world.path);
	snprintf(params, sizeof(params), "{\"since\":%u,\"boot\":\"boot-0\"}", (unsigned)last);
	json_decref(subscribe(&peer, params, (json_int_t)oldest - 1, true));
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(since_may_come_with_a_snapshot)
{
	struct world world;
	struct peer peer;
	json_t *result;
	json_int_t before, last;
	char params[64];

	world_start(&world, 0);
	before = (json_int_t)last_seq(&world);
	hear(&world, "a", SWIM_ALIVE, 1);
	hear(&world, "b", SWIM_ALIVE, 1);
	last = (json_int_t)last_seq(&world);
	peer_open(&peer, &world, world.path);
	snprintf(params, sizeof(params), "{\"since\":%d,\"snapshot\":true}", (int)before);
	result = subscribe(&peer, params, before, false);
	ck_assert_int_eq(number(result, "snapshot_seq"), last);
	ck_assert_uint_eq(json_array_size(member(result, "members")), 3);
	json_decref(result);
	expect_event(&peer, "member.joined", "a");
	expect_event(&peer, "member.joined", "b");
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(a_subscription_goes_on_after_a_half_close)
{
	struct world world;
	struct peer peer;
	struct control_stats stats;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	peer_say(&peer, "subscribe");
	peer_half_close(&peer);
	json_decref(peer_json(&peer));
	for (unsigned i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "m%u", i);
		hear(&world, name, SWIM_ALIVE, 1);
		expect_event(&peer, "member.joined", name);
	}
	/* Once the rest is closed as well it is let go of, without any event that would tell. */
	peer_close(&peer);
	do {
		event_base_loop(world.base, EVLOOP_ONCE);
		control_stats(world.control, &stats);
	} while (stats.clients > 0);
	ck_assert_uint_eq(stats.subscribers, 0);
	world_stop(&world);
}
END_TEST

START_TEST(one_that_does_not_read_is_closed_and_others_go_on)
{
	enum { LIMIT = 100000, CHANGES = 5000 };

	struct world world;
	struct peer slow, quick;
	struct control_stats stats;
	json_int_t seq = 0, begin;
	bool overflowed = false;

	world_start(&world, LIMIT);
	peer_open(&slow, &world, world.path);
	peer_open(&quick, &world, world.path);
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
	/* What it was sent is whole, and the last line says why there is no more. */
	for (char *line; (line = peer_line(&slow)) != NULL; free(line)) {
		json_t *event = json_loads(line, 0, NULL);
		const json_t *params = member(event, "params");

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
	/* Gone, it is counted no more; on a busy machine it may have been given up before. */
	peer_close(&slow);
	world_wait_for_clients(&world, 1);
	json_decref(peer_result(&quick, "info"));
	peer_close(&quick);
	world_stop(&world);
}
END_TEST

START_TEST(a_replay_or_a_snapshot_above_the_limit_is_no_overflow)
{
	struct world world;
	struct peer peer;
	struct control_stats stats;
	json_int_t last;

	/* Room for a few events; the answer to subscribe is far larger. */
	world_start(&world, 4000);
	for (unsigned n = 0; n < 3000; n++)
		change(&world, n);
	last = (json_int_t)last_seq(&world);
	peer_open(&peer, &world, world.path);
	json_decref(subscribe(&peer, "{\"since\":0,\"snapshot\":true}", 0, false));
	change(&world, 3000);
	for (json_int_t seq = 1; seq <= last + 1; seq++) {
		json_t *event = next_event(&peer);

		ck_assert_int_eq(number(event, "seq"), seq);
		json_decref(event);
	}
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.overflows, 0);
	peer_close(&peer);
	world_stop(&world);
}
END_TEST

START_TEST(what_is_left_is_sent_at_the_end)
{
	struct world world;
	struct peer peer;

	world_start(&world, 0);
	peer_open(&peer, &world, world.path);
	json_decref(peer_result(&peer, "subscribe"));
	hear(&world, "a", SWIM_ALIVE, 1);
	/* No turn of the loop in between. */
	world_stop(&world);
	expect_event(&peer, "member.joined", "a");
	peer_close(&peer);
}
END_TEST

UNIT_MAIN("control_events", events_look_as_documented, every_kind_has_its_name,
    answers_to_join_are_nobodys_business, types_choose_events, bad_subscriptions_are_refused,
    snapshot_and_stream_have_no_hole_and_no_overlap,
    what_the_core_has_not_told_yet_comes_before_a_snapshot,
    since_goes_on_without_a_hole_over_1000_changes, a_gap_is_told, since_may_come_with_a_snapshot,
    a_subscription_goes_on_after_a_half_close, one_that_does_not_read_is_closed_and_others_go_on,
    a_replay_or_a_snapshot_above_the_limit_is_no_overflow, what_is_left_is_sent_at_the_end)
