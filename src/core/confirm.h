/* SPDX-License-Identifier: MIT */
/* Which members confirm a suspicion. */
#ifndef SWIMD_CORE_CONFIRM_H
#define SWIMD_CORE_CONFIRM_H

struct member;
struct swim;

/* When a member that hears of a suspicion asks the suspect itself, to confirm the suspicion. */
enum confirm_turn {
	CONFIRM_NEVER, /* this member is not chosen to confirm this suspicion */
	CONFIRM_FIRST, /* at once */
	CONFIRM_NEXT, /* if the first ones have not all accused the suspect after their confirmation round */
};

/* Our turn in confirming a suspicion that others have told us of. */
enum confirm_turn confirm_turn(const struct swim *, const struct member *suspect);

#endif
