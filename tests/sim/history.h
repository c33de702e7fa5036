/* SPDX-License-Identifier: MIT */
/*
 * What may change inside of a core from one call to the next, and what it may hold at all, given what really
 * happened: who its members are, who accused them, and that a rumour counts as sent when it was.
 */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "core/swim.h"
#include "sim/check.h"
#include "sim/facts.h"

struct history;

struct history *history_new(struct facts *);
void history_free(struct history *);
/* Another core begins: nothing is remembered. */
void history_begin(struct history *);
/* Between two looks: what came in, and what went out. */
void history_received(struct history *, const struct swim *, const void *data, size_t len);
void history_sent(struct history *, const struct swim *, const struct swim_datagram *);
/* After every call: what it says of itself becomes a fact.  True: something is wrong, see `why`. */
bool history_own(struct history *, const struct swim *, char *why, size_t size);
/* After every call, or never: compares with the last look. */
bool history_look(struct history *, const struct swim *, const struct check *, char *why,
    size_t size);

#endif
