/* SPDX-License-Identifier: MIT */
#include "daemon/follow.h"

#include "support/loop.h"

static struct follow f;
static swim_time now;

static void
begin(const char *host, enum route_rank rank)
{
	struct swim_addr addr = loop_addr(host, 7946);

	now = (swim_time){swim_seconds(1000).ns};
	follow_init(&f, &addr, rank);
}

/* One look, `ms` after the last: is the old one there, and what is the best (NULL: nothing)? */
static bool
look(int64_t ms, bool present, const char *best, enum route_rank rank)
{
	struct follow_sight sight = {.present = present, .rank = rank};

	now = swim_time_add(now, swim_ms(ms));
	if (best != NULL)
		sight.best = loop_addr(best, 7946);
	return follow_look(&f, now, &sight);
}

static void
ck_current(const char *host)
{
	struct swim_addr addr = loop_addr(host, 7946);

	ck_assert_msg(swim_addr_equal(&f.current, &addr), "it is not %s", host);
}

START_TEST(what_is_there_stays)
{
	begin("10.0.0.1", ROUTE_RANK_DEFAULT);
	for (int i = 0; i < 100; i++)
		ck_assert(!look(1000, true, "10.0.0.2", ROUTE_RANK_DEFAULT));
	ck_current("10.0.0.1");
	ck_assert(swim_time_is_never(follow_deadline(&f)));
}
END_TEST

