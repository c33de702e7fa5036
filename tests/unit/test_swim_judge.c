/* SPDX-License-Identifier: MIT */
/* The decision tables of the core are those of swimd-protocol(7), in every case that can arise. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/judge.h"
#include "support/unit.h"

#define MANUAL TOP_DIR "/man/swimd-protocol.7"
#define ROWS_MAX 64
#define BIT(x) (1U << (x))
#define ANY 0xffffffffU

struct word {
	const char *text;
	unsigned value;
};

/*
 * A row of the page. The row fits a case that is in each of these sets, has all facts of `with`,
 * and none of `without`.
 */
struct row {
	unsigned known, said, relation, authority, with, without, result;
};

struct table {
	struct row rows[ROWS_MAX];
	size_t count;
};

#define DEAD_TWICE (BIT(SAID_DEAD) | BIT(SAID_REMOVED_DEAD))
#define LEFT_TWICE (BIT(SAID_LEFT) | BIT(SAID_REMOVED_LEFT))
#define GONE (ANY & ~(BIT(KNOWN_NOBODY) | BIT(KNOWN_ALIVE) | BIT(KNOWN_SUSPECT) | BIT(KNOWN_SELF)))

static const struct word known_words[] = {
    {"any", ANY},
    {"others", ANY & ~BIT(KNOWN_SELF)},
    {"self", BIT(KNOWN_SELF)},
    {"nobody", BIT(KNOWN_NOBODY)},
    {"member", ANY & ~(BIT(KNOWN_SELF) | BIT(KNOWN_NOBODY))},
    {"live", BIT(KNOWN_ALIVE) | BIT(KNOWN_SUSPECT)},
    {"suspect", BIT(KNOWN_SUSPECT)},
    {"dead", BIT(KNOWN_DEAD)},
    {"gone", GONE},
    {"tombstone", BIT(KNOWN_TOMBSTONE_DEAD) | BIT(KNOWN_TOMBSTONE_LEFT)},
    {"as-left", BIT(KNOWN_LEFT) | BIT(KNOWN_TOMBSTONE_LEFT) | BIT(KNOWN_REMOVED_LEFT)},
    {NULL, 0},
};
static const struct word said_words[] = {
    {"any", ANY},
    {"alive", BIT(SAID_ALIVE)},
    {"suspect", BIT(SAID_SUSPECT)},
    {"live", BIT(SAID_ALIVE) | BIT(SAID_SUSPECT)},
    {"dead", DEAD_TWICE},
    {"left", LEFT_TWICE},
    {"gone", DEAD_TWICE | LEFT_TWICE},
    {"plain", BIT(SAID_DEAD) | BIT(SAID_LEFT)},
    {"removed", BIT(SAID_REMOVED_DEAD) | BIT(SAID_REMOVED_LEFT)},
    {"removed-dead", BIT(SAID_REMOVED_DEAD)},
    {"removed-left", BIT(SAID_REMOVED_LEFT)},
    {"unsigned", BIT(SAID_UNSIGNED_END)},
    {"nothing", BIT(SAID_NOTHING)},
    {NULL, 0},
};
static const struct word relation_words[] = {
    {"any", ANY},
    {"lower", BIT(RELATION_LOWER)},
    {"equal", BIT(RELATION_EQUAL)},
    {"higher", BIT(RELATION_HIGHER)},
    {"risen", BIT(RELATION_EQUAL) | BIT(RELATION_HIGHER)},
    {"jump", BIT(RELATION_JUMP)},
    {NULL, 0},
};
static const struct word authority_words[] = {
    {"any", ANY},
    {"<answered", BIT(AUTHORITY_STRANGER)},
    {"<member", BIT(AUTHORITY_STRANGER) | BIT(AUTHORITY_ANSWERED)},
    {"<routable", BIT(AUTHORITY_STRANGER) | BIT(AUTHORITY_ANSWERED) | BIT(AUTHORITY_MEMBER)},
    {"answered+", BIT(AUTHORITY_ANSWERED) | BIT(AUTHORITY_MEMBER) | BIT(AUTHORITY_ROUTABLE)},
    {"member+", BIT(AUTHORITY_MEMBER) | BIT(AUTHORITY_ROUTABLE)},
    {NULL, 0},
};
static const struct word fact_words[] = {
    {"page", FACT_PAGE},
    {"subject", FACT_SUBJECT},
    {"signed", FACT_SIGNED},
    {"base", FACT_BASE},
    {"moved", FACT_MOVED},
    {"believed", FACT_BELIEVED},
    {"routable", FACT_ROUTABLE},
    {"home", FACT_HOME},
    {"confirmed", FACT_CONFIRMED},
    {"void", FACT_VOID},
    {"asked-leave", FACT_ASKED_LEAVE},
    {"swimd", FACT_SWIMD},
    {"named", FACT_NAMED},
    {"alias", FACT_ALIAS},
    {"whoever", FACT_WHOEVER},
    {"old", FACT_OLD},
    {"leaving", FACT_LEAVING},
    {"retagged", FACT_RETAGGED},
    {NULL, 0},
};
static const struct word counted_words[] = {
    {"alive", SAID_ALIVE},
    {"suspect", SAID_SUSPECT},
    {"dead", SAID_DEAD},
    {"left", SAID_LEFT},
    {"removed-dead", SAID_REMOVED_DEAD},
    {"removed-left", SAID_REMOVED_LEFT},
    {"unsigned-end", SAID_UNSIGNED_END},
    {"nothing", SAID_NOTHING},
    {NULL, 0},
};
static const struct word action_words[] = {
    {"ignore", ACTION_IGNORE},
    {"refuse-jump", ACTION_REFUSE_JUMP},
    {"refuse-conflict", ACTION_REFUSE_CONFLICT},
    {"visit", ACTION_VISIT},
    {"ask-leave", ACTION_ASK_LEAVE},
    {"list", ACTION_LIST},
    {"remember", ACTION_REMEMBER},
    {"reveal", ACTION_REVEAL},
    {"forget", ACTION_FORGET},
    {"hear", ACTION_HEAR},
    {"alive", ACTION_ALIVE},
    {"suspect", ACTION_SUSPECT},
    {"dead", ACTION_DEAD},
    {"left", ACTION_LEFT},
    {"refute", ACTION_REFUTE},
    {"contest", ACTION_CONTEST},
    {"refute-suspect", ACTION_REFUTE_SUSPECT},
    {"refute-death", ACTION_REFUTE_DEATH},
    {"refute-hearsay", ACTION_REFUTE_HEARSAY},
    {"note-death", ACTION_NOTE_DEATH},
    {NULL, 0},
};

