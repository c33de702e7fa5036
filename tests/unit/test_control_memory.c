/* SPDX-License-Identifier: MIT */
/*
 * Limits of the memory for unsent answers: the answers of all connections together are bounded.  To answer another
 * client, the server closes clients that do not read, and never a client that reads.  A client whose answer has no
 * room gets an error.
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

/*
 * An answer with all members is far larger than the buffer of a socket, and the limit has room for ANSWERS of
 * them.
 */
#define MEMBERS 1000
#define ANSWERS 4
#define LONG_MS (CONTROL_STUCK_SECONDS * INT64_C(1000))

static void
start(struct world *world)
{
	struct caller caller;
	char *answer;

	world_start(world, 0);
	for (int i = 0; i < MEMBERS; i++) {
		char name[251];

		/* Each of these bytes becomes six bytes in JSON. */
		memset(name, '\x01', sizeof(name));
		snprintf(name, sizeof(name), "%08d", i);
		name[8] = '\x01';
		world_hear(world, name, sizeof(name) - 1, SWIM_ALIVE, 1);
	}
	caller_open(&caller, world, world->path);
	caller_say(&caller, "members");
	answer = caller_line(&caller);
	ck_assert_ptr_nonnull(answer);
	world->control->output_total = ANSWERS * strlen(answer);
	free(answer);
	caller_close(&caller);
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

/* Send a request, and turn the loop until the answer is written as far as the socket takes it; read nothing. */
static void
ask(struct caller *caller, const char *request)
{
	uint64_t before = stats(caller->world).requests;

	caller_say(caller, request);
	while (
	    stats(caller->world).requests == before || !TAILQ_EMPTY(&caller->world->control->ready))
		world_turn(caller->world);
}

static void
open_and_ask(struct caller *caller, struct world *world, const char *path)
{
	caller_open(caller, world, path);
	ask(caller, "members");
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

/* Pretend that the client read its last byte `ms` milliseconds ago. */
static void
age(struct client *c, int64_t ms)
{
	c->moved = swim_time_add(loop_now(), swim_ms(-ms));
}

/* Tells whether the next answer is `unavailable`; otherwise it must have all members. */
static bool
is_unavailable(struct caller *caller)
{
	json_t *answer = caller_json(caller), *error = json_object_get(answer, "error");

	if (error != NULL) {
		ck_assert_str_eq(text(field(error, "data"), "code"), "unavailable");
		ck_assert_uint_gt(strlen(text(error, "message")), 20);
	} else {
		ck_assert_uint_eq(json_array_size(field(field(answer, "result"), "members")),
		    MEMBERS + 1);
	}
	json_decref(answer);
	return error != NULL;
}

static void
close_all(struct caller *callers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		caller_close(&callers[i]);
}

START_TEST(a_slow_reader_gets_its_answer_and_later_requests_are_refused)
{
	enum { LATER = 20 };

	struct world world;
	struct caller slow, later[LATER];

	start(&world);
	open_and_ask(&slow, &world, world.ro_path);
	for (size_t i = 0; i < LATER; i++)
		open_and_ask(&later[i], &world, world.ro_path);
	ck_assert_uint_le(world.control->unsent, world.control->output_total);
	ck_assert_uint_eq(stats(&world).overflows, 0);
	ck_assert(!is_unavailable(&slow));
	/*
	 * No client was closed.  A short answer always has room, and a large one has room again after one was
	 * read.
	 */
	for (size_t i = 0; i < LATER; i++) {
		ck_assert(is_unavailable(&later[i]) == (i + 1 >= ANSWERS));
		json_decref(caller_result(&later[i], "info"));
		caller_say(&later[i], "members");
		ck_assert(!is_unavailable(&later[i]));
	}
	close_all(later, LATER);
	caller_close(&slow);
	world_stop(&world);
}
END_TEST

START_TEST(the_client_that_read_nothing_for_longest_is_closed)
{
	static const int64_t ages[ANSWERS] = {0, LONG_MS * 3, LONG_MS * 2, LONG_MS};
	struct world world;
	struct caller silent[ANSWERS], asker;

	start(&world);
	for (size_t i = 0; i < ANSWERS; i++)
		open_and_ask(&silent[i], &world, world.ro_path);
	for (size_t i = 0; i < ANSWERS; i++)
		age(client_at(&world, i), ages[i]);
	/* One client has to be closed: the second, and not the first, which read a moment ago. */
	open_and_ask(&asker, &world, world.ro_path);
	ck_assert_uint_eq(stats(&world).overflows, 1);
	ck_assert_uint_eq(stats(&world).clients, ANSWERS);
	ck_assert(!is_unavailable(&asker));
	for (size_t i = 0; i < ANSWERS; i++)
		if (i != 1)
			ck_assert(!is_unavailable(&silent[i]));
	close_all(silent, ANSWERS);
	caller_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(a_request_is_refused_while_no_client_is_stuck)
{
	struct world world;
	struct caller silent[ANSWERS], asker;

	start(&world);
	for (size_t i = 0; i < ANSWERS; i++) {
		open_and_ask(&silent[i], &world, world.ro_path);
		age(client_at(&world, i), LONG_MS / 2);
	}
	open_and_ask(&asker, &world, world.ro_path);
	ck_assert(is_unavailable(&asker));
	for (size_t i = 0; i < ANSWERS; i++)
		age(client_at(&world, i), LONG_MS);
	caller_say(&asker, "members");
	ck_assert(!is_unavailable(&asker));
	ck_assert_uint_eq(stats(&world).overflows, 1);
	close_all(silent, ANSWERS);
	caller_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(a_client_that_reads_while_the_loop_stalls_is_not_closed)
{
	struct world world;
	struct caller readers[ANSWERS], asker;
	char some[4096];
	size_t size;

	start(&world);
	size = world.control->output_total / ANSWERS;
	for (size_t i = 0; i < ANSWERS; i++)
		open_and_ask(&readers[i], &world, world.ro_path);
	caller_open(&asker, &world, world.ro_path);
	json_decref(caller_result(&asker, "info"));
	/* All clients read what the socket holds, while the loop stalls and writes nothing. */
	for (size_t i = 0; i < ANSWERS; i++) {
		while (recv(readers[i].fd, some, sizeof(some), MSG_DONTWAIT) > 0)
			;
		age(client_at(&world, i), LONG_MS * 2);
	}
	ck_assert(!control_room(world.control, client_at(&world, ANSWERS), 2 * size));
	ck_assert_uint_eq(stats(&world).overflows, 0);
	/* Two of the clients then read nothing for too long, so both are closed. */
	age(client_at(&world, 1), LONG_MS);
	age(client_at(&world, 2), LONG_MS);
	ck_assert(control_room(world.control, client_at(&world, ANSWERS), 2 * size));
	ck_assert_uint_eq(stats(&world).overflows, 2);
	close_all(readers, ANSWERS);
	caller_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(the_read_write_socket_has_memory_of_its_own)
{
	struct world world;
	struct caller silent[ANSWERS], asker, owner;

	start(&world);
	for (size_t i = 0; i < ANSWERS; i++)
		open_and_ask(&silent[i], &world, world.ro_path);
	open_and_ask(&asker, &world, world.ro_path);
	ck_assert(is_unavailable(&asker));
	open_and_ask(&owner, &world, world.path);
	ck_assert(!is_unavailable(&owner));
	close_all(silent, ANSWERS);
	caller_close(&owner);
	caller_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(a_subscription_begins_with_all_its_events_or_is_refused)
{
	struct world world;
	struct caller silent[ANSWERS], asker;

	start(&world);
	for (size_t i = 0; i < ANSWERS; i++)
		open_and_ask(&silent[i], &world, world.ro_path);
	caller_open(&asker, &world, world.ro_path);
	/* The answer itself is short, but the events after it have no room. */
	caller_say(&asker, "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"since\":0}}");
	ck_assert(is_unavailable(&asker));
	ck_assert_uint_eq(stats(&world).subscribers, 0);
	world_hear(&world, "new", 3, SWIM_ALIVE, 1);
	json_decref(caller_result(&asker, "info"));
	close_all(silent, ANSWERS);
	while (stats(&world).clients > 1)
		event_base_loop(world.base, EVLOOP_ONCE);
	json_decref(
	    caller_result(&asker, "{\"id\":2,\"method\":\"subscribe\",\"params\":{\"since\":0}}"));
	ck_assert_uint_eq(stats(&world).subscribers, 1);
	for (uint64_t seq = 1; seq <= stats(&world).last_seq; seq++) {
		json_t *event = caller_json(&asker);

		ck_assert_int_eq(number(field(event, "params"), "seq"), (json_int_t)seq);
		json_decref(event);
	}
	caller_close(&asker);
	world_stop(&world);
}
END_TEST

START_TEST(a_single_answer_may_exceed_the_limit)
{
	struct world world;
	struct caller one, other;

	start(&world);
	world.control->output_total = 1;
	open_and_ask(&one, &world, world.ro_path);
	open_and_ask(&other, &world, world.ro_path);
	ck_assert(is_unavailable(&other));
	ck_assert(!is_unavailable(&one));
	caller_say(&other, "members");
	ck_assert(!is_unavailable(&other));
	caller_close(&one);
	caller_close(&other);
	world_stop(&world);
}
END_TEST

/* Send a request with an id of `id` bytes, which the answer repeats. */
static void
ask_at_length(struct caller *caller, size_t id, const char *rest)
{
	char request[CONTROL_LINE_MAX] = "{\"id\":\"";
	size_t len = strlen(request);

	memset(request + len, 'x', id);
	snprintf(request + len + id, sizeof(request) - len - id, "\",%s}", rest);
	ask(caller, request);
}

START_TEST(a_change_is_answered_even_without_room)
{
	enum { ID = 60000, MORE = 2000 };

	struct world world;
	struct caller silent, asker;

	start(&world);
	world.control->output_total = 1;
	open_and_ask(&silent, &world, world.ro_path);
	for (int change = 0; change < 2; change++) {
		const char *rest = change ? "\"method\":\"tags\",\"params\":{\"unset\":[\"none\"]}"
					  : "\"method\":\"info\"";
		const struct evbuffer *out;
		unsigned asked = 0;

		caller_open(&asker, &world, world.path);
		json_decref(caller_result(&asker, "info"));
		out = client_at(&world, 1)->out;
		/* Fill the client's output nearly up to CONTROL_OUTPUT_PAUSE, and then exceed that. */
		for (; evbuffer_get_length(out) + ID + MORE < CONTROL_OUTPUT_PAUSE; asked++)
			ask_at_length(&asker, ID, rest);
		ask_at_length(&asker, ID + 2 * MORE, rest);
		for (; asked > 0; asked--) {
			json_t *answer = caller_json(&asker);

			ck_assert_ptr_nonnull(json_object_get(answer, "result"));
			json_decref(answer);
		}
		if (change) {
			json_t *answer = caller_json(&asker);

			ck_assert_ptr_nonnull(json_object_get(answer, "result"));
			json_decref(answer);
		} else {
			ck_assert(is_unavailable(&asker));
		}
		caller_close(&asker);
		while (stats(&world).clients > 1)
			event_base_loop(world.base, EVLOOP_ONCE);
	}
	caller_close(&silent);
	world_stop(&world);
}
END_TEST

START_TEST(read_write_clients_are_served_beside_64_read_only_ones)
{
	struct world world;
	struct caller readers[CONTROL_CLIENTS_MAX + 1], writers[CONTROL_CLIENTS_RESERVED + 1];

	world_start(&world, 0);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		caller_open(&readers[i], &world, world.ro_path);
		json_decref(caller_result(&readers[i], "info"));
	}
	caller_open(&readers[CONTROL_CLIENTS_MAX], &world, world.ro_path);
	ck_assert(is_unavailable(&readers[CONTROL_CLIENTS_MAX]));
	for (size_t i = 0; i < CONTROL_CLIENTS_RESERVED; i++) {
		caller_open(&writers[i], &world, world.path);
		json_decref(caller_result(&writers[i], "info"));
	}
	caller_open(&writers[CONTROL_CLIENTS_RESERVED], &world, world.path);
	ck_assert(is_unavailable(&writers[CONTROL_CLIENTS_RESERVED]));
	close_all(readers, CONTROL_CLIENTS_MAX + 1);
	close_all(writers, CONTROL_CLIENTS_RESERVED + 1);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_memory", read_write_clients_are_served_beside_64_read_only_ones,
    a_slow_reader_gets_its_answer_and_later_requests_are_refused,
    the_client_that_read_nothing_for_longest_is_closed,
    a_request_is_refused_while_no_client_is_stuck,
    a_client_that_reads_while_the_loop_stalls_is_not_closed,
    the_read_write_socket_has_memory_of_its_own,
    a_subscription_begins_with_all_its_events_or_is_refused, a_single_answer_may_exceed_the_limit,
    a_change_is_answered_even_without_room)
