/* SPDX-License-Identifier: MIT */
/* Quotas: how many updates are taken from one source in a second. */
#ifndef SWIMD_CORE_QUOTA_H
#define SWIMD_CORE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"
#include "wire/wire.h"

struct input;
struct swim;

/* records of sources; sources whose addresses have the same hash share one */
#define QUOTA_SOURCES 256
/* Times until which the updates that were taken are paid for. */
struct quota {
	swim_time sources[QUOTA_SOURCES]; /* of each member, by a hash of its address */
	swim_time strangers;              /* of all strangers together */
	swim_time all;                    /* of all sources */
	swim_time self;                   /* rises of our own incarnation */
};

/* Does the quota of the datagram's source have room for this update? */
bool quota_allows(struct swim *, const struct input *, const struct wire_update *);
/* The state before an update, by which quota_charge() sees whether the update was news. */
struct quota_mark {
	uint64_t digest, incarnation;
	size_t events, datagrams;
};
struct quota_mark quota_mark(const struct swim *);
/* Charge an update that was applied to its source.  `before`: quota_mark() before it was applied. */
void quota_charge(struct swim *, const struct input *, const struct wire_update *,
    struct quota_mark before);

#endif
