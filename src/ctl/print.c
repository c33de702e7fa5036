/* SPDX-License-Identifier: MIT */
#include "ctl/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"

char *
print_safe(const char *text, char *out, size_t cap)
{
	utf8_sentence(text, strlen(text), out, cap);
	return out;
}

char *
print_word(const json_t *string, char *out, size_t cap)
{
	out[0] = '\0';
	if (json_is_string(string))
		utf8_escape(json_string_value(string), json_string_length(string), true, out, cap);
	return out;
}

char *
print_value(const json_t *value, bool as_sentence)
{
	char number[64], *out;
	size_t len, cap;

	switch (json_typeof(value)) {
	case JSON_STRING:
		len = json_string_length(value);
		cap = len * 8 + 1; /* \xNN is the longest escape for one byte */
		out = malloc(cap);
		if (out == NULL)
			return NULL;
		if (as_sentence)
			utf8_sentence(json_string_value(value), len, out, cap);
		else
			utf8_escape(json_string_value(value), len, true, out, cap);
		return out;
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
		return strdup(number);
	case JSON_REAL:
		snprintf(number, sizeof(number), "%.15g", json_real_value(value));
		return strdup(number);
	case JSON_TRUE:
		return strdup("yes");
	case JSON_FALSE:
		return strdup("no");
	case JSON_NULL:
		return strdup("-");
	case JSON_OBJECT:
	case JSON_ARRAY:
		/* JSON escapes control characters, and JSON_ENSURE_ASCII escapes all other characters that could do harm. */
		return json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);
	}
	return NULL;
}

char *
print_rtt(const json_t *ms, char *out, size_t cap)
{
	double value = json_number_value(ms);

	if (!json_is_number(ms))
		snprintf(out, cap, "-");
	else if (value < 1000)
		snprintf(out, cap, "%.2f ms", value);
	else
		snprintf(out, cap, "%.2f s", value / 1000);
	return out;
}

char *
print_seconds(int64_t age, char *out, size_t cap)
{
	if (age < 0)
		age = 0;
	if (age < 60)
		snprintf(out, cap, "%" PRId64 "s", age);
	else if (age < 3600)
		snprintf(out, cap, "%" PRId64 "m", age / 60);
	else if (age < 86400)
		snprintf(out, cap, "%" PRId64 "h", age / 3600);
	else
		snprintf(out, cap, "%" PRId64 "d", age / 86400);
	return out;
}

char *
print_age(const json_t *instant, int64_t now_s, char *out, size_t cap)
{
	struct tm tm = {0};
	const char *text = json_string_value(instant);

	snprintf(out, cap, "-");
	if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return out;
	return print_seconds(now_s - (int64_t)timegm(&tm), out, cap);
}

const char *
print_color(const struct ctl *ctl, const char *word)
{
	static const struct {
		const char *word, *sequence;
	} colors[] = {
	    {"alive", "\033[32m"},
	    {"ok", "\033[32m"},
	    {"member.joined", "\033[32m"},
	    {"member.recovered", "\033[32m"},
	    {"suspect", "\033[33m"},
	    {"degraded", "\033[33m"},
	    {"member.suspected", "\033[33m"},
	    {"dead", "\033[31m"},
	    {"isolated", "\033[31m"},
	    {"member.failed", "\033[31m"},
	    {"error", "\033[31m"},
	    {"overflow", "\033[31m"},
	    {"left", "\033[90m"},
	    {"member.left", "\033[90m"},
	    {"member.removed", "\033[90m"},
	};

	if (ctl->color && word != NULL)
		for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++)
			if (strcmp(colors[i].word, word) == 0)
				return colors[i].sequence;
	return "";
}

const char *
print_plain(const struct ctl *ctl)
{
	return ctl->color ? "\033[0m" : "";
}
