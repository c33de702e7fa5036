/* SPDX-License-Identifier: MIT */
/* Reports of broken links, complaints about our address, and addresses that two members share. */
#include "swim_fixture.h"

#include <string.h>

#include "support/unit.h"

static const struct swim_addr outer = {.family = 4, .port = 40123, .ip = {10, 9, 9, 1}};

/*
 * p<from> pings us from its own address, or from `there`. The trailer has these fields besides
 * those of a swimd peer.
 */
static void
say(struct fixture *f, unsigned from, const struct swim_addr *there, struct wire_trailer trailer)
{
	struct swim_addr home = fixture_addr(from);
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	char name[16];
	struct wire_writer w;

	trailer.has_sender = trailer.has_digest = true;
	trailer.sender = wire_str_of(fixture_name(from, name));
	trailer.digest = fixture_stats(f).digest;
	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping(&w, 5);
	fixture_finish_by(f, there != NULL ? there : &home, &w, &trailer, 0);
}

/* p<from> probes us and complains: it cannot reach us at our advertised address, but at `seen`. */
static void
complain(struct fixture *f, unsigned from, const char *seen)
{
	say(f, from, NULL,
	    (struct wire_trailer){.has_period = true,
		.has_unreached = true,
		.unreached = wire_str_of(seen)});
}

/* p<from> probes us and does not complain. */
static void
probe(struct fixture *f, unsigned from)
{
	say(f, from, NULL, (struct wire_trailer){.has_period = true});
}

/*
 * p<from> passes on the report of p<teller> with this stamp: p<teller> cannot reach p<peer> (0: the
 * report is empty).
 */
static void
tell(struct fixture *f, unsigned from, const struct swim_addr *there, unsigned teller,
    uint64_t stamp, unsigned peer)
{
	uint8_t bytes[WIRE_LINKS_SIZE_MAX];
	char name[16];
	struct wire_links links = {.stamp = stamp,
	    .teller = fixture_hash(fixture_name(teller, name))};

	if (peer > 0) {
		links.total = links.count = 1;
		links.peers[0] = fixture_hash(fixture_name(peer, name));
	}
	say(f, from, there,
	    (struct wire_trailer){.links = bytes,
		.links_len = (uint16_t)wire_links_put(&links, bytes)});
}

/*
 * The name of the only member that this member reports as out of reach; "" if there is none. `r`
 * gets its report.
 */
static const char *
unreached(const struct fixture *f, const char *name, struct swim_report *r)
{
	struct swim_links links = {0};

	for (size_t i = 0; i < swim_member_count(f->swim); i++) {
		swim_member_at(f->swim, i, r);
		if (strcmp(r->name, name) == 0)
			swim_links_at(f->swim, i, &links);
	}
	ck_assert_uint_eq(links.total, links.count);
	ck_assert_uint_le(links.count, 1);
	if (links.count == 0)
		return "";
	swim_member_at(f->swim, links.peers[0], r);
	return r->name;
}

static struct swim_reach
reach(struct fixture *f)
{
	struct swim_reach out;

	swim_reach(f->swim, f->now, &out);
	return out;
}

START_TEST(complaints_about_our_address_are_counted)
{
	struct fixture *f = fixture_among_routable(5);

	ck_assert_uint_eq(reach(f).complaining.count, 0);
	complain(f, 2, "10.9.0.254:40123");
	ck_assert_uint_eq(reach(f).complaining.count, 1);
	complain(f, 4, "10.9.0.254:40124");
	complain(f, 4, "10.9.0.254:40125");
	ck_assert_uint_eq(reach(f).complaining.count, 2);
	ck_assert_str_eq(reach(f).complaining.name, "p2");
	ck_assert_uint_eq(reach(f).seen_at.port, 40125);
	/* Each probe has the complaint, or takes it back. */
	probe(f, 2);
	ck_assert_uint_eq(reach(f).complaining.count, 1);
	/* A datagram that is no probe does not take a complaint back. */
	say(f, 4, NULL, (struct wire_trailer){0});
	ck_assert_uint_eq(reach(f).complaining.count, 1);
	/* A report of links is no complaint, and takes none back. */
	tell(f, 3, NULL, 5, 1, 0);
	ck_assert_uint_eq(reach(f).complaining.count, 1);
	fixture_free(f);
}
END_TEST

START_TEST(reports_and_complaints_of_strangers_do_not_count)
{
	struct fixture *f = fixture_among_routable(5);
	struct swim_report r;

	tell(f, 2, &outer, 2, 1, 3);
	ck_assert_str_eq(unreached(f, "p2", &r), "");
	say(f, 2, &outer,
	    (struct wire_trailer){.has_period = true,
		.has_unreached = true,
		.unreached = wire_str_of("")});
	ck_assert_uint_eq(reach(f).complaining.count, 0);
	fixture_free(f);
}
END_TEST

