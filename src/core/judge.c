/* SPDX-License-Identifier: MIT */
/*
 * The judgement on an update (SWIM 4.2), by two tables.  In each table the first row that fits decides.  The first
 * table tells what the update counts as, given who says it; the second one tells the action.  A higher incarnation
 * wins; at one incarnation left wins over dead over suspect over alive.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/judge.h"
#include "base/rule.h"

#define BIT(x) (1U << (x))
#define ANY 0xffffffffU

#define K_SELF BIT(KNOWN_SELF)
#define K_OTHERS (ANY & ~K_SELF)
#define K_NOBODY BIT(KNOWN_NOBODY)
#define K_MEMBER (K_LIVE | K_GONE)
#define K_LIVE (BIT(KNOWN_ALIVE) | BIT(KNOWN_SUSPECT))
#define K_HIDDEN                                                                                   \
	(BIT(KNOWN_TOMBSTONE_DEAD) | BIT(KNOWN_TOMBSTONE_LEFT) | BIT(KNOWN_REMOVED_DEAD) |         \
	    BIT(KNOWN_REMOVED_LEFT))
#define K_AS_LEFT (BIT(KNOWN_LEFT) | BIT(KNOWN_TOMBSTONE_LEFT) | BIT(KNOWN_REMOVED_LEFT))
#define K_GONE (BIT(KNOWN_DEAD) | BIT(KNOWN_LEFT) | K_HIDDEN)

#define S_LIVE (BIT(SAID_ALIVE) | BIT(SAID_SUSPECT))
#define S_DEAD (BIT(SAID_DEAD) | BIT(SAID_REMOVED_DEAD))
#define S_LEFT (BIT(SAID_LEFT) | BIT(SAID_REMOVED_LEFT))
#define S_GONE (S_DEAD | S_LEFT)

#define R_LOWER BIT(RELATION_LOWER)
#define R_EQUAL BIT(RELATION_EQUAL)
#define R_HIGHER BIT(RELATION_HIGHER)
#define R_RISEN (R_EQUAL | R_HIGHER)
#define R_JUMP BIT(RELATION_JUMP)

#define BELOW(authority) (BIT(authority) - 1)
#define FROM(authority) (ANY & ~BELOW(authority))

/* A row fits a case whose values are in all of its sets, if all facts of `with` hold and none of `without`. */
struct judge_row {
	unsigned known, said, relation, authority;
	unsigned with, without;
	int result;
};

/* What an update counts as; a case that no row fits counts as what it says. */
static const struct judge_row judge_credibility[] = {
    /*
     * A member that tells its own end is named by the datagram.  Otherwise another member may have started at its
     * address.
     */
    {K_OTHERS, S_GONE, ANY, ANY, FACT_SUBJECT, FACT_SIGNED, SAID_UNSIGNED_END},
    /* This removal counts even while we are asking the subject whether it has left (the next row). */
    {K_LIVE, BIT(SAID_REMOVED_DEAD), R_RISEN, FROM(AUTHORITY_MEMBER), FACT_CONFIRMED, FACT_BASE,
	SAID_REMOVED_DEAD},
    /* Base peers call a leave a death.  We are asking the subject whether it has left. */
    {K_LIVE, S_DEAD, ANY, ANY, FACT_ASKED_LEAVE, 0, SAID_NOTHING},
    /* A death of a live member is a suspicion, unless a swimd peer that is a member names enough accusers with it. */
    {K_LIVE, S_DEAD, ANY, BELOW(AUTHORITY_MEMBER), 0, 0, SAID_SUSPECT},
    {K_LIVE, S_DEAD, ANY, ANY, FACT_BASE, 0, SAID_SUSPECT},
    {K_LIVE, S_DEAD, ANY, ANY, 0, FACT_CONFIRMED, SAID_SUSPECT},
    /* A leave is a suspicion too, unless the subject tells it from its own address, or a member tells it. */
    {K_LIVE | BIT(KNOWN_DEAD), BIT(SAID_REMOVED_LEFT), ANY, ANY, FACT_SUBJECT | FACT_HOME, 0,
	SAID_REMOVED_LEFT},
    {K_LIVE | BIT(KNOWN_DEAD), S_LEFT, ANY, ANY, FACT_SUBJECT | FACT_HOME, 0, SAID_LEFT},
    {K_LIVE, S_LEFT, ANY, BELOW(AUTHORITY_MEMBER), 0, 0, SAID_SUSPECT},
    {K_LIVE, S_LEFT, ANY, BELOW(AUTHORITY_ROUTABLE), FACT_BASE, 0, SAID_SUSPECT},
    {BIT(KNOWN_DEAD), S_LEFT, ANY, BELOW(AUTHORITY_MEMBER), 0, 0, SAID_NOTHING},
    {BIT(KNOWN_DEAD), S_LEFT, ANY, BELOW(AUTHORITY_ROUTABLE), FACT_BASE, 0, SAID_NOTHING},
};

