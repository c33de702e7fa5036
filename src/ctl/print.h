/* SPDX-License-Identifier: MIT */
/* Text for people: made safe, measured, coloured. */
#ifndef SWIMD_CTL_PRINT_H
#define SWIMD_CTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"

/* Any name, escaped: 255 bytes of four characters each, and the NUL. */
#define PRINT_NAME 1024

/*
 * A sentence that may quote foreign text: control characters and what could turn a terminal around are
 * escaped, quotes and backslashes stay (they do no harm there, and an escaped name has some).  Returns out.
 */
char *print_safe(const char *text, char *out, size_t cap);

/*
 * One word of foreign text (a name, an address), escaped so that it stays one word and one line.  A value that is no
 * string, or NULL, yields "".  Returns out.
 */
char *print_word(const json_t *string, char *out, size_t cap);

/*
 * Any value as text, exactly and on one line: numbers with all their digits, null as "-", strings
 * as print_word does or, if `sentence`, as print_safe does, objects and lists as JSON.  The caller frees it; NULL
 * without memory.
 */
char *print_value(const json_t *, bool sentence);

/* "-", "0.41 ms", "1.20 s" of a number of milliseconds, or "-" where there is none. */
char *print_rtt(const json_t *ms, char *out, size_t cap);
/* "0s", "59s", "12m", "5h", "3d" */
char *print_seconds(int64_t age, char *out, size_t cap);
/* Age of an RFC 3339 UTC instant at now_s (seconds since 1970): "0s", "59s", "12m", "5h", "3d"; else "-". */
char *print_age(const json_t *instant, int64_t now_s, char *out, size_t cap);

/* Terminal sequences for a status or an event type, "" where it has no colour, and back to plain. */
const char *print_color(const struct ctl *, const char *word);
const char *print_plain(const struct ctl *);

#endif
