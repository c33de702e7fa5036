/* SPDX-License-Identifier: MIT */
/* Datagrams that come in: which are answered and how, which are refused, and what strangers can make us do. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

START_TEST(a_ping_is_answered_with_an_ack_of_its_seq_to_its_source)
{
	struct fixture *f = fixture_started();
	const struct fixture_out *ack;

	fixture_ping(f, 7, UINT64_MAX, fixture_swimd(7));
	ack = fixture_expect(f, WIRE_ACK, 7);
	ck_assert_uint_eq(ack->message.seq, UINT64_MAX);
	ck_assert(wire_str_equal(ack->message.member.id, "self"));
	ck_assert(wire_str_equal(ack->message.member.address, "10.0.0.1:7946"));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_ACK), 1);
	fixture_free(f);
}
END_TEST

START_TEST(an_invalid_datagram_is_counted_not_answered_and_changes_nothing)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum wire_reject reject;
	} bad[] = {
	    {"", 0, WIRE_REJECT_EMPTY},
	    {"\x01", 1, WIRE_REJECT_TRUNCATED},
	    {"\x7f\0\0\0\0\0\0\0\1\0\0", 11, WIRE_REJECT_UNKNOWN_TYPE},
	    {"\x01\0\0\0\0\0\0\0\1\0\1", 11, WIRE_REJECT_TRUNCATED},
	    /* an update of status 3 */
	    {"\x01\0\0\0\0\0\0\0\1\0\1\0\1x\0\3a:1\3\0\0\0\0\0\0\0\0", 28, WIRE_REJECT_BAD_STATUS},
	    /* a name that is no UTF-8 */
	    {"\x01\0\0\0\0\0\0\0\1\0\1\0\1\xff\0\3a:1\0\0\0\0\0\0\0\0\0", 28, WIRE_REJECT_BAD_UTF8},
	};
	struct fixture *f = fixture_started();
	uint64_t digest = fixture_stats(f).digest;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t before = fixture_stats(f).rejected[bad[i].reject];

		ck_assert_int_eq(fixture_input(f, 1, bad[i].bytes, bad[i].len), bad[i].reject);
		ck_assert_uint_eq(fixture_stats(f).rejected[bad[i].reject], before + 1);
	}
	ck_assert_uint_eq(f->out_count, 0);
	ck_assert_uint_eq(f->event_count, 0);
	ck_assert_uint_eq(swim_member_count(f->swim), 1);
	ck_assert_uint_eq(fixture_stats(f).digest, digest);
	fixture_free(f);
}
END_TEST

START_TEST(a_datagram_of_another_cluster_is_refused)
{
	uint8_t data[64];
	struct wire_trailer trailer = {.has_cluster = true, .cluster = wire_str_of("red")};
	struct fixture *f = fixture_new();
	struct wire_writer w;
	size_t len;

	f->config.cluster = "blue";
	ck_assert(fixture_start(f));
	wire_writer_init(&w, data, sizeof(data), 20);
	wire_begin_ping(&w, 1);
	len = wire_finish(&w, &trailer, 0);
	ck_assert_int_eq(fixture_input(f, 1, data, len), WIRE_REJECT_OTHER_CLUSTER);
	/* A base peer belongs to the unnamed cluster. */
	wire_writer_init(&w, data, sizeof(data), 0);
	wire_begin_ping(&w, 1);
	trailer = (struct wire_trailer){0};
	len = wire_finish(&w, &trailer, 0);
	ck_assert_int_eq(fixture_input(f, 1, data, len), WIRE_REJECT_OTHER_CLUSTER);
	ck_assert_uint_eq(f->out_count, 0);
	trailer = (struct wire_trailer){.has_cluster = true, .cluster = wire_str_of("blue")};
	wire_writer_init(&w, data, sizeof(data), 20);
	wire_begin_ping(&w, 1);
	fixture_finish(f, 1, &w, &trailer, 0);
	fixture_expect(f, WIRE_ACK, 1);
	fixture_free(f);
}
END_TEST

