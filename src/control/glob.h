/* SPDX-License-Identifier: MIT */
/* Matches names against glob patterns. */
#ifndef SWIMD_CONTROL_GLOB_H
#define SWIMD_CONTROL_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The most bytes of a pattern; the caller refuses longer ones.  A match takes at most as many steps as the product
 * of both lengths.  fnmatch(3) is not used: a pattern with many stars may take it exponentially many steps, and
 * any local user may send a pattern.
 */
#define GLOB_MAX 255

/*
 * True if the whole text (UTF-8, possibly with NUL bytes) matches the pattern.  * matches any number of
 * characters, ? any one character, [a-c] a character of the set, [!a-c] a character not of the set.  A backslash
 * makes the next character literal.  A [ without a ] is literal too.
 */
bool glob_match(const char *pattern, size_t pattern_len, const char *text, size_t text_len);

#endif
