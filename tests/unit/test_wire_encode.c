/* SPDX-License-Identifier: MIT */
/* Properties of the writer that the vectors do not show: bounds, reserves, flags, padding. */
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "support/wire_again.h"

static struct wire_update
update(const char *id, enum swim_status status, uint8_t flags)
{
	return (struct wire_update){
	    .member = {wire_str_of(id), wire_str_of("10.0.0.1:7946")},
	    .status = status,
	    .flags = flags,
	    .incarnation = 5,
	};
}

#define UPDATE_SIZE(id_len) (13 + (id_len) + 13)

static struct wire_message
decoded(const void *bytes, size_t len)
{
	struct wire_message m;
	enum wire_reject reject = wire_decode(bytes, len, &m);

	ck_assert_msg(reject == WIRE_OK, "%s", wire_reject_word(reject));
	return m;
}

/* Fills datagrams of every capacity: each holds as many updates as fit, and no more. */
static void
fill(bool sync, size_t fixed, size_t each)
{
	for (size_t cap = 0; cap < 200; cap++) {
		struct wire_update u = update("node", SWIM_ALIVE, 0);
		uint8_t *bytes = malloc(cap > 0 ? cap : 1);
		struct wire_writer w;
		unsigned added = 0;
		size_t len;

		wire_writer_init(&w, bytes, cap, 0);
		if (sync)
			wire_begin_sync(&w, 1);
		else
			wire_begin_ping(&w, 1);
		while (wire_add_update(&w, &u))
			added++;
		len = wire_finish(&w, NULL, 0);
		if (cap < fixed) {
			ck_assert_uint_eq(len, 0);
		} else {
			ck_assert_uint_eq(added, (cap - fixed) / each);
			ck_assert_uint_eq(len, fixed + added * each);
			ck_assert_uint_eq(decoded(bytes, len).updates.count, added);
		}
		free(bytes);
	}
}

START_TEST(a_datagram_never_exceeds_its_capacity)
{
	fill(false, 11, UPDATE_SIZE(4));
	fill(true, 21, UPDATE_SIZE(4) + 5);
}
END_TEST

START_TEST(the_reserve_is_kept_for_the_trailer)
{
	const struct wire_trailer trailer = {
	    .has_cluster = true,
	    .has_sender = true,
	    .has_digest = true,
	    .has_timeout = true,
	    .cluster = wire_str_of("prod"),
	    .sender = wire_str_of("node-a"),
	    .digest = 7,
	    .timeout_ms = 8,
	};
	const size_t reserve = wire_trailer_size(&trailer);

	ck_assert_uint_eq(reserve, 3 + 4 + 3 + 6 + 3 + 8 + 3 + 4);
	for (size_t cap = 11 + reserve; cap < 400; cap++) {
		struct wire_update u = update("node", SWIM_LEFT, 0);
		uint8_t *bytes = malloc(cap);
		struct wire_message m;
		struct wire_writer w;
		size_t len;

		wire_writer_init(&w, bytes, cap, reserve);
		wire_begin_ping(&w, 1);
		while (wire_add_update(&w, &u))
			;
		len = wire_finish(&w, &trailer, 0);
		ck_assert_uint_gt(len, 0);
		m = decoded(bytes, len);
		ck_assert(wire_same_trailer(&m.trailer, &trailer));
		ck_assert_uint_eq(m.updates.flags_count, m.updates.count);
		/* The datagram is full: another update with its flags would not fit. */
		ck_assert_uint_gt(len + UPDATE_SIZE(4) + 3 + (m.updates.count == 0 ? 3 : 0), cap);
		free(bytes);
	}
}
END_TEST

