/* SPDX-License-Identifier: MIT */
/* Base peers that start at the address of another member, or at a new address with their old id. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

/* The interval at which the base peers of a test answer. */
#define STEP swim_ms(50)
#define STEPS_A_SECOND 20

/* A base peer at the address of peer `at`.  Only its acks name it. */
struct base {
	unsigned at;
	const char *id; /* NULL: its address */
	bool lives, mute;
	uint64_t incarnation;
	bool refutes; /* its next datagrams have an update about itself */
};

static struct wire_member_id
pair_of(const struct base *b, char text[SWIM_ADDR_TEXT])
{
	struct swim_addr addr = fixture_addr(b->at);

	swim_addr_format(&addr, text);
	return (
	    struct wire_member_id){wire_str_of(b->id != NULL ? b->id : text), wire_str_of(text)};
}

static void
say(struct fixture *f, const struct base *b, enum wire_type type, uint64_t seq)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_member_id pair = pair_of(b, text);
	struct wire_update self = {pair, .status = SWIM_ALIVE, .incarnation = b->incarnation};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), 0);
	if (type == WIRE_ACK)
		wire_begin_ack(&w, seq, &pair);
	else
		wire_begin_ping(&w, seq);
	if (b->refutes)
		ck_assert(wire_add_update(&w, &self));
	fixture_finish(f, b->at, &w, NULL, 0);
}

/* Let the base peer refute a suspicion or death of itself that it has been told. */
static void
hear(struct base *b, const struct fixture_out *out)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_member_id pair = pair_of(b, text);
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	while (wire_updates_next(&out->message.updates, &iter, &u)) {
		if (u.status == SWIM_ALIVE || u.incarnation < b->incarnation ||
		    !wire_str_equal(u.member.address, text) || u.member.id.len != pair.id.len ||
		    memcmp(u.member.id.bytes, pair.id.bytes, pair.id.len) != 0)
			continue;
		b->incarnation = u.incarnation + 1;
		b->refutes = true;
	}
}

/* All running base peers answer what has been sent to them. */
static void
answer(struct fixture *f, struct base *peers, size_t count)
{
	struct {
		struct base *by;
		uint64_t seq;
	} due[64];
	size_t n = 0;

	for (size_t i = 0; i < f->out_count; i++) {
		for (size_t k = 0; k < count; k++) {
			struct swim_addr addr = fixture_addr(peers[k].at);

			if (!peers[k].lives || !swim_addr_equal(&addr, &f->out[i].to))
				continue;
			hear(&peers[k], &f->out[i]);
			if (f->out[i].message.type != WIRE_PING || peers[k].mute)
				continue;
			ck_assert_uint_lt(n, 64);
			due[n].by = &peers[k];
			due[n++].seq = f->out[i].message.seq;
		}
	}
	fixture_clear(f);
	for (size_t i = 0; i < n; i++)
		say(f, due[i].by, WIRE_ACK, due[i].seq);
}

/* Numbers of events, which fixture_clear drops with the datagrams. */
struct told {
	size_t joined, failed, updated, suspected;
};

static size_t
events_of(const struct fixture *f, enum swim_event_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < f->event_count; i++)
		n += f->events[i].type == type;
	return n;
}

static void
count_events(const struct fixture *f, struct told *told)
{
	told->joined += events_of(f, SWIM_EVENT_JOINED);
	told->failed += events_of(f, SWIM_EVENT_FAILED);
	told->updated += events_of(f, SWIM_EVENT_UPDATED);
	told->suspected += events_of(f, SWIM_EVENT_SUSPECTED);
}

/* Let this time pass, in which each running base peer pings us once a second. Returns the numbers of events. */
static struct told
live(struct fixture *f, struct base *peers, size_t count, unsigned seconds)
{
	struct told told = {0};

	for (unsigned step = 0; step < seconds * STEPS_A_SECOND; step++) {
		for (size_t k = 0; k < count && step % STEPS_A_SECOND == 0; k++) {
			if (peers[k].lives)
				say(f, &peers[k], WIRE_PING, 1000 + step);
		}
		for (unsigned round = 0; round < 3; round++) {
			count_events(f, &told);
			answer(f, peers, count);
		}
		fixture_run(f, STEP);
	}
	count_events(f, &told);
	fixture_clear(f);
	return told;
}

