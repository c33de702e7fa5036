/* SPDX-License-Identifier: MIT */
/* From the host:port of the configuration to numeric addresses, at start only: this may block. */
#ifndef SWIMD_DAEMON_ADDRESS_H
#define SWIMD_DAEMON_ADDRESS_H

#include "base/addr.h"

/*
 * The first address of host:port, without a port the default one; a `wildcard` only where it will do.  `key` is
 * what messages call it.  Returns 0, or the exit status that the fault is worth with `fault` (FAULT_MAX bytes)
 * set.
 */
int address_resolve(const char *key, const char *hostport, int default_port, bool wildcard,
    struct swim_addr *out, char *fault);

/* The same for why binding to it failed with this errno. */
int address_bind_fault(const char *hostport, const char *device, int error, char *fault);

#endif
