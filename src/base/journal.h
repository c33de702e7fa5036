/* SPDX-License-Identifier: MIT */
/*
 * Entries for the journal, in its native protocol: a datagram of fields, to a socket at a well-known path.
 * sd_journal_sendv, which does the same, waits for a journal that stands still; a daemon must not.
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
 * One field.  The prefix and the key make its name: letters and digits, which become capitals, and what else
 * there is, which becomes '_'.  The value may be any bytes.  A field that does not fit is left out.
 */
void journal_put(struct journal_entry *, const char *prefix, const char *key, const void *value,
    size_t len);
/*
 * Hand it over.  *fd is a socket for this, made here when it is -1, and the caller's to close.  False, at once,
 * when there is no journal at this path or it does not take the entry now.
 */
bool journal_send(const struct journal_entry *, const char *path, int *fd);

#endif
