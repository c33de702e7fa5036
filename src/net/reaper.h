/* SPDX-License-Identifier: MIT */
/*
 * Waits for ended children that nobody else in this process waits for: orphans, where we are the first process of a
 * container, and children that a shell had started before it executed us.  They would stay zombies as long as we run.
 */
#ifndef SWIMD_NET_REAPER_H
#define SWIMD_NET_REAPER_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

struct reaper;
/*
 * `owns` tells whether another part of this process waits for that child; the reaper leaves the end of such a child
 * to its owner.  Returns NULL when memory is short.
 */
struct reaper *reaper_new(struct event_base *, bool (*owns)(void *ctx, pid_t), void *ctx);
void reaper_free(struct reaper *);

#endif