static unsigned
value_of(const struct word *words, const char *text)
{
	for (; words->text != NULL; words++) {
		if (strcmp(words->text, text) == 0)
			return words->value;
	}
	ck_abort_msg("%s: the decision table has the unknown word '%s'", MANUAL, text);
}

/* The set that these words of the page name, which are separated by commas. */
static unsigned
set_of(const struct word *words, char *text)
{
	char *rest = NULL;
	unsigned set = 0;

	for (char *w = strtok_r(text, ",", &rest); w != NULL; w = strtok_r(NULL, ",", &rest))
		set |= value_of(words, w);
	return set;
}

/* Reads a line of a table: known said incarnation speaker facts... result */
static void
read_row(struct table *table, const struct word *results, char *line)
{
	char *words[16], *rest = NULL;
	struct row *row = &table->rows[table->count];
	size_t n = 0;

	for (char *w = strtok_r(line, " \n", &rest); w != NULL && n < 16;
	     w = strtok_r(NULL, " \n", &rest))
		words[n++] = w;
	ck_assert_msg(n >= 6 && n < 16 && table->count < ROWS_MAX,
	    "%s: row %zu of a table is malformed", MANUAL, table->count);
	*row = (struct row){
	    .known = set_of(known_words, words[0]),
	    .said = set_of(said_words, words[1]),
	    .relation = set_of(relation_words, words[2]),
	    .authority = set_of(authority_words, words[3]),
	    .result = value_of(results, words[n - 1]),
	};
	for (size_t i = 4; i + 1 < n; i++) {
		if (strcmp(words[i], "-") == 0)
			continue;
		if (words[i][0] == '-')
			row->without |= value_of(fact_words, words[i] + 1);
		else
			row->with |= value_of(fact_words, words[i]);
	}
	table->count++;
}

