/* SPDX-License-Identifier: MIT */
#include "control/emit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"

void
emit_init(struct emit *e)
{
	*e = (struct emit){0};
}

void
emit_fini(struct emit *e)
{
	free(e->text);
	emit_init(e);
}

char *
emit_take(struct emit *e, size_t *len)
{
	char *text = e->text, *smaller;

	if (e->failed) {
		free(text);
		text = NULL;
	} else if (e->len > 0 && (smaller = realloc(text, e->len)) != NULL) {
		/* The text may wait long for a client that does not read, so give back the unused memory. */
		text = smaller;
	}
	*len = text != NULL ? e->len : 0;
	emit_init(e);
	return text;
}

/* Make room for n more bytes, and return where they go; NULL: out of memory. */
static char *
emit_reserve(struct emit *e, size_t n)
{
	size_t cap = e->cap ? e->cap : 512;
	char *text;

	if (e->failed)
		return NULL;
	if (n <= e->cap - e->len)
		return e->text + e->len;
	while (cap - e->len < n) {
		if (cap > SIZE_MAX / 2) {
			e->failed = true;
			return NULL;
		}
		cap *= 2;
	}
	text = realloc(e->text, cap);
	if (text == NULL) {
		e->failed = true;
		return NULL;
	}
	e->text = text;
	e->cap = cap;
	return e->text + e->len;
}

void
emit_raw_bytes(struct emit *e, const char *bytes, size_t n)
{
	char *to = emit_reserve(e, n);

	if (to == NULL || n == 0)
		return;
	memcpy(to, bytes, n);
	e->len += n;
}

void
emit_raw(struct emit *e, const char *nul_terminated)
{
	emit_raw_bytes(e, nul_terminated, strlen(nul_terminated));
}

static void
emit_put_char(struct emit *e, char c)
{
	emit_raw_bytes(e, &c, 1);
}

void
emit_raw_uint(struct emit *e, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	emit_raw_bytes(e, digits + at, sizeof(digits) - at);
}

void
emit_raw_fixed(struct emit *e, int64_t value, unsigned digits)
{
	/* Unsigned, so that INT64_MIN can be negated. */
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value, unit = 1;
	char fraction[9] = {0};
	unsigned n = digits < sizeof(fraction) ? digits : (unsigned)sizeof(fraction);

	for (unsigned i = 0; i < n; i++)
		unit *= 10;
	if (value < 0)
		emit_put_char(e, '-');
	emit_raw_uint(e, rest / unit);
	rest %= unit;
	for (unsigned i = n; i > 0; i--) {
		fraction[i - 1] = (char)('0' + rest % 10);
		rest /= 10;
	}
	while (n > 0 && fraction[n - 1] == '0')
		n--;
	if (n > 0) {
		emit_put_char(e, '.');
		emit_raw_bytes(e, fraction, n);
	}
}

static void
emit_put_escape(struct emit *e, uint32_t code)
{
	char text[UTF8_JSON_MAX + 1];
	size_t len = utf8_json(code, text);

	emit_raw_bytes(e, text, len);
}

static void
emit_put_string(struct emit *e, const char *text, size_t len)
{
	size_t plain = 0, i = 0;

	emit_put_char(e, '"');
	while (i < len) {
		uint32_t code = (unsigned char)text[i];
		size_t n;

		/* The fast way: most characters are printable ASCII. */
		if (code >= 0x20 && code < 0x7f && code != '"' && code != '\\') {
			i++;
			continue;
		}
		n = utf8_next(text + i, len - i, &code);
		if (n > 0 && !utf8_is_unsafe(code, false)) {
			i += n;
			continue;
		}
		emit_raw_bytes(e, text + plain, i - plain);
		if (n == 0) {
			emit_put_escape(e, 0xfffd);
			n = 1;
		} else if (code == '"' || code == '\\') {
			emit_put_char(e, '\\');
			emit_put_char(e, (char)code);
		} else if (code == '\n') {
			emit_raw_bytes(e, "\\n", 2);
		} else if (code == '\t') {
			emit_raw_bytes(e, "\\t", 2);
		} else {
			emit_put_escape(e, code);
		}
		i += n;
		plain = i;
	}
	emit_raw_bytes(e, text + plain, len - plain);
	emit_put_char(e, '"');
}

static void
emit_begin(struct emit *e, const char *key)
{
	if (e->comma)
		emit_put_char(e, ',');
	e->comma = true;
	if (key != NULL) {
		emit_put_string(e, key, strlen(key));
		emit_put_char(e, ':');
	}
}

static void
emit_open_with(struct emit *e, const char *key, char bracket)
{
	emit_begin(e, key);
	emit_put_char(e, bracket);
	e->comma = false;
}

static void
emit_close_with(struct emit *e, char bracket)
{
	emit_put_char(e, bracket);
	e->comma = true;
}

void
emit_object(struct emit *e, const char *key)
{
	emit_open_with(e, key, '{');
}

void
emit_object_end(struct emit *e)
{
	emit_close_with(e, '}');
}

void
emit_array(struct emit *e, const char *key)
{
	emit_open_with(e, key, '[');
}

void
emit_array_end(struct emit *e)
{
	emit_close_with(e, ']');
}

void
emit_json(struct emit *e, const char *key, const char *json)
{
	emit_begin(e, key);
	emit_raw(e, json);
}

void
emit_null(struct emit *e, const char *key)
{
	emit_json(e, key, "null");
}

void
emit_bool(struct emit *e, const char *key, bool value)
{
	emit_json(e, key, value ? "true" : "false");
}

void
emit_int(struct emit *e, const char *key, int64_t value)
{
	emit_begin(e, key);
	emit_raw_fixed(e, value, 0);
}

void
emit_uint(struct emit *e, const char *key, uint64_t value)
{
	emit_begin(e, key);
	emit_raw_uint(e, value);
}

void
emit_fixed(struct emit *e, const char *key, int64_t value, unsigned digits)
{
	emit_begin(e, key);
	emit_raw_fixed(e, value, digits);
}

void
emit_bytes(struct emit *e, const char *key, const char *text, size_t len)
{
	emit_begin(e, key);
	emit_put_string(e, text, len);
}

void
emit_string(struct emit *e, const char *key, const char *nul_terminated)
{
	emit_bytes(e, key, nul_terminated, strlen(nul_terminated));
}

static void
emit_put_padded(char *to, int width, int value)
{
	for (int i = width - 1; i >= 0; i--) {
		to[i] = (char)('0' + value % 10);
		value /= 10;
	}
}

void
emit_time(struct emit *e, const char *key, int64_t wall_ns)
{
	char text[] = "0000-00-00T00:00:00.000Z";
	int64_t ms = wall_ns / 1000000 - (wall_ns % 1000000 < 0);
	int64_t seconds = ms / 1000 - (ms % 1000 < 0);
	struct tm tm = {0};
	time_t t = (time_t)seconds;

	/* 64 bits of nanoseconds reach from 1677 to 2262, so the year has four digits. */
	gmtime_r(&t, &tm);
	emit_put_padded(text, 4, tm.tm_year + 1900);
	emit_put_padded(text + 5, 2, tm.tm_mon + 1);
	emit_put_padded(text + 8, 2, tm.tm_mday);
	emit_put_padded(text + 11, 2, tm.tm_hour);
	emit_put_padded(text + 14, 2, tm.tm_min);
	emit_put_padded(text + 17, 2, tm.tm_sec);
	emit_put_padded(text + 20, 3, (int)(ms - seconds * 1000));
	emit_begin(e, key);
	emit_put_string(e, text, sizeof(text) - 1);
}
