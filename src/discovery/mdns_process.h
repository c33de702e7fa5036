/* SPDX-License-Identifier: MIT */
/* The daemon's end of its mDNS helper: starting it, talking to it, and learning of its end. */
#ifndef SWIMD_DISCOVERY_MDNS_PROCESS_H
#define SWIMD_DISCOVERY_MDNS_PROCESS_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "discovery/mdns_message.h"

struct mdns_process;
struct mdns_process_callbacks {
	void (*received)(void *ctx, const struct mdns_message *);
	/* It is no more, and why; free it here, or later. */
	void (*ended)(void *ctx, const char *why);
	void *ctx;
};

/*
 * Run `program` (NULL: ourselves) as the helper.  Never waits for it.  NULL with errno when it can't be
 * started.
 */
struct mdns_process *mdns_process_new(struct event_base *, const char *program,
    const struct mdns_process_callbacks *);
/* Ends it if need be, for which it waits a moment; no callback. */
void mdns_process_free(struct mdns_process *);
/*
 * Never waits.  A helper that has not read for so long that there is no room is ended; `ended` says so
 * later.
 */
void mdns_process_send(struct mdns_process *, const struct mdns_message *);
pid_t mdns_process_pid(const struct mdns_process *);

#endif
