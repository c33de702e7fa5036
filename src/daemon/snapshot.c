/* SPDX-License-Identifier: MIT */
#include "daemon/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/log.h"
#include "daemon/durable.h"
#include "daemon/members_file.h"
#include "daemon/node.h"
#include "daemon/writer.h"
#include "discovery/known.h"
#include "net/zone.h"

#define FILE_NAME "members"
#define TEMP_NAME "members.new"
/* Between a change and the write: one change is often followed by others. */
#define SETTLE_S 1
/* A write that takes longer is trouble. */
#define SLOW_S 30
/* Longest wait for a write at the end. */
#define FINISH_MS 2000
/* Live members of the earlier run stay in the file until this member has known other live members for so long. */
#define PEERS_S 60

struct snapshot {
	struct node *node;
	struct writer *writer;
	struct loop_timer *timer;       /* of the next write, or of SLOW_S during a write */
	struct discovery_source *known; /* of members of earlier runs; the hub owns the source */
	struct members_list earlier;    /* members that were alive in the earlier run */
	bool stale;                     /* the file lacks a change, even after the current write */
	swim_time next;                 /* earliest time of the next write */
	swim_time began;                /* when the last or current write began */
	swim_time peers_since;          /* since when another member is alive; NEVER: none is */
	char trouble[FAULT_MAX];        /* "": none */
};

/* ----------------------------------------------------------------------------------------- trouble */

static void
snapshot_troubled(struct snapshot *s, const char *why)
{
	bool before = s->trouble[0] != '\0';

	snprintf(s->trouble, sizeof(s->trouble), "the members cannot be saved in %s: %s",
	    state_dir(s->node->state), why);
	if (before)
		return;
	log_at(LOG_LEVEL_ERROR, "the members are not saved", log_str("reason", s->trouble));
	if (s->node->control != NULL)
		control_error_event(s->node->control, "snapshot-unwritable", s->trouble);
}

static void
snapshot_well(struct snapshot *s)
{
	if (s->trouble[0] == '\0')
		return;
	s->trouble[0] = '\0';
	log_at(LOG_LEVEL_NOTICE, "the members are saved again");
}

/* ----------------------------------------------------------------------------------------- writing */

static bool
snapshot_has_peers(const struct snapshot *s)
{
	struct swim_stats stats;

	swim_stats(s->node->swim, &stats);
	return stats.members[SWIM_ALIVE] > 1; /* this member is counted too */
}