START_TEST(an_envelope_is_opened_and_names_its_sender)
{
	uint8_t inner[64], data[256];
	struct wire_trailer none = {0};
	struct wire_member_id sender = {wire_str_of("enveloped"), wire_str_of("10.0.1.3:7946")};
	struct wire_update self = {.member = sender, .status = SWIM_ALIVE};
	struct fixture *f = fixture_started();
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, inner, sizeof(inner), 0);
	wire_begin_ping(&w, 5);
	ck_assert(wire_add_update(&w, &self));
	len = wire_finish(&w, &none, 0);
	wire_writer_init(&w, data, sizeof(data), 0);
	wire_put_authenticated(&w, 5, "token", 5, &sender, inner, len);
	fixture_finish(f, 3, &w, NULL, 0);
	ck_assert_uint_eq(fixture_expect(f, WIRE_ACK, 3)->message.seq, 5);
	ck_assert_str_eq(fixture_report(f, "enveloped").address, "10.0.1.3:7946");
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "enveloped"), 1);
	fixture_free(f);
}
END_TEST

/* A message without updates and trailer, in an envelope with this sender. */
static void
enveloped(struct fixture *f, unsigned from, struct wire_member_id sender, bool ping_req)
{
	uint8_t inner[64], data[256];
	struct wire_member_id target = {wire_str_of("p1"), wire_str_of("10.0.1.1:7946")};
	struct wire_trailer none = {0};
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, inner, sizeof(inner), 0);
	if (ping_req)
		wire_begin_ping_req(&w, 5, &target);
	else
		wire_begin_ping(&w, 5);
	len = wire_finish(&w, &none, 0);
	wire_writer_init(&w, data, sizeof(data), 0);
	wire_put_authenticated(&w, 5, "", 0, &sender, inner, len);
	fixture_finish(f, from, &w, NULL, 0);
}

START_TEST(an_envelope_introduces_its_sender)
{
	struct wire_member_id sender = {wire_str_of("enveloped"), wire_str_of("10.0.1.3:7946")};
	struct wire_member_id named = {wire_str_of("hosted"), wire_str_of("db4.example:7946")};
	struct wire_member_id asker = {wire_str_of("asker"), wire_str_of("10.0.1.5:7946")};
	struct wire_member_id unnamed = {wire_str_of(""), wire_str_of("10.0.1.6:7946")};
	struct fixture *f = fixture_started();
	struct wire_update update;

	/* The same peer has sent a ping without an envelope before. */
	fixture_ping(f, 3, 1, fixture_nothing);
	ck_assert_uint_eq(fixture_report(f, "10.0.1.3:7946").name_len, 13);
	enveloped(f, 3, sender, false);
	ck_assert_str_eq(fixture_report(f, "enveloped").address, "10.0.1.3:7946");
	ck_assert_int_eq(fixture_report(f, "enveloped").kind, SWIM_KIND_BASE);
	ck_assert(!fixture_lists(f, "10.0.1.3:7946"));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "enveloped"), 1);
	/* Nobody has resolved the host name, so the source address is taken. */
	enveloped(f, 4, named, false);
	ck_assert_str_eq(fixture_report(f, "hosted").address, "10.0.1.4:7946");
	enveloped(f, 5, asker, true);
	ck_assert_int_eq(fixture_report(f, "asker").kind, SWIM_KIND_BASE);
	/* A sender without a name is known by its address. */
	enveloped(f, 6, unnamed, false);
	ck_assert_int_eq(fixture_report(f, "10.0.1.6:7946").kind, SWIM_KIND_BASE);
	ck_assert_uint_eq(swim_member_count(f->swim), 5);
	/* A later envelope does not lower the known incarnation. */
	update = (struct wire_update){.member = sender, .incarnation = 7};
	fixture_base_ping_with(f, 3, 2, &update);
	enveloped(f, 3, sender, false);
	ck_assert_uint_eq(fixture_report(f, "enveloped").incarnation, 7);
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_is_known_by_its_address_until_it_is_named)
{
	struct fixture *f = fixture_started();
	const struct fixture_out *greeting;

	fixture_ping(f, 4, 1, fixture_nothing);
	ck_assert_int_eq(fixture_report(f, "10.0.1.4:7946").kind, SWIM_KIND_BASE);
	ck_assert_uint_eq(f->event_count, 0);
	greeting = fixture_expect(f, WIRE_PING, 4);
	fixture_ack(f, 4, greeting->message.seq, 4, fixture_nothing);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p4"), 1);
	ck_assert_uint_eq(f->event_count, 1);
	ck_assert(!fixture_lists(f, "10.0.1.4:7946"));
	fixture_ping(f, 4, 2, fixture_nothing);
	ck_assert_int_eq(fixture_report(f, "p4").kind, SWIM_KIND_BASE);
	fixture_free(f);
}
END_TEST