START_TEST(the_report_with_the_highest_stamp_counts)
{
	struct fixture *f = fixture_among_routable(5);
	struct swim_report r;

	tell(f, 2, NULL, 2, 10, 3);
	ck_assert_str_eq(unreached(f, "p2", &r), "p3");
	ck_assert_str_eq(unreached(f, "p3", &r), "");
	/* Other members pass reports of p2 on; the stamp decides. */
	tell(f, 4, NULL, 2, 9, 5);
	ck_assert_str_eq(unreached(f, "p2", &r), "p3");
	tell(f, 4, NULL, 2, 11, 5);
	ck_assert_str_eq(unreached(f, "p2", &r), "p5");
	tell(f, 5, NULL, 2, 12, 0);
	ck_assert_str_eq(unreached(f, "p2", &r), "");
	/* The report of an unknown member does not count, nor does a report of our own links from another. */
	tell(f, 2, NULL, 9, 1, 3);
	tell(f, 2, NULL, 0, UINT64_C(1) << 40, 3);
	ck_assert_str_eq(unreached(f, "self", &r), "");
	/* A dead member is left out of the reports of others. */
	tell(f, 5, NULL, 2, 13, 3);
	ck_assert_str_eq(unreached(f, "p2", &r), "p3");
	fixture_gossip(f, 5, 3, SWIM_DEAD, 0);
	ck_assert_str_eq(unreached(f, "p2", &r), "");
	fixture_free(f);
}
END_TEST

/* The number of datagrams that have a report. */
static unsigned
passed_on(const struct fixture *f)
{
	unsigned count = 0;

	for (size_t i = 0; i < f->out_count; i++)
		count += f->out[i].message.trailer.links != NULL;
	return count;
}

/*
 * Lets time pass, in which all peers but `silent` (0: none) answer, and say that `silent` has
 * answered them. Adds the number of our datagrams with a report to `passed`.
 */
static void
answer_all(struct fixture *f, int seconds, unsigned *passed, unsigned silent)
{
	for (int step = 0; step < 20 * seconds; step++) {
		struct fixture_out sent[FIXTURE_OUT_MAX];
		size_t n;

		fixture_run(f, swim_ms(50));
		*passed += passed_on(f);
		n = f->out_count;
		memcpy(sent, f->out, n * sizeof(*sent));
		for (size_t i = 0; i < n; i++) {
			unsigned peer = sent[i].to.ip[1] == 0 ? sent[i].to.ip[3] : 0;
			struct fixture_says says = {.swimd = true,
			    .sender = peer,
			    .digest = fixture_stats(f).digest};
			unsigned about = silent;

			if (sent[i].message.type == WIRE_PING && peer != silent)
				fixture_ack(f, peer, sent[i].message.seq, peer, says);
			if (sent[i].message.type == WIRE_PING_REQ && peer != silent)
				fixture_ack(f, peer, sent[i].message.seq, about, says);
		}
		fixture_clear(f);
	}
}

START_TEST(a_report_is_passed_on_like_a_rumour_and_forgotten_after_180_seconds)
{
	struct fixture *f = fixture_among_routable(4);
	struct swim_report r;
	unsigned passed = 0;

	answer_all(f, 60, &passed, 0);
	ck_assert_uint_eq(passed, 0);
	tell(f, 2, NULL, 2, 10, 3);
	fixture_clear(f);
	answer_all(f, 60, &passed, 0);
	ck_assert_uint_eq(passed, f->config.timing.retransmit_mult);
	/* The report is not repeated, and is forgotten after 180 s. */
	answer_all(f, 60, &passed, 0);
	ck_assert_str_eq(unreached(f, "p2", &r), "p3");
	answer_all(f, 70, &passed, 0);
	ck_assert_str_eq(unreached(f, "p2", &r), "");
	ck_assert_uint_eq(passed, f->config.timing.retransmit_mult);
	fixture_free(f);
}
END_TEST

