/* SPDX-License-Identifier: MIT */
/* The names of message types and of reasons to reject a datagram, and strings of the wire format. */
#include "wire/wire.h"

#include <assert.h>
#include <string.h>

static const struct {
	enum wire_type type;
	const char *name;
} types[WIRE_TYPE_SLOTS] = {
    {WIRE_PING, "ping"},
    {WIRE_PING_REQ, "ping-req"},
    {WIRE_ACK, "ack"},
    {WIRE_NACK, "nack"},
    {WIRE_AUTHENTICATED, "authenticated"},
    {WIRE_SYNC_REQ, "sync-req"},
    {WIRE_SYNC, "sync"},
    {WIRE_GOSSIP, "gossip"},
    {WIRE_CLAIM, "claim"},
    {WIRE_OTHER_CLUSTER, "other-cluster"},
};

int
wire_type_slot(unsigned type)
{
	for (int slot = 0; slot < WIRE_TYPE_SLOTS; slot++) {
		if (types[slot].type == type)
			return slot;
	}
	return -1;
}

enum wire_type
wire_slot_type(int slot)
{
	assert(slot >= 0 && slot < WIRE_TYPE_SLOTS);
	return types[slot].type;
}

const char *
wire_type_name(unsigned type)
{
	int slot = wire_type_slot(type);

	return slot >= 0 ? types[slot].name : NULL;
}

const char *
wire_reject_word(enum wire_reject reject)
{
	switch (reject) {
	case WIRE_OK:
		return "ok";
	case WIRE_REJECT_EMPTY:
		return "empty";
	case WIRE_REJECT_TOO_LONG:
		return "too-long";
	case WIRE_REJECT_UNKNOWN_TYPE:
		return "unknown-type";
	case WIRE_REJECT_TRUNCATED:
		return "truncated";
	case WIRE_REJECT_BAD_STATUS:
		return "bad-status";
	case WIRE_REJECT_BAD_UTF8:
		return "bad-utf8";
	case WIRE_REJECT_NESTED:
		return "nested";
	case WIRE_REJECT_BAD_SEQ:
		return "bad-seq";
	case WIRE_REJECT_BAD_EXTENSION:
		return "bad-extension";
	case WIRE_REJECT_BAD_SYNC:
		return "bad-sync";
	case WIRE_REJECT_OTHER_CLUSTER:
		return "other-cluster";
	case WIRE_REJECT_FOR_BASE_PEERS:
		return "for-base-peers";
	}
	__builtin_unreachable();
}

struct wire_str
wire_str_of(const char *nul_terminated)
{
	size_t len = strlen(nul_terminated);

	assert(len <= UINT16_MAX);
	return (struct wire_str){.bytes = nul_terminated, .len = (uint16_t)len};
}

bool
wire_str_equal(struct wire_str s, const char *nul_terminated)
{
	return strlen(nul_terminated) == s.len && memcmp(s.bytes, nul_terminated, s.len) == 0;
}

bool
wire_str_same(struct wire_str a, struct wire_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}
