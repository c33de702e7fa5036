/* SPDX-License-Identifier: MIT */
/* Syncs: views are compared in pages, and entries of pages are updates. */
#include "swim_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

START_TEST(pages_have_the_whole_table_and_are_no_larger_than_the_request)
{
	struct fixture *f = fixture_among_routable(1);
	struct wire_cursor cursor = {0};
	bool seen[301] = {false};
	unsigned total = 0, pages = 0;

	for (unsigned i = 2; i <= 300; i++)
		fixture_gossip(f, 1, i, SWIM_ALIVE, i);
	while (cursor.bucket < WIRE_SYNC_BUCKETS) {
		const struct fixture_out *answer =
		    fixture_ask_page(f, 1, ++pages, cursor, WIRE_DATAGRAM_DEFAULT);
		struct wire_updates_iter iter = {0};
		struct wire_update u;
		unsigned long n;

		ck_assert_uint_eq(answer->message.seq, pages);
		ck_assert_uint_le(answer->len, WIRE_DATAGRAM_DEFAULT);
		ck_assert_uint_lt(pages, 100);
		while (wire_updates_next(&answer->message.updates, &iter, &u)) {
			total++;
			n = strtoul(u.member.id.bytes + 1, NULL,
			    10); /* a length follows, whose first byte is 0 */
			if (u.member.id.bytes[0] == 'p' && n <= 300)
				seen[n] = true;
		}
		cursor = answer->message.cursor;
	}
	ck_assert_uint_eq(total, 301);
	for (unsigned i = 1; i <= 300; i++)
		ck_assert_msg(seen[i], "p%u is missing", i);
	fixture_free(f);
}
END_TEST

START_TEST(a_request_for_a_page_has_our_own_record_however_large_our_tags_are)
{
	struct fixture *f = fixture_new();
	uint8_t tags[WIRE_TAGS_MAX] = {1, 'k', 0x01, 0x90};
	const struct fixture_out *request;

	f->config.max_datagram = WIRE_DATAGRAM_MIN;
	ck_assert(fixture_start(f));
	memset(tags + 4, 'v', 0x190);
	ck_assert(swim_set_tags(f->swim, f->now, tags, 4 + 0x190));
	fixture_join(f, 1);
	fixture_answer(f, 1, fixture_other_view(1));
	request = fixture_expect(f, WIRE_SYNC_REQ, 1);
	ck_assert(fixture_has(request, "self", SWIM_ALIVE, NULL));
	ck_assert_uint_gt(request->message.digest_count, 100);
	fixture_free(f);
}
END_TEST

static unsigned
has_without_tags(const struct fixture_out *page, const char *name)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	while (wire_updates_next(&page->message.updates, &iter, &u)) {
		if (wire_str_equal(u.member.id, name))
			return u.tags.len == 0 && (u.flags & WIRE_FLAG_PARTIAL);
	}
	return 0;
}

/* The longest name, address and tags together do not fit into the smallest datagram. */
START_TEST(a_member_that_is_too_large_for_a_page_is_told_without_its_tags)
{
	struct fixture *f = fixture_among_routable(1);
	char name[SWIM_NAME_MAX + 1], address[SWIM_HOSTPORT_MAX + 1];
	uint8_t tags[WIRE_TAGS_MAX] = {1, 'k', (WIRE_TAGS_MAX - 4) >> 8,
	    (WIRE_TAGS_MAX - 4) & 0xff};
	struct wire_update large = fixture_update(f, 2, SWIM_ALIVE, 0);
	struct wire_cursor cursor = {0};
	unsigned total = 0, pages = 0, bare = 0;

	memset(name, 'n', SWIM_NAME_MAX);
	name[SWIM_NAME_MAX] = '\0';
	memset(address, 'a', sizeof(address));
	for (size_t i = 62; i < 253; i += 63)
		address[i] = '.';
	strcpy(address + 253, ":7946");
	memset(tags + 4, 'v', sizeof(tags) - 4);
	large.member.id = wire_str_of(name);
	large.member.address = wire_str_of(address);
	large.tags = (struct wire_str){(const char *)tags, WIRE_TAGS_MAX};
	fixture_ping_with(f, 1, 1, &large);
	ck_assert_int_eq(fixture_report(f, name).status, SWIM_ALIVE);
	ck_assert_uint_eq(fixture_report(f, name).tags_len, WIRE_TAGS_MAX);
	for (unsigned i = 2; i <= 50; i++)
		fixture_gossip(f, 1, i, SWIM_ALIVE, i);
	while (cursor.bucket < WIRE_SYNC_BUCKETS) {
		const struct fixture_out *answer =
		    fixture_ask_page(f, 1, ++pages, cursor, WIRE_DATAGRAM_MIN);

		ck_assert_uint_lt(pages, 50);
		total += answer->message.updates.count;
		bare += has_without_tags(answer, name);
		cursor = answer->message.cursor;
	}
	/* The 50 peers, the core itself, and the large member without its tags. */
	ck_assert_uint_eq(total, 52);
	ck_assert_uint_eq(bare, 1);
	fixture_free(f);
}
END_TEST

/* p1 tells another digest, and confirms it, until we request a page. Returns the number of the request. */
static uint64_t
wait_request(struct fixture *f)
{
	for (unsigned step = 0; step < 200; step++) {
		const struct fixture_out *ping = fixture_sent(f, WIRE_PING, 1);

		if (ping != NULL)
			fixture_ack(f, 1, ping->message.seq, 1, fixture_other_view(1));
		const struct fixture_out *request = fixture_sent(f, WIRE_SYNC_REQ, 1);

		if (request != NULL)
			return request->message.seq;
		fixture_clear(f);
		fixture_ping(f, 1, step, fixture_other_view(1));
		fixture_run(f, swim_ms(100));
	}
	ck_abort_msg("the core requested no page within 20 s");
}

