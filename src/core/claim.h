/* SPDX-License-Identifier: MIT */
/* Two members of one name. */
#ifndef SWIMD_CORE_CLAIM_H
#define SWIMD_CORE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"

struct input;
struct inquiry;
struct swim;

/* The outcome of a contest about our name. */
enum claim_end { CLAIM_WE_STAY, CLAIM_WE_GO, CLAIM_OPEN };

#define CLAIM_KEPT 8
#define CLAIM_ANSWERED 8
/* Claims from one address that we have answered. */
struct claim_answers {
	struct swim_addr to; /* family 0: free */
	swim_time since;     /* of the first */
	unsigned count;
};

void claim_send(struct swim *, const struct inquiry *);
/* Another member claims our name, in a datagram of this length. */
void claim_receive(struct swim *, const struct input *);
/* Another member has answered us. */
void claim_answered(struct swim *, const struct input *);
/* Others have answered us for so long that whoever comes with our name is the newcomer. */
bool claim_is_settled(const struct swim *);
/* A member of our name has answered a question of ours at this address. */
void claim_namesake_answered(struct swim *, const struct swim_addr *);
/* One has, a moment ago. */
bool claim_is_by_namesake(const struct swim *, const struct swim_addr *);
/* One has, or a member of another name: claims may be sent there. */
bool claim_is_routable(const struct swim *, const struct input *, const struct swim_addr *);
/* A member of our name answers at this address, and claims it: tell, but not at every datagram. */
void claim_complain(struct swim *, const struct swim_addr *of);
/* Nobody of our name answers at this address: it was ourselves, before we moved, or one that is gone. */
void claim_unanswered(struct swim *, const struct swim_addr *asked, bool witnessed);
/* One of another name lives there now: no owner of ours comes back. */
void claim_taken(struct swim *, const struct swim_addr *asked);
/*
 * We are said to live elsewhere at incarnation `than`.  Who is settled contradicts at once; where nobody is asked there
 * at most once in the time that asking takes.
 */
void claim_contradict(struct swim *, const struct input *, uint64_t than, bool asking);
/*
 * A member of our name answers where we asked, and has claimed to have borne the name for longer or cannot say for how
 * long.  Either we go, and give that out once; or we stay, and say so; or the contest is open until its `last` question.
 */
enum claim_end claim_outdone(struct swim *, const struct inquiry *, const struct swim_addr *from,
    bool last);

#endif
