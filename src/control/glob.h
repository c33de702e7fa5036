/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_CONTROL_GLOB_H
#define SWIMD_CONTROL_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Patterns longer than this are refused: a match takes at most pattern times name steps, whatever the
 * pattern.  That is why this is not fnmatch(3), which takes exponentially many for one with many stars,
 * and any local user may ask.
 */
#define GLOB_MAX 255

/*
 * True if all of text (UTF-8, perhaps with NUL bytes) matches the pattern: * is any characters, ? is one
 * character, [a-c] and [!a-c] are one of a set, a backslash takes the next character as it is.  A [ without ]
 * is itself.
 */
bool glob_match(const char *pattern, size_t pattern_len, const char *text, size_t text_len);

#endif
