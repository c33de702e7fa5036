/* SPDX-License-Identifier: MIT */
/*
 * The text of the file "members" in the state directory, from which the next run of this member learns of the others.
 * Writes and parses the text, without I/O.
 *
 *	swimd members 1
 *	of db3 production
 *	alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db1
 *	dead 9 2026-11-23T01:00:00.000Z [2001:db8::8]:7946 db%202
 *	end 2
 *
 * The second line names the owner of the file (daemon/owner.h); files of earlier versions have no such line.  Each further
 * line is a member: status, incarnation, time of the last change of the status, address, name.  In address and name each
 * byte but letters, digits and . _ : - [ ] is written as %XX.  The word "unanswered" follows the name if the member is not
 * known to have answered anybody; earlier versions never wrote that word.
 */
#ifndef SWIMD_DAEMON_MEMBERS_FILE_H
#define SWIMD_DAEMON_MEMBERS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "core/swim.h"
#include "daemon/owner.h"

/* Bytes of the largest file that is read; SWIM_MEMBERS_DEFAULT members with the longest names need less. */
#define MEMBERS_FILE_MAX (64 * 1024 * 1024)

struct members_entry {
	char name[SWIM_NAME_MAX + 1];
	uint16_t name_len;
	char address[SWIM_HOSTPORT_MAX + 1];
	enum swim_status status;
	uint64_t incarnation;
	int64_t since_ms; /* when the status last changed, in milliseconds since the epoch */
	bool unanswered;  /* the member is not known to have answered anybody */
};

/* A text that is being written; a zeroed one is empty.  The caller frees `bytes`. */
struct members_text {
	char *bytes;
	size_t len, cap; /* bytes written and allocated */
	size_t entries;
	bool failed; /* out of memory */
};
/* Writes the head of the text: call once, before the first entry. */
void members_file_begin(struct members_text *, const struct owner *self);
/* Appends one entry. */
void members_file_put(struct members_text *, const struct members_entry *);
/* Writes the end of the text: call once, after the last entry. */
void members_file_end(struct members_text *);

struct members_list {
	struct owner owner;            /* the owner of the file, if the file names one */
	struct members_entry *entries; /* the caller frees them */
	size_t count;
	size_t bad_lines; /* lines that were ignored */
	size_t first_bad; /* number of the first of them; 0: none */
	const char *why;  /* why the first of them was ignored (static); NULL: none */
};
/* Parses the text into *out.  Further entries than `max` count as bad lines.  False: out of memory. */
bool members_file_parse(const char *text, size_t len, size_t max, struct members_list *out);

#endif
