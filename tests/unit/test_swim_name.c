/* SPDX-License-Identifier: MIT */
/* Contests of two members with one name, and what a stranger that uses our name can do. */
#include "swim_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

/* Lets time pass, in which this peer answers every ping. */
static void
in_company_of(struct fixture *f, unsigned peer, swim_duration d)
{
	fixture_answer_until(f, peer, peer, swim_ms(50), d, NULL);
}

static void
in_company(struct fixture *f, swim_duration d)
{
	in_company_of(f, 1, d);
}

/* A settled core: others have been answering it for more than 30 probe intervals. */
static struct fixture *
settled(void)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	in_company(f, swim_seconds(35));
	return f;
}

static size_t
claim_by(struct fixture *f, unsigned from, uint64_t seq, uint64_t age_ms, bool earlier)
{
	struct wire_member_id self = {wire_str_of("self"), wire_str_of("10.0.1.9:7946")};
	/* The claim of an earlier version of swimd has a digest. */
	struct wire_trailer trailer = {.has_digest = earlier, .digest = fixture_stats(f).digest};
	struct wire_writer w;
	uint8_t data[128];

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_put_claim(&w, seq, &self, age_ms);
	return fixture_finish(f, from, &w, &trailer, 0);
}

static size_t
claim_as(struct fixture *f, unsigned from, uint64_t seq, uint64_t age_ms)
{
	return claim_by(f, from, seq, age_ms, false);
}

static void
claim(struct fixture *f, unsigned from, uint64_t age_ms)
{
	claim_as(f, from, 1, age_ms);
}

/* Lets one round of a contest end: four questions, each with its patience of 400 ms. */
static void
contested(struct fixture *f)
{
	fixture_run(f, swim_ms(4 * 400));
}

static size_t
lost(struct fixture *f)
{
	return fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL);
}

/* A peer answers under our name all pings so far, and the pings that these answers cause. */
static void
namesake_answers(struct fixture *f, unsigned from, bool swimd)
{
	fixture_expect_first(f, WIRE_PING, from);
	for (size_t i = 0; i < f->out_count; i++) {
		const struct fixture_out *out = &f->out[i];

		if (fixture_went(out, WIRE_PING, from))
			fixture_ack(f, from, out->message.seq, 0,
			    (struct fixture_says){.swimd = swimd, .sender = 0});
	}
}

/* A peer answers a ping of ours under our name, so we may send claims to it. */
static void
shown(struct fixture *f, unsigned from)
{
	fixture_ping(f, from, 1, fixture_swimd(0));
	namesake_answers(f, from, true);
	fixture_clear(f);
}

/* A peer tells that we live at 10.0.1.9. */
static void
told_elsewhere_by(struct fixture *f, unsigned peer, uint64_t incarnation)
{
	struct wire_update elsewhere = fixture_update(f, 0, SWIM_ALIVE, incarnation);

	elsewhere.member.address = wire_str_of("10.0.1.9:7946");
	fixture_ping(f, peer, 1, fixture_telling(fixture_same_view(f, peer), &elsewhere, 1));
}

static void
told_elsewhere(struct fixture *f, uint64_t incarnation)
{
	told_elsewhere_by(f, 1, incarnation);
}

/*
 * A seed of our name may be another member. Only our own datagram that comes back shows that the
 * seed is this member.
 */
START_TEST(a_seed_of_our_name_is_reported_as_local_only_if_our_ping_comes_back)
{
	struct fixture *f = fixture_started();
	const struct fixture_out *ping;
	uint8_t copy[512];

	for (int ourselves = 0; ourselves <= 1; ourselves++) {
		fixture_clear(f);
		fixture_join(f, 1);
		ping = fixture_expect(f, WIRE_AUTHENTICATED, 1);
		ck_assert_uint_le(ping->len, sizeof(copy));
		memcpy(copy, ping->data, ping->len);
		/* Our ping comes back to us, from another address of ours. */
		if (ourselves) {
			ck_assert_int_eq(fixture_input(f, 2, copy, ping->len), WIRE_OK);
			fixture_drain(f);
		}
		namesake_answers(f, 1, true);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_ANSWERED, "self"), 1);
		for (size_t i = 0; i < f->event_count; i++) {
			if (f->events[i].type == SWIM_EVENT_SEED_ANSWERED)
				ck_assert_int_eq(f->events[i].member.local, ourselves);
		}
		contested(f);
	}
	fixture_free(f);
}
END_TEST

