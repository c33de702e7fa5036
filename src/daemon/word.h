/* SPDX-License-Identifier: MIT */
/* Writes any text as one word of a line in a file of the state directory: each byte that is not plain becomes %XX. */
#ifndef SWIMD_DAEMON_WORD_H
#define SWIMD_DAEMON_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* Writes at most 3 * len bytes into `out`, without a NUL.  Returns their number. */
size_t word_escape(const char *text, size_t len, char *out);
/* Replaces a terminated word by its text, with a NUL at the end; *len is its length.  False: the word is not valid. */
bool word_unescape(char *text, size_t *len);

#endif
