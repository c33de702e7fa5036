/* SPDX-License-Identifier: MIT */
/* Which members accuse us, and whether they count. */
#ifndef SWIMD_CORE_ACCUSED_H
#define SWIMD_CORE_ACCUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "wire/wire.h"

struct input;
struct swim;

/* An accusation: another member has found us silent. */
struct accusal {
	uint64_t accuser; /* hash of its name */
	uint64_t incarnation;
	swim_time at;
	bool taken; /* false: this place is free */
};
#define ACCUSALS_MAX 8

/* This update is about us: if it accuses us, note its accusers. */
void accused_note(struct swim *, const struct input *, const struct wire_update *);

#endif