/* The source of a datagram can be forged, so one datagram with a claim to our name must not end us. */
START_TEST(a_claim_to_our_name_counts_once_its_sender_answers)
{
	struct fixture_says swimd = fixture_swimd(0);
	struct fixture *f = fixture_started();
	uint64_t seq;

	claim(f, 9, UINT64_MAX);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	ck_assert_uint_lt(fixture_expect(f, WIRE_PING, 9)->len, 100);
	fixture_run(f, swim_seconds(30));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	ck_assert_uint_le(swim_incarnation(f->swim), 1);
	/* The claim and the answer may come in either order. An ack with another sequence number is no answer. */
	fixture_clear(f);
	claim(f, 9, UINT64_MAX);
	seq = fixture_expect(f, WIRE_PING, 9)->message.seq;
	fixture_ack(f, 9, seq + 1, 0, swimd);
	contested(f);
	ck_assert_uint_eq(lost(f), 0);
	claim(f, 9, UINT64_MAX);
	ck_assert_uint_gt(f->out_count, 0);
	seq = f->out[f->out_count - 1].message.seq;
	fixture_ack(f, 9, seq, 0, swimd);
	/* Other members may still answer us before the contest ends. */
	ck_assert_uint_eq(lost(f), 0);
	contested(f);
	ck_assert_uint_eq(lost(f), 1);
	fixture_free(f);
	f = fixture_started();
	fixture_ping(f, 9, 1, swimd);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	claim(f, 9, UINT64_MAX);
	contested(f);
	ck_assert_uint_eq(lost(f), 1);
	fixture_free(f);
}
END_TEST

/*
 * A member pings in our name and answers under its own name. Nobody else has our name, so we need
 * not rise again.
 */
START_TEST(a_member_that_speaks_in_our_name_makes_us_rise_once_at_most)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	for (unsigned i = 0; i < 20; i++) {
		const struct fixture_out *ping;

		fixture_clear(f);
		fixture_ping(f, 1, 100 + i, fixture_swimd(0));
		ping = fixture_sent(f, WIRE_PING, 1);
		if (ping != NULL)
			fixture_ack(f, 1, ping->message.seq, 1, fixture_swimd(1));
		fixture_run(f, swim_ms(10));
	}
	ck_assert_uint_le(swim_incarnation(f->swim), 1);
	ck_assert_uint_eq(lost(f), 0);
	fixture_free(f);
}
END_TEST

/* The source of a claim may be forged. */
START_TEST(a_name_conflict_is_reported_once_the_sender_of_the_claim_answers)
{
	for (unsigned way = 0; way < 3; way++) {
		struct fixture *f = settled();
		uint64_t age = way == 0 ? 1 : way == 1 ? UINT64_C(1) << 40 : UINT64_MAX;

		claim(f, 9, age);
		contested(f);
		fixture_run(f, swim_seconds(10));
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_CONFLICT, NULL), 0);
		/* The answer and the claim come in either order. */
		fixture_clear(f);
		fixture_ping(f, 9, 1, fixture_swimd(0));
		if (way != 1)
			claim(f, 9, age);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_CONFLICT, NULL), 0);
		namesake_answers(f, 9, true);
		if (way == 1)
			claim(f, 9, age);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_CONFLICT, NULL), 1);
		fixture_free(f);
	}
}
END_TEST

/* A forged source is sent no more datagrams, and no more bytes, than came from it. */
START_TEST(a_namesake_that_has_not_answered_is_sent_no_more_than_it_sends)
{
	struct fixture *f = fixture_started();
	size_t in = 0, out = 0;

	/* Small and large pings; our own pings are not answered. */
	for (unsigned i = 0; i < 8; i++) {
		struct wire_trailer trailer = {.has_sender = true, .sender = wire_str_of("self")};
		struct wire_writer w;
		uint8_t data[512];

		wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
		wire_begin_ping(&w, i);
		in += fixture_finish(f, 9, &w, &trailer, i % 2 == 0 ? 0 : 400);
		fixture_run(f, swim_ms(300));
	}
	fixture_run(f, swim_seconds(100));
	for (size_t i = 0; i < f->out_count; i++)
		out += f->out[i].len;
	ck_assert_uint_ge(f->out_count, 2);
	ck_assert_uint_le(f->out_count, 8);
	ck_assert_uint_le(out, in);
	fixture_free(f);
}
END_TEST

