/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "discovery/mdns_txt.h"
#include "support/unit.h"

static struct mdns_self
self(const char *name, const char *cluster)
{
	struct mdns_self s = {.version = "1.2.3", .port = 7946};

	strcpy(s.name, name);
	strcpy(s.cluster, cluster);
	return s;
}

/* The fault of a record of these strings, or NULL; frees the list. */
static const char *
fault(AvahiStringList *list, struct mdns_service *out)
{
	const char *wrong = mdns_txt_parse(list, out);

	avahi_string_list_free(list);
	return wrong;
}

START_TEST(a_record_has_version_cluster_and_name_only)
{
	struct mdns_self me = self("db1", "prod");
	AvahiStringList *list = mdns_txt_new(&me);

	ck_assert_uint_eq(avahi_string_list_length(list), 3);
	ck_assert_str_eq((char *)list->text, "version=1.2.3");
	ck_assert_str_eq((char *)list->next->text, "cluster=prod");
	ck_assert_str_eq((char *)list->next->next->text, "name=db1");
	avahi_string_list_free(list);
}
END_TEST

START_TEST(a_record_is_parsed_as_it_was_made)
{
	char name[MDNS_TEXT_MAX + 1];
	struct mdns_service out;
	struct mdns_self me;

	/* The longest name takes two strings. */
	for (size_t len = 1; len <= MDNS_TEXT_MAX; len++) {
		memset(name, 'n', len);
		name[len - 1] = 'z';
		name[len] = '\0';
		me = self(name, "");
		ck_assert_ptr_null(fault(mdns_txt_new(&me), &out));
		ck_assert_str_eq(out.name, name);
		ck_assert_str_eq(out.cluster, "");
	}
	me = self("db1", "prod");
	ck_assert_ptr_null(fault(mdns_txt_new(&me), &out));
	ck_assert_str_eq(out.cluster, "prod");
}
END_TEST

START_TEST(keys_ignore_case_and_unknown_keys_are_skipped)
{
	struct mdns_service out;

	ck_assert_ptr_null(fault(
	    avahi_string_list_new("=", "name", "new=x", "NAME=a=b", "", "new=y", NULL), &out));
	ck_assert_str_eq(out.name, "a=b");
	ck_assert_str_eq(out.cluster, "");
	/* A key must not occur twice: the order of strings is not certain. */
	ck_assert_ptr_nonnull(fault(avahi_string_list_new("name=a", "Name=b", NULL), &out));
	ck_assert_ptr_nonnull(
	    fault(avahi_string_list_new("name=a", "cluster=", "cluster=b", NULL), &out));
}
END_TEST

START_TEST(a_bad_record_has_a_reason)
{
	struct mdns_service out = {.name = "before"};
	AvahiStringList *list = NULL;
	char text[256], nul[] = "name=a\0b";

	ck_assert_ptr_nonnull(fault(NULL, &out));
	ck_assert_ptr_nonnull(fault(avahi_string_list_new("cluster=x", NULL), &out));
	ck_assert_ptr_nonnull(fault(avahi_string_list_new("name=", NULL), &out));
	ck_assert_ptr_nonnull(fault(avahi_string_list_new("name=\xff", NULL), &out));
	ck_assert_ptr_nonnull(
	    fault(avahi_string_list_new("name=a", "cluster=\xc0\x80", NULL), &out));
	ck_assert_ptr_nonnull(
	    fault(avahi_string_list_add_arbitrary(NULL, (uint8_t *)nul, 8), &out));
	/* Two parts of full length are longer than a name may be. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "name=", 5);
	list = avahi_string_list_add_arbitrary(NULL, (uint8_t *)text, 255);
	memcpy(text, "name2=", 6);
	list = avahi_string_list_add_arbitrary(list, (uint8_t *)text, 255);
	ck_assert_str_eq(fault(list, &out), "the name in its TXT record is too long");
	list = avahi_string_list_new("name=a", NULL);
	for (int i = 0; i < 6; i++)
		list = avahi_string_list_add_arbitrary(list, (uint8_t *)text, 255);
	ck_assert_str_eq(fault(list, &out), "its TXT record is too long");
	ck_assert_str_eq(out.name, "before");
}
END_TEST

START_TEST(unprintable_names_are_kept_as_they_are)
{
	struct mdns_service out;

	/* Names are escaped where they are printed. */
	ck_assert_ptr_null(fault(avahi_string_list_new("name=\x1b[2J\xe2\x80\xae", NULL), &out));
	ck_assert_str_eq(out.name, "\x1b[2J\xe2\x80\xae");
}
END_TEST

UNIT_MAIN("mdns_txt", a_record_has_version_cluster_and_name_only, a_record_is_parsed_as_it_was_made,
    keys_ignore_case_and_unknown_keys_are_skipped, a_bad_record_has_a_reason,
    unprintable_names_are_kept_as_they_are)
