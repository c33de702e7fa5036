/* SPDX-License-Identifier: MIT */
/*
 * What the daemon sends, read without losing a digit: JSON integers go to 2^64-1 here and jansson's end at
 * 2^63-1, so larger ones are read as strings of digits, and --json prints the daemon's own bytes.
 */
#ifndef SWIMD_CTL_REPLY_H
#define SWIMD_CTL_REPLY_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

struct reply {
	json_t *root; /* an object; integers beyond jansson's range are strings in it */
	/* Members of root, borrowed; NULL where there is none. */
	json_t *result, *error, *params;
	const char *line; /* the caller's */
	size_t len;
};

/* Parse one line, which must outlive the reply.  0, -EPROTO when it is not a JSON object, -ENOMEM. */
int reply_parse(struct reply *, const char *line, size_t len);
/*
 * The same of a line of a subscription: -EPROTO as well when it is no notification, or an event without an object of
 * params.  Where it is another notification than an event, params is NULL.
 */
int reply_parse_event(struct reply *, const char *line, size_t len);
void reply_fini(struct reply *);

/*
 * The text of a top-level member of the line, byte for byte; NULL if there is none of that name.
 */
const char *reply_text(const struct reply *, const char *key, size_t *len);
/* Print that text, if there is one, as a line. */
void reply_print(const struct reply *, const char *key, FILE *);

/*
 * A copy of JSON text, every integer that does not fit jansson's written as a string instead; the caller
 * frees it.  Text that is not JSON stays not JSON.  NULL without memory.
 */
char *reply_exact(const char *text, size_t len, size_t *out_len);

#endif
