/* SPDX-License-Identifier: MIT */
/* Checks UTF-8, and escapes text of unknown origin. */
#ifndef SWIMD_BASE_UTF8_H
#define SWIMD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 as of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(const void *, size_t len);

/* The first character into *out; returns its length in bytes, 0 when the text is empty or not UTF-8. */
size_t utf8_next(const void *, size_t len, uint32_t *out);

/* True for the characters that utf8_escape escapes. */
bool utf8_is_unsafe(uint32_t character, bool spaces);

/*
 * Make text of unknown origin safe for a terminal, a log line or a hosts file.  These become \xNN or \u{N}: control
 * characters (C0, DEL, C1), characters that have no width of their own (invisible.h: joiners, direction marks and
 * overrides, variation selectors, tags, fillers, combining marks), backslash, double quote and, if `spaces` is set,
 * characters that look like white space.  Bytes that are not UTF-8 become \xNN. All else stays.  Writes at most cap
 * bytes with the NUL (cap >= 1), and never cuts an escape or a character in two.  Returns the length written, without
 * the NUL.
 */
size_t utf8_escape(const void *text, size_t len, bool spaces, char *out, size_t cap);

/* As utf8_escape, for a sentence that may quote such text: double quotes, backslashes and spaces stay. */
size_t utf8_sentence(const void *text, size_t len, char *out, size_t cap);

/* A character as JSON's \uXXXX, two of these above U+FFFF, into at least UTF8_JSON_MAX + 1 bytes; returns the length. */
#define UTF8_JSON_MAX 12
size_t utf8_json(uint32_t character, char *out);

#endif
