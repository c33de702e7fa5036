/* SPDX-License-Identifier: MIT */
/*
 * The tags of this member: the configured tags, and over them an overlay of what was set and unset at run time.  The
 * overlay survives reloads, but not a restart.  All tags here are encoded (wire/tags.h).
 */
#ifndef SWIMD_DAEMON_OWN_TAGS_H
#define SWIMD_DAEMON_OWN_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "wire/tags.h"

struct own_tags {
	char bytes[WIRE_TAGS_MAX];
	size_t len; /* bytes used */
};

/* What was changed at run time; a zeroed overlay is empty. */
struct own_tags_overlay {
	struct own_tags set;
	struct own_tags unset; /* configured tags that were unset, with empty values */
};

/*
 * Encodes the configured "key=value" texts, which config_set has checked.  False, with `fault` (FAULT_MAX bytes) set, if a
 * key is given twice or the tags are too large together.
 */
bool own_tags_parse(const struct config_list *, struct own_tags *out, char *fault);

/*
 * Changes the overlay: first unsets each tag of `changes` whose value has NULL bytes, then sets the others.  It is no error
 * to unset a tag that is not set.  On an error the overlay is unchanged.
 */
enum wire_tags_error own_tags_change(struct own_tags_overlay *, const struct own_tags *configured,
    const struct wire_tag *changes, size_t count);

/* Makes *out of the configured tags and the overlay.  On an error, such as TOO_LARGE, *out is undefined. */
enum wire_tags_error own_tags_effective(const struct own_tags *configured,
    const struct own_tags_overlay *, struct own_tags *out);

/*
 * Removes from the overlay unset tags that are no longer configured.  If an operator configures such a tag again later, the
 * tag shall take effect.
 */
void own_tags_prune(struct own_tags_overlay *, const struct own_tags *configured);

#endif
