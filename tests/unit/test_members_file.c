/* SPDX-License-Identifier: MIT */
/* Tests the text of the file of members: what is written, and what is read of whole and damaged files. */
#include "daemon/members_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static const struct owner self = {.name = "db3", .cluster = "the cluster"};

static struct members_list
parse(const char *text, size_t max)
{
	struct members_list list;

	ck_assert(members_file_parse(text, strlen(text), max, &list));
	return list;
}

static struct members_entry
entry(const char *name, size_t len, const char *address, enum swim_status status)
{
	struct members_entry e = {.name_len = (uint16_t)len,
	    .status = status,
	    .incarnation = UINT64_MAX,
	    .since_ms = 1763859723412};

	memcpy(e.name, name, len);
	strcpy(e.address, address);
	return e;
}

static void
same(const struct members_entry *a, const struct members_entry *b)
{
	ck_assert_uint_eq(a->name_len, b->name_len);
	ck_assert_int_eq(memcmp(a->name, b->name, a->name_len), 0);
	ck_assert_str_eq(a->address, b->address);
	ck_assert_int_eq(a->status, b->status);
	ck_assert_uint_eq(a->incarnation, b->incarnation);
	ck_assert_int_eq(a->since_ms, b->since_ms);
	ck_assert_int_eq(a->unanswered, b->unanswered);
}

START_TEST(the_written_text_is_as_documented)
{
	struct members_entry e = entry("db\0 2%\xc3\xa4", 8, "[2001:db8::8]:7946", SWIM_DEAD);
	struct members_text text = {0};

	members_file_begin(&text, &self);
	members_file_put(&text, &e);
	members_file_end(&text);
	ck_assert(!text.failed);
	ck_assert_uint_eq(text.len, strlen("swimd members 1\n"
					   "of db3 the%20cluster\n"
					   "dead 18446744073709551615 2025-11-23T01:02:03.412Z "
					   "[2001:db8::8]:7946 db%00%202%25%C3%A4\n"
					   "end 1\n"));
	ck_assert_int_eq(strncmp(text.bytes,
			     "swimd members 1\n"
			     "of db3 the%20cluster\n"
			     "dead 18446744073709551615 2025-11-23T01:02:03.412Z "
			     "[2001:db8::8]:7946 db%00%202%25%C3%A4\n"
			     "end 1\n",
			     text.len),
	    0);
	free(text.bytes);
}
END_TEST

START_TEST(a_member_that_never_answered_is_marked)
{
	struct members_entry e = entry("db", 2, "10.0.0.8:7946", SWIM_DEAD);
	struct members_text text = {0};
	struct members_list list;

	e.unanswered = true;
	members_file_begin(&text, &self);
	members_file_put(&text, &e);
	members_file_end(&text);
	ck_assert(text.len > 0 && memmem(text.bytes, text.len, " db unanswered\n", 15) != NULL);
	ck_assert(members_file_parse(text.bytes, text.len, 10, &list));
	ck_assert_uint_eq(list.bad_lines, 0);
	ck_assert_uint_eq(list.count, 1);
	same(&list.entries[0], &e);
	free(list.entries);
	free(text.bytes);
	/* Files of earlier versions have no sixth word; a sixth word other than "unanswered" is an error. */
	list = parse("swimd members 1\n"
		     "dead 1 2026-11-23T01:02:03.412Z 10.0.0.8:7946 db\n"
		     "dead 1 2026-11-23T01:02:03.412Z 10.0.0.8:7946 db answered\n"
		     "dead 1 2026-11-23T01:02:03.412Z 10.0.0.8:7946 db unanswered x\n"
		     "end 1\n",
	    10);
	ck_assert_uint_eq(list.count, 1);
	ck_assert(!list.entries[0].unanswered);
	ck_assert_uint_eq(list.bad_lines, 2);
	ck_assert_str_eq(list.why, "the word after the name is not \"unanswered\"");
	free(list.entries);
}
END_TEST

