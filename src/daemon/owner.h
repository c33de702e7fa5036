/* SPDX-License-Identifier: MIT */
/*
 * The owner of a file in the state directory: the names of a member and of its cluster, as one line of text.  A state
 * directory may be copied to another machine, or be kept while its machine moves to another cluster.  Then the incarnation
 * and the dead members in its files are of no use, and are wrong if the other cluster has the same names.
 *
 *	of db1 production
 *	of db1
 *
 * The second line is of a member of the unnamed cluster.  Each byte but letters, digits and . _ : - [ ] is written as %XX.
 */
#ifndef SWIMD_DAEMON_OWNER_H
#define SWIMD_DAEMON_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/swim.h"

#define OWNER_LINE_MAX 1024 /* bytes; the longest line has some 970 */
#define OWNER_TEXT_MAX 1100 /* bytes of owner_text */

struct owner {
	char name[SWIM_NAME_MAX + 1];       /* "": the owner is not known */
	char cluster[SWIM_CLUSTER_MAX + 1]; /* "": the unnamed cluster */
};

/* Cuts names that are too long. */
void owner_init(struct owner *, const char *name, const char *cluster);
bool owner_is_known(const struct owner *);
bool owner_equal(const struct owner *, const struct owner *);
/* Writes the line with its newline, without a NUL.  Returns the number of bytes. */
size_t owner_put(const struct owner *, char out[OWNER_LINE_MAX]);
/* Parses a line, given without its newline.  False: the line is not that of an owner, or is damaged; *owner is unchanged. */
bool owner_parse(const char *line, size_t len, struct owner *owner);
/* Writes a text for the log, such as "db1 of cluster production".  Returns `out`. */
const char *owner_text(const struct owner *, char out[OWNER_TEXT_MAX]);

#endif
