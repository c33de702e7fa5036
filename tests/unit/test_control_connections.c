/* SPDX-License-Identifier: MIT */
/* Connections: how many are served and how many are refused, and what happens when descriptors run out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/control_internal.h"
#include "control_world.h"
#include "net/loop.h"
#include "support/unit.h"

START_TEST(the_65th_connection_is_refused_with_an_error)
{
	struct world world;
	struct caller callers[CONTROL_CLIENTS_MAX + 1];
	struct control_stats stats;
	json_t *answer;

	world_start(&world, 0);
	/* The limit counts the connections of both sockets together. */
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		caller_open(&callers[i], &world, i % 2 ? world.ro_path : world.path);
		json_decref(caller_result(&callers[i], "info"));
	}
	for (size_t i = 0; i < 2; i++) {
		caller_open(&callers[CONTROL_CLIENTS_MAX], &world, i ? world.ro_path : world.path);
		caller_say(&callers[CONTROL_CLIENTS_MAX], "info");
		answer = caller_json(&callers[CONTROL_CLIENTS_MAX]);
		ck_assert_str_eq(text(field(field(answer, "error"), "data"), "code"),
		    "unavailable");
		json_decref(answer);
		caller_expect_end(&callers[CONTROL_CLIENTS_MAX]);
		caller_close(&callers[CONTROL_CLIENTS_MAX]);
	}
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.refused, 2);
	ck_assert_uint_eq(stats.clients, CONTROL_CLIENTS_MAX);
	/* The 64 connections are still served, and when one closes, another is accepted. */
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		json_decref(caller_result(&callers[i], "info"));
	caller_close(&callers[0]);
	world_wait_for_clients(&world, CONTROL_CLIENTS_MAX - 1);
	caller_open(&callers[0], &world, world.path);
	json_decref(caller_result(&callers[0], "info"));
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		caller_close(&callers[i]);
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

START_TEST(the_loop_sleeps_with_400_idle_connections)
{
	enum { CONNECTIONS = 400 };

	static struct caller callers[CONNECTIONS];
	struct world world;
	struct control_stats stats;
	int64_t begin;

	world_start(&world, 0);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		caller_open(&callers[i], &world, world.path);
		if (i % 100 == 99)
			world_settle(&world);
	}
	world_settle(&world);
	control_stats(world.control, &stats);
	ck_assert_uint_eq(stats.connections, CONNECTIONS);
	ck_assert_uint_eq(stats.clients, CONTROL_CLIENTS_MAX);
	ck_assert_uint_eq(stats.refused, CONNECTIONS - CONTROL_CLIENTS_MAX);
	/* While nothing happens the loop sleeps: it uses less than half of the time. */
	begin = cpu_ms();
	event_base_loopexit(world.base, &(struct timeval){0, 800000});
	event_base_dispatch(world.base);
	ck_assert_int_lt(cpu_ms() - begin, 400);
	/* Every refused connection gets the reason. */
	for (size_t i = CONTROL_CLIENTS_MAX; i < CONNECTIONS; i++) {
		json_t *answer = caller_json(&callers[i]);

		ck_assert_str_eq(text(field(field(answer, "error"), "data"), "code"),
		    "unavailable");
		json_decref(answer);
		caller_expect_end(&callers[i]);
	}
	for (size_t i = 0; i < CONNECTIONS; i++)
		caller_close(&callers[i]);
	world_wait_for_clients(&world, 0);
	caller_open(&callers[0], &world, world.path);
	json_decref(caller_result(&callers[0], "info"));
	caller_close(&callers[0]);
	world_stop(&world);
}
END_TEST

START_TEST(without_descriptors_the_server_pauses_and_then_accepts_again)
{
	struct world world;
	struct caller caller, later;
	struct rlimit before, few;
	int top;

	world_start(&world, 0);
	caller_open(&caller, &world, world.path);
	json_decref(caller_result(&caller, "info"));
	caller_open(&later, &world, world.path);
	caller_say(&later, "info");
	/* From here on no descriptor is left. */
	top = dup(0);
	close(top);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){(rlim_t)top, before.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	world_settle(&world);
	/* The server does not try to accept again and again. */
	ck_assert(!world.control->accepting);
	ck_assert(!event_pending(world.control->listeners[0].acceptable, EV_READ, NULL));
	/* Connected clients are still served. */
	json_decref(caller_result(&caller, "info"));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	json_decref(caller_json(&later));
	ck_assert(world.control->accepting);
	caller_close(&later);
	caller_close(&caller);
	world_stop(&world);
}
END_TEST

