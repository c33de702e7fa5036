/* SPDX-License-Identifier: MIT */
#include "net/reply_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

_Static_assert((REPLY_SLOTS & (REPLY_SLOTS - 1)) == 0, "a slot is chosen by a mask");

struct reply_slot {
	struct swim_addr peer; /* family 0: free */
	struct in6_pktinfo local;
};

struct reply_table {
	uint64_t seed;
	struct reply_slot slots[REPLY_SLOTS];
};

struct reply_table *
reply_table_new(uint64_t seed)
{
	struct reply_table *table = calloc(1, sizeof(*table));

	if (table != NULL)
		table->seed = seed;
	return table;
}

void
reply_table_free(struct reply_table *table)
{
	free(table);
}

static size_t
reply_table_slot(const struct reply_table *table, const struct swim_addr *peer)
{
	uint64_t h = hash64_u64(HASH64_START, table->seed);

	h = hash64_bytes(h, peer->ip, sizeof(peer->ip));
	h = hash64_u64(h, (uint64_t)peer->scope << 16 | peer->port);
	return (size_t)(hash64_end(h) & (REPLY_SLOTS - 1));
}

void
reply_table_learn(struct reply_table *table, const struct swim_addr *peer,
    const struct in6_pktinfo *local)
{
	struct reply_slot *slot = &table->slots[reply_table_slot(table, peer)];

	if (IN6_IS_ADDR_MULTICAST(&local->ipi6_addr))
		return;
	slot->peer = *peer;
	slot->local = *local;
	/*
	 * Keep the address alone: routes choose the interface, which may change.  Only a link-local address
	 * means nothing without its interface.
	 */
	if (!IN6_IS_ADDR_LINKLOCAL(&local->ipi6_addr))
		slot->local.ipi6_ifindex = 0;
}

const struct in6_pktinfo *
reply_table_find(const struct reply_table *table, const struct swim_addr *peer)
{
	const struct reply_slot *slot = &table->slots[reply_table_slot(table, peer)];

	return slot->peer.family != 0 && swim_addr_equal(&slot->peer, peer) ? &slot->local : NULL;
}

void
reply_table_forget(struct reply_table *table, const struct swim_addr *peer)
{
	struct reply_slot *slot = &table->slots[reply_table_slot(table, peer)];

	if (slot->peer.family != 0 && swim_addr_equal(&slot->peer, peer))
		memset(slot, 0, sizeof(*slot));
}
