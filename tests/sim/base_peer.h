/* SPDX-License-Identifier: MIT */
/*
 * A base peer: an implementation of SWIM that knows the base wire format and nothing of swimd.  It does not use src/wire, so
 * that a misunderstanding in src/wire makes a test fail.  It behaves as the implementation that defines the base wire format
 * was seen to behave:
 *
 * - A member is the pair of an id and an address; two pairs of one address are two members and stay two.
 * - The sender of a datagram is the pair (source, source).  A ping makes this pair a member at incarnation 0, and the peer
 *   gossips nothing of it.
 * - An ack counts only if it names the pair that was pinged.  Whichever pair it names, the ack ends a suspicion of the pair
 *   (source, source): the peer raises the incarnation of that pair by 1 and gossips it.
 * - An update more than 16 above the known incarnation (0 of a pair that is not known yet) is refused.
 * - A suspicion that the peer hears of has no timer.  An update that changes only the incarnation is not passed on.
 * - An update about a dead pair at the same or a lower incarnation is ignored, and the sender is not corrected.  Dead pairs
 *   are forgotten after 30 s.
 * - The peer names itself in acks, and in gossip only after a suspicion of itself.  It compares no views and ignores nacks.
 * - To leave, the peer sends one ping to each of a few members.
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

/* The time between two probes, and the time that an answer may take. */
struct base_timing {
	swim_duration period, timeout;
};
struct base_timing base_timing_default(void);

/* `address` is the address that the peer advertises: numeric, or a host name with a port. */
struct base_peer *base_peer_new(const char *id, const char *address, struct base_timing,
    uint64_t seed, swim_time now);
void base_peer_free(struct base_peer *);

void base_peer_input(struct base_peer *, swim_time now, const struct swim_addr *from,
    const void *data, size_t len);
void base_peer_tick(struct base_peer *, swim_time now);
swim_time base_peer_deadline(const struct base_peer *);

struct base_datagram {
	struct swim_addr to;
	uint8_t data[8192]; /* room for ten updates with the longest ids and addresses */
	size_t len;
};
bool base_peer_next_datagram(struct base_peer *, struct base_datagram *);

/* What the peer reports of a pair. */
enum base_event_type {
	BASE_JOINED,
	BASE_SUSPECTED,
	BASE_FAILED,
	BASE_RECOVERED, /* after a suspicion; a dead pair that lives again is not reported */
	BASE_REFUSED,   /* an update was refused, as its incarnation is too high */
	BASE_EVENTS
};
struct base_event {
	enum base_event_type type;
	const char *id, *address; /* owned by the peer, valid until the next call */
	uint64_t incarnation;
	bool dead; /* the pair is dead; BASE_JOINED may report a pair that is dead from the start */
};
bool base_peer_next_event(struct base_peer *, struct base_event *);

/* Make the pair (address, address) a member, and ping the address. */
void base_peer_join(struct base_peer *, swim_time now, const struct swim_addr *);
void base_peer_leave(struct base_peer *);
/* A mute peer runs, but reads and sends nothing. */
void base_peer_set_mute(struct base_peer *, bool);

/* What the peer knows of a pair. */
struct base_report {
	const char *id, *address; /* owned by the peer, valid until a call that changes the peer */
	enum swim_status status;
	uint64_t incarnation;
};
size_t base_peer_count(const struct base_peer *);
void base_peer_at(const struct base_peer *, size_t, struct base_report *);
/* False: the peer knows no such pair. */
bool base_peer_find(const struct base_peer *, const char *id, const char *address,
    struct base_report *);
uint64_t base_peer_incarnation(const struct base_peer *);
/* How many datagrams of known types the peer has received that were not valid base messages. */
uint64_t base_peer_invalid(const struct base_peer *);
/* How many ping-reqs the peer has received; and how many of these it answered with an ack. */
uint64_t base_peer_asked(const struct base_peer *);
uint64_t base_peer_relayed(const struct base_peer *);

#endif
