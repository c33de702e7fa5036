/* SPDX-License-Identifier: MIT */
/* Draws unpredictable random numbers of the system, RANDOM_POOL at a time, so that few draws cost a system call. */
#ifndef SWIMD_DAEMON_RANDOM_H
#define SWIMD_DAEMON_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_POOL 32 /* numbers */

/* A zeroed pool is empty. */
struct random_pool {
	uint64_t numbers[RANDOM_POOL]; /* those drawn already are 0 */
	size_t left;                   /* numbers not drawn yet */
};

/* Returns 64 random bits.  For struct swim_random: `pool` is a struct random_pool. */
uint64_t random_draw(void *pool);

#endif
