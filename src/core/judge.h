/* SPDX-License-Identifier: MIT */
/*
 * The judgement on an update, as a pure function of what is known of its subject, what it says, and who says it.
 * swimd-protocol(7) has the same two tables, and a unit test compares both over every case.
 */
#ifndef SWIMD_CORE_JUDGE_H
#define SWIMD_CORE_JUDGE_H

/*
 * How far the speaker of a datagram is believed, least first.  Rules compare authorities; only speaker.c and input.c
 * look at addresses.
 */
enum authority {
	/* nothing shows that the sender can be reached at the source address */
	AUTHORITY_STRANGER,
	/* the datagram answers a question of ours, which its sender has received */
	AUTHORITY_ANSWERED,
	/* a member speaks from its own address, or from one at which it has answered */
	AUTHORITY_MEMBER,
	/* the same, and the member is live and has answered us at this address */
	AUTHORITY_ROUTABLE,
};
#define AUTHORITIES 4

/* What we know of the subject of an update. */
enum judge_known {
	KNOWN_NOBODY, /* we know no member of this name */
	KNOWN_ALIVE,
	KNOWN_SUSPECT,
	KNOWN_DEAD,
	KNOWN_LEFT,
	KNOWN_TOMBSTONE_DEAD, /* remembered, and not listed */
	KNOWN_TOMBSTONE_LEFT,
	KNOWN_REMOVED_DEAD, /* a tombstone too, and others are told to forget the member */
	KNOWN_REMOVED_LEFT,
	KNOWN_SELF, /* the subject is us */
};
#define JUDGE_KNOWN 10

/* What an update says, and what it counts as. */
enum judge_said {
	SAID_ALIVE,
	SAID_SUSPECT,
	SAID_DEAD,
	SAID_LEFT,
	SAID_REMOVED_DEAD, /* dead, and to be forgotten */
	SAID_REMOVED_LEFT,
	/* these two are only what an update counts as */
	/* the subject's own death or leave, in a datagram that does not name its sender */
	SAID_UNSIGNED_END,
	SAID_NOTHING,
};
#define JUDGE_SAID 6    /* what an update can say */
#define JUDGE_COUNTED 8 /* what an update can count as */

/* The incarnation that is told, compared with the one that is known. */
enum judge_relation {
	RELATION_LOWER,
	RELATION_EQUAL,
	RELATION_HIGHER, /* also where nobody is known */
	RELATION_JUMP,   /* higher than the speaker may raise it */
};
#define JUDGE_RELATIONS 4

/* Facts that a judgement depends on, as bits. */
enum judge_fact {
	FACT_PAGE = 1 << 0,    /* the update is an entry of a page, and no rumour */
	FACT_SUBJECT = 1 << 1, /* the subject of the update is the speaker */
	/* the datagram names its sender, or the subject's name is the source address */
	FACT_SIGNED = 1 << 2,
	FACT_BASE = 1 << 3,  /* the datagram has no extensions, and counts as that of a base peer */
	FACT_MOVED = 1 << 4, /* the update has another address than the known one */
	/* the speaker's word on this is taken without a question to the address */
	FACT_BELIEVED = 1 << 5,
	FACT_ROUTABLE = 1 << 6, /* the subject has answered at the address of the update */
	/* the datagram comes from the subject's address, or that is an unresolved host name */
	FACT_HOME = 1 << 7,
	FACT_CONFIRMED = 1 << 8, /* the death names enough accusers that are live */
	FACT_VOID = 1 << 9,      /* we hold all accusers dead, or if none is named, the speaker */
	FACT_ASKED_LEAVE = 1 << 10, /* we are asking whether the subject has left */
	FACT_SWIMD = 1 << 11,       /* the subject is a swimd peer */
	/* the name is an address at which a live member of another name is known */
	FACT_NAMED = 1 << 12,
	/* the name is the address of a live swimd peer, as base peers call it */
	FACT_ALIAS = 1 << 13,
	FACT_WHOEVER = 1 << 14, /* the name is an address: whoever answers there is meant */
	/* the death or leave is so old that others are about to forget it */
	FACT_OLD = 1 << 15,
	FACT_LEAVING = 1 << 16,  /* we are leaving */
	FACT_RETAGGED = 1 << 17, /* the update tells other tags of us than ours */
};
#define JUDGE_FACTS 18

enum judge_action {
	ACTION_IGNORE,
	ACTION_REFUSE_JUMP,
	ACTION_REFUSE_CONFLICT,
	ACTION_VISIT,     /* ping the address of the update, and change nothing before it answers */
	ACTION_ASK_LEAVE, /* ask at the source address whether the subject has left */
	ACTION_LIST,      /* make the subject a member */
	ACTION_REMEMBER,  /* make the subject a tombstone */
	ACTION_REVEAL,    /* make the tombstone a listed member */
	ACTION_FORGET,    /* make the member a removed one */
	ACTION_HEAR,      /* no news: take new accusers, and tell a speaker what it has missed */
	ACTION_ALIVE, /* these four, in the order of enum swim_status: take the update over with this status */
	ACTION_SUSPECT,
	ACTION_DEAD,
	ACTION_LEFT,
	/* the actions below are about ourselves only */
	ACTION_REFUTE,         /* take an incarnation above the one that is told */
	ACTION_CONTEST,        /* ask whether a namesake lives at the address of the update */
	ACTION_REFUTE_SUSPECT, /* the same as ACTION_REFUTE, unless we are on trial */
	ACTION_REFUTE_DEATH,   /* refute at once, or after a trial if we have returned lately */
	/* the same as ACTION_REFUTE, unless we are on trial; the speaker may be mistaken */
	ACTION_REFUTE_HEARSAY,
	ACTION_NOTE_DEATH, /* count a return: we were held dead at an incarnation below ours */
};
#define JUDGE_ACTIONS 20

/* One case to be judged. */
struct judge_case {
	enum judge_known known;
	enum judge_said said;
	enum judge_relation relation;
	enum authority authority; /* of the speaker */
	unsigned facts;           /* the bits (enum judge_fact) that hold */
};

/* Returns the action for a case.  Sets *counts_as to what the update counts as, given who says it. */
enum judge_action judge(const struct judge_case *, enum judge_said *counts_as);

#endif
