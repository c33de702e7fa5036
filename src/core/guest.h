/* SPDX-License-Identifier: MIT */
/* Guests: room in a full table for strangers that have answered. */
#ifndef SWIMD_CORE_GUEST_H
#define SWIMD_CORE_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct input;
struct swim;

/* A stranger at this address has answered a ping of ours: it is the guest for GUEST_HOLD. */
void guest_answered(struct swim *, const struct swim_addr *);
/*
 * The table is full, and an unknown member speaks of itself at the address `addr`.  True: it is the guest, and now
 * there is room for it.  False: there is none; if the datagram came from `addr`, a greeting goes there.
 */
bool guest_room(struct swim *, const struct input *, const struct swim_addr *addr);

#endif