/*
 * A member without seeds may be the first of its cluster, so it believes strangers; a member with a
 * seed asks the seed.
 */
START_TEST(a_starting_member_with_a_seed_takes_no_stranger_s_word_about_others)
{
	struct fixture *f = fixture_started();

	fixture_gossip(f, 8, 8, SWIM_ALIVE, 0);
	ck_assert(fixture_lists(f, "p8"));
	fixture_free(f);
	f = fixture_started();
	fixture_join(f, 5);
	fixture_gossip(f, 9, 1, SWIM_ALIVE, 0);
	ck_assert(!fixture_lists(f, "p1"));
	/* A stranger is believed about itself. */
	fixture_gossip(f, 9, 9, SWIM_ALIVE, 0);
	ck_assert(fixture_lists(f, "p9"));
	fixture_free(f);
}
END_TEST

START_TEST(a_base_peer_leaves_by_its_own_dead_update)
{
	struct fixture *f = fixture_started();
	struct wire_update u = fixture_update(f, 4, SWIM_ALIVE, 2);

	fixture_ping(f, 4, 1, fixture_nothing);
	fixture_answer(f, 4, fixture_nothing);
	fixture_base_ping_with(f, 4, 1, &u);
	u = fixture_update(f, 4, SWIM_DEAD, 2);
	fixture_base_ping_with(f, 4, 2, &u);
	/*
	 * Another base peer could live there now and tell this death. Nobody answers our question,
	 * so p4 itself has left.
	 */
	fixture_run(f, swim_seconds(1));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_LEFT, "p4"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_FAILED, NULL), 0);
	fixture_free(f);
}
END_TEST

START_TEST(an_update_with_the_address_of_a_member_for_a_name_lists_no_new_member)
{
	struct wire_update u[2];
	struct fixture *f = fixture_started();

	fixture_member(f, 1);
	fixture_member(f, 2);
	u[0] = fixture_update(f, 2, SWIM_ALIVE, 0);
	u[0].member.id = u[0].member.address;
	u[1] = fixture_update(f, 0, SWIM_ALIVE, 0);
	u[1].member.id = u[1].member.address;
	fixture_ping(f, 1, 1, fixture_telling(fixture_nothing, u, 2));
	ck_assert_uint_eq(swim_member_count(f->swim), 3);
	ck_assert_uint_eq(f->event_count, 2);
	fixture_free(f);
}
END_TEST

/* Otherwise one datagram of a lying member would replace the base peer by an invented member. */
START_TEST(a_base_peer_that_has_answered_is_not_replaced_by_what_others_say)
{
	struct fixture *f = fixture_started();
	struct swim_addr base = fixture_addr(3);
	char address[SWIM_ADDR_TEXT];

	swim_addr_format(&base, address);
	fixture_member(f, 1);
	fixture_join(f, 3);
	fixture_base_answer(f, 3, address);
	ck_assert_int_eq(fixture_report(f, address).status, SWIM_ALIVE);
	fixture_gossip(f, 1, 3, SWIM_ALIVE, 0);
	ck_assert_int_eq(fixture_report(f, address).status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_REMOVED, NULL), 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_stranger_gets_no_more_bytes_than_it_sent)
{
	struct fixture *f = fixture_started();
	const size_t ping = 11;

	fixture_member(f, 1);
	for (unsigned i = 2; i < 40; i++)
		fixture_gossip(f, 1, i, SWIM_ALIVE, 0);
	fixture_clear(f);
	fixture_ping(f, 200, 1, fixture_nothing);
	/* The exception is the smallest ack, which has our id and address. */
	for (size_t i = 0; i < f->out_count; i++)
		if (f->out[i].message.type == WIRE_ACK)
			ck_assert_uint_eq(f->out[i].message.updates.count, 0);
	ck_assert_uint_lt(fixture_expect(f, WIRE_ACK, 200)->len, ping + 48);
	fixture_free(f);
}
END_TEST

