/* SPDX-License-Identifier: MIT */
/* Datagrams of other clusters. */
#ifndef SWIMD_CORE_FOREIGN_H
#define SWIMD_CORE_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct swim;

/* A valid datagram of `len` bytes that belongs to another cluster. */
void foreign_heard(struct swim *, const struct wire_message *, const struct swim_addr *from,
    size_t len);

#endif
