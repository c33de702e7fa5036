/* SPDX-License-Identifier: MIT */
/* What others can make us believe, and make us send, when they mean harm. */
#include <check.h>

#include "support/unit.h"
#include "swim_fixture.h"
#include "wire/wire.h"

#define HIGH (UINT64_C(1) << 40)

static struct fixture *
started(uint64_t max_jump)
{
	struct fixture *f = fixture_new();

	f->config.max_jump = max_jump;
	ck_assert(fixture_start(f));
	return f;
}

/* Let time pass until we ping this peer; the ping's sequence number. */
static uint64_t
wait_ping(struct fixture *f, unsigned peer)
{
	const struct fixture_out *ping;

	fixture_clear(f);
	for (unsigned i = 0; i < 100; i++) {
		fixture_run(f, swim_ms(50));
		ping = fixture_sent(f, WIRE_PING, peer);
		if (ping != NULL)
			return ping->message.seq;
	}
	ck_abort_msg("no ping comes");
	return 0;
}

/* Peer 1 acks, and says this of a peer. */
static void
ack_saying(struct fixture *f, uint64_t seq, unsigned about, uint64_t incarnation)
{
	struct wire_update update = fixture_update(f, about, SWIM_ALIVE, incarnation);

	fixture_ack(f, 1, seq, 1,
	    (struct fixture_says){.ours = true,
		.sender = 1,
		.digest = fixture_stats(f).digest,
		.updates = &update,
		.count = 1});
}

START_TEST(an_answer_tells_us_what_was_forged_of_us)
{
	struct fixture *f = started(10);

	fixture_member(f, 1);
	fixture_gossip(f, 1, 0, SWIM_ALIVE, HIGH);
	ack_saying(f, 4711, 0, HIGH);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	ck_assert_uint_eq(fixture_stats(f).ignored[SWIM_IGNORE_JUMP], 2);
	ack_saying(f, wait_ping(f, 1), 0, HIGH);
	ck_assert_uint_eq(swim_incarnation(f->swim), HIGH + 1);
	/* The same answer once more answers nothing. */
	ack_saying(f, wait_ping(f, 1) + 1, 0, HIGH * 2);
	ck_assert_uint_eq(swim_incarnation(f->swim), HIGH + 1);
	fixture_free(f);
}
END_TEST

START_TEST(no_answer_uses_up_our_incarnations)
{
	struct fixture *f = started(10);

	fixture_member(f, 1);
	ack_saying(f, wait_ping(f, 1), 0, UINT64_MAX);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	ack_saying(f, wait_ping(f, 1), 0, UINT64_C(1) << 63);
	ck_assert_uint_eq(swim_incarnation(f->swim), 0);
	ack_saying(f, wait_ping(f, 1), 0, (UINT64_C(1) << 63) - 1);
	ck_assert_uint_eq(swim_incarnation(f->swim), UINT64_C(1) << 63);
	fixture_free(f);
}
END_TEST

START_TEST(whoever_answers_is_believed_of_itself)
{
	struct fixture *f = started(10);

	fixture_member(f, 1);
	fixture_member(f, 2);
	fixture_gossip(f, 1, 1, SWIM_ALIVE, HIGH);
	ck_assert_uint_eq(fixture_report(f, "p1").incarnation, 0);
	/* Of itself, and of nobody else. */
	ack_saying(f, wait_ping(f, 1), 2, HIGH);
	ck_assert_uint_eq(fixture_report(f, "p2").incarnation, 0);
	ack_saying(f, wait_ping(f, 1), 1, HIGH);
	ck_assert_uint_eq(fixture_report(f, "p1").incarnation, HIGH);
	ack_saying(f, wait_ping(f, 1), 1, UINT64_MAX);
	ck_assert_uint_eq(fixture_report(f, "p1").incarnation, HIGH);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_bounds", an_answer_tells_us_what_was_forged_of_us,
    no_answer_uses_up_our_incarnations, whoever_answers_is_believed_of_itself)
