/* SPDX-License-Identifier: MIT */
/*
 * Dead members that never answered anybody are forgotten early, and members tell each other which
 * members have answered.
 */
#include "swim_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

/* Seconds: more than SWIM_UNANSWERED_RETENTION. */
#define RETENTION 151
#define HOUR 3600

static void
pass(struct fixture *f, unsigned seconds)
{
	for (; seconds > 0; seconds--) {
		fixture_clear(f);
		fixture_run(f, swim_seconds(1));
	}
}

/* Peer `from` tells this status of peer `about` at incarnation 0, with these flags. */
static void
tell_of(struct fixture *f, unsigned from, unsigned about, enum swim_status status, uint8_t flags)
{
	struct wire_update u = fixture_update(f, about, status, 0);

	u.flags |= flags;
	fixture_ping_with(f, from, 9, &u);
}

/* Peer `from` tells that peer `about` is dead. */
static void
tell(struct fixture *f, unsigned from, unsigned about, uint8_t flags)
{
	tell_of(f, from, about, SWIM_DEAD, flags);
}

/*
 * Lets time pass until no rumour is left. Returns how many updates about this name, dead or left,
 * our gossip datagrams had; `flags` gets the flags of all these updates together.
 */
static unsigned
rumours(struct fixture *f, const char *name, uint8_t *flags)
{
	unsigned told = 0;

	*flags = 0;
	do {
		for (size_t i = 0; i < f->out_count; i++) {
			const struct wire_message *m = &f->out[i].message;
			struct wire_updates_iter iter = {0};
			struct wire_update u;

			while (
			    m->type == WIRE_GOSSIP && wire_updates_next(&m->updates, &iter, &u)) {
				if (!wire_str_equal(u.member.id, name) ||
				    swim_status_is_live(u.status))
					continue;
				*flags |= u.flags;
				told++;
			}
		}
		fixture_clear(f);
		fixture_run(f, swim_ms(100));
	} while (fixture_stats(f).rumours > 0 || f->out_count > 0);
	return told;
}

/* A core among peers that have answered. Others told of p9, which has never answered, and is dead. */
static struct fixture *
with_ghost(void)
{
	struct fixture *f = fixture_among_routable(4);

	fixture_gossip(f, 1, 9, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 9, SWIM_DEAD, 0);
	ck_assert_int_eq(fixture_report(f, "p9").status, SWIM_DEAD);
	return f;
}

START_TEST(a_dead_member_that_never_answered_is_forgotten_after_150_seconds)
{
	struct fixture *f = with_ghost();
	size_t removed = 0;
	uint8_t flags;

	fixture_gossip(f, 1, 8, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 8, SWIM_LEFT, 0);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert(!fixture_report(f, "p9").answered && fixture_report(f, "p2").answered);
	ck_assert_uint_gt(rumours(f, "p9", &flags), 0);
	ck_assert_uint_eq(flags, WIRE_FLAG_UNANSWERED);
	pass(f, 120);
	ck_assert(fixture_lists(f, "p9") && fixture_lists(f, "p8"));
	for (unsigned i = 0; i < 31; i++) {
		pass(f, 1);
		removed += fixture_event_count(f, SWIM_EVENT_REMOVED, "p9") +
			   fixture_event_count(f, SWIM_EVENT_REMOVED, "p8");
	}
	ck_assert(!fixture_lists(f, "p9") && !fixture_lists(f, "p8"));
	ck_assert_uint_eq(removed, 2);
	pass(f, HOUR);
	ck_assert(fixture_lists(f, "p2"));
	fixture_free(f);
}
END_TEST

START_TEST(a_shorter_dead_retention_holds_for_the_unanswered_too)
{
	struct fixture *f = fixture_new();

	f->config.timing.dead_retention = swim_seconds(50);
	ck_assert(fixture_start(f));
	fixture_routable(f, 1);
	fixture_gossip(f, 1, 9, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 9, SWIM_DEAD, 0);
	pass(f, 49);
	ck_assert(fixture_lists(f, "p9"));
	pass(f, 2);
	ck_assert(!fixture_lists(f, "p9"));
	fixture_free(f);
}
END_TEST

START_TEST(a_dead_member_that_answered_another_member_is_remembered)
{
	struct fixture *f = with_ghost();
	uint8_t flags;

	rumours(f, "p9", &flags);
	tell(f, 1, 9, WIRE_FLAG_ANSWERED);
	ck_assert(fixture_report(f, "p9").answered);
	/* We pass on once that p9 has answered. */
	ck_assert_uint_gt(rumours(f, "p9", &flags), 0);
	ck_assert_uint_eq(flags, WIRE_FLAG_ANSWERED);
	tell(f, 2, 9, WIRE_FLAG_ANSWERED);
	ck_assert_uint_eq(rumours(f, "p9", &flags), 0);
	pass(f, HOUR);
	ck_assert(fixture_lists(f, "p9"));
	fixture_free(f);
}
END_TEST

