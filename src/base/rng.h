/* SPDX-License-Identifier: MIT */
/*
 * A small seeded generator (xoshiro256**, Blackman and Vigna 2018, seeded through splitmix64): the same seed gives
 * the same run on every machine.  Do not use it for secrets: a few of its numbers are enough to compute all others.
 */
#ifndef SWIMD_BASE_RNG_H
#define SWIMD_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

void rng_init(struct rng *, uint64_t seed);
uint64_t rng_u64(struct rng *);
/* Uniform in [0, n), without modulo bias; n > 0. */
uint64_t rng_below(struct rng *, uint64_t n);
/* Uniform in [0, 1). */
double rng_unit(struct rng *);

#endif
