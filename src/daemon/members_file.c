/* SPDX-License-Identifier: MIT */
#include "daemon/members_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "daemon/word.h"

#define FIRST "swimd members 1"
#define LINE_MAX_BYTES 2048 /* the longest line has some 1,700 bytes */
#define FIELDS 5            /* of a line, without UNANSWERED */
#define UNANSWERED "unanswered"

/* ----------------------------------------------------------------------------------------- writing */

static void
members_file_append(struct members_text *t, const char *bytes, size_t len)
{
	size_t cap = t->cap == 0 ? 4096 : t->cap;
	char *grown;

	while (cap - t->len < len)
		cap *= 2;
	if (cap != t->cap) {
		grown = t->failed ? NULL : realloc(t->bytes, cap);
		if (grown == NULL) {
			t->failed = true;
			return;
		}
		t->bytes = grown;
		t->cap = cap;
	}
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
}

/* Writes a space and the escaped text into `out`, at most 1 + 3 * len bytes.  Returns the number of bytes. */
static size_t
members_file_put_word(const char *text, size_t len, char *out)
{
	*out = ' ';
	return 1 + word_escape(text, len, out + 1);
}

void
members_file_begin(struct members_text *t, const struct owner *self)
{
	char line[OWNER_LINE_MAX];
	size_t len = owner_put(self, line);

	members_file_append(t, FIRST "\n", sizeof(FIRST));
	members_file_append(t, line, len);
}

void
members_file_put(struct members_text *t, const struct members_entry *e)
{
	time_t seconds = (time_t)(e->since_ms / 1000);
	char line[LINE_MAX_BYTES], when[32];
	struct tm tm;
	size_t len;

	t->entries++;
	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		strcpy(when, "1970-01-01T00:00:00");
	len = (size_t)snprintf(line, sizeof(line), "%s %" PRIu64 " %s.%03dZ",
	    swim_status_name(e->status), e->incarnation, when, (int)(e->since_ms % 1000));
	len += members_file_put_word(e->address, strlen(e->address), line + len);
	len += members_file_put_word(e->name, e->name_len, line + len);
	if (e->unanswered)
		len += members_file_put_word(UNANSWERED, strlen(UNANSWERED), line + len);
	line[len++] = '\n';
	members_file_append(t, line, len);
}

void
members_file_end(struct members_text *t)
{
	char line[40];
	int len = snprintf(line, sizeof(line), "end %zu\n", t->entries);

	members_file_append(t, line, (size_t)len);
}

/* ----------------------------------------------------------------------------------------- reading */

/* False: the text is not a decimal number of at most 64 bits. */
static bool
members_file_read_number(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	}
	*out = n;
	return true;
}

static bool
members_file_read_time(const char *text, int64_t *out)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	char thousandths[4] = "";
	uint64_t ms;
	time_t seconds;

	if (rest == NULL || strlen(rest) != 5 || rest[0] != '.' || rest[4] != 'Z')
		return false;
	memcpy(thousandths, rest + 1, 3);
	seconds = timegm(&tm);
	if (!members_file_read_number(thousandths, &ms) || seconds < 0)
		return false;
	*out = (int64_t)seconds * 1000 + (int64_t)ms;
	return true;
}

/* Parses the fields of a line into *out.  Returns NULL, or why the line is not an entry (static). */
static const char *
members_file_read_entry(char *fields[FIELDS + 1], size_t count, struct members_entry *out)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port;
	size_t len;

	if (!swim_status_parse(fields[0], &out->status))
		return "the first word is not a status";
	if (!members_file_read_number(fields[1], &out->incarnation))
		return "the second word is not an incarnation";
	if (!members_file_read_time(fields[2], &out->since_ms))
		return "the third word is not a time";
	if (!word_unescape(fields[3], &len) || len > SWIM_HOSTPORT_MAX ||
	    swim_hostport_split(fields[3], len, -1, false, host, &port) != SWIM_ADDR_OK)
		return "the fourth word is not an address";
	memcpy(out->address, fields[3], len + 1);
	if (!word_unescape(fields[4], &len) || len == 0 || len > SWIM_NAME_MAX ||
	    !utf8_valid(fields[4], len))
		return "the fifth word is not a name";
	memcpy(out->name, fields[4], len + 1);
	out->name_len = (uint16_t)len;
	out->unanswered = count > FIELDS;
	if (out->unanswered && strcmp(fields[FIELDS], UNANSWERED) != 0)
		return "the word after the name is not \"" UNANSWERED "\"";
	return NULL;
}

