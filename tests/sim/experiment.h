/* SPDX-License-Identifier: MIT */
/* Experiments: they print figures, one line a run, and judge nothing. */
#ifndef SIM_EXPERIMENT_H
#define SIM_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>

/* "interval", "threshold" or "detection", of the whole grid or of a small one; false: there is none of that name. */
bool experiment_run(const char *name, uint64_t seed, bool small);

#endif
