/* SPDX-License-Identifier: MIT */
#include "base/status.h"

#include <stddef.h>
#include <string.h>

const char *
swim_status_name(enum swim_status status)
{
	switch (status) {
	case SWIM_ALIVE:
		return "alive";
	case SWIM_SUSPECT:
		return "suspect";
	case SWIM_DEAD:
		return "dead";
	case SWIM_LEFT:
		return "left";
	}
	__builtin_unreachable();
}

bool
swim_status_parse(const char *name, enum swim_status *out)
{
	static const enum swim_status all[SWIM_STATUS_COUNT] = {SWIM_ALIVE, SWIM_SUSPECT, SWIM_DEAD,
	    SWIM_LEFT};

	for (size_t i = 0; i < SWIM_STATUS_COUNT; i++) {
		if (strcmp(name, swim_status_name(all[i])) == 0) {
			*out = all[i];
			return true;
		}
	}
	return false;
}
