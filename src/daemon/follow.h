/* SPDX-License-Identifier: MIT */
/*
 * Decides which address of this machine is advertised while addresses come and go.  No I/O: a test passes in what the
 * network looks like.
 *
 * The advertised address is kept as long as the machine has it, with two exceptions: the machine gets an address of a
 * higher rank; or seeds or members are now reached from another address and none from the advertised one, as when their
 * network comes up after swimd.  A default route that moves to another interface changes nothing.  Another address is
 * taken after it has been the best for FOLLOW_SETTLE_MS (more after recent moves), an address of a lower rank after at
 * least FOLLOW_LESSER_MS.  Loopback never replaces another address: no other machine can use loopback, and the old
 * address may come back.
 */
#ifndef SWIMD_DAEMON_FOLLOW_H
#define SWIMD_DAEMON_FOLLOW_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/time.h"
#include "net/route.h"

/* How long another address must be the best before it is taken; each recent move doubles the time. */
#define FOLLOW_SETTLE_MS 500
#define FOLLOW_SETTLE_MAX_MS 16000
/* The least such time for an address of a lower rank than that of the current address. */
#define FOLLOW_LESSER_MS 5000
/* After so long without a move, no move counts as recent. */
#define FOLLOW_QUIET_S 60

struct follow {
	struct swim_addr current;
	enum route_rank rank; /* of `current` when it was chosen, or higher if seen higher since */
	enum route_rank rank_now;   /* of `current` at the last look */
	bool present;               /* `current` was on an interface that was up at the last look */
	struct swim_addr candidate; /* the address that may be taken next; family 0: none */
	enum route_rank candidate_rank;
	swim_time candidate_since; /* when `candidate` became the best address */
	unsigned moves;            /* recent changes of the address, see FOLLOW_QUIET_S */
	swim_time moved;           /* when the last of `moves` was */
};

/* What one look at the network shows. */
struct follow_sight {
	bool present;                 /* the current address is on an interface that is up */
	enum route_rank current_rank; /* of the current address now */
	struct swim_addr best;        /* the address of the highest rank */
	enum route_rank rank;         /* of `best`; NONE: there is no address */
};

void follow_init(struct follow *, const struct swim_addr *first, enum route_rank);
/* Makes the address the current one at once: before this member has told anybody its address, nobody is disturbed. */
void follow_take(struct follow *, const struct swim_addr *, enum route_rank);
/* Takes in what one look shows.  True: `current` has changed. */
bool follow_look(struct follow *, swim_time now, const struct follow_sight *);
/* When to look again even if the kernel reports no change; NEVER: no such look is needed. */
swim_time follow_deadline(const struct follow *);

#endif
