/* SPDX-License-Identifier: MIT */
/*
 * Told when links, addresses or routes of this machine change (rtnetlink(7)).  What has changed is not told:
 * whoever wants to know looks at all of it.  So it does not matter that the kernel drops messages when there
 * are too many at once (ENOBUFS), which is a change like any other.
 */
#ifndef SWIMD_NET_NETWATCH_H
#define SWIMD_NET_NETWATCH_H

#include <event2/event.h>

struct netwatch;

/*
 * `changed` is called on the loop, once for all that has come together; it may free the watch.  NULL with
 * errno where the kernel gives no such socket.
 */
struct netwatch *netwatch_new(struct event_base *, void (*changed)(void *ctx), void *ctx);
/* The same on a socket of the caller's, which is the watch's from here on (not where it fails). */
struct netwatch *netwatch_new_on(struct event_base *, int fd, void (*changed)(void *ctx),
    void *ctx);
void netwatch_free(struct netwatch *);

#endif
