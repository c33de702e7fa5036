/* SPDX-License-Identifier: MIT */
/*
 * What others can take away and what not: what waits in all connections together is bounded, and who does not
 * read is closed for those who ask, never somebody who reads; who finds no room is told so.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/control_internal.h"
#include "control/protocol.h"
#include "control_world.h"
#include "net/loop.h"
#include "support/unit.h"

/* An answer of them all is far larger than what a socket takes in, and there is room for ANSWERS. */
#define MEMBERS 1000
#define ANSWERS 4
#define LONG_MS (CONTROL_STUCK_SECONDS * INT64_C(1000))

static void
start(struct world *world)
{
	struct peer peer;
	char *answer;

	world_start(world, 0);
	for (int i = 0; i < MEMBERS; i++) {
		char name[251];

		/* Each of these bytes takes six in JSON. */
		memset(name, '\x01', sizeof(name));
		snprintf(name, sizeof(name), "%08d", i);
		name[8] = '\x01';
		world_hear(world, name, sizeof(name) - 1, SWIM_ALIVE, 1);
	}
	peer_open(&peer, world, world->path);
	peer_say(&peer, "members");
	answer = peer_line(&peer);
	ck_assert_ptr_nonnull(answer);
	world->control->output_total = ANSWERS * strlen(answer);
	free(answer);
	peer_close(&peer);
	do
		event_base_loop(world->base, EVLOOP_ONCE);
	while (!TAILQ_EMPTY(&world->control->clients));
}

static struct control_stats
stats(const struct world *world)
{
	struct control_stats now;

	control_stats(world->control, &now);
	return now;
}

/* Ask, and turn the loop until that is carried out and sent as far as it goes; nothing is read. */
static void
ask(struct peer *peer, const char *request)
{
	uint64_t before = stats(peer->world).requests;

	peer_say(peer, request);
	while (stats(peer->world).requests == before || !TAILQ_EMPTY(&peer->world->control->ready))
		world_turn(peer->world);
}

static void
open_and_ask(struct peer *peer, struct world *world, const char *path)
{
	peer_open(peer, world, path);
	ask(peer, "members");
}

static struct client *
client_at(const struct world *world, size_t i)
{
	struct client *c = TAILQ_FIRST(&world->control->clients);

	for (; i > 0 && c != NULL; i--)
		c = TAILQ_NEXT(c, link);
	ck_assert_ptr_nonnull(c);
	return c;
}

/* As if its last byte had been taken so long ago. */
static void
age(struct client *c, int64_t ms)
{
	c->moved = swim_time_add(loop_now(), swim_ms(-ms));
}

/* The next answer is `unavailable`, or all members. */
static bool
is_unavailable(struct peer *peer)
{
	json_t *answer = peer_json(peer), *error = json_object_get(answer, "error");

	if (error != NULL) {
		ck_assert_str_eq(text(member(error, "data"), "code"), "unavailable");
		ck_assert_uint_gt(strlen(text(error, "message")), 20);
	} else {
		ck_assert_uint_eq(json_array_size(member(member(answer, "result"), "members")),
		    MEMBERS + 1);
	}
	json_decref(answer);
	return error != NULL;
}

static void
close_all(struct peer *peers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		peer_close(&peers[i]);
}

START_TEST(a_slow_reader_gets_its_answer_and_later_ones_are_told)
{
	enum { LATER = 20 };

	struct world world;
	struct peer slow, later[LATER];

	start(&world);
	open_and_ask(&slow, &world, world.ro_path);
	for (size_t i = 0; i < LATER; i++)
		open_and_ask(&later[i], &world, world.ro_path);
	ck_assert_uint_le(world.control->unsent, world.control->output_total);
	ck_assert_uint_eq(stats(&world).overflows, 0);
	ck_assert(!is_unavailable(&slow));
	/* Nobody was closed; what is short is served to all, and what they ask later as well. */
	for (size_t i = 0; i < LATER; i++) {
		ck_assert(is_unavailable(&later[i]) == (i + 1 >= ANSWERS));
		json_decref(peer_result(&later[i], "info"));
		peer_say(&later[i], "members");
		ck_assert(!is_unavailable(&later[i]));
	}
	close_all(later, LATER);
	peer_close(&slow);
	world_stop(&world);
}
END_TEST

