/* SPDX-License-Identifier: MIT */
/* Two members of one name: who stays, who goes, and what a stranger who gives our name as his own can do. */
#include "swim_fixture.h"

#include "support/unit.h"

static struct fixture *
started(void)
{
	struct fixture *f = fixture_new();

	ck_assert(fixture_start(f));
	return f;
}

/* Time passes, in which peer 1 answers whatever it is asked. */
static void
in_company(struct fixture *f, swim_duration d)
{
	swim_time end = swim_time_add(f->now, d);

	while (swim_time_before(f->now, end)) {
		const struct fixture_out *ping;

		fixture_run(f, swim_ms(50));
		ping = fixture_sent(f, WIRE_PING, 1);
		if (ping != NULL)
			fixture_ack(f, 1, ping->message.seq, 1,
			    (struct fixture_says){.ours = true,
				.sender = 1,
				.digest = fixture_stats(f).digest});
		fixture_clear(f);
	}
}

/* Others have been answering us for as long as makes a member settled. */
static struct fixture *
settled(void)
{
	struct fixture *f = started();

	fixture_proven(f, 1);
	in_company(f, swim_seconds(35));
	return f;
}

static void
claim(struct fixture *f, unsigned from, uint64_t age_ms)
{
	struct wire_member_id self = {wire_str_of("self"), wire_str_of("10.0.1.9:7946")};
	struct wire_trailer none = {0};
	struct wire_writer w;
	uint8_t data[128];

	wire_writer_init(&w, data, sizeof(data), 0);
	wire_put_claim(&w, 1, &self, age_ms);
	ck_assert_int_eq(fixture_input(f, from, data, wire_finish(&w, &none, 0)), WIRE_OK);
	fixture_drain(f);
}

/* Peer 9 answers under our name what it was asked last. */
static void
namesake_answers(struct fixture *f, unsigned from, bool ours)
{
	const struct fixture_out *ping = fixture_sent(f, WIRE_PING, from);

	ck_assert_ptr_nonnull(ping);
	fixture_ack(f, from, ping->message.seq, 0,
	    (struct fixture_says){.ours = ours, .sender = 0});
}

/* Peer 1 says that we live at 10.0.1.9. */
static void
told_elsewhere(struct fixture *f, uint64_t incarnation)
{
	struct wire_update elsewhere = fixture_update(f, 0, SWIM_ALIVE, incarnation);

	elsewhere.member.address = wire_str_of("10.0.1.9:7946");
	fixture_ping(f, 1, 1,
	    (struct fixture_says){.ours = true,
		.sender = 1,
		.digest = fixture_stats(f).digest,
		.updates = &elsewhere,
		.count = 1});
}

/* A source can be forged: one datagram with a claim to our name must not end us. */
START_TEST(a_claim_to_our_name_counts_once_its_sender_answers)
{
	struct fixture_says ours = {.ours = true, .sender = 0};
	struct fixture *f = started();
	uint64_t seq;

	claim(f, 9, UINT64_MAX);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	ck_assert_uint_lt(fixture_sent(f, WIRE_PING, 9)->len, 100);
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	ck_assert_uint_le(swim_incarnation(f->swim), 1);
	/* Whichever comes first, the answer or the claim. */
	fixture_clear(f);
	claim(f, 9, UINT64_MAX);
	seq = fixture_sent(f, WIRE_PING, 9)->message.seq;
	fixture_ack(f, 9, seq + 1, 0, ours);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	fixture_ack(f, 9, seq, 0, ours);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 1);
	fixture_free(f);
	f = started();
	fixture_ping(f, 9, 1, ours);
	fixture_ack(f, 9, fixture_sent(f, WIRE_PING, 9)->message.seq, 0, ours);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	claim(f, 9, UINT64_MAX);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 1);
	fixture_free(f);
}
END_TEST

