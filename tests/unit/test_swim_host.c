/* SPDX-License-Identifier: MIT */
/* Members whose address is a host name: found when first sent to, and looked for anew when they don't answer. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

#define HOST "db.example:7946"

/* Peer 1 tells of the member "db", which has a name for an address. */
static void
told(struct fixture *f, enum swim_status status, uint64_t incarnation)
{
	struct wire_update u = {.member = {wire_str_of("db"), wire_str_of(HOST)},
	    .status = status,
	    .incarnation = incarnation};

	fixture_ping(f, 1, 9, fixture_telling(fixture_same_view(f, 1), &u, 1));
}

static struct fixture *
started(void)
{
	struct fixture *f = fixture_started();

	fixture_proven(f, 1);
	told(f, SWIM_ALIVE, 0);
	fixture_clear(f);
	return f;
}

/* Let time pass until a ping goes to that name, or to an address that it has or had. */
static const struct fixture_out *
wait_ping(struct fixture *f, const struct swim_addr *addr)
{
	for (unsigned i = 0; i < 1000; i++) {
		for (size_t k = 0; k < f->out_count; k++) {
			const struct fixture_out *out = &f->out[k];

			if (out->message.type == WIRE_PING &&
			    (strcmp(out->host, HOST) == 0 || swim_addr_equal(&out->to, addr)))
				return out;
		}
		fixture_clear(f);
		fixture_run(f, swim_ms(10));
	}
	ck_abort_msg("it is not pinged");
	return NULL;
}

START_TEST(a_name_is_looked_up_for_the_first_datagram)
{
	struct fixture *f = started();
	struct swim_addr here = fixture_addr(2);
	const struct fixture_out *ping = wait_ping(f, &here);

	ck_assert_uint_eq(ping->to.family, 0);
	ck_assert_str_eq(ping->host, HOST);
	swim_resolved(f->swim, HOST, &here);
	fixture_clear(f);
	ping = wait_ping(f, &here);
	ck_assert(swim_addr_equal(&ping->to, &here));
	ck_assert_str_eq(ping->host, "");
	fixture_free(f);
}
END_TEST

START_TEST(who_is_suspected_or_dead_is_looked_for_anew)
{
	static const enum swim_status statuses[] = {SWIM_SUSPECT, SWIM_DEAD};
	struct swim_addr here = fixture_addr(2), there = fixture_addr(3);

	for (unsigned i = 0; i < 2; i++) {
		struct fixture *f = started();
		const struct fixture_out *ping;
		struct wire_update u = {.member = {wire_str_of("db"), wire_str_of(HOST)},
		    .incarnation = 1};

		swim_resolved(f->swim, HOST, &here);
		/* Where only we and one other are left, one word is enough for a verdict. */
		told(f, SWIM_SUSPECT, 0);
		while (fixture_report(f, "db").status != statuses[i])
			fixture_run(f, swim_ms(100));
		fixture_clear(f);
		/* It goes where it went, and is looked up as well. */
		ping = wait_ping(f, &here);
		ck_assert(swim_addr_equal(&ping->to, &here));
		ck_assert_str_eq(ping->host, HOST);
		/* It has moved: what is under way may still be answered from here, and all else goes there. */
		swim_resolved(f->swim, HOST, &there);
		fixture_clear(f);
		ping = wait_ping(f, &there);
		ck_assert(swim_addr_equal(&ping->to, &there));
		fixture_base_ping_with(f, 3, 5, &u);
		ck_assert_int_eq(fixture_report(f, "db").status, SWIM_ALIVE);
		fixture_clear(f);
		ck_assert_str_eq(wait_ping(f, &there)->host, "");
		fixture_free(f);
	}
}
END_TEST

/* Nobody may look names up, by default: then a base peer that goes by one is found by its answers. */
START_TEST(who_answers_under_its_name_is_found_without_a_look_up)
{
	struct fixture *f = started();
	struct swim_addr here = fixture_addr(2);
	struct wire_member_id db = {wire_str_of("db"), wire_str_of(HOST)};
	const struct fixture_out *ping;

	/* A ping of a base peer does not say whose it is, so it is asked. */
	fixture_ping(f, 2, 5, fixture_nothing);
	fixture_base_ack_pair(f, 2, fixture_expect(f, WIRE_PING, 2)->message.seq, &db, NULL);
	fixture_clear(f);
	ping = wait_ping(f, &here);
	ck_assert(swim_addr_equal(&ping->to, &here));
	ck_assert_str_eq(ping->host, "");
	ck_assert_str_eq(fixture_report(f, "db").address, HOST);
	/* It is one member, without a stand-in beside it. */
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_free(f);
}
END_TEST

START_TEST(numbers_are_looked_up_by_nobody)
{
	struct fixture *f = started();

	fixture_gossip(f, 1, 4, SWIM_SUSPECT, 0);
	fixture_clear(f);
	fixture_run(f, swim_seconds(20));
	for (size_t i = 0; i < f->out_count; i++)
		ck_assert(f->out[i].to.family == 0 || f->out[i].host[0] == '\0');
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_host", who_answers_under_its_name_is_found_without_a_look_up,
    a_name_is_looked_up_for_the_first_datagram, who_is_suspected_or_dead_is_looked_for_anew,
    numbers_are_looked_up_by_nobody)
