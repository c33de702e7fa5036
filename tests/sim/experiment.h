/* SPDX-License-Identifier: MIT */
/* Experiments: each run prints one line of figures, and nothing passes or fails. */
#ifndef SIM_EXPERIMENT_H
#define SIM_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>

/* Run the experiment "interval", "threshold" or "detection", with the whole grid or a small one.  False: unknown name. */
bool experiment_run(const char *name, uint64_t seed, bool small);

#endif
