/* SPDX-License-Identifier: MIT */
/* The table of members, which `swimctl members` and `swimctl status` print. */
#ifndef SWIMD_CTL_MEMBER_LIST_H
#define SWIMD_CTL_MEMBER_LIST_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ctl.h"

/* Print a list of member objects as a table in ctl's format.  False: out of memory. */
bool member_list_print(const struct ctl *, json_t *list);

#endif