static void
read_table(struct table *table, const char *name, const struct word *results)
{
	FILE *file = fopen(MANUAL, "r");
	bool inside = false, literal = false;
	char line[256], begin[64];

	table->count = 0;
	snprintf(begin, sizeof(begin), "BEGIN DECISION TABLE %s:", name);
	ck_assert_msg(file != NULL, "cannot read %s", MANUAL);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strstr(line, "END DECISION TABLE") != NULL)
			inside = literal = false;
		else if (strstr(line, begin) != NULL)
			inside = true;
		else if (inside && strncmp(line, "KNOWN", 5) == 0)
			literal = true;
		else if (literal && line[0] != '.')
			read_row(table, results, line);
	}
	fclose(file);
	ck_assert_msg(table->count > 0, "%s has no table of %s", MANUAL, name);
}

static unsigned
look_up(const struct table *table, const struct judge_case *c, unsigned otherwise)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct row *r = &table->rows[i];

		if ((r->known & BIT(c->known)) && (r->said & BIT(c->said)) &&
		    (r->relation & BIT(c->relation)) && (r->authority & BIT(c->authority)) &&
		    (c->facts & r->with) == r->with && (c->facts & r->without) == 0)
			return r->result;
	}
	return otherwise;
}

/* The facts that can hold if this much is known of the subject. */
static unsigned
facts_of(enum judge_known known)
{
	unsigned all = FACT_PAGE | FACT_SUBJECT | FACT_SIGNED | FACT_BASE | FACT_BELIEVED;

	switch (known) {
	case KNOWN_NOBODY:
		return all | FACT_NAMED | FACT_ALIAS | FACT_WHOEVER | FACT_OLD;
	case KNOWN_SELF:
		return all | FACT_MOVED | FACT_LEAVING | FACT_RETAGGED;
	case KNOWN_ALIVE:
	case KNOWN_SUSPECT:
	case KNOWN_DEAD:
	case KNOWN_LEFT:
	case KNOWN_TOMBSTONE_DEAD:
	case KNOWN_TOMBSTONE_LEFT:
	case KNOWN_REMOVED_DEAD:
	case KNOWN_REMOVED_LEFT:
		break;
	}
	return all | FACT_MOVED | FACT_ROUTABLE | FACT_HOME | FACT_CONFIRMED | FACT_VOID |
	       FACT_ASKED_LEAVE | FACT_SWIMD;
}

/* Calls check for every case. Returns the number of cases. */
static unsigned long
walk(void (*check)(const struct judge_case *))
{
	unsigned long cases = 0;

	for (unsigned k = 0; k < JUDGE_KNOWN; k++) {
		unsigned possible = facts_of((enum judge_known)k);

		for (unsigned rest = 0; rest < JUDGE_SAID * JUDGE_RELATIONS * AUTHORITIES; rest++) {
			struct judge_case c = {
			    .known = (enum judge_known)k,
			    .said = (enum judge_said)(rest % JUDGE_SAID),
			    .relation = (enum judge_relation)(rest / JUDGE_SAID % JUDGE_RELATIONS),
			    .authority = (enum authority)(rest / JUDGE_SAID / JUDGE_RELATIONS),
			    .facts = possible,
			};

			for (;; c.facts = (c.facts - 1) & possible) {
				check(&c);
				cases++;
				if (c.facts == 0)
					break;
			}
		}
	}
	return cases;
}

static struct table counts, actions;

static enum judge_action
action_of(const struct judge_case *c)
{
	enum judge_said counts_as;

	return judge(c, &counts_as);
}

static void
compare(const struct judge_case *c)
{
	struct judge_case counted = *c;
	enum judge_said core_counts;
	enum judge_action does;
	unsigned counts_as = look_up(&counts, c, (unsigned)c->said), action;

	counted.said = (enum judge_said)counts_as;
	action = look_up(&actions, &counted, ACTION_IGNORE);
	does = judge(c, &core_counts);
	if (core_counts != counts_as || does != action)
		ck_abort_msg(
		    "known %d, said %d, incarnation %d, authority %d, facts %#x: the core "
		    "counts the update as %d and chooses action %d, the page has %u and %u",
		    (int)c->known, (int)c->said, (int)c->relation, (int)c->authority, c->facts,
		    (int)core_counts, (int)does, counts_as, action);
}

