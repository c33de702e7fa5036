/* SPDX-License-Identifier: MIT */
#include "daemon/random.h"

#include <stdlib.h>

uint64_t
random_draw(void *pool)
{
	struct random_pool *p = pool;
	uint64_t number;

	if (p->left == 0) {
		arc4random_buf(p->numbers, sizeof(p->numbers));
		p->left = RANDOM_POOL;
	}
	number = p->numbers[--p->left];
	p->numbers[p->left] = 0;
	return number;
}
