/* SPDX-License-Identifier: MIT */
/*
 * The file of members in the state directory, as text: what another run of this member is to know of the
 * others.  No I/O here.
 *
 *	swimd members 1
 *	of db3 production
 *	alive 3 2026-11-23T01:02:03.412Z 10.0.0.7:7946 db1
 *	dead 9 2026-11-23T01:00:00.000Z [2001:db8::8]:7946 db%202
 *	end 2
 *
 * That is: whose file it is (daemon/owner.h; files that earlier versions wrote do not say), then status, incarnation, since
 * when, address, name.  In the last two everything but letters, digits and . _ : - [ ] stands as %XX.  The word
 * "unanswered" follows the name of a member that is not known to have answered anybody; earlier versions never wrote it.
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

/* Larger files are none of ours: SWIM_MEMBERS_DEFAULT members with the longest names are below. */
#define MEMBERS_FILE_MAX (64 * 1024 * 1024)

struct members_entry {
	char name[SWIM_NAME_MAX + 1];
	uint16_t name_len;
	char address[SWIM_HOSTPORT_MAX + 1];
	enum swim_status status;
	uint64_t incarnation;
	int64_t since_ms; /* wall clock, since the epoch */
	bool unanswered;  /* it is not known to have answered anybody */
};

/* The text as it grows; zeroed is empty.  The caller frees `bytes`. */
struct members_text {
	char *bytes;
	size_t len, cap;
	size_t entries;
	bool failed; /* out of memory */
};
/* Once, before the first one. */
void members_file_begin(struct members_text *, const struct owner *self);
void members_file_put(struct members_text *, const struct members_entry *);
/* Once, after the last one. */
void members_file_end(struct members_text *);

struct members_list {
	struct owner owner;            /* whose file it is, where it says so */
	struct members_entry *entries; /* the caller frees */
	size_t count;
	/* Lines that could not be used; the first one's number and why (static), 0 and NULL if there is none. */
	size_t bad_lines, first_bad;
	const char *why;
};
/* At most `max` entries: what is beyond is a bad line.  False: out of memory. */
bool members_file_parse(const char *text, size_t len, size_t max, struct members_list *out);

#endif
