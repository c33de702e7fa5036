/* SPDX-License-Identifier: MIT */
/* How many updates of a source are taken in a second. */
#ifndef SWIMD_CORE_QUOTA_H
#define SWIMD_CORE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"
#include "wire/wire.h"

struct input;
struct swim;

#define QUOTA_SOURCES 256 /* sources that share a place share a quota */
/* Until when the updates taken so far are paid for: of each source, of all strangers, of all sources, and about us. */
struct quota {
	swim_time sources[QUOTA_SOURCES];
	swim_time strangers, all, self;
};

/* May this update of the datagram at hand be applied? */
bool quota_allows(struct swim *, const struct input *, const struct wire_update *);
/* The state before an update, by which quota_charge sees whether the update was news. */
struct quota_mark {
	uint64_t digest, incarnation;
	size_t events, datagrams;
};
struct quota_mark quota_mark(const struct swim *);
/* The update has been applied: charge it to its source. */
void quota_charge(struct swim *, const struct input *, const struct wire_update *,
    struct quota_mark before);

#endif
