/* SPDX-License-Identifier: MIT */
/* Any text as one word of a line in a file of the state directory: what is not plain stands as %XX. */
#ifndef SWIMD_DAEMON_WORD_H
#define SWIMD_DAEMON_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* Writes up to three bytes for each, and no NUL; returns how many. */
size_t word_escape(const char *text, size_t len, char *out);
/* In place, with a NUL at the end; false where the text is no such word. */
bool word_unescape(char *text, size_t *len);

#endif