static bool
a_probe_is_answered(const struct fixture *f)
{
	return fixture_stats(f).probes_acked > 0;
}

/* A stranger sends under the name of a member, from another address. */
START_TEST(a_stranger_with_the_name_of_a_member_gets_no_more_bytes_than_it_sent)
{
	struct fixture_says borrowed = fixture_swimd(1);
	struct fixture *f = fixture_started();
	const struct fixture_out *ack;

	fixture_member(f, 1);
	fixture_clear(f);
	/* p1 answers all pings until one of them was a probe. */
	ck_assert(
	    fixture_answer_until(f, 1, 1, swim_ms(50), swim_seconds(60), a_probe_is_answered));
	for (unsigned i = 2; i < 40; i++)
		fixture_gossip(f, 1, i, SWIM_ALIVE, 0);
	fixture_clear(f);
	fixture_ping(f, 1, 1, borrowed);
	ack = fixture_expect(f, WIRE_ACK, 1);
	ck_assert_uint_gt(ack->message.updates.count, 0);
	fixture_clear(f);
	fixture_ping(f, 200, 2, borrowed);
	ack = fixture_expect(f, WIRE_ACK, 200);
	ck_assert_uint_eq(ack->message.updates.count, 0);
	fixture_free(f);
}
END_TEST

/* No member is known yet. The digest of a stranger makes us send a small ping; only the answer starts a sync. */
START_TEST(a_forged_digest_starts_no_sync)
{
	struct fixture_says other = fixture_other_view(9);
	struct fixture *f = fixture_started();

	fixture_nack(f, 9, 1, 0);
	for (uint64_t seq = 1; seq <= 100; seq++)
		fixture_ping(f, (unsigned)(seq + 8), seq, other);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_SYNC_REQ), 0);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_PING), 1);
	ck_assert_uint_lt(fixture_expect(f, WIRE_PING, 9)->len, 100);
	fixture_answer(f, 9, other);
	fixture_expect(f, WIRE_SYNC_REQ, 9);
	fixture_free(f);
}
END_TEST

/* Each of these peers sends a digest, and 100 ms later answers our ping with the digest. */
static void
digests_come(struct fixture *f, const struct fixture_says *says, size_t count)
{
	fixture_clear(f);
	for (size_t i = 0; i < count; i++)
		fixture_ping(f, says[i].sender, 1, says[i]);
	fixture_run(f, swim_ms(100));
	for (size_t i = 0; i < count; i++) {
		const struct fixture_out *ping = fixture_sent(f, WIRE_PING, says[i].sender);

		if (ping != NULL)
			fixture_ack(f, says[i].sender, ping->message.seq, says[i].sender, says[i]);
	}
}

/* Each sync with the stranger is in vain, so the pause before the next sync with a stranger grows. */
START_TEST(the_digests_of_a_stranger_do_not_delay_a_sync_with_a_member)
{
	struct fixture *f = fixture_started();
	struct fixture_says says[] = {{.swimd = true, .sender = 9, .digest = 2},
	    {.swimd = true, .sender = 1, .digest = 1}};
	const struct fixture_out *request;

	fixture_routable(f, 1);
	for (unsigned i = 0; i < 100 && fixture_sent(f, WIRE_SYNC_REQ, 1) == NULL; i++)
		digests_come(f, says + 1, 1);
	request = fixture_expect(f, WIRE_SYNC_REQ, 1);
	fixture_page(f, 1, request->message.seq, NULL, fixture_nothing);
	ck_assert_uint_eq(fixture_stats(f).syncs_completed, 1);
	for (unsigned i = 0; i < 1200; i++) {
		says[1].digest = fixture_stats(f).digest;
		digests_come(f, says, 2);
	}
	ck_assert_uint_gt(fixture_stats(f).syncs_failed, 1);
	says[1].digest = 1;
	for (unsigned i = 0; i < 50 && fixture_sent(f, WIRE_SYNC_REQ, 1) == NULL; i++)
		digests_come(f, says, 2);
	fixture_expect(f, WIRE_SYNC_REQ, 1);
	fixture_free(f);
}
END_TEST

