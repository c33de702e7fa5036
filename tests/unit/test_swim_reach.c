/* SPDX-License-Identifier: MIT */
/*
 * Members at addresses of a family to which we cannot send: probed through helpers, accused late,
 * and reached at the addresses from which they send.
 */
#include "swim_fixture.h"

#include <stdio.h>

#include "support/unit.h"

static const struct swim_addr far6 = {.family = 6, .port = 7946, .ip = {0xfd, [15] = 9}};

/* p1 to p3 have IPv4 addresses. p9 has an IPv6 address, to which we cannot send. */
static struct fixture *
started(void)
{
	struct fixture *f = fixture_new();
	struct wire_update u = {.member = {wire_str_of("p9"), wire_str_of("[fd00::9]:7946")},
	    .status = SWIM_ALIVE};

	ck_assert(fixture_start(f));
	swim_set_reach(f->swim, f->now, true, false);
	for (unsigned i = 1; i <= 3; i++)
		fixture_member(f, i);
	fixture_ping_with(f, 1, 77, &u);
	ck_assert_str_eq(fixture_report(f, "p9").address, "[fd00::9]:7946");
	fixture_clear(f);
	return f;
}

/*
 * Lets time pass, in which p1 to p3 answer their probes. `helper` (0: nobody) reaches p9 for us,
 * and the others send nacks. Returns the number of our ping-reqs.
 */
static unsigned
live(struct fixture *f, int intervals, unsigned helper)
{
	unsigned asked = 0;

	for (int step = 0; step < 20 * intervals; step++) {
		fixture_run(f, swim_ms(50));
		for (size_t i = 0; i < f->out_count; i++) {
			struct fixture_out out = f->out[i];
			unsigned peer = out.to.family == 4 ? out.to.ip[3] : 0;

			if (out.message.type == WIRE_PING && peer >= 1 && peer <= 3)
				fixture_ack(f, peer, out.message.seq, peer, fixture_swimd(peer));
			if (out.message.type != WIRE_PING_REQ)
				continue;
			ck_assert(wire_str_equal(out.message.member.id, "p9"));
			ck_assert(peer >= 1 && peer <= 3);
			asked++;
			if (peer == helper)
				fixture_ack(f, peer, out.message.seq, 9, fixture_swimd(peer));
			else
				fixture_nack(f, peer, out.message.seq, 9);
		}
		ck_assert_uint_eq(fixture_sent_to(f, &far6), 0);
		fixture_clear(f);
	}
	return asked;
}

START_TEST(a_member_out_of_reach_is_probed_through_helpers_only)
{
	struct fixture *f = started();

	ck_assert_uint_gt(live(f, 20, 2), 0);
	ck_assert_int_eq(fixture_report(f, "p9").status, SWIM_ALIVE);
	ck_assert_uint_gt(fixture_stats(f).probes_acked_indirectly, 3);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_out_of_reach_that_no_helper_reaches_is_declared_dead_late)
{
	struct fixture *f = started();

	/*
	 * A round of probes takes four intervals, and has one probe of p9, so p9 is probed only a few
	 * times in 20 intervals.
	 */
	live(f, 20, 0);
	ck_assert_int_eq(fixture_report(f, "p9").status, SWIM_ALIVE);
	ck_assert_uint_gt(fixture_stats(f).probes_failed, 2);
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	live(f, 80, 0);
	ck_assert_int_eq(fixture_report(f, "p9").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

START_TEST(a_death_of_a_member_out_of_reach_that_others_tell_counts)
{
	struct fixture *f = started();
	struct wire_update u = {.member = {wire_str_of("p9"), wire_str_of("[fd00::9]:7946")},
	    .status = SWIM_DEAD,
	    .accuser_count = 2,
	    .accusers = {fixture_hash("p1"), fixture_hash("p2")}};

	fixture_ping_with(f, 1, 78, &u);
	ck_assert_int_eq(fixture_report(f, "p9").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

START_TEST(helpers_are_chosen_among_the_members_in_reach)
{
	struct fixture *f = started();
	struct wire_update u[10];
	char name[10][16], address[10][SWIM_ADDR_TEXT];
	unsigned probes = 0;

	/*
	 * Ten more members are out of reach. Of three helpers chosen among all members, hardly one
	 * could be asked.
	 */
	for (unsigned i = 0; i < 10; i++) {
		snprintf(name[i], sizeof(name[i]), "far%u", i);
		snprintf(address[i], sizeof(address[i]), "[fd00::1%u]:7946", i);
		u[i] =
		    (struct wire_update){.member = {wire_str_of(name[i]), wire_str_of(address[i])},
			.status = SWIM_ALIVE};
	}
	fixture_ping(f, 1, 78, fixture_telling(fixture_swimd(1), u, 10));
	for (unsigned step = 0; step < 200; step++) {
		size_t requests;

		fixture_clear(f);
		fixture_run(f, swim_ms(50));
		fixture_answer_all(f, 1, 3);
		requests = fixture_sent_count(f, WIRE_PING_REQ);
		if (requests > 0)
			ck_assert_uint_eq(requests, 3);
		probes += requests > 0;
	}
	ck_assert_uint_gt(probes, 3);
	fixture_free(f);
}
END_TEST

/* p9 sends a ping from this address, as a host with both families does. */
static void
speak_from(struct fixture *f, const struct swim_addr *from)
{
	fixture_ping_by(f, from, 0, "p9", NULL);
}

START_TEST(a_member_out_of_reach_is_asked_at_the_address_from_which_it_sends)
{
	struct fixture *f = started();
	struct swim_addr near = fixture_addr(9);
	uint64_t digest = fixture_stats(f).digest;

	fixture_clear(f);
	speak_from(f, &near);
	fixture_run(f, swim_seconds(6));
	ck_assert_uint_gt(fixture_sent_to(f, &near), 0);
	ck_assert_uint_eq(fixture_sent_to(f, &far6), 0);
	/* The other members need not know this address. */
	ck_assert_str_eq(fixture_report(f, "p9").address, "[fd00::9]:7946");
	ck_assert_uint_eq(fixture_stats(f).digest, digest);
	/* Now we can send to both families. */
	swim_set_reach(f->swim, f->now, true, true);
	fixture_clear(f);
	fixture_run(f, swim_seconds(6));
	ck_assert_uint_gt(fixture_sent_to(f, &far6), 0);
	ck_assert_uint_eq(fixture_sent_to(f, &near), 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_in_reach_is_asked_at_its_advertised_address)
{
	struct fixture *f = started();
	struct swim_addr near = fixture_addr(9);

	swim_set_reach(f->swim, f->now, true, true);
	speak_from(f, &near);
	/* At first a ping asks whether p9 lives at the other address, and is not answered. */
	fixture_run(f, swim_seconds(3));
	fixture_clear(f);
	fixture_run(f, swim_seconds(6));
	ck_assert_uint_eq(fixture_sent_to(f, &near), 0);
	ck_assert_uint_gt(fixture_sent_to(f, &far6), 0);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_reach", a_member_out_of_reach_is_probed_through_helpers_only,
    a_member_out_of_reach_that_no_helper_reaches_is_declared_dead_late,
    a_death_of_a_member_out_of_reach_that_others_tell_counts,
    helpers_are_chosen_among_the_members_in_reach,
    a_member_out_of_reach_is_asked_at_the_address_from_which_it_sends,
    a_member_in_reach_is_asked_at_its_advertised_address)
