/* SPDX-License-Identifier: MIT */
#include "discovery/mdns_txt.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* A string of a TXT record has 255 bytes, "name=" included; a longer name continues in "name2=". */
#define NAME_PART 250

AvahiStringList *
mdns_txt_new(const struct mdns_self *self)
{
	size_t len = strlen(self->name), first = len < NAME_PART ? len : NAME_PART;
	const struct {
		const char *key, *value;
		size_t len;
	} entries[] = {
	    /* Last string first: the list grows at its head. */
	    {"name2", self->name + first, len - first},
	    {"name", self->name, first},
	    {"cluster", self->cluster, strlen(self->cluster)},
	    {"version", self->version, strlen(self->version)},
	};
	AvahiStringList *list = NULL, *more;

	for (size_t i = len > NAME_PART ? 0 : 1; i < sizeof(entries) / sizeof(entries[0]); i++) {
		more = avahi_string_list_add_pair_arbitrary(list, entries[i].key,
		    (const uint8_t *)entries[i].value, entries[i].len);
		if (more == NULL) {
			avahi_string_list_free(list);
			return NULL;
		}
		list = more;
	}
	return list;
}

/* Find the bytes after "key=", in any case of letters.  Returns how many strings have the key. */
static unsigned
mdns_txt_find(const AvahiStringList *list, const char *key, const char **value, size_t *len)
{
	size_t key_len = strlen(key);
	unsigned count = 0;

	*value = NULL;
	*len = 0;
	for (; list != NULL; list = list->next) {
		const char *text = (const char *)list->text;

		if (list->size > key_len && text[key_len] == '=' &&
		    strncasecmp(text, key, key_len) == 0) {
			*value = text + key_len + 1;
			*len = list->size - key_len - 1;
			count++;
		}
	}
	return count;
}

const char *
mdns_txt_parse(const AvahiStringList *list, struct mdns_service *out)
{
	const char *name, *rest, *cluster;
	size_t name_len, rest_len, cluster_len, size = 0;
	char whole[2 * MDNS_TEXT_MAX];

	for (const AvahiStringList *at = list; at != NULL; at = at->next) {
		size += 1 + at->size;
		if (at->size > MDNS_TEXT_MAX || size > MDNS_TXT_MAX)
			return "its TXT record is too long";
	}
	if (mdns_txt_find(list, "name", &name, &name_len) > 1 ||
	    mdns_txt_find(list, "name2", &rest, &rest_len) > 1 ||
	    mdns_txt_find(list, "cluster", &cluster, &cluster_len) > 1)
		return "its TXT record has a key twice";
	if (name == NULL || name_len == 0)
		return "its TXT record has no name";
	memcpy(whole, name, name_len);
	if (rest != NULL)
		memcpy(whole + name_len, rest, rest_len);
	name_len += rest_len;
	if (name_len > MDNS_TEXT_MAX)
		return "the name in its TXT record is too long";
	if (!utf8_valid(whole, name_len) || memchr(whole, '\0', name_len) != NULL)
		return "the name in its TXT record is not UTF-8 text";
	if (cluster != NULL &&
	    (!utf8_valid(cluster, cluster_len) || memchr(cluster, '\0', cluster_len) != NULL))
		return "the cluster in its TXT record is not UTF-8 text";
	memcpy(out->name, whole, name_len);
	out->name[name_len] = '\0';
	/* A service that names no cluster belongs to the unnamed cluster. */
	if (cluster != NULL)
		memcpy(out->cluster, cluster, cluster_len);
	out->cluster[cluster_len] = '\0';
	return NULL;
}
