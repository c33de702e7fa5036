/* SPDX-License-Identifier: MIT */
/*
 * A base peer: an implementation of SWIM that knows the base wire format and nothing of swimd.  Written on purpose
 * without src/wire, so that a misunderstanding there shows here.  It behaves as the implementation that defines the base
 * wire was seen to:
 *
 * - A member is the pair of an id and an address; two pairs of one address are two members and stay two.
 * - Whoever sends a datagram is the pair (source, source).  Its ping makes it a member at incarnation 0, and this peer
 *   tells nobody of that.
 * - An ack counts only if it names the pair that was pinged.  Whatever it names, it ends a suspicion of the pair (source,
 *   source) by raising the incarnation of that pair by 1, which is gossiped.
 * - An update more than 16 above the known incarnation (0 of a pair that is not known yet) is refused.
 * - A suspicion that it hears of has no timer.  An update that changes the incarnation alone is not passed on.
 * - What is said of a dead pair at the same or a lower incarnation is ignored, and the pair is not told.  The dead are
 *   forgotten after 30 s.
 * - It names itself in acks, and in gossip only after it was suspected.  It compares no views.  It ignores a nack.
 * - A leave is one ping to a few members.
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

/* Between two probes, and until an answer is missed. */
struct base_timing {
	swim_duration period, timeout;
};
struct base_timing base_timing_default(void);

/* `address` is what it says of itself, numeric or a host name with a port. */
struct base_peer *base_peer_new(const char *id, const char *address, struct base_timing,
    uint64_t seed, swim_time now);
void base_peer_free(struct base_peer *);

void base_peer_input(struct base_peer *, swim_time now, const struct swim_addr *from,
    const void *data, size_t len);
void base_peer_tick(struct base_peer *, swim_time now);
swim_time base_peer_deadline(const struct base_peer *);

struct base_datagram {
	struct swim_addr to;
	uint8_t data[8192]; /* ten updates of the longest ids and addresses that it knows */
	size_t len;
};
bool base_peer_next_datagram(struct base_peer *, struct base_datagram *);

/* What it tells of a pair. */
enum base_event_type {
	BASE_JOINED,
	BASE_SUSPECTED,
	BASE_FAILED,
	BASE_RECOVERED, /* from a suspicion; that the dead live again it does not tell */
	BASE_REFUSED,   /* an update, for its incarnation */
	BASE_EVENTS
};
struct base_event {
	enum base_event_type type;
	const char *id, *address; /* until the next call */
	uint64_t incarnation;
	bool dead; /* also of one that it takes up (BASE_JOINED) */
};
bool base_peer_next_event(struct base_peer *, struct base_event *);

/* Ping whoever listens there, who is a member from now on. */
void base_peer_join(struct base_peer *, swim_time now, const struct swim_addr *);
void base_peer_leave(struct base_peer *);
/* Mute: it doesn't answer any more, but still runs. */
void base_peer_set_mute(struct base_peer *, bool);

/* What it holds of a pair. */
struct base_report {
	const char *id, *address; /* until the next call that changes it */
	enum swim_status status;
	uint64_t incarnation;
};
size_t base_peer_count(const struct base_peer *);
void base_peer_at(const struct base_peer *, size_t, struct base_report *);
/* False when it knows no such pair. */
bool base_peer_find(const struct base_peer *, const char *id, const char *address,
    struct base_report *);
uint64_t base_peer_incarnation(const struct base_peer *);
/* Datagrams that came and were no valid base message (those of types that it doesn't know aside). */
uint64_t base_peer_invalid(const struct base_peer *);
/* Ping-reqs that it was sent, and those of them that it could answer with an ack. */
uint64_t base_peer_asked(const struct base_peer *);
uint64_t base_peer_relayed(const struct base_peer *);

#endif
