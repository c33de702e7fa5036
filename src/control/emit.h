/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON text, straight into one growing buffer.  All that swimd says in JSON goes through here and
 * not through jansson's values: those hold signed 64-bit integers only, while an incarnation may be up to
 * 2^64-1, and a list of 10,000 members would first become 100,000 small allocations.
 *
 * Every value function takes the key that it stands under, or NULL inside a list and at the top.  When
 * memory runs out, `failed` is set, nothing more is written, and emit_take yields NULL.
 */
#ifndef SWIMD_CONTROL_EMIT_H
#define SWIMD_CONTROL_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emit {
	char *text; /* not NUL-terminated */
	size_t len, cap;
	bool comma; /* the next key or value needs one before it */
	bool failed;
};

void emit_init(struct emit *);
void emit_fini(struct emit *);
/* The text, which the caller frees, and its length; NULL if memory ran out.  Leaves the emitter as emit_init. */
char *emit_take(struct emit *, size_t *len);

void emit_object(struct emit *, const char *key);
void emit_object_end(struct emit *);
void emit_array(struct emit *, const char *key);
void emit_array_end(struct emit *);

void emit_null(struct emit *, const char *key);
void emit_bool(struct emit *, const char *key, bool);
void emit_int(struct emit *, const char *key, int64_t);
void emit_uint(struct emit *, const char *key, uint64_t);
/* value / 10^digits, exactly, without trailing zeros: (1230, 3) is 1.23.  digits <= 9. */
void emit_fixed(struct emit *, const char *key, int64_t value, unsigned digits);
/*
 * A string.  What is not UTF-8 becomes U+FFFD.  Besides what JSON asks for, characters that could hurt a
 * terminal (DEL, C1, bidirectional overrides, line separators) are written as \uXXXX: the same string to
 * every parser, and harmless to whoever looks at the socket with socat alone.
 */
void emit_string(struct emit *, const char *key, const char *nul_terminated);
void emit_bytes(struct emit *, const char *key, const char *text, size_t len);
/* Nanoseconds since the epoch as RFC 3339, UTC, with milliseconds. */
void emit_time(struct emit *, const char *key, int64_t wall_ns);
/* A value that is JSON already. */
void emit_json(struct emit *, const char *key, const char *json);

/* Text as it is, without comma or key: for what is not JSON (metrics), and for line ends. */
void emit_raw(struct emit *, const char *nul_terminated);
void emit_raw_bytes(struct emit *, const char *, size_t);
void emit_raw_uint(struct emit *, uint64_t);
void emit_raw_fixed(struct emit *, int64_t value, unsigned digits);

#endif
