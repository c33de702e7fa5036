/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "discovery/mdns_message.h"
#include "support/unit.h"

static void
fill(char *text, size_t len)
{
	memset(text, 'x', len);
	text[len] = '\0';
}

/* A message of this type, with all fields at full length. */
static struct mdns_message
example(enum mdns_type type)
{
	struct mdns_message m;

	memset(&m, 0, sizeof(m));
	m.type = type;
	switch (type) {
	case MDNS_SETUP:
		fill(m.setup.service, MDNS_TYPE_MAX);
		fill(m.setup.domain, MDNS_DOMAIN_MAX);
		m.setup.families = MDNS_IPV4 | MDNS_IPV6;
		m.setup.timeout_ms = 60000;
		m.setup.interface_count = MDNS_INTERFACES_MAX;
		for (size_t i = 0; i < MDNS_INTERFACES_MAX; i++)
			fill(m.setup.interfaces[i], IF_NAMESIZE - 1);
		break;
	case MDNS_SELF:
		fill(m.self.name, MDNS_TEXT_MAX);
		fill(m.self.cluster, MDNS_TEXT_MAX);
		fill(m.self.version, MDNS_TEXT_MAX);
		m.self.port = 65535;
		break;
	case MDNS_ALIVE:
	case MDNS_CLEAR:
		break;
	case MDNS_TROUBLE:
	case MDNS_PUBLISHED:
		fill(m.text, MDNS_TEXT_MAX);
		break;
	case MDNS_SERVICE:
		m.service.id = UINT32_MAX;
		m.service.verdict = MDNS_RESOLVED;
		fill(m.service.interface, IF_NAMESIZE - 1);
		fill(m.service.instance, MDNS_INSTANCE_MAX);
		m.service.address = (struct swim_addr){6, 0, 7946, 3, {0xfe, 0x80, [15] = 9}};
		fill(m.service.name, MDNS_TEXT_MAX);
		fill(m.service.cluster, MDNS_TEXT_MAX);
		fill(m.service.text, MDNS_TEXT_MAX);
		break;
	case MDNS_GONE:
	case MDNS_DROPPED:
		m.number = UINT64_MAX;
		break;
	}
	return m;
}

START_TEST(every_message_is_decoded_as_it_was_encoded)
{
	uint8_t packet[MDNS_MESSAGE_MAX], again[MDNS_MESSAGE_MAX];

	for (unsigned type = MDNS_SETUP; type <= MDNS_DROPPED; type++) {
		const struct mdns_message m = example((enum mdns_type)type);
		size_t len = mdns_message_encode(&m, packet);
		struct mdns_message back;

		ck_assert(mdns_message_decode(packet, len, &back));
		ck_assert_uint_eq(back.type, type);
		ck_assert_uint_eq(mdns_message_encode(&back, again), len);
		ck_assert_mem_eq(packet, again, len);
	}
}
END_TEST

START_TEST(the_fields_of_a_service_are_kept)
{
	const struct mdns_message m = example(MDNS_SERVICE);
	uint8_t packet[MDNS_MESSAGE_MAX];
	struct mdns_message back;

	ck_assert(mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	ck_assert_uint_eq(back.service.id, UINT32_MAX);
	ck_assert(swim_addr_equal(&back.service.address, &m.service.address));
	ck_assert_str_eq(back.service.instance, m.service.instance);
	ck_assert_str_eq(back.service.name, m.service.name);
}
END_TEST

START_TEST(a_part_of_a_message_is_refused)
{
	uint8_t packet[MDNS_MESSAGE_MAX];
	struct mdns_message back;

	for (unsigned type = MDNS_SETUP; type <= MDNS_DROPPED; type++) {
		const struct mdns_message m = example((enum mdns_type)type);
		size_t len = mdns_message_encode(&m, packet);

		for (size_t cut = 0; cut < len; cut++) {
			/*
			 * Use a buffer of its own, so that the sanitizer sees a read past the end.
			 */
			uint8_t *part = malloc(cut + 1);

			memcpy(part, packet, cut);
			ck_assert(!mdns_message_decode(part, cut, &back));
			free(part);
		}
		packet[len] = 0;
		ck_assert(!mdns_message_decode(packet, len + 1, &back));
	}
}
END_TEST

START_TEST(a_field_out_of_bounds_is_refused)
{
	struct mdns_message m = example(MDNS_SERVICE), back;
	uint8_t packet[MDNS_MESSAGE_MAX];
	size_t len;

	m.service.address.family = 5;
	ck_assert(!mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	/* A service has an address exactly if it is resolved. */
	m.service.address.family = 0;
	ck_assert(!mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	m.service.verdict = MDNS_UNRESOLVED;
	ck_assert(mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	m.service.address.family = 4;
	ck_assert(!mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	m.service.verdict = MDNS_RESOLVED;
	ck_assert(mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	m.service.address.port = 0;
	ck_assert(!mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	m = example(MDNS_SERVICE);
	m.service.verdict = (enum mdns_verdict)MDNS_VERDICTS;
	ck_assert(!mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	m = example(MDNS_SETUP);
	m.setup.families = 0;
	ck_assert(!mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	m.setup.families = 4;
	ck_assert(!mdns_message_decode(packet, mdns_message_encode(&m, packet), &back));
	/* A NUL in a text would hide what is behind it. */
	m = example(MDNS_TROUBLE);
	len = mdns_message_encode(&m, packet);
	packet[10] = 0;
	ck_assert(!mdns_message_decode(packet, len, &back));
	/* A text that is longer than its field. */
	packet[10] = 'x';
	packet[2]++;
	packet[len] = 'x';
	ck_assert(!mdns_message_decode(packet, len + 1, &back));
	packet[0] = 0;
	ck_assert(!mdns_message_decode(packet, 1, &back));
	packet[0] = MDNS_DROPPED + 1;
	ck_assert(!mdns_message_decode(packet, len, &back));
}
END_TEST

START_TEST(random_changes_do_no_harm)
{
	uint8_t packet[MDNS_MESSAGE_MAX], again[MDNS_MESSAGE_MAX];
	struct mdns_message back;
	struct rng rng;
	unsigned good = 0;

	rng_init(&rng, 4);
	for (unsigned i = 0; i < 200000; i++) {
		const struct mdns_message m = example(
		    (enum mdns_type)(MDNS_SETUP + i % MDNS_DROPPED));
		size_t len = mdns_message_encode(&m, packet);

		for (unsigned flips = 0; flips < 1 + i % 3; flips++)
			packet[(size_t)(rng_unit(&rng) * (double)len)] =
			    (uint8_t)(rng_unit(&rng) * 256);
		if (!mdns_message_decode(packet, len, &back))
			continue;
		good++;
		ck_assert_uint_le(mdns_message_encode(&back, again), MDNS_MESSAGE_MAX);
	}
	ck_assert_uint_gt(good, 0);
}
END_TEST

UNIT_MAIN("mdns_message", every_message_is_decoded_as_it_was_encoded,
    the_fields_of_a_service_are_kept, a_part_of_a_message_is_refused,
    a_field_out_of_bounds_is_refused, random_changes_do_no_harm)