/* p1 answers with its only page. */
static void
send_page(struct fixture *f, uint64_t seq, const struct wire_update *updates, size_t count)
{
	struct fixture_says says = fixture_other_view(1);

	says.updates = updates;
	says.count = count;
	fixture_page(f, 1, seq, NULL, says);
}

START_TEST(a_death_on_a_page_is_a_suspicion)
{
	struct fixture *f = fixture_among_routable(3);
	struct wire_update u = fixture_update(f, 2, SWIM_DEAD, 0);

	send_page(f, wait_request(f), &u, 1);
	ck_assert_int_eq(fixture_report(f, "p2").status, SWIM_SUSPECT);
	ck_assert_uint_eq(fixture_stats(f).syncs_completed, 1);
	/* A page that we have not requested does not count. */
	u = fixture_update(f, 3, SWIM_DEAD, 0);
	send_page(f, 999, &u, 1);
	ck_assert_int_eq(fixture_report(f, "p3").status, SWIM_ALIVE);
	fixture_free(f);
}
END_TEST

/* The number of accusers of this peer that we name to p1; `first` gets the first of them. */
static uint8_t
accusers_told(const struct fixture *f, const char *name, uint64_t *first)
{
	const struct fixture_out *out = fixture_expect(f, WIRE_GOSSIP, 1);
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	while (wire_updates_next(&out->message.updates, &iter, &u)) {
		if (wire_str_equal(u.member.id, name)) {
			ck_assert_int_eq((int)u.status, SWIM_SUSPECT);
			*first = u.accusers[0];
			return u.accuser_count;
		}
	}
	ck_abort_msg("the gossip to p1 has no update about %s", name);
}

START_TEST(a_page_brings_only_the_accusers_that_it_names)
{
	struct fixture *f = fixture_among_routable(4);
	struct wire_update view[] = {fixture_update(f, 2, SWIM_DEAD, 0),
	    fixture_update(f, 3, SWIM_SUSPECT, 0)};
	uint64_t seq = wait_request(f), first = 0;

	view[1].accuser_count = 1;
	view[1].accusers[0] = fixture_hash("p4");
	send_page(f, seq, view, 2);
	fixture_clear(f);
	fixture_run(f, swim_ms(250));
	/* The death of p2 names no accusers, and p1, which sent the page, is no accuser. */
	ck_assert_uint_eq(accusers_told(f, "p2", &first), 0);
	ck_assert_uint_eq(accusers_told(f, "p3", &first), 1);
	ck_assert_uint_eq(first, fixture_hash("p4"));
	fixture_free(f);
}
END_TEST

/* We heard of the death of p1 before we knew p1. p1 has started again, and does not know of its death. */
START_TEST(a_member_that_sends_a_page_is_told_of_its_own_death)
{
	struct fixture *f = fixture_started();
	const struct fixture_out *told;
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	fixture_routable(f, 2);
	fixture_gossip(f, 2, 1, SWIM_DEAD, 4);
	u = fixture_update(f, 1, SWIM_ALIVE, 0);
	send_page(f, wait_request(f), &u, 1);
	told = fixture_expect(f, WIRE_GOSSIP, 1);
	ck_assert(wire_updates_next(&told->message.updates, &iter, &u));
	ck_assert(wire_str_equal(u.member.id, "p1"));
	ck_assert_int_eq((int)u.status, SWIM_DEAD);
	ck_assert_uint_eq(u.incarnation, 4);
	ck_assert(!wire_updates_next(&told->message.updates, &iter, &u));
	fixture_free(f);
}
END_TEST

/* Each page moves the cursor by one, and none is the last. */
START_TEST(a_sync_whose_pages_never_end_is_given_up)
{
	const struct fixture_says other = fixture_other_view(1);
	struct fixture *f = fixture_new();
	const struct fixture_out *request;
	size_t pages = 0, rounds = 0;

	f->config.max_members = 100;
	ck_assert(fixture_start(f));
	fixture_member(f, 1);
	for (uint64_t seq = 1; seq < 600; seq++) {
		const struct fixture_out *ping = fixture_sent(f, WIRE_PING, 1);

		if (ping != NULL)
			fixture_ack(f, 1, ping->message.seq, 1, other);
		request = fixture_sent(f, WIRE_SYNC_REQ, 1);
		rounds += request != NULL;
		while (request != NULL) {
			struct wire_cursor next = request->message.cursor;
			uint64_t asked = request->message.seq;

			ck_assert_uint_lt(pages++, 10000);
			next.after++;
			fixture_clear(f);
			fixture_page(f, 1, asked, &next, fixture_nothing);
			request = fixture_sent(f, WIRE_SYNC_REQ, 1);
		}
		fixture_clear(f);
		fixture_ping(f, 1, seq, other);
		fixture_run(f, swim_ms(100));
	}
	/* In a minute; after each sync in vain the pause before the next one grows. */
	ck_assert_uint_gt(pages, 0);
	ck_assert_uint_le(rounds, 10);
	ck_assert_uint_le(pages, rounds * (WIRE_SYNC_BUCKETS + 100 + 1));
	fixture_free(f);
}
END_TEST

UNIT_MAIN("swim_sync", pages_have_the_whole_table_and_are_no_larger_than_the_request,
    a_request_for_a_page_has_our_own_record_however_large_our_tags_are,
    a_member_that_is_too_large_for_a_page_is_told_without_its_tags,
    a_death_on_a_page_is_a_suspicion, a_page_brings_only_the_accusers_that_it_names,
    a_member_that_sends_a_page_is_told_of_its_own_death, a_sync_whose_pages_never_end_is_given_up)
