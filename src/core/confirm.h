/* SPDX-License-Identifier: MIT */
/* Probing those whom others suspect. */
#ifndef SWIMD_CORE_CONFIRM_H
#define SWIMD_CORE_CONFIRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/question.h"
#include "core/swim.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

/* A probe of a fresh suspect, by one of the few that are chosen to confirm or not. */
struct confirm {
	struct member *target; /* NULL: free */
	struct question question;
	swim_time next; /* sent again, or taken for silent */
	unsigned most;
};
#define CONFIRMS_MAX 64

/* Others suspect m: if it falls to us, probe it ourselves, at once. */
void confirm_start(struct swim *, struct member *m);
void confirm_forget(struct swim *, const struct member *);
void confirm_stalled(struct swim *);
/* The suspect lives, and we do not accuse it; the tries before the one that is answered count as lost. */
struct answer confirm_answered(struct swim *, const struct input *, struct question *);
void confirm_tick(struct swim *, const struct input *);
swim_time confirm_deadline(const struct swim *);

#endif
