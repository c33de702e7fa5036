/* SPDX-License-Identifier: MIT */
/* Their addresses. */
#ifndef SWIMD_CORE_LOCATE_H
#define SWIMD_CORE_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct input;
struct member;
struct swim;

/* The member at this address: one that is alive before one that isn't.  NULL: none. */
struct member *locate_at(const struct swim *, const struct swim_addr *);
/* Each member whose address this is, dead ones and those that left too.  Set *i to 0 before the first call.  NULL: no more. */
struct member *locate_each_at(const struct swim *, const struct swim_addr *, size_t *i);
/* Is another member that is alive, or are we ourselves, at this member's address?  One of the two is gone, it seems. */
bool locate_is_shared(const struct swim *, const struct member *);
/* Its numeric address, of what is told of it. */
void locate_parse(const struct input *, struct member *);
/* False: no memory. */
bool locate_move(struct swim *, const struct input *, struct member *, const char *address,
    size_t len);
/* The member's address is a host name, and it has answered a question of ours at this numeric address. */
void locate_found(struct swim *, const struct input *, struct member *, const struct swim_addr *);
/* Can we send to it? */
bool locate_reaches(const struct swim *, const struct swim_addr *);
bool locate_is_reached(const struct swim *, const struct member *);
/* The member speaks to us from `from`: its link-local address is in the zone of that. */
void locate_heard(struct swim *, struct member *, const struct swim_addr *from);
/* Its address is told anew: one whose zone is not known is where we hear of it. */
void locate_told(struct swim *, const struct input *, struct member *);

#endif
