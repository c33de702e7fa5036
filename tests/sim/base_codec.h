/* SPDX-License-Identifier: MIT */
/* The base wire format, written a second time from its description alone, for base_peer.c. */
#ifndef SIM_BASE_CODEC_H
#define SIM_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/base_peer.h"

enum { PING = 1, PING_REQ, ACK, NACK, AUTHENTICATED };

/* Reading: the whole message is checked before any of it counts. */
struct base_reader {
	const uint8_t *pos, *end;
	bool bad;
};

struct base_update {
	char id[256], address[300];
	enum swim_status status;
	uint64_t incarnation;
};

uint64_t base_get(struct base_reader *, unsigned bytes);
void base_get_string(struct base_reader *, char *out, size_t size);
/* A list to free, and its length. */
size_t base_get_gossip(struct base_reader *, struct base_update **out);

void base_put(struct base_datagram *, uint64_t, unsigned bytes);
void base_put_string(struct base_datagram *, const char *);

/* As strlcpy does. */
void base_copy(char *out, size_t size, const char *text);

#endif
