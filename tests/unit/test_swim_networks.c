/* SPDX-License-Identifier: MIT */
/*
 * Members that send from another address than they advertise: hosts in two networks, or behind a
 * translation of addresses.
 */
#include "swim_fixture.h"

#include "core/loss.h"
#include "support/unit.h"

static const struct swim_addr other = {.family = 4, .port = 7946, .ip = {10, 9, 9, 1}};
static const struct swim_addr third = {.family = 4, .port = 7946, .ip = {10, 9, 9, 2}};

#define LEAVERS 50

static size_t
pings_to(const struct fixture *f, const struct swim_addr *there)
{
	size_t pings = 0;

	for (size_t i = 0; i < f->out_count; i++)
		pings += f->out[i].message.type == WIRE_PING &&
			 swim_addr_equal(&f->out[i].to, there);
	return pings;
}

/* p1, which has our view, sends a ping from this address, with one update (or NULL). */
static void
say(struct fixture *f, const struct swim_addr *there, const struct wire_update *about)
{
	struct wire_trailer trailer = {.has_sender = true,
	    .sender = wire_str_of("p1"),
	    .has_digest = true,
	    .digest = fixture_stats(f).digest};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping(&w, 5);
	if (about != NULL)
		ck_assert(wire_add_update(&w, about));
	fixture_finish_by(f, there, &w, &trailer, 0);
}

/* p1 sends from this address, is pinged there, and answers as peer `as`. */
static void
heard_at(struct fixture *f, const struct swim_addr *there, unsigned as)
{
	const struct fixture_out *ping;

	fixture_clear(f);
	say(f, there, NULL);
	ping = fixture_expect_by(f, WIRE_PING, there);
	fixture_ack_by(f, there, ping->message.seq, as, fixture_stats(f).digest, NULL);
	fixture_clear(f);
}

/* p1 tells from this address that p1 and p3 have found p2 dead. */
static void
verdict_from(struct fixture *f, const struct swim_addr *there)
{
	struct wire_update u = fixture_update(f, 2, SWIM_DEAD, 0);

	u.accusers[u.accuser_count++] = fixture_hash("p1");
	u.accusers[u.accuser_count++] = fixture_hash("p3");
	say(f, there, &u);
}

START_TEST(a_member_is_believed_at_an_address_from_which_it_has_answered)
{
	struct fixture *f = fixture_among_routable(5);

	heard_at(f, &other, 1);
	verdict_from(f, &other);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	/* This address is not asked again. */
	ck_assert_ptr_null(fixture_sent_by(f, WIRE_PING, &other));
	fixture_free(f);
}
END_TEST

START_TEST(a_sender_that_has_not_answered_as_the_member_is_a_stranger)
{
	struct fixture *f = fixture_among_routable(5);

	verdict_from(f, &other);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	/* An ack that answers no question does not count, nor does the answer of another member. */
	fixture_ack_by(f, &other, 12345, 1, 0, NULL);
	verdict_from(f, &other);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_free(f);
	f = fixture_among_routable(5);
	heard_at(f, &other, 4);
	verdict_from(f, &other);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	/* An answer of p1 from one address does not count for another address. */
	heard_at(f, &third, 1);
	verdict_from(f, &other);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_free(f);
}
END_TEST

START_TEST(an_answer_to_a_probe_from_another_address_makes_us_ask_there)
{
	struct fixture *f = fixture_among_routable(5);
	const struct fixture_out *ping;
	uint64_t seq;

	seq = fixture_wait_ping(f, 1);
	fixture_ack_by(f, &other, seq, 1, fixture_stats(f).digest, NULL);
	/* The source of the answer may be forged, so we ping this address. */
	ping = fixture_expect_by(f, WIRE_PING, &other);
	verdict_from(f, &other);
	ck_assert_int_ne(fixture_report(f, "p2").status, SWIM_DEAD);
	fixture_ack_by(f, &other, ping->message.seq, 1, fixture_stats(f).digest, NULL);
	fixture_clear(f);
	say(f, &other, NULL);
	ck_assert_ptr_null(fixture_sent_by(f, WIRE_PING, &other));
	ck_assert_int_ne(fixture_report(f, "p2").status, SWIM_DEAD);
	verdict_from(f, &other);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_DEAD);
	fixture_free(f);
}
END_TEST

