/* SPDX-License-Identifier: MIT */
/* Copies for the outside. */
#ifndef SWIMD_CORE_REPORT_H
#define SWIMD_CORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct member;
struct swim;

void report_member(const struct swim *, const struct member *, struct swim_report *out);

#endif