/* Both members ask first, so one of the two has to answer; the answer is no larger than the question. */
START_TEST(a_namesake_is_answered_while_our_own_question_waits)
{
	struct fixture *f = fixture_started();
	const struct fixture_out *question;
	struct wire_trailer trailer = {.has_sender = true, .sender = wire_str_of("self")};
	struct wire_writer w;
	uint8_t data[64];
	uint64_t seq;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping(&w, 77);
	(void)wire_finish(&w, &trailer, 0);
	claim(f, 9, 1);
	question = fixture_expect(f, WIRE_PING, 9);
	seq = question->message.seq;
	fixture_clear(f);
	ck_assert_int_eq(fixture_input(f, 9, data, 16 + 2), WIRE_OK);
	fixture_drain(f);
	ck_assert_uint_eq(f->out_count, 1);
	ck_assert_uint_le(f->out[0].len, 16 + 2);
	ck_assert_int_eq(f->out[0].message.type, WIRE_NACK);
	ck_assert_uint_eq(f->out[0].message.seq, 77);
	ck_assert(wire_str_equal(f->out[0].message.member.id, "self"));
	/* A nack with the number of our question shows that the namesake lives there, and draws our claim. */
	fixture_clear(f);
	wire_writer_init(&w, data, sizeof(data), 0);
	wire_begin_nack(&w, seq + 1,
	    &(struct wire_member_id){wire_str_of("self"), wire_str_of("")});
	fixture_finish(f, 9, &w, NULL, 0);
	ck_assert_ptr_null(fixture_sent(f, WIRE_CLAIM, 9));
	wire_writer_init(&w, data, sizeof(data), 0);
	wire_begin_nack(&w, seq, &(struct wire_member_id){wire_str_of("self"), wire_str_of("")});
	fixture_finish(f, 9, &w, NULL, 0);
	fixture_expect(f, WIRE_CLAIM, 9);
	fixture_free(f);
}
END_TEST

/*
 * A later claim may look older only because its path was faster; and the namesake goes because of
 * the decision that we told.
 */
START_TEST(a_decision_to_stay_is_kept_and_a_member_that_goes_tells_none)
{
	struct fixture *f = fixture_started();

	fixture_run(f, swim_seconds(10));
	shown(f, 20);
	claim(f, 20, 9999);
	ck_assert_uint_ge(fixture_expect(f, WIRE_CLAIM, 20)->message.age_ms, WIRE_CLAIM_STAYS);
	for (unsigned round = 0; round < 8; round++) {
		claim(f, 20, 10001 + round * 1600);
		if (fixture_sent(f, WIRE_PING, 20) != NULL)
			namesake_answers(f, 20, true);
		contested(f);
	}
	ck_assert_uint_eq(lost(f), 0);
	fixture_free(f);
	f = fixture_started();
	fixture_run(f, swim_seconds(10));
	shown(f, 20);
	claim(f, 20, 10001);
	claim(f, 20, 9999);
	for (size_t i = 0; i < f->out_count; i++)
		ck_assert(f->out[i].message.type != WIRE_CLAIM ||
			  f->out[i].message.age_ms < WIRE_CLAIM_STAYS);
	contested(f);
	ck_assert_uint_eq(lost(f), 1);
	fixture_free(f);
}
END_TEST

/* The stranger answers as a base peer, or claims the highest age; anybody can do so from an address of its own. */
START_TEST(a_stranger_of_our_name_does_not_end_a_settled_member)
{
	for (unsigned way = 0; way < 2; way++) {
		struct fixture *f = settled();
		struct swim_addr stranger = fixture_addr(9);

		fixture_ping(f, 9, 1, fixture_swimd(0));
		if (way == 1)
			claim(f, 9, UINT64_MAX);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_CONFLICT, NULL), 0);
		namesake_answers(f, 9, way == 1);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
		/* The conflict is reported, with the address of the stranger. */
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_CONFLICT, "self"), 1);
		for (size_t i = 0; i < f->event_count; i++) {
			if (f->events[i].type == SWIM_EVENT_NAME_CONFLICT)
				ck_assert(swim_addr_equal(&f->events[i].address, &stranger));
		}
		/* The conflict is not reported again for each datagram. */
		namesake_answers(f, 9, way == 1);
		fixture_ping(f, 9, 2, fixture_swimd(0));
		claim(f, 9, UINT64_MAX);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_CONFLICT, NULL), 1);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
		fixture_free(f);
	}
}
END_TEST

