/* SPDX-License-Identifier: MIT */
/*
 * Where a member is asked: at its advertised address, at another address where it has answered, or
 * through helpers only.
 */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

static const struct swim_addr outer = {.family = 4, .port = 40123, .ip = {10, 9, 9, 1}};
static const struct swim_addr second_outer = {.family = 4, .port = 40777, .ip = {10, 9, 9, 1}};

/* Where p1 answers, and the pings that came to p1. p2 and p3 always answer. */
struct world {
	bool advertised;                   /* p1 answers at its advertised address */
	bool helped;                       /* p1 answers helpers, which say so */
	const struct swim_addr *elsewhere; /* another address at which p1 answers; NULL: none */
	unsigned at_advertised, at_outer, at_second; /* pings to these addresses of p1 */
};

static bool
is_p1(const struct world *w, const struct swim_addr *to)
{
	struct swim_addr told = fixture_addr(1);

	return (w->advertised && swim_addr_equal(to, &told)) ||
	       (w->elsewhere != NULL && swim_addr_equal(to, w->elsewhere));
}

static void
answer(struct fixture *f, const struct world *w, const struct fixture_out *out)
{
	unsigned peer = out->to.ip[0] == 10 && out->to.ip[1] == 0 ? out->to.ip[3] : 0;
	uint64_t digest = fixture_stats(f).digest;
	struct fixture_says says = {.swimd = true, .sender = peer, .digest = digest};

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
	w->at_advertised += swim_addr_equal(&out->to, &told);
	w->at_outer += swim_addr_equal(&out->to, &outer);
	w->at_second += swim_addr_equal(&out->to, &second_outer);
}

/* Lets 50 ms pass in this world, then counts and answers the datagrams of this time. They stay in f->out. */
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

/* Lets time pass in this world, and counts the pings to p1 in this time. */
static void
live(struct fixture *f, struct world *w, int seconds)
{
	w->at_advertised = w->at_outer = w->at_second = 0;
	for (int step = 0; step < 20 * seconds; step++) {
		step_on(f, w);
		fixture_clear(f);
	}
}

/* p1 sends a ping from this address, under its name. */
static void
speak_from(struct fixture *f, const struct swim_addr *there)
{
	fixture_ping_by(f, there, 0, "p1", NULL);
}

/* A core with three members, of which p1 has never answered at its advertised address. */
static struct fixture *
unanswered_p1(void)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 2);
	fixture_routable(f, 3);
	fixture_member(f, 1);
	fixture_clear(f);
	return f;
}

START_TEST(a_member_that_only_answers_at_another_address_stays_alive)
{
	struct fixture *f = unanswered_p1();
	struct world w = {.elsewhere = &outer};

	speak_from(f, &outer);
	live(f, &w, 60);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	ck_assert_str_eq(fixture_report(f, "p1").address, "10.0.1.1:7946");
	/* The silent advertised address is no failed probe, and no lost question. */
	ck_assert_uint_eq(fixture_stats(f).local_health, 0);
	live(f, &w, 60);
	ck_assert_uint_gt(w.at_outer, 10);
	ck_assert_uint_eq(w.at_advertised, 0);
	fixture_free(f);
}
END_TEST

START_TEST(an_address_at_which_a_member_does_not_answer_is_not_asked_again)
{
	struct fixture *f = unanswered_p1();
	struct world w = {.helped = true};

	speak_from(f, &outer);
	/* At first a few pings ask whether p1 lives there. */
	live(f, &w, 4);
	ck_assert_uint_le(w.at_outer, 4);
	live(f, &w, 60);
	ck_assert_uint_eq(w.at_outer, 0);
	fixture_free(f);
}
END_TEST

