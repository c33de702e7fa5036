/* SPDX-License-Identifier: MIT */
/* The output of --trace: one line for each datagram, event and change of the world, in virtual time. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "sim/world.h"

void trace_datagram(const struct world *, unsigned from, unsigned to, unsigned copies,
    const void *data, size_t len);
void trace_event(const struct world *, unsigned observer, const struct swim_event *);
void trace_note(const struct world *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