/* The action for each case; a case that no row fits is ignored. */
static const struct judge_row judge_actions[] = {
    /* Updates about us. */
    {K_SELF, ANY, ANY, ANY, FACT_LEAVING, 0, ACTION_IGNORE},
    {K_SELF, S_DEAD, R_LOWER, ANY, 0, 0, ACTION_NOTE_DEATH},
    {K_SELF, ANY, R_LOWER, ANY, 0, 0, ACTION_IGNORE},
    {K_SELF, ANY, R_JUMP, ANY, 0, 0, ACTION_REFUSE_JUMP},
    {K_SELF, BIT(SAID_ALIVE), R_RISEN, ANY, FACT_MOVED, 0, ACTION_CONTEST},
    /* An incarnation above ours, or ours with other tags, is of an earlier run of ours, whose state is lost. */
    {K_SELF, BIT(SAID_ALIVE), R_HIGHER, ANY, 0, 0, ACTION_REFUTE},
    {K_SELF, BIT(SAID_ALIVE), R_EQUAL, ANY, FACT_RETAGGED, 0, ACTION_REFUTE},
    {K_SELF, BIT(SAID_ALIVE), R_EQUAL, ANY, 0, 0, ACTION_IGNORE},
    {K_SELF, BIT(SAID_SUSPECT), R_RISEN, ANY, 0, 0, ACTION_REFUTE_SUSPECT},
    /* A death that a stranger tells is only a suspicion to all others, so it must not delay our refutation by a trial. */
    {K_SELF, S_DEAD, R_RISEN, FROM(AUTHORITY_ANSWERED), 0, 0, ACTION_REFUTE_DEATH},
    {K_SELF, S_DEAD, R_RISEN, ANY, 0, 0, ACTION_REFUTE_HEARSAY},
    /* Only we tell our own leave: this is the leave of an earlier run of ours, or a lie. */
    {K_SELF, S_LEFT, R_RISEN, ANY, 0, 0, ACTION_REFUTE_HEARSAY},

    {K_OTHERS, BIT(SAID_UNSIGNED_END), ANY, ANY, 0, 0, ACTION_ASK_LEAVE},

    /* Updates about unknown members. */
    {K_NOBODY, ANY, ANY, ANY, FACT_NAMED, 0, ACTION_IGNORE},
    {K_NOBODY, S_GONE, ANY, ANY, FACT_OLD, 0, ACTION_IGNORE},
    {K_NOBODY, ANY, ANY, ANY, FACT_ALIAS, FACT_SUBJECT, ACTION_REFUSE_CONFLICT},
    /* Ask the address before a member is listed for it, so that a late rumour does no harm. */
    {K_NOBODY, S_GONE, ANY, ANY, FACT_WHOEVER, 0, ACTION_IGNORE},
    {K_NOBODY, S_LIVE, ANY, ANY, FACT_WHOEVER, 0, ACTION_VISIT},
    {K_NOBODY, S_LIVE, ANY, ANY, 0, FACT_BELIEVED, ACTION_VISIT},
    {K_NOBODY, S_LIVE, ANY, ANY, 0, 0, ACTION_LIST},
    {K_NOBODY, BIT(SAID_DEAD) | BIT(SAID_LEFT), ANY, ANY, FACT_PAGE, 0, ACTION_LIST},
    {K_NOBODY, S_GONE, ANY, ANY, 0, 0, ACTION_REMEMBER},

    {K_MEMBER, ANY, R_JUMP, ANY, 0, 0, ACTION_REFUSE_JUMP},
    {K_MEMBER, BIT(SAID_NOTHING), ANY, ANY, 0, 0, ACTION_IGNORE},

    /*
     * A new address.  A base peer knows a swimd peer by its address alone, so it cannot know that the swimd peer has
     * moved.  A base peer that starts at another address takes over its former entry only once nobody has answered at
     * its former address (inquiry.c).
     */
    {K_LIVE, S_LIVE, R_HIGHER, ANY, FACT_MOVED | FACT_BASE | FACT_SUBJECT, 0,
	ACTION_REFUSE_CONFLICT},
    {K_MEMBER, S_LIVE, R_HIGHER, ANY, FACT_MOVED | FACT_BASE | FACT_SWIMD, FACT_SUBJECT,
	ACTION_REFUSE_CONFLICT},
    {K_MEMBER, S_LIVE, R_HIGHER, ANY, FACT_MOVED, FACT_BELIEVED | FACT_ROUTABLE, ACTION_VISIT},

    /*
     * Only a member that is a swimd peer can remove.  A member that is held alive is judged as dead first, so that it
     * is removed once it is dead.
     */
    {K_MEMBER, BIT(SAID_REMOVED_DEAD) | BIT(SAID_REMOVED_LEFT), R_RISEN, FROM(AUTHORITY_MEMBER), 0,
	FACT_BASE, ACTION_FORGET},
    /* The rumour of a death may have made a tombstone before the page came that lists the dead member. */
    {BIT(KNOWN_TOMBSTONE_DEAD) | BIT(KNOWN_TOMBSTONE_LEFT), BIT(SAID_DEAD) | BIT(SAID_LEFT),
	R_RISEN, ANY, FACT_PAGE, 0, ACTION_REVEAL},
    {K_MEMBER, BIT(SAID_SUSPECT), ANY, ANY, FACT_VOID, 0, ACTION_IGNORE},

    /* No news. */
    {K_MEMBER, ANY, R_LOWER, ANY, 0, 0, ACTION_HEAR},
    {K_MEMBER, BIT(SAID_ALIVE), R_EQUAL, ANY, 0, 0, ACTION_HEAR},
    {BIT(KNOWN_SUSPECT) | K_GONE, BIT(SAID_SUSPECT), R_EQUAL, ANY, 0, 0, ACTION_HEAR},
    {K_GONE, S_DEAD, R_EQUAL, ANY, 0, 0, ACTION_HEAR},
    {K_AS_LEFT, S_LEFT, R_EQUAL, ANY, 0, 0, ACTION_HEAR},

    /*
     * Two halves of a healed partition hold each other dead.  If deaths were taken from pages, each half would declare
     * the other dead again; a suspicion gives each member the time to refute (memberlist merges views in this way
     * too).
     */
    {BIT(KNOWN_SUSPECT), S_DEAD, R_EQUAL, ANY, FACT_PAGE, 0, ACTION_IGNORE},
    {K_LIVE, S_DEAD, R_RISEN, ANY, FACT_PAGE, 0, ACTION_SUSPECT},

    /*
     * The address belongs to the incarnation, so all members have one address for a gone member.  A base peer or a
     * stranger may have kept another one.
     */
    {K_MEMBER, S_GONE, R_HIGHER, ANY, FACT_MOVED | FACT_BASE, FACT_SUBJECT, ACTION_REFUSE_CONFLICT},
    {K_MEMBER, S_GONE, R_HIGHER, BELOW(AUTHORITY_ANSWERED), FACT_MOVED, FACT_SUBJECT,
	ACTION_REFUSE_CONFLICT},

    {K_MEMBER, BIT(SAID_ALIVE), ANY, ANY, 0, 0, ACTION_ALIVE},
    {K_MEMBER, BIT(SAID_SUSPECT), ANY, ANY, 0, 0, ACTION_SUSPECT},
    {K_MEMBER, S_DEAD, ANY, ANY, 0, 0, ACTION_DEAD},
    {K_MEMBER, S_LEFT, ANY, ANY, 0, 0, ACTION_LEFT},
};

