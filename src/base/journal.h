/* SPDX-License-Identifier: MIT */
/*
 * Writes entries to the journal in the journal's native protocol: one datagram of fields, to a socket at a well-known
 * path. sd_journal_sendv sends the same datagram, but waits for a journal that does not read; a daemon must not wait.
 */
#ifndef SWIMD_BASE_JOURNAL_H
#define SWIMD_BASE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define JOURNAL_ENTRY_MAX 40960

struct journal_entry {
	size_t len;
	char bytes[JOURNAL_ENTRY_MAX]; /* need not be cleared */
};

void journal_begin(struct journal_entry *);
/*
 * Add one field.  Its name is the prefix and the key: letters become capitals, digits stay, and every other character
 * becomes '_'. The value may be any bytes.  A field that does not fit is left out.
 */
void journal_put(struct journal_entry *, const char *prefix, const char *key, const void *value,
    size_t len);
/*
 * Send the entry to the journal. *fd is a socket for this: the function makes the socket when *fd is -1, and the
 * caller closes it.  Never waits; returns false when there is no journal at this path or when the journal does not
 * take the entry now.
 */
bool journal_send(const struct journal_entry *, const char *path, int *fd);

#endif