START_TEST(a_written_list_is_read_back)
{
	enum { COUNT = 5000 };
	struct members_text text = {0};
	struct members_list list;
	struct members_entry e;
	char name[SWIM_NAME_MAX];

	members_file_begin(&text, &self);
	for (unsigned i = 0; i < COUNT; i++) {
		memset(name, i % 2 ? '\n' : 'x', sizeof(name));
		snprintf(name, sizeof(name), "%u", i);
		e = entry(name, sizeof(name), "host.example:7946",
		    (enum swim_status)(i % SWIM_STATUS_COUNT));
		e.unanswered = i % 3 == 0;
		members_file_put(&text, &e);
	}
	members_file_end(&text);
	ck_assert(!text.failed);
	ck_assert(members_file_parse(text.bytes, text.len, COUNT, &list));
	ck_assert_uint_eq(list.bad_lines, 0);
	ck_assert_uint_eq(list.count, COUNT);
	ck_assert(owner_equal(&list.owner, &self));
	for (unsigned i = 0; i < COUNT; i++) {
		memset(name, i % 2 ? '\n' : 'x', sizeof(name));
		snprintf(name, sizeof(name), "%u", i);
		e = entry(name, sizeof(name), "host.example:7946",
		    (enum swim_status)(i % SWIM_STATUS_COUNT));
		e.unanswered = i % 3 == 0;
		same(&list.entries[i], &e);
	}
	free(list.entries);
	/* Wherever the text is cut, the whole lines are read and the cut is reported. */
	for (size_t len = 0; len < 3000; len++) {
		ck_assert(members_file_parse(text.bytes, len, COUNT, &list));
		ck_assert_uint_gt(list.bad_lines, 0);
		ck_assert_uint_le(list.count, len / 60);
		free(list.entries);
	}
	free(text.bytes);
}
END_TEST

START_TEST(an_empty_list_is_valid)
{
	struct members_text text = {0};
	struct members_list list;

	members_file_begin(&text, &self);
	members_file_end(&text);
	ck_assert_uint_eq(text.len, strlen("swimd members 1\nof db3 the%20cluster\nend 0\n"));
	ck_assert(members_file_parse(text.bytes, text.len, 10, &list));
	ck_assert_uint_eq(list.count + list.bad_lines, 0);
	free(text.bytes);
}
END_TEST

/* A file of an earlier version, a file with a damaged line of the owner, and a file with such a line in the wrong place. */
START_TEST(a_file_may_lack_the_line_of_its_owner)
{
	struct members_list list = parse("swimd members 1\nend 0\n", 10);

	ck_assert(!owner_is_known(&list.owner));
	ck_assert_uint_eq(list.bad_lines, 0);
	list = parse("swimd members 1\nof \nend 0\n", 10);
	ck_assert(!owner_is_known(&list.owner));
	ck_assert_uint_eq(list.first_bad, 2);
	list = parse("swimd members 1\nof n1 x\nof n2 x\nend 0\n", 10);
	ck_assert_str_eq(list.owner.name, "n1");
	ck_assert_uint_eq(list.first_bad, 3);
}
END_TEST

#define GOOD "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db1\n"

START_TEST(bad_lines_are_ignored_and_the_first_is_reported)
{
	static const char *const bad[] = {
	    "",
	    "alive",
	    "gone 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db1",
	    "alive -3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db1",
	    "alive 18446744073709551616 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db1",
	    "alive  2026-11-23T01:02:03.412Z 10.0.0.7:7946 db1",
	    "alive 3 yesterday 10.0.0.7:7946 db1",
	    "alive 3 2026-11-23T01:02:03Z 10.0.0.7:7946 db1",
	    "alive 3 2026-11-23T01:02:03.4x2Z 10.0.0.7:7946 db1",
	    "alive 3 1969-11-23T01:02:03.412Z 10.0.0.7:7946 db1",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7 db1",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:99999 db1",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 ",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db1 ",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db%",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db%2",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db%2g",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 %FF",
	    "alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 d\033b",
	};
	char text[4096], *at;
	struct members_list list;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "swimd members 1\n" GOOD "%s\n" GOOD "end 2\n",
		    bad[i]);
		list = parse(text, 10);
		ck_assert_msg(list.bad_lines == 1 && list.first_bad == 3 && list.count == 2, "%s",
		    bad[i]);
		ck_assert_ptr_nonnull(list.why);
		free(list.entries);
	}
	/* A name that is too long, and a line that is too long. */
	for (unsigned len = 256; len <= 4000; len += 3744) {
		at = stpcpy(text, "swimd members 1\nalive 3 2026-11-23T01:02:03.412Z a:1 ");
		at = (char *)memset(at, 'x', len) + len;
		*at = '\0';
		if (len == 256)
			stpcpy(at, "\nend 1\n");
		list = parse(text, 10);
		ck_assert_uint_eq(list.count, 0);
		ck_assert_uint_eq(list.bad_lines, 1);
		free(list.entries);
	}
	list = parse("swimd members 1\n" GOOD GOOD GOOD "end 3\n", 2);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_uint_eq(list.first_bad, 4);
	free(list.entries);
	/* All lines of a file of an unknown version are ignored. */
	list = parse("swimd members 2\n" GOOD "end 1\n", 2);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_uint_eq(list.first_bad, 1);
	ck_assert_uint_eq(list.bad_lines, 1);
}
END_TEST

UNIT_MAIN("members_file", a_file_may_lack_the_line_of_its_owner, the_written_text_is_as_documented,
    a_member_that_never_answered_is_marked, a_written_list_is_read_back, an_empty_list_is_valid,
    bad_lines_are_ignored_and_the_first_is_reported)
