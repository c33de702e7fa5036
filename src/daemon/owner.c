/* SPDX-License-Identifier: MIT */
#include "daemon/owner.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "daemon/word.h"

#define FIRST "of "

void
owner_init(struct owner *o, const char *name, const char *cluster)
{
	snprintf(o->name, sizeof(o->name), "%s", name);
	snprintf(o->cluster, sizeof(o->cluster), "%s", cluster);
}

bool
owner_is_known(const struct owner *o)
{
	return o->name[0] != '\0';
}

bool
owner_equal(const struct owner *a, const struct owner *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->cluster, b->cluster) == 0;
}

size_t
owner_put(const struct owner *o, char out[OWNER_LINE_MAX])
{
	size_t len = sizeof(FIRST) - 1;

	memcpy(out, FIRST, len);
	len += word_escape(o->name, strlen(o->name), out + len);
	if (o->cluster[0] != '\0') {
		out[len++] = ' ';
		len += word_escape(o->cluster, strlen(o->cluster), out + len);
	}
	out[len++] = '\n';
	return len;
}

/* Unescapes `word` into `out`.  False: the word is empty, longer than `max` bytes, or is not UTF-8 without NUL. */
static bool
owner_take(char *word, size_t max, char *out)
{
	size_t len;

	if (!word_unescape(word, &len) || len == 0 || len > max || strlen(word) != len ||
	    !utf8_valid(word, len))
		return false;
	memcpy(out, word, len + 1);
	return true;
}

bool
owner_parse(const char *line, size_t len, struct owner *out)
{
	char copy[OWNER_LINE_MAX], *space;
	struct owner o = {0};

	if (len >= sizeof(copy) || len < sizeof(FIRST) ||
	    memcmp(line, FIRST, sizeof(FIRST) - 1) != 0 || memchr(line, '\0', len) != NULL)
		return false;
	len -= sizeof(FIRST) - 1;
	memcpy(copy, line + sizeof(FIRST) - 1, len);
	copy[len] = '\0';
	space = strchr(copy, ' ');
	if (space != NULL) {
		*space = '\0';
		if (!owner_take(space + 1, SWIM_CLUSTER_MAX, o.cluster))
			return false;
	}
	if (!owner_take(copy, SWIM_NAME_MAX, o.name))
		return false;
	*out = o;
	return true;
}

const char *
owner_text(const struct owner *o, char out[OWNER_TEXT_MAX])
{
	snprintf(out, OWNER_TEXT_MAX, "%s of %s%s", o->name,
	    o->cluster[0] != '\0' ? "cluster " : "the unnamed cluster", o->cluster);
	return out;
}