START_TEST(an_ack_that_answers_no_ping_changes_nothing)
{
	struct fixture *f = fixture_started();

	fixture_ack(f, 9, 12345, 9, fixture_nothing);
	ck_assert_uint_eq(swim_member_count(f->swim), 1);
	ck_assert_uint_eq(f->out_count, 0);
	fixture_free(f);
}
END_TEST

START_TEST(at_most_64_unnamed_peers_are_listed)
{
	struct fixture *f = fixture_started();

	for (unsigned i = 1; i <= 255; i++) {
		fixture_ping(f, i, i, fixture_nothing);
		fixture_clear(f);
	}
	ck_assert_uint_le(swim_member_count(f->swim), 65);
	ck_assert_uint_gt(fixture_stats(f).ignored[SWIM_IGNORE_MEMBER_LIMIT], 0);
	fixture_free(f);
}
END_TEST

START_TEST(a_seed_is_reported_as_answered_or_as_silent)
{
	struct fixture *f = fixture_started();
	struct swim_addr seed = fixture_addr(1);

	fixture_join(f, 1);
	ck_assert(!swim_join(f->swim, f->now, &seed)); /* the join is under way */
	fixture_join(f, 2);
	fixture_answer(f, 1, fixture_nothing);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_ANSWERED, "p1"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p1"), 1);
	fixture_run(f, swim_seconds(10));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_SILENT, ""), 1);
	fixture_join(f, 2);
	fixture_free(f);
}
END_TEST

START_TEST(a_seed_is_reported_as_silent_after_20_seconds_at_most)
{
	struct fixture *f = fixture_new();

	f->config.timing.probe_timeout = swim_seconds(600);
	f->config.timing.probe_interval = swim_seconds(1800);
	ck_assert(fixture_start(f));
	fixture_join(f, 2);
	fixture_run(f, swim_seconds(19));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_SILENT, ""), 0);
	fixture_run(f, swim_seconds(2));
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_SILENT, ""), 1);
	fixture_free(f);
}
END_TEST

START_TEST(only_the_answer_to_an_unrepeated_ping_of_a_join_is_a_round_trip)
{
	struct fixture *f = fixture_started();
	struct fixture_says swimd = fixture_swimd(1);
	uint64_t seq;

	fixture_member(f, 1);
	fixture_clear(f);
	fixture_join(f, 1);
	seq = fixture_expect(f, WIRE_PING, 1)->message.seq;
	f->now = swim_time_add(f->now, swim_ms(30));
	fixture_ack(f, 1, seq, 1, swimd);
	ck_assert_int_eq(fixture_report(f, "p1").rtt.ns, swim_ms(30).ns);
	/* The second ping of a join has the sequence number of the first. */
	fixture_clear(f);
	fixture_join(f, 1);
	fixture_run(f, swim_ms(450));
	seq = fixture_expect_first(f, WIRE_PING, 1)->message.seq;
	fixture_ack(f, 1, seq, 1, swimd);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_ANSWERED, "p1"), 1);
	ck_assert_int_eq(fixture_report(f, "p1").rtt.ns, swim_ms(30).ns);
	fixture_free(f);
}
END_TEST

START_TEST(only_the_answer_to_an_unrepeated_ping_before_rumours_is_a_round_trip)
{
	for (unsigned asked = 1; asked <= 2; asked++) {
		struct fixture *f = fixture_started();
		unsigned pings;
		uint64_t seq;

		/* p1 has not answered yet, so it is pinged before it is sent rumours. */
		fixture_clear(f);
		fixture_member(f, 1);
		fixture_drain(f);
		swim_tick(f->swim, f->now);
		fixture_drain(f);
		/* The other ping checks whether the view of p1 differs. */
		ck_assert_uint_eq(f->out_count, 2);
		seq = f->out[1].message.seq;
		if (asked == 1)
			f->now = swim_time_add(f->now, swim_ms(20));
		else
			fixture_run(f, swim_ms(250));
		pings = 0;
		for (size_t i = 0; i < f->out_count; i++)
			pings += f->out[i].message.type == WIRE_PING &&
				 f->out[i].message.seq == seq;
		ck_assert_uint_eq(pings, asked);
		fixture_ack(f, 1, seq, 1, fixture_swimd(1));
		ck_assert_int_eq(fixture_report(f, "p1").rtt.ns, asked == 1 ? swim_ms(20).ns : -1);
		fixture_free(f);
	}
}
END_TEST

