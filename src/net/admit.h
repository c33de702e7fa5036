/* SPDX-License-Identifier: MIT */
/*
 * Chooses which datagrams to read when more come than can be read.  Only the source address and the length decide,
 * before anything is decoded, so that refusing a datagram costs next to nothing.
 *
 * Each source has a rate of its own.  For sources that have routable their address (they have answered a question) it
 * is the only rate.  Members by hearsay, which have not answered yet, share one more rate, and all strangers share
 * another: so a flood from many false addresses takes from strangers alone.  Answers that we await have a rate that
 * no stranger can use up, because only members know the sequence numbers.  So in a flood of any kind members go on
 * being probed.
 */
#ifndef SWIMD_NET_ADMIT_H
#define SWIMD_NET_ADMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/time.h"

/*
 * Units a second, and how many may come at once.  A datagram is one unit, and one more for every ADMIT_UNIT_BYTES.
 * A member usually sends some ten datagrams a second; when a cluster of thousands forms or heals, its members exchange
 * pages, a few thousand to each peer, as fast as the network carries them.
 */
#define ADMIT_UNIT_BYTES 1500
#define ADMIT_MEMBER_RATE 1000
#define ADMIT_MEMBER_BURST 4000
#define ADMIT_STRANGER_RATE 200
#define ADMIT_STRANGER_BURST 400
#define ADMIT_ALL_RATE 8000 /* of all strangers together, and of all members by hearsay together */
#define ADMIT_ALL_BURST 16000
#define ADMIT_ANSWER_RATE 2000 /* of answers whose source has no units left */
#define ADMIT_ANSWER_BURST 4000

enum admit_standing { ADMIT_STRANGER, ADMIT_HEARSAY, ADMIT_ROUTABLE };

/* Why a datagram was refused. */
enum admit_refusal {
	ADMIT_OK,
	ADMIT_SOURCE_RATE,    /* this source has used up its rate */
	ADMIT_HEARSAY_RATE,   /* all members by hearsay have used up their shared rate */
	ADMIT_STRANGERS_RATE, /* all strangers have used up their shared rate */
};
#define ADMIT_REFUSALS 4
const char *admit_refusal_word(enum admit_refusal);

struct admit;

/*
 * The seed is secret: somebody who knew the seed could choose a source that shares its rate with another source.
 * NULL when memory is short.
 */
struct admit *admit_new(uint64_t seed);
void admit_free(struct admit *);

/*
 * Tells whether this datagram may be read.  `awaited` means that it has the form of an answer and the sequence number
 * of a question of ours; its source then counts as routable for a while.
 */
enum admit_refusal admit_datagram(struct admit *, swim_time now, const struct swim_addr *from,
    size_t len, enum admit_standing, bool awaited);

#endif