START_TEST(our_own_report_is_sent_when_it_changes_and_once_a_minute)
{
	struct fixture *f = fixture_among_routable(4);
	struct swim_report r;
	unsigned passed = 0, before;

	answer_all(f, 60, &passed, 1);
	ck_assert_str_eq(unreached(f, "self", &r), "p1");
	ck_assert_uint_eq(reach(f).broken.count, 1);
	ck_assert_str_eq(reach(f).broken.name, "p1");
	ck_assert_uint_gt(passed, 0);
	before = passed;
	answer_all(f, 120, &passed, 1);
	ck_assert_uint_ge(passed, before + f->config.timing.retransmit_mult);
	answer_all(f, 30, &passed, 0);
	ck_assert_str_eq(unreached(f, "self", &r), "");
	ck_assert_uint_eq(reach(f).broken.count, 0);
	passed = 0;
	answer_all(f, 120, &passed, 0);
	ck_assert_uint_eq(passed, 0);
	fixture_free(f);
}
END_TEST

/* The pings to the address at which a member has answered instead have the complaint. */
START_TEST(a_member_that_is_asked_at_another_address_gets_complaints)
{
	struct fixture *f = fixture_started();
	struct swim_reach found;
	unsigned told = 0;

	fixture_routable(f, 2);
	fixture_member(f, 1);
	fixture_clear(f);
	fixture_ping_by(f, &outer, 0, "p1", NULL);
	for (int step = 0; step < 20 * 20; step++) {
		for (size_t i = 0; i < f->out_count; i++) {
			struct fixture_out sent = f->out[i];
			uint64_t digest = fixture_stats(f).digest;

			if (sent.message.type != WIRE_PING)
				continue;
			if (swim_addr_equal(&sent.to, &outer)) {
				told += sent.message.trailer.has_unreached;
				if (sent.message.trailer.has_unreached)
					ck_assert(wire_str_equal(sent.message.trailer.unreached,
					    "10.9.9.1:40123"));
				fixture_ack_by(f, &outer, sent.message.seq, 1, digest, NULL);
			} else {
				ck_assert(!sent.message.trailer.has_unreached);
				if (sent.to.ip[3] == 2)
					fixture_ack(f, 2, sent.message.seq, 2,
					    (struct fixture_says){.swimd = true,
						.sender = 2,
						.digest = digest});
			}
		}
		fixture_clear(f);
		/* p1 sends from the address at which it has answered by now. */
		if (step == 20)
			fixture_ping_by(f, &outer, 0, "p1", NULL);
		fixture_run(f, swim_ms(50));
	}
	ck_assert_uint_gt(told, 3);
	ck_assert_uint_eq(reach(f).elsewhere.count, 1);
	ck_assert_str_eq(reach(f).elsewhere.name, "p1");
	ck_assert_str_eq(reach(f).elsewhere.address, "10.0.1.1:7946");
	found = reach(f);
	ck_assert(swim_addr_equal(&found.asked_at, &outer));
	fixture_free(f);
}
END_TEST

START_TEST(members_at_one_address_are_reported_after_30_seconds)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update ours = {.member = {wire_str_of("p8"), wire_str_of("10.0.0.1:7946")},
			       .status = SWIM_ALIVE},
			   theirs = {.member = {wire_str_of("p9"), wire_str_of("10.0.1.2:7946")},
			       .status = SWIM_ALIVE};

	fixture_ping_with(f, 3, 77, &ours);
	fixture_ping_with(f, 3, 77, &theirs);
	/* A dead member and its successor look the same for a moment. */
	ck_assert_uint_eq(reach(f).twins.count, 0);
	ck_assert_uint_eq(reach(f).shared.count, 0);
	f->now = swim_time_add(f->now, swim_seconds(31));
	ck_assert_uint_eq(reach(f).twins.count, 1);
	ck_assert_str_eq(reach(f).twins.name, "p8");
	ck_assert_uint_eq(reach(f).shared.count, 1);
	ck_assert_str_eq(reach(f).shared.address, "10.0.1.2:7946");
	fixture_free(f);
}
END_TEST

/* Members are sorted by address and name, so p4, which is dead, stands between p2 and p9. */
START_TEST(a_dead_member_between_two_of_one_address_hides_neither)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update between = {.member = {wire_str_of("p4"), wire_str_of("10.0.1.2:7946")},
			       .status = SWIM_ALIVE},
			   theirs = {.member = {wire_str_of("p9"), wire_str_of("10.0.1.2:7946")},
			       .status = SWIM_ALIVE};

	fixture_ping_with(f, 3, 77, &between);
	between.status = SWIM_DEAD;
	fixture_ping_with(f, 3, 78, &between);
	fixture_ping_with(f, 3, 79, &theirs);
	f->now = swim_time_add(f->now, swim_seconds(31));
	ck_assert_uint_eq(reach(f).shared.count, 1);
	ck_assert_str_eq(reach(f).shared.address, "10.0.1.2:7946");
	fixture_free(f);
}
END_TEST

