/* SPDX-License-Identifier: MIT */
/* Tests the choice of the advertised address while the addresses of the machine come and go. */
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

/*
 * One look, `ms` after the last look.  `present`: the machine has the current address; `best` (NULL: none) and `rank`:
 * the best address.
 */
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

	ck_assert_msg(swim_addr_equal(&f.current, &addr), "the current address is not %s", host);
}

START_TEST(an_address_that_the_machine_has_is_kept)
{
	begin("10.0.0.1", ROUTE_RANK_DEFAULT);
	for (int i = 0; i < 100; i++)
		ck_assert(!look(1000, true, "10.0.0.2", ROUTE_RANK_DEFAULT));
	ck_current("10.0.0.1");
	ck_assert(swim_time_is_never(follow_deadline(&f)));
}
END_TEST

START_TEST(a_lost_address_is_replaced_by_an_address_that_stays)
{
	begin("10.0.0.1", ROUTE_RANK_INTERFACE);
	ck_assert(!look(0, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	ck_assert(!f.present);
	ck_assert_int_eq(swim_time_since(follow_deadline(&f), now).ns,
	    swim_ms(FOLLOW_SETTLE_MS).ns);
	ck_assert(!look(FOLLOW_SETTLE_MS - 1, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	/* Another address is the best now: the time starts again. */
	ck_assert(!look(1, false, "10.0.0.3", ROUTE_RANK_INTERFACE));
	ck_assert(!look(FOLLOW_SETTLE_MS - 1, false, "10.0.0.3", ROUTE_RANK_INTERFACE));
	ck_assert(look(1, false, "10.0.0.3", ROUTE_RANK_INTERFACE));
	ck_current("10.0.0.3");
	ck_assert(f.present);
	ck_assert(!look(1, true, "10.0.0.3", ROUTE_RANK_INTERFACE));
}
END_TEST

START_TEST(an_address_that_comes_back_in_time_is_kept)
{
	begin("10.0.0.1", ROUTE_RANK_INTERFACE);
	ck_assert(!look(0, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	ck_assert(!look(400, true, "10.0.0.1", ROUTE_RANK_INTERFACE));
	ck_assert(swim_time_is_never(follow_deadline(&f)));
	/* The time of the other address starts again. */
	ck_assert(!look(400, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	ck_assert(!look(400, false, "10.0.0.2", ROUTE_RANK_INTERFACE));
	ck_current("10.0.0.1");
}
END_TEST

START_TEST(loopback_never_replaces_a_better_address)
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

START_TEST(an_address_of_a_lower_rank_must_stay_longer)
{
	begin("10.0.0.1", ROUTE_RANK_DEFAULT);
	/* The interface of the default route is gone, and the bridge of containers has an address. */
	ck_assert(!look(0, false, "172.17.0.1", ROUTE_RANK_INTERFACE));
	ck_assert(!look(FOLLOW_LESSER_MS - 1, false, "172.17.0.1", ROUTE_RANK_INTERFACE));
	ck_assert(look(1, false, "172.17.0.1", ROUTE_RANK_INTERFACE));
	ck_current("172.17.0.1");
	/* The interface is back with its route, so its address has a higher rank than the current one. */
	ck_assert(!look(1000, true, "10.0.0.1", ROUTE_RANK_DEFAULT));
	ck_assert(look(2 * FOLLOW_SETTLE_MS, true, "10.0.0.1", ROUTE_RANK_DEFAULT));
	ck_current("10.0.0.1");
	/* The current address gets a default route: its rank rises, and an equal address does not replace it. */
	begin("10.0.0.1", ROUTE_RANK_INTERFACE);
	ck_assert(!look(0, true, "10.0.0.1", ROUTE_RANK_DEFAULT));
	ck_assert(!look(60000, true, "10.9.0.1", ROUTE_RANK_DEFAULT));
	ck_assert(swim_time_is_never(follow_deadline(&f)));
}
END_TEST

START_TEST(loopback_and_no_address_are_replaced_at_once)
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

/* Two addresses of which the machine has one at a time, in turns of three seconds, for five minutes. */
START_TEST(changes_of_a_flapping_address_are_slowed_down)
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
	/* After a quiet minute a change takes the shortest time again. */
	(void)look(0, true, "10.0.0.1", ROUTE_RANK_INTERFACE);
	(void)look(FOLLOW_QUIET_S * 1000, false, "10.0.0.3", ROUTE_RANK_INTERFACE);
	ck_assert(look(FOLLOW_SETTLE_MS, false, "10.0.0.3", ROUTE_RANK_INTERFACE));
}
END_TEST

/* One look at a machine that has both addresses: `current` is the rank of the current address, `rank` of the best. */
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

START_TEST(an_address_from_which_no_seed_is_reached_is_replaced)
{
	begin("10.0.2.15", ROUTE_RANK_SEEDS);
	for (int i = 0; i < 100; i++)
		ck_assert(!look_at_both(100, ROUTE_RANK_SEEDS, "10.0.2.15", ROUTE_RANK_SEEDS));
	/* The network of the seeds comes up. */
	ck_assert(!look_at_both(0, ROUTE_RANK_DEFAULT, "10.77.0.1", ROUTE_RANK_SEEDS));
	ck_assert(
	    !look_at_both(FOLLOW_SETTLE_MS - 1, ROUTE_RANK_DEFAULT, "10.77.0.1", ROUTE_RANK_SEEDS));
	ck_assert(look_at_both(1, ROUTE_RANK_DEFAULT, "10.77.0.1", ROUTE_RANK_SEEDS));
	ck_current("10.77.0.1");
	ck_assert_int_eq(f.rank_now, ROUTE_RANK_SEEDS);
	/* From the other address members are reached, but no seed: a lower rank, so the address must stay longer. */
	ck_assert(!look_at_both(0, ROUTE_RANK_INTERFACE, "10.0.2.15", ROUTE_RANK_PEERS));
	ck_assert(!look_at_both(FOLLOW_LESSER_MS - 1, ROUTE_RANK_INTERFACE, "10.0.2.15",
	    ROUTE_RANK_PEERS));
	ck_assert(look_at_both(1, ROUTE_RANK_INTERFACE, "10.0.2.15", ROUTE_RANK_PEERS));
}
END_TEST

START_TEST(an_address_from_which_some_seed_is_reached_is_kept)
{
	begin("10.0.2.15", ROUTE_RANK_SEEDS);
	for (int i = 0; i < 100; i++)
		ck_assert(!look_at_both(1000, ROUTE_RANK_SEEDS, "10.77.0.1", ROUTE_RANK_SEEDS));
	/* For a while no name can be resolved, so nobody is reached from any address: no reason for a change. */
	for (int i = 0; i < 100; i++)
		ck_assert(
		    !look_at_both(1000, ROUTE_RANK_INTERFACE, "10.77.0.1", ROUTE_RANK_DEFAULT));
	ck_assert_int_eq(f.rank, ROUTE_RANK_SEEDS);
	ck_assert_int_eq(f.rank_now, ROUTE_RANK_INTERFACE);
}
END_TEST

/* A tunnel towards the seeds that comes and goes every three seconds, for five minutes. */
START_TEST(changes_by_a_flapping_route_are_slowed_down)
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

UNIT_MAIN("follow", an_address_that_the_machine_has_is_kept,
    a_lost_address_is_replaced_by_an_address_that_stays, an_address_that_comes_back_in_time_is_kept,
    loopback_never_replaces_a_better_address, an_address_of_a_lower_rank_must_stay_longer,
    loopback_and_no_address_are_replaced_at_once, changes_of_a_flapping_address_are_slowed_down,
    an_address_from_which_no_seed_is_reached_is_replaced,
    an_address_from_which_some_seed_is_reached_is_kept, changes_by_a_flapping_route_are_slowed_down)
