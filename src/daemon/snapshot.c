/* SPDX-License-Identifier: MIT */
#include "daemon/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/rule.h"
#include "discovery/known.h"
#include "net/zone.h"

/* A write begins this long after a change, as one change is often followed by others. */
#define SETTLE_S 1
/* A write that takes longer than this is reported as trouble of the disk. */
#define SLOW_S 30

/* ------------------------------------------------------------------------------------------- when */

static void
snapshot_arm(struct snapshot *s, swim_time now)
{
	s->due = SWIM_TIME_NEVER;
	if (s->busy)
		s->due = swim_time_add(s->began, swim_seconds(SLOW_S));
	else if (s->stale)
		s->due = s->next;
	if (swim_time_before(s->due, now))
		s->due = swim_time_add(now, swim_seconds(SETTLE_S));
}

swim_time
snapshot_deadline(const struct snapshot *s)
{
	return s->due;
}

static bool
snapshot_has_peers(const struct snapshot *s)
{
	struct swim_stats stats;

	swim_stats(s->of.swim, &stats);
	return stats.members[SWIM_ALIVE] > 1; /* this member is counted too */
}

void
snapshot_note(struct snapshot *s, const struct swim_event *e)
{
	char address[ZONE_TEXT];
	swim_time soonest = swim_time_add(e->at, swim_seconds(SETTLE_S));

	if (!snapshot_has_peers(s))
		s->peers_since = SWIM_TIME_NEVER;
	else if (swim_time_is_never(s->peers_since))
		s->peers_since = e->at;
	if (e->type == SWIM_EVENT_LEFT && RULE(left_not_asked))
		known_forget(s->of.known, zone_put(e->member.address, e->member.zone, address));
	if (s->stale)
		return;
	s->stale = true;
	if (swim_time_before(s->next, soonest))
		s->next = soonest;
	snapshot_arm(s, e->at);
}

void
snapshot_renew(struct snapshot *s, swim_time now)
{
	s->stale = true;
	s->next = now;
	snapshot_arm(s, now);
}

void
snapshot_began(struct snapshot *s, swim_time now, int error)
{
	s->began = now;
	s->next = swim_time_add(now, swim_seconds(SNAPSHOT_INTERVAL_S));
	s->busy = error == 0;
	s->stale = error != 0;
	snapshot_arm(s, now);
}

void
snapshot_written(struct snapshot *s, swim_time now, int error)
{
	s->busy = false;
	if (error != 0 && RULE(failed_save_repeated))
		s->stale = true;
	snapshot_arm(s, now);
}

/* ------------------------------------------------------------------------------------------- what */

/* Gives discovery the addresses to join if this member is ever alone: first of the live members, then of the dead. */
static void
snapshot_refresh_known(const struct snapshot *s, swim_time now)
{
	size_t count = swim_member_count(s->of.swim), live = 0, gone = 0;
	char(*texts)[ZONE_TEXT] = calloc(count, sizeof(*texts));
	const char **lists = calloc(2 * count, sizeof(*lists));
	struct swim_report member;

	if (texts == NULL || lists == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		swim_member_at(s->of.swim, i, &member);
		if (member.local || member.status == SWIM_LEFT)
			continue;
		zone_put(member.address, member.zone, texts[i]);
		if (swim_status_is_live(member.status))
			lists[live++] = texts[i];
		else
			lists[count + gone++] = texts[i];
	}
	known_clear(s->of.known);
	known_add(s->of.known, now, lists, live);
	known_add(s->of.known, now, lists + count, gone);
out:
	free(texts);
	free(lists);
}

enum snapshot_due
snapshot_run(struct snapshot *s, swim_time now)
{
	enum snapshot_due due = SNAPSHOT_IDLE;

	if (s->busy) {
		due = SNAPSHOT_SLOW;
	} else if (s->stale) {
		if (snapshot_has_peers(s))
			snapshot_refresh_known(s, now);
		due = SNAPSHOT_WRITE;
	}
	snapshot_arm(s, now);
	return due;
}

static void
snapshot_put_member(struct members_text *text, const struct swim_report *m, swim_time now,
    int64_t wall_ms)
{
	struct members_entry e = {
	    .name_len = m->name_len,
	    .status = m->status,
	    .incarnation = m->incarnation,
	    .unanswered = !m->answered && !swim_status_is_live(m->status),
	    .since_ms = wall_ms - swim_duration_ms(swim_time_since(now, m->since)),
	};

	memcpy(e.name, m->name, m->name_len);
	zone_put(m->address, m->zone, e.address);
	if (e.since_ms < 0)
		e.since_ms = 0;
	members_file_put(text, &e);
}

static void
snapshot_forget_earlier(struct snapshot *s)
{
	free(s->earlier.entries);
	s->earlier = (struct members_list){0};
}

/* True: the live members of the earlier run have had the time to be found again. */
static bool
snapshot_is_settled(const struct snapshot *s, swim_time now)
{
	if (!RULE(earlier_stays))
		return true;
	return !swim_time_is_never(s->peers_since) &&
	       swim_time_since(now, s->peers_since).ns >= swim_seconds(SNAPSHOT_PEERS_S).ns;
}