/* The bytes of all datagrams to this address. */
static size_t
bytes_to(const struct fixture *f, const struct swim_addr *there)
{
	size_t bytes = 0;

	for (size_t i = 0; i < f->out_count; i++)
		bytes += swim_addr_equal(&f->out[i].to, there) ? f->out[i].len : 0;
	return bytes;
}

/*
 * A stranger makes us ping it, and answers with the address of a victim as its source, in its own
 * name or in another one.
 */
START_TEST(an_answer_does_not_make_its_own_source_routable)
{
	for (unsigned as = 6; as <= 7; as++) {
		struct fixture *f = fixture_among_routable(3);
		const struct fixture_out *ping;

		/* After this time no check of a view is under way. */
		fixture_run(f, swim_seconds(2));
		fixture_clear(f);
		fixture_ping(f, 6, 1,
		    (struct fixture_says){.swimd = true, .sender = 6, .digest = 5});
		ping = fixture_expect(f, WIRE_PING, 6);
		fixture_ack_by(f, &other, ping->message.seq, as, 4, NULL);
		fixture_run(f, swim_seconds(1));
		ck_assert_ptr_null(fixture_sent(f, WIRE_SYNC_REQ, 7));
		for (size_t i = 0; i < f->out_count; i++)
			ck_assert(f->out[i].message.type != WIRE_SYNC_REQ ||
				  !swim_addr_equal(&f->out[i].to, &other));
		ck_assert_uint_le(bytes_to(f, &other), 400);
		fixture_free(f);
	}
}
END_TEST

START_TEST(another_address_of_a_member_is_pinged_once_at_a_time)
{
	struct fixture *f = fixture_among_routable(5);

	for (unsigned i = 0; i < 20; i++)
		say(f, &other, NULL);
	ck_assert_uint_eq(pings_to(f, &other), 1);
	fixture_free(f);
}
END_TEST

START_TEST(the_address_of_another_member_is_not_pinged_for_the_sender)
{
	struct fixture *f = fixture_among_routable(5);
	struct swim_addr p4 = fixture_addr(4);

	say(f, &p4, NULL);
	ck_assert_ptr_null(fixture_sent_by(f, WIRE_PING, &p4));
	fixture_free(f);
}
END_TEST

START_TEST(a_leave_from_an_address_at_which_the_member_has_answered_counts)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update u = fixture_update(f, 1, SWIM_LEFT, 0);

	heard_at(f, &other, 1);
	say(f, &other, &u);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p1"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SUSPECTED, "p1"), 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_leave_from_an_unknown_address_makes_us_ask_several_times)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update u = fixture_update(f, 1, SWIM_LEFT, 0);
	struct swim_addr home = fixture_addr(1);
	uint64_t seq = 0;
	bool asked = false;

	say(f, &other, &u);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	/* The questions are sent while a member that leaves can still answer. */
	fixture_run(f, swim_ms(700));
	ck_assert_uint_ge(pings_to(f, &home), LOSS_QUESTIONS_LEAST);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p1"), 0);
	/* The member answers the last question, from the address from which it told the leave. */
	for (size_t i = 0; i < f->out_count; i++) {
		if (f->out[i].message.type == WIRE_PING && swim_addr_equal(&f->out[i].to, &other)) {
			seq = f->out[i].message.seq;
			asked = true;
		}
	}
	ck_assert(asked);
	fixture_ack_by(f, &other, seq, 1, 0, &u);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p1"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p1"), 0);
	fixture_free(f);
}
END_TEST

