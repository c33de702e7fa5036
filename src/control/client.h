/* SPDX-License-Identifier: MIT */
/* One connection: lines in, answers and events out, both within bounds. */
#ifndef SWIMD_CONTROL_CLIENT_H
#define SWIMD_CONTROL_CLIENT_H

#include <stdbool.h>

#include "control/control_internal.h"
#include "control/emit.h"
#include "control/ring.h"

/* Serves fd (non-blocking), which it owns from now on, also when it fails with NULL. */
struct client *client_new(struct control *, int fd, bool read_only, bool refused);
/* Only control.c frees clients, when no callback is on one: others leave it to client_settle. */
void client_free(struct client *);

/* It has something to do at the next turn. */
void client_ready(struct client *);
/* Do one thing that is to be done; false if there was none. */
bool client_step(struct client *);
/* Write, and wait for what is to be waited for.  False: it is done with, free it. */
bool client_settle(struct client *);
/* Now and then, for a connection that nothing is read from.  False: free it. */
bool client_sweep(struct client *);

/* Put a finished line out; takes the emitter's text. */
void client_answer(struct client *, struct emit *);
/* Put an event out if it is subscribed; one that has read too little gets an overflow and is closed. */
void client_event(struct client *, struct ring_line *);
/* All events of the ring after client->last_seq, as part of the answer to `subscribe`; and how many bytes. */
void client_stream(struct client *);
size_t client_stream_size(const struct client *);
/* The answer to `subscribe` was refused: it is not subscribed. */
void client_stream_cancel(struct client *);
/* Serve no more requests; close when all is sent. */
void client_drain(struct client *);
/* Drop all that it has not read, and it too: others want the memory. */
void client_abandon(struct client *);
/* True while a part of an answer is not sent yet. */
bool client_owes_answer(const struct client *);
/* Send what goes without blocking.  True if the other side had room for some of it. */
bool client_write(struct client *);

#endif
