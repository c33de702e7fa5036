/* SPDX-License-Identifier: MIT */
/* An assertion for fuzzers, which NDEBUG does not remove. */
#ifndef SWIMD_TESTS_SUPPORT_REQUIRE_H
#define SWIMD_TESTS_SUPPORT_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define require(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: requirement failed: %s\n", __FILE__, __LINE__,     \
			    #condition);                                                           \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
