/* SPDX-License-Identifier: MIT */
/*
 * From which of our addresses a peer is answered: the one that it sent to.  On a socket bound to a
 * wildcard the kernel would choose by its routes, and an answer from another address is not one to the peer
 * (nor does a firewall let it in).
 *
 * A bounded table without chains: a peer whose place is taken by another is answered from the kernel's choice,
 * which is right on all but machines with several addresses on one network.  It is a memory, not a queue: an
 * answer may come much later (a ping-req's), and what we send on our own leaves from the address at
 * which that peer knows us.
 */
#ifndef SWIMD_NET_REPLY_TABLE_H
#define SWIMD_NET_REPLY_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>

#include "base/addr.h"

#define REPLY_SLOTS 1024 /* a power of two */

struct reply_table;
/* `seed` keeps outsiders from choosing peers that share a place.  NULL when memory is short. */
struct reply_table *reply_table_new(uint64_t seed);
void reply_table_free(struct reply_table *);

/* A datagram from this peer came in for this local address (IPv4-mapped where IPv4) and interface. */
void reply_table_learn(struct reply_table *, const struct swim_addr *peer,
    const struct in6_pktinfo *local);
/* To send from; NULL: not known. */
const struct in6_pktinfo *reply_table_find(const struct reply_table *,
    const struct swim_addr *peer);
/* The address is no longer ours. */
void reply_table_forget(struct reply_table *, const struct swim_addr *peer);

#endif
