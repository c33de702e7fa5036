/* SPDX-License-Identifier: MIT */
/*
 * The tags of a member as they travel and are kept: key length:u8 key value length:u16 value, repeated,
 * keys strictly ascending (bytewise), keys and values UTF-8 without NUL, keys not empty.
 */
#ifndef SWIMD_WIRE_TAGS_H
#define SWIMD_WIRE_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/wire.h"

struct wire_tag {
	struct wire_str key, value;
};

/* All that is said above, and at most WIRE_TAGS_MAX bytes. */
bool wire_tags_valid(const void *tags, size_t len);
/* Walk valid tags: *offset begins at 0.  False at the end. */
bool wire_tags_next(const void *tags, size_t len, size_t *offset, struct wire_tag *out);

enum wire_tags_error {
	WIRE_TAGS_OK = 0,
	WIRE_TAGS_BAD_KEY,   /* empty, above 255 bytes, not UTF-8, or with a NUL */
	WIRE_TAGS_BAD_VALUE, /* not UTF-8, or with a NUL */
	WIRE_TAGS_TOO_LARGE, /* all together above WIRE_TAGS_MAX */
};
/*
 * Set (or, with value.bytes NULL, unset) one tag in `tags` of WIRE_TAGS_MAX bytes, *len of them used.
 * On an error nothing has changed.
 */
enum wire_tags_error wire_tags_set(void *tags, size_t *len, struct wire_str key,
    struct wire_str value);

#endif
