/* SPDX-License-Identifier: MIT */
/*
 * A base peer: an implementation of SWIM that knows the base wire format and its rules, and nothing of
 * swimd.  Written on purpose without src/wire, so that a misunderstanding there shows here.
 */
#ifndef SIM_BASE_PEER_H
#define SIM_BASE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "base/time.h"

struct base_peer;

/* `address` is what it says of itself, numeric or a host name with a port. */
struct base_peer *base_peer_new(const char *id, const char *address, uint64_t seed, swim_time now);
void base_peer_free(struct base_peer *);

void base_peer_input(struct base_peer *, swim_time now, const struct swim_addr *from,
    const void *data, size_t len);
void base_peer_tick(struct base_peer *, swim_time now);
swim_time base_peer_deadline(const struct base_peer *);

struct base_datagram {
	struct swim_addr to;
	uint8_t data[1400];
	size_t len;
};
bool base_peer_next_datagram(struct base_peer *, struct base_datagram *);

/* Ping whoever listens there. */
void base_peer_join(struct base_peer *, swim_time now, const struct swim_addr *);
/* A dead update about itself that it sends itself, to all it knows. */
void base_peer_leave(struct base_peer *, swim_time now);
/*
 * Shy: its gossip never mentions itself, so that others know it by its source address until an ack
 * tells its id.  Mute: it doesn't answer any more, but still runs.
 */
void base_peer_set_shy(struct base_peer *, bool);
void base_peer_set_mute(struct base_peer *, bool);

/* What it holds of a member; false when it knows none of that id. */
bool base_peer_find(const struct base_peer *, const char *id, enum swim_status *,
    uint64_t *incarnation);
size_t base_peer_count(const struct base_peer *);
uint64_t base_peer_incarnation(const struct base_peer *);
/* Datagrams that came and were no valid base message (those of types that it doesn't know aside). */
uint64_t base_peer_invalid(const struct base_peer *);
/* Ping-reqs that it was asked, and that it could answer with an ack. */
uint64_t base_peer_relayed(const struct base_peer *);

#endif
