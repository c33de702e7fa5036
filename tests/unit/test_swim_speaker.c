/* SPDX-License-Identifier: MIT */
/* The speaker of a datagram, where another member may have started at the source address. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

/* A datagram of this type that does not name its sender comes from the address of p1, and tells that p1 is dead. */
static void
unsigned_death(struct fixture *f, enum wire_type type, struct wire_member_id who, bool swimd)
{
	struct wire_update u = fixture_update(f, 1, SWIM_DEAD, 0);
	struct wire_trailer trailer = {.has_digest = swimd, .digest = fixture_stats(f).digest};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	if (type == WIRE_ACK)
		wire_begin_ack(&w, 999, &who);
	else if (type == WIRE_GOSSIP)
		wire_begin_gossip(&w, 999);
	else
		wire_begin_ping(&w, 999);
	ck_assert(wire_add_update(&w, &u));
	fixture_finish(f, 1, &w, &trailer, 0);
}

START_TEST(a_successor_at_the_address_of_a_dead_member_does_not_speak_for_that_member)
{
	static const struct {
		enum wire_type type;
		const char *who;
		bool swimd;
	} said[] = {
	    /* An earlier version of swimd has no name in its gossip. */
	    {WIRE_GOSSIP, NULL, true},
	    {WIRE_ACK, "successor", true},
	    {WIRE_ACK, "successor", false},
	    /* A helper at this address tells that p2 has answered. */
	    {WIRE_ACK, "p2", true},
	    {WIRE_PING, NULL, false},
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct fixture *f = fixture_among_routable(4);
		struct wire_member_id who = {0};

		if (said[i].who != NULL)
			who.id = wire_str_of(said[i].who);
		who.address = wire_str_of(i == 3 ? "10.0.1.2:7946" : "10.0.1.1:7946");
		unsigned_death(f, said[i].type, who, said[i].swimd);
		ck_assert_int_ne(fixture_report(f, "p1").status, SWIM_LEFT);
		ck_assert_int_ne(fixture_report(f, "p1").status, SWIM_DEAD);
		fixture_run(f, swim_seconds(20));
		ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, NULL), 0);
		fixture_free(f);
	}
}
END_TEST

START_TEST(an_ack_names_the_member_that_leaves)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_member_id who = {wire_str_of("p1"), wire_str_of("10.0.1.1:7946")};

	/* An earlier version of swimd that leaves tells so in its acks, under its own name. */
	unsigned_death(f, WIRE_ACK, who, true);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_LEFT);
	fixture_free(f);
}
END_TEST

/* p4 is a base peer and has answered. */
static struct fixture *
with_base_peer(void)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update u = fixture_update(f, 4, SWIM_ALIVE, 0);

	fixture_base_ping_with(f, 4, 1, &u);
	fixture_clear(f);
	fixture_join(f, 4);
	fixture_answer(f, 4, fixture_nothing);
	ck_assert_int_eq(fixture_report(f, "p4").kind, SWIM_KIND_BASE);
	fixture_clear(f);
	return f;
}

START_TEST(a_base_peer_that_says_it_leaves_and_is_silent_has_left)
{
	struct fixture *f = with_base_peer();
	struct wire_update u = fixture_update(f, 4, SWIM_DEAD, 0);

	fixture_base_ping_with(f, 4, 2, &u);
	/* Another base peer at this address may have heard of the death of p4; base peers know no leaves. */
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_ALIVE);
	fixture_run(f, swim_ms(900));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p4"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p4"), 0);
	fixture_free(f);
}
END_TEST

/* p4 has told its leave, and answers our question under its own name, with this update (NULL: without). */
static struct fixture *
answered_after_leave(const struct wire_update *own)
{
	struct fixture *f = with_base_peer();
	struct wire_update u = fixture_update(f, 4, SWIM_DEAD, 0);
	const struct fixture_out *question;

	fixture_base_ping_with(f, 4, 2, &u);
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_ALIVE);
	question = fixture_expect(f, WIRE_PING, 4);
	fixture_ack(f, 4, question->message.seq, 4,
	    fixture_telling(fixture_nothing, own, own != NULL));
	return f;
}

START_TEST(a_base_peer_that_says_it_leaves_and_does_not_deny_it_has_left)
{
	struct fixture *f = answered_after_leave(NULL);

	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_LEFT);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p4"), 1);
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p4"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p4"), 0);
	fixture_free(f);
}
END_TEST