START_TEST(only_a_member_can_tell_that_another_has_answered)
{
	struct fixture *f = with_ghost();
	struct wire_update u = fixture_update(f, 9, SWIM_DEAD, 0);
	uint8_t flags;

	rumours(f, "p9", &flags);
	tell(f, 20, 9, WIRE_FLAG_ANSWERED);
	u.flags = WIRE_FLAG_ANSWERED;
	/* The datagram names a member as its sender, and comes from another address. */
	fixture_ping(f, 20, 9, fixture_telling(fixture_swimd(1), &u, 1));
	ck_assert(!fixture_report(f, "p9").answered);
	pass(f, RETENTION);
	ck_assert(!fixture_lists(f, "p9"));
	fixture_free(f);
}
END_TEST

/* A stranger tells that p8 lives at an address. Another stranger answers there, which is not p8. */
START_TEST(a_stranger_that_answers_at_the_address_of_another_is_not_believed)
{
	struct fixture *f = with_ghost();
	struct wire_update u = fixture_update(f, 8, SWIM_ALIVE, 0);
	uint8_t flags;
	uint64_t seq;

	rumours(f, "p9", &flags);
	fixture_clear(f);
	fixture_ping_with(f, 20, 9, &u);
	seq = fixture_expect(f, WIRE_PING, 8)->message.seq;
	u = fixture_update(f, 9, SWIM_DEAD, 0);
	u.flags = WIRE_FLAG_ANSWERED;
	fixture_ack(f, 8, seq, 21, fixture_telling(fixture_swimd(21), &u, 1));
	ck_assert(fixture_lists(f, "p9") && !fixture_report(f, "p9").answered);
	ck_assert(!fixture_lists(f, "p8"));
	fixture_free(f);
}
END_TEST

/* The flags of our immediate update to this peer about this name; 0xff: we sent none. */
static uint8_t
answer_to(const struct fixture *f, unsigned peer, const char *name)
{
	const struct fixture_out *out = fixture_sent(f, WIRE_GOSSIP, peer);
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	while (out != NULL && wire_updates_next(&out->message.updates, &iter, &u)) {
		if (wire_str_equal(u.member.id, name))
			return u.flags;
	}
	return 0xff;
}

START_TEST(a_member_that_takes_another_for_unanswered_is_corrected)
{
	struct fixture *f = fixture_among_routable(4);
	uint8_t flags;

	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	ck_assert_uint_gt(rumours(f, "p2", &flags), 0);
	ck_assert_uint_eq(flags, 0);
	tell(f, 3, 2, WIRE_FLAG_UNANSWERED);
	ck_assert_uint_eq(answer_to(f, 3, "p2"), WIRE_FLAG_ANSWERED);
	fixture_clear(f);
	tell(f, 4, 2, 0);
	tell(f, 20, 2, WIRE_FLAG_UNANSWERED);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_GOSSIP), 0);
	/* A correction is also sent about a member that we hold suspect. */
	tell(f, 4, 3, WIRE_FLAG_UNANSWERED);
	ck_assert_int_eq(fixture_report(f, "p3").status, SWIM_SUSPECT);
	ck_assert_uint_eq(answer_to(f, 4, "p3"), WIRE_FLAG_ANSWERED);
	/* No correction is sent about a live member, as the others can ask a live member. */
	fixture_clear(f);
	tell_of(f, 3, 1, SWIM_ALIVE, WIRE_FLAG_UNANSWERED);
	ck_assert_uint_eq(answer_to(f, 3, "p1"), 0xff);
	/* No correction is sent if we do not know of an answer either. */
	fixture_clear(f);
	fixture_gossip(f, 1, 9, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 9, SWIM_DEAD, 0);
	tell(f, 4, 9, WIRE_FLAG_UNANSWERED);
	ck_assert_uint_eq(answer_to(f, 4, "p9"), 0xff);
	fixture_free(f);
}
END_TEST

