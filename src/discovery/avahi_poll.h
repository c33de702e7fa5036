/* SPDX-License-Identifier: MIT */
/* Avahi's view of an event loop (AvahiPoll, avahi-common/watch.h), over libevent. */
#ifndef SWIMD_DISCOVERY_AVAHI_POLL_H
#define SWIMD_DISCOVERY_AVAHI_POLL_H

#include <avahi-common/watch.h>
#include <event2/event.h>

struct avahi_poll;

/* NULL when memory is short.  The base must outlive it. */
struct avahi_poll *avahi_poll_new(struct event_base *);
/* All of its watches and timeouts must be freed already. */
void avahi_poll_free(struct avahi_poll *);
/* What Avahi is given; ours. */
const AvahiPoll *avahi_poll_api(struct avahi_poll *);
/* Watches and timeouts there are. */
unsigned avahi_poll_count(const struct avahi_poll *);

#endif
