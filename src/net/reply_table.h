/* SPDX-License-Identifier: MIT */
/*
 * Remembers to which of our addresses each peer sent its last datagram, so that the answer leaves from that address.
 * On a socket bound to a wildcard the kernel would choose the address by its routes, and the peer (and a firewall
 * before it) would not accept an answer from another address.
 *
 * The table is bounded and has no chains.  When another peer takes the place of a peer, that peer is answered from
 * the kernel's choice, which is right on all machines but those with several addresses on one network.  An entry
 * stays after an answer was sent: an answer may leave much later (to a ping-req), and also what we send unasked has
 * to leave from the address that the peer knows.
 */
#ifndef SWIMD_NET_REPLY_TABLE_H
#define SWIMD_NET_REPLY_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>

#include "base/addr.h"

#define REPLY_SLOTS 1024 /* a power of two */

struct reply_table;
/* `seed` keeps outsiders from choosing peers that share a place.  Returns NULL when memory is short. */
struct reply_table *reply_table_new(uint64_t seed);
void reply_table_free(struct reply_table *);

/* Note that a datagram from this peer came in for this local address (IPv4-mapped where IPv4) and interface. */
void reply_table_learn(struct reply_table *, const struct swim_addr *peer,
    const struct in6_pktinfo *local);
/* Returns the local address and interface to send from, or NULL when they are not known. */
const struct in6_pktinfo *reply_table_find(const struct reply_table *,
    const struct swim_addr *peer);
/* Forget a local address that this machine no longer has. */
void reply_table_forget(struct reply_table *, const struct swim_addr *peer);

#endif
