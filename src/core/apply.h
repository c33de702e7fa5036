/* SPDX-License-Identifier: MIT */
/* Making a case for judge.c of an update, and carrying out the judgement. */
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

/* The member that the update is about says so itself, in the datagram at hand. */
void apply_own_word(struct swim *, const struct input *, const struct wire_update *);
/* The update is of the view that we had before our restart. */
void apply_restored(struct swim *, const struct input *, const struct wire_update *);
/* All of the datagram at hand, in order. */
void apply_updates(struct swim *, const struct input *);
/* This base peer is said to have left at this incarnation, and did not deny that when asked: take it for left.  m may be NULL. */
void apply_left(struct swim *, const struct input *, struct member *, uint64_t incarnation);
/* The base peer m answers at the address `to` under its id, and no more at its former address: it has moved. */
void apply_moved(struct swim *, const struct input *, struct member *, const struct swim_addr *to);
/* Raise our incarnation above `than` (saturating) and tell everybody. */
void apply_refute(struct swim *, const struct input *, uint64_t than);
/* The stand-in at this member's address gives way to the member, which really lives there. */
void apply_replace_unnamed(struct swim *, const struct input *, const struct member *real);
/*
 * May this be a member's address?  Writes its canonical text, without a zone, and its numeric one, a link-local one in
 * the zone that it was told in.
 */
bool apply_address(const struct swim *, const struct input *, struct wire_str, char *text,
    struct swim_addr *);

#endif