START_TEST(a_member_with_company_wins_against_one_without)
{
	struct fixture *f = settled();

	/* The namesake is older and has no company. Once it has answered, it is sent the claim that makes it go. */
	claim(f, 9, UINT64_C(1) << 40);
	ck_assert_ptr_null(fixture_sent(f, WIRE_CLAIM, 9));
	namesake_answers(f, 9, true);
	ck_assert_uint_ge(fixture_expect(f, WIRE_CLAIM, 9)->message.age_ms, WIRE_CLAIM_STAYS);
	fixture_free(f);
	f = fixture_started();
	fixture_run(f, swim_seconds(1000));
	claim(f, 9, 1000);
	ck_assert_ptr_null(fixture_sent(f, WIRE_CLAIM, 9));
	namesake_answers(f, 9, true);
	fixture_expect(f, WIRE_CLAIM, 9);
	claim(f, 9, 1000 | WIRE_CLAIM_STAYS);
	namesake_answers(f, 9, true);
	contested(f);
	ck_assert_uint_eq(lost(f), 1);
	fixture_free(f);
}
END_TEST

/* Company for a moment does not count: a newcomer has it too, before it hears of the owner. */
START_TEST(a_newcomer_goes_although_others_have_answered_it)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	in_company(f, swim_seconds(20));
	told_elsewhere(f, 0);
	claim(f, 9, 60000);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(lost(f), 1);
	fixture_free(f);
}
END_TEST

/* The owner stood still, or was cut off, when we came and found nobody at its address. */
START_TEST(an_owner_that_comes_back_gets_its_name_back)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	told_elsewhere(f, 5);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	in_company(f, swim_seconds(60));
	ck_assert_uint_eq(swim_incarnation(f->swim), 6);
	claim(f, 8, UINT64_MAX);
	namesake_answers(f, 8, true);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	claim(f, 9, UINT64_MAX);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 1);
	fixture_free(f);
}
END_TEST

/*
 * Until we contradict, the others look for us at the told address. Two members that both stay must
 * not raise each other's incarnations without end.
 */
START_TEST(a_settled_member_contradicts_a_wrong_address_at_once)
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

/*
 * The former address of the owner counts for a while only. Otherwise another host that gets this
 * address could end us, and a stranger could choose it.
 */
START_TEST(an_owner_that_does_not_come_back_in_time_loses_its_name)
{
	/*
	 * The claim comes after 310 s, or after another member answered at the address, or the
	 * namesake is a base peer, which cannot claim.
	 */
	for (unsigned way = 0; way < 3; way++) {
		struct fixture *f = fixture_started();

		fixture_routable(f, 1);
		told_elsewhere(f, 5);
		in_company(f, way == 0 ? swim_seconds(310) : swim_seconds(60));
		ck_assert_uint_eq(swim_incarnation(f->swim), 6);
		if (way == 1) {
			told_elsewhere(f, 9);
			fixture_answer(f, 9, fixture_swimd(9));
			fixture_clear(f);
		}
		if (way == 2)
			fixture_ping(f, 9, 1, fixture_swimd(0));
		else
			claim(f, 9, UINT64_MAX);
		namesake_answers(f, 9, way != 2);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_CONFLICT, NULL), 1);
		fixture_free(f);
	}
}
END_TEST

/* An answer before a partition and another one after it are not company for the time between them. */
START_TEST(interrupted_company_does_not_make_a_member_settled)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	fixture_run(f, swim_seconds(100));
	fixture_routable(f, 2);
	in_company_of(f, 2, swim_seconds(5));
	told_elsewhere_by(f, 2, swim_incarnation(f->swim));
	claim(f, 9, UINT64_C(1) << 40);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(lost(f), 1);
	fixture_free(f);
	/* A settled member stays settled. */
	f = settled();
	fixture_run(f, swim_seconds(100));
	fixture_routable(f, 2);
	claim(f, 9, UINT64_MAX);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	fixture_free(f);
}
END_TEST

/* Strangers can take all places for contests. */
START_TEST(without_room_for_a_contest_we_contradict_once_per_contest_time)
{
	struct fixture *f = settled();

	for (unsigned i = 20; i < 60; i++)
		fixture_ping(f, i, i, fixture_nothing);
	for (unsigned i = 0; i < 20; i++)
		told_elsewhere(f, swim_incarnation(f->swim));
	ck_assert_uint_eq(swim_incarnation(f->swim), 1);
	/* After this time we contradict again. */
	fixture_run(f, swim_seconds(4));
	for (unsigned i = 60; i < 100; i++)
		fixture_ping(f, i, i, fixture_nothing);
	told_elsewhere(f, 5);
	ck_assert_uint_eq(swim_incarnation(f->swim), 6);
	fixture_free(f);
}
END_TEST

