/* SPDX-License-Identifier: MIT */
/* Static seeds as a source of peers. */
#ifndef SWIMD_DISCOVERY_SEEDS_H
#define SWIMD_DISCOVERY_SEEDS_H

#include "discovery/source.h"

/* NULL when memory is short. */
struct discovery_source *seeds_new(void);
/* Replace the seeds: see discovery_set_seeds. */
enum swim_error seeds_set(struct discovery_source *, swim_time now, const char *const *wanted,
    size_t count);

#endif
