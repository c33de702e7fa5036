/* SPDX-License-Identifier: MIT */
/*
 * An oracle that compares a core with its state at the last look and with the facts (facts.h): records and accusations that
 * the core holds are true, no record goes back, and a rumour counts only what was really sent or heard.
 */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "core/swim.h"
#include "sim/check.h"
#include "sim/facts.h"

struct history;

struct history *history_new(struct facts *);
void history_free(struct history *);
/* A new core begins: forget the last look. */
void history_begin(struct history *);
/* Between two looks: count the updates in a datagram that the core received or sent. */
void history_received(struct history *, const struct swim *, const void *data, size_t len);
void history_sent(struct history *, const struct swim *, const struct swim_datagram *);
/* After every call: add the core's own record to the facts.  True: the core broke a rule, and `why` says how. */
bool history_own(struct history *, const struct swim *, char *why, size_t size);
/* After every call, or never: compare the core with the last look.  True: as above. */
bool history_look(struct history *, const struct swim *, const struct check *, char *why,
    size_t size);

#endif