START_TEST(an_update_that_does_not_fit_changes_nothing)
{
	char long_id[300];
	struct wire_update small = update("n", SWIM_ALIVE, 0), big;
	struct wire_message m;
	struct wire_writer w;
	uint8_t bytes[128];
	size_t len;

	memset(long_id, 'x', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	big = update(long_id, SWIM_LEFT, 0);
	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_gossip(&w, 1);
	ck_assert(wire_add_update(&w, &small));
	ck_assert(!wire_add_update(&w, &big));
	ck_assert(wire_add_update(&w, &small));
	len = wire_finish(&w, NULL, 0);
	m = decoded(bytes, len);
	ck_assert_uint_eq(m.updates.count, 2);
	ck_assert_uint_eq(m.updates.flags_count, 0);
}
END_TEST

START_TEST(flags_stay_with_their_updates)
{
	static const struct {
		enum swim_status status, read;
		uint8_t flags, read_flags;
	} cases[] = {
	    {SWIM_ALIVE, SWIM_ALIVE, 0, 0},
	    {SWIM_LEFT, SWIM_LEFT, 0, WIRE_FLAG_LEFT},
	    {SWIM_DEAD, SWIM_DEAD, 0, 0},
	    {SWIM_DEAD, SWIM_LEFT, WIRE_FLAG_LEFT, WIRE_FLAG_LEFT},
	    {SWIM_SUSPECT, SWIM_SUSPECT, 0, 0},
	    {SWIM_DEAD, SWIM_DEAD, WIRE_FLAG_FORGET, WIRE_FLAG_FORGET},
	    {SWIM_LEFT, SWIM_LEFT, WIRE_FLAG_FORGET, WIRE_FLAG_FORGET | WIRE_FLAG_LEFT},
	    {SWIM_SUSPECT, SWIM_SUSPECT, WIRE_FLAG_ANSWERED, WIRE_FLAG_ANSWERED},
	    {SWIM_DEAD, SWIM_DEAD, WIRE_FLAG_UNANSWERED, WIRE_FLAG_UNANSWERED},
	    {SWIM_LEFT, SWIM_LEFT, WIRE_FLAG_ANSWERED, WIRE_FLAG_ANSWERED | WIRE_FLAG_LEFT},
	};
	const size_t count = sizeof(cases) / sizeof(cases[0]);

	for (int sync = 0; sync < 2; sync++) {
		struct wire_updates_iter iter = {0};
		struct wire_message m;
		struct wire_writer w;
		struct wire_update u;
		uint8_t bytes[1024];

		wire_writer_init(&w, bytes, sizeof(bytes), 0);
		if (sync)
			wire_begin_sync(&w, 1);
		else
			wire_begin_gossip(&w, 1);
		for (size_t i = 0; i < count; i++) {
			u = update("n", cases[i].status, cases[i].flags);
			u.age_s = sync ? (uint32_t)i + 7 : 0;
			ck_assert(wire_add_update(&w, &u));
		}
		m = decoded(bytes, wire_finish(&w, NULL, 0));
		for (size_t i = 0; i < count; i++) {
			ck_assert(wire_updates_next(&m.updates, &iter, &u));
			ck_assert_int_eq(u.status, cases[i].read);
			ck_assert_int_eq(u.flags, cases[i].read_flags);
			ck_assert_uint_eq(u.age_s, sync ? i + 7 : 0);
		}
	}
}
END_TEST

START_TEST(flagged_updates_are_bounded)
{
	static uint8_t bytes[WIRE_DATAGRAM_MAX];
	struct wire_update left = update("n", SWIM_LEFT, 0), alive = update("n", SWIM_ALIVE, 0);
	struct wire_message m;
	struct wire_writer w;

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_ping(&w, 1);
	for (int i = 0; i < WIRE_FLAGGED_MAX; i++)
		ck_assert(wire_add_update(&w, &left));
	ck_assert(!wire_add_update(&w, &left));
	ck_assert(wire_add_update(&w, &alive));
	m = decoded(bytes, wire_finish(&w, NULL, 0));
	ck_assert_uint_eq(m.updates.count, WIRE_FLAGGED_MAX + 1);
	ck_assert_uint_eq(m.updates.flags_count, WIRE_FLAGGED_MAX);
}
END_TEST

START_TEST(padding_fills_exactly_where_there_is_room_for_an_entry)
{
	const struct wire_trailer trailer = {.has_sender = true, .sender = wire_str_of("n")};
	const size_t plain = 11 + 3 + 1;

	for (size_t pad_to = 0; pad_to <= 1400; pad_to++) {
		struct wire_message m;
		struct wire_writer w;
		uint8_t bytes[1400];
		size_t len;

		wire_writer_init(&w, bytes, sizeof(bytes), 0);
		wire_begin_ping(&w, 1);
		len = wire_finish(&w, &trailer, pad_to);
		ck_assert_uint_eq(len, pad_to < plain + 3 ? plain : pad_to);
		m = decoded(bytes, len);
		ck_assert(wire_same_trailer(&m.trailer, &trailer));
	}
}
END_TEST

START_TEST(padding_past_the_capacity_is_an_error)
{
	struct wire_writer w;
	uint8_t bytes[64];

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_ping(&w, 1);
	ck_assert_uint_eq(wire_finish(&w, NULL, 65), 0);
}
END_TEST

START_TEST(a_member_id_that_does_not_fit_is_an_error)
{
	static char id[UINT16_MAX + 1];
	struct wire_member_id m = {{id, UINT16_MAX}, wire_str_of("a:1")};
	struct wire_update u = update("n", SWIM_ALIVE, 0);
	static uint8_t bytes[WIRE_DATAGRAM_MAX];
	struct wire_writer w;

	memset(id, 'x', sizeof(id) - 1);
	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_ack(&w, 1, &m);
	ck_assert(!wire_add_update(&w, &u));
	ck_assert_uint_eq(wire_finish(&w, NULL, 0), 0);
}
END_TEST

START_TEST(no_datagram_is_longer_than_udp_allows)
{
	static uint8_t bytes[WIRE_DATAGRAM_MAX + 1000];
	struct wire_update u = update("n", SWIM_ALIVE, 0);
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_ping(&w, 1);
	while (wire_add_update(&w, &u))
		;
	len = wire_finish(&w, NULL, 0);
	ck_assert_uint_le(len, WIRE_DATAGRAM_MAX);
	ck_assert_uint_gt(len, WIRE_DATAGRAM_MAX - UPDATE_SIZE(1));
	memset(bytes + len, 0, sizeof(bytes) - len);
	ck_assert_int_eq(wire_decode(bytes, WIRE_DATAGRAM_MAX, &(struct wire_message){0}), WIRE_OK);
	ck_assert_int_eq(wire_decode(bytes, WIRE_DATAGRAM_MAX + 1, &(struct wire_message){0}),
	    WIRE_REJECT_TOO_LONG);
}
END_TEST

START_TEST(the_cursor_can_be_set_last)
{
	const struct wire_cursor cursor = {200, UINT64_C(0xc8ffeeddccbbaa99)};
	struct wire_update u = update("n", SWIM_DEAD, 0);
	struct wire_message m;
	struct wire_writer w;
	uint8_t bytes[128];

	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_begin_sync(&w, 77);
	ck_assert(wire_add_update(&w, &u));
	wire_set_cursor(&w, cursor);
	m = decoded(bytes, wire_finish(&w, NULL, 0));
	ck_assert_uint_eq(m.seq, 77);
	ck_assert_uint_eq(m.cursor.bucket, 200);
	ck_assert_uint_eq(m.cursor.after, cursor.after);
	ck_assert_uint_eq(m.updates.count, 1);
}
END_TEST

START_TEST(an_envelope_holds_a_whole_message)
{
	const struct wire_member_id sender = {wire_str_of("n"), wire_str_of("10.0.0.1:1")};
	const struct wire_trailer trailer = {.has_cluster = true, .cluster = wire_str_of("c")};
	struct wire_message m, inner;
	uint8_t ping[64], bytes[128];
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, ping, sizeof(ping), 0);
	wire_begin_ping(&w, 3);
	len = wire_finish(&w, &trailer, 0);
	wire_writer_init(&w, bytes, sizeof(bytes), 0);
	wire_put_authenticated(&w, 3, "token", 5, &sender, ping, len);
	m = decoded(bytes, wire_finish(&w, NULL, 0));
	ck_assert(wire_same_bytes(m.token, m.token_len, (const uint8_t *)"token", 5));
	ck_assert(wire_same_member(&m.member, &sender));
	ck_assert(wire_same_bytes(m.inner, m.inner_len, ping, len));
	ck_assert(!m.trailer.has_cluster);
	inner = decoded(m.inner, m.inner_len);
	ck_assert(wire_same_trailer(&inner.trailer, &trailer));
}
END_TEST