/* Each contradiction makes all other members move us to our address. */
START_TEST(two_members_that_both_stay_contradict_each_other_less_and_less_often)
{
	struct fixture *f = settled();
	uint64_t rises[2] = {0};

	for (unsigned step = 0; step < 2 * 120 * 20; step++) {
		uint64_t before = swim_incarnation(f->swim);

		/* The namesake does not pause, and rises at once. */
		told_elsewhere(f, before + 1);
		fixture_run(f, swim_ms(50));
		if (fixture_sent(f, WIRE_PING, 9) != NULL) {
			namesake_answers(f, 9, true);
			claim(f, 9, UINT64_MAX);
		}
		fixture_answer_all(f, 1, 1);
		fixture_clear(f);
		rises[step / (120 * 20)] += swim_incarnation(f->swim) != before;
	}
	ck_assert_uint_ge(rises[0], 5);
	ck_assert_uint_le(rises[0], 10);
	/* When the pause is 60 s long, we contradict once or twice in 120 s. */
	ck_assert_uint_ge(rises[1], 1);
	ck_assert_uint_le(rises[1], 2);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
	fixture_free(f);
}
END_TEST

/*
 * Right after our start a stranger at one address claims our name, as a base peer and as a swimd
 * peer. Once another member has answered us, we go only if a witness tells that our name lives
 * elsewhere.
 */
START_TEST(a_stranger_of_our_name_needs_a_witness_once_a_member_has_answered_us)
{
	for (unsigned way = 0; way < 2; way++) {
		struct fixture *f = fixture_started();

		fixture_routable(f, 1);
		in_company(f, swim_seconds(1));
		fixture_ping(f, 9, 1, (struct fixture_says){.swimd = way == 1, .sender = 0});
		claim(f, 9, UINT64_MAX);
		namesake_answers(f, 9, way == 1);
		in_company(f, swim_seconds(5));
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_NAME_LOST, NULL), 0);
		claim(f, 9, UINT64_MAX);
		namesake_answers(f, 9, way == 1);
		ck_assert_uint_eq(lost(f), 0);
		ck_assert_uint_ge(fixture_expect(f, WIRE_CLAIM, 9)->message.age_ms, 0);
		/* The stranger is no witness for itself, whatever name it gives. */
		told_elsewhere_by(f, 9, swim_incarnation(f->swim));
		claim(f, 9, UINT64_MAX);
		ck_assert_uint_eq(lost(f), 0);
		/* After the word of a witness the stranger is asked again. */
		fixture_clear(f);
		told_elsewhere(f, swim_incarnation(f->swim));
		claim(f, 9, UINT64_MAX);
		ck_assert_uint_eq(lost(f), 0);
		namesake_answers(f, 9, way == 1);
		ck_assert_uint_eq(lost(f), 1);
		fixture_free(f);
	}
}
END_TEST

/*
 * The namesake has started again, and is younger now. The claim of its former run does not decide
 * the contest that a witness begins.
 */
START_TEST(a_namesake_that_started_again_is_judged_by_its_new_age)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	in_company(f, swim_seconds(1));
	claim(f, 9, UINT64_MAX);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(lost(f), 0);
	fixture_clear(f);
	told_elsewhere(f, swim_incarnation(f->swim));
	claim(f, 9, 0);
	namesake_answers(f, 9, true);
	contested(f);
	ck_assert_uint_eq(lost(f), 0);
	fixture_free(f);
}
END_TEST

/* The seed answers us before the contest is over, which is company. */
START_TEST(a_newcomer_waits_for_its_seed_before_it_goes)
{
	struct fixture *f = fixture_started();

	fixture_join(f, 1);
	fixture_ping(f, 9, 1, fixture_swimd(0));
	claim(f, 9, UINT64_MAX);
	namesake_answers(f, 9, true);
	ck_assert_uint_eq(lost(f), 0);
	fixture_answer(f, 1, fixture_same_view(f, 1));
	contested(f);
	ck_assert_uint_eq(lost(f), 0);
	ck_assert_uint_ge(fixture_event_count(f, SWIM_EVENT_NAME_CONFLICT, NULL), 1);
	fixture_free(f);
}
END_TEST

/* Otherwise a stranger could name an address, and later claim our name from there as an owner that was away. */
START_TEST(the_word_of_a_stranger_makes_nobody_an_owner_that_was_away)
{
	struct fixture *f = fixture_started();

	told_elsewhere_by(f, 8, 5);
	contested(f);
	fixture_routable(f, 1);
	in_company(f, swim_seconds(35));
	claim(f, 9, UINT64_MAX);
	namesake_answers(f, 9, true);
	contested(f);
	ck_assert_uint_eq(lost(f), 0);
	fixture_free(f);
}
END_TEST

