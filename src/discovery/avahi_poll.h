/* SPDX-License-Identifier: MIT */
/* The event loop that Avahi expects (AvahiPoll, avahi-common/watch.h), over libevent. */
#ifndef SWIMD_DISCOVERY_AVAHI_POLL_H
#define SWIMD_DISCOVERY_AVAHI_POLL_H

#include <avahi-common/watch.h>
#include <event2/event.h>

struct avahi_poll;

/* NULL when memory is short.  The base must outlive the result. */
struct avahi_poll *avahi_poll_new(struct event_base *);
/* All watches and timeouts must have been freed before. */
void avahi_poll_free(struct avahi_poll *);
/* The AvahiPoll to give to Avahi; avahi_poll owns it. */
const AvahiPoll *avahi_poll_api(struct avahi_poll *);
/* How many watches and timeouts exist. */
unsigned avahi_poll_count(const struct avahi_poll *);

#endif
