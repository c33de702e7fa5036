/* SPDX-License-Identifier: MIT */
/* Datagrams of other clusters. */
#ifndef SWIMD_CORE_FOREIGN_H
#define SWIMD_CORE_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct swim;

/*
 * Handle a valid datagram of `len` bytes of another cluster: answer a ping with our cluster's name, or note that a
 * seed is of another cluster.
 */
void foreign_heard(struct swim *, const struct wire_message *, const struct swim_addr *from,
    size_t len);

#endif
