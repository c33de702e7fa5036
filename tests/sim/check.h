/* SPDX-License-Identifier: MIT */
/*
 * The invariants: what must hold of every observer's events and reports at every moment, whatever the
 * network and the other nodes do.  The checker replays the events of each observer into a model of its
 * own and compares that with the reports.  It knows nothing of the simulated world, so that a unit test
 * can show that each rule catches its breach.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct check;

/* Told of each breach; `text` says which observer, which member, what was and what is. */
typedef void check_breach(void *ctx, const char *text);

struct check *check_new(unsigned observers, check_breach *, void *ctx);
void check_free(struct check *);

/*
 * The observer begins a life under this name with this incarnation.  With its state kept the
 * incarnation must be above all of its earlier ones.
 */
void check_life(struct check *, unsigned observer, const char *name, uint64_t incarnation,
    bool kept_state);
/* Has it as many members as it may?  Then one that lives may be removed for another. */
void check_full(struct check *, unsigned observer, bool full);
/* The observer told this. */
void check_event(struct check *, unsigned observer, const struct swim_event *);
/* All events are told: compare the reports with the model. */
void check_view(struct check *, unsigned observer, const struct swim *, size_t max_members);
/* The same for one report; check_view calls it for each. */
void check_report(struct check *, unsigned observer, const struct swim_report *);
void check_own(struct check *, unsigned observer, const struct swim_report *self, bool leaving);
void check_datagram(struct check *, unsigned observer, size_t len, size_t max_datagram);

/*
 * Incarnations of these are made by others than their owner: by a peer that isn't observed, or by a
 * forger on purpose.  "*" for all.
 */
void check_foreign(struct check *, const char *name);
/* Base peers were told the end of this one at this incarnation, which may be above all that it ever had. */
void check_end(struct check *, const char *name, uint64_t incarnation);
/* It is an observer of ours, and nobody else makes incarnations of it. */
bool check_is_owned(const struct check *, const char *name, size_t len);

/* "joined", "suspected", ...; static. */
const char *check_event_name(enum swim_event_type);

#endif
