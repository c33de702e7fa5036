/* SPDX-License-Identifier: MIT */
/* Making a case for judge.c of each update, and carrying out the judgement. */
#ifndef SWIMD_CORE_APPLY_H
#define SWIMD_CORE_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"
#include "wire/wire.h"

struct input;
struct member;
struct swim;

/* Apply an update as the word of its subject. */
void apply_own_word(struct swim *, const struct input *, const struct wire_update *);
/* Apply an update of the table that we had before our restart, as an entry of a page. */
void apply_restored(struct swim *, const struct input *, const struct wire_update *);
/* Apply all updates of the datagram, in their order. */
void apply_updates(struct swim *, const struct input *);
/*
 * The base peer m is said to have left at this incarnation, and did not deny that when it was asked: it has left.  No
 * effect if m is NULL, or is known as a swimd peer or at a higher incarnation.
 */
void apply_left(struct swim *, const struct input *, struct member *, uint64_t incarnation);
/* The base peer m answers under its id at the address `to`, and at its former address no more: it has moved. */
void apply_moved(struct swim *, const struct input *, struct member *, const struct swim_addr *to);
/*
 * Take the next incarnation above `than` (at most 2^64-1), unless ours is that high already, and tell ours to all.  A
 * trial ends (damping.c), whatever the reason for the new incarnation (new tags, a new address, a contest about the
 * name): all members that hear of the new incarnation hold us alive again, so that no return is left to delay.  If the
 * death was told at a higher incarnation yet, the members that hold us dead tell it again, and a new trial begins.
 */
void apply_refute(struct swim *, const struct input *, uint64_t than);
/*
 * If the table has an entry with the address of `real` for its name (an unnamed peer), destroy that entry: `real`
 * lives there.
 */
void apply_replace_unnamed(struct swim *, const struct input *, const struct member *real);
/*
 * Check the address of a member.  True if it is host:port, and no wildcard, multicast or other machine's loopback
 * address.  Writes its canonical text without a zone to `text` (SWIM_HOSTPORT_MAX + 1 bytes), and its number to the
 * last argument: family 0 for a host name.  The zone of a link-local address is that of the datagram.
 */
bool apply_address(const struct swim *, const struct input *, struct wire_str, char *text,
    struct swim_addr *);

#endif
