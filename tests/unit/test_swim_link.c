/* SPDX-License-Identifier: MIT */
/* Where a member is asked: at the address that it tells, where it has answered instead, or through others alone. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

static const struct swim_addr outer = {.family = 4, .port = 40123, .ip = {10, 9, 9, 1}};
static const struct swim_addr second_outer = {.family = 4, .port = 40777, .ip = {10, 9, 9, 1}};

/* Where p1 answers; p2 and p3 answer always. */
struct world {
	bool told, helped;                     /* at its own address; to others, who say so */
	const struct swim_addr *elsewhere;     /* NULL: nowhere */
	unsigned at_told, at_outer, at_second; /* questions to p1 that came to these places */
};

static bool
is_p1(const struct world *w, const struct swim_addr *to)
{
	struct swim_addr told = fixture_addr(1);

	return (w->told && swim_addr_equal(to, &told)) ||
	       (w->elsewhere != NULL && swim_addr_equal(to, w->elsewhere));
}

static void
answer(struct fixture *f, const struct world *w, const struct fixture_out *out)
{
	unsigned peer = out->to.ip[0] == 10 && out->to.ip[1] == 0 ? out->to.ip[3] : 0;
	uint64_t digest = fixture_stats(f).digest;
	struct fixture_says says = {.ours = true, .sender = peer, .digest = digest};

	if (out->message.type == WIRE_PING) {
		if (is_p1(w, &out->to))
			fixture_ack_by(f, &out->to, out->message.seq, 1, digest, NULL);
		else if (peer >= 2)
			fixture_ack(f, peer, out->message.seq, peer, says);
	} else if (out->message.type == WIRE_PING_REQ && peer >= 2) {
		bool of_p1 = wire_str_equal(out->message.member.id, "p1");

		if (of_p1 && !w->helped)
			fixture_nack(f, peer, out->message.seq, 1);
		else
			fixture_ack(f, peer, out->message.seq, of_p1 ? 1 : 5 - peer, says);
	}
}

static void
count(struct world *w, const struct fixture_out *out)
{
	struct swim_addr told = fixture_addr(1);

	if (out->message.type != WIRE_PING)
		return;
	w->at_told += swim_addr_equal(&out->to, &told);
	w->at_outer += swim_addr_equal(&out->to, &outer);
	w->at_second += swim_addr_equal(&out->to, &second_outer);
}

/* Let 50 ms pass in this world, then count and answer what was asked; all that was sent can still be looked at. */
static void
step_on(struct fixture *f, struct world *w)
{
	size_t n;

	fixture_run(f, swim_ms(50));
	n = f->out_count;
	for (size_t i = 0; i < n; i++) {
		count(w, &f->out[i]);
		answer(f, w, &f->out[i]);
	}
}

/* Let time pass in this world, and count what p1 is asked. */
static void
live(struct fixture *f, struct world *w, int seconds)
{
	w->at_told = w->at_outer = w->at_second = 0;
	for (int step = 0; step < 20 * seconds; step++) {
		step_on(f, w);
		fixture_clear(f);
	}
}

/* p1 speaks from there, under its name. */
static void
speak_from(struct fixture *f, const struct swim_addr *there)
{
	fixture_ping_by(f, there, 0, "p1", NULL);
}

/* Of three members p1 has never answered at its own address. */
static struct fixture *
unproven(void)
{
	struct fixture *f = fixture_started();

	fixture_proven(f, 2);
	fixture_proven(f, 3);
	fixture_member(f, 1);
	fixture_clear(f);
	return f;
}

START_TEST(one_that_can_only_be_asked_elsewhere_lives)
{
	struct fixture *f = unproven();
	struct world w = {.elsewhere = &outer};

	speak_from(f, &outer);
	live(f, &w, 60);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	ck_assert_str_eq(fixture_report(f, "p1").address, "10.0.1.1:7946");
	/* Nor is that a failure of anybody's, or a loss. */
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	live(f, &w, 60);
	ck_assert_uint_gt(w.at_outer, 10);
	ck_assert_uint_eq(w.at_told, 0);
	fixture_free(f);
}
END_TEST

START_TEST(who_has_not_answered_there_is_not_asked_there)
{
	struct fixture *f = unproven();
	struct world w = {.helped = true};

	speak_from(f, &outer);
	/* What asks who is there. */
	live(f, &w, 4);
	ck_assert_uint_le(w.at_outer, 4);
	live(f, &w, 60);
	ck_assert_uint_eq(w.at_outer, 0);
	fixture_free(f);
}
END_TEST

/* Whoever speaks in its name and answers for it. */
START_TEST(nobody_draws_what_is_for_one_that_answers)
{
	struct fixture *f = fixture_among_proven(3);
	struct world w = {.told = true, .elsewhere = &outer};

	speak_from(f, &outer);
	live(f, &w, 4);
	live(f, &w, 120);
	ck_assert_uint_gt(w.at_told, 20);
	ck_assert_uint_eq(w.at_outer, 0);
	/* Nor from where it is asked instead. */
	w.told = false;
	live(f, &w, 60);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	speak_from(f, &second_outer);
	live(f, &w, 4);
	w.at_second = 0;
	live(f, &w, 60);
	ck_assert_uint_eq(w.at_second, 0);
	ck_assert_uint_gt(w.at_outer, 10);
	fixture_free(f);
}
END_TEST

START_TEST(a_new_port_of_a_translation_takes_the_place_of_the_old_one)
{
	struct fixture *f = unproven();
	struct world w = {.elsewhere = &outer};

	speak_from(f, &outer);
	live(f, &w, 30);
	w.elsewhere = &second_outer;
	speak_from(f, &second_outer);
	live(f, &w, 30);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	live(f, &w, 30);
	ck_assert_uint_gt(w.at_second, 5);
	ck_assert_uint_eq(w.at_outer, 0);
	fixture_free(f);
}
END_TEST

