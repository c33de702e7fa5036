/* SPDX-License-Identifier: MIT */
/*
 * Parsing of a line that the daemon sends, a response or a notification.  Integers of the daemon go up to 2^64-1, those of
 * jansson up to 2^63-1.  So larger integers are read as strings of digits, and --json prints the bytes of the line.
 */
#ifndef SWIMD_CTL_REPLY_H
#define SWIMD_CTL_REPLY_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

struct reply {
	json_t *root; /* the object on the line; integers too large for jansson are strings */
	/* The fields of root with these names, borrowed from root; NULL: root has no such field. */
	json_t *result, *error, *params;
	const char *line; /* the caller's */
	size_t len;       /* of line, in bytes */
};

/* Parse one line, which must outlive the reply.  Returns 0, -EPROTO (the line is no JSON object) or -ENOMEM. */
int reply_parse(struct reply *, const char *line, size_t len);
/*
 * Parse a line of a subscription in the same way.  Returns -EPROTO also if the line is no notification, or an event whose
 * params are no object.  If the notification is no event, params is NULL.
 */
int reply_parse_event(struct reply *, const char *line, size_t len);
void reply_fini(struct reply *);

/* The text of a field of root, byte for byte, in the caller's line; NULL: root has no such field. */
const char *reply_text(const struct reply *, const char *key, size_t *len);
/* Print the text of a field of root and a newline; nothing if root has no such field. */
void reply_print(const struct reply *, const char *key, FILE *);

/*
 * Copy JSON text, with a string in place of each integer that jansson cannot hold.  Text that is not JSON does not become
 * JSON.  The caller frees the copy; NULL: out of memory.
 */
char *reply_exact(const char *text, size_t len, size_t *out_len);

#endif