/* p0 is a base peer that has started where p4 crashed, and has heard of the death of p4. */
START_TEST(a_base_peer_that_answers_where_another_is_said_to_leave_has_not_left)
{
	struct fixture *f = with_base_peer();
	struct wire_update u = fixture_update(f, 4, SWIM_DEAD, 0);
	struct wire_member_id successor = {wire_str_of("p0"), u.member.address};

	fixture_base_ping_with(f, 4, 2, &u);
	fixture_base_ack_pair(f, 4, fixture_expect(f, WIRE_PING, 4)->message.seq, &successor, &u);
	ck_assert_int_eq(fixture_report(f, "p0").status, SWIM_ALIVE);
	fixture_run(f, swim_ms(900));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, NULL), 0);
	fixture_free(f);
}
END_TEST

/* Somebody has forged the source address of p4, for example. */
START_TEST(a_base_peer_that_denies_that_it_leaves_has_not_left)
{
	for (uint64_t incarnation = 0; incarnation < 2; incarnation++) {
		struct fixture *g = with_base_peer();
		struct wire_update alive = fixture_update(g, 4, SWIM_ALIVE, incarnation);
		struct fixture *f = answered_after_leave(&alive);

		ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_ALIVE);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, NULL), 0);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, NULL), 0);
		fixture_free(f);
		fixture_free(g);
	}
}
END_TEST

