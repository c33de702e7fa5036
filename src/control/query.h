/* SPDX-License-Identifier: MIT */
/* The handlers of the methods that change nothing. */
#ifndef SWIMD_CONTROL_QUERY_H
#define SWIMD_CONTROL_QUERY_H

#include "control/method.h"

method_handler query_info, query_members, query_member, query_health, query_metrics,
    query_subscribe, query_links, query_discovery;

#endif
