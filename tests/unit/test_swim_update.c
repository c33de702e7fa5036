/* SPDX-License-Identifier: MIT */
/* What an update changes: the order of incarnation and status, refutation, bounds, and trust. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

START_TEST(higher_incarnations_win_and_then_the_worse_status)
{
	static const enum swim_status all[] = {SWIM_ALIVE, SWIM_SUSPECT, SWIM_DEAD, SWIM_LEFT};

	for (size_t held = 0; held < 4; held++) {
		for (size_t said = 0; said < 4; said++) {
			for (uint64_t incarnation = 4; incarnation <= 6; incarnation++) {
				struct fixture *f = fixture_started();
				bool wins = incarnation > 5 || (incarnation == 5 && said > held);
				struct swim_report r;

				fixture_member(f, 1);
				fixture_gossip(f, 1, 2, SWIM_ALIVE, 5);
				if (all[held] != SWIM_ALIVE)
					fixture_gossip(f, 1, 2, all[held], 5);
				ck_assert_int_eq(fixture_report(f, "p2").status, all[held]);
				fixture_gossip(f, 1, 2, all[said], incarnation);
				r = fixture_report(f, "p2");
				ck_assert_int_eq(r.status, wins ? all[said] : all[held]);
				ck_assert_uint_eq(r.incarnation, wins ? incarnation : 5);
				fixture_free(f);
			}
		}
	}
}
END_TEST

START_TEST(each_change_of_a_life_causes_one_event)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 1);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 2);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 2);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 3);
	/* p2 joins once more after its leave. */
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p2"), 2);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SUSPECTED, "p2"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p2"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_RECOVERED, "p2"), 2);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p2"), 1);
	ck_assert_uint_eq(f->event_count, 8); /* one of them for the join of p1 */
	ck_assert_str_eq(f->events[1].by, "p1");
	fixture_free(f);
}
END_TEST

START_TEST(a_death_after_a_leave_and_an_unseen_life_is_no_event)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 0);
	fixture_clear(f);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 1);
	ck_assert_uint_eq(f->event_count, 0);
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 2);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p2"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(the_death_of_an_unknown_member_is_no_event)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_clear(f);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 3);
	ck_assert_uint_eq(f->event_count, 0);
	/* The death is remembered, so an update at its incarnation makes no member. */
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 3);
	ck_assert_uint_eq(f->event_count, 0);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 4);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p2"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_suspicion_death_or_leave_of_ours_is_refuted_by_a_higher_incarnation)
{
	static const enum swim_status statuses[] = {SWIM_SUSPECT, SWIM_DEAD, SWIM_LEFT};

	for (size_t i = 0; i < 3; i++) {
		struct fixture *f = fixture_started();
		uint64_t incarnation = 0;

		fixture_routable(f, 1);
		fixture_clear(f);
		fixture_gossip(f, 1, 0, statuses[i], 7);
		ck_assert_uint_eq(swim_incarnation(f->swim), 8);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_INCARNATION, "self"), 1);
		ck_assert_int_eq(fixture_report(f, "self").status, SWIM_ALIVE);
		/* An update below our incarnation has been refuted already. */
		fixture_gossip(f, 1, 0, statuses[i], 7);
		ck_assert_uint_eq(swim_incarnation(f->swim), 8);
		fixture_clear(f);
		fixture_run(f, swim_ms(500));
		ck_assert(
		    fixture_has(fixture_sent(f, WIRE_GOSSIP, 1), "self", SWIM_ALIVE, &incarnation));
		ck_assert_uint_eq(incarnation, 8);
		fixture_free(f);
	}
}
END_TEST

START_TEST(we_rise_above_our_own_incarnation_of_an_earlier_run)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_gossip(f, 1, 0, SWIM_ALIVE, 0);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	fixture_gossip(f, 1, 0, SWIM_ALIVE, 41);
	ck_assert_uint_eq(swim_incarnation(f->swim), 42);
	fixture_free(f);
}
END_TEST

START_TEST(the_last_incarnation_does_not_wrap)
{
	struct fixture *f = fixture_new();

	f->config.incarnation = UINT64_MAX - 1;
	ck_assert(fixture_start(f));
	fixture_member(f, 1);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, UINT64_MAX - 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), UINT64_MAX);
	fixture_gossip(f, 1, 0, SWIM_DEAD, UINT64_MAX);
	ck_assert_uint_eq(swim_incarnation(f->swim), UINT64_MAX);
	ck_assert_int_eq(fixture_report(f, "self").status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_INCARNATION, NULL), 1);
	fixture_free(f);
}
END_TEST

