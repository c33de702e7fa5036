/* SPDX-License-Identifier: MIT */
/*
 * This member's tags: those that are configured, and over them what was set and unset at run time, which
 * stays until the restart, whatever a reload brings.  Encoded throughout (wire/tags.h).
 */
#ifndef SWIMD_DAEMON_OWN_TAGS_H
#define SWIMD_DAEMON_OWN_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "wire/tags.h"

struct own_tags {
	char bytes[WIRE_TAGS_MAX];
	size_t len;
};

/* What changed at run time.  Zeroed: nothing. */
struct own_tags_overlay {
	struct own_tags set;
	struct own_tags unset; /* keys of configured ones, with empty values */
};

/*
 * "key=value" texts that the key's own check has passed.  False with `fault` (FAULT_MAX bytes) set when a
 * key stands there twice, or all together are too large.
 */
bool own_tags_parse(const struct config_list *, struct own_tags *out, char *fault);

/*
 * Change the overlay; a value of NULL bytes unsets, which comes first.  Unsetting what is not there is
 * nothing.  An error leaves it as it was.
 */
enum wire_tags_error own_tags_change(struct own_tags_overlay *, const struct own_tags *configured,
    const struct wire_tag *changes, size_t count);

/* The overlay over the configured ones.  TOO_LARGE when that is; `*out` is then undefined. */
enum wire_tags_error own_tags_effective(const struct own_tags *configured,
    const struct own_tags_overlay *, struct own_tags *out);

/* Forget that tags were unset which are configured no more: were they ever again, it would be for a reason. */
void own_tags_prune(struct own_tags_overlay *, const struct own_tags *configured);

#endif