START_TEST(a_base_peer_that_starts_at_a_new_address_keeps_its_id)
{
	/* The base peer starts again at once, or after it has been declared dead. */
	for (unsigned silent = 0; silent <= 30; silent += 30) {
		struct base b[] = {{.at = 4, .id = "b", .lives = true}, {.at = 5, .id = "b"}};
		struct fixture *f = fixture_started();
		struct told told = live(f, b, 2, 3);

		ck_assert_str_eq(fixture_report(f, "b").address, "10.0.1.4:7946");
		ck_assert_uint_eq(told.joined, 1);
		b[0].lives = false;
		told = live(f, b, 2, silent);
		ck_assert_uint_eq(told.failed, silent > 0);
		b[1].lives = true;
		told = live(f, b, 2, 6);
		ck_assert_int_eq(fixture_report(f, "b").status, SWIM_ALIVE);
		ck_assert_str_eq(fixture_report(f, "b").address, "10.0.1.5:7946");
		ck_assert_uint_eq(told.failed, 0);
		ck_assert_uint_eq(told.updated, 1);
		ck_assert_uint_eq(swim_member_count(f->swim), 2);
		b[1].lives = false;
		told = live(f, b, 2, 30);
		ck_assert_int_eq(fixture_report(f, "b").status, SWIM_DEAD);
		ck_assert_uint_eq(told.failed, 1);
		ck_assert_uint_eq(swim_member_count(f->swim), 2);
		fixture_free(f);
	}
}
END_TEST

START_TEST(a_stranger_does_not_move_a_base_peer_that_answers)
{
	struct base b[] = {{.at = 4, .id = "b", .lives = true}, {.at = 5, .id = "b"}};
	struct fixture *f = fixture_started();
	struct told told;

	live(f, b, 2, 3);
	b[1].lives = true;
	told = live(f, b, 2, 20);
	ck_assert_int_eq(fixture_report(f, "b").status, SWIM_ALIVE);
	ck_assert_str_eq(fixture_report(f, "b").address, "10.0.1.4:7946");
	ck_assert_uint_eq(told.joined + told.failed + told.updated + told.suspected, 0);
	/* No member has the stranger's address for its name. */
	b[1].lives = false;
	live(f, b, 2, 1);
	ck_assert_uint_eq(swim_member_count(f->swim), 2);
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_that_answers_in_the_name_of_a_swimd_is_not_kept)
{
	struct fixture *f = fixture_among(2);
	struct told told = {0};

	for (unsigned i = 0; i < 200; i++) {
		struct base stranger = {.at = 10 + i, .id = "p1", .lives = true};

		say(f, &stranger, WIRE_PING, i);
		answer(f, &stranger, 1);
		count_events(f, &told);
		fixture_clear(f);
		fixture_run(f, swim_ms(10));
	}
	/* Too many base peers come for all of them to be greeted. */
	fixture_run(f, swim_seconds(5));
	ck_assert_str_eq(fixture_report(f, "p1").address, "10.0.1.1:7946");
	ck_assert_uint_eq(told.joined + told.updated, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	fixture_free(f);
}
END_TEST

/* A sender that speaks as a base peer does not move a live member: the member is asked at its address first. */
START_TEST(a_higher_incarnation_from_a_stranger_does_not_move_a_live_member)
{
	for (unsigned k = 0; k < 4; k++) {
		struct fixture *f = fixture_among_routable(2);
		struct base peers[] = {{.at = 9, .id = "b", .lives = true}, {.at = 1, .id = "p1"},
		    {.at = 77, .id = k % 2 == 0 ? "b" : "p1", .incarnation = 1, .refutes = true}};

		live(f, peers, 3, 3);
		ck_assert(fixture_lists(f, "b"));
		peers[2].lives = true;
		if (k < 2) {
			live(f, peers, 3, 2);
		} else {
			struct wire_update u = {.status = SWIM_ALIVE};
			struct swim_addr addr = fixture_addr(77);
			char text[SWIM_ADDR_TEXT];

			/* Another base peer tells of that address. */
			swim_addr_format(&addr, text);
			u.member = (struct wire_member_id){wire_str_of(text), wire_str_of(text)};
			fixture_ping(f, 9, 5000,
			    (struct fixture_says){.updates = &u, .count = 1, .pad_to = 300});
			answer(f, peers, 3);
			answer(f, peers, 3);
		}
		ck_assert_str_eq(fixture_report(f, "b").address, "10.0.1.9:7946");
		ck_assert_str_eq(fixture_report(f, "p1").address, "10.0.1.1:7946");
		ck_assert_int_eq(fixture_report(f, "p1").kind, SWIM_KIND_SWIMD);
		fixture_free(f);
	}
}
END_TEST

START_TEST(an_unnamed_peer_that_no_answer_confirms_is_dropped_without_an_event)
{
	/*
	 * The id of the unnamed peer is our own name, or too long; or there is no room for a
	 * greeting, as too many addresses are being asked.
	 */
	char name[SWIM_NAME_MAX + 2];
	const char *ids[] = {"self", name};
	struct told told = {0};

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < 2; i++) {
		struct base b = {.at = 4, .id = ids[i], .lives = true};
		struct fixture *f = fixture_started();

		say(f, &b, WIRE_PING, 1);
		answer(f, &b, 1);
		ck_assert_uint_eq(swim_member_count(f->swim), 1);
		fixture_free(f);
	}
	struct fixture *f = fixture_started();

	for (unsigned i = 1; i <= 60; i++) {
		struct base b = {.at = i};

		say(f, &b, WIRE_PING, 1);
		fixture_clear(f);
	}
	ck_assert_uint_gt(swim_member_count(f->swim), 50);
	for (unsigned i = 0; i < 10; i++) {
		fixture_run(f, swim_ms(500));
		count_events(f, &told);
		fixture_clear(f);
	}
	ck_assert_uint_eq(swim_member_count(f->swim), 1);
	ck_assert_uint_eq(told.joined + told.failed + told.suspected, 0);
	fixture_free(f);
}
END_TEST

