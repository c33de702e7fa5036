/* SPDX-License-Identifier: MIT */
#include "base/rng.h"

#include <assert.h>

static uint64_t
rng_splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t
rng_rotl(uint64_t x, unsigned k)
{
	return x << k | x >> (64 - k);
}

void
rng_init(struct rng *r, uint64_t seed)
{
	/* splitmix64 never yields four zeros in a row, the only state that xoshiro cannot leave. */
	for (size_t i = 0; i < 4; i++)
		r->s[i] = rng_splitmix64(&seed);
}

uint64_t
rng_u64(struct rng *r)
{
	uint64_t *s = r->s;
	const uint64_t result = rng_rotl(s[1] * 5, 7) * 9;
	const uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rng_rotl(s[3], 45);
	return result;
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
	uint64_t floor, v;

	assert(n > 0);
	/* Draws below 2^64 mod n would make small results more likely, so they are drawn again. */
	floor = (0 - n) % n;
	do {
		v = rng_u64(r);
	} while (v < floor);
	return v % n;
}

double
rng_unit(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}
