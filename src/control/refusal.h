/* SPDX-License-Identifier: MIT */
/* The reason why a request failed, which becomes a JSON-RPC error. */
#ifndef SWIMD_CONTROL_REFUSAL_H
#define SWIMD_CONTROL_REFUSAL_H

#include <stddef.h>

struct refusal {
	int code;       /* CONTROL_PARSE_ERROR, ... */
	char text[768]; /* a sentence that says what is wrong and what to do */
	char param[64]; /* the parameter at fault, escaped; "": none */
};

/* The word of a code, for data.code; a static string. */
const char *refusal_word(int code);

/* Set the code and the text, which is cut if it is too long. */
__attribute__((format(printf, 3, 4))) void refusal_set(struct refusal *, int code,
    const char *format, ...);
/* Refuse the parameter `param` with CONTROL_INVALID_PARAMS. */
__attribute__((format(printf, 3, 4))) void refusal_param(struct refusal *, const char *param,
    const char *format, ...);

/* Refuse with CONTROL_NOT_FOUND: no member has this name. */
void refusal_no_member(struct refusal *, const char *name, size_t len);

/* Refuse with CONTROL_UNAVAILABLE: unsent answers use all memory for answers.  `seconds`: when to try again. */
void refusal_no_room(struct refusal *, int seconds);

/* Write the text of a client into `buf`, escaped for a terminal and cut to the size of `buf`.  Returns `buf`. */
#define REFUSAL_QUOTE_MAX 80
const char *refusal_quote(char buf[REFUSAL_QUOTE_MAX], const char *text, size_t len);

#endif