/* By a base peer's answer, or by the full claim: both can be had from any address of one's own. */
START_TEST(a_stranger_of_our_name_ends_nobody_who_has_company)
{
	for (unsigned way = 0; way < 2; way++) {
		struct fixture *f = settled();
		struct swim_addr stranger = fixture_addr(9);

		fixture_ping(f, 9, 1, (struct fixture_says){.ours = true, .sender = 0});
		if (way == 1)
			claim(f, 9, UINT64_MAX);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_CONFLICT, NULL), 0);
		namesake_answers(f, 9, way == 1);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
		/* But it is told, with both addresses. */
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_CONFLICT, "self"), 1);
		for (size_t i = 0; i < f->event_count; i++) {
			if (f->events[i].type == SWIM_EVENT_NAME_CONFLICT)
				ck_assert(swim_addr_equal(&f->events[i].address, &stranger));
		}
		/* Not at every datagram. */
		namesake_answers(f, 9, way == 1);
		fixture_ping(f, 9, 2, (struct fixture_says){.ours = true, .sender = 0});
		claim(f, 9, UINT64_MAX);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_CONFLICT, NULL), 1);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
		fixture_free(f);
	}
}
END_TEST

START_TEST(whoever_has_company_outdoes_whoever_has_none)
{
	struct fixture *f = settled();

	/* Older, and alone so far: it is told what makes it go. */
	claim(f, 9, UINT64_C(1) << 40);
	ck_assert_ptr_nonnull(fixture_sent(f, WIRE_CLAIM, 9));
	ck_assert_uint_ge(fixture_sent(f, WIRE_CLAIM, 9)->message.age_ms, WIRE_CLAIM_STAYS);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_CONFLICT, NULL), 1);
	fixture_free(f);
	f = started();
	fixture_run(f, swim_seconds(1000));
	claim(f, 9, 1000);
	ck_assert_ptr_null(fixture_sent(f, WIRE_PING, 9));
	ck_assert_uint_lt(fixture_sent(f, WIRE_CLAIM, 9)->message.age_ms, WIRE_CLAIM_STAYS);
	claim(f, 9, 1000 | WIRE_CLAIM_STAYS);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 1);
	fixture_free(f);
}
END_TEST

/* Company of a moment is no proof: a newcomer has that too, before it is told. */
START_TEST(a_newcomer_goes_though_others_have_answered_it)
{
	struct fixture *f = started();

	fixture_proven(f, 1);
	in_company(f, swim_seconds(20));
	claim(f, 9, 60000);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 1);
	fixture_free(f);
}
END_TEST

/* The owner stood still, or was cut off, when we came and found nobody at its address. */
START_TEST(an_owner_that_comes_back_has_its_name_again)
{
	struct fixture *f = started();

	fixture_proven(f, 1);
	told_elsewhere(f, 5);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	in_company(f, swim_seconds(60));
	ck_assert_uint_eq(swim_incarnation(f->swim), 6);
	claim(f, 8, UINT64_MAX);
	namesake_answers(f, 8, true);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	claim(f, 9, UINT64_MAX);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 1);
	fixture_free(f);
}
END_TEST

/* Until it says so the others look for it there; but two who both stay must not drive each other up. */
START_TEST(whoever_has_company_says_at_once_where_it_lives)
{
	struct fixture *f = settled();

	told_elsewhere(f, 5);
	ck_assert_uint_eq(swim_incarnation(f->swim), 6);
	told_elsewhere(f, 10);
	told_elsewhere(f, 11);
	ck_assert_uint_eq(swim_incarnation(f->swim), 6);
	in_company(f, swim_seconds(3));
	ck_assert_uint_eq(swim_incarnation(f->swim), 12);
	fixture_free(f);
}
END_TEST

