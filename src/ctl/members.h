/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_CTL_MEMBERS_H
#define SWIMD_CTL_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ctl.h"

/* A list of members as a table in ctl's format; false without memory. */
bool members_print(const struct ctl *, json_t *list);

#endif