static size_t
members_file_split(char *line, char *fields[FIELDS + 1])
{
	size_t count = 0;
	char *rest = line;

	for (char *field; (field = strsep(&rest, " ")) != NULL; count++) {
		if (count <= FIELDS)
			fields[count] = field;
	}
	return count;
}

static void
members_file_complain(struct members_list *list, size_t number, const char *why)
{
	if (list->bad_lines++ == 0) {
		list->first_bad = number;
		list->why = why;
	}
}

struct reading {
	struct members_list *list;
	size_t max, number, capacity;
	bool first; /* the first line is that of a file of this version */
	bool ended; /* the last line, "end", was read */
};

static bool
members_file_take_entry(struct reading *r, const struct members_entry *e)
{
	struct members_list *list = r->list;

	if (list->count == r->max) {
		members_file_complain(list, r->number, "there are more members than max_members");
		return true;
	}
	if (list->count == r->capacity) {
		size_t capacity = r->capacity == 0 ? 64 : 2 * r->capacity;
		void *grown = reallocarray(list->entries, capacity, sizeof(*e));

		if (grown == NULL)
			return false;
		list->entries = grown;
		r->capacity = capacity;
	}
	list->entries[list->count++] = *e;
	return true;
}

/* False: out of memory. */
static bool
members_file_take_line(struct reading *r, const char *text, size_t len)
{
	struct members_entry entry;
	char line[LINE_MAX_BYTES + 1], *fields[FIELDS + 1];
	const char *why;
	size_t count;

	r->number++;
	if (r->number == 1) {
		r->first = len == sizeof(FIRST) - 1 && memcmp(text, FIRST, len) == 0;
		if (!r->first)
			members_file_complain(r->list, 1,
			    "the file does not begin with \"" FIRST "\"");
		return true;
	}
	if (r->number == 2 && owner_parse(text, len, &r->list->owner))
		return true;
	if (len > LINE_MAX_BYTES || memchr(text, '\0', len) != NULL) {
		members_file_complain(r->list, r->number, "the line is too long or has a NUL byte");
		return true;
	}
	memcpy(line, text, len);
	line[len] = '\0';
	count = members_file_split(line, fields);
	if (count == 2 && strcmp(fields[0], "end") == 0) {
		r->ended = true;
		return true;
	}
	why = count == FIELDS || count == FIELDS + 1
		  ? members_file_read_entry(fields, count, &entry)
		  : "the line does not have five or six words";
	if (why == NULL)
		return members_file_take_entry(r, &entry);
	members_file_complain(r->list, r->number, why);
	return true;
}

bool
members_file_parse(const char *text, size_t len, size_t max, struct members_list *out)
{
	struct reading r = {.list = out, .max = max};
	const char *end = text + len;

	*out = (struct members_list){0};
	while (text < end && (r.number == 0 || r.first)) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		if (newline == NULL)
			break; /* the line was cut, so it may be wrong */
		if (!members_file_take_line(&r, text, (size_t)(newline - text))) {
			free(out->entries);
			*out = (struct members_list){0};
			return false;
		}
		text = newline + 1;
	}
	if ((r.first || r.number == 0) && !r.ended)
		members_file_complain(out, r.number + 1, "the end of the file is missing");
	return true;
}
