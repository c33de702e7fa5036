/* SPDX-License-Identifier: MIT */
/*
 * Which of this machine's addresses is advertised, as they come and go; a judgement over what is seen, so that
 * it can be tested without a network.
 *
 * The advertised address is kept for as long as the machine has it, but for two cases: it was chosen for want of a better
 * kind of address; or seeds or members are reached from another address, and none of them from this one any more, as when
 * their network comes up after swimd.  That the default route has moved does not count.  Another address is taken once it
 * has been the best for a while, one of a lesser kind after a longer while, and loopback never, since the old address may
 * be back sooner than anybody has use for loopback.
 */
#ifndef SWIMD_DAEMON_FOLLOW_H
#define SWIMD_DAEMON_FOLLOW_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/time.h"
#include "net/route.h"

/* So long another address has to be the best; twice as long with every move of the last minute. */
#define FOLLOW_SETTLE_MS 500
#define FOLLOW_SETTLE_MAX_MS 16000
/* And one of a lesser kind. */
#define FOLLOW_LESSER_MS 5000
#define FOLLOW_QUIET_S 60

struct follow {
	struct swim_addr current;
	enum route_rank rank;     /* of it, when it was chosen or last found to be the best */
	enum route_rank rank_now; /* of it, at the last look */
	bool present;
	struct swim_addr candidate; /* family 0: none */
	enum route_rank candidate_rank;
	swim_time candidate_since;
	unsigned moves; /* each within FOLLOW_QUIET_S of the one before */
	swim_time moved;
};

/* What there is now. */
struct follow_sight {
	bool present;                 /* the current address is on an interface that is up */
	enum route_rank current_rank; /* what the current address is worth now */
	struct swim_addr best;
	enum route_rank rank; /* of `best`; NONE: there is no address */
};

void follow_init(struct follow *, const struct swim_addr *first, enum route_rank);
/* Take this one at once, as before anybody has heard of the current one. */
void follow_take(struct follow *, const struct swim_addr *, enum route_rank);
/* Have a look.  True: the address is now another, `current`. */
bool follow_look(struct follow *, swim_time now, const struct follow_sight *);
/* When to look again though nobody tells of a change; NEVER: not. */
swim_time follow_deadline(const struct follow *);

#endif