START_TEST(all_corrections_of_one_datagram_go_out_in_one_datagram)
{
	struct fixture *f = fixture_among_routable(20);
	struct wire_update u[15];
	char name[16];

	for (unsigned i = 0; i < 15; i++) {
		u[i] = fixture_update(f, 3 + i, SWIM_DEAD, 0);
		u[i].flags = WIRE_FLAG_UNANSWERED;
	}
	fixture_clear(f);
	fixture_ping(f, 1, 9, fixture_telling(fixture_swimd(1), u, 15));
	for (unsigned i = 0; i < 15; i++)
		ck_assert_uint_eq(answer_to(f, 1, fixture_name(3 + i, name)), WIRE_FLAG_ANSWERED);
	fixture_free(f);
}
END_TEST

/* p2 dies, returns at another address, and leaves there. */
START_TEST(a_member_that_moved_still_counts_as_answered)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update u = fixture_update(f, 2, SWIM_ALIVE, 1);

	u.member.address = wire_str_of("10.0.1.99:7946");
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	fixture_ping_with(f, 1, 9, &u);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_ALIVE);
	ck_assert_str_eq(fixture_report(f, "p2").address, "10.0.1.99:7946");
	u.status = SWIM_LEFT;
	fixture_ping_with(f, 1, 9, &u);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_LEFT);
	pass(f, HOUR);
	ck_assert(fixture_lists(f, "p2"));
	fixture_free(f);
}
END_TEST

/*
 * A partition may follow the join at once, so the join rumour has the flag. Other rumours of live
 * members do not.
 */
START_TEST(the_rumour_of_a_join_tells_that_the_member_has_answered)
{
	struct fixture *f = fixture_among_routable(4);
	struct wire_update u = fixture_update(f, 9, SWIM_ALIVE, 0);
	unsigned told = 0;
	uint8_t flags;

	u.flags = WIRE_FLAG_ANSWERED;
	rumours(f, "p2", &flags);
	fixture_ping_with(f, 1, 9, &u);
	fixture_gossip(f, 1, 10, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_ALIVE, 1);
	fixture_run(f, swim_seconds(1));
	for (size_t i = 0; i < f->out_count; i++) {
		struct wire_updates_iter iter = {0};

		while (f->out[i].message.type == WIRE_GOSSIP &&
		       wire_updates_next(&f->out[i].message.updates, &iter, &u)) {
			bool answered = wire_str_equal(u.member.id, "p9");

			ck_assert_uint_eq(u.flags, answered ? WIRE_FLAG_ANSWERED : 0);
			told += answered;
		}
	}
	ck_assert_uint_gt(told, 0);
	ck_assert(fixture_report(f, "p9").answered && !fixture_report(f, "p10").answered);
	fixture_free(f);
}
END_TEST

/* The flags that our page has for each of these names; 0xff: the name is not on the page. */
static void
flags_in_page(struct fixture *f, const char *const names[], uint8_t flags[], size_t count)
{
	struct wire_updates_iter iter = {0};
	const struct fixture_out *page;
	struct wire_update u;

	memset(flags, 0xff, count);
	page = fixture_ask_page(f, 1, 77, (struct wire_cursor){0}, WIRE_DATAGRAM_DEFAULT);
	ck_assert_uint_eq(page->message.cursor.bucket, WIRE_SYNC_BUCKETS);
	while (wire_updates_next(&page->message.updates, &iter, &u)) {
		for (size_t i = 0; i < count; i++) {
			if (wire_str_equal(u.member.id, names[i]))
				flags[i] = u.flags;
		}
	}
}