START_TEST(what_is_gone_is_replaced_by_what_lasts)
{
	begin("10.0.0.1", ROUTE_RANK_INTERFACE);
	ck_assert(!look(0, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	ck_assert(!f.present);
	ck_assert_int_eq(swim_time_since(follow_deadline(&f), now).ns,
	    swim_ms(FOLLOW_SETTLE_MS).ns);
	ck_assert(!look(FOLLOW_SETTLE_MS - 1, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	/* Another: it begins anew. */
	ck_assert(!look(1, false, "10.0.0.3", ROUTE_RANK_INTERFACE));
	ck_assert(!look(FOLLOW_SETTLE_MS - 1, false, "10.0.0.3", ROUTE_RANK_INTERFACE));
	ck_assert(look(1, false, "10.0.0.3", ROUTE_RANK_INTERFACE));
	ck_current("10.0.0.3");
	ck_assert(f.present);
	ck_assert(!look(1, true, "10.0.0.3", ROUTE_RANK_INTERFACE));
}
END_TEST

START_TEST(what_comes_back_was_never_gone)
{
	begin("10.0.0.1", ROUTE_RANK_INTERFACE);
	ck_assert(!look(0, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	ck_assert(!look(400, true, "10.0.0.1", ROUTE_RANK_INTERFACE));
	ck_assert(swim_time_is_never(follow_deadline(&f)));
	/* And what was in between has to last as long as ever. */
	ck_assert(!look(400, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	ck_assert(!look(400, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	ck_current("10.0.0.1");
}
END_TEST

START_TEST(loopback_takes_the_place_of_nothing_that_was_better)
{
	begin("10.0.0.1", ROUTE_RANK_DEFAULT);
	for (int i = 0; i < 100; i++)
		ck_assert(!look(1000, false, "127.0.0.1", ROUTE_RANK_LOOPBACK));
	ck_assert(!look(1000, false, NULL, ROUTE_RANK_NONE));
	ck_current("10.0.0.1");
	ck_assert(!f.present);
	ck_assert(swim_time_is_never(follow_deadline(&f)));
}
END_TEST

START_TEST(the_lesser_has_to_last_longer_and_gives_way)
{
	begin("10.0.0.1", ROUTE_RANK_DEFAULT);
	/* The default route is gone with its interface, and there is one of containers. */
	ck_assert(!look(0, false, "172.17.0.1", ROUTE_RANK_INTERFACE));
	ck_assert(!look(FOLLOW_LESSER_MS - 1, false, "172.17.0.1", ROUTE_RANK_INTERFACE));
	ck_assert(look(1, false, "172.17.0.1", ROUTE_RANK_INTERFACE));
	ck_current("172.17.0.1");
	/* Back, with its route: better than what is there still. */
	ck_assert(!look(1000, true, "10.0.0.1", ROUTE_RANK_DEFAULT));
	ck_assert(look(2 * FOLLOW_SETTLE_MS, true, "10.0.0.1", ROUTE_RANK_DEFAULT));
	ck_current("10.0.0.1");
	/* One with a route at last is as good as any. */
	begin("10.0.0.1", ROUTE_RANK_INTERFACE);
	ck_assert(!look(0, true, "10.0.0.1", ROUTE_RANK_DEFAULT));
	ck_assert(!look(60000, true, "10.9.0.1", ROUTE_RANK_DEFAULT));
	ck_assert(swim_time_is_never(follow_deadline(&f)));
}
END_TEST

START_TEST(a_makeshift_is_left_at_once)
{
	begin("127.0.0.1", ROUTE_RANK_NONE);
	ck_assert(!look(0, true, "127.0.0.1", ROUTE_RANK_LOOPBACK));
	ck_assert(look(1, true, "10.0.0.1", ROUTE_RANK_INTERFACE));
	ck_current("10.0.0.1");
	ck_assert_uint_eq(f.moves, 0);
	begin("127.0.0.1", ROUTE_RANK_NONE);
	ck_assert(look(0, false, "fe80::1%3", ROUTE_RANK_LINK_LOCAL));
	ck_assert(!look(0, true, "10.0.0.1", ROUTE_RANK_INTERFACE));
	ck_assert(look(FOLLOW_SETTLE_MS, true, "10.0.0.1", ROUTE_RANK_INTERFACE));
	ck_current("10.0.0.1");
}
END_TEST

/* Two that take turns every three seconds, for five minutes. */
START_TEST(flapping_is_slowed_down)
{
	static const char *const hosts[] = {"10.0.0.1", "10.0.0.2"};
	unsigned moves = 0;

	begin(hosts[0], ROUTE_RANK_INTERFACE);
	for (int i = 0; i < 3000; i++) {
		const char *here = hosts[i / 30 % 2];
		struct swim_addr addr = loop_addr(here, 7946);

		moves += look(100, swim_addr_equal(&f.current, &addr), here, ROUTE_RANK_INTERFACE);
	}
	ck_assert_uint_gt(moves, 2);
	ck_assert_uint_le(moves, 20); /* of 100 */
	/* After a quiet minute it is as quick as ever. */
	(void)look(0, true, "10.0.0.1", ROUTE_RANK_INTERFACE);
	(void)look(FOLLOW_QUIET_S * 1000, false, "10.0.0.3", ROUTE_RANK_INTERFACE);
	ck_assert(look(FOLLOW_SETTLE_MS, false, "10.0.0.3", ROUTE_RANK_INTERFACE));
}
END_TEST

/* Whoever is reached from the current address, and from the best one. */
static bool
look_at_both(int64_t ms, enum route_rank current, const char *best, enum route_rank rank)
{
	struct follow_sight sight = {
	    .present = true,
	    .current_rank = current,
	    .best = loop_addr(best, 7946),
	    .rank = rank,
	};

	now = swim_time_add(now, swim_ms(ms));
	return follow_look(&f, now, &sight);
}

START_TEST(what_seeds_are_not_reached_from_any_more_gives_way)
{
	begin("10.0.2.15", ROUTE_RANK_SEEDS);
	for (int i = 0; i < 100; i++)
		ck_assert(!look_at_both(100, ROUTE_RANK_SEEDS, "10.0.2.15", ROUTE_RANK_SEEDS));
	/* Their network comes up. */
	ck_assert(!look_at_both(0, ROUTE_RANK_DEFAULT, "10.77.0.1", ROUTE_RANK_SEEDS));
	ck_assert(
	    !look_at_both(FOLLOW_SETTLE_MS - 1, ROUTE_RANK_DEFAULT, "10.77.0.1", ROUTE_RANK_SEEDS));
	ck_assert(look_at_both(1, ROUTE_RANK_DEFAULT, "10.77.0.1", ROUTE_RANK_SEEDS));
	ck_current("10.77.0.1");
	ck_assert_int_eq(f.rank_now, ROUTE_RANK_SEEDS);
	/* Where members are, and no seed: a lesser reason, which has to last longer. */
	ck_assert(!look_at_both(0, ROUTE_RANK_INTERFACE, "10.0.2.15", ROUTE_RANK_PEERS));
	ck_assert(!look_at_both(FOLLOW_LESSER_MS - 1, ROUTE_RANK_INTERFACE, "10.0.2.15",
	    ROUTE_RANK_PEERS));
	ck_assert(look_at_both(1, ROUTE_RANK_INTERFACE, "10.0.2.15", ROUTE_RANK_PEERS));
}
END_TEST

START_TEST(what_some_are_reached_from_still_stays)
{
	begin("10.0.2.15", ROUTE_RANK_SEEDS);
	for (int i = 0; i < 100; i++)
		ck_assert(!look_at_both(1000, ROUTE_RANK_SEEDS, "10.77.0.1", ROUTE_RANK_SEEDS));
	/* Nobody is found at all for a while, as names are not resolved: that speaks for no other address. */
	for (int i = 0; i < 100; i++)
		ck_assert(
		    !look_at_both(1000, ROUTE_RANK_INTERFACE, "10.77.0.1", ROUTE_RANK_DEFAULT));
	ck_assert_int_eq(f.rank, ROUTE_RANK_SEEDS);
	ck_assert_int_eq(f.rank_now, ROUTE_RANK_INTERFACE);
}
END_TEST

/* A tunnel towards the seeds that comes and goes every three seconds, for five minutes. */
START_TEST(a_route_that_flaps_is_slowed_down)
{
	unsigned moves = 0;

	begin("10.0.2.15", ROUTE_RANK_SEEDS);
	for (int i = 0; i < 3000; i++) {
		const char *best = i / 30 % 2 == 0 ? "10.0.2.15" : "10.8.0.2";
		struct swim_addr addr = loop_addr(best, 7946);
		bool same = swim_addr_equal(&f.current, &addr);

		moves += look_at_both(100, same ? ROUTE_RANK_SEEDS : ROUTE_RANK_INTERFACE, best,
		    ROUTE_RANK_SEEDS);
	}
	ck_assert_uint_gt(moves, 2);
	ck_assert_uint_le(moves, 20); /* of 100 */
}
END_TEST

UNIT_MAIN("follow", what_is_there_stays, what_is_gone_is_replaced_by_what_lasts,
    what_comes_back_was_never_gone, loopback_takes_the_place_of_nothing_that_was_better,
    the_lesser_has_to_last_longer_and_gives_way, a_makeshift_is_left_at_once,
    flapping_is_slowed_down, what_seeds_are_not_reached_from_any_more_gives_way,
    what_some_are_reached_from_still_stays, a_route_that_flaps_is_slowed_down)
