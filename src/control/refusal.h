/* SPDX-License-Identifier: MIT */
/* Why a request failed: what becomes a JSON-RPC error. */
#ifndef SWIMD_CONTROL_REFUSAL_H
#define SWIMD_CONTROL_REFUSAL_H

#include <stddef.h>

struct refusal {
	int code;       /* CONTROL_PARSE_ERROR, ... */
	char text[768]; /* a sentence that says what to do */
	char param[64]; /* the parameter at fault; "": none in particular */
};

/* The stable word of a code, for data.code; static. */
const char *refusal_word(int code);

__attribute__((format(printf, 3, 4))) void refusal_set(struct refusal *, int code,
    const char *format, ...);
/* CONTROL_INVALID_PARAMS, about a parameter. */
__attribute__((format(printf, 3, 4))) void refusal_param(struct refusal *, const char *param,
    const char *format, ...);

/* CONTROL_NOT_FOUND, about a member's name. */
void refusal_no_member(struct refusal *, const char *name, size_t len);

/* CONTROL_UNAVAILABLE: unsent answers take all memory that they may; room is made after so many seconds. */
void refusal_no_room(struct refusal *, int seconds);

/* Text of a client's, made fit to stand in a message: escaped, and cut where it is long. */
#define REFUSAL_QUOTE_MAX 80
const char *refusal_quote(char buf[REFUSAL_QUOTE_MAX], const char *text, size_t len);

#endif