START_TEST(a_page_tells_of_each_member_whether_it_has_answered)
{
	static const char *const names[] = {"p1", "p2", "p8", "p9", "self"};
	struct fixture *f = with_ghost();
	uint8_t flags[5];

	fixture_gossip(f, 1, 8, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	flags_in_page(f, names, flags, 5);
	ck_assert_uint_eq(flags[0], WIRE_FLAG_ANSWERED);
	ck_assert_uint_eq(flags[1], WIRE_FLAG_ANSWERED);
	ck_assert_uint_eq(flags[2], 0);
	ck_assert_uint_eq(flags[3], WIRE_FLAG_UNANSWERED);
	ck_assert_uint_eq(flags[4], 0);
	fixture_free(f);
}
END_TEST

/* A newcomer joins through p1, whose page has these updates. */
static struct fixture *
newcomer(const struct wire_update updates[], size_t count)
{
	struct fixture *f = fixture_started();
	struct wire_trailer trailer = {.has_sender = true, .sender = wire_str_of("p1")};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	fixture_join(f, 1);
	fixture_answer(f, 1, fixture_other_view(1));
	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_sync(&w, fixture_expect(f, WIRE_SYNC_REQ, 1)->message.seq);
	wire_set_cursor(&w, (struct wire_cursor){.bucket = WIRE_SYNC_BUCKETS});
	for (size_t i = 0; i < count; i++)
		ck_assert(wire_add_update(&w, &updates[i]));
	fixture_finish(f, 1, &w, &trailer, 0);
	return f;
}

START_TEST(a_newcomer_learns_from_pages_which_members_have_answered)
{
	struct fixture *names = fixture_new(), *f;
	struct wire_update u[] = {
	    fixture_update(names, 1, SWIM_ALIVE, 0),
	    fixture_update(names, 2, SWIM_DEAD, 0),
	    fixture_update(names, 3, SWIM_DEAD, 0),
	    fixture_update(names, 4, SWIM_DEAD, 0),
	    fixture_update(names, 5, SWIM_ALIVE, 0),
	    fixture_update(names, 6, SWIM_DEAD, 0),
	};

	u[1].flags = u[4].flags = WIRE_FLAG_ANSWERED;
	u[2].flags = u[5].flags = WIRE_FLAG_UNANSWERED;
	u[1].age_s = u[2].age_s = u[3].age_s = 90;
	/* p6 is so old that the others are about to forget it, so the newcomer does not list it. */
	u[5].age_s = 150;
	f = newcomer(u, sizeof(u) / sizeof(u[0]));
	ck_assert(fixture_lists(f, "p2") && fixture_lists(f, "p3") && fixture_lists(f, "p4") &&
		  !fixture_lists(f, "p6"));
	ck_assert(fixture_report(f, "p5").answered);
	/* p3 had been dead for 90 s when the page told of it. */
	pass(f, 59);
	ck_assert(fixture_lists(f, "p3"));
	pass(f, 2);
	ck_assert(!fixture_lists(f, "p3"));
	/* The page of an earlier version of swimd has neither flag, as here for p4, which counts as answered. */
	pass(f, HOUR);
	ck_assert(fixture_lists(f, "p2") && fixture_lists(f, "p4") && fixture_lists(f, "p5"));
	fixture_free(f);
	fixture_free(names);
}
END_TEST

START_TEST(a_restored_member_keeps_whether_it_has_answered)
{
	struct fixture *f = fixture_new();
	struct swim_report r = {.name = "p2",
	    .name_len = 2,
	    .address = "10.0.1.2:7946",
	    .status = SWIM_DEAD,
	    .answered = true};

	ck_assert(fixture_start(f));
	swim_restore(f->swim, f->now, &r, swim_seconds(90));
	strcpy(r.name, "p3");
	strcpy(r.address, "10.0.1.3:7946");
	r.answered = false;
	swim_restore(f->swim, f->now, &r, swim_seconds(90));
	ck_assert(fixture_report(f, "p2").answered && !fixture_report(f, "p3").answered);
	pass(f, 59);
	ck_assert(fixture_lists(f, "p3"));
	pass(f, 2);
	ck_assert(!fixture_lists(f, "p3"));
	pass(f, HOUR);
	ck_assert(fixture_lists(f, "p2"));
	fixture_free(f);
}
END_TEST

START_TEST(an_unanswered_dead_member_makes_room_before_an_answered_one)
{
	struct fixture *f = fixture_new();

	f->config.max_members = 5;
	ck_assert(fixture_start(f));
	fixture_routable(f, 1);
	fixture_routable(f, 2);
	fixture_gossip(f, 1, 2, SWIM_DEAD, 0);
	pass(f, 5);
	fixture_gossip(f, 1, 8, SWIM_ALIVE, 0);
	fixture_gossip(f, 1, 8, SWIM_DEAD, 0);
	fixture_gossip(f, 1, 9, SWIM_ALIVE, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 5);
	fixture_gossip(f, 1, 10, SWIM_ALIVE, 0);
	ck_assert(fixture_lists(f, "p10") && fixture_lists(f, "p2") && !fixture_lists(f, "p8"));
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_answered", a_dead_member_that_never_answered_is_forgotten_after_150_seconds,
    a_shorter_dead_retention_holds_for_the_unanswered_too,
    a_dead_member_that_answered_another_member_is_remembered,
    only_a_member_can_tell_that_another_has_answered,
    a_stranger_that_answers_at_the_address_of_another_is_not_believed,
    a_member_that_takes_another_for_unanswered_is_corrected,
    all_corrections_of_one_datagram_go_out_in_one_datagram,
    the_rumour_of_a_join_tells_that_the_member_has_answered,
    a_member_that_moved_still_counts_as_answered,
    a_page_tells_of_each_member_whether_it_has_answered,
    a_newcomer_learns_from_pages_which_members_have_answered,
    a_restored_member_keeps_whether_it_has_answered,
    an_unanswered_dead_member_makes_room_before_an_answered_one)
