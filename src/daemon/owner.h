/* SPDX-License-Identifier: MIT */
/*
 * The owner of a file of the state directory: the name of the member and of its cluster, as one line of text.  A state
 * directory may be copied to another machine, or kept while its machine moves to another cluster.  What its files say of
 * the deaths of others and of our incarnation is then of no use, and wrong where the other cluster has the same names.
 *
 *	of db1 production
 *	of db1
 *
 * The second one is of the unnamed cluster.  Everything but letters, digits and . _ : - [ ] stands as %XX.
 */
#ifndef SWIMD_DAEMON_OWNER_H
#define SWIMD_DAEMON_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/swim.h"

#define OWNER_LINE_MAX 1024 /* the longest line has some 970 bytes */
#define OWNER_TEXT_MAX 1100

struct owner {
	char name[SWIM_NAME_MAX + 1]; /* empty: the file does not say */
	char cluster[SWIM_CLUSTER_MAX + 1];
};

/* A name of a member or cluster that is too long is cut. */
void owner_init(struct owner *, const char *name, const char *cluster);
bool owner_is_known(const struct owner *);
bool owner_equal(const struct owner *, const struct owner *);
/* The line, with its newline; returns the length. */
size_t owner_put(const struct owner *, char out[OWNER_LINE_MAX]);
/* Is a line one of these?  Without its newline; false, and nothing changed, where it is none or is damaged. */
bool owner_parse(const char *line, size_t len, struct owner *);
/* For people: "db1 of cluster production"; returns `out`. */
const char *owner_text(const struct owner *, char out[OWNER_TEXT_MAX]);

#endif
