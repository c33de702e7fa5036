/* SPDX-License-Identifier: MIT */
/*
 * Members of other clusters that have spoken to us, as a source of hints named "heard".  We do not try to join through
 * them; they show an operator which machine has the wrong cluster or the wrong seed.
 */
#ifndef SWIMD_DISCOVERY_HEARD_H
#define SWIMD_DISCOVERY_HEARD_H

#include "discovery/source.h"

#define HEARD_MAX 16     /* further ones are not kept */
#define HEARD_KEEP_S 600 /* after the last word */

/* NULL when memory is short. */
struct discovery_source *heard_new(void);
/* A member of this cluster ("": the unnamed one) spoke from this address.  True: that is news. */
bool heard_note(struct discovery_source *, swim_time now, const struct swim_addr *,
    const char *cluster, size_t cluster_len);

#endif
