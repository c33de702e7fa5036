/* SPDX-License-Identifier: MIT */
/* Random numbers of the system, which nobody can foretell, drawn some at a time: one call of the kernel for many. */
#ifndef SWIMD_DAEMON_RANDOM_H
#define SWIMD_DAEMON_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_POOL 32

/* Zeroed is empty. */
struct random_pool {
	uint64_t numbers[RANDOM_POOL];
	size_t left;
};

/* For struct swim_random, with the pool as its context. */
uint64_t random_draw(void *pool);

#endif
