/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <string.h>

/* Counts the edits from one word to the other; a swap of two neighbours is one edit (optimal string alignment). */
static size_t
nearest_distance(const char *a, const char *b)
{
	size_t row[3][NEAREST_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);
	size_t *before = row[0], *last = row[1], *now = row[2];

	if (la > NEAREST_MAX || lb > NEAREST_MAX)
		return NEAREST_MAX;
	for (size_t j = 0; j <= lb; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

const char *
nearest_word(const char *word, const char *const *candidates, size_t count)
{
	size_t length = strlen(word);
	size_t best = length <= 4 ? 2 : length <= 6 ? 3 : 4; /* the distance must be below this */
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t d = nearest_distance(word, candidates[i]);

		/* An incomplete word, of which only the beginning was typed, counts as at most one edit. */
		if (length >= 2 && strncmp(word, candidates[i], length) == 0)
			d = d < 1 ? d : 1;
		if (d < best) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}
