/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "support/unit.h"

static const struct wire_member_id a = {{"node-a", 6}, {"10.0.0.1:7946", 13}};
static const struct wire_trailer everything = {
    .has_cluster = true,
    .has_sender = true,
    .has_digest = true,
    .has_timeout = true,
    .cluster = {"prod", 4},
    .sender = {"node-b", 6},
    .digest = 0xabc,
    .timeout_ms = 250,
};

static void
add(struct wire_writer *w, enum swim_status status, uint8_t flags)
{
	struct wire_update u = {.member = a,
	    .status = status,
	    .flags = flags,
	    .incarnation = 3,
	    .age_s = 60};

	ck_assert(wire_add_update(w, &u));
}

static void
reads(struct wire_writer *w, const struct wire_trailer *trailer, const char *expected)
{
	char out[1024];
	struct wire_message m;
	size_t len = wire_finish(w, trailer, 0);

	ck_assert_int_eq(wire_decode(w->buf.start, len, &m), WIRE_OK);
	len = wire_format(&m, out, sizeof(out));
	ck_assert_str_eq(out, expected);
	ck_assert_uint_eq(len, strlen(out));
}

START_TEST(every_type_is_formatted)
{
	static const uint32_t digests[] = {1, 2};
	uint8_t bytes[1024], ping[64];
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_ping(&w, UINT64_MAX);
	reads(&w, NULL, "ping seq=18446744073709551615 updates=[]");

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_ping_req(&w, 1, &a);
	add(&w, SWIM_SUSPECT, 0);
	add(&w, SWIM_LEFT, 0);
	add(&w, SWIM_DEAD, WIRE_FLAG_FORGET);
	reads(&w, &everything,
	    "ping-req seq=1 target=node-a@10.0.0.1:7946 updates=[node-a@10.0.0.1:7946 suspect 3, "
	    "node-a@10.0.0.1:7946 left 3, node-a@10.0.0.1:7946 dead 3 forget] cluster=prod "
	    "sender=node-b digest=0000000000000abc timeout_ms=250");

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_ack(&w, 2, &(struct wire_member_id){{"", 0}, {"", 0}});
	reads(&w, NULL, "ack seq=2 member=\"\"@\"\" updates=[]");

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_nack(&w, 3, &a);
	reads(&w, NULL, "nack seq=3 target=node-a@10.0.0.1:7946");

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_sync_req(&w, 4, (struct wire_cursor){7, 8}, digests, 2);
	reads(&w, NULL, "sync-req seq=4 cursor=7/0000000000000008 digests=2 updates=[]");

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_sync(&w, 5);
	wire_set_cursor(&w, (struct wire_cursor){WIRE_SYNC_BUCKETS, 0});
	add(&w, SWIM_LEFT, 0);
	reads(&w, NULL, "sync seq=5 cursor=end updates=[node-a@10.0.0.1:7946 left 3 age=60s]");

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_gossip(&w, 6);
	reads(&w, NULL, "gossip seq=6 updates=[]");

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_gossip(&w, 6);
	add(&w, SWIM_ALIVE, WIRE_FLAG_ANSWERED);
	add(&w, SWIM_DEAD, WIRE_FLAG_UNANSWERED);
	reads(&w, NULL,
	    "gossip seq=6 updates=[node-a@10.0.0.1:7946 alive 3 answered, "
	    "node-a@10.0.0.1:7946 dead 3 unanswered]");

	wire_writer_init(&w, ping, sizeof(ping), 0);
	wire_begin_ping(&w, 7);
	len = wire_finish(&w, &(struct wire_trailer){.has_cluster = true, .cluster = {"c", 1}}, 0);
	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_put_authenticated(&w, 7, "tok", 3, &a, ping, len);
	reads(&w, NULL,
	    "authenticated seq=7 sender=node-a@10.0.0.1:7946 token_bytes=3 "
	    "inner=(ping seq=7 updates=[] cluster=c)");
}
END_TEST

START_TEST(hostile_text_is_escaped)
{
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested */
	const struct wire_member_id hostile = {{"a b\n\x1b[2J", 8}, {"\xe2\x80\xae\"", 4}};
	struct wire_writer w;
	uint8_t bytes[128];

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_nack(&w, 1, &hostile);
	reads(&w, NULL, "nack seq=1 target=a\\x20b\\x0a\\x1b[2J@\\u{202e}\\x22");
}
END_TEST

START_TEST(a_long_line_is_cut_between_characters_and_marked)
{
	const struct wire_member_id m = {{"\xc3\xa9\n\xc3\xa9", 5}, {"10.0.0.1:7946", 13}};
	struct wire_message decoded;
	char whole[1024];
	uint8_t bytes[512];
	struct wire_writer w;
	size_t len, full;

	wire_writer_init(&w, bytes, sizeof(bytes), wire_trailer_size(&everything));
	wire_begin_ack(&w, 1, &m);
	add(&w, SWIM_ALIVE, 0);
	add(&w, SWIM_DEAD, 0);
	len = wire_finish(&w, &everything, 0);
	ck_assert_int_eq(wire_decode(bytes, len, &decoded), WIRE_OK);
	full = wire_format(&decoded, whole, sizeof(whole));
	for (size_t cap = 4; cap <= full + 8; cap++) {
		char out[1024];
		size_t n;

		memset(out, '#', sizeof(out));
		n = wire_format(&decoded, out, cap);
		ck_assert_uint_lt(n, cap);
		ck_assert_uint_eq(n, strlen(out));
		ck_assert(utf8_valid(out, n));
		ck_assert_int_eq(out[cap], '#');
		if (cap < full + 4) {
			ck_assert_str_eq(out + n - 3, "...");
			ck_assert_int_eq(strncmp(out, whole, n - 3), 0);
		} else {
			ck_assert_str_eq(out, whole);
		}
	}
}
END_TEST

START_TEST(reports_of_links_are_formatted)
{
	const struct wire_links links = {.teller = 0xab,
	    .stamp = 5,
	    .total = 3,
	    .count = 2,
	    .peers = {1, 0xffffffffffffffff}};
	uint8_t bytes[256], encoded[WIRE_LINKS_SIZE_MAX];
	struct wire_trailer trailer = {.has_unreached = true,
	    .unreached = wire_str_of("10.9.0.254:1"),
	    .has_reached = true,
	    .reached = wire_str_of(""),
	    .links = encoded};
	struct wire_writer w;

	trailer.links_len = (uint16_t)wire_links_put(&links, encoded);
	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_ping(&w, 1);
	reads(&w, &trailer,
	    "ping seq=1 updates=[] unreached=10.9.0.254:1 reached=\"\" "
	    "links=00000000000000ab/5:3+0000000000000001+ffffffffffffffff");
}
END_TEST

UNIT_MAIN("wire format", reports_of_links_are_formatted, every_type_is_formatted,
    hostile_text_is_escaped, a_long_line_is_cut_between_characters_and_marked)
