/* SPDX-License-Identifier: MIT */
/*
 * The tags of a member, as they are sent and kept: key length:u8 key value length:u16 value, repeated.  Keys ascend
 * strictly (bytewise) and are not empty; keys and values are UTF-8 without NUL.
 */
#ifndef SWIMD_WIRE_TAGS_H
#define SWIMD_WIRE_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/wire.h"

struct wire_tag {
	struct wire_str key, value;
};

/* True if the bytes have the form above and are at most WIRE_TAGS_MAX. */
bool wire_tags_valid(const void *tags, size_t len);
/* Walk valid tags: the caller sets *offset to 0 before the first call.  False at the end. */
bool wire_tags_next(const void *tags, size_t len, size_t *offset, struct wire_tag *out);

enum wire_tags_error {
	WIRE_TAGS_OK = 0,
	WIRE_TAGS_BAD_KEY,   /* empty, above 255 bytes, not UTF-8, or with a NUL */
	WIRE_TAGS_BAD_VALUE, /* not UTF-8, or with a NUL */
	WIRE_TAGS_TOO_LARGE, /* all tags together are above WIRE_TAGS_MAX */
};
/*
 * Set one tag in `tags`, which has room for WIRE_TAGS_MAX bytes, *len of them used; with value.bytes NULL the tag is
 * removed.  After an error nothing has changed.
 */
enum wire_tags_error wire_tags_set(void *tags, size_t *len, struct wire_str key,
    struct wire_str value);

#endif