START_TEST(the_manual_has_the_tables_of_the_core)
{
	unsigned long cases;

	read_table(&counts, "counts", counted_words);
	read_table(&actions, "actions", action_words);
	cases = walk(compare);
	printf("# %lu cases of the decision tables compared with %s\n", cases, MANUAL);
	ck_assert_uint_gt(cases, 3000000);
}
END_TEST

/* The word of a stranger about another does not end, move or remove a member, whatever else holds. */
static void
strangers_change_little(const struct judge_case *c)
{
	enum judge_action action = action_of(c);

	if (c->authority != AUTHORITY_STRANGER || c->known == KNOWN_NOBODY ||
	    c->known == KNOWN_SELF || (c->facts & FACT_SUBJECT))
		return;
	ck_assert_int_ne(action, ACTION_FORGET);
	if (c->known == KNOWN_ALIVE || c->known == KNOWN_SUSPECT) {
		ck_assert_int_ne(action, ACTION_DEAD);
		ck_assert_int_ne(action, ACTION_LEFT);
	}
	if ((c->facts & FACT_MOVED) && !(c->facts & (FACT_BELIEVED | FACT_ROUTABLE)) &&
	    c->relation == RELATION_HIGHER) {
		ck_assert_int_ne(action, ACTION_ALIVE);
		ck_assert_int_ne(action, ACTION_SUSPECT);
	}
}

START_TEST(a_stranger_neither_ends_nor_moves_nor_removes_a_member)
{
	walk(strangers_change_little);
}
END_TEST

/*
 * A removal with enough accusers that a member tells is carried out, even while we ask whether the
 * subject has left.
 */
static void
removals_are_carried_out(const struct judge_case *c)
{
	bool live = c->known == KNOWN_ALIVE || c->known == KNOWN_SUSPECT;

	if (live && c->said == SAID_REMOVED_DEAD && c->authority >= AUTHORITY_MEMBER &&
	    (c->relation == RELATION_EQUAL || c->relation == RELATION_HIGHER) &&
	    (c->facts & (FACT_CONFIRMED | FACT_BASE | FACT_SUBJECT)) == FACT_CONFIRMED)
		ck_assert_int_eq(action_of(c), ACTION_FORGET);
}

START_TEST(a_removal_that_is_confirmed_is_carried_out)
{
	walk(removals_are_carried_out);
}
END_TEST

/*
 * A death on a page does not end a live member, and an update at a lower or equal incarnation does
 * not bring back a member that is gone.
 */
static void
the_dead_stay_dead(const struct judge_case *c)
{
	enum judge_action action = action_of(c);
	bool live = c->known == KNOWN_ALIVE || c->known == KNOWN_SUSPECT;
	bool gone = !live && c->known != KNOWN_NOBODY && c->known != KNOWN_SELF;

	if (live && (c->facts & FACT_PAGE) && (c->said == SAID_DEAD))
		ck_assert_int_ne(action, ACTION_DEAD);
	if (gone && c->relation != RELATION_HIGHER) {
		ck_assert_int_ne(action, ACTION_ALIVE);
		ck_assert_int_ne(action, ACTION_SUSPECT);
	}
	if (c->relation == RELATION_JUMP && c->known != KNOWN_NOBODY)
		ck_assert_msg(action == ACTION_REFUSE_JUMP || action == ACTION_IGNORE ||
				  action == ACTION_ASK_LEAVE,
		    "the action of a jump is %d", (int)action);
}

START_TEST(a_member_that_is_gone_returns_at_a_higher_incarnation_only)
{
	walk(the_dead_stay_dead);
}
END_TEST

UNIT_MAIN("swim_judge", the_manual_has_the_tables_of_the_core,
    a_stranger_neither_ends_nor_moves_nor_removes_a_member,
    a_removal_that_is_confirmed_is_carried_out,
    a_member_that_is_gone_returns_at_a_higher_incarnation_only)
