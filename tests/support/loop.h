/* SPDX-License-Identifier: MIT */
/* For tests with an event loop: run the loop until a condition holds, or until the timeout of the test. */
#ifndef SWIMD_TESTS_SUPPORT_LOOP_H
#define SWIMD_TESTS_SUPPORT_LOOP_H

#include <event2/event.h>

#include "base/addr.h"
#include "support/unit.h"

#define LOOP_UNTIL(base, condition)                                                                \
	do {                                                                                       \
		while (!(condition))                                                               \
			ck_assert_msg(event_base_loop((base), EVLOOP_ONCE) == 0,                   \
			    "the loop has no events, and this does not hold: %s", #condition);     \
	} while (0)

/* Run the loop once without waiting. */
#define LOOP_ONCE(base) event_base_loop((base), EVLOOP_ONCE | EVLOOP_NONBLOCK)

static inline struct swim_addr
loop_addr(const char *host, uint16_t port)
{
	struct swim_addr addr;

	ck_assert_msg(swim_addr_from_host(host, port, &addr), "%s is no address", host);
	return addr;
}

#endif
