/* SPDX-License-Identifier: MIT */
#include "net/admit.h"

#include "support/unit.h"

static swim_time
at(int64_t ms)
{
	return (swim_time){ms * 1000000};
}

static struct swim_addr
source(unsigned n)
{
	return (struct swim_addr){.family = 4,
	    .port = 7946,
	    .ip = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

/* Offer `count` datagrams of one source at once; returns how many of them are read. */
static unsigned
burst(struct admit *a, swim_time now, unsigned from, unsigned count, size_t len,
    enum admit_standing standing)
{
	struct swim_addr addr = source(from);
	unsigned read = 0;

	for (unsigned i = 0; i < count; i++)
		read += admit_datagram(a, now, &addr, len, standing, false) == ADMIT_OK;
	return read;
}

START_TEST(each_source_has_a_rate_of_its_own)
{
	struct admit *a = admit_new(1);

	ck_assert_uint_eq(burst(a, at(0), 1, 10000, 20, ADMIT_ROUTABLE), ADMIT_MEMBER_BURST);
	ck_assert_uint_eq(burst(a, at(0), 2, 10000, 20, ADMIT_STRANGER), ADMIT_STRANGER_BURST);
	/* The rate is free again with time. */
	ck_assert_uint_eq(burst(a, at(500), 1, 10000, 20, ADMIT_ROUTABLE), ADMIT_MEMBER_RATE / 2);
	ck_assert_uint_eq(burst(a, at(500), 2, 10000, 20, ADMIT_STRANGER), ADMIT_STRANGER_RATE / 2);
	ck_assert_uint_eq(burst(a, at(100000), 1, 10000, 20, ADMIT_ROUTABLE), ADMIT_MEMBER_BURST);
	admit_free(a);
}
END_TEST

START_TEST(a_large_datagram_costs_many_units)
{
	struct admit *a = admit_new(1);
	unsigned units = 1 + 65000 / ADMIT_UNIT_BYTES;

	/* The last datagram may be larger than what is left of the burst. */
	ck_assert_uint_eq(burst(a, at(0), 1, 10000, 65000, ADMIT_ROUTABLE),
	    (ADMIT_MEMBER_BURST + units - 1) / units);
	admit_free(a);
}
END_TEST

/* A flood may come from any number of addresses, also from addresses of members by hearsay. */
START_TEST(a_flood_takes_nothing_from_routable_members)
{
	struct admit *a = admit_new(1);
	struct swim_addr addr;
	unsigned read[3] = {0};

	for (unsigned i = 0; i < 200000; i++) {
		addr = source(1000 + i);
		read[0] += admit_datagram(a, at(0), &addr, 20, ADMIT_STRANGER, false) == ADMIT_OK;
		read[1] += admit_datagram(a, at(0), &addr, 20, ADMIT_HEARSAY, false) == ADMIT_OK;
	}
	ck_assert_uint_eq(read[0], ADMIT_ALL_BURST);
	ck_assert_uint_eq(read[1], ADMIT_ALL_BURST);
	for (unsigned i = 0; i < 100; i++)
		read[2] += burst(a, at(0), 500000 + i, 10, 20, ADMIT_ROUTABLE);
	ck_assert_uint_eq(read[2], 1000);
	addr = source(2);
	ck_assert_int_eq(admit_datagram(a, at(0), &addr, 20, ADMIT_STRANGER, false),
	    ADMIT_STRANGERS_RATE);
	ck_assert_int_eq(admit_datagram(a, at(0), &addr, 20, ADMIT_HEARSAY, false),
	    ADMIT_HEARSAY_RATE);
	admit_free(a);
}
END_TEST

START_TEST(an_awaited_answer_is_read_in_any_flood)
{
	struct admit *a = admit_new(1);
	struct swim_addr addr = source(1);
	unsigned read = 0;

	/* The flood comes from the same address as the awaited answer. */
	burst(a, at(0), 1, 100000, 20, ADMIT_STRANGER);
	ck_assert_int_eq(admit_datagram(a, at(0), &addr, 20, ADMIT_STRANGER, false),
	    ADMIT_SOURCE_RATE);
	ck_assert_int_eq(admit_datagram(a, at(0), &addr, 20, ADMIT_STRANGER, true), ADMIT_OK);
	/* After the answer the source counts as routable for a while. */
	ck_assert_uint_eq(burst(a, at(1), 1, 100000, 20, ADMIT_STRANGER), ADMIT_MEMBER_BURST);
	ck_assert_uint_eq(burst(a, at(400000), 1, 100000, 20, ADMIT_STRANGER),
	    ADMIT_STRANGER_BURST);
	/* A source that answers one question again and again has a bounded rate. */
	for (unsigned i = 0; i < 100000; i++)
		read += admit_datagram(a, at(400001), &addr, 20, ADMIT_STRANGER, true) == ADMIT_OK;
	ck_assert_uint_le(read, ADMIT_ANSWER_BURST + ADMIT_MEMBER_BURST + 10);
	admit_free(a);
}
END_TEST

UNIT_MAIN("admit", each_source_has_a_rate_of_its_own, a_large_datagram_costs_many_units,
    a_flood_takes_nothing_from_routable_members, an_awaited_answer_is_read_in_any_flood)
