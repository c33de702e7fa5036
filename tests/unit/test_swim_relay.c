/* SPDX-License-Identifier: MIT */
/* Probing for others: when the asker hears that there was no answer, and what the target hears. */
#include "swim_fixture.h"

#include "support/unit.h"

/* As fixture_ping_req, of one that says how long it waits. */
static void
ping_req_in(struct fixture *f, unsigned from, uint64_t seq, struct wire_member_id target,
    uint32_t timeout_ms)
{
	struct wire_trailer trailer = {.has_timeout = true, .timeout_ms = timeout_ms};
	uint8_t data[256];
	struct wire_writer w;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ping_req(&w, seq, &target);
	ck_assert_int_eq(fixture_input(f, from, data, wire_finish(&w, &trailer, 0)), WIRE_OK);
}

START_TEST(a_nack_comes_at_four_fifths_of_what_the_asker_waits)
{
	static const uint32_t waits_ms[] = {100, 250, 1000};

	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		struct fixture *f = fixture_among_proven(2);
		struct wire_member_id target = {wire_str_of("p2"), wire_str_of("10.0.1.2:7946")};
		uint32_t at = waits_ms[i] / 5 * 4;

		ping_req_in(f, 1, 78, target, waits_ms[i]);
		fixture_run(f, swim_ms(at - 1));
		ck_assert_uint_eq(fixture_sent_count(f, WIRE_NACK), 0);
		fixture_run(f, swim_ms(2));
		ck_assert_ptr_nonnull(fixture_sent(f, WIRE_NACK, 1));
		ck_assert_uint_eq(fixture_sent(f, WIRE_NACK, 1)->message.seq, 78);
		fixture_free(f);
	}
}
END_TEST

UNIT_MAIN("swim_relay", a_nack_comes_at_four_fifths_of_what_the_asker_waits)