/* p2 and p9 have one address; p2 is suspected again and again, and refutes. */
START_TEST(members_at_one_address_are_reported_although_one_is_often_suspect)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update theirs = {.member = {wire_str_of("p9"), wire_str_of("10.0.1.2:7946")},
	    .status = SWIM_ALIVE};

	fixture_ping_with(f, 3, 77, &theirs);
	for (unsigned i = 1; i < 10; i++) {
		f->now = swim_time_add(f->now, swim_seconds(4));
		fixture_gossip(f, 3, 2, SWIM_ALIVE, i);
		ck_assert_uint_eq(reach(f).shared.count, i < 8 ? 0 : 1);
		fixture_gossip(f, 3, 2, SWIM_SUSPECT, i);
		ck_assert_uint_eq(reach(f).shared.count, i < 8 ? 0 : 1);
	}
	fixture_gossip(f, 3, 2, SWIM_DEAD, 20);
	ck_assert_uint_eq(reach(f).shared.count, 1);
	ck_assert_str_eq(reach(f).shared.address, "10.0.1.2:7946");
	/* p2 stays dead, so p9 is its successor. */
	f->now = swim_time_add(f->now, swim_seconds(31));
	ck_assert_uint_eq(reach(f).shared.count, 0);
	/* When p2 returns, p9 may have died a moment ago. */
	fixture_gossip(f, 3, 2, SWIM_ALIVE, 21);
	ck_assert_uint_eq(reach(f).shared.count, 0);
	f->now = swim_time_add(f->now, swim_seconds(31));
	ck_assert_uint_eq(reach(f).shared.count, 1);
	fixture_free(f);
}
END_TEST

/* p2 is suspect for a long time, and p9 is its successor. */
START_TEST(a_suspect_and_its_successor_do_not_share_an_address)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update theirs = {.member = {wire_str_of("p9"), wire_str_of("10.0.1.2:7946")},
	    .status = SWIM_ALIVE};

	fixture_ping_with(f, 3, 77, &theirs);
	fixture_gossip(f, 3, 2, SWIM_SUSPECT, 0);
	f->now = swim_time_add(f->now, swim_seconds(31));
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert_uint_eq(reach(f).shared.count, 0);
	fixture_free(f);
}
END_TEST

/*
 * A helper tells the address at which it reached the target. We ping this address once, and use it
 * if the target answers.
 */
START_TEST(the_address_at_which_a_helper_reached_the_target_is_tried)
{
	struct fixture *f = fixture_among_routable(3);
	const struct fixture_out *request = fixture_wait_ping_req(f, 1);
	struct wire_trailer trailer = {.has_sender = true,
	    .sender = wire_str_of("p2"),
	    .has_digest = true,
	    .digest = fixture_stats(f).digest,
	    .has_reached = true,
	    .reached = wire_str_of("10.9.9.1:40123")};
	struct wire_member_id p1 = {wire_str_of("p1"), wire_str_of("10.0.1.1:7946")};
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	uint64_t seq = request->message.seq;
	struct wire_writer w;

	fixture_clear(f);
	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ack(&w, seq, &p1);
	fixture_finish(f, 2, &w, &trailer, 0);
	ck_assert_uint_eq(fixture_sent_to(f, &outer), 1);
	fixture_ack_by(f, &outer, fixture_expect_by(f, WIRE_PING, &outer)->message.seq, 1,
	    fixture_stats(f).digest, NULL);
	ck_assert_int_eq(fixture_report(f, "p1").path, SWIM_PATH_DIRECT);
	/* An address that cannot be that of another host is not pinged. */
	request = fixture_wait_ping_req(f, 1);
	seq = request->message.seq;
	fixture_clear(f);
	trailer.reached = wire_str_of("127.0.0.1:7946");
	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ack(&w, seq, &p1);
	fixture_finish(f, 2, &w, &trailer, 0);
	ck_assert_uint_eq(fixture_sent_count(f, WIRE_PING), 0);
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_link_report", complaints_about_our_address_are_counted,
    reports_and_complaints_of_strangers_do_not_count, the_report_with_the_highest_stamp_counts,
    a_report_is_passed_on_like_a_rumour_and_forgotten_after_180_seconds,
    our_own_report_is_sent_when_it_changes_and_once_a_minute,
    a_member_that_is_asked_at_another_address_gets_complaints,
    members_at_one_address_are_reported_after_30_seconds,
    members_at_one_address_are_reported_although_one_is_often_suspect,
    a_dead_member_between_two_of_one_address_hides_neither,
    a_suspect_and_its_successor_do_not_share_an_address,
    the_address_at_which_a_helper_reached_the_target_is_tried)
