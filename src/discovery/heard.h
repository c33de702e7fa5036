/* SPDX-License-Identifier: MIT */
/*
 * A source of hints named "heard": members of other clusters that have sent us a datagram.  The hub does not join
 * through them; they show an operator which machine has the wrong cluster or the wrong seed.
 */
#ifndef SWIMD_DISCOVERY_HEARD_H
#define SWIMD_DISCOVERY_HEARD_H

#include "discovery/source.h"

#define HEARD_MAX 16     /* members; further members are not kept */
#define HEARD_KEEP_S 600 /* how long after its last datagram a member is kept */

/* NULL when memory is short. */
struct discovery_source *heard_new(void);
/* Note that a member of this cluster ("": the unnamed one) spoke from this address.  True when this is new. */
bool heard_note(struct discovery_source *, swim_time now, const struct swim_addr *,
    const char *cluster, size_t cluster_len);

#endif
