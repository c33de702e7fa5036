/* SPDX-License-Identifier: MIT */
/* The hash of 64 bits that tables and digests use. */
#ifndef SWIMD_BASE_HASH_H
#define SWIMD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH64_START UINT64_C(0xcbf29ce484222325)

/*
 * FNV-1a over `len` bytes, continued from h; the first h is HASH64_START. The result is part of the wire format
 * (digests, swimd-wire(7)), so the function is the same on every machine and in every version.
 */
uint64_t hash64_bytes(uint64_t h, const void *data, size_t len);
/* The eight bytes of v, most significant first. */
uint64_t hash64_u64(uint64_t h, uint64_t v);
/* Final mix (splitmix64's), so that every bit of the result depends on every bit of the input. */
uint64_t hash64_end(uint64_t h);

#endif