/* An ack of a swimd peer has no sender in its trailer; its own id names the sender. */
START_TEST(the_id_in_the_answer_to_a_join_names_the_speaker)
{
	struct fixture *f = fixture_started();
	struct wire_trailer trailer = {.has_digest = true, .digest = 1};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_update u[2];
	struct wire_writer w;

	u[0] = fixture_update(f, 1, SWIM_ALIVE, 0);
	u[1] = fixture_update(f, 2, SWIM_ALIVE, 0);
	fixture_join(f, 1);
	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ack(&w, fixture_expect(f, WIRE_PING, 1)->message.seq, &u[0].member);
	ck_assert(wire_add_update(&w, &u[0]) && wire_add_update(&w, &u[1]));
	fixture_finish(f, 1, &w, &trailer, 0);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p1"), 1);
	ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_JOINED, "p2"), 1);
	for (size_t i = 0; i < f->event_count; i++) {
		if (f->events[i].type == SWIM_EVENT_JOINED)
			ck_assert_str_eq(f->events[i].by, "p1");
	}
	fixture_free(f);
}
END_TEST

START_TEST(strangers_leave_room_for_joins)
{
	struct fixture *f = fixture_started();

	for (unsigned i = 2; i < 200; i++) {
		fixture_ping(f, i, i, fixture_nothing);
		fixture_clear(f);
	}
	fixture_join(f, 1);
	fixture_expect(f, WIRE_PING, 1);
	fixture_free(f);
}
END_TEST

/* A stranger that tells digests all the time always has a check under way; then a member's digest differs from ours. */
START_TEST(the_check_of_a_members_digest_ends_that_of_a_strangers)
{
	struct fixture *f = fixture_started();

	fixture_routable(f, 1);
	fixture_run(f, swim_ms(500));
	fixture_clear(f);
	fixture_ping(f, 2, 2, fixture_other_view(2));
	fixture_expect(f, WIRE_PING, 2);
	fixture_clear(f);
	fixture_ping(f, 1, 4711, fixture_other_view(1));
	fixture_expect(f, WIRE_PING, 1);
	/* The digest of a stranger does not end the check of the member's. */
	fixture_ping(f, 3, 3, fixture_other_view(3));
	ck_assert_ptr_null(fixture_sent(f, WIRE_PING, 3));
	fixture_answer(f, 1, fixture_other_view(1));
	fixture_expect(f, WIRE_SYNC_REQ, 1);
	fixture_free(f);
}
END_TEST

/* Strangers have us ask as much as they can; then a member's digest differs from ours. */
START_TEST(strangers_leave_room_to_look_at_the_digest_of_a_member)
{
	struct fixture *f = fixture_started();
	unsigned asked = 0;

	fixture_routable(f, 1);
	fixture_run(f, swim_ms(500));
	for (unsigned i = 2; i < 200; i++) {
		fixture_clear(f);
		fixture_ping(f, i, i, fixture_nothing);
		asked += fixture_sent(f, WIRE_PING, i) != NULL;
	}
	ck_assert_uint_eq(asked, SWIM_INQUIRIES / 2);
	fixture_clear(f);
	fixture_ping(f, 1, 4711, fixture_other_view(1));
	fixture_expect(f, WIRE_PING, 1);
	fixture_free(f);
}
END_TEST

START_TEST(joins_under_way_are_limited)
{
	struct fixture *f = fixture_started();
	unsigned accepted = 0;

	for (unsigned i = 1; i <= 200; i++) {
		struct swim_addr addr = fixture_addr(i);

		accepted += swim_join(f->swim, f->now, &addr);
	}
	ck_assert_uint_eq(accepted, SWIM_INQUIRIES);
	fixture_free(f);
}
END_TEST

