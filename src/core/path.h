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

/* A ping whose answer shows that datagrams of its size arrive. */
struct path_check {
	struct member *target;
	struct question question; /* closed: free */
	size_t size;
	bool padded; /* the ping is a trial of a larger size; else it is gossip sent as a ping */
};
#define PATH_CHECKS_MAX 16
/*
 * The most bytes of pings, ping-reqs and acks, on which failure detection depends.  This is the least max_datagram: it
 * has room for a member with all of its tags and a usual name, and makes packets of 1,052 bytes with IPv4 and 1,072
 * bytes with IPv6.
 */
#define PATH_BASE WIRE_DATAGRAM_MIN
/* The smallest size, tried where PATH_BASE does not arrive: packets of 576 bytes, which every IPv4 host takes (RFC 791). */
#define PATH_FLOOR 548

/* The most bytes of gossip, or of a page or its request, to m; NULL: to a stranger. */
size_t path_most(const struct swim *, const struct member *m);
/* The most bytes of a ping, ping-req or ack to m; NULL: to a stranger. */
size_t path_safe(const struct swim *, const struct member *m);
/* The size at which to repeat a datagram of `most` bytes that was sent `tries` times without an answer. */
size_t path_retry(size_t most, unsigned tries);
/* A datagram of `to` bytes was answered, and a larger one before it was not; m may be NULL. */
void path_fell(struct swim *, struct member *m, size_t to);
/* A datagram of `size` bytes was answered at the first try; m may be NULL. */
void path_holds(struct swim *, struct member *m, size_t size);
/* Is it unknown whether large gossip arrives at m, or was it found out too long ago? */
bool path_is_open(const struct swim *, const struct member *m);
/* The smallest size of the table in path.c that is not below this one; max_datagram at most. */
size_t path_step(const struct swim *, size_t size);
/* Watch for the answer to the ping of this number and size to m.  False: too many pings are watched. */
bool path_watch(struct swim *, struct member *m, uint64_t seq, size_t size);
/* End the path checks of the member. */
void path_forget(struct swim *, const struct member *);
/* The size arrives, if the answer comes from the member that was pinged and from the address that was pinged. */
struct answer path_answered(struct swim *, const struct input *, struct question *);
/* The ping was not answered in time: send a padded ping again, or take the size for one that does not arrive. */
void path_unanswered(struct swim *, const struct input *, struct question *);
void path_tick(struct swim *);
swim_time path_deadline(const struct swim *);

#endif