START_TEST(its_own_address_is_used_again_once_it_answers)
{
	struct fixture *f = fixture_among_proven(3);
	struct world w = {.told = true, .elsewhere = &outer};

	speak_from(f, &outer);
	live(f, &w, 20);
	w.told = false;
	live(f, &w, 60);
	w.told = true;
	/* A translation that leads to where it was before must have the time to forget that. */
	live(f, &w, 180);
	ck_assert_uint_eq(w.at_told, 0);
	live(f, &w, 120);
	live(f, &w, 30);
	ck_assert_uint_gt(w.at_told, 5);
	ck_assert_uint_eq(w.at_outer, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_broken_link_is_told_once_and_its_end_too)
{
	struct fixture *f = fixture_among_proven(3);
	struct world w = {.told = true, .helped = true};

	live(f, &w, 10);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	ck_assert_int_ge(fixture_report(f, "p1").rtt.ns, 0);
	ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LINK_FAILED, NULL), 0);
	w.told = false;
	for (int i = 0; i < 60 && fixture_report(f, "p1").path == SWIM_PATH_DIRECT; i++) {
		ck_assert_uint_eq(fixture_told(f, SWIM_EVENT_LINK_FAILED, NULL), 0);
		f->event_count = 0;
		live(f, &w, 1);
	}
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_RELAYED);
	/* What was measured before says nothing of now. */
	ck_assert_int_lt(fixture_report(f, "p1").rtt.ns, 0);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	ck_assert_int_eq(fixture_report(f, "p2").path, SWIM_PATH_DIRECT);
	live(f, &w, 60);
	w.told = true;
	live(f, &w, 20);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	fixture_free(f);
}
END_TEST

/* How many events of this type about p1 come in this time. */
static unsigned
told_while(struct fixture *f, enum swim_event_type type, struct world *w, int seconds)
{
	unsigned told = 0;

	for (int step = 0; step < 20 * seconds; step++) {
		step_on(f, w);
		told += (unsigned)fixture_told(f, type, "p1");
		fixture_clear(f);
	}
	return told;
}

START_TEST(events_of_a_link_come_once)
{
	struct fixture *f = fixture_among_proven(3);
	struct world w = {.helped = true};

	ck_assert_uint_eq(told_while(f, SWIM_EVENT_LINK_FAILED, &w, 60), 1);
	w.told = true;
	ck_assert_uint_eq(told_while(f, SWIM_EVENT_LINK_RECOVERED, &w, 60), 1);
	fixture_free(f);
}
END_TEST

/* A question that is answered after others have reached it was answered all the same. */
START_TEST(a_late_answer_is_no_broken_link)
{
	struct fixture *f = fixture_among_proven(3);
	struct world w = {.helped = true};
	unsigned told = 0;

	for (int step = 0; step < 20 * 60; step++) {
		uint64_t late = 0;

		step_on(f, &w);
		for (size_t i = 0; i < f->out_count; i++) {
			if (fixture_went(&f->out[i], WIRE_PING, 1))
				late = f->out[i].message.seq;
		}
		told += (unsigned)fixture_told(f, SWIM_EVENT_LINK_FAILED, "p1");
		fixture_clear(f);
		/* The answer comes 900 ms after the question. */
		if (late == 0)
			continue;
		for (int wait = 0; wait < 18; wait++) {
			step_on(f, &w);
			told += (unsigned)fixture_told(f, SWIM_EVENT_LINK_FAILED, "p1");
			fixture_clear(f);
		}
		fixture_ack(f, 1, late, 1, fixture_same_view(f, 1));
	}
	ck_assert_uint_eq(told, 0);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	fixture_free(f);
}
END_TEST

/* It would find it silent, as it does when it is well. */
START_TEST(who_cannot_reach_a_suspect_does_not_confirm_that_it_is_silent)
{
	struct fixture *f = fixture_among_proven(3);
	struct world w = {.helped = true};
	struct swim_addr p1 = fixture_addr(1);

	live(f, &w, 60);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_RELAYED);
	fixture_clear(f);
	fixture_accuse(f, 2, 1, SWIM_SUSPECT, 2, 0);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_SUSPECT);
	ck_assert_uint_eq(fixture_sent_to(f, &p1), 0);
	fixture_free(f);
}
END_TEST

START_TEST(whom_it_hears_and_when_is_told)
{
	struct fixture *f = fixture_among(3);
	swim_time heard;

	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_UNKNOWN);
	ck_assert(!swim_time_is_never(fixture_report(f, "p1").heard));
	fixture_gossip(f, 2, 9, SWIM_ALIVE, 0);
	ck_assert(swim_time_is_never(fixture_report(f, "p9").heard));
	f->now = swim_time_add(f->now, swim_ms(700));
	heard = f->now;
	fixture_member(f, 1);
	ck_assert_int_eq(fixture_report(f, "p1").heard.ns, heard.ns);
	/* From where it does not live anybody may speak. */
	f->now = swim_time_add(f->now, swim_ms(100));
	speak_from(f, &outer);
	ck_assert_int_eq(fixture_report(f, "p1").heard.ns, heard.ns);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_link", one_that_can_only_be_asked_elsewhere_lives,
    who_has_not_answered_there_is_not_asked_there, nobody_draws_what_is_for_one_that_answers,
    a_new_port_of_a_translation_takes_the_place_of_the_old_one,
    its_own_address_is_used_again_once_it_answers, a_broken_link_is_told_once_and_its_end_too,
    events_of_a_link_come_once, a_late_answer_is_no_broken_link,
    who_cannot_reach_a_suspect_does_not_confirm_that_it_is_silent, whom_it_hears_and_when_is_told)
