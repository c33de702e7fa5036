/* SPDX-License-Identifier: MIT */
/*
 * The experiment "sharp": how long may a member be cut off or stand still until others tell that it has failed, and how long
 * does it take until all tell of a crash?  One fault after another happens to random members of one running cluster.
 */
#ifndef SIM_SHARP_H
#define SIM_SHARP_H

#include <stdint.h>

/*
 * Run the trials of one point, for example "profile=lan,members=100,cut=2.0,loss=0.1,trials=1000"; sharp.c lists the keys.
 * Prints one line for each trial, and figures of the whole.  Ends the program if the point is not valid.
 */
void sharp_run(const char *point, uint64_t seed);

#endif
