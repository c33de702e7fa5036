/* SPDX-License-Identifier: MIT */
/* Values of the daemon as text for a terminal: escaping, units and colours. */
#ifndef SWIMD_CTL_PRINT_H
#define SWIMD_CTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"

/* Size of a buffer for any escaped name: 255 bytes, each escaped as four characters, and the NUL. */
#define PRINT_NAME 1024

/*
 * Escape a sentence that may quote foreign text: control characters and characters without a width of their own are escaped.
 * Quotes and backslashes stay: they do no harm in a sentence, and an escaped name has backslashes.  Returns out.
 */
char *print_safe(const char *text, char *out, size_t cap);

/*
 * Escape a JSON string of foreign text (a name, an address), so that it is one word on one line.  A value that is no
 * string, or NULL, gives "".  Returns out.
 */
char *print_word(const json_t *string, char *out, size_t cap);

/*
 * A JSON value as text on one line, which the caller frees; NULL: out of memory.  Numbers have all their digits, null is "-",
 * true is "yes", objects and lists are JSON.  Strings are escaped by print_safe if `sentence`, otherwise by print_word.
 */
char *print_value(const json_t *, bool sentence);

/* A number of milliseconds as in "0.41 ms" or "1.20 s"; "-" if the value is no number.  Returns out. */
char *print_rtt(const json_t *ms, char *out, size_t cap);
/* A number of seconds as in "0s", "59s", "12m", "5h" or "3d".  Returns out. */
char *print_seconds(int64_t age, char *out, size_t cap);
/* The time since `instant` (RFC 3339, UTC) in the form of print_seconds, or "-".  now_s: seconds since 1970. */
char *print_age(const json_t *instant, int64_t now_s, char *out, size_t cap);

/* The terminal sequence that sets the colour of a status or event type; "" if there is no colour. */
const char *print_color(const struct ctl *, const char *word);
/* The terminal sequence that ends a colour; "" without colours. */
const char *print_plain(const struct ctl *);

#endif