START_TEST(whoever_has_read_nothing_for_longest_makes_room)
{
	static const int64_t ages[ANSWERS] = {0, LONG_MS * 3, LONG_MS * 2, LONG_MS};
	struct world world;
	struct peer deaf[ANSWERS], asker;

	start(&world);
	for (size_t i = 0; i < ANSWERS; i++)
		open_and_ask(&deaf[i], &world, world.ro_path);
	for (size_t i = 0; i < ANSWERS; i++)
		age(client_at(&world, i), ages[i]);
	/* One has to go, and it is not the one that read a moment ago. */
	open_and_ask(&asker, &world, world.ro_path);
	ck_assert_uint_eq(stats(&world).overflows, 1);
	ck_assert_uint_eq(stats(&world).clients, ANSWERS);
	ck_assert(!is_unavailable(&asker));
	for (size_t i = 0; i < ANSWERS; i++)
		if (i != 1)
			ck_assert(!is_unavailable(&deaf[i]));
	close_all(deaf, ANSWERS);
	peer_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(the_one_who_asks_is_told_while_the_others_may_yet_read)
{
	struct world world;
	struct peer deaf[ANSWERS], asker;

	start(&world);
	for (size_t i = 0; i < ANSWERS; i++) {
		open_and_ask(&deaf[i], &world, world.ro_path);
		age(client_at(&world, i), LONG_MS / 2);
	}
	open_and_ask(&asker, &world, world.ro_path);
	ck_assert(is_unavailable(&asker));
	for (size_t i = 0; i < ANSWERS; i++)
		age(client_at(&world, i), LONG_MS);
	peer_say(&asker, "members");
	ck_assert(!is_unavailable(&asker));
	ck_assert_uint_eq(stats(&world).overflows, 1);
	close_all(deaf, ANSWERS);
	peer_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(who_read_while_we_did_not_write_is_not_closed)
{
	struct world world;
	struct peer readers[ANSWERS], asker;
	char some[4096];
	size_t size;

	start(&world);
	size = world.control->output_total / ANSWERS;
	for (size_t i = 0; i < ANSWERS; i++)
		open_and_ask(&readers[i], &world, world.ro_path);
	peer_open(&asker, &world, world.ro_path);
	json_decref(peer_result(&asker, "info"));
	/* All read what the socket had, and the loop stalls meanwhile. */
	for (size_t i = 0; i < ANSWERS; i++) {
		while (recv(readers[i].fd, some, sizeof(some), MSG_DONTWAIT) > 0)
			;
		age(client_at(&world, i), LONG_MS * 2);
	}
	ck_assert(!control_room(world.control, client_at(&world, ANSWERS), 2 * size));
	ck_assert_uint_eq(stats(&world).overflows, 0);
	/* Two of them go on so: now it is true of them. */
	age(client_at(&world, 1), LONG_MS);
	age(client_at(&world, 2), LONG_MS);
	ck_assert(control_room(world.control, client_at(&world, ANSWERS), 2 * size));
	ck_assert_uint_eq(stats(&world).overflows, 2);
	close_all(readers, ANSWERS);
	peer_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(whoever_may_change_things_has_room_of_his_own)
{
	struct world world;
	struct peer deaf[ANSWERS], asker, owner;

	start(&world);
	for (size_t i = 0; i < ANSWERS; i++)
		open_and_ask(&deaf[i], &world, world.ro_path);
	open_and_ask(&asker, &world, world.ro_path);
	ck_assert(is_unavailable(&asker));
	open_and_ask(&owner, &world, world.path);
	ck_assert(!is_unavailable(&owner));
	close_all(deaf, ANSWERS);
	peer_close(&owner);
	peer_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(a_subscription_is_begun_whole_or_not_at_all)
{
	struct world world;
	struct peer deaf[ANSWERS], asker;

	start(&world);
	for (size_t i = 0; i < ANSWERS; i++)
		open_and_ask(&deaf[i], &world, world.ro_path);
	peer_open(&asker, &world, world.ro_path);
	/* What it answers is short: it is the events after it that there is no room for. */
	peer_say(&asker, "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"since\":0}}");
	ck_assert(is_unavailable(&asker));
	ck_assert_uint_eq(stats(&world).subscribers, 0);
	world_hear(&world, "new", 3, SWIM_ALIVE, 1);
	json_decref(peer_result(&asker, "info"));
	close_all(deaf, ANSWERS);
	while (stats(&world).clients > 1)
		event_base_loop(world.base, EVLOOP_ONCE);
	json_decref(
	    peer_result(&asker, "{\"id\":2,\"method\":\"subscribe\",\"params\":{\"since\":0}}"));
	ck_assert_uint_eq(stats(&world).subscribers, 1);
	for (uint64_t seq = 1; seq <= stats(&world).last_seq; seq++) {
		json_t *event = peer_json(&asker);

		ck_assert_int_eq(number(member(event, "params"), "seq"), (json_int_t)seq);
		json_decref(event);
	}
	peer_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(a_single_answer_may_be_larger_than_all_should_be)
{
	struct world world;
	struct peer one, other;

	start(&world);
	world.control->output_total = 1;
	open_and_ask(&one, &world, world.ro_path);
	open_and_ask(&other, &world, world.ro_path);
	ck_assert(is_unavailable(&other));
	ck_assert(!is_unavailable(&one));
	peer_say(&other, "members");
	ck_assert(!is_unavailable(&other));
	peer_close(&one);
	peer_close(&other);
	world_stop(&world);
}
END_TEST

/* Ask with an id of so many bytes, which comes back with the answer. */
static void
ask_at_length(struct peer *peer, size_t id, const char *rest)
{
	char request[CONTROL_LINE_MAX] = "{\"id\":\"";
	size_t len = strlen(request);

	memset(request + len, 'x', id);
	snprintf(request + len + id, sizeof(request) - len - id, "\",%s}", rest);
	ask(peer, request);
}

START_TEST(what_was_done_is_answered_as_done)
{
	enum { ID = 60000, MORE = 2000 };

	struct world world;
	struct peer deaf, asker;

	start(&world);
	world.control->output_total = 1;
	open_and_ask(&deaf, &world, world.ro_path);
	for (int change = 0; change < 2; change++) {
		const char *rest = change ? "\"method\":\"tags\",\"params\":{\"unset\":[\"none\"]}"
					  : "\"method\":\"info\"";
		const struct evbuffer *out;
		unsigned asked = 0;

		peer_open(&asker, &world, world.path);
		json_decref(peer_result(&asker, "info"));
		out = client_at(&world, 1)->out;
		/* Nearly as much as may wait for it in any case, and then more than that. */
		for (; evbuffer_get_length(out) + ID + MORE < CONTROL_OUTPUT_PAUSE; asked++)
			ask_at_length(&asker, ID, rest);
		ask_at_length(&asker, ID + 2 * MORE, rest);
		for (; asked > 0; asked--) {
			json_t *answer = peer_json(&asker);

			ck_assert_ptr_nonnull(json_object_get(answer, "result"));
			json_decref(answer);
		}
		if (change) {
			json_t *answer = peer_json(&asker);

			ck_assert_ptr_nonnull(json_object_get(answer, "result"));
			json_decref(answer);
		} else {
			ck_assert(is_unavailable(&asker));
		}
		peer_close(&asker);
		while (stats(&world).clients > 1)
			event_base_loop(world.base, EVLOOP_ONCE);
	}
	peer_close(&deaf);
	world_stop(&world);
}
END_TEST

START_TEST(whoever_may_change_things_is_served_beside_all_others)
{
	struct world world;
	struct peer readers[CONTROL_CLIENTS_MAX + 1], writers[CONTROL_CLIENTS_RESERVED + 1];

	world_start(&world, 0);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		peer_open(&readers[i], &world, world.ro_path);
		json_decref(peer_result(&readers[i], "info"));
	}
	peer_open(&readers[CONTROL_CLIENTS_MAX], &world, world.ro_path);
	ck_assert(is_unavailable(&readers[CONTROL_CLIENTS_MAX]));
	for (size_t i = 0; i < CONTROL_CLIENTS_RESERVED; i++) {
		peer_open(&writers[i], &world, world.path);
		json_decref(peer_result(&writers[i], "info"));
	}
	peer_open(&writers[CONTROL_CLIENTS_RESERVED], &world, world.path);
	ck_assert(is_unavailable(&writers[CONTROL_CLIENTS_RESERVED]));
	close_all(readers, CONTROL_CLIENTS_MAX + 1);
	close_all(writers, CONTROL_CLIENTS_RESERVED + 1);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_memory", whoever_may_change_things_is_served_beside_all_others,
    a_slow_reader_gets_its_answer_and_later_ones_are_told,
    whoever_has_read_nothing_for_longest_makes_room,
    the_one_who_asks_is_told_while_the_others_may_yet_read,
    who_read_while_we_did_not_write_is_not_closed, whoever_may_change_things_has_room_of_his_own,
    a_subscription_is_begun_whole_or_not_at_all, a_single_answer_may_be_larger_than_all_should_be,
    what_was_done_is_answered_as_done)
