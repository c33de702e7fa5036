/* SPDX-License-Identifier: MIT */
/*
 * The daemon's side of the mDNS helper: starts the helper, exchanges messages with it, and notices
 * its end.
 */
#ifndef SWIMD_DISCOVERY_MDNS_PROCESS_H
#define SWIMD_DISCOVERY_MDNS_PROCESS_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "discovery/mdns_message.h"

struct mdns_process;
struct mdns_process_callbacks {
	void (*received)(void *ctx, const struct mdns_message *);
	/*
	 * The helper has ended, and `why` is the reason.  Free the mdns_process in the callback, or
	 * later.
	 */
	void (*ended)(void *ctx, const char *why);
	void *ctx;
};

/*
 * Run `program` (NULL: ourselves) as the helper, without waiting for it.  NULL with errno when it
 * cannot be started.
 */
struct mdns_process *mdns_process_new(struct event_base *, const char *program,
    const struct mdns_process_callbacks *);
/* Ends the helper if it still runs, and waits a moment for its end.  No callback is called. */
void mdns_process_free(struct mdns_process *);
/*
 * Send a message without waiting.  When the socket has no room, because the helper does not read, the
 * helper is killed, and `ended` is called later.
 */
void mdns_process_send(struct mdns_process *, const struct mdns_message *);
pid_t mdns_process_pid(const struct mdns_process *);

#endif
