/* SPDX-License-Identifier: MIT */
/*
 * Members whose address is a host name: the name is resolved for the first datagram, and again when
 * they do not answer.
 */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

#define HOST "db.example:7946"

/* Peer 1 tells of the member "db", whose address is a host name. */
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

	fixture_routable(f, 1);
	told(f, SWIM_ALIVE, 0);
	fixture_clear(f);
	return f;
}

/* Lets time pass until a ping goes to the host name, or to this address. */
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
	ck_abort_msg("nothing was sent to " HOST " within 10 s");
	return NULL;
}

START_TEST(a_host_name_is_resolved_for_the_first_datagram)
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

START_TEST(the_host_name_of_a_suspect_or_dead_member_is_resolved_again)
{
	static const enum swim_status statuses[] = {SWIM_SUSPECT, SWIM_DEAD};
	struct swim_addr here = fixture_addr(2), there = fixture_addr(3);

	for (unsigned i = 0; i < 2; i++) {
		struct fixture *f = started();
		const struct fixture_out *ping;
		struct wire_update u = {.member = {wire_str_of("db"), wire_str_of(HOST)},
		    .incarnation = 1};

		swim_resolved(f->swim, HOST, &here);
		/* The member does not answer, so it is dead when the suspicion ends. */
		told(f, SWIM_SUSPECT, 0);
		while (fixture_report(f, "db").status != statuses[i])
			fixture_run(f, swim_ms(100));
		fixture_clear(f);
		/* The ping goes to the known address, and asks the caller to resolve the host name again. */
		ping = wait_ping(f, &here);
		ck_assert(swim_addr_equal(&ping->to, &here));
		ck_assert_str_eq(ping->host, HOST);
		/*
		 * The host name has another address now. An answer may still come from the former
		 * address, but all pings go to the new one.
		 */
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

/* By default no host names are resolved; then the answer of a base peer shows where its host name leads. */
START_TEST(the_answer_of_a_base_peer_shows_its_address_without_resolving)
{
	struct fixture *f = started();
	struct swim_addr here = fixture_addr(2);
	struct wire_member_id db = {wire_str_of("db"), wire_str_of(HOST)};
	const struct fixture_out *ping;

	/* The ping of a base peer does not name its sender, so we greet the sender. */
	fixture_ping(f, 2, 5, fixture_nothing);
	fixture_base_ack_pair(f, 2, fixture_expect(f, WIRE_PING, 2)->message.seq, &db, NULL);
	fixture_clear(f);
	ping = wait_ping(f, &here);
	ck_assert(swim_addr_equal(&ping->to, &here));
	ck_assert_str_eq(ping->host, "");
	ck_assert_str_eq(fixture_report(f, "db").address, HOST);
	/* There is one member, and no unnamed peer beside it. */
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_free(f);
}
END_TEST

START_TEST(a_numeric_address_is_never_resolved)
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

UNIT_MAIN("swim_host", the_answer_of_a_base_peer_shows_its_address_without_resolving,
    a_host_name_is_resolved_for_the_first_datagram,
    the_host_name_of_a_suspect_or_dead_member_is_resolved_again,
    a_numeric_address_is_never_resolved)
