/* SPDX-License-Identifier: MIT */
#ifndef SWIMD_CTL_MEMBER_LIST_H
#define SWIMD_CTL_MEMBER_LIST_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ctl.h"

/* A list of members as a table in ctl's format; false without memory. */
bool member_list_print(const struct ctl *, json_t *list);

#endif