START_TEST(an_incarnation_rises_at_once_by_max_jump_at_most)
{
	struct fixture *f = fixture_new();

	f->config.max_jump = 10;
	ck_assert(fixture_start(f));
	fixture_member(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, UINT64_C(1) << 50); /* no incarnation is known yet */
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, UINT64_C(1) << 50);
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, (UINT64_C(1) << 50) + 11);
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, UINT64_C(1) << 50);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_JUMP], 1);
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, (UINT64_C(1) << 50) + 10);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 11);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 10);
	ck_assert_uint_eq(swim_incarnation(f->swim), 11);
	fixture_free(f);
}
END_TEST

START_TEST(a_name_that_is_told_at_two_addresses_keeps_the_first)
{
	struct fixture *f = fixture_started();
	struct wire_update other;

	fixture_member(f, 1);
	fixture_member(f, 2);
	other = fixture_update(f, 2, SWIM_ALIVE, 0);
	other.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping_with(f, 1, 1, &other);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.1.2:7946");
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_CONFLICT], 1);
	/* The higher incarnation shows that p2 itself has moved. */
	other.incarnation = 1;
	fixture_ping_with(f, 1, 2, &other);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.9.9:7946");
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_UPDATED, "p2"), 1);
	fixture_free(f);
}
END_TEST

/*
 * p1 tells that p2 lives at this address, with a tag of this value, of one letter (NULL: p1 does
 * not know the tags of p2).
 */
static void
tell_of_tags(struct fixture *f, const char *address, uint64_t incarnation, const char *value)
{
	struct wire_update u = fixture_update(f, 2, SWIM_ALIVE, incarnation);
	char tags[] = {1, 'k', 0, 1, value != NULL ? value[0] : 0};

	u.member.address = wire_str_of(address);
	if (value != NULL)
		u.tags = (struct wire_str){tags, sizeof(tags)};
	else
		u.flags = WIRE_FLAG_PARTIAL;
	fixture_ping_with(f, 1, 1, &u);
}

START_TEST(tags_from_before_a_move_do_not_count_after_it)
{
	struct fixture *f = fixture_started();
	uint64_t digest;

	/* p2 has moved and risen. p1 knows p2 by an ack, which has the new address and not the incarnation. */
	fixture_member(f, 1);
	tell_of_tags(f, "10.0.9.9:7946", 0, NULL);
	digest = fixture_stats(f).digest;
	tell_of_tags(f, "10.0.1.2:7946", 0, "o");
	ck_assert_uint_eq(fixture_report(f, "p2").tags_len, 0);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.9.9:7946");
	ck_assert_uint_eq(fixture_stats(f).digest, digest);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_CONFLICT], 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_UPDATED, "p2"), 0);
	/* The record of p2 since its move counts. */
	tell_of_tags(f, "10.0.9.9:7946", 1, "n");
	ck_assert_uint_eq(fixture_report(f, "p2").tags_len, 5);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_UPDATED, "p2"), 1);
	fixture_free(f);
}
END_TEST

/* A member that has not moved can deny the move at once. */
START_TEST(a_move_is_told_at_the_address_at_which_the_member_answered_before)
{
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_member(f, 3);
	fixture_routable(f, 2);
	for (unsigned peer = 1; peer <= 2; peer++) {
		struct wire_update moved = fixture_update(f, peer, SWIM_ALIVE, 1);
		const struct fixture_out *told;
		uint64_t incarnation = 0;

		moved.member.address = wire_str_of("10.0.9.9:7946");
		fixture_clear(f);
		fixture_ping_with(f, 3, 1, &moved);
		/*
		 * p1 has never answered, so perhaps nobody lives at its former address, and nothing
		 * is sent there.
		 */
		if (peer == 1) {
			ck_assert_ptr_null(fixture_sent(f, WIRE_GOSSIP, peer));
			continue;
		}
		told = fixture_expect(f, WIRE_GOSSIP, peer);
		ck_assert(fixture_has(told, "p2", SWIM_ALIVE, &incarnation));
		ck_assert_uint_eq(incarnation, 1);
		ck_assert_uint_eq(told->message.updates.count, 1);
	}
	fixture_free(f);
}
END_TEST

/* p2 is known as dead at incarnation 1. This peer tells that p2 died at incarnation 2, at another address. */
static void
died_elsewhere(struct fixture *f, unsigned teller, bool swimd)
{
	struct wire_update u = fixture_update(f, 2, SWIM_DEAD, 2);

	u.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping(f, teller, 7,
	    (struct fixture_says){.swimd = swimd,
		.sender = teller,
		.digest = fixture_stats(f).digest,
		.updates = &u,
		.count = 1});
}