/* A core at a higher address than peer 9, so peer 9 decides. */
static struct fixture *
higher(void)
{
	struct fixture *f = fixture_new();

	f->config.address = (struct swim_addr){.family = 4, .port = 7946, .ip = {10, 0, 2, 1}};
	ck_assert(fixture_start(f));
	fixture_run(f, swim_seconds(10));
	fixture_clear(f);
	return f;
}

START_TEST(the_lower_address_decides_between_ages_that_are_close)
{
	struct fixture *f = higher();

	/* Peer 9 decides, and tells that it stays. */
	claim(f, 9, 9000);
	namesake_answers(f, 9, true);
	ck_assert_uint_lt(fixture_expect(f, WIRE_CLAIM, 9)->message.age_ms, WIRE_CLAIM_STAYS);
	ck_assert_uint_eq(lost(f), 0);
	claim(f, 9, 9001 | WIRE_CLAIM_STAYS);
	contested(f);
	ck_assert_uint_eq(lost(f), 1);
	fixture_free(f);
	/*
	 * An earlier version tells no decision, but claims again if it stays; if it goes, it is
	 * silent when it is asked again.
	 */
	f = higher();
	for (unsigned round = 0; round < 2; round++) {
		ck_assert_uint_eq(lost(f), 0);
		claim_by(f, 9, 1, 9000 + round * 1600, true);
		namesake_answers(f, 9, true);
		fixture_run(f, swim_ms(1500));
		fixture_clear(f);
		fixture_run(f, swim_ms(100));
	}
	ck_assert_uint_eq(lost(f), 1);
	fixture_free(f);
	/* No path is slow enough for this difference of ages. */
	f = higher();
	for (unsigned round = 0; round < 3; round++) {
		claim_by(f, 9, 1, 8000 + round * 1600, true);
		namesake_answers(f, 9, true);
		contested(f);
	}
	fixture_run(f, swim_seconds(5));
	ck_assert_uint_eq(lost(f), 0);
	fixture_free(f);
}
END_TEST

START_TEST(at_most_8_claims_from_an_address_are_answered_and_answers_are_not)
{
	struct fixture *f = fixture_started();
	uint64_t seq;

	shown(f, 9);
	for (unsigned i = 0; i < 100; i++)
		claim(f, 9, 0);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_CLAIM), 8);
	fixture_clear(f);
	for (unsigned i = 10; i < 250; i++)
		claim(f, i, 0);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_CLAIM), 0);
	ck_assert_uint_le(fixture_sent_count(f, WIRE_PING), 240);
	/* After 10 s claims from this address are answered again. */
	fixture_run(f, swim_seconds(11));
	fixture_clear(f);
	fixture_ping(f, 9, 1, fixture_swimd(0));
	namesake_answers(f, 9, true);
	seq = fixture_expect(f, WIRE_CLAIM, 9)->message.seq;
	fixture_clear(f);
	claim_as(f, 9, seq ^ 1, 0);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_CLAIM), 0);
	claim_as(f, 9, seq ^ 2, 0);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_CLAIM), 1);
	ck_assert_uint_eq(fixture_expect(f, WIRE_CLAIM, 9)->message.seq, seq ^ 3);
	fixture_free(f);
}
END_TEST

/* The source of a claim may be forged, and then the answer goes to a host that has asked for nothing. */
START_TEST(the_answer_to_a_claim_is_no_larger_than_the_claim)
{
	struct fixture *f = fixture_new();
	size_t len;

	f->config.address = (struct swim_addr){.family = 4, .port = 17946, .ip = {10, 0, 0, 1}};
	ck_assert(fixture_start(f));
	fixture_run(f, swim_seconds(10));
	shown(f, 9);
	len = claim_as(f, 9, 1, 0);
	ck_assert_ptr_null(fixture_sent(f, WIRE_CLAIM, 9));
	fixture_free(f);
	f = fixture_started();
	fixture_run(f, swim_seconds(10));
	shown(f, 9);
	ck_assert_uint_eq(claim_as(f, 9, 1, 0), len);
	ck_assert_uint_le(fixture_expect(f, WIRE_CLAIM, 9)->len, len);
	/* A claim that is no answer is large enough for any answer to it. */
	fixture_ping(f, 8, 1, fixture_swimd(0));
	namesake_answers(f, 8, true);
	ck_assert_uint_ge(fixture_expect(f, WIRE_CLAIM, 8)->len,
	    fixture_expect(f, WIRE_CLAIM, 9)->len +
		strlen("[fe80:1234:1234:1234:1234:1234:1234:1234]:65535") -
		strlen("10.0.0.1:7946"));
	fixture_free(f);
}
END_TEST

