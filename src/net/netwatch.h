/* SPDX-License-Identifier: MIT */
/*
 * Calls back when links, addresses or routes of this machine change (rtnetlink(7)).  The callback is not told what
 * has changed; it has to look at everything again.  So it does no harm that the kernel drops messages when there are
 * too many at once (ENOBUFS): the watch reports a drop as a change.
 */
#ifndef SWIMD_NET_NETWATCH_H
#define SWIMD_NET_NETWATCH_H

#include <event2/event.h>

struct netwatch;

/*
 * `changed` is called on the loop, once for all changes that have come together; it may free the watch.  Returns NULL
 * with errno where the kernel gives no such socket.
 */
struct netwatch *netwatch_new(struct event_base *, void (*changed)(void *ctx), void *ctx);
/* As netwatch_new, on a socket of the caller's.  The watch owns the socket from here on, unless the call fails. */
struct netwatch *netwatch_new_on(struct event_base *, int fd, void (*changed)(void *ctx),
    void *ctx);
void netwatch_free(struct netwatch *);

#endif