/* A stranger tells the death of a live member, at a higher incarnation and with another address. */
START_TEST(a_death_that_a_stranger_tells_moves_no_member)
{
	const enum swim_status ends[] = {SWIM_DEAD, SWIM_LEFT};

	for (unsigned k = 0; k < 2; k++) {
		struct fixture *f = fixture_among_routable(2);
		struct wire_update u = fixture_update(f, 1, ends[k], 1);
		struct swim_report r;

		u.member.address = wire_str_of("10.0.1.50:7946");
		fixture_ping_with(f, 77, 5000, &u);
		r = fixture_report(f, "p1");
		ck_assert_str_eq(r.address, "10.0.1.1:7946");
		ck_assert_int_eq(r.status, SWIM_ALIVE);
		fixture_free(f);
	}
}
END_TEST

START_TEST(the_last_address_of_a_dead_member_is_taken_from_swimd_members_only)
{
	static const struct {
		unsigned teller;
		bool swimd;
		uint64_t incarnation;
		const char *address;
	} cases[] = {
	    {1, true, 2, "10.0.9.9:7946"},
	    /* A base peer may have an earlier address, and a stranger is not trusted. */
	    {1, false, 1, "10.0.1.2:7946"},
	    {3, true, 1, "10.0.1.2:7946"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *f = fixture_started();
		struct swim_report r;

		fixture_member(f, 1);
		fixture_gossip(f, 1, 2, SWIM_ALIVE, 1);
		fixture_gossip(f, 1, 2, SWIM_DEAD, 1);
		died_elsewhere(f, cases[i].teller, cases[i].swimd);
		r = fixture_report(f, "p2");
		ck_assert_int_eq(r.status, SWIM_DEAD);
		ck_assert_uint_eq(r.incarnation, cases[i].incarnation);
		ck_assert_str_eq(r.address, cases[i].address);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_UPDATED, "p2"), 0);
		fixture_free(f);
	}
}
END_TEST

/* A loopback address is another place on each host, so only a core that is bound to loopback has peers there. */
START_TEST(loopback_addresses_are_refused_unless_we_are_bound_to_loopback)
{
	static const char *const addresses[] = {"127.0.0.1:7946", "127.8.9.10:1", "[::1]:7946",
	    "[::ffff:127.0.0.1]:7946"};
	const size_t count = sizeof(addresses) / sizeof(addresses[0]);

	for (int loopback = 0; loopback < 2; loopback++) {
		struct fixture *f = fixture_new();
		struct wire_update u;

		f->config.loopback = loopback != 0;
		ck_assert(fixture_start(f));
		fixture_member(f, 1);
		fixture_clear(f);
		for (unsigned i = 0; i < count; i++) {
			u = fixture_update(f, 2 + i, SWIM_ALIVE, 0);
			u.member.address = wire_str_of(addresses[i]);
			fixture_ping_with(f, 1, i, &u);
		}
		ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_BAD_ADDRESS],
		    loopback ? 0 : count);
		ck_assert_uint_eq(swim_member_count(f->swim), loopback ? 2 + count : 2);
		fixture_run(f, swim_seconds(10));
		for (size_t i = 0; i < f->out_count && !loopback; i++)
			ck_assert(!swim_addr_is_loopback(&f->out[i].to));
		fixture_free(f);
	}
}
END_TEST

/* A member that has left and returns at another address joins there, which is one event. */
START_TEST(a_join_after_a_leave_is_no_update)
{
	struct fixture *f = fixture_started();
	struct wire_update back;

	fixture_member(f, 1);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_LEFT, 0);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p2"), 1);
	back = fixture_update(f, 2, SWIM_ALIVE, 3);
	back.member.address = wire_str_of("10.0.9.9:7946");
	fixture_ping_with(f, 1, 2, &back);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.9.9:7946");
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p2"), 2);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_UPDATED, "p2"), 0);
	fixture_free(f);
}
END_TEST

START_TEST(invalid_names_and_addresses_are_counted)
{
	static const char *const addresses[] = {"", "host", "host:", "host:0", "0.0.0.0:1",
	    "[::]:1", "224.0.0.1:1", "[ff02::1]:1", "1.2.3.4:65536", "[1.2.3.4]:1x"};
	const size_t bad = sizeof(addresses) / sizeof(addresses[0]);
	char longest[SWIM_NAME_MAX + 2];
	struct fixture *f = fixture_started();
	struct wire_update u;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	fixture_member(f, 1);
	for (size_t i = 0; i < bad; i++) {
		u = fixture_update(f, 2, SWIM_ALIVE, 0);
		u.member.address = wire_str_of(addresses[i]);
		fixture_ping_with(f, 1, i, &u);
		ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_BAD_ADDRESS], i + 1);
	}
	u = fixture_update(f, 2, SWIM_ALIVE, 0);
	u.member.id = wire_str_of(longest);
	fixture_ping_with(f, 1, 1, &u);
	u.member.id = wire_str_of("");
	fixture_ping_with(f, 1, 1, &u);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_BAD_NAME], 2);
	ck_assert_uint_eq(swim_member_count(f->swim), 2);
	/* The longest name is valid. */
	u.member.id = (struct wire_str){longest, SWIM_NAME_MAX};
	fixture_ping_with(f, 1, 1, &u);
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_free(f);
}
END_TEST