START_TEST(types_have_names_and_slots)
{
	bool seen[WIRE_TYPE_SLOTS] = {false};

	for (unsigned type = 0; type <= 300; type++) {
		int slot = wire_type_slot(type);

		ck_assert_int_eq(slot >= 0, wire_type_name(type) != NULL);
		if (slot < 0)
			continue;
		ck_assert_int_lt(slot, WIRE_TYPE_SLOTS);
		ck_assert(!seen[slot]);
		seen[slot] = true;
		ck_assert_uint_eq(wire_slot_type(slot), type);
	}
	for (int slot = 0; slot < WIRE_TYPE_SLOTS; slot++)
		ck_assert(seen[slot]);
	ck_assert_str_eq(wire_type_name(0x02), "ping-req");
	ck_assert_ptr_null(wire_type_name(0x101)); /* the type is not cut to a byte */
}
END_TEST

START_TEST(reasons_have_words)
{
	for (int i = 0; i < WIRE_REJECT_COUNT; i++) {
		const char *word = wire_reject_word((enum wire_reject)i);

		ck_assert_uint_eq(strspn(word, "abcdefghijklmnopqrstuvwxyz-8"), strlen(word));
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(word, wire_reject_word((enum wire_reject)j));
	}
}
END_TEST

START_TEST(strings_compare_by_length_and_bytes)
{
	const struct wire_str s = {"abc\0d", 5};

	ck_assert(!wire_str_equal(s, "abc"));
	ck_assert(wire_str_equal((struct wire_str){"abcd", 3}, "abc"));
	ck_assert(!wire_str_equal((struct wire_str){"abd", 3}, "abc"));
	ck_assert(wire_str_equal((struct wire_str){"x", 0}, ""));
	ck_assert(wire_str_equal(wire_str_of("hello"), "hello"));
}
END_TEST

UNIT_MAIN("wire encode", a_datagram_never_exceeds_its_capacity, the_reserve_is_kept_for_the_trailer,
    an_update_that_does_not_fit_changes_nothing, flags_stay_with_their_updates,
    flagged_updates_are_bounded, padding_fills_exactly_where_there_is_room_for_an_entry,
    padding_past_the_capacity_is_an_error, a_member_id_that_does_not_fit_is_an_error,
    no_datagram_is_longer_than_udp_allows, the_cursor_can_be_set_last,
    an_envelope_holds_a_whole_message, types_have_names_and_slots, reasons_have_words,
    strings_compare_by_length_and_bytes)
