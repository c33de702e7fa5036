/* SPDX-License-Identifier: MIT */
/* Guesses which word was meant by a mistyped word. */
#ifndef SWIMD_BASE_NEAREST_H
#define SWIMD_BASE_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 40 /* bytes of a word; a longer word is near to no other */

/* Returns the candidate that differs from the word by the fewest typing mistakes, or NULL if none is near. */
const char *nearest_word(const char *word, const char *const *candidates, size_t count);

#endif