static unsigned
lines_with(FILE *log, const char *words)
{
	char line[1024];
	unsigned count = 0;

	rewind(log);
	while (fgets(line, sizeof(line), log) != NULL)
		count += strstr(line, words) != NULL;
	return count;
}

/* Each client that ends lets in another one, so descriptors may run out many times a second. */
START_TEST(a_repeated_shortage_of_descriptors_is_reported_once)
{
	enum { TIMES = 4 };
	struct world world;
	struct control_stats stats;
	struct caller caller, later[TIMES];
	struct rlimit before, few;
	FILE *log = tmpfile();
	json_t *event;
	int top;

	world_start(&world, 0);
	ck_assert_int_eq(dup2(fileno(log), STDERR_FILENO), STDERR_FILENO);
	caller_open(&caller, &world, world.path);
	json_decref(caller_result(&caller,
	    "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"types\":[\"error\"]}}"));
	control_stats(world.control, &stats);
	ck_assert(swim_time_is_never(stats.accept_failed_at));
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (unsigned i = 0; i < TIMES; i++) {
		caller_open(&later[i], &world, world.path);
		caller_say(&later[i], "info");
		top = dup(0);
		close(top);
		few = (struct rlimit){(rlim_t)top, before.rlim_max};
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		while (world.control->accepting)
			world_turn(&world);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		json_decref(caller_json(&later[i]));
	}
	control_stats(world.control, &stats);
	ck_assert_uint_ge(stats.accept_failures, TIMES);
	ck_assert_int_eq(stats.accept_errno, EMFILE);
	ck_assert(!swim_time_is_never(stats.accept_failed_at));
	event = caller_json(&caller);
	ck_assert_str_eq(text(field(event, "params"), "code"), "accept-failed");
	json_decref(event);
	ck_assert_uint_eq(lines_with(log, "cannot accept control connections"), 1);
	/* A minute after the last failure the shortage is over, and the next failure would be reported. */
	event_active(world.control->resume, EV_TIMEOUT, 0);
	world_turn(&world);
	ck_assert(world.control->starved);
	world.control->stats.accept_failed_at =
	    swim_time_add(loop_now(), swim_seconds(-CONTROL_STARVED_SECONDS));
	event_active(world.control->resume, EV_TIMEOUT, 0);
	world_turn(&world);
	ck_assert(!world.control->starved);
	ck_assert_uint_eq(lines_with(log, "control connections are accepted again"), 1);
	for (unsigned i = 0; i < TIMES; i++)
		caller_close(&later[i]);
	caller_close(&caller);
	world_stop(&world);
	fclose(log);
}
END_TEST

START_TEST(the_sockets_have_modes_0660_and_0666)
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

START_TEST(a_second_server_at_the_same_path_is_refused)
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
	/* If the read-only socket cannot be bound, the read-write socket is removed again. */
	snprintf(path, sizeof(path), "%s/other", world.directory);
	config.socket = path;
	config.ro_socket = world.ro_path;
	ck_assert_ptr_null(control_new(world.base, &config, &backend, error));
	ck_assert_ptr_nonnull(strstr(error, world.ro_path));
	ck_assert_int_eq(lstat(path, &st), -1);
	world_stop(&world);
}
END_TEST

UNIT_MAIN("control_connections", the_65th_connection_is_refused_with_an_error,
    the_loop_sleeps_with_400_idle_connections,
    without_descriptors_the_server_pauses_and_then_accepts_again,
    a_repeated_shortage_of_descriptors_is_reported_once, the_sockets_have_modes_0660_and_0666,
    a_second_server_at_the_same_path_is_refused)
