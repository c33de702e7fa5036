/* SPDX-License-Identifier: MIT */
#include "ctl/reply.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The number of digits of the smallest integer that does not fit 63 bits, "9223372036854775808". */
#define LONG_DIGITS 19

/* Where the string that begins at p ends; `end` if the string has no closing quote. */
static const char *
reply_skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return end;
}

static const char *
reply_skip_number(const char *p, const char *end)
{
	while (p < end && (*p == '-' || *p == '+' || *p == '.' || *p == 'e' || *p == 'E' ||
			      (*p >= '0' && *p <= '9')))
		p++;
	return p;
}

/* Whether the number is an integer in JSON's grammar that jansson rejects as too big. */
static bool
reply_too_big(const char *p, size_t len)
{
	char copy[32];
	const char *digits = *p == '-' ? p + 1 : p;
	size_t count = len - (size_t)(digits - p);

	if (count < LONG_DIGITS || *digits == '0')
		return false;
	for (size_t i = 0; i < count; i++)
		if (digits[i] < '0' || digits[i] > '9')
			return false;
	if (len >= sizeof(copy))
		return true;
	memcpy(copy, p, len);
	copy[len] = '\0';
	errno = 0;
	(void)strtoll(copy, NULL, 10);
	return errno == ERANGE;
}

char *
reply_exact(const char *text, size_t len, size_t *out_len)
{
	const char *end = text + len;
	/* There is room for two quotes around every number of at least LONG_DIGITS digits. */
	char *out = malloc(len + len / LONG_DIGITS * 2 + 3), *to = out;

	if (out == NULL)
		return NULL;
	for (const char *p = text; p < end;) {
		const char *next = p + 1;
		bool quote = false;

		if (*p == '"') {
			next = reply_skip_string(p, end);
		} else if (*p == '-' || (*p >= '0' && *p <= '9')) {
			next = reply_skip_number(p, end);
			quote = reply_too_big(p, (size_t)(next - p));
		}
		if (quote)
			*to++ = '"';
		memcpy(to, p, (size_t)(next - p));
		to += next - p;
		if (quote)
			*to++ = '"';
		p = next;
	}
	*to = '\0';
	*out_len = (size_t)(to - out);
	return out;
}

int
reply_parse(struct reply *r, const char *line, size_t len)
{
	size_t exact_len;
	char *exact = reply_exact(line, len, &exact_len);

	*r = (struct reply){.line = line, .len = len};
	if (exact == NULL)
		return -ENOMEM;
	/* A name may have any character, including NUL. */
	r->root = json_loadb(exact, exact_len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	free(exact);
	if (!json_is_object(r->root)) {
		reply_fini(r);
		return -EPROTO;
	}
	r->result = json_object_get(r->root, "result");
	r->error = json_object_get(r->root, "error");
	r->params = json_object_get(r->root, "params");
	return 0;
}

int
reply_parse_event(struct reply *r, const char *line, size_t len)
{
	int error = reply_parse(r, line, len);
	const char *method;

	if (error != 0)
		return error;
	method = json_string_value(json_object_get(r->root, "method"));
	if (method != NULL && strcmp(method, "event") != 0) {
		r->params = NULL;
	} else if (method == NULL || !json_is_object(r->params)) {
		reply_fini(r);
		return -EPROTO;
	}
	return 0;
}

void
reply_fini(struct reply *r)
{
	json_decref(r->root);
	*r = (struct reply){0};
}

static const char *
reply_skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* Where the value that begins at p ends.  The text is well-formed JSON. */
static const char *
reply_skip_value(const char *p, const char *end)
{
	size_t depth = 0;

	do {
		if (p >= end)
			return end;
		if (*p == '"') {
			p = reply_skip_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		else if (depth == 0) {
			/* true, false, null or a number */
			while (p < end && strchr(",}] \t\r\n", *p) == NULL)
				p++;
			return p;
		}
		p++;
	} while (depth > 0);
	return p;
}

const char *
reply_text(const struct reply *r, const char *key, size_t *len)
{
	const char *end = r->line + r->len;
	const char *p = reply_skip_space(r->line, end);
	size_t key_len = strlen(key);

	for (p++; (p = reply_skip_space(p, end)) < end && *p == '"';) {
		const char *name = p + 1;
		bool match;

		p = reply_skip_string(p, end);
		match = (size_t)(p - name) == key_len + 1 && memcmp(name, key, key_len) == 0;
		p = reply_skip_space(p, end) + 1; /* the colon */
		p = reply_skip_space(p, end);
		name = p;
		p = reply_skip_value(p, end);
		if (match) {
			*len = (size_t)(p - name);
			return name;
		}
		p = reply_skip_space(p, end);
		if (p < end && *p == ',')
			p++;
	}
	return NULL;
}

void
reply_print(const struct reply *r, const char *key, FILE *out)
{
	size_t len = 0;
	const char *text = reply_text(r, key, &len);

	if (text == NULL)
		return;
	fwrite(text, 1, len, out);
	fputc('\n', out);
}
