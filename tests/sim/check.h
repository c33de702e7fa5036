/* SPDX-License-Identifier: MIT */
/*
 * An oracle for the events and reports of each observer: invariants that hold at every moment, whatever the network and the
 * other nodes do.  The checker replays the events of an observer into a model, and compares the model with the reports.  The
 * checker knows nothing of the simulated world, so that a unit test can show which breach each invariant catches.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct check;

/* Called for each breach; `text` names the observer and the member, and says what is wrong. */
typedef void check_breach(void *ctx, const char *text);

struct check *check_new(unsigned observers, check_breach *, void *ctx);
void check_free(struct check *);

/*
 * The observer starts under this name at this incarnation.  If it has kept its state, the incarnation must be above all
 * incarnations that the name had before.
 */
void check_life(struct check *, unsigned observer, const char *name, uint64_t incarnation,
    bool kept_state);
/* Whether the table of the observer is full: then the observer may remove a live member to make room. */
void check_full(struct check *, unsigned observer, bool full);
/* Check an event that the observer told. */
void check_event(struct check *, unsigned observer, const struct swim_event *);
/* Compare all reports of the observer with the model, once all its events have been checked. */
void check_view(struct check *, unsigned observer, const struct swim *, size_t max_members);
/* Compare one report with the model; check_view calls this for each report. */
void check_report(struct check *, unsigned observer, const struct swim_report *);
/* Check the report of the observer about itself. */
void check_own(struct check *, unsigned observer, const struct swim_report *self, bool leaving);
/* Check the length of a datagram that the observer sends, in bytes. */
void check_datagram(struct check *, unsigned observer, size_t len, size_t max_datagram);

/*
 * From now on others than the member of this name may raise its incarnation: a base peer, or a scenario that forges updates.
 * "*" stands for all members.
 */
void check_foreign(struct check *, const char *name);
/* Base peers were told of a death of this member at this incarnation, which the member itself may never have had. */
void check_end(struct check *, const char *name, uint64_t incarnation);
/* Is this the name of an observer whose incarnation nobody else may raise? */
bool check_is_owned(const struct check *, const char *name, size_t len);

/* "joined", "suspected", ...; static. */
const char *check_event_name(enum swim_event_type);

#endif
