/* SPDX-License-Identifier: MIT */
/* Carries out a line of JSON-RPC 2.0 and writes its answer. */
#ifndef SWIMD_CONTROL_REQUEST_H
#define SWIMD_CONTROL_REQUEST_H

#include <stddef.h>

#include "control/control_internal.h"

/* Carry out one line, given without its newline, and answer it, or set client->call, which is answered later. */
void request_run(struct client *, const char *line, size_t len);
/* Send an error that answers no request, with the id null. */
void request_refuse(struct client *, int code, const char *text);
/* Write the line of such an error, with its newline, into the emitter, which this function initializes. */
void request_error_line(struct emit *, int code, const char *text);

/*
 * Answer a call with a result: request_late_begin initializes the emitter, the caller writes one value into it, and
 * request_late_end sends the answer.  request_late_end frees the call, takes the emitter, and lets the client's next
 * request run.
 */
void request_late_begin(const struct control_call *, struct emit *);
void request_late_end(struct control_call *, struct emit *);
/* Answer a call with an error; frees the call like request_late_end. */
void request_late_refuse(struct control_call *, const struct refusal *);

#endif
