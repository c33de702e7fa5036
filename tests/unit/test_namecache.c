/* SPDX-License-Identifier: MIT */
#include "net/namecache.h"

#include <stdio.h>

#include "support/loop.h"

static const swim_time soon = {100}, late = {200};

static void
put(struct namecache *cache, const char *name, const char *address, swim_time expires)
{
	struct swim_addr addr = loop_addr(address, 0);
	struct name_answer answer = {0};

	ck_assert(name_answer_add(&answer, &addr, true));
	namecache_put(cache, name, &answer, expires);
	name_answer_fini(&answer);
}

static bool
has(struct namecache *cache, const char *name, const char *address, swim_time now)
{
	const struct name_answer *found = namecache_find(cache, name, now);
	struct swim_addr expected = loop_addr(address, 0);

	return found != NULL && found->count == 1 &&
	       swim_addr_equal(&found->addresses[0], &expected);
}

static struct namecache_stats
stats_of(const struct namecache *cache)
{
	struct namecache_stats stats;

	namecache_stats(cache, &stats);
	return stats;
}

START_TEST(names_are_found_until_they_expire)
{
	struct namecache *cache = namecache_new(4);

	ck_assert_ptr_null(namecache_find(cache, "a.example", (swim_time){0}));
	put(cache, "a.example", "10.0.0.1", soon);
	ck_assert(has(cache, "a.example", "10.0.0.1", (swim_time){99}));
	ck_assert(has(cache, "A.Example", "10.0.0.1", (swim_time){99}));
	ck_assert_ptr_null(namecache_find(cache, "a.example", soon));
	ck_assert_uint_eq(stats_of(cache).hits, 2);
	ck_assert_uint_eq(stats_of(cache).expired, 1);
	ck_assert_uint_eq(stats_of(cache).entries, 0);
	namecache_free(cache);
}
END_TEST

START_TEST(a_later_answer_replaces_the_earlier)
{
	struct namecache *cache = namecache_new(4);

	put(cache, "a.example", "10.0.0.1", soon);
	put(cache, "A.EXAMPLE", "10.0.0.2", late);
	ck_assert(has(cache, "a.example", "10.0.0.2", soon));
	ck_assert_uint_eq(stats_of(cache).entries, 1);
	ck_assert_uint_eq(stats_of(cache).evictions, 0);
	namecache_free(cache);
}
END_TEST

START_TEST(the_least_recently_used_name_is_dropped_first)
{
	struct namecache *cache = namecache_new(3);

	put(cache, "a", "10.0.0.1", late);
	put(cache, "b", "10.0.0.2", late);
	put(cache, "c", "10.0.0.3", late);
	ck_assert(has(cache, "a", "10.0.0.1", soon));
	put(cache, "d", "10.0.0.4", late);
	ck_assert_ptr_null(namecache_find(cache, "b", soon));
	ck_assert(has(cache, "a", "10.0.0.1", soon));
	ck_assert(has(cache, "c", "10.0.0.3", soon));
	ck_assert(has(cache, "d", "10.0.0.4", soon));
	ck_assert_uint_eq(stats_of(cache).evictions, 1);
	ck_assert_uint_eq(stats_of(cache).entries, 3);
	namecache_free(cache);
}
END_TEST

START_TEST(the_cache_never_exceeds_its_capacity)
{
	struct namecache *cache = namecache_new(1000);
	char name[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "host%d.example", i);
		put(cache, name, "10.0.0.1", late);
	}
	ck_assert_uint_eq(stats_of(cache).entries, 1000);
	ck_assert_uint_eq(stats_of(cache).evictions, 4000);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "host%d.example", i);
		ck_assert_int_eq(namecache_find(cache, name, soon) != NULL, i >= 4000);
	}
	namecache_free(cache);
}
END_TEST

START_TEST(a_cache_of_capacity_0_keeps_nothing)
{
	struct namecache *cache = namecache_new(0);

	put(cache, "a", "10.0.0.1", late);
	ck_assert_ptr_null(namecache_find(cache, "a", soon));
	ck_assert_uint_eq(stats_of(cache).entries, 0);
	namecache_free(cache);
}
END_TEST

START_TEST(addresses_keep_their_order_ipv4_first_and_each_once)
{
	static const char *const given[] = {"2001:db8::1", "10.0.0.2", "10.0.0.1", "2001:db8::2",
	    "10.0.0.2", "2001:db8::1", "10.0.0.3"};
	static const char *const expected[] = {"10.0.0.2", "10.0.0.1", "10.0.0.3", "2001:db8::1",
	    "2001:db8::2"};
	struct name_answer first = {0}, given_order = {0};
	struct swim_addr addr;

	for (size_t i = 0; i < 7; i++) {
		addr = loop_addr(given[i], 0);
		ck_assert(name_answer_add(&first, &addr, true));
		ck_assert(name_answer_add(&given_order, &addr, false));
	}
	ck_assert_uint_eq(first.count, 5);
	for (size_t i = 0; i < 5; i++) {
		addr = loop_addr(expected[i], 0);
		ck_assert(swim_addr_equal(&first.addresses[i], &addr));
	}
	addr = loop_addr(given[0], 0);
	ck_assert(swim_addr_equal(&given_order.addresses[0], &addr));
	ck_assert_uint_eq(given_order.count, 5);
	name_answer_fini(&first);
	name_answer_fini(&given_order);
}
END_TEST

START_TEST(addresses_are_bounded_and_large_answers_are_not_cached)
{
	struct swim_addr addr = loop_addr("10.0.0.0", 0);
	struct namecache *cache = namecache_new(4);
	struct name_answer answer = {0};

	for (unsigned i = 0; i < NAME_ADDRESSES_MAX; i++) {
		addr.ip[2] = (uint8_t)(i >> 8);
		addr.ip[3] = (uint8_t)i;
		ck_assert(name_answer_add(&answer, &addr, true));
		ck_assert_uint_eq(answer.count, i + 1);
		namecache_put(cache, "many", &answer, late);
		ck_assert_int_eq(namecache_find(cache, "many", soon) != NULL,
		    i < NAMECACHE_ADDRESSES_MAX);
	}
	addr.ip[1] = 1;
	ck_assert(!name_answer_add(&answer, &addr, true));
	name_answer_fail(&answer, "gone");
	ck_assert_uint_eq(answer.count, 0);
	ck_assert_str_eq(answer.text, "gone");
	name_answer_fini(&answer);
	namecache_free(cache);
}
END_TEST

UNIT_MAIN("namecache", addresses_keep_their_order_ipv4_first_and_each_once,
    addresses_are_bounded_and_large_answers_are_not_cached, names_are_found_until_they_expire,
    a_later_answer_replaces_the_earlier, the_least_recently_used_name_is_dropped_first,
    the_cache_never_exceeds_its_capacity, a_cache_of_capacity_0_keeps_nothing)
