/* SPDX-License-Identifier: MIT */
/* Tests the line that names the owner of a file. */
#include "daemon/owner.h"

#include <string.h>

#include "support/unit.h"

START_TEST(a_written_owner_is_read_back)
{
	static const char *const clusters[] = {"", "production", "a b", "\xc3\xa4%", "-"};
	char line[OWNER_LINE_MAX], name[SWIM_NAME_MAX + 1];
	struct owner before, after;
	size_t len;

	memset(name, '[', SWIM_NAME_MAX);
	name[SWIM_NAME_MAX] = '\0';
	for (size_t i = 0; i < sizeof(clusters) / sizeof(clusters[0]); i++) {
		owner_init(&before, i % 2 ? "db1" : name, clusters[i]);
		len = owner_put(&before, line);
		ck_assert_int_eq(line[len - 1], '\n');
		after = (struct owner){0};
		ck_assert(owner_parse(line, len - 1, &after));
		ck_assert(owner_is_known(&after) && owner_equal(&before, &after));
	}
}
END_TEST

START_TEST(the_longest_names_fit_into_the_line_and_the_text)
{
	char line[OWNER_LINE_MAX], text[OWNER_TEXT_MAX], name[SWIM_NAME_MAX + 2],
	    cluster[SWIM_CLUSTER_MAX + 2];
	struct owner o;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(cluster, ' ', sizeof(cluster) - 1);
	cluster[sizeof(cluster) - 1] = '\0';
	owner_init(&o, name, cluster);
	ck_assert_uint_eq(strlen(o.name), SWIM_NAME_MAX);
	ck_assert_uint_eq(strlen(o.cluster), SWIM_CLUSTER_MAX);
	ck_assert_uint_eq(owner_put(&o, line), 3 + SWIM_NAME_MAX + 1 + 3 * SWIM_CLUSTER_MAX + 1);
	ck_assert_uint_eq(strlen(owner_text(&o, text)),
	    SWIM_NAME_MAX + strlen(" of cluster ") + SWIM_CLUSTER_MAX);
}
END_TEST

START_TEST(owners_are_equal_if_name_and_cluster_are_equal)
{
	struct owner a, b;
	char text[OWNER_TEXT_MAX];

	owner_init(&a, "n1", "x");
	owner_init(&b, "n1", "x");
	ck_assert(owner_equal(&a, &b));
	owner_init(&b, "n2", "x");
	ck_assert(!owner_equal(&a, &b));
	owner_init(&b, "n1", "");
	ck_assert(!owner_equal(&a, &b));
	ck_assert_str_eq(owner_text(&a, text), "n1 of cluster x");
	ck_assert_str_eq(owner_text(&b, text), "n1 of the unnamed cluster");
	ck_assert(!owner_is_known(&(struct owner){0}));
}
END_TEST

START_TEST(a_damaged_line_is_refused)
{
	static const char *const bad[] = {"", "of", "of ", "of  x", "of n1 ", "of n1 x y", "of n%",
	    "of n%2", "of n%00", "of n1 %FF", "of n\x01", "On n1 x", "of n1 x\n",
	    "of n1 00000000001111111111222222222233333333334444444444555555555566666"};
	struct owner o = {.name = "kept"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!owner_parse(bad[i], strlen(bad[i]), &o), "'%s' was taken", bad[i]);
	ck_assert(!owner_parse("of n1\0x", 7, &o));
	ck_assert_str_eq(o.name, "kept");
}
END_TEST

UNIT_MAIN("owner", a_written_owner_is_read_back, the_longest_names_fit_into_the_line_and_the_text,
    owners_are_equal_if_name_and_cluster_are_equal, a_damaged_line_is_refused)
