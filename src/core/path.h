/* SPDX-License-Identifier: MIT */
/* How large datagrams to each member may be. */
#ifndef SWIMD_CORE_PATH_H
#define SWIMD_CORE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/question.h"
#include "core/swim.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

/* A ping that is under way to find out whether its size arrives. */
struct path_check {
	struct member *target;
	struct question question; /* closed: free */
	size_t size;
	bool padded; /* padding alone, else it is gossip */
};
#define PATH_CHECKS_MAX 16
/*
 * Pings, ping-reqs and acks are at most so large, as failure detection depends on them: the least max_datagram, which
 * has room for a member with all of its tags and a usual name, and passes where packets of 1,052 bytes do (1,072 with
 * IPv6).
 */
#define PATH_BASE WIRE_DATAGRAM_MIN
/* The smallest size, tried where PATH_BASE does not arrive: packets of 576 bytes, which every IPv4 host takes (RFC 791). */
#define PATH_FLOOR 548

/* The most bytes of a datagram to m (NULL: to a stranger) on which failure detection does not depend. */
size_t path_most(const struct swim *, const struct member *m);
/* The most bytes of a datagram on which failure detection depends. */
size_t path_safe(const struct swim *, const struct member *m);
/* The size at which to repeat a datagram of `most` bytes that was not answered this many times. */
size_t path_retry(size_t most, unsigned tries);
/* A datagram of `to` bytes was answered, and a larger one before it was not; m may be NULL. */
void path_fell(struct swim *, struct member *m, size_t to);
/* A datagram of `size` bytes was answered at the first try; m may be NULL. */
void path_holds(struct swim *, struct member *m, size_t size);
/* True if it is not known, or was found out too long ago, whether large gossip arrives at m. */
bool path_is_open(const struct swim *, const struct member *m);
/* The smallest of the sizes to try that is not below this one; max_datagram at most. */
size_t path_step(const struct swim *, size_t size);
/* Watch the ping of this number and size to m for its answer; false: too many are under way. */
bool path_watch(struct swim *, struct member *m, uint64_t seq, size_t size);
void path_forget(struct swim *, const struct member *);
/* The size has arrived, if the member that was pinged answers where we sent the ping. */
struct answer path_answered(struct swim *, const struct input *, struct question *);
/* Try the size again, or take it for one that does not arrive. */
void path_unanswered(struct swim *, const struct input *, struct question *);
void path_tick(struct swim *);
swim_time path_deadline(const struct swim *);

#endif
