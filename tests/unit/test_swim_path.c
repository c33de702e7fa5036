/* SPDX-License-Identifier: MIT */
/* Sizes of datagrams on paths that do not carry large ones. */
#include <string.h>

#include "support/unit.h"
#include "swim_fixture.h"

#define DIGEST 12345 /* of a view that is not ours */

/* The n-th datagram of this type since the last clear. */
static const struct fixture_out *
nth(const struct fixture *f, enum wire_type type, size_t n)
{
	for (size_t i = 0; i < f->out_count; i++) {
		if (f->out[i].message.type == type && n-- == 0)
			return &f->out[i];
	}
	ck_abort_msg("%s was sent %zu times only", wire_type_name(type),
	    fixture_sent_count(f, type));
	return NULL;
}

static void
give_tags(struct fixture *f)
{
	uint8_t tags[WIRE_TAGS_MAX] = {1, 'k', (WIRE_TAGS_MAX - 4) >> 8,
	    (WIRE_TAGS_MAX - 4) & 0xff};

	memset(tags + 4, 'v', sizeof(tags) - 4);
	ck_assert(swim_set_tags(f->swim, f->now, tags, sizeof(tags)));
}

/* A core that joins through peer 1, and has just requested a page from it. */
static struct fixture *
asking(size_t max_datagram)
{
	struct fixture *f = fixture_new();

	f->config.max_datagram = max_datagram;
	ck_assert(fixture_start(f));
	give_tags(f);
	fixture_join(f, 1);
	fixture_answer(f, 1, (struct fixture_says){.swimd = true, .sender = 1, .digest = DIGEST});
	fixture_expect(f, WIRE_SYNC_REQ, 1);
	return f;
}

/* Peer 1 answers this request with its own record, on the last page. */
static void
answer(struct fixture *f, uint64_t seq)
{
	struct wire_update u = fixture_update(f, 1, SWIM_ALIVE, 0);

	fixture_page(f, 1, seq, NULL,
	    (struct fixture_says){.swimd = true,
		.sender = 1,
		.digest = DIGEST,
		.updates = &u,
		.count = 1});
}

START_TEST(a_request_for_a_page_that_is_not_answered_is_repeated_smaller)
{
	static const size_t sizes[] = {9000, 1024, 1024, 548, 548};
	struct fixture *f = asking(9000);
	uint64_t first = fixture_expect(f, WIRE_SYNC_REQ, 1)->message.seq;

	fixture_run(f, swim_seconds(20));
	for (size_t i = 0; i < 5; i++) {
		const struct fixture_out *request = nth(f, WIRE_SYNC_REQ, i);

		/* Padding cannot fill fewer than three missing bytes. */
		ck_assert_uint_le(request->len, sizes[i]);
		ck_assert_uint_gt(request->len + 3, sizes[i]);
		ck_assert_uint_eq(request->message.seq, first + i);
		ck_assert_uint_ge(request->message.digest_count, 16);
		/* Our own record is in the request if there is room for it besides the digests. */
		ck_assert_int_eq(request->message.updates.count, sizes[i] > 548);
	}
	ck_assert_uint_eq(fixture_stats(f).syncs_failed, 1);
	fixture_free(f);
}
END_TEST

START_TEST(the_size_of_a_smaller_request_that_was_answered_is_kept)
{
	struct fixture *f = asking(WIRE_DATAGRAM_DEFAULT);
	uint64_t first = fixture_expect(f, WIRE_SYNC_REQ, 1)->message.seq;

	while (fixture_sent_count(f, WIRE_SYNC_REQ) < 2)
		fixture_run(f, swim_ms(10));
	answer(f, first + 1);
	ck_assert_uint_eq(fixture_stats(f).paths_reduced, 1);
	ck_assert_uint_eq(fixture_stats(f).path_smallest, 1024);
	fixture_free(f);
}
END_TEST

START_TEST(a_late_answer_to_the_first_request_does_not_reduce_the_path)
{
	struct fixture *f = asking(WIRE_DATAGRAM_DEFAULT);
	uint64_t first = fixture_expect(f, WIRE_SYNC_REQ, 1)->message.seq;

	while (fixture_sent_count(f, WIRE_SYNC_REQ) < 2)
		fixture_run(f, swim_ms(10));
	/* An answer to a request that was never sent does not count. */
	answer(f, first + 2);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_SYNC_REQ), 2);
	answer(f, first);
	ck_assert_uint_ge(nth(f, WIRE_SYNC_REQ, 2)->len, WIRE_DATAGRAM_DEFAULT - 2);
	ck_assert_uint_eq(fixture_stats(f).paths_reduced, 0);
	ck_assert_uint_eq(fixture_stats(f).paths_fallen, 0);
	fixture_free(f);
}
END_TEST

