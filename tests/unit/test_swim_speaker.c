/* SPDX-License-Identifier: MIT */
/* Whose word a datagram is, where another member may have started at the address that it comes from. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

/* A datagram of this type, in which nobody is named as its sender, comes from p1's address and says that p1 is dead. */
static void
unnamed(struct fixture *f, enum wire_type type, struct wire_member_id who, bool ours)
{
	struct wire_update u = fixture_update(f, 1, SWIM_DEAD, 0);
	struct wire_trailer trailer = {.has_digest = ours, .digest = fixture_stats(f).digest};
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

START_TEST(who_starts_at_the_address_of_the_dead_does_not_speak_for_the_dead)
{
	static const struct {
		enum wire_type type;
		const char *who;
		bool ours;
	} said[] = {
	    /* An old swimd's, which did not give its name in gossip. */
	    {WIRE_GOSSIP, NULL, true},
	    {WIRE_ACK, "successor", true},
	    {WIRE_ACK, "successor", false},
	    /* What a helper says of its target's neighbour. */
	    {WIRE_ACK, "p2", true},
	    {WIRE_PING, NULL, false},
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct fixture *f = fixture_among_proven(4);
		struct wire_member_id who = {0};

		if (said[i].who != NULL)
			who.id = wire_str_of(said[i].who);
		who.address = wire_str_of(i == 3 ? "10.0.1.2:7946" : "10.0.1.1:7946");
		unnamed(f, said[i].type, who, said[i].ours);
		ck_assert_int_ne(fixture_report(f, "p1").status, SWIM_LEFT);
		ck_assert_int_ne(fixture_report(f, "p1").status, SWIM_DEAD);
		fixture_run(f, swim_seconds(20));
		ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, NULL), 0);
		fixture_free(f);
	}
}
END_TEST

START_TEST(an_answer_names_who_leaves)
{
	struct fixture *f = fixture_among_proven(3);
	struct wire_member_id who = {wire_str_of("p1"), wire_str_of("10.0.1.1:7946")};

	/* An old swimd that leaves says so to whoever asks, under its own name. */
	unnamed(f, WIRE_ACK, who, true);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_LEFT);
	fixture_free(f);
}
END_TEST

/* p4 is a base peer and has answered. */
static struct fixture *
with_base_peer(void)
{
	struct fixture *f = fixture_among_proven(3);
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
	/* Another base peer has heard so too, and knows no leaves. */
	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_ALIVE);
	fixture_run(f, swim_ms(900));
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, "p4"), 1);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, "p4"), 0);
	fixture_free(f);
}
END_TEST

/* p4 has said that it leaves, and answers the question about that under its own name, with or without such an update. */
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

START_TEST(a_base_peer_that_says_it_leaves_and_answers_so_has_left)
{
	struct fixture *f = answered_after_leave(NULL);

	ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_LEFT);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, "p4"), 1);
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, "p4"), 1);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, "p4"), 0);
	fixture_free(f);
}
END_TEST

/* p0 is a base peer that has started where p4 crashed, and has heard of the end of p4. */
START_TEST(a_base_peer_that_answers_where_another_is_said_to_leave_has_not_left)
{
	struct fixture *f = with_base_peer();
	struct wire_update u = fixture_update(f, 4, SWIM_DEAD, 0);
	struct wire_member_id successor = {wire_str_of("p0"), u.member.address};

	fixture_base_ping_with(f, 4, 2, &u);
	fixture_base_ack_pair(f, 4, fixture_expect(f, WIRE_PING, 4)->message.seq, &successor, &u);
	ck_assert_int_eq(fixture_report(f, "p0").status, SWIM_ALIVE);
	fixture_run(f, swim_ms(900));
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, NULL), 0);
	fixture_free(f);
}
END_TEST

/* Another has forged its source address, say. */
START_TEST(a_base_peer_that_denies_that_it_leaves_has_not_left)
{
	for (uint64_t incarnation = 0; incarnation < 2; incarnation++) {
		struct fixture *g = with_base_peer();
		struct wire_update alive = fixture_update(g, 4, SWIM_ALIVE, incarnation);
		struct fixture *f = answered_after_leave(&alive);

		ck_assert_int_eq(fixture_report(f, "p4").status, SWIM_ALIVE);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, NULL), 0);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, NULL), 0);
		fixture_free(f);
		fixture_free(g);
	}
}
END_TEST

START_TEST(a_base_peer_that_is_said_to_leave_is_told_so_to_deny_it)
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
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LEFT, "p4"), 0);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_FAILED, "p4"), 1);
	fixture_free(f);
}
END_TEST

START_TEST(a_swimd_becomes_a_base_peer_once_it_has_answered_as_one)
{
	struct fixture *f = fixture_among_proven(3);
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

/* A swimd drops what base peers alone are to read, so that one that is taken for a base peer dies by our questions. */
START_TEST(a_swimd_becomes_no_base_peer_by_an_envelope_in_its_name)
{
	struct fixture *f = fixture_among_proven(2);
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
	/* It is asked, and if it answers as a base peer, it is one. */
	fixture_base_answer(f, 1, "p1");
	ck_assert_int_eq(fixture_report(f, "p1").kind, SWIM_KIND_BASE);
	fixture_free(f);
}
END_TEST

/* Anybody can forge what makes us greet a swimd, and the smallest greeting leaves the answer no room for its sign. */
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
		/* A base peer that took its place is greeted again, in more bytes. */
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

/* One that others tell of by its address may be of either kind, and anybody can forge that address. */
START_TEST(who_is_known_by_hearsay_is_asked_by_what_both_kinds_read)
{
	struct fixture *f = fixture_among_proven(1);
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
	/* A swimd reads what it is asked, and has room to say what it is. */
	fixture_clear(f);
	fixture_wait_ping(f, 5);
	ping = fixture_expect(f, WIRE_PING, 5);
	ck_assert(!ping->message.trailer.has_cluster);
	fixture_base_ack(f, 5, ping->message.seq, text);
	ck_assert_int_eq(fixture_report(f, text).kind, SWIM_KIND_BASE);
	fixture_free(f);
}
END_TEST

START_TEST(whatever_we_send_says_who_speaks)
{
	struct fixture *f = fixture_among_proven(3);
	const struct fixture_out *ping;

	/* An answer for another names that one, and is ours. */
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

UNIT_MAIN("swim_speaker", who_starts_at_the_address_of_the_dead_does_not_speak_for_the_dead,
    an_answer_names_who_leaves, a_base_peer_that_says_it_leaves_and_is_silent_has_left,
    a_base_peer_that_says_it_leaves_and_answers_so_has_left,
    a_base_peer_that_denies_that_it_leaves_has_not_left,
    a_base_peer_that_answers_where_another_is_said_to_leave_has_not_left,
    a_base_peer_that_is_said_to_leave_is_told_so_to_deny_it,
    a_base_peer_whose_successor_says_that_it_is_dead_has_failed,
    a_swimd_becomes_a_base_peer_once_it_has_answered_as_one,
    a_swimd_becomes_no_base_peer_by_an_envelope_in_its_name,
    who_is_known_by_hearsay_is_asked_by_what_both_kinds_read,
    a_swimd_that_is_greeted_in_few_bytes_becomes_no_base_peer, whatever_we_send_says_who_speaks)
