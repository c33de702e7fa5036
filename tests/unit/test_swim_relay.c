/* SPDX-License-Identifier: MIT */
/* Pings for other members: when the asker gets a nack, and what the target is told. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

/* Like fixture_ping_req, from an asker that tells how long it waits. */
static void
ping_req_in(struct fixture *f, unsigned from, uint64_t seq, struct wire_member_id target,
    uint32_t timeout_ms)
{
	struct wire_trailer trailer = {.has_timeout = true, .timeout_ms = timeout_ms};
	uint8_t data[256];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping_req(&w, seq, &target);
	fixture_finish(f, from, &w, &trailer, 0);
}

START_TEST(a_nack_is_sent_after_four_fifths_of_the_asker_s_wait)
{
	static const uint32_t waits_ms[] = {100, 250, 1000};

	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		struct fixture *f = fixture_among_routable(2);
		struct wire_member_id target = {wire_str_of("p2"), wire_str_of("10.0.1.2:7946")};
		uint32_t at = waits_ms[i] / 5 * 4;

		ping_req_in(f, 1, 78, target, waits_ms[i]);
		fixture_run(f, swim_ms(at - 1));
		ck_assert_uint_eq(fixture_sent_count(f, WIRE_NACK), 0);
		fixture_run(f, swim_ms(2));
		ck_assert_uint_eq(fixture_expect(f, WIRE_NACK, 1)->message.seq, 78);
		fixture_free(f);
	}
}
END_TEST

/* Four peers have answered. p2 is suspect, and no rumour tells so any more. */
static struct fixture *
with_suspect(void)
{
	struct fixture *f = fixture_new();

	/* Each rumour is sent once. */
	f->config.timing.retransmit_mult = 1;
	ck_assert(fixture_start(f));
	for (unsigned i = 1; i <= 4; i++)
		fixture_routable(f, i);
	fixture_gossip(f, 1, 2, SWIM_SUSPECT, 0);
	for (unsigned step = 0; step < 100 && fixture_stats(f).rumours > 0; step++)
		fixture_run(f, swim_ms(1));
	ck_assert_uint_eq(fixture_stats(f).rumours, 0);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	fixture_clear(f);
	return f;
}

START_TEST(a_ping_req_about_a_suspect_tells_of_the_suspicion)
{
	struct fixture *f = with_suspect();
	unsigned asked = 0;

	for (unsigned step = 0; step < 1000 && asked == 0; step++) {
		bool quiet = fixture_stats(f).rumours == 0;

		fixture_clear(f);
		fixture_run(f, swim_ms(5));
		for (size_t i = 0; i < f->out_count; i++) {
			const struct wire_message *msg = &f->out[i].message;

			if (msg->type != WIRE_PING_REQ || !wire_str_equal(msg->member.id, "p2"))
				continue;
			/* Our own accusation was a rumour, which has been sent by now. */
			ck_assert(quiet && fixture_stats(f).rumours == 0);
			ck_assert(fixture_has(&f->out[i], "p2", SWIM_SUSPECT, NULL));
			asked++;
		}
	}
	/* Three helpers, less those that are suspects themselves by then, as nobody answers. */
	ck_assert_uint_ge(asked, 2);
	ck_assert_uint_le(asked, 3);
	fixture_free(f);
}
END_TEST