/* A core that knows that the path to peer 1 is narrow. */
static struct fixture *
narrowed(void)
{
	struct fixture *f = asking(WIRE_DATAGRAM_DEFAULT);
	uint64_t first = fixture_expect(f, WIRE_SYNC_REQ, 1)->message.seq;

	while (fixture_sent_count(f, WIRE_SYNC_REQ) < 2)
		fixture_run(f, swim_ms(10));
	answer(f, first + 1);
	fixture_clear(f);
	return f;
}

/* Lets time pass, in which peer 1 answers all pings but padded ones, until a padded ping is sent. */
static const struct fixture_out *
wait_padded_ping(struct fixture *f)
{
	for (unsigned step = 0; step < 6000; step++) {
		fixture_clear(f);
		fixture_run(f, swim_ms(10));
		for (size_t i = 0; i < f->out_count; i++) {
			const struct fixture_out *out = &f->out[i];

			if (out->message.type != WIRE_PING)
				continue;
			if (out->message.trailer.has_answer_size)
				return out;
			fixture_ack(f, 1, out->message.seq, 1, fixture_same_view(f, 1));
			break;
		}
	}
	ck_abort_msg("no padded ping was sent within 60 s");
	return NULL;
}

START_TEST(larger_sizes_are_tried_by_padded_pings_and_used_once_these_are_answered)
{
	static const size_t sizes[] = {1232, WIRE_DATAGRAM_DEFAULT};
	struct fixture *f = narrowed();

	for (size_t i = 0; i < 2; i++) {
		const struct fixture_out *padded = wait_padded_ping(f);

		ck_assert_uint_eq(padded->len, sizes[i]);
		ck_assert_uint_eq(padded->message.trailer.answer_size, sizes[i]);
		ck_assert_uint_eq(fixture_stats(f).paths_reduced, 1);
		fixture_ack(f, 1, padded->message.seq, 1, fixture_same_view(f, 1));
	}
	ck_assert_uint_eq(fixture_stats(f).paths_reduced, 0);
	ck_assert_uint_eq(fixture_stats(f).path_smallest, WIRE_DATAGRAM_DEFAULT);
	fixture_free(f);
}
END_TEST

START_TEST(a_padded_ping_is_answered_only_by_its_target_from_its_address)
{
	struct fixture *f = narrowed();
	const struct fixture_out *padded = wait_padded_ping(f);
	uint64_t seq;

	seq = padded->message.seq;
	fixture_ack(f, 2, seq, 1, fixture_swimd(1));
	fixture_ack(f, 1, seq, 2, fixture_swimd(1));
	ck_assert_uint_eq(fixture_stats(f).path_smallest, 1024);
	fixture_free(f);
}
END_TEST

START_TEST(an_unanswered_padded_ping_is_no_failed_probe_and_is_sent_less_and_less_often)
{
	struct fixture *f = narrowed();
	swim_duration before = {0};

	for (unsigned k = 0; k < 4; k++) {
		swim_time start = f->now;
		swim_duration waited;

		wait_padded_ping(f);
		waited = swim_time_since(f->now, start);
		ck_assert_int_gt(waited.ns, before.ns);
		before = waited;
		/* The same size is tried three times. */
		for (unsigned i = 1; i < 3; i++)
			wait_padded_ping(f);
	}
	ck_assert_uint_eq(fixture_stats(f).path_trials, 12);
	ck_assert_uint_eq(fixture_stats(f).path_smallest, 1024);
	ck_assert_uint_eq(fixture_stats(f).suspicions, 0);
	fixture_free(f);
}
END_TEST

/* Peer 1 tells new tags of this many members. All these rumours together fill several datagrams. */
static void
rumours_wait_at(struct fixture *f, unsigned count, uint64_t incarnation)
{
	uint8_t tags[100] = {1, 'k', 0, 96};

	memset(tags + 4, 'v', sizeof(tags) - 4);
	for (unsigned i = 0; i < count; i++) {
		struct wire_update u = fixture_update(f, 10 + i, SWIM_ALIVE, incarnation);

		u.tags = (struct wire_str){(const char *)tags, sizeof(tags)};
		fixture_ping(f, 1, 7, fixture_telling(fixture_same_view(f, 1), &u, 1));
	}
}

static void
rumours_wait(struct fixture *f, unsigned count)
{
	rumours_wait_at(f, count, 1);
}