/* An attacker speaks under the name of p1, and answers for it. */
START_TEST(an_attacker_does_not_draw_the_pings_for_a_member_that_answers)
{
	struct fixture *f = fixture_among_routable(3);
	struct world w = {.advertised = true, .elsewhere = &outer};

	speak_from(f, &outer);
	live(f, &w, 4);
	live(f, &w, 120);
	ck_assert_uint_gt(w.at_advertised, 20);
	ck_assert_uint_eq(w.at_outer, 0);
	/* The same holds while p1 is asked at another address. */
	w.advertised = false;
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

START_TEST(a_new_port_of_a_translation_replaces_the_old_one)
{
	struct fixture *f = unanswered_p1();
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

START_TEST(the_advertised_address_is_used_again_once_it_answers)
{
	struct fixture *f = fixture_among_routable(3);
	struct world w = {.advertised = true, .elsewhere = &outer};

	speak_from(f, &outer);
	live(f, &w, 20);
	w.advertised = false;
	live(f, &w, 60);
	w.advertised = true;
	/* The pause is long enough for a translation of addresses to forget its former entry. */
	live(f, &w, 180);
	ck_assert_uint_eq(w.at_advertised, 0);
	live(f, &w, 120);
	live(f, &w, 30);
	ck_assert_uint_gt(w.at_advertised, 5);
	ck_assert_uint_eq(w.at_outer, 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_broken_link_is_relayed_until_the_member_answers_directly)
{
	struct fixture *f = fixture_among_routable(3);
	struct world w = {.advertised = true, .helped = true};

	live(f, &w, 10);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	ck_assert_int_ge(fixture_report(f, "p1").rtt.ns, 0);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LINK_FAILED, NULL), 0);
	w.advertised = false;
	for (int i = 0; i < 60 && fixture_report(f, "p1").path == SWIM_PATH_DIRECT; i++) {
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LINK_FAILED, NULL), 0);
		f->event_count = 0;
		live(f, &w, 1);
	}
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_RELAYED);
	/* The round trip that was measured before the link broke is dropped. */
	ck_assert_int_lt(fixture_report(f, "p1").rtt.ns, 0);
	ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_ALIVE);
	ck_assert_int_eq(fixture_report(f, "p2").path, SWIM_PATH_DIRECT);
	live(f, &w, 60);
	w.advertised = true;
	live(f, &w, 20);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	fixture_free(f);
}
END_TEST

/* The number of events of this type about p1 in this time. */
static unsigned
events_while(struct fixture *f, enum swim_event_type type, struct world *w, int seconds)
{
	unsigned told = 0;

	for (int step = 0; step < 20 * seconds; step++) {
		step_on(f, w);
		told += (unsigned)fixture_event_count(f, type, "p1");
		fixture_clear(f);
	}
	return told;
}

START_TEST(each_change_of_a_link_causes_one_event)
{
	struct fixture *f = fixture_among_routable(3);
	struct world w = {.helped = true};

	ck_assert_uint_eq(events_while(f, SWIM_EVENT_LINK_FAILED, &w, 60), 1);
	w.advertised = true;
	ck_assert_uint_eq(events_while(f, SWIM_EVENT_LINK_RECOVERED, &w, 60), 1);
	fixture_free(f);
}
END_TEST

/* The direct answer comes after a helper has reached the member. The link still works. */
START_TEST(a_late_answer_shows_that_the_link_works)
{
	struct fixture *f = fixture_among_routable(3);
	struct world w = {.helped = true};
	unsigned told = 0;

	for (int step = 0; step < 20 * 60; step++) {
		uint64_t late = 0;

		step_on(f, &w);
		for (size_t i = 0; i < f->out_count; i++) {
			if (fixture_went(&f->out[i], WIRE_PING, 1))
				late = f->out[i].message.seq;
		}
		told += (unsigned)fixture_event_count(f, SWIM_EVENT_LINK_FAILED, "p1");
		fixture_clear(f);
		/* The answer comes 900 ms after the question. */
		if (late == 0)
			continue;
		for (int wait = 0; wait < 18; wait++) {
			step_on(f, &w);
			told += (unsigned)fixture_event_count(f, SWIM_EVENT_LINK_FAILED, "p1");
			fixture_clear(f);
		}
		fixture_ack(f, 1, late, 1, fixture_same_view(f, 1));
	}
	ck_assert_uint_eq(told, 0);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	fixture_free(f);
}
END_TEST

/* Our own ping would not be answered, whether the suspect is well or not. */
START_TEST(a_member_with_a_broken_link_to_a_suspect_does_not_confirm_the_suspicion)
{
	struct fixture *f = fixture_among_routable(3);
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

START_TEST(the_report_has_the_time_of_the_last_datagram_of_a_member)
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
	/* A datagram from another address does not count, as anybody can send it. */
	f->now = swim_time_add(f->now, swim_ms(100));
	speak_from(f, &outer);
	ck_assert_int_eq(fixture_report(f, "p1").heard.ns, heard.ns);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_link", a_member_that_only_answers_at_another_address_stays_alive,
    an_address_at_which_a_member_does_not_answer_is_not_asked_again,
    an_attacker_does_not_draw_the_pings_for_a_member_that_answers,
    a_new_port_of_a_translation_replaces_the_old_one,
    the_advertised_address_is_used_again_once_it_answers,
    a_broken_link_is_relayed_until_the_member_answers_directly,
    each_change_of_a_link_causes_one_event, a_late_answer_shows_that_the_link_works,
    a_member_with_a_broken_link_to_a_suspect_does_not_confirm_the_suspicion,
    the_report_has_the_time_of_the_last_datagram_of_a_member)
