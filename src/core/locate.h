/* SPDX-License-Identifier: MIT */
/* The addresses of members: which member lives where. */
#ifndef SWIMD_CORE_LOCATE_H
#define SWIMD_CORE_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct input;
struct member;
struct swim;

/* The member with this address: a live one or ourselves before one that is gone.  NULL: none. */
struct member *locate_at(const struct swim *, const struct swim_addr *);
/* The members with this address one after the other, gone ones too.  Set *i to 0 before the first call.  NULL: no more. */
struct member *locate_each_at(const struct swim *, const struct swim_addr *, size_t *i);
/* Does another live member, or do we, have this member's address?  Then one of the two is probably gone. */
bool locate_is_shared(const struct swim *, const struct member *);
/* Set m->addr from m->address.  A link-local address is in the zone of the datagram. */
void locate_parse(const struct input *, struct member *);
/*
 * Give m this address (copied), at which it has to answer again to be routable.  Its incarnation is up to the caller.
 * False: no memory, and m is unchanged.
 */
bool locate_move(struct swim *, const struct input *, struct member *, const char *address,
    size_t len);
/* m's host name stands for this numeric address: m has answered a question of ours there. */
void locate_found(struct swim *, const struct input *, struct member *, const struct swim_addr *);
/* Can this machine send to the address, and to the address in use for the member?  See swim_set_reach(). */
bool locate_reaches(const struct swim *, const struct swim_addr *);
bool locate_is_reached(const struct swim *, const struct member *);
/*
 * The member speaks to us from `from`.  If that is its link-local address in another zone, the zone of `from` is its
 * zone.
 */
void locate_heard(struct swim *, struct member *, const struct swim_addr *from);
/* A datagram tells m's address.  If it is a link-local one whose zone is not known, its zone is that of the datagram. */
void locate_told(struct swim *, const struct input *, struct member *);

#endif
