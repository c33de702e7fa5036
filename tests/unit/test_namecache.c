/* SPDX-License-Identifier: MIT */
#include "net/namecache.h"

#include <stdio.h>

#include "support/loop.h"

static const swim_time soon = {100}, late = {200};

static struct name_answer
answer(const char *host)
{
	struct name_answer a = {.count = 1};

	a.addresses[0] = loop_addr(host, 0);
	return a;
}

static void
put(struct namecache *cache, const char *name, const char *address, swim_time expires)
{
	struct name_answer a = answer(address);

	namecache_put(cache, name, &a, expires);
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

START_TEST(the_least_recently_used_goes_first)
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

START_TEST(it_never_outgrows_its_bound)
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

START_TEST(without_room_nothing_is_kept)
{
	struct namecache *cache = namecache_new(0);

	put(cache, "a", "10.0.0.1", late);
	ck_assert_ptr_null(namecache_find(cache, "a", soon));
	ck_assert_uint_eq(stats_of(cache).entries, 0);
	namecache_free(cache);
}
END_TEST

UNIT_MAIN("namecache", names_are_found_until_they_expire, a_later_answer_replaces_the_earlier,
    the_least_recently_used_goes_first, it_never_outgrows_its_bound, without_room_nothing_is_kept)
