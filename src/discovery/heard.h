/* SPDX-License-Identifier: MIT */
/*
 * A source of hints named "heard": members of other clusters that have sent a datagram to this member.  The hub does not
 * join through such a hint, which shows an operator which machine has the wrong cluster or the wrong seed.
 */
#ifndef SWIMD_DISCOVERY_HEARD_H
#define SWIMD_DISCOVERY_HEARD_H

#include "discovery/source.h"
#include "wire/wire.h"

#define HEARD_MAX 16     /* members; further members are not kept */
#define HEARD_KEEP_S 600 /* how long after its last datagram a member is kept */
/* At most one datagram of another cluster is noted in this time, since many may arrive. */
#define HEARD_EVERY_MS 100

/* NULL when memory is short. */
struct discovery_source *heard_new(void);

/* A datagram that the core refused with WIRE_REJECT_OTHER_CLUSTER. */
struct heard_datagram {
	const struct swim_addr *from;
	const void *data;
	size_t len;
	struct wire_str cluster; /* heard_input sets it: "" is the unnamed cluster */
};
/* Note the sender and the cluster of the datagram.  True when they are new, and are kept. */
bool heard_input(struct discovery_source *, swim_time now, struct heard_datagram *);
/* Note that a member of this cluster ("": the unnamed one) spoke from this address.  True when this is new, and is kept. */
bool heard_note(struct discovery_source *, swim_time now, const struct swim_addr *,
    const char *cluster, size_t cluster_len);

#endif
