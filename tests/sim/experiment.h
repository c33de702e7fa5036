/* SPDX-License-Identifier: MIT */
/* Experiments: each run prints one line of figures, and nothing passes or fails. */
#ifndef SIM_EXPERIMENT_H
#define SIM_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct swim_timing;

/*
 * Start a cluster for an experiment, and wait up to `seconds` until it has converged.  The caller frees it.  Ends the program if
 * the cluster does not converge.
 */
struct sim *experiment_form(uint64_t seed, unsigned members, const struct swim_timing *,
    double seconds);
/* Run the experiment "interval", "threshold" or "detection", with the whole grid or a small one.  False: unknown name. */
bool experiment_run(const char *name, uint64_t seed, bool small);

#endif
