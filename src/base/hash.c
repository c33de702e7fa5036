/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#define FNV_PRIME UINT64_C(0x00000100000001b3)

uint64_t
hash64_bytes(uint64_t h, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * FNV_PRIME;
	return h;
}

uint64_t
hash64_u64(uint64_t h, uint64_t v)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		h = (h ^ (uint8_t)(v >> shift)) * FNV_PRIME;
	return h;
}

uint64_t
hash64_end(uint64_t h)
{
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}
