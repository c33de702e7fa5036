/* SPDX-License-Identifier: MIT */
/* Room for whoever shows itself, in a table full of others. */
#ifndef SWIMD_CORE_GUEST_H
#define SWIMD_CORE_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct input;
struct swim;

/* Somebody answered from here, until a moment from now a guest. */
void guest_answered(struct swim *, const struct swim_addr *);
/*
 * The table is full, and one that we do not know says that it lives at `addr`.  True: it is a guest, and there is
 * room now; else it is asked there, if its word came from there.
 */
bool guest_room(struct swim *, const struct input *, const struct swim_addr *addr);

#endif
