/* SPDX-License-Identifier: MIT */
/* Tests the tags of this member: the configured ones, and the overlay of run time. */
#include "daemon/own_tags.h"

#include <stdio.h>
#include <string.h>

#include "daemon/fault.h"
#include "support/unit.h"

static char fault[FAULT_MAX];

static struct wire_str
str(const char *text)
{
	return (struct wire_str){text, text != NULL ? (uint16_t)strlen(text) : 0};
}

/* The tags as text: "role=db zone=a". */
static const char *
shown(const struct own_tags *tags)
{
	static char text[4 * WIRE_TAGS_MAX];
	struct wire_tag tag;
	size_t offset = 0, len = 0;

	ck_assert(wire_tags_valid(tags->bytes, tags->len));
	text[0] = '\0';
	while (wire_tags_next(tags->bytes, tags->len, &offset, &tag))
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s=%.*s",
		    len > 0 ? " " : "", tag.key.len, tag.key.bytes, tag.value.len, tag.value.bytes);
	return text;
}

static bool
parse(struct own_tags *out, char *a, char *b)
{
	char *items[] = {a, b};
	const struct config_list list = {items, (size_t)(a != NULL) + (size_t)(b != NULL)};

	return own_tags_parse(&list, out, fault);
}

static struct own_tags
configured(char *a, char *b)
{
	struct own_tags tags;

	ck_assert_msg(parse(&tags, a, b), "%s", fault);
	return tags;
}

/* One change at run time; a value of NULL unsets. */
static enum wire_tags_error
change(struct own_tags_overlay *overlay, const struct own_tags *base, const char *key,
    const char *value)
{
	const struct wire_tag tag = {str(key), str(value)};

	return own_tags_change(overlay, base, &tag, 1);
}

static const char *
effective(const struct own_tags *base, const struct own_tags_overlay *overlay)
{
	struct own_tags tags;

	ck_assert_int_eq(own_tags_effective(base, overlay, &tags), WIRE_TAGS_OK);
	return shown(&tags);
}

START_TEST(configured_tags_are_sorted_and_may_be_empty)
{
	struct own_tags tags = configured((char[]){"zone=a=b"}, (char[]){"role="});

	ck_assert_str_eq(shown(&tags), "role= zone=a=b");
	tags = configured(NULL, NULL);
	ck_assert_uint_eq(tags.len, 0);
}
END_TEST

START_TEST(a_repeated_key_and_too_large_tags_are_refused)
{
	static char large[WIRE_TAGS_MAX];
	struct own_tags tags;

	ck_assert(!parse(&tags, (char[]){"role=a"}, (char[]){"role=b"}));
	ck_assert_str_eq(fault, "the tag 'role' is given twice");
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "k=", 2);
	/* A key of 1 byte, a value of 508 bytes and their 3 bytes of lengths are the most. */
	large[510] = '\0';
	ck_assert(parse(&tags, large, NULL));
	ck_assert_uint_eq(tags.len, WIRE_TAGS_MAX);
	ck_assert(!parse(&tags, large, (char[]){"l="}));
	ck_assert_msg(strstr(fault, "larger than 512 bytes") != NULL, "%s", fault);
}
END_TEST

START_TEST(tags_set_at_run_time_override_the_configured_ones)
{
	struct own_tags base = configured((char[]){"role=db"}, (char[]){"zone=a"}), other;
	struct own_tags_overlay overlay = {0};

	ck_assert_str_eq(effective(&base, &overlay), "role=db zone=a");
	ck_assert_int_eq(change(&overlay, &base, "role", "web"), WIRE_TAGS_OK);
	ck_assert_int_eq(change(&overlay, &base, "zone", NULL), WIRE_TAGS_OK);
	ck_assert_int_eq(change(&overlay, &base, "new", "1"), WIRE_TAGS_OK);
	ck_assert_int_eq(change(&overlay, &base, "unknown", NULL), WIRE_TAGS_OK);
	ck_assert_str_eq(effective(&base, &overlay), "new=1 role=web");
	/* A reload changes the configured tags. */
	other = configured((char[]){"role=x"}, (char[]){"more=y"});
	own_tags_prune(&overlay, &other);
	ck_assert_str_eq(effective(&other, &overlay), "more=y new=1 role=web");
	/* `zone` was unset.  Since `zone` was not configured for a while, it takes effect when it is configured again. */
	ck_assert_str_eq(effective(&base, &overlay), "new=1 role=web zone=a");
	ck_assert_int_eq(change(&overlay, &base, "role", NULL), WIRE_TAGS_OK);
	ck_assert_int_eq(change(&overlay, &base, "new", NULL), WIRE_TAGS_OK);
	ck_assert_str_eq(effective(&base, &overlay), "zone=a");
	ck_assert_int_eq(change(&overlay, &base, "role", "db"), WIRE_TAGS_OK);
	ck_assert_str_eq(effective(&base, &overlay), "role=db zone=a");
}
END_TEST

START_TEST(a_change_that_does_not_fit_changes_nothing)
{
	static char half[300];
	struct own_tags base = configured((char[]){"role=db"}, NULL), ignored;
	struct own_tags_overlay overlay = {0};
	struct wire_tag both[2];

	memset(half, 'x', sizeof(half) - 1);
	ck_assert_int_eq(change(&overlay, &base, "a", half), WIRE_TAGS_OK);
	ck_assert_int_eq(change(&overlay, &base, "b", half), WIRE_TAGS_TOO_LARGE);
	ck_assert_int_eq(change(&overlay, &base, "", "x"), WIRE_TAGS_BAD_KEY);
	ck_assert_int_eq(change(&overlay, &base, "c", "\xff"), WIRE_TAGS_BAD_VALUE);
	ck_assert_uint_eq(overlay.set.len, 3 + 1 + 299);
	/* A tag that is unset makes room, even if it comes later in the list of changes. */
	both[0] = (struct wire_tag){str("b"), str(half)};
	both[1] = (struct wire_tag){str("a"), str(NULL)};
	ck_assert_int_eq(own_tags_change(&overlay, &base, both, 2), WIRE_TAGS_OK);
	/* The overlay fits over some configured tags, does not fit over more of them, and fits if it replaces their values. */
	base = configured((char[]){"b=x"}, NULL);
	ck_assert_int_eq(own_tags_effective(&base, &overlay, &ignored), WIRE_TAGS_OK);
	ck_assert(wire_tags_set(base.bytes, &base.len, str("z"), str(half)) == WIRE_TAGS_OK);
	ck_assert_int_eq(own_tags_effective(&base, &overlay, &ignored), WIRE_TAGS_TOO_LARGE);
	base = (struct own_tags){.len = 0};
	ck_assert(wire_tags_set(base.bytes, &base.len, str("b"), str(half)) == WIRE_TAGS_OK);
	ck_assert_int_eq(own_tags_effective(&base, &overlay, &ignored), WIRE_TAGS_OK);
}
END_TEST

UNIT_MAIN("own_tags", configured_tags_are_sorted_and_may_be_empty,
    a_repeated_key_and_too_large_tags_are_refused,
    tags_set_at_run_time_override_the_configured_ones, a_change_that_does_not_fit_changes_nothing)