START_TEST(probes_ping_reqs_and_acks_have_1024_bytes_at_most)
{
	struct fixture *f = fixture_among_routable(3);
	size_t most = 0;

	rumours_wait(f, 30);
	fixture_clear(f);
	fixture_ping(f, 1, 8, fixture_swimd(1));
	ck_assert_uint_gt(fixture_expect(f, WIRE_ACK, 1)->len, 900);
	ck_assert_uint_le(fixture_expect(f, WIRE_ACK, 1)->len, 1024);
	fixture_run(f, swim_seconds(3));
	for (size_t i = 0; i < f->out_count; i++) {
		const struct wire_message *msg = &f->out[i].message;

		if (msg->trailer.has_period || msg->type == WIRE_PING_REQ)
			ck_assert_uint_le(f->out[i].len, 1024);
		if (msg->type == WIRE_GOSSIP || msg->type == WIRE_PING)
			most = f->out[i].len > most ? f->out[i].len : most;
	}
	ck_assert_uint_gt(most, 1024);
	fixture_free(f);
}
END_TEST

START_TEST(large_gossip_on_an_unknown_path_is_sent_as_a_ping)
{
	struct fixture *f = fixture_among_routable(30);
	struct swim_addr to = {0};
	size_t pings = 0, gossip = 0;

	rumours_wait(f, 20);
	fixture_clear(f);
	fixture_run(f, swim_ms(900));
	for (size_t i = 0; i < f->out_count; i++) {
		const struct fixture_out *out = &f->out[i];

		if (out->len <= 1024)
			continue;
		ck_assert_int_eq(out->message.type, WIRE_PING);
		ck_assert_uint_eq(out->len, WIRE_DATAGRAM_DEFAULT);
		ck_assert_uint_gt(out->message.updates.count, 5);
		to = out->to;
		pings++;
	}
	ck_assert_uint_gt(pings, 0);
	/* Nobody answers, so gossip to these members is smaller from then on. */
	fixture_run(f, swim_ms(1600));
	ck_assert_uint_gt(fixture_stats(f).paths_reduced, 0);
	ck_assert_uint_eq(fixture_stats(f).path_smallest, 1024);
	fixture_clear(f);
	for (unsigned k = 2; k < 40; k++) {
		rumours_wait_at(f, 20, k);
		fixture_clear(f);
		fixture_run(f, swim_ms(200));
		for (size_t i = 0; i < f->out_count; i++) {
			const struct fixture_out *out = &f->out[i];

			if (!swim_addr_equal(&out->to, &to))
				continue;
			gossip += out->message.type == WIRE_GOSSIP;
			ck_assert(out->len <= 1024 || out->message.trailer.has_answer_size);
		}
	}
	ck_assert_uint_gt(gossip, 0);
	fixture_free(f);
}
END_TEST

START_TEST(an_ack_is_padded_as_asked_but_is_no_larger_than_the_ping)
{
	static const struct {
		size_t ping;
		uint16_t asked;
		size_t ack;
	} cases[] = {{1300, 1300, 1300}, {1300, 1200, 1200}, {1200, 65535, 1200}, {1400, 40, 0}};
	struct fixture *f = fixture_among_routable(1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_trailer trailer = {.has_sender = true,
		    .sender = wire_str_of("p1"),
		    .has_digest = true,
		    .digest = fixture_stats(f).digest,
		    .has_answer_size = true,
		    .answer_size = cases[i].asked};
		uint8_t data[WIRE_DATAGRAM_DEFAULT];
		struct wire_writer w;

		wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
		wire_begin_ping(&w, 20 + i);
		fixture_clear(f);
		fixture_finish(f, 1, &w, &trailer, cases[i].ping);
		if (cases[i].ack > 0)
			ck_assert_uint_eq(fixture_expect(f, WIRE_ACK, 1)->len, cases[i].ack);
		else
			ck_assert_uint_lt(fixture_expect(f, WIRE_ACK, 1)->len, 200);
	}
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_path", a_request_for_a_page_that_is_not_answered_is_repeated_smaller,
    the_size_of_a_smaller_request_that_was_answered_is_kept,
    a_late_answer_to_the_first_request_does_not_reduce_the_path,
    larger_sizes_are_tried_by_padded_pings_and_used_once_these_are_answered,
    a_padded_ping_is_answered_only_by_its_target_from_its_address,
    an_unanswered_padded_ping_is_no_failed_probe_and_is_sent_less_and_less_often,
    probes_ping_reqs_and_acks_have_1024_bytes_at_most,
    large_gossip_on_an_unknown_path_is_sent_as_a_ping,
    an_ack_is_padded_as_asked_but_is_no_larger_than_the_ping)
