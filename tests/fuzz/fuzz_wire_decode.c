/* SPDX-License-Identifier: MIT */
/* A fuzzer of the decoder: checks and prints a decoded message, and encodes it to a datagram that decodes to the same. */
#include <stdint.h>

#include "base/utf8.h"
#include "support/require.h"
#include "support/wire_again.h"
#include "wire/tags.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_strings(const struct wire_member_id *m)
{
	require(utf8_valid(m->id.bytes, m->id.len));
	require(utf8_valid(m->address.bytes, m->address.len));
}

/* Check each update.  True: no more updates have flags, accusers or tags than a writer takes. */
static bool
walk(const struct wire_updates *list)
{
	struct wire_updates_iter iter = {0};
	size_t flagged = 0, accused = 0, tagged = 0, count = 0;
	struct wire_update u;

	while (wire_updates_next(list, &iter, &u)) {
		check_strings(&u.member);
		require((u.flags & ~WIRE_FLAGS_KNOWN) == 0);
		require((u.status == SWIM_LEFT) == ((u.flags & WIRE_FLAG_LEFT) != 0));
		require(!swim_status_is_live(u.status) ||
			(u.flags & (WIRE_FLAG_LEFT | WIRE_FLAG_FORGET)) == 0);
		require(wire_tags_valid(u.tags.bytes, u.tags.len));
		require(u.accuser_count == 0 || u.status != SWIM_ALIVE);
		flagged += u.flags != 0 && !list->sync;
		accused += u.accuser_count > 0;
		tagged += u.tags.len > 0;
		count++;
	}
	require(count == list->count);
	return flagged <= WIRE_FLAGGED_MAX && accused <= WIRE_ACCUSED_MAX &&
	       tagged <= WIRE_TAGGED_MAX;
}

static void
check_printed(const struct wire_message *m)
{
	static char line[4096];

	require(utf8_valid(line, wire_format(m, line, sizeof(line))));
	wire_format(m, line, 40);
}

static void
check_again(const struct wire_message *m)
{
	static uint8_t bytes[WIRE_DATAGRAM_MAX];
	struct wire_message again;
	size_t len = wire_again(m, bytes, sizeof(bytes));

	require(len > 0);
	require(wire_decode(bytes, len, &again) == WIRE_OK);
	require(wire_same_message(m, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_message m, inner;
	enum wire_reject reject = wire_decode(data, size, &m);

	require(wire_reject_word(reject)[0] != '\0');
	if (reject != WIRE_OK)
		return 0;
	require(wire_slot_type(wire_type_slot(m.type)) == m.type);
	if (m.type != WIRE_NACK && m.type != WIRE_AUTHENTICATED && !walk(&m.updates))
		return 0;
	if (m.type == WIRE_AUTHENTICATED) {
		require(wire_decode(m.inner, m.inner_len, &inner) == WIRE_OK);
		require(inner.type != WIRE_AUTHENTICATED && inner.seq == m.seq);
	}
	check_printed(&m);
	check_again(&m);
	return 0;
}
