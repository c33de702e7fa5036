/* SPDX-License-Identifier: MIT */
/* The datagram at hand, or the timer or call that makes the core act. */
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

/* Which request of ours a datagram answers. */
struct answer {
	bool ours;    /* one of ours at all, by its sequence number */
	bool of_seed; /* a question to a seed, and not to ourselves */
	bool
	    as_itself; /* the speaker was asked under its name: the speaker's word of itself counts */
	bool believed; /* members that the answer tells of are taken up without being asked */
	struct swim_addr asked; /* where the question went; family 0: nowhere known */
};

#define STALE_MAX 8 /* members of which one datagram of a base peer is corrected */
/* What the sender of the datagram at hand evidently does not know, found while its updates are applied. */
struct findings {
	bool misjudged; /* the sender holds us for something else than alive */
	bool
	    lacks_answer; /* the sender does not know that dead members which it tells of have answered */
	struct member *
	    unaware_of; /* the sender does not know of the death of this member, or of our return */
	/* members of which a datagram of a base peer says what is no longer so */
	struct member *stale[STALE_MAX];
	size_t stale_count;
};

/* How much the datagram at hand may make us send to addresses that have not answered. */
struct allowance {
	size_t credit; /* bytes that are left */
	size_t spent;  /* bytes sent to the source address already */
	bool charged;  /* something was sent because of what the datagram says */
	bool visited;  /* somebody was pinged because of what the datagram says of others */
};

/*
 * What makes the core act: a datagram, or else a timer or a call, when we ourselves are the speaker.  Only swim.c and
 * speaker.c make and change an input; all others get it const.  What handling a datagram finds and spends is kept in the two
 * records that its input points to.
 */
struct input {
	const struct wire_message *msg; /* NULL: no datagram */
	size_t len;                     /* of the datagram, in bytes */
	/* who sent it, as the datagram says; without an id: it does not say; without an address: a swimd, which says that for itself */
	struct wire_member_id claimed;
	struct swim_addr from;   /* source address; family 0: no datagram */
	uint32_t zone;           /* network interface that it came by; 0: none, or not known */
	struct wire_str speaker; /* name of the member whose word it is; points to `name` */
	char name[SWIM_NAME_MAX + 1];
	enum authority authority;
	bool named; /* the datagram names its sender */
	bool base;  /* the datagram has no extensions, so its sender tells no tags */
	bool
	    base_peer; /* and a base peer sent it: a small answer of a swimd may lack extensions too */
	bool shows_kind;  /* an answer that has no sign of a swimd although it had room for one */
	bool from_member; /* a member, perhaps an unnamed one, lives at the source address */
	bool believed;    /* members that it tells of are taken up without being asked first */
	struct answer answer;
	struct findings *found;
	struct allowance *allowance;
};

/* Room for an input and for the two records that it points to. */
struct input_room {
	struct input input;
	struct findings found;
	struct allowance allowance;
};

/* The input of a timer or a call: we ourselves speak, and nothing may be sent to strangers.  The result points into `room`. */
struct input *input_own(const struct swim *, struct input_room *room);
/* The input of a datagram, before anything is known of its sender.  The result points into `room`, and to `msg`. */
struct input *input_of_datagram(struct input_room *room, const struct wire_message *msg,
    const struct swim_addr *from, uint32_t interface, size_t len);
/* The datagram has answered a request of ours: its sender receives what we send. */
void input_raise(struct input *);
/* Does the datagram name its sender, in its trailer or its envelope? */
bool input_names_sender(const struct input *);
/* The same datagram once it is known which request it answers.  The result points into `in`. */
struct input input_answering(const struct input *in, struct answer);
/* Did the datagram come from this address? */
bool input_is_from(const struct input *, const struct swim_addr *);
/* From now on the word is that of the member of this name. */
void input_speak(struct input *, const char *name, size_t len);

#endif