START_TEST(a_ping_for_another_tells_the_suspect_of_the_suspicion)
{
	struct fixture *f = with_suspect();
	uint64_t incarnation = 9;

	fixture_ping_req(f, 3, 79, 2);
	fixture_expect(f, WIRE_PING, 2);
	ck_assert(fixture_has(fixture_sent(f, WIRE_PING, 2), "p2", SWIM_SUSPECT, &incarnation));
	ck_assert_uint_eq(incarnation, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_helper_tells_the_suspect_of_a_suspicion_that_the_helper_did_not_know)
{
	struct fixture *asker = with_suspect(), *helper = fixture_among_routable(4);
	const struct fixture_out *request = fixture_wait_ping_req(asker, 2);

	ck_assert_int_eq(fixture_report(helper, "p2").status, SWIM_ALIVE);
	fixture_clear(helper);
	/* Both cores have one name, so the ping-req is passed in as if peer 1 had sent it. */
	ck_assert_int_eq(fixture_input(helper, 1, request->data, request->len), WIRE_OK);
	ck_assert(fixture_has(fixture_sent(helper, WIRE_PING, 2), "p2", SWIM_SUSPECT, NULL));
	fixture_free(asker);
	fixture_free(helper);
}
END_TEST

static void
base_member(struct fixture *f, unsigned at, const char *name)
{
	fixture_join(f, at);
	fixture_base_answer(f, at, name);
	ck_assert_int_eq(fixture_report(f, name).kind, SWIM_KIND_BASE);
	fixture_clear(f);
}

/* This peer answers the first ping to it, as the base peer `base` or (NULL) as a swimd peer. */
static void
answer_ping(struct fixture *f, unsigned peer, const char *base)
{
	const struct fixture_out *ping = fixture_sent(f, WIRE_PING, peer);

	if (ping == NULL)
		return;
	if (base != NULL)
		fixture_base_ack(f, peer, ping->message.seq, base);
	else
		fixture_ack(f, peer, ping->message.seq, peer, fixture_swimd(peer));
}

/*
 * Lets time pass until a ping-req is sent. All answer but p1, at whose address (`succeeded`) the
 * base peer b1 answers.
 */
static void
wait_request(struct fixture *f, bool succeeded)
{
	for (unsigned step = 0; step < 1000; step++) {
		fixture_clear(f);
		fixture_run(f, swim_ms(10));
		for (size_t i = 0; i < f->out_count; i++) {
			if (f->out[i].message.type == WIRE_PING_REQ)
				return;
		}
		if (succeeded)
			answer_ping(f, 1, "b1");
		answer_ping(f, 2, NULL);
		answer_ping(f, 3, NULL);
		answer_ping(f, 4, "b4");
	}
	ck_abort_msg("the core sent no ping-req about p1 within 10 s");
}

/* A ping-req about p1 went to this peer; a base peer knows p1 by its address. */
static bool
is_asked(const struct fixture *f, unsigned peer)
{
	const struct fixture_out *request = fixture_sent(f, WIRE_PING_REQ, peer);

	return request != NULL && (wire_str_equal(request->message.member.id, "p1") ||
				      wire_str_equal(request->message.member.id, "10.0.1.1:7946"));
}

START_TEST(no_base_peer_is_asked_about_a_member_that_has_a_successor_at_its_address)
{
	for (unsigned succeeded = 0; succeeded < 2; succeeded++) {
		struct fixture *f = fixture_among_routable(3);

		base_member(f, 4, "b4");
		/*
		 * The successor would answer a base peer's ping, and the base peer would tell that
		 * p1 has answered.
		 */
		if (succeeded)
			base_member(f, 1, "b1");
		wait_request(f, succeeded);
		ck_assert(is_asked(f, 2) && is_asked(f, 3));
		ck_assert(is_asked(f, 4) == !succeeded);
		ck_assert(!is_asked(f, 1));
		fixture_free(f);
	}
}
END_TEST

/* Without our name the target would take us for a base peer. */
START_TEST(a_relayed_ping_has_our_name_or_is_not_sent)
{
	static char name[101];
	struct fixture *f = fixture_new();

	memset(name, 'x', sizeof(name) - 1);
	f->config.name = name;
	ck_assert(fixture_start(f));
	fixture_clear(f);
	fixture_ping_req(f, 9, 5, 7);
	ck_assert_ptr_null(fixture_sent(f, WIRE_PING, 7));
	ck_assert_uint_eq(fixture_expect(f, WIRE_NACK, 9)->message.seq, 5);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_relay", a_relayed_ping_has_our_name_or_is_not_sent,
    a_nack_is_sent_after_four_fifths_of_the_asker_s_wait,
    a_ping_req_about_a_suspect_tells_of_the_suspicion,
    a_ping_for_another_tells_the_suspect_of_the_suspicion,
    a_helper_tells_the_suspect_of_a_suspicion_that_the_helper_did_not_know,
    no_base_peer_is_asked_about_a_member_that_has_a_successor_at_its_address)