START_TEST(a_base_peer_that_is_said_to_leave_is_asked_with_a_suspicion)
{
	struct fixture *f = with_base_peer();
	struct wire_update u = fixture_update(f, 4, SWIM_DEAD, 0), said;
	struct wire_updates_iter iter = {0};

	fixture_base_ping_with(f, 4, 2, &u);
	ck_assert(
	    wire_updates_next(&fixture_expect(f, WIRE_PING, 4)->message.updates, &iter, &said));
	ck_assert(wire_str_equal(said.member.id, "p4"));
	ck_assert_int_eq(said.status, SWIM_SUSPECT);
	ck_assert_uint_eq(said.incarnation, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_whose_successor_says_that_it_is_dead_has_failed)
{
	struct fixture *f = with_base_peer();
	struct wire_update u = fixture_update(f, 4, SWIM_DEAD, 0);

	fixture_base_ping_with(f, 4, 2, &u);
	fixture_base_answer(f, 4, "heir");
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p4"), 0);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, "p4"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_swimd_becomes_a_base_peer_once_it_has_answered_as_one)
{
	struct fixture *f = fixture_among_routable(3);
	const struct fixture_out *greeting;

	fixture_clear(f);
	fixture_ping(f, 1, 5, fixture_nothing);
	ck_assert(fixture_report(f, "p1").kind != SWIM_KIND_BASE);
	greeting = fixture_expect(f, WIRE_PING, 1);
	fixture_ack(f, 1, greeting->message.seq, 1, fixture_nothing);
	ck_assert_int_eq(fixture_report(f, "p1").kind, SWIM_KIND_BASE);
	fixture_free(f);
}
END_TEST

static bool
names_us(const struct fixture_out *out)
{
	return out != NULL && out->message.trailer.has_sender &&
	       wire_str_equal(out->message.trailer.sender, "self");
}

/*
 * A swimd peer drops datagrams for base peers. If we took it for a base peer, it would answer none
 * of our questions and be declared dead.
 */
START_TEST(a_swimd_becomes_no_base_peer_by_an_envelope_in_its_name)
{
	struct fixture *f = fixture_among_routable(2);
	struct wire_member_id sender = {wire_str_of("p1"), wire_str_of("10.0.1.1:7946")};
	uint8_t inner[64], data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, inner, sizeof(inner), 0);
	wire_begin_ping(&w, 5);
	len = wire_finish(&w, NULL, 0);
	wire_writer_init(&w, data, sizeof(data), 0);
	wire_put_authenticated(&w, 5, "token", 5, &sender, inner, len);
	fixture_finish(f, 1, &w, NULL, 0);
	ck_assert_int_eq(fixture_report(f, "p1").kind, SWIM_KIND_SWIMD);
	/* The sender is asked, and becomes a base peer if it answers as one. */
	fixture_base_answer(f, 1, "p1");
	ck_assert_int_eq(fixture_report(f, "p1").kind, SWIM_KIND_BASE);
	fixture_free(f);
}
END_TEST

/*
 * Anybody can forge the datagram that makes us greet a swimd peer, and the answer to the smallest
 * greeting has no room for a digest.
 */
START_TEST(a_swimd_that_is_greeted_in_few_bytes_becomes_no_base_peer)
{
	for (unsigned hearsay = 0; hearsay < 2; hearsay++) {
		struct fixture *f = fixture_among(2);
		const struct fixture_out *greeting;
		unsigned peer = 1;
		char name[16];

		if (hearsay) {
			peer = 5;
			fixture_gossip(f, 1, peer, SWIM_ALIVE, 0);
		}
		fixture_name(peer, name);
		fixture_clear(f);
		fixture_ping(f, peer, 5, fixture_nothing);
		greeting = fixture_expect(f, WIRE_PING, peer);
		ck_assert_uint_lt(greeting->len, 20);
		fixture_ack(f, peer, greeting->message.seq, peer, fixture_nothing);
		ck_assert_int_eq(fixture_report(f, name).kind, SWIM_KIND_SWIMD);
		/* A base peer that has taken its place is greeted again, with more bytes. */
		fixture_clear(f);
		fixture_ping(f, peer, 6, fixture_nothing);
		greeting = fixture_expect(f, WIRE_PING, peer);
		ck_assert_uint_gt(greeting->len, 100);
		fixture_ack(f, peer, greeting->message.seq, peer, fixture_nothing);
		ck_assert_int_eq(fixture_report(f, name).kind, SWIM_KIND_BASE);
		fixture_free(f);
	}
}
END_TEST

/* A member that others tell of by its address may be of either kind, and anybody can forge that address. */
START_TEST(a_member_that_is_known_by_hearsay_gets_pings_that_both_kinds_can_read)
{
	struct fixture *f = fixture_among_routable(1);
	struct wire_update u = fixture_update(f, 5, SWIM_ALIVE, 0);
	const struct fixture_out *ping;
	char text[SWIM_ADDR_TEXT];

	strcpy(text, u.member.address.bytes);
	u.member.id = wire_str_of(text);
	fixture_ping_with(f, 1, 5, &u);
	ck_assert_int_eq(fixture_report(f, text).kind, SWIM_KIND_UNKNOWN);
	fixture_base_ack(f, 5, 4711, text);
	ck_assert_int_eq(fixture_report(f, text).kind, SWIM_KIND_UNKNOWN);
	fixture_ping(f, 5, 6, fixture_nothing);
	/* A swimd peer can read this ping, and its answer has room for a digest. */
	fixture_clear(f);
	fixture_wait_ping(f, 5);
	ping = fixture_expect(f, WIRE_PING, 5);
	ck_assert(!ping->message.trailer.has_cluster);
	fixture_base_ack(f, 5, ping->message.seq, text);
	ck_assert_int_eq(fixture_report(f, text).kind, SWIM_KIND_BASE);
	fixture_free(f);
}
END_TEST

START_TEST(each_datagram_of_ours_names_us_as_its_sender)
{
	struct fixture *f = fixture_among_routable(3);
	const struct fixture_out *ping;

	/* An ack for another member has the name of that member, and ours as its sender. */
	fixture_ping_req(f, 1, 7, 2);
	ping = fixture_expect(f, WIRE_PING, 2);
	ck_assert(names_us(ping));
	fixture_ack(f, 2, ping->message.seq, 2, fixture_same_view(f, 2));
	ck_assert(names_us(fixture_expect(f, WIRE_ACK, 1)));
	fixture_ping_req(f, 1, 8, 3);
	fixture_run(f, swim_seconds(1));
	ck_assert(names_us(fixture_expect(f, WIRE_NACK, 1)));
	fixture_clear(f);
	fixture_gossip(f, 2, 0, SWIM_SUSPECT, 0);
	fixture_clear(f);
	fixture_gossip(f, 3, 0, SWIM_SUSPECT, 0);
	ck_assert(names_us(fixture_expect(f, WIRE_GOSSIP, 3)));
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_speaker",
    a_successor_at_the_address_of_a_dead_member_does_not_speak_for_that_member,
    an_ack_names_the_member_that_leaves, a_base_peer_that_says_it_leaves_and_is_silent_has_left,
    a_base_peer_that_says_it_leaves_and_does_not_deny_it_has_left,
    a_base_peer_that_denies_that_it_leaves_has_not_left,
    a_base_peer_that_answers_where_another_is_said_to_leave_has_not_left,
    a_base_peer_that_is_said_to_leave_is_asked_with_a_suspicion,
    a_base_peer_whose_successor_says_that_it_is_dead_has_failed,
    a_swimd_becomes_a_base_peer_once_it_has_answered_as_one,
    a_swimd_becomes_no_base_peer_by_an_envelope_in_its_name,
    a_member_that_is_known_by_hearsay_gets_pings_that_both_kinds_can_read,
    a_swimd_that_is_greeted_in_few_bytes_becomes_no_base_peer,
    each_datagram_of_ours_names_us_as_its_sender)