/* ------------------------------------------------------------- two machines of one image, on a path */

#define TWINS_SENT_MAX 4096

struct twins {
	struct fixture *f[2];
	int64_t delay_ms;
	struct {
		struct fixture_out *out;
		swim_time at;
		unsigned to;
	} * under_way;
	size_t count, taken;
	unsigned claims, lost[2];
};

static void *
twins_resize(void *ctx, void *old, size_t size)
{
	(void)ctx;
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

static void
twins_take_out(struct twins *t, unsigned i, swim_time now)
{
	struct swim_datagram d;
	struct swim_event e;

	while (t->f[i]->swim != NULL && swim_next_datagram(t->f[i]->swim, &d)) {
		struct fixture_out *out = calloc(1, sizeof(*out));

		ck_assert_uint_lt(t->count, TWINS_SENT_MAX);
		out->data = malloc(d.len);
		memcpy(out->data, d.data, d.len);
		out->len = d.len;
		t->claims += d.type == WIRE_CLAIM;
		t->under_way[t->count].out = out;
		t->under_way[t->count].at = swim_time_add(now, swim_ms(t->delay_ms));
		t->under_way[t->count++].to = 1 - i;
	}
	while (t->f[i]->swim != NULL && swim_next_event(t->f[i]->swim, &e)) {
		if (e.type == SWIM_EVENT_NAME_LOST) {
			t->lost[i]++;
			swim_free(t->f[i]->swim);
			t->f[i]->swim = NULL;
		}
	}
}

/*
 * The second member starts `gap_ms` after the first, and each joins through the other as a seed.
 * `lost` tells afterwards which of them went.
 */
static void
twins_live(struct twins *t, int64_t gap_ms)
{
	swim_time now = {1000000000}, end = swim_time_add(now, swim_seconds(30));
	struct swim_addr addr[2];

	for (unsigned i = 0; i < 2; i++)
		addr[i] = t->f[i]->config.address;
	for (int64_t ms = 0; swim_time_before(now, end);
	     ms++, now = swim_time_add(now, swim_ms(1))) {
		for (unsigned i = 0; i < 2; i++) {
			struct fixture *f = t->f[i];

			if (ms == (i == 0 ? 0 : gap_ms)) {
				f->swim = swim_new(&f->config, i + 1, now);
				ck_assert(swim_join(f->swim, now, &addr[1 - i]));
			}
			if (f->swim != NULL && swim_time_reached(now, swim_deadline(f->swim)))
				swim_tick(f->swim, now);
			twins_take_out(t, i, now);
		}
		for (; t->taken < t->count && swim_time_reached(now, t->under_way[t->taken].at);
		     t->taken++) {
			unsigned to = t->under_way[t->taken].to;
			struct fixture_out *out = t->under_way[t->taken].out;

			if (t->f[to]->swim != NULL)
				swim_input(t->f[to]->swim, now, &addr[1 - to], out->data, out->len);
			free(out->data);
			free(out);
			twins_take_out(t, to, now);
		}
	}
	while (t->taken < t->count) {
		free(t->under_way[t->taken].out->data);
		free(t->under_way[t->taken++].out);
	}
}

START_TEST(of_two_machines_of_one_image_exactly_one_goes_on_any_path)
{
	static const int64_t delays[] = {0, 2, 50, 100, 300, 390},
			     gaps[] = {0, 1, 7, 99, 250, 9000};

	for (size_t k = 0; k < 2 * 6 * 6; k++) {
		struct twins t = {.delay_ms = delays[k / 2 % 6]};
		int64_t gap = gaps[k / 12];
		unsigned first = k % 2;

		t.under_way = calloc(TWINS_SENT_MAX, sizeof(*t.under_way));
		for (unsigned i = 0; i < 2; i++) {
			t.f[i] = fixture_new();
			t.f[i]->config.allocator = (struct swim_allocator){twins_resize, NULL};
			t.f[i]->config.address.ip[3] = (uint8_t)(i == first ? 1 : 2);
		}
		twins_live(&t, gap);
		ck_assert_msg(t.lost[0] + t.lost[1] == 1,
		    "path of %d ms, started %d ms apart: name lost %u and %u times",
		    (int)t.delay_ms, (int)gap, t.lost[0], t.lost[1]);
		if (gap > 2000)
			ck_assert_uint_eq(t.lost[1], 1);
		ck_assert_msg(t.claims <= 32 && t.count <= 300,
		    "path of %d ms, started %d ms apart: %u claims among %u datagrams",
		    (int)t.delay_ms, (int)gap, t.claims, (unsigned)t.count);
		for (unsigned i = 0; i < 2; i++) {
			swim_free(t.f[i]->swim);
			t.f[i]->swim = NULL;
			fixture_free(t.f[i]);
		}
		free(t.under_way);
	}
}
END_TEST

/*
 * Datagrams to 10.0.1.9, an address of our own, come back from there in order, and so do the
 * datagrams that they cause. Returns how many came back, 50 at most.
 */
static size_t
looped_back(struct fixture *f)
{
	struct swim_addr there = fixture_addr(9);
	size_t count = 0;

	for (size_t i = 0; i < f->out_count && count < 50; i++) {
		uint8_t data[WIRE_DATAGRAM_MAX];
		size_t len = f->out[i].len;

		if (!swim_addr_equal(&f->out[i].to, &there))
			continue;
		count++;
		memcpy(data, f->out[i].data, len);
		ck_assert_int_eq(fixture_input(f, 9, data, len), WIRE_OK);
		fixture_drain(f);
	}
	return count;
}

/* We moved from one of our addresses to another and lost our state: the others know us at the first address. */
START_TEST(a_contest_at_an_address_of_our_own_ends_with_its_first_datagrams)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	fixture_clear(f);
	told_elsewhere(f, 5);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	/* A small ping, and an answer that is no larger. */
	ck_assert_uint_eq(looped_back(f), 2);
	ck_assert_uint_le(fixture_expect(f, WIRE_NACK, 9)->len,
	    fixture_expect(f, WIRE_PING, 9)->len);
	/* Nobody else has the name, so we rise before the end of the contest. */
	ck_assert_uint_eq(swim_incarnation(f->swim), 6);
	/* A stranger that forges this source is no namesake. */
	fixture_clear(f);
	claim(f, 9, UINT64_MAX);
	ck_assert_uint_le(looped_back(f), 3);
	contested(f);
	claim(f, 9, UINT64_MAX);
	ck_assert_uint_le(looped_back(f), 3);
	contested(f);
	ck_assert_uint_eq(lost(f), 0);
	fixture_free(f);
	/* The contest also ends so if our ping comes back after its question was answered. */
	f = fixture_started();
	fixture_ping(f, 9, 1, fixture_swimd(0));
	ck_assert_uint_lt(looped_back(f), 10);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_name", a_seed_of_our_name_is_reported_as_local_only_if_our_ping_comes_back,
    a_name_conflict_is_reported_once_the_sender_of_the_claim_answers,
    a_namesake_that_has_not_answered_is_sent_no_more_than_it_sends,
    a_namesake_is_answered_while_our_own_question_waits,
    a_decision_to_stay_is_kept_and_a_member_that_goes_tells_none,
    a_contest_at_an_address_of_our_own_ends_with_its_first_datagrams,
    of_two_machines_of_one_image_exactly_one_goes_on_any_path,
    the_answer_to_a_claim_is_no_larger_than_the_claim,
    at_most_8_claims_from_an_address_are_answered_and_answers_are_not,
    the_lower_address_decides_between_ages_that_are_close,
    the_word_of_a_stranger_makes_nobody_an_owner_that_was_away,
    a_newcomer_waits_for_its_seed_before_it_goes,
    a_stranger_of_our_name_needs_a_witness_once_a_member_has_answered_us,
    a_namesake_that_started_again_is_judged_by_its_new_age,
    an_owner_that_does_not_come_back_in_time_loses_its_name,
    interrupted_company_does_not_make_a_member_settled,
    without_room_for_a_contest_we_contradict_once_per_contest_time,
    two_members_that_both_stay_contradict_each_other_less_and_less_often,
    a_claim_to_our_name_counts_once_its_sender_answers,
    a_member_that_speaks_in_our_name_makes_us_rise_once_at_most,
    a_stranger_of_our_name_does_not_end_a_settled_member,
    a_member_with_company_wins_against_one_without,
    a_newcomer_goes_although_others_have_answered_it, an_owner_that_comes_back_gets_its_name_back,
    a_settled_member_contradicts_a_wrong_address_at_once)
