/* SPDX-License-Identifier: MIT */
#include "daemon/random.h"

#include <stdlib.h>

uint64_t
random_draw(void *ctx)
{
	struct random_pool *pool = ctx;
	uint64_t number;

	if (pool->left == 0) {
		arc4random_buf(pool->numbers, sizeof(pool->numbers));
		pool->left = RANDOM_POOL;
	}
	number = pool->numbers[--pool->left];
	pool->numbers[pool->left] = 0;
	return number;
}
