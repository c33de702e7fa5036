/* SPDX-License-Identifier: MIT */
/* The word that somebody may have meant who mistyped it. */
#ifndef SWIMD_BASE_NEAREST_H
#define SWIMD_BASE_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 40 /* bytes of a word; longer ones are near to none */

/* Of these candidates the one that differs by the fewest slips of the fingers, or NULL if none is near. */
const char *nearest_word(const char *word, const char *const *candidates, size_t count);

#endif