/*
 * p1 answers slowly, and p2 has answered this many times at once. Returns how long we wait for p2
 * before we ask p1 to ping p2, in milliseconds.
 */
static int64_t
waited_ms(unsigned answers)
{
	struct fixture *f = fixture_started();
	swim_time sent;
	int64_t waited;

	fixture_routable_slow(f, 1);
	fixture_member(f, 2);
	for (unsigned i = 0; i < answers; i++) {
		fixture_clear(f);
		fixture_join(f, 2);
		f->now = swim_time_add(f->now, swim_ms(1));
		fixture_answer(f, 2, fixture_same_view(f, 2));
	}
	for (fixture_clear(f); fixture_sent(f, WIRE_PING, 2) == NULL; fixture_run(f, swim_ms(1))) {
		fixture_answer_all(f, 1, 1);
		fixture_clear(f);
	}
	sent = f->now;
	while (fixture_sent(f, WIRE_PING_REQ, 1) == NULL)
		fixture_run(f, swim_ms(1));
	waited = swim_duration_ms(swim_time_since(f->now, sent));
	fixture_free(f);
	return waited;
}

START_TEST(one_quick_answer_does_not_shorten_the_patience)
{
	ck_assert_int_ge(waited_ms(1), 250);
	/* After six answers the round trip of p2 is known. */
	ck_assert_int_le(waited_ms(6), 100);
}
END_TEST

/* A ping of p2 from this cluster: p2 is a swimd peer (`swimd`) or a base peer. */
static size_t
foreign_ping(uint8_t *out, size_t cap, const char *cluster, bool swimd)
{
	struct wire_trailer trailer = {.has_cluster = *cluster != '\0',
	    .has_sender = swimd,
	    .cluster = wire_str_of(cluster),
	    .sender = wire_str_of("p2")};
	struct wire_writer w;

	wire_writer_init(&w, out, cap, wire_trailer_size(&trailer));
	wire_begin_ping(&w, 77);
	return wire_finish(&w, &trailer, 0);
}

START_TEST(a_ping_of_another_cluster_is_answered_with_our_cluster_in_no_more_bytes)
{
	uint8_t ping[256];
	struct fixture *f = fixture_new();
	const struct fixture_out *out;
	size_t len = foreign_ping(ping, sizeof(ping), "test", true);

	f->config.cluster = "prod";
	ck_assert(fixture_start(f));
	fixture_clear(f);
	ck_assert_int_eq(fixture_input(f, 2, ping, len), WIRE_REJECT_OTHER_CLUSTER);
	out = fixture_expect(f, WIRE_OTHER_CLUSTER, 2);
	ck_assert_uint_eq(f->out_count, 1);
	ck_assert_uint_eq(out->message.seq, 77);
	ck_assert(wire_str_equal(out->message.trailer.cluster, "prod"));
	ck_assert_uint_le(out->len, len);
	ck_assert_uint_eq(swim_member_count(f->swim), 1);
	ck_assert_uint_eq(fixture_stats(f).rejected[WIRE_REJECT_OTHER_CLUSTER], 1);
	/* At most ten answers are sent in a second. */
	for (unsigned i = 0; i < 1000; i++) {
		fixture_input(f, 2, ping, len);
		fixture_run(f, swim_ms(1));
	}
	ck_assert_uint_le(fixture_sent_count(f, WIRE_OTHER_CLUSTER), 11);
	ck_assert_uint_ge(fixture_sent_count(f, WIRE_OTHER_CLUSTER), 9);
	fixture_clear(f);
	/* A base peer gets no answer. A ping of 16 bytes is large enough for an answer. */
	fixture_run(f, swim_seconds(1));
	fixture_input(f, 2, ping, foreign_ping(ping, sizeof(ping), "", false));
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_OTHER_CLUSTER), 0);
	len = foreign_ping(ping, sizeof(ping), "", true);
	ck_assert_uint_eq(len, 16);
	fixture_input(f, 2, ping, len);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_OTHER_CLUSTER), 1);
	fixture_free(f);
}
END_TEST

