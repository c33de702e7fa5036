/* SPDX-License-Identifier: MIT */
#include "daemon/own_tags.h"

#include <string.h>

#include "base/utf8.h"
#include "daemon/fault.h"

static struct wire_str
own_tags_key_of(const char *text)
{
	return (struct wire_str){text, (uint16_t)strcspn(text, "=")};
}

static bool
own_tags_same(struct wire_str a, struct wire_str b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

static bool
own_tags_find(const struct own_tags *tags, struct wire_str key)
{
	struct wire_tag tag;
	size_t offset = 0;

	while (wire_tags_next(tags->bytes, tags->len, &offset, &tag)) {
		if (own_tags_same(tag.key, key))
			return true;
	}
	return false;
}

bool
own_tags_parse(const struct config_list *list, struct own_tags *out, char *fault)
{
	char shown[128];

	out->len = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct wire_str key = own_tags_key_of(list->items[i]);
		const char *value = list->items[i] + key.len + 1;

		if (own_tags_find(out, key)) {
			utf8_escape(key.bytes, key.len, false, shown, sizeof(shown));
			return fault_say(fault, "the tag '%s' is given twice", shown);
		}
		if (wire_tags_set(out->bytes, &out->len, key,
			(struct wire_str){value, (uint16_t)strlen(value)}) != WIRE_TAGS_OK)
			return fault_say(fault,
			    "the tags are larger than %d bytes together (keys, values, and 3 bytes for each tag)",
			    WIRE_TAGS_MAX);
	}
	return true;
}

/* Removes the tag if it is there. */
static enum wire_tags_error
own_tags_drop(struct own_tags *tags, struct wire_str key)
{
	return wire_tags_set(tags->bytes, &tags->len, key, (struct wire_str){NULL, 0});
}

static enum wire_tags_error
own_tags_change_one(struct own_tags_overlay *o, const struct own_tags *configured,
    const struct wire_tag *change)
{
	static const struct wire_str empty = {"", 0};
	enum wire_tags_error error;

	if (change->value.bytes != NULL) {
		error = wire_tags_set(o->set.bytes, &o->set.len, change->key, change->value);
		return error != WIRE_TAGS_OK ? error : own_tags_drop(&o->unset, change->key);
	}
	error = own_tags_drop(&o->set, change->key);
	if (error != WIRE_TAGS_OK || !own_tags_find(configured, change->key))
		return error;
	return wire_tags_set(o->unset.bytes, &o->unset.len, change->key, empty);
}

enum wire_tags_error
own_tags_change(struct own_tags_overlay *overlay, const struct own_tags *configured,
    const struct wire_tag *changes, size_t count)
{
	struct own_tags_overlay changed = *overlay;

	/* Unset first, to make room for the tags that are set. */
	for (int setting = 0; setting <= 1; setting++) {
		for (size_t i = 0; i < count; i++) {
			enum wire_tags_error error;

			if ((changes[i].value.bytes != NULL) != (setting == 1))
				continue;
			error = own_tags_change_one(&changed, configured, &changes[i]);
			if (error != WIRE_TAGS_OK)
				return error;
		}
	}
	*overlay = changed;
	return WIRE_TAGS_OK;
}

enum wire_tags_error
own_tags_effective(const struct own_tags *configured, const struct own_tags_overlay *overlay,
    struct own_tags *out)
{
	enum wire_tags_error error = WIRE_TAGS_OK;
	struct wire_tag tag;
	size_t offset = 0;

	*out = *configured;
	while (error == WIRE_TAGS_OK &&
	       wire_tags_next(overlay->unset.bytes, overlay->unset.len, &offset, &tag))
		error = own_tags_drop(out, tag.key);
	/* Remove all tags that are to be replaced before any is set, so that only the final tags must fit. */
	offset = 0;
	while (error == WIRE_TAGS_OK &&
	       wire_tags_next(overlay->set.bytes, overlay->set.len, &offset, &tag))
		error = own_tags_drop(out, tag.key);
	offset = 0;
	while (error == WIRE_TAGS_OK &&
	       wire_tags_next(overlay->set.bytes, overlay->set.len, &offset, &tag))
		error = wire_tags_set(out->bytes, &out->len, tag.key, tag.value);
	return error;
}

void
own_tags_prune(struct own_tags_overlay *overlay, const struct own_tags *configured)
{
	struct own_tags kept = {.len = 0};
	struct wire_tag tag;
	size_t offset = 0;

	while (wire_tags_next(overlay->unset.bytes, overlay->unset.len, &offset, &tag)) {
		if (own_tags_find(configured, tag.key))
			(void)wire_tags_set(kept.bytes, &kept.len, tag.key, tag.value);
	}
	overlay->unset = kept;
}
