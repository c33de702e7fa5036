/* SPDX-License-Identifier: MIT */
/* Reports: copies of what the core knows, for its caller. */
#ifndef SWIMD_CORE_REPORT_H
#define SWIMD_CORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct member;
struct swim;

/* Copy the record of a member. */
void report_member(const struct swim *, const struct member *, struct swim_report *out);

#endif
