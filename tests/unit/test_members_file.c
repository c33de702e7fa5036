/* SPDX-License-Identifier: MIT */
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

START_TEST(the_text_is_as_documented)
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

START_TEST(who_never_answered_is_marked)
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
	/* Earlier versions have no sixth word, and there is no other. */
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

START_TEST(what_is_written_is_read)
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
	/* However it is cut, what is whole is read, and that it is cut is told. */
	for (size_t len = 0; len < 3000; len++) {
		ck_assert(members_file_parse(text.bytes, len, COUNT, &list));
		ck_assert_uint_gt(list.bad_lines, 0);
		ck_assert_uint_le(list.count, len / 60);
		free(list.entries);
	}
	free(text.bytes);
}
END_TEST

START_TEST(nobody_is_a_list_too)
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

/* As an earlier version wrote it; and one whose line about that is damaged, or comes too late. */
START_TEST(a_file_need_not_say_whose_it_is)
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

START_TEST(bad_lines_are_left_out_and_the_first_is_named)
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
	/* Too long a name, and too long a line. */
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
	/* Of a version that we don't know no line is to be trusted. */
	list = parse("swimd members 2\n" GOOD "end 1\n", 2);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_uint_eq(list.first_bad, 1);
	ck_assert_uint_eq(list.bad_lines, 1);
}
END_TEST

UNIT_MAIN("members_file", a_file_need_not_say_whose_it_is, the_text_is_as_documented,
    who_never_answered_is_marked, what_is_written_is_read, nobody_is_a_list_too,
    bad_lines_are_left_out_and_the_first_is_named)