/* For a while; or whoever gets that address later could end us, and strangers could choose one. */
START_TEST(an_owner_that_never_came_back_has_lost_its_name)
{
	/* A day later; after another answered there; and a base peer, that can't say what it is. */
	for (unsigned way = 0; way < 3; way++) {
		struct fixture *f = started();

		fixture_proven(f, 1);
		told_elsewhere(f, 5);
		in_company(f, way == 0 ? swim_seconds(310) : swim_seconds(60));
		ck_assert_uint_eq(swim_incarnation(f->swim), 6);
		if (way == 1) {
			told_elsewhere(f, 9);
			fixture_ack(f, 9, fixture_sent(f, WIRE_PING, 9)->message.seq, 9,
			    (struct fixture_says){.ours = true, .sender = 9});
			fixture_clear(f);
		}
		if (way == 2)
			fixture_ping(f, 9, 1, (struct fixture_says){.ours = true, .sender = 0});
		else
			claim(f, 9, UINT64_MAX);
		namesake_answers(f, 9, way != 2);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_CONFLICT, NULL), 1);
		fixture_free(f);
	}
}
END_TEST

/* An answer before a cut and one after it are not the company of all that time. */
START_TEST(company_that_was_interrupted_settles_nobody)
{
	struct fixture *f = started();

	fixture_proven(f, 1);
	fixture_run(f, swim_seconds(100));
	fixture_proven(f, 2);
	in_company(f, swim_seconds(5));
	claim(f, 9, UINT64_C(1) << 40);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 1);
	fixture_free(f);
	/* But whoever has been settled stays so. */
	f = settled();
	fixture_run(f, swim_seconds(100));
	fixture_proven(f, 2);
	claim(f, 9, UINT64_MAX);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	fixture_free(f);
}
END_TEST

/* Strangers can make us ask them instead. */
START_TEST(who_has_no_room_to_ask_contradicts_once_at_a_time)
{
	struct fixture *f = settled();

	for (unsigned i = 20; i < 60; i++)
		fixture_ping(f, i, i, (struct fixture_says){0});
	for (unsigned i = 0; i < 20; i++)
		told_elsewhere(f, swim_incarnation(f->swim));
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	/* But does, again and again. */
	fixture_run(f, swim_seconds(4));
	for (unsigned i = 60; i < 100; i++)
		fixture_ping(f, i, i, (struct fixture_says){0});
	told_elsewhere(f, 5);
	ck_assert_uint_eq(swim_incarnation(f->swim), 6);
	fixture_free(f);
}
END_TEST

/* Each contradiction moves it at all others. */
START_TEST(two_that_both_stay_contradict_each_other_less_and_less)
{
	struct fixture *f = settled();
	uint64_t rises[2] = {0};

	for (unsigned step = 0; step < 2 * 120 * 20; step++) {
		uint64_t before = swim_incarnation(f->swim);

		/* The other does not rest, and rises at once. */
		told_elsewhere(f, before + 1);
		fixture_run(f, swim_ms(50));
		if (fixture_sent(f, WIRE_PING, 9) != NULL) {
			namesake_answers(f, 9, true);
			claim(f, 9, UINT64_MAX);
		}
		if (fixture_sent(f, WIRE_PING, 1) != NULL)
			fixture_ack(f, 1, fixture_sent(f, WIRE_PING, 1)->message.seq, 1,
			    (struct fixture_says){.ours = true,
				.sender = 1,
				.digest = fixture_stats(f).digest});
		fixture_clear(f);
		rises[step / (120 * 20)] += swim_incarnation(f->swim) != before;
	}
	ck_assert_uint_ge(rises[0], 5);
	ck_assert_uint_le(rises[0], 10);
	/* The last word is its own, within a minute and some. */
	ck_assert_uint_ge(rises[1], 1);
	ck_assert_uint_le(rises[1], 2);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_name", an_owner_that_never_came_back_has_lost_its_name,
    company_that_was_interrupted_settles_nobody, who_has_no_room_to_ask_contradicts_once_at_a_time,
    two_that_both_stay_contradict_each_other_less_and_less,
    a_claim_to_our_name_counts_once_its_sender_answers,
    a_stranger_of_our_name_ends_nobody_who_has_company,
    whoever_has_company_outdoes_whoever_has_none, a_newcomer_goes_though_others_have_answered_it,
    an_owner_that_comes_back_has_its_name_again, whoever_has_company_says_at_once_where_it_lives)