START_TEST(the_table_is_bounded_and_the_dead_make_room)
{
	struct fixture *f = fixture_new();

	f->config.max_members = 4;
	ck_assert(fixture_start(f));
	for (unsigned i = 1; i <= 3; i++)
		fixture_member(f, i);
	fixture_gossip(f, 1, 4, SWIM_ALIVE, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 4);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_MEMBER_LIMIT], 1);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	fixture_gossip(f, 1, 5, SWIM_ALIVE, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 4);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, "p2"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p5"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(reports_are_ordered_by_name)
{
	struct fixture *f = fixture_started();
	struct swim_report last = {0}, r;

	fixture_member(f, 1);
	for (unsigned i = 200; i > 1; i--)
		fixture_gossip(f, 1, i, i % 3 == 0 ? SWIM_SUSPECT : SWIM_ALIVE, i);
	ck_assert_uint_eq(swim_member_count(f->swim), 201);
	for (size_t i = 0; i < 201; i++) {
		swim_member_at(f->swim, i, &r);
		ck_assert_int_lt(strcmp(last.name, r.name), 0);
		ck_assert_int_eq(r.local, strcmp(r.name, "self") == 0);
		last = r;
	}
	ck_assert_uint_eq(
	    fixture_stats(f).members[SWIM_ALIVE] + fixture_stats(f).members[SWIM_SUSPECT], 201);
	fixture_free(f);
}
END_TEST

/* The number of events of our incarnation that this member caused. */
static size_t
rises(const struct fixture *f, const char *by)
{
	size_t count = 0;

	for (size_t i = 0; i < f->event_count; i++)
		count += f->events[i].type == SWIM_EVENT_INCARNATION &&
			 f->events[i].by_len == strlen(by) &&
			 memcmp(f->events[i].by, by, strlen(by)) == 0;
	return count;
}

/* After a move, updates about our former address and incarnation are no reason to rise again. */
START_TEST(a_move_raises_our_incarnation_once)
{
	static const enum swim_status old[] = {SWIM_ALIVE, SWIM_SUSPECT, SWIM_DEAD};
	struct fixture *f = fixture_started();
	struct swim_addr moved = {.family = 4, .port = 7946, .ip = {10, 0, 0, 9}};

	fixture_member(f, 1);
	fixture_member(f, 2);
	fixture_clear(f);
	swim_set_address(f->swim, f->now, &moved);
	swim_set_address(f->swim, f->now, &moved);
	fixture_drain(f);
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		fixture_gossip(f, 1, 0, old[i], 0);
		fixture_gossip(f, 2, 0, old[i], 0);
	}
	fixture_run(f, swim_seconds(3));
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	ck_assert_uint_eq(rises(f, "self"), 1);
	/* No contest about our name begins either. */
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_CLAIM), 0);
	/* A suspicion that we hear before the next move makes us rise as well. */
	fixture_gossip(f, 1, 0, SWIM_SUSPECT, 1);
	moved.ip[3] = 10;
	swim_set_address(f->swim, f->now, &moved);
	fixture_drain(f);
	ck_assert_uint_eq(swim_incarnation(f->swim), 3);
	ck_assert_uint_eq(rises(f, "p1"), 1);
	ck_assert_uint_eq(rises(f, "self"), 2);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_update", higher_incarnations_win_and_then_the_worse_status,
    each_change_of_a_life_causes_one_event, a_death_after_a_leave_and_an_unseen_life_is_no_event,
    the_death_of_an_unknown_member_is_no_event,
    a_suspicion_death_or_leave_of_ours_is_refuted_by_a_higher_incarnation,
    we_rise_above_our_own_incarnation_of_an_earlier_run, the_last_incarnation_does_not_wrap,
    an_incarnation_rises_at_once_by_max_jump_at_most,
    a_name_that_is_told_at_two_addresses_keeps_the_first,
    tags_from_before_a_move_do_not_count_after_it,
    a_move_is_told_at_the_address_at_which_the_member_answered_before,
    a_death_that_a_stranger_tells_moves_no_member,
    the_last_address_of_a_dead_member_is_taken_from_swimd_members_only,
    a_join_after_a_leave_is_no_update, invalid_names_and_addresses_are_counted,
    loopback_addresses_are_refused_unless_we_are_bound_to_loopback,
    the_table_is_bounded_and_the_dead_make_room, reports_are_ordered_by_name,
    a_move_raises_our_incarnation_once)
