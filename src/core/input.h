/* SPDX-License-Identifier: MIT */
/* The input: the datagram, timer or call that makes the core act. */
#ifndef SWIMD_CORE_INPUT_H
#define SWIMD_CORE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/judge.h"
#include "core/swim.h"
#include "wire/wire.h"

struct member;
struct swim;

/* Which question of ours a datagram answers, and what follows for what the datagram says. */
struct answer {
	bool ours;    /* the datagram answers a question of ours */
	bool of_seed; /* the question went to a seed, and another member than we answered */
	/* the speaker was asked under its name: its word about itself is taken */
	bool as_itself;
	/* the answer's word about unknown and moved members is taken without a question to them */
	bool believed;
	/* the address to which the question went; family 0: not known */
	struct swim_addr asked;
};

#define STALE_MAX 8 /* most corrections to one datagram of a base peer */
/* What the sender of the datagram evidently does not know, found while the updates are applied. */
struct findings {
	bool misjudged; /* the sender tells that we are suspect, dead or have left */
	/* the sender tells of dead members and does not know that they have answered somebody */
	bool lacks_answer;
	/* the sender has missed the death or leave of this member, or if it is us, our refutation; NULL: nothing */
	struct member *unaware_of;
	/* members of which a base peer's datagram tells what is outdated */
	struct member *stale[STALE_MAX];
	size_t stale_count;
};

/* How much the datagram may make us send to addresses that have not answered. */
struct allowance {
	size_t credit; /* bytes that may still be sent */
	size_t spent;  /* bytes that were sent to the source address */
	bool charged;  /* something was sent because of the datagram */
	bool visited;  /* a visitor was pinged because of the datagram */
};

/*
 * The input of one call into the core: a datagram, or else a timer or an operator's call, in which we ourselves are
 * the speaker.  Only swim.c, speaker.c and input.c make and change an input; all others get it const.  What handling
 * the datagram finds out and spends is kept in the two records that the input points to.
 */
struct input {
	const struct wire_message *msg; /* NULL: no datagram */
	size_t len;                     /* of the datagram, in bytes */
	/*
	 * the sender by the datagram's trailer or envelope.  No id: the datagram does not say.  No address: the trailer
	 * of a swimd peer, which has the name only
	 */
	struct wire_member_id claimed;
	struct swim_addr from; /* source address; family 0: no datagram */
	uint32_t zone; /* network interface by which the datagram came; 0: none, or not known */
	/* name of the member whose word the datagram is, or if it is not known, the source address as text; points to `name` */
	struct wire_str speaker;
	char name[SWIM_NAME_MAX + 1];
	enum authority authority; /* of the speaker */
	bool named;               /* the datagram names its sender */
	bool base;                /* the datagram has no extensions, and so tells no tags */
	/* `base`, and probably a base peer sent it: it is a ping or ping-req, or the speaker is known as a base peer */
	bool base_peer;
	bool shows_kind;  /* an answer without extensions, although it had room for them */
	bool from_member; /* a member, perhaps an unnamed peer, lives at the source address */
	/* the speaker's word about others makes and moves members without a question to them */
	bool believed;
	struct answer answer; /* `ours` is false until the datagram is known to answer a question */
	struct findings *found;
	struct allowance *allowance;
};

/* Room for an input and for the two records that it points to. */
struct input_room {
	struct input input;
	struct findings found;
	struct allowance allowance;
};

/*
 * The input of a timer or a call: we ourselves are the speaker, and nothing may be sent to strangers.  The result
 * points into `room`.
 */
struct input *input_own(const struct swim *, struct input_room *room);
/* The input of a datagram of `len` bytes, before its sender is known.  The result points into `room` and to `msg`. */
struct input *input_of_datagram(struct input_room *room, const struct wire_message *msg,
    const struct swim_addr *from, uint32_t interface, size_t len);
/* If the datagram answers a question of ours, raise a stranger's authority: the sender has received the question. */
void input_raise(struct input *);
/* Does the datagram name its sender, in its trailer or its envelope? */
bool input_names_sender(const struct input *);
/* A copy of the input with this answer.  It points into `in`. */
struct input input_answering(const struct input *in, struct answer);
/* Did the datagram come from this address? */
bool input_is_from(const struct input *, const struct swim_addr *);
/* Set the speaker to the member of this name (copied). */
void input_set_speaker(struct input *, const char *name, size_t len);

#endif
