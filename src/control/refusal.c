/* SPDX-License-Identifier: MIT */
#include "control/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "control/protocol.h"

const char *
refusal_word(int code)
{
	static const struct {
		int code;
		const char *word;
	} words[] = {
	    {CONTROL_PARSE_ERROR, "parse-error"},
	    {CONTROL_INVALID_REQUEST, "invalid-request"},
	    {CONTROL_UNKNOWN_METHOD, "unknown-method"},
	    {CONTROL_INVALID_PARAMS, "invalid-params"},
	    {CONTROL_FAILED, "failed"},
	    {CONTROL_NOT_FOUND, "not-found"},
	    {CONTROL_DENIED, "denied"},
	    {CONTROL_TOO_LARGE, "too-large"},
	    {CONTROL_UNAVAILABLE, "unavailable"},
	    {CONTROL_CONFLICT, "conflict"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].code == code)
			return words[i].word;
	return "failed";
}

void
refusal_set(struct refusal *refusal, int code, const char *format, ...)
{
	va_list args;

	refusal->code = code;
	refusal->param[0] = '\0';
	va_start(args, format);
	vsnprintf(refusal->text, sizeof(refusal->text), format, args);
	va_end(args);
}

void
refusal_param(struct refusal *refusal, const char *param, const char *format, ...)
{
	va_list args;

	refusal->code = CONTROL_INVALID_PARAMS;
	utf8_escape(param, strlen(param), false, refusal->param, sizeof(refusal->param));
	va_start(args, format);
	vsnprintf(refusal->text, sizeof(refusal->text), format, args);
	va_end(args);
}

void
refusal_no_member(struct refusal *refusal, const char *name, size_t len)
{
	char quoted[REFUSAL_QUOTE_MAX];

	refusal_set(refusal, CONTROL_NOT_FOUND,
	    "there is no member \"%s\": see the list of members", refusal_quote(quoted, name, len));
}

void
refusal_no_room(struct refusal *refusal, int seconds)
{
	refusal_set(refusal, CONTROL_UNAVAILABLE,
	    "answers that other clients have not read use all memory for answers: try again in %d seconds, when swimd closes the connections of those clients",
	    seconds);
}

const char *
refusal_quote(char buf[REFUSAL_QUOTE_MAX], const char *text, size_t len)
{
	utf8_escape(text, len, false, buf, REFUSAL_QUOTE_MAX);
	return buf;
}
