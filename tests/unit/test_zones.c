/* SPDX-License-Identifier: MIT */
#include "daemon/zones.h"

#include "support/unit.h"

static uint32_t from, to;
static unsigned moves;

static void
moved(void *ctx, uint32_t before, uint32_t after)
{
	(void)ctx;
	from = before;
	to = after;
	moves++;
}

/* Compare with a list of "eth0" and another interface with these indices; 0: not in the list. */
static void
look(struct zones *zones, uint32_t eth0, const char *name, uint32_t other)
{
	char first[] = "eth0", second[IF_NAMESIZE];
	struct if_nameindex now[3] = {{0}};
	size_t count = 0;

	snprintf(second, sizeof(second), "%s", name);
	if (eth0 != 0)
		now[count++] = (struct if_nameindex){eth0, first};
	if (other != 0)
		now[count++] = (struct if_nameindex){other, second};
	zones_compare(zones, now, moved, NULL);
}

START_TEST(an_interface_that_is_made_again_has_moved)
{
	struct zones zones = {.count = 0};

	moves = 0;
	look(&zones, 2, "eth1", 3);
	look(&zones, 2, "eth1", 3);
	look(&zones, 0, "eth1", 3);
	ck_assert_uint_eq(moves, 0);
	look(&zones, 7, "eth1", 3);
	ck_assert_uint_eq(moves, 1);
	ck_assert_uint_eq(from, 2);
	ck_assert_uint_eq(to, 7);
	/* An interface may be made again between two looks. */
	look(&zones, 9, "eth1", 3);
	ck_assert_uint_eq(moves, 2);
	ck_assert_uint_eq(from, 7);
	ck_assert_uint_eq(to, 9);
	look(&zones, 9, "eth1", 3);
	ck_assert_uint_eq(moves, 2);
}
END_TEST

START_TEST(a_renamed_interface_has_not_moved)
{
	struct zones zones = {.count = 0};

	moves = 0;
	look(&zones, 2, "eth1", 3);
	look(&zones, 2, "wan", 3);
	/* Interface 3 gets the name that interface 2 had. */
	look(&zones, 2, "wan", 3);
	look(&zones, 3, "lan", 2);
	ck_assert_uint_eq(moves, 0);
	look(&zones, 3, "lan", 8);
	ck_assert_uint_eq(moves, 1);
	ck_assert_uint_eq(from, 2);
	ck_assert_uint_eq(to, 8);
}
END_TEST

START_TEST(interfaces_without_room_are_ignored)
{
	char names[ZONES_MAX + 9][IF_NAMESIZE];
	struct if_nameindex now[ZONES_MAX + 9] = {{0}};
	struct zones zones = {.count = 0};

	moves = 0;
	for (unsigned i = 0; i < ZONES_MAX + 8; i++) {
		snprintf(names[i], sizeof(names[i]), "if%u", i);
		now[i] = (struct if_nameindex){i + 1, names[i]};
	}
	zones_compare(&zones, now, moved, NULL);
	zones_compare(&zones, now, moved, NULL);
	ck_assert_uint_eq(zones.count, ZONES_MAX);
	ck_assert_uint_eq(moves, 0);
}
END_TEST

UNIT_MAIN("zones", an_interface_that_is_made_again_has_moved, a_renamed_interface_has_not_moved,
    interfaces_without_room_are_ignored)
