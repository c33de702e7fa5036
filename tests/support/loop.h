/* SPDX-License-Identifier: MIT */
/* For tests on a loop: turn it until something has come true (the test's timeout is the limit). */
#ifndef SWIMD_TESTS_SUPPORT_LOOP_H
#define SWIMD_TESTS_SUPPORT_LOOP_H

#include <event2/event.h>

#include "base/addr.h"
#include "support/unit.h"

#define LOOP_UNTIL(base, condition)                                                                \
	do {                                                                                       \
		while (!(condition))                                                               \
			ck_assert_msg(event_base_loop((base), EVLOOP_ONCE) == 0,                   \
			    "nothing left to wait for, but not: %s", #condition);                  \
	} while (0)

/* One turn, without waiting. */
#define LOOP_ONCE(base) event_base_loop((base), EVLOOP_ONCE | EVLOOP_NONBLOCK)

static inline struct swim_addr
loop_addr(const char *host, uint16_t port)
{
	struct swim_addr addr;

	ck_assert_msg(swim_addr_from_host(host, port, &addr), "%s is no address", host);
	return addr;
}

#endif
