/* SPDX-License-Identifier: MIT */
/* What must hold inside of a core at every moment, and no report shows. */
#ifndef SIM_INSPECT_H
#define SIM_INSPECT_H

#include <stddef.h>

#include "core/swim.h"

/* The first thing that is wrong, into `why`; false if nothing is. */
bool inspect(const struct swim *, char *why, size_t size);
/* The same, of a core at rest: nothing is under way in it but a probe. */
bool inspect_rest(const struct swim *, char *why, size_t size);
/* Until the core forgets the next removal that it remembers, by its own clock; false: it remembers none. */
bool inspect_forgets_in(const struct swim *, swim_duration *out);
/* A digest of the removals that it remembers; 0: none. */
uint64_t inspect_removals(const struct swim *);
/* How many questions silence takes at it. */
unsigned inspect_questions(const struct swim *);

#endif
