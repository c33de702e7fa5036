/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON text into one growing buffer.  swimd writes its answers and events with this emitter and not with
 * jansson, since jansson's integers are signed 64-bit integers, but an incarnation may be up to 2^64-1, and since
 * a list of 10,000 members would need 100,000 small allocations.
 *
 * Each function that writes a value takes its key, or NULL inside a list and at the top.  When memory runs out,
 * the emitter sets `failed` and writes nothing more, and emit_take returns NULL.
 */
#ifndef SWIMD_CONTROL_EMIT_H
#define SWIMD_CONTROL_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emit {
	char *text;  /* not NUL-terminated */
	size_t len;  /* bytes of text */
	size_t cap;  /* bytes allocated for text */
	bool comma;  /* a comma is needed before the next key or value */
	bool failed; /* memory ran out */
};

void emit_init(struct emit *);
/* Free the text, and leave the emitter as emit_init does. */
void emit_fini(struct emit *);
/*
 * Give the text, which the caller frees, and its length; NULL: out of memory.  Leaves the emitter as emit_init
 * does.
 */
char *emit_take(struct emit *, size_t *len);

void emit_object(struct emit *, const char *key);
void emit_object_end(struct emit *);
void emit_array(struct emit *, const char *key);
void emit_array_end(struct emit *);

void emit_null(struct emit *, const char *key);
void emit_bool(struct emit *, const char *key, bool);
void emit_int(struct emit *, const char *key, int64_t);
void emit_uint(struct emit *, const char *key, uint64_t);
/* Write value / 10^digits exactly, without trailing zeros: (1230, 3) is 1.23.  digits <= 9. */
void emit_fixed(struct emit *, const char *key, int64_t value, unsigned digits);
/*
 * Write a string.  A byte that is not UTF-8 becomes U+FFFD.  Characters that a terminal could obey (DEL, C1,
 * bidirectional overrides, line separators) are written as \uXXXX like those that JSON requires to be escaped: a
 * parser reads the same string, and a user may show the output of the socket on a terminal.
 */
void emit_string(struct emit *, const char *key, const char *nul_terminated);
void emit_bytes(struct emit *, const char *key, const char *text, size_t len);
/* Write a time, given in nanoseconds since the epoch, as RFC 3339 has it, in UTC with milliseconds. */
void emit_time(struct emit *, const char *key, int64_t wall_ns);
/* Write a value that is JSON text. */
void emit_json(struct emit *, const char *key, const char *json);

/* Write text or a number without comma and key: for output that is not JSON (metrics), and for newlines. */
void emit_raw(struct emit *, const char *nul_terminated);
void emit_raw_bytes(struct emit *, const char *, size_t);
void emit_raw_uint(struct emit *, uint64_t);
void emit_raw_fixed(struct emit *, int64_t value, unsigned digits);

#endif
