/* SPDX-License-Identifier: MIT */
/* From a line to an answer: JSON-RPC 2.0. */
#ifndef SWIMD_CONTROL_REQUEST_H
#define SWIMD_CONTROL_REQUEST_H

#include <stddef.h>

#include "control/control_internal.h"

/* Carry out one line (without its newline) and answer it, or leave a call that is answered later. */
void request_run(struct client *, const char *line, size_t len);
/* An error that is no answer to a request that could be read: its id is null. */
void request_refuse(struct client *, int code, const char *text);
/* The line alone, into an emitter that this initializes. */
void request_error_line(struct emit *, int code, const char *text);

/*
 * The envelope of a late result: put one value between the two.  The end takes the emitter and the call,
 * and lets the connection's later requests go on.
 */
void request_late_begin(const struct control_call *, struct emit *);
void request_late_end(struct control_call *, struct emit *);
/* The same of an error. */
void request_late_refuse(struct control_call *, const struct refusal *);

#endif
