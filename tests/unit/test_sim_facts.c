/* SPDX-License-Identifier: MIT */
/* What the simulator takes for true, and how many datagrams it lets a member send. */
#include "sim/facts.h"

#include "sim/budget.h"
#include "support/unit.h"

START_TEST(a_fact_is_known_once_it_is_told)
{
	struct facts f;

	facts_init(&f);
	for (uint64_t i = 0; i < 5000; i++) {
		ck_assert(!facts_has(&f, facts_observed(i)));
		facts_add(&f, facts_observed(i));
		facts_add(&f, facts_observed(i));
		ck_assert(facts_has(&f, facts_observed(i)));
	}
	for (uint64_t i = 0; i < 5000; i++)
		ck_assert(facts_has(&f, facts_observed(i)));
	ck_assert_uint_eq(f.count, 5000);
	ck_assert(!facts_has(&f, facts_observed(5000)));
	facts_fini(&f);
}
END_TEST

START_TEST(facts_differ_in_all_that_they_say)
{
	const uint64_t all[] = {
	    facts_identity(1, 2, "a:1", "x", 1),
	    facts_identity(9, 2, "a:1", "x", 1),
	    facts_identity(1, 9, "a:1", "x", 1),
	    facts_identity(1, 2, "a:9", "x", 1),
	    facts_identity(1, 2, "a:1", "y", 1),
	    facts_identity(1, 2, "a:1", "", 0),
	    facts_identity(1, 2, "a:1", NULL, 0),
	    facts_accusation(1, 2, 3),
	    facts_accusation(2, 1, 3),
	    facts_accusation(1, 2, 4),
	    facts_lived(1, "a:1"),
	    facts_lived(1, "a:9"),
	    facts_had(1, 2),
	    facts_had(1, 9),
	    facts_had(9, 2),
	    facts_observed(1),
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(all[i], all[j]);
}
END_TEST

/* How many datagrams may be sent at this time. */
static unsigned
allowance(struct budget b, swim_time now)
{
	unsigned n = 0;

	while (n < 100000 && budget_sent(&b, WIRE_PING, now))
		n++;
	return n;
}

START_TEST(a_budget_grows_with_time_and_with_pings_that_come_in)
{
	struct swim_timing t;
	struct budget b;
	swim_time now = {0};
	unsigned first;
	char text[64];

	swim_timing_profile(SWIM_PROFILE_LAN, &t);
	budget_init(&b, &t, now);
	first = allowance(b, now);
	ck_assert_uint_gt(first, 1 + t.indirect_probes);
	while (budget_sent(&b, WIRE_PING, now))
		;
	/* The last datagram has overdrawn the budget. */
	ck_assert_uint_eq(allowance(b, now), 0);
	budget_received(&b, WIRE_PING, 88);
	ck_assert_uint_eq(allowance(b, now), 1);
	/* Answers earn nothing: otherwise two members could answer each other without end. */
	budget_received(&b, WIRE_ACK, 1400);
	budget_received(&b, WIRE_NACK, 1400);
	budget_received(&b, WIRE_GOSSIP, 1400);
	ck_assert_uint_eq(allowance(b, now), 1);
	budget_allow(&b, 3);
	ck_assert_uint_eq(allowance(b, now), 4);
	/* A page of a stranger may be followed by pings to the members that it names. */
	budget_received(&b, WIRE_SYNC, 1400);
	ck_assert_uint_eq(allowance(b, now), 4 + 2 + 1400 / 64);
	/* What a budget gains with time is bounded. */
	now = swim_time_add(now, swim_seconds(3600));
	ck_assert_uint_eq(allowance(b, now), first);
	budget_sent(&b, WIRE_PING, now);
	budget_sent(&b, WIRE_GOSSIP, now);
	budget_sent(&b, WIRE_PING, now);
	budget_describe(&b, text, sizeof(text));
	ck_assert_str_eq(text, "2 ping, 1 gossip");
}
END_TEST

UNIT_MAIN("sim_facts", a_fact_is_known_once_it_is_told, facts_differ_in_all_that_they_say,
    a_budget_grows_with_time_and_with_pings_that_come_in)
