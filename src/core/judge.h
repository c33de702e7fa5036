/* SPDX-License-Identifier: MIT */
/*
 * What an update changes: a pure function of what is known, what is said, and who says it.  swimd-protocol(7) has the same
 * two tables for readers, and a unit test compares both over every case.
 */
#ifndef SWIMD_CORE_JUDGE_H
#define SWIMD_CORE_JUDGE_H

/* What the speaker of a datagram may say, least first.  Every rule compares authorities; only speaker.c looks at addresses. */
enum authority {
	AUTHORITY_STRANGER, /* nobody knows whether the sender can be reached at the source address */
	AUTHORITY_ANSWERED, /* the datagram answers a request of ours, so its sender receives what we send */
	AUTHORITY_MEMBER, /* a named member speaks from where it lives, or from where it has answered */
	AUTHORITY_ROUTABLE, /* the same, and the member is alive and has answered us there */
};
#define AUTHORITIES 4

/* What is known of the subject of an update. */
enum judge_known {
	KNOWN_NOBODY, /* the table has no member of this name */
	KNOWN_ALIVE,
	KNOWN_SUSPECT,
	KNOWN_DEAD,
	KNOWN_LEFT,
	KNOWN_TOMBSTONE_DEAD, /* remembered, and not shown */
	KNOWN_TOMBSTONE_LEFT,
	KNOWN_REMOVED_DEAD, /* the same, and others are told to forget the member */
	KNOWN_REMOVED_LEFT,
	KNOWN_SELF, /* the update is about us */
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
	/* only what an update counts as: */
	SAID_UNSIGNED_END, /* the subject's own end, in a datagram that does not name its sender */
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

/* What else a judgement depends on, as bits. */
enum judge_fact {
	FACT_PAGE = 1 << 0,    /* the update is of a page of a view, and no rumour */
	FACT_SUBJECT = 1 << 1, /* the member that the update is about is the speaker */
	FACT_SIGNED =
	    1 << 2, /* the datagram names its sender, or the subject's name is the source address */
	FACT_BASE = 1 << 3,  /* the datagram has no extensions */
	FACT_MOVED = 1 << 4, /* the address is another than the one that is known */
	FACT_BELIEVED =
	    1 << 5, /* the speaker's word of this kind is taken without a question to the address */
	FACT_ROUTABLE = 1 << 6, /* the subject has answered at the address that is told */
	FACT_HOME =
	    1
	    << 7, /* the datagram comes from the subject's address, or that is a name not yet resolved */
	FACT_CONFIRMED = 1 << 8, /* enough accusers that we hold alive are named with the death */
	FACT_VOID = 1 << 9,      /* all who accuse the subject are held dead */
	FACT_ASKED_LEAVE = 1 << 10, /* we are asking whether the subject has left */
	FACT_SWIMD = 1 << 11,       /* the subject is a swimd */
	FACT_NAMED = 1 << 12, /* the name is an address, where a member of another name lives */
	FACT_ALIAS =
	    1 << 13, /* the name is the address of a swimd that is alive, as base peers call it */
	FACT_WHOEVER = 1 << 14,  /* the name is an address: whoever answers there is meant */
	FACT_OLD = 1 << 15,      /* the end is so long ago that others are about to forget it */
	FACT_LEAVING = 1 << 16,  /* we are leaving */
	FACT_RETAGGED = 1 << 17, /* the tags that are told of us are not ours */
};
#define JUDGE_FACTS 18

enum judge_action {
	ACTION_IGNORE,
	ACTION_REFUSE_JUMP,
	ACTION_REFUSE_CONFLICT,
	ACTION_VISIT, /* ask at the address that is told, and change nothing before it answers */
	ACTION_ASK_LEAVE, /* ask at the source address whether the subject has left */
	ACTION_LIST,      /* make a member of it */
	ACTION_REMEMBER,  /* make a tombstone of it */
	ACTION_REVEAL,    /* show the tombstone */
	ACTION_FORGET,    /* remove the member here too */
	ACTION_HEAR, /* the update is no news: take accusers, and help a speaker that has missed something */
	ACTION_ALIVE, /* take the update over with this status */
	ACTION_SUSPECT,
	ACTION_DEAD,
	ACTION_LEFT,
	/* of us alone: */
	ACTION_REFUTE,  /* rise above the incarnation that is told */
	ACTION_CONTEST, /* find out whether another member of our name lives at the address */
	ACTION_REFUTE_SUSPECT, /* the same as ACTION_REFUTE, unless we are held dead */
	ACTION_REFUTE_DEATH,   /* at once, or after a trial if we were held dead lately */
	ACTION_REFUTE_HEARSAY, /* as ACTION_REFUTE_SUSPECT; the speaker may not know */
	ACTION_NOTE_DEATH,     /* we were held dead at an incarnation that we have left behind */
};
#define JUDGE_ACTIONS 20

struct judge_case {
	enum judge_known known;
	enum judge_said said;
	enum judge_relation relation;
	enum authority authority;
	unsigned facts; /* enum judge_fact */
};

/* What is to be done.  Sets *counts_as to what the update counts as, given who says it. */
enum judge_action judge(const struct judge_case *, enum judge_said *counts_as);

#endif
