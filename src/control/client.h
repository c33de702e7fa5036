/* SPDX-License-Identifier: MIT */
/* One connection: it reads lines and writes answers and events, both within bounds. */
#ifndef SWIMD_CONTROL_CLIENT_H
#define SWIMD_CONTROL_CLIENT_H

#include <stdbool.h>

#include "control/control_internal.h"
#include "control/emit.h"
#include "control/ring.h"

/*
 * Serve a connection on `fd`, which is non-blocking and now belongs to the client.  `refused`: the client counts as
 * refused, and the caller sends the error and calls client_drain.  NULL: out of memory, and `fd` is closed.
 */
struct client *client_new(struct control *, int fd, bool read_only, bool refused);
/* For control.c alone, when no function of the client is on the stack.  Others call client_drain. */
void client_free(struct client *);

/* Put the client into control->ready, so that the next turn serves it. */
void client_ready(struct client *);
/* Carry out one request of the client; false if there is none, or if it has to wait. */
bool client_step(struct client *);
/* Write what can be written, and choose the events to wait for.  False: the connection is over, free the client. */
bool client_settle(struct client *);
/* Check, about once a second, a client from which nothing is read for now.  False: free the client. */
bool client_sweep(struct client *);

/* Put a complete line into `out` as an answer.  Takes the text of the emitter. */
void client_answer(struct client *, struct emit *);
/* Put an event into `out` if the client subscribes to its kind.  Too many are unsent: send `overflow` and close. */
void client_event(struct client *, struct ring_line *);
/* Put the events of the ring after client->last_seq into `out`, as a part of the answer to `subscribe`. */
void client_stream(struct client *);
/* The number of bytes that client_stream will put into `out`; 0 if client->stream is false. */
size_t client_stream_size(const struct client *);
/* The answer to `subscribe` is an error after all: undo the subscription. */
void client_stream_cancel(struct client *);
/* Cancel the call, end the subscription, serve no more requests, and close when `out` is sent. */
void client_drain(struct client *);
/* Drop all unsent bytes and close: the memory is needed for another client. */
void client_abandon(struct client *);
/* True while a part of an answer is unsent. */
bool client_owes_answer(const struct client *);
/* Send as much as possible without blocking.  True if at least one byte was sent. */
bool client_write(struct client *);

#endif