/* Gives the hub the addresses to join if this member is ever alone: first of the live members, then of the dead. */
static void
snapshot_refresh_known(const struct snapshot *s)
{
	size_t count = swim_member_count(s->node->swim), live = 0, gone = 0;
	char(*texts)[ZONE_TEXT] = calloc(count, sizeof(*texts));
	const char **lists = calloc(2 * count, sizeof(*lists));
	struct swim_report member;

	if (texts == NULL || lists == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		swim_member_at(s->node->swim, i, &member);
		if (member.local || member.status == SWIM_LEFT)
			continue;
		zone_put(member.address, member.zone, texts[i]);
		if (swim_status_is_live(member.status))
			lists[live++] = texts[i];
		else
			lists[count + gone++] = texts[i];
	}
	known_clear(s->known);
	known_add(s->known, loop_now(), lists, live);
	known_add(s->known, loop_now(), lists + count, gone);
out:
	free(texts);
	free(lists);
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
snapshot_put_all(struct snapshot *s, struct members_text *text, swim_time now)
{
	const struct swim *swim = s->node->swim;
	size_t count = swim_member_count(swim);
	int64_t wall_ms = loop_wall_ns() / 1000000;
	struct swim_report member;

	members_file_begin(text, state_owner(s->node->state));
	for (size_t i = 0; i < count; i++) {
		swim_member_at(swim, i, &member);
		if (!member.local)
			snapshot_put_member(text, &member, now, wall_ms);
	}
	for (size_t i = 0; i < s->earlier.count; i++) {
		const struct members_entry *e = &s->earlier.entries[i];

		if (text->entries < s->node->config.max_members &&
		    !swim_member_find(swim, e->name, e->name_len, &member))
			members_file_put(text, e);
	}
	members_file_end(text);
}

static void
snapshot_forget_earlier(struct snapshot *s)
{
	free(s->earlier.entries);
	s->earlier = (struct members_list){0};
}

/* Starts to write the file.  After a failure the next attempt is at s->next. */
static void
snapshot_begin(struct snapshot *s, swim_time now)
{
	struct members_text text = {0};
	int error = -ENOMEM;

	if (!swim_time_is_never(s->peers_since) &&
	    swim_time_since(now, s->peers_since).ns >= swim_seconds(PEERS_S).ns)
		snapshot_forget_earlier(s);
	snapshot_put_all(s, &text, now);
	state_look(s->node->state, swim_incarnation(s->node->swim), now);
	if (state_is_lost(s->node->state))
		error = -ENOENT;
	else if (!text.failed)
		error = writer_start(s->writer, state_dir_fd(s->node->state), text.bytes, text.len);
	free(text.bytes);
	s->began = now;
	s->next = swim_time_add(now, swim_seconds(SNAPSHOT_INTERVAL_S));
	s->stale = error != 0;
	if (error != 0)
		snapshot_troubled(s, strerror(-error));
}

static void
snapshot_arm(struct snapshot *s, swim_time now)
{
	swim_time at = SWIM_TIME_NEVER;

	if (writer_busy(s->writer))
		at = swim_time_add(s->began, swim_seconds(SLOW_S));
	else if (s->stale)
		at = s->next;
	if (swim_time_before(at, now))
		at = swim_time_add(now, swim_seconds(SETTLE_S));
	loop_timer_set(s->timer, at);
}

static void
snapshot_fired(void *ctx, swim_time now)
{
	struct snapshot *s = ctx;

	if (writer_busy(s->writer)) {
		snapshot_troubled(s, "the disk does not answer");
	} else if (s->stale) {
		if (snapshot_has_peers(s))
			snapshot_refresh_known(s);
		snapshot_begin(s, now);
	}
	snapshot_arm(s, loop_now());
}

static void
snapshot_written(void *ctx, int error)
{
	struct snapshot *s = ctx;

	if (error == 0) {
		snapshot_well(s);
	} else {
		const char *at_fault =
		    durable_at_fault(state_dir_fd(s->node->state), FILE_NAME, TEMP_NAME, -error);
		char why[64];

		snprintf(why, sizeof(why), "%s is a directory; remove it",
		    at_fault != NULL ? at_fault : "");
		s->stale = true;
		snapshot_troubled(s, at_fault != NULL ? why : strerror(-error));
	}
	snapshot_arm(s, loop_now());
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
	if (e->type == SWIM_EVENT_LEFT)
		known_forget(s->known, zone_put(e->member.address, e->member.zone, address));
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
	const struct owner *whose;

	if (state_is_foreign(s->node->state)) {
		(void)state_aside(s->node->state, &whose);
		state_set_aside(s->node->state, FILE_NAME, whose);
	}
	s->stale = true;
	s->next = now;
	snapshot_arm(s, now);
}

void
snapshot_finish(struct snapshot *s)
{
	bool done = writer_wait(s->writer, swim_ms(FINISH_MS));

	if (done && s->stale) {
		snapshot_begin(s, loop_now());
		done = writer_wait(s->writer, swim_ms(FINISH_MS));
	}
	if (!done)
		snapshot_troubled(s, "the disk does not answer");
}

/* ----------------------------------------------------------------------------------------- reading */

static void
snapshot_complain(const struct snapshot *s, size_t line, size_t others, const char *why)
{
	char place[FAULT_MAX];

	snprintf(place, sizeof(place), line > 0 ? "%s/" FILE_NAME ":%zu" : "%s/" FILE_NAME,
	    state_dir(s->node->state), line);
	log_at(LOG_LEVEL_WARNING, "some members of the earlier run are lost",
	    log_str("file", place), log_str("reason", why), log_uint("further_lines", others));
}

/* The content of the file, which the caller frees; NULL: there is no file, or it cannot be read, which is logged. */
static char *
snapshot_slurp(const struct snapshot *s, size_t *len)
{
	int fd = openat(state_dir_fd(s->node->state), FILE_NAME,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *refused;
	char *text = NULL;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0) {
		if (errno != ENOENT)
			snapshot_complain(s, 0, 0,
			    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		return NULL;
	}
	*len = 0;
	if ((refused = durable_refuse(fd)) != NULL) {
		snapshot_complain(s, 0, 0, refused);
	} else if (fstat(fd, &st) != 0 || st.st_size > MEMBERS_FILE_MAX) {
		snapshot_complain(s, 0, 0, "it is larger than any file that swimd writes");
	} else if ((text = malloc((size_t)st.st_size + 1)) == NULL) {
		snapshot_complain(s, 0, 0, "out of memory");
	} else {
		while (*len < (size_t)st.st_size &&
		       ((n = read(fd, text + *len, (size_t)st.st_size - *len)) > 0 ||
			   (n < 0 && errno == EINTR)))
			*len += n > 0 ? (size_t)n : 0;
		if (n < 0)
			snapshot_complain(s, 0, 0, strerror(errno));
	}
	close(fd);
	return text;
}

static swim_duration
snapshot_age_of(const struct members_entry *e)
{
	int64_t ms = loop_wall_ns() / 1000000 - e->since_ms;

	/* If the wall clock was set back, since_ms may be in the future. */
	return swim_ms(ms > 0 ? ms : 0);
}

/* Gives the core a member that is dead or left.  False: its retention is over, so the member is forgotten. */
static bool
snapshot_restore(const struct snapshot *s, const struct members_entry *e, swim_time now)
{
	const struct swim_timing *timing = &s->node->config.timing;
	swim_duration age = snapshot_age_of(e),
		      keep = swim_retention(timing, e->status, !e->unanswered);
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
	swim_restore(s->node->swim, now, &report, age);
	return true;
}

/* Takes up the members with the status: gives dead and left ones to the core, and the addresses of all to the hub. */
static void
snapshot_offer(struct snapshot *s, const struct members_list *list, enum swim_status status,
    swim_time now)
{
	const char **addresses = calloc(list->count + 1, sizeof(*addresses));
	size_t count = 0;

	for (size_t i = 0; i < list->count && addresses != NULL; i++) {
		const struct members_entry *e = &list->entries[i];

		/* A copied file may have an entry with the name of this member. */
		if (e->status != status ||
		    (e->name_len == strlen(s->node->config.name) &&
			memcmp(e->name, s->node->config.name, e->name_len) == 0))
			continue;
		if (swim_status_is_live(status) || snapshot_restore(s, e, now))
			addresses[count++] = e->address;
	}
	known_add(s->known, loop_now(), addresses, addresses != NULL ? count : 0);
	free(addresses);
}

/*
 * Sets the file aside if it belongs to another member, perhaps of another cluster: then its members may not exist here.
 * Returns whether it did.
 */
static bool
snapshot_set_aside(struct snapshot *s)
{
	struct state *state = s->node->state;
	const struct owner *whose = &s->earlier.owner;

	if (owner_is_known(whose) ? owner_equal(whose, state_owner(state))
				  : !state_is_foreign(state))
		return false;
	state_set_aside(state, FILE_NAME, whose);
	snapshot_forget_earlier(s);
	return true;
}

static void
snapshot_take_up(struct snapshot *s, swim_time now)
{
	struct members_list *list = &s->earlier;
	size_t len = 0, live = 0;
	char *text = snapshot_slurp(s, &len);

	if (text == NULL)
		return;
	if (!members_file_parse(text, len, s->node->config.max_members, list))
		snapshot_complain(s, 0, 0, "out of memory");
	free(text);
	if (snapshot_set_aside(s))
		return;
	/* Replace a file of an earlier version, which does not name its owner. */
	s->stale = !owner_is_known(&list->owner);
	if (list->bad_lines > 0)
		snapshot_complain(s, list->first_bad, list->bad_lines - 1, list->why);
	snapshot_offer(s, list, SWIM_ALIVE, now);
	snapshot_offer(s, list, SWIM_SUSPECT, now);
	snapshot_offer(s, list, SWIM_DEAD, now);
	snapshot_offer(s, list, SWIM_LEFT, now);
	log_at(LOG_LEVEL_INFO, "took up members of the earlier run",
	    log_uint("count", list->count));
	for (size_t i = 0; i < list->count; i++) {
		if (swim_status_is_live(list->entries[i].status))
			list->entries[live++] = list->entries[i];
	}
	list->count = live;
}

struct snapshot *
snapshot_new(struct node *node)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->node = node;
	s->peers_since = SWIM_TIME_NEVER;
	s->timer = loop_timer_new(node->base, snapshot_fired, s);
	s->writer = writer_new(node->base, FILE_NAME, TEMP_NAME, snapshot_written, s);
	s->known = known_new();
	if (s->timer == NULL || s->writer == NULL || s->known == NULL) {
		if (s->known != NULL)
			s->known->ops->stop(s->known);
		snapshot_free(s);
		return NULL;
	}
	discovery_add_source(node->discovery, s->known);
	snapshot_take_up(s, loop_now());
	snapshot_arm(s, loop_now());
	return s;
}

void
snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	writer_free(s->writer);
	loop_timer_free(s->timer);
	snapshot_forget_earlier(s);
	free(s);
}

const char *
snapshot_trouble(const struct snapshot *s)
{
	return s->trouble[0] != '\0' ? s->trouble : NULL;
}

bool
snapshot_owns(const struct snapshot *s, pid_t child)
{
	return writer_owns(s->writer, child);
}

size_t
snapshot_missing(const struct snapshot *s)
{
	return swim_time_is_never(s->peers_since) ? s->earlier.count : 0;
}
