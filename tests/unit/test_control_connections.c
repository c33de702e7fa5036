/* SPDX-License-Identifier: MIT */
/* The sockets, and who is served on them: how many at once, and what comes when no descriptor is left. */
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
	world_wait_for_clients(&world, CONTROL_CLIENTS_MAX - 1);
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
			world_settle(&world);
	}
	world_settle(&world);
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
	world_wait_for_clients(&world, 0);
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
	world_settle(&world);
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

/* Where one who goes lets in another, descriptors run out many times a second: that is told once. */
START_TEST(running_out_of_descriptors_over_and_over_is_told_once)
{
	enum { TIMES = 4 };
	struct world world;
	struct control_stats stats;
	struct peer peer, later[TIMES];
	struct rlimit before, few;
	FILE *log = tmpfile();
	json_t *event;
	int top;

	world_start(&world, 0);
	ck_assert_int_eq(dup2(fileno(log), STDERR_FILENO), STDERR_FILENO);
	peer_open(&peer, &world, world.path);
	json_decref(peer_result(&peer,
	    "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"types\":[\"error\"]}}"));
	control_stats(world.control, &stats);
	ck_assert(swim_time_is_never(stats.accept_failed_at));
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (unsigned i = 0; i < TIMES; i++) {
		peer_open(&later[i], &world, world.path);
		peer_say(&later[i], "info");
		top = dup(0);
		close(top);
		few = (struct rlimit){(rlim_t)top, before.rlim_max};
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		while (world.control->accepting)
			world_turn(&world);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		json_decref(peer_json(&later[i]));
	}
	control_stats(world.control, &stats);
	ck_assert_uint_ge(stats.accept_failures, TIMES);
	ck_assert_int_eq(stats.accept_errno, EMFILE);
	ck_assert(!swim_time_is_never(stats.accept_failed_at));
	event = peer_json(&peer);
	ck_assert_str_eq(text(member(event, "params"), "code"), "accept-failed");
	json_decref(event);
	ck_assert_uint_eq(lines_with(log, "cannot accept control connections"), 1);
	/* A quiet minute later it is over, and would be told anew. */
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
		peer_close(&later[i]);
	peer_close(&peer);
	world_stop(&world);
	fclose(log);
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

UNIT_MAIN("control_connections", the_65th_connection_is_told_so,
    four_hundred_connections_do_not_spin, without_descriptors_it_waits_and_then_goes_on,
    running_out_of_descriptors_over_and_over_is_told_once, the_sockets_have_their_permissions,
    a_second_server_is_refused)
