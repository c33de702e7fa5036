/* SPDX-License-Identifier: MIT */
/* An oracle for the inside of a core: what must hold at every moment and is in no report. */
#ifndef SIM_INSPECT_H
#define SIM_INSPECT_H

#include <stddef.h>

#include "core/swim.h"

/* True: a fault was found, and `why` says which. */
bool inspect(const struct swim *, char *why, size_t size);
/* The core is said to be at rest.  True: more than a probe is under way, and `why` names it. */
bool inspect_rest(const struct swim *, char *why, size_t size);
/* The time until the core forgets its next removal, by its own clock.  False: the core remembers no removal. */
bool inspect_forgets_in(const struct swim *, swim_duration *out);
/* The digest of the removals that the core remembers; 0: none. */
uint64_t inspect_removals(const struct swim *);
/* How many questions in a row a member has to leave unanswered before the core takes it for silent. */
unsigned inspect_questions(const struct swim *);

#endif
