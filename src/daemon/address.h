/* SPDX-License-Identifier: MIT */
/* Resolves the host:port texts of the configuration to numeric addresses.  For the start only: a lookup blocks. */
#ifndef SWIMD_DAEMON_ADDRESS_H
#define SWIMD_DAEMON_ADDRESS_H

#include "base/addr.h"

/*
 * Stores the first IPv4 or IPv6 address of `hostport` in *out; a text without a port gets `default_port`.  A wildcard
 * address is an error unless `wildcard` is true.  `key` is the configuration key that error texts name.  Returns 0, or
 * an exit status (sysexits.h) with the error text in `fault` (FAULT_MAX bytes).
 */
int address_resolve(const char *key, const char *hostport, int default_port, bool wildcard,
    struct swim_addr *out, char *fault);

/*
 * Writes into `fault` (FAULT_MAX bytes) why bind() to `hostport`, on `device` ("": on none), failed with the errno
 * `error`, and what to do about it.  Returns the exit status.
 */
int address_bind_fault(const char *hostport, const char *device, int error, char *fault);

#endif