void
snapshot_write(struct snapshot *s, swim_time now, int64_t wall_ms, struct members_text *text)
{
	size_t count = swim_member_count(s->of.swim);
	struct swim_report member;

	if (snapshot_is_settled(s, now))
		snapshot_forget_earlier(s);
	*text = (struct members_text){0};
	members_file_begin(text, &s->of.self);
	for (size_t i = 0; i < count; i++) {
		swim_member_at(s->of.swim, i, &member);
		if (!member.local)
			snapshot_put_member(text, &member, now, wall_ms);
	}
	for (size_t i = 0; i < s->earlier.count; i++) {
		const struct members_entry *e = &s->earlier.entries[i];

		if (text->entries < s->of.max_members &&
		    !swim_member_find(s->of.swim, e->name, e->name_len, &member))
			members_file_put(text, e);
	}
	members_file_end(text);
}

/* ------------------------------------------------------------------------------------ the earlier run */

/* Gives the core a member that is dead or left.  False: its retention is over, so the member is forgotten. */
static bool
snapshot_restore(const struct snapshot *s, const struct members_entry *e, swim_time now,
    int64_t wall_ms)
{
	/* If the wall clock was set back, since_ms may be in the future. */
	swim_duration age = swim_ms(wall_ms > e->since_ms ? wall_ms - e->since_ms : 0),
		      keep = swim_retention(&s->of.timing, e->status, !e->unanswered);
	struct swim_report report = {
	    .name_len = e->name_len,
	    .status = e->status,
	    .incarnation = e->incarnation,
	    .answered = !e->unanswered,
	};

	if (age.ns >= keep.ns)
		return false;
	memcpy(report.name, e->name, e->name_len);
	strcpy(report.address, e->address);
	report.zone = zone_of(e->address);
	if (RULE(ended_restored))
		swim_restore(s->of.swim, now, &report, age);
	return true;
}

/* True: the entry is about this member, as one of a copied file may be. */
static bool
snapshot_is_self(const struct snapshot *s, const struct members_entry *e)
{
	return e->name_len == strlen(s->of.self.name) &&
	       memcmp(e->name, s->of.self.name, e->name_len) == 0;
}

/*
 * Takes up the members with the status: gives dead and left ones to the core, and the addresses of all to discovery.
 */
static void
snapshot_offer(struct snapshot *s, enum swim_status status, swim_time now, int64_t wall_ms)
{
	const struct members_list *list = &s->earlier;
	const char **addresses = calloc(list->count + 1, sizeof(*addresses));
	size_t count = 0;

	for (size_t i = 0; i < list->count && addresses != NULL; i++) {
		const struct members_entry *e = &list->entries[i];

		if (e->status != status || snapshot_is_self(s, e))
			continue;
		if (swim_status_is_live(status) || snapshot_restore(s, e, now, wall_ms))
			addresses[count++] = e->address;
	}
	if (RULE(earlier_asked))
		known_add(s->of.known, now, addresses, addresses != NULL ? count : 0);
	free(addresses);
}

/* True: the file belongs to another member, perhaps of another cluster: then its members may not exist here. */
static bool
snapshot_is_foreign(const struct snapshot *s, bool foreign_directory)
{
	const struct owner *whose = &s->earlier.owner;

	if (!RULE(others_file_unused))
		return false;
	return owner_is_known(whose) ? !owner_equal(whose, &s->of.self) : foreign_directory;
}

void
snapshot_take_up(struct snapshot *s, const char *text, size_t len, bool foreign_directory,
    swim_time now, int64_t wall_ms, struct snapshot_found *found)
{
	struct members_list *list = &s->earlier;
	bool parsed = members_file_parse(text, len, s->of.max_members, list);
	size_t live = 0;

	*found = (struct snapshot_found){
	    .out_of_memory = !parsed,
	    .foreign = snapshot_is_foreign(s, foreign_directory),
	    .whose = list->owner,
	    .count = list->count,
	    .bad_lines = list->bad_lines,
	    .first_bad = list->first_bad,
	    .why = list->why,
	};
	if (found->foreign) {
		snapshot_forget_earlier(s);
		return;
	}
	/* Replace a file of an earlier version, which does not name its owner. */
	s->stale = !owner_is_known(&list->owner);
	snapshot_offer(s, SWIM_ALIVE, now, wall_ms);
	snapshot_offer(s, SWIM_SUSPECT, now, wall_ms);
	snapshot_offer(s, SWIM_DEAD, now, wall_ms);
	snapshot_offer(s, SWIM_LEFT, now, wall_ms);
	for (size_t i = 0; i < list->count; i++) {
		if (swim_status_is_live(list->entries[i].status))
			list->entries[live++] = list->entries[i];
	}
	list->count = live;
	snapshot_arm(s, now);
}

size_t
snapshot_missing(const struct snapshot *s)
{
	return swim_time_is_never(s->peers_since) ? s->earlier.count : 0;
}

void
snapshot_init(struct snapshot *s, const struct snapshot_of *of)
{
	*s = (struct snapshot){
	    .of = *of,
	    .due = SWIM_TIME_NEVER,
	    .peers_since = SWIM_TIME_NEVER,
	};
}

void
snapshot_fini(struct snapshot *s)
{
	snapshot_forget_earlier(s);
}
