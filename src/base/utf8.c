/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/invisible.h"

/* Longest escape: \u{10ffff}. */
#define ESCAPE_MAX 10

size_t
utf8_next(const void *text, size_t len, uint32_t *out)
{
	/*
	 * Index: bytes of a form; value: the smallest code point that needs so many.  A form of a smaller code point
	 * is overlong.
	 */
	static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
	const uint8_t *s = text;
	uint32_t cp;
	size_t n;

	if (len == 0)
		return 0;
	if (s[0] < 0x80) {
		*out = s[0];
		return 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	cp = s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (s[i] & 0x3fU);
	}
	if (cp < smallest[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*out = cp;
	return n;
}

bool
utf8_valid(const void *text, size_t len)
{
	const uint8_t *s = text;
	uint32_t cp;

	while (len > 0) {
		/* Check eight bytes at a time: nearly every id and address is ASCII. */
		uint64_t eight;
		size_t n;

		if (len >= sizeof(eight)) {
			memcpy(&eight, s, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				s += sizeof(eight);
				len -= sizeof(eight);
				continue;
			}
		}
		n = utf8_next(s, len, &cp);
		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/*
 * The last two code points are not white space in Unicode, but look like white space: a braille pattern without dots,
 * and a musical note without a head.
 */
static bool
utf8_is_space(uint32_t cp)
{
	return cp == ' ' || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) ||
	       cp == 0x202f || cp == 0x205f || cp == 0x3000 || cp == 0x2800 || cp == 0x1d159;
}

/* True for a character that makes two different words look the same. */
static bool
utf8_is_invisible(uint32_t cp)
{
	size_t low = 0, high = sizeof(invisible) / sizeof(invisible[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cp > invisible[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sizeof(invisible) / sizeof(invisible[0]) && cp >= invisible[low].first;
}

bool
utf8_is_unsafe(uint32_t cp, bool spaces)
{
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == '\\' || cp == '"')
		return true;
	return utf8_is_invisible(cp) || (spaces && utf8_is_space(cp));
}

size_t
utf8_escape(const void *text, size_t len, bool spaces, char *out, size_t cap)
{
	const uint8_t *s = text;
	size_t written = 0;

	assert(cap >= 1);
	while (len > 0) {
		char escape[ESCAPE_MAX + 1];
		const char *piece = escape;
		uint32_t cp = 0;
		size_t taken = utf8_next(s, len, &cp), n;

		if (taken == 0) {
			taken = 1;
			n = (size_t)snprintf(escape, sizeof(escape), "\\x%02x", s[0]);
		} else if (!utf8_is_unsafe(cp, spaces)) {
			piece = (const char *)s;
			n = taken;
		} else if (cp < 0x80) {
			n = (size_t)snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)cp);
		} else {
			n = (size_t)snprintf(escape, sizeof(escape), "\\u{%x}", (unsigned)cp);
		}
		if (n >= cap - written)
			break;
		memcpy(out + written, piece, n);
		written += n;
		s += taken;
		len -= taken;
	}
	out[written] = '\0';
	return written;
}

size_t
utf8_sentence(const void *text, size_t len, char *out, size_t cap)
{
	const char *s = text;
	size_t used = 0;

	assert(cap >= 1);
	out[0] = '\0';
	for (size_t at = 0; at < len; at++) {
		size_t piece = 0;

		while (at + piece < len && s[at + piece] != '"' && s[at + piece] != '\\')
			piece++;
		used += utf8_escape(s + at, piece, false, out + used, cap - used);
		at += piece;
		if (at < len && used + 1 < cap)
			out[used++] = s[at];
	}
	out[used] = '\0';
	return used;
}

/*
 * Writes \uXXXX without a NUL and returns the end of the text.  Does without snprintf for speed: a list of members
 * may have a million escapes.
 */
static char *
utf8_put_unit(char *out, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";

	*out++ = '\\';
	*out++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*out++ = digits[unit >> shift & 0xf];
	return out;
}

size_t
utf8_json(uint32_t character, char *out)
{
	const unsigned above = character > 0xffff ? (unsigned)character - 0x10000 : 0;
	char *end = out;

	if (character <= 0xffff) {
		end = utf8_put_unit(end, (unsigned)character);
	} else {
		end = utf8_put_unit(end, 0xd800 + (above >> 10));
		end = utf8_put_unit(end, 0xdc00 + (above & 0x3ff));
	}
	*end = '\0';
	return (size_t)(end - out);
}
