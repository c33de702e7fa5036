/* SPDX-License-Identifier: MIT */
#include "daemon/word.h"

#include <string.h>

static bool
word_is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._:-[]", c) != NULL);
}

size_t
word_escape(const char *text, size_t len, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = out;

	for (size_t i = 0; i < len; i++) {
		if (word_is_plain(text[i])) {
			*to++ = text[i];
			continue;
		}
		*to++ = '%';
		*to++ = digits[(unsigned char)text[i] >> 4];
		*to++ = digits[(unsigned char)text[i] & 15];
	}
	return (size_t)(to - out);
}

static int
word_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
word_unescape(char *text, size_t *len)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != '%') {
			if (!word_is_plain(*from))
				return false;
			*to++ = *from;
			continue;
		}
		/* A NUL is not a digit, so from[2] is read only if from[1] is within the text. */
		if (word_hex_digit(from[1]) < 0 || word_hex_digit(from[2]) < 0)
			return false;
		*to++ = (char)(word_hex_digit(from[1]) << 4 | word_hex_digit(from[2]));
		from += 2;
	}
	*len = (size_t)(to - text);
	*to = '\0';
	return true;
}