/* Other members may be chosen to confirm these suspicions, and many members leave at once. */
START_TEST(many_leaves_from_an_unknown_address_make_us_ask_each_member_several_times)
{
	struct fixture *f = fixture_started();

	for (unsigned i = 1; i <= LEAVERS; i++)
		fixture_member(f, i);
	fixture_clear(f);
	for (unsigned i = 1; i <= LEAVERS; i++) {
		struct wire_update u = fixture_update(f, i, SWIM_LEFT, 0);

		say(f, &other, &u);
	}
	fixture_run(f, swim_ms(700));
	for (unsigned i = 1; i <= LEAVERS; i++) {
		struct swim_addr home = fixture_addr(i);

		ck_assert_uint_ge(pings_to(f, &home), LOSS_QUESTIONS_LEAST);
	}
	fixture_free(f);
}
END_TEST

START_TEST(the_answer_of_a_helper_does_not_show_an_address_of_the_target)
{
	struct fixture *f = fixture_among_routable(3);
	const struct fixture_out *request = fixture_wait_ping_req(f, 1);

	fixture_ack_by(f, &third, request->message.seq, 1, fixture_stats(f).digest, NULL);
	fixture_clear(f);
	say(f, &third, NULL);
	fixture_expect_by(f, WIRE_PING, &third);
	fixture_free(f);
}
END_TEST

START_TEST(a_member_that_moves_or_returns_is_asked_again_at_its_other_address)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update moved = {.member = {wire_str_of("p1"), wire_str_of("10.0.1.77:7946")},
	    .status = SWIM_ALIVE,
	    .incarnation = 1};

	heard_at(f, &other, 1);
	say(f, &other, &moved);
	ck_assert_str_eq(fixture_report(f, "p1").address, "10.0.1.77:7946");
	heard_at(f, &other, 1);
	fixture_gossip(f, 2, 1, SWIM_LEFT, 1);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_LEFT);
	moved.incarnation = 2;
	say(f, &other, &moved);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	heard_at(f, &other, 1);
	fixture_free(f);
}
END_TEST

/* p1 sends from this address with another view, for a second. Returns whether we then request a page from there. */
static bool
compared(struct fixture *f, const struct swim_addr *there)
{
	for (unsigned step = 0; step < 20; step++) {
		fixture_clear(f);
		fixture_ping_by(f, there, 0, "p1", NULL);
		fixture_run(f, swim_ms(50));
		for (size_t i = 0; i < f->out_count; i++) {
			const struct fixture_out *o = &f->out[i];

			if (!swim_addr_equal(&o->to, there))
				continue;
			if (o->message.type == WIRE_SYNC_REQ)
				return true;
			if (o->message.type == WIRE_PING)
				fixture_ack_by(f, there, o->message.seq, 1, 1, NULL);
		}
	}
	return false;
}

/* A sync with a stranger gives way to a sync with a member, at any address from which the member has answered. */
START_TEST(views_are_compared_at_the_address_from_which_a_member_sends)
{
	struct fixture *f = fixture_among_routable(3);

	heard_at(f, &other, 1);
	/* The sync with a stranger, at another address. */
	ck_assert(swim_join(f->swim, f->now, &third));
	fixture_drain(f);
	fixture_ack_by(f, &third, fixture_expect_by(f, WIRE_PING, &third)->message.seq, 9, 1, NULL);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_SYNC_REQ), 1);
	ck_assert(compared(f, &other));
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_networks", a_member_is_believed_at_an_address_from_which_it_has_answered,
    a_sender_that_has_not_answered_as_the_member_is_a_stranger,
    an_answer_to_a_probe_from_another_address_makes_us_ask_there,
    an_answer_does_not_make_its_own_source_routable,
    another_address_of_a_member_is_pinged_once_at_a_time,
    the_address_of_another_member_is_not_pinged_for_the_sender,
    a_leave_from_an_address_at_which_the_member_has_answered_counts,
    a_leave_from_an_unknown_address_makes_us_ask_several_times,
    many_leaves_from_an_unknown_address_make_us_ask_each_member_several_times,
    the_answer_of_a_helper_does_not_show_an_address_of_the_target,
    a_member_that_moves_or_returns_is_asked_again_at_its_other_address,
    views_are_compared_at_the_address_from_which_a_member_sends)
