/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_BASE_UTF8_H
#define SWIMD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 as of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(const void *, size_t len);

/*
 * Make text of unknown origin safe for a terminal, a log line or a hosts file: control characters
 * (C0, DEL, C1), bidirectional overrides, backslash, double quote and, if `spaces`, white space become
 * \xNN or \u{N}; bytes that are not UTF-8 become \xNN; all else stays.  Writes at most cap bytes with the
 * NUL (cap >= 1), never cutting an escape or a character in two.  Returns the length written, without NUL.
 */
size_t utf8_escape(const void *text, size_t len, bool spaces, char *out, size_t cap);

#endif