/* The result of the first row that fits the case, or `otherwise` if no row fits. */
static int
judge_look_up(const struct judge_row *rows, size_t count, const struct judge_case *c, int otherwise)
{
	for (size_t i = 0; i < count; i++) {
		const struct judge_row *r = &rows[i];

		if ((r->known & BIT(c->known)) && (r->said & BIT(c->said)) &&
		    (r->relation & BIT(c->relation)) && (r->authority & BIT(c->authority)) &&
		    (c->facts & r->with) == r->with && (c->facts & r->without) == 0)
			return r->result;
	}
	return otherwise;
}

/*
 * The action for an update that is no news by the table: ACTION_HEAR, unless the simulator has turned off one of
 * these rules.
 */
static enum judge_action
judge_no_news(const struct judge_case *c)
{
	if (!RULE(dead_wins) && c->known == KNOWN_DEAD && (BIT(c->said) & S_LIVE) &&
	    c->relation == RELATION_EQUAL)
		return ACTION_SUSPECT;
	if (!RULE(suspicion_of_one_life) && c->known == KNOWN_ALIVE && c->said == SAID_SUSPECT)
		return ACTION_SUSPECT;
	if (!RULE(return_rises) && c->said == SAID_ALIVE && c->relation == RELATION_EQUAL &&
	    (c->facts & FACT_SUBJECT))
		return ACTION_ALIVE;
	if (!RULE(removal_holds) && c->said == SAID_ALIVE && (BIT(c->known) & K_HIDDEN))
		return ACTION_ALIVE;
	return ACTION_HEAR;
}

enum judge_action
judge(const struct judge_case *c, enum judge_said *counts_as)
{
	struct judge_case counted = *c;
	int action;

	if (RULE(hearsay_suspects))
		counted.said = (enum judge_said)judge_look_up(judge_credibility,
		    sizeof(judge_credibility) / sizeof(judge_credibility[0]), c, (int)c->said);
	*counts_as = counted.said;
	action = judge_look_up(judge_actions, sizeof(judge_actions) / sizeof(judge_actions[0]),
	    &counted, ACTION_IGNORE);
	return action == ACTION_HEAR ? judge_no_news(&counted) : (enum judge_action)action;
}
