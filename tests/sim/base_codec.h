/* SPDX-License-Identifier: MIT */
/* A second implementation of the base wire format, from its description alone, for base_peer.c. */
#ifndef SIM_BASE_CODEC_H
#define SIM_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/base_peer.h"

enum { PING = 1, PING_REQ, ACK, NACK, AUTHENTICATED };

/* A position in a message.  The caller reads the whole message, and uses what it read only if `bad` is false then. */
struct base_reader {
	const uint8_t *pos, *end;
	bool bad; /* a read passed the end, or a value was invalid */
};

struct base_update {
	char id[256], address[300];
	enum swim_status status;
	uint64_t incarnation;
};

/* Reads a number of 1 to 8 bytes; 0 if the reader is bad. */
uint64_t base_get(struct base_reader *, unsigned bytes);
void base_get_string(struct base_reader *, char *out, size_t size);
/* Reads the updates of a message.  Returns their number; the caller frees *out. */
size_t base_get_gossip(struct base_reader *, struct base_update **out);

void base_put(struct base_datagram *, uint64_t, unsigned bytes);
void base_put_string(struct base_datagram *, const char *);

/* Copies a text and cuts it to size - 1 bytes if it is longer. */
void base_copy(char *out, size_t size, const char *text);

#endif
