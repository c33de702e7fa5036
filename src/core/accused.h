/* SPDX-License-Identifier: MIT */
/* Accusations of us: which members have found us silent, and whether they count. */
#ifndef SWIMD_CORE_ACCUSED_H
#define SWIMD_CORE_ACCUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "wire/wire.h"

struct input;
struct swim;

/* One accusation of us. */
struct accusal {
	uint64_t accuser;     /* hash of the accuser's name */
	uint64_t incarnation; /* of ours that is accused */
	swim_time at;         /* when we heard it */
	bool taken;           /* false: this record is free */
};
#define ACCUSALS_MAX 8

/* Note the accusers in an update about us.  Two healthy ones raise the local health multiplier. */
void accused_note(struct swim *, const struct input *, const struct wire_update *);

#endif