/* This peer answers as a member of the cluster "test", with a datagram of this type. */
static void
foreign_word(struct fixture *f, unsigned from, enum wire_type type, uint64_t seq)
{
	const struct wire_member_id who = {wire_str_of("p2"), wire_str_of("10.0.1.2:7946")};
	const struct wire_trailer trailer = {.has_cluster = true, .cluster = wire_str_of("test")};
	uint8_t word[256];
	struct wire_writer w;

	wire_writer_init(&w, word, sizeof(word), wire_trailer_size(&trailer));
	if (type == WIRE_ACK)
		wire_begin_ack(&w, seq, &who);
	else
		wire_put_other_cluster(&w, seq);
	ck_assert_int_eq(fixture_input(f, from, word, wire_finish(&w, &trailer, 0)),
	    WIRE_REJECT_OTHER_CLUSTER);
}

START_TEST(a_join_ends_when_another_cluster_answers)
{
	static const enum wire_type types[] = {WIRE_OTHER_CLUSTER, WIRE_ACK};

	for (int i = 0; i < 2; i++) {
		struct fixture *f = fixture_new();
		uint64_t seq;

		f->config.cluster = "prod";
		ck_assert(fixture_start(f));
		fixture_clear(f);
		fixture_join(f, 2);
		seq = fixture_expect(f, WIRE_PING, 2)->message.seq;
		/*
		 * An answer from another address does not count, nor does an answer with another
		 * sequence number.
		 */
		foreign_word(f, 3, types[i], seq);
		foreign_word(f, 2, types[i], seq + 1);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_FOREIGN, "test"), 0);
		foreign_word(f, 2, types[i], seq);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_FOREIGN, "test"), 1);
		ck_assert_uint_eq(swim_member_count(f->swim), 1);
		/* The join is over: a second answer changes nothing, and the seed is not reported as silent. */
		foreign_word(f, 2, types[i], seq);
		fixture_run(f, swim_seconds(20));
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_FOREIGN, "test"), 1);
		ck_assert_uint_eq(fixture_event_count(f, SWIM_EVENT_SEED_SILENT, ""), 0);
		fixture_free(f);
	}
}
END_TEST

UNIT_MAIN("swim_input", a_ping_of_another_cluster_is_answered_with_our_cluster_in_no_more_bytes,
    a_join_ends_when_another_cluster_answers, one_quick_answer_does_not_shorten_the_patience,
    a_ping_is_answered_with_an_ack_of_its_seq_to_its_source,
    an_invalid_datagram_is_counted_not_answered_and_changes_nothing,
    a_datagram_of_another_cluster_is_refused, an_envelope_is_opened_and_names_its_sender,
    an_envelope_introduces_its_sender, a_base_peer_is_known_by_its_address_until_it_is_named,
    a_base_peer_leaves_by_its_own_dead_update,
    an_update_with_the_address_of_a_member_for_a_name_lists_no_new_member,
    a_base_peer_that_has_answered_is_not_replaced_by_what_others_say,
    a_starting_member_with_a_seed_takes_no_stranger_s_word_about_others,
    a_stranger_gets_no_more_bytes_than_it_sent,
    a_stranger_with_the_name_of_a_member_gets_no_more_bytes_than_it_sent,
    a_forged_digest_starts_no_sync, the_digests_of_a_stranger_do_not_delay_a_sync_with_a_member,
    an_ack_that_answers_no_ping_changes_nothing, at_most_64_unnamed_peers_are_listed,
    a_seed_is_reported_as_answered_or_as_silent,
    a_seed_is_reported_as_silent_after_20_seconds_at_most,
    only_the_answer_to_an_unrepeated_ping_of_a_join_is_a_round_trip,
    only_the_answer_to_an_unrepeated_ping_before_rumours_is_a_round_trip,
    the_id_in_the_answer_to_a_join_names_the_speaker, joins_under_way_are_limited,
    strangers_leave_room_for_joins, strangers_leave_room_to_look_at_the_digest_of_a_member,
    the_check_of_a_members_digest_ends_that_of_a_strangers)