/* The base peer `id` starts at the address of the base peer `former`, which has crashed or left. */
static void
succeeds(const char *former, const char *id, bool leaves)
{
	struct base b[] = {{.at = 4, .id = former, .lives = true}, {.at = 4, .id = id}};
	const char *names[] = {former != NULL ? former : "10.0.1.4:7946",
	    id != NULL ? id : "10.0.1.4:7946"};
	struct fixture *f = fixture_started();
	struct told told;

	live(f, b, 2, 3);
	ck_assert_int_eq(fixture_report(f, names[0]).status, SWIM_ALIVE);
	b[0].lives = false;
	if (leaves) {
		struct wire_update u = fixture_update(f, 4, SWIM_DEAD, 0);

		u.member.id = wire_str_of(names[0]);
		fixture_base_ping_with(f, 4, 5, &u);
		live(f, b, 2, 5);
		ck_assert_int_eq(fixture_report(f, names[0]).status, SWIM_LEFT);
	} else {
		live(f, b, 2, 30);
		ck_assert_int_eq(fixture_report(f, names[0]).status, SWIM_DEAD);
	}
	b[1].lives = true;
	live(f, b, 2, 2);
	ck_assert_int_eq(fixture_report(f, names[1]).status, SWIM_ALIVE);
	told = live(f, b, 2, 20);
	ck_assert_int_eq(fixture_report(f, names[1]).status, SWIM_ALIVE);
	ck_assert_uint_eq(told.joined + told.failed + told.suspected, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), names[0] == names[1] ? 2 : 3);
	b[1].lives = false;
	live(f, b, 2, 30);
	ck_assert_int_eq(fixture_report(f, names[1]).status, SWIM_DEAD);
	fixture_free(f);
}

START_TEST(a_base_peer_that_starts_at_the_address_of_a_dead_one_is_listed)
{
	for (unsigned leaves = 0; leaves < 2; leaves++) {
		succeeds("b4", "b5", leaves);
		succeeds("b5", "b4", leaves);
		succeeds("b4", NULL, leaves);
		succeeds(NULL, "b5", leaves);
	}
}
END_TEST

START_TEST(a_base_peer_that_was_dead_comes_back_by_refuting_that)
{
	/* Another dead member has the same address; its name sorts before or after. */
	for (unsigned other = 0; other < 2; other++) {
		struct base b[] = {{.at = 4, .id = other > 0 ? "c" : "a", .lives = true},
		    {.at = 4, .id = "b"}};
		struct fixture *f = fixture_started();

		live(f, b, 2, 3);
		b[0].lives = false;
		live(f, b, 2, 30);
		b[1].lives = true;
		live(f, b, 2, 3);
		b[1].lives = false;
		live(f, b, 2, 30);
		ck_assert_int_eq(fixture_report(f, "b").status, SWIM_DEAD);
		b[1].lives = true;
		live(f, b, 2, 4);
		ck_assert_int_eq(fixture_report(f, "b").status, SWIM_ALIVE);
		ck_assert_uint_eq(fixture_report(f, "b").incarnation, 1);
		ck_assert_uint_eq(b[1].incarnation, 1);
		ck_assert(!fixture_lists(f, "10.0.1.4:7946"));
		fixture_free(f);
	}
}
END_TEST

START_TEST(a_base_peer_that_starts_at_the_address_of_a_dead_swimd_is_listed)
{
	for (unsigned named = 0; named < 2; named++) {
		const char *id = named > 0 ? "b" : NULL;
		struct base b = {.at = 1, .id = id, .lives = true};
		struct fixture *f = fixture_among_routable(1);

		fixture_run(f, swim_seconds(40));
		fixture_clear(f);
		ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
		live(f, &b, 1, 3);
		ck_assert_int_eq(fixture_report(f, named > 0 ? "b" : "10.0.1.1:7946").status,
		    SWIM_ALIVE);
		ck_assert_int_eq(fixture_report(f, "p1").status, SWIM_DEAD);
		fixture_free(f);
	}
}
END_TEST

UNIT_MAIN("swim_newcomer", a_higher_incarnation_from_a_stranger_does_not_move_a_live_member,
    a_base_peer_that_starts_at_a_new_address_keeps_its_id,
    a_stranger_does_not_move_a_base_peer_that_answers,
    a_base_peer_that_answers_in_the_name_of_a_swimd_is_not_kept,
    an_unnamed_peer_that_no_answer_confirms_is_dropped_without_an_event,
    a_base_peer_that_starts_at_the_address_of_a_dead_one_is_listed,
    a_base_peer_that_was_dead_comes_back_by_refuting_that,
    a_base_peer_that_starts_at_the_address_of_a_dead_swimd_is_listed)
