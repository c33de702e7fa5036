/* SPDX-License-Identifier: MIT */
#include "control/glob.h"

#include <stdint.h>

#include "base/utf8.h"

/* Take the first character: a UTF-8 sequence, or one byte if the bytes are not UTF-8. */
static uint32_t
glob_next(const char **at, const char *end)
{
	uint32_t code;
	size_t n = utf8_next(*at, (size_t)(end - *at), &code);

	if (n == 0) {
		code = (unsigned char)**at;
		n = 1;
	}
	*at += n;
	return code;
}

/* Take a literal character of a pattern, without the backslash before it, if any. */
static uint32_t
glob_next_literal(const char **at, const char *end)
{
	if (**at == '\\' && end - *at > 1)
		(*at)++;
	return glob_next(at, end);
}

/*
 * Match c against a set; *at is behind its [.  Returns true with *matched set and *at behind the ]; false, with
 * nothing changed, if the set has no ].
 */
static bool
glob_set_match(const char **at, const char *end, uint32_t c, bool *matched)
{
	const char *p = *at;
	bool negated = p < end && (*p == '!' || *p == '^'), found = false, first = true;

	if (negated)
		p++;
	for (; p < end && (*p != ']' || first); first = false) {
		uint32_t low = glob_next_literal(&p, end), high = low;

		if (end - p > 1 && p[0] == '-' && p[1] != ']') {
			p++;
			high = glob_next_literal(&p, end);
		}
		found = found || (low <= c && c <= high);
	}
	if (p >= end)
		return false;
	*at = p + 1;
	*matched = found != negated;
	return true;
}

/* Match one character of text against the next element of the pattern, which is not a star. */
static bool
glob_one_match(const char **pattern, const char *end, uint32_t c)
{
	bool matched;

	if (**pattern == '?') {
		(*pattern)++;
		return true;
	}
	if (**pattern == '[') {
		const char *set = *pattern + 1;

		if (glob_set_match(&set, end, c, &matched)) {
			*pattern = set;
			return matched;
		}
	}
	return glob_next_literal(pattern, end) == c;
}

bool
glob_match(const char *pattern, size_t pattern_len, const char *text, size_t text_len)
{
	const char *p = pattern, *p_end = pattern + pattern_len;
	const char *t = text, *t_end = text + text_len;
	const char *star = NULL, *retry = NULL;

	/*
	 * After a mismatch, let only the last star take one more character: the last star can take whatever an
	 * earlier star could take in addition.
	 */
	while (t < t_end) {
		if (p < p_end && *p == '*') {
			star = ++p;
			retry = t;
			continue;
		}
		if (p < p_end && glob_one_match(&p, p_end, glob_next(&t, t_end)))
			continue;
		if (star == NULL)
			return false;
		t = retry;
		glob_next(&t, t_end);
		retry = t;
		p = star;
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}
