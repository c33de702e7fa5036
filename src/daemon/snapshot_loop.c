/* SPDX-License-Identifier: MIT */
#include "daemon/snapshot_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/log.h"
#include "daemon/durable.h"
#include "daemon/node.h"
#include "daemon/snapshot.h"
#include "daemon/writer.h"
#include "discovery/known.h"

#define FILE_NAME "members"
#define TEMP_NAME "members.new"
/* Longest wait for a write at the end. */
#define FINISH_MS 2000

struct snapshot_loop {
	struct node *node;
	struct snapshot snapshot;
	struct writer *writer;
	struct loop_timer *timer; /* of snapshot_run */
	char trouble[FAULT_MAX];  /* "": none */
};

/* ----------------------------------------------------------------------------------------- trouble */

static void
snapshot_loop_troubled(struct snapshot_loop *s, const char *why)
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
snapshot_loop_well(struct snapshot_loop *s)
{
	if (s->trouble[0] == '\0')
		return;
	s->trouble[0] = '\0';
	log_at(LOG_LEVEL_NOTICE, "the members are saved again");
}

/* ----------------------------------------------------------------------------------------- writing */

static int64_t
snapshot_loop_wall_ms(void)
{
	return loop_wall_ns() / 1000000;
}

static void
snapshot_loop_arm(const struct snapshot_loop *s)
{
	loop_timer_set(s->timer, snapshot_deadline(&s->snapshot));
}

/* Starts to write the file. */
static void
snapshot_loop_begin(struct snapshot_loop *s, swim_time now)
{
	struct state *state = s->node->state;
	struct members_text text;
	int error = -ENOMEM;

	snapshot_write(&s->snapshot, now, snapshot_loop_wall_ms(), &text);
	state_look(state, swim_incarnation(s->node->swim), now);
	if (state_is_lost(state))
		error = -ENOENT;
	else if (!text.failed)
		error = writer_start(s->writer, state_dir_fd(state), text.bytes, text.len);
	free(text.bytes);
	snapshot_began(&s->snapshot, now, error);
	if (error != 0)
		snapshot_loop_troubled(s, strerror(-error));
}

static void
snapshot_loop_fired(void *ctx, swim_time now)
{
	struct snapshot_loop *s = ctx;

	switch (snapshot_run(&s->snapshot, now)) {
	case SNAPSHOT_SLOW:
		snapshot_loop_troubled(s, "the disk does not answer");
		break;
	case SNAPSHOT_WRITE:
		snapshot_loop_begin(s, now);
		break;
	case SNAPSHOT_IDLE:
		break;
	}
	snapshot_loop_arm(s);
}

static void
snapshot_loop_written(void *ctx, int error)
{
	struct snapshot_loop *s = ctx;

	snapshot_written(&s->snapshot, loop_now(), error);
	if (error == 0) {
		snapshot_loop_well(s);
	} else {
		const char *at_fault =
		    durable_at_fault(state_dir_fd(s->node->state), FILE_NAME, TEMP_NAME, -error);
		char why[64];

		snprintf(why, sizeof(why), "%s is a directory; remove it",
		    at_fault != NULL ? at_fault : "");
		snapshot_loop_troubled(s, at_fault != NULL ? why : strerror(-error));
	}
	snapshot_loop_arm(s);
}

void
snapshot_loop_note(struct snapshot_loop *s, const struct swim_event *e)
{
	snapshot_note(&s->snapshot, e);
	snapshot_loop_arm(s);
}

void
snapshot_loop_renew(struct snapshot_loop *s, swim_time now)
{
	const struct owner *whose;

	if (state_is_foreign(s->node->state)) {
		(void)state_aside(s->node->state, &whose);
		state_set_aside(s->node->state, FILE_NAME, whose);
	}
	snapshot_renew(&s->snapshot, now);
	snapshot_loop_arm(s);
}

void
snapshot_loop_finish(struct snapshot_loop *s)
{
	bool done = writer_wait(s->writer, swim_ms(FINISH_MS));

	if (done && s->snapshot.stale) {
		snapshot_loop_begin(s, loop_now());
		done = writer_wait(s->writer, swim_ms(FINISH_MS));
	}
	if (!done)
		snapshot_loop_troubled(s, "the disk does not answer");
}

/* ----------------------------------------------------------------------------------------- reading */

static void
snapshot_loop_complain(const struct snapshot_loop *s, size_t line, size_t others, const char *why)
{
	char place[FAULT_MAX];

	snprintf(place, sizeof(place), line > 0 ? "%s/" FILE_NAME ":%zu" : "%s/" FILE_NAME,
	    state_dir(s->node->state), line);
	log_at(LOG_LEVEL_WARNING, "some members of the earlier run are lost",
	    log_str("file", place), log_str("reason", why), log_uint("further_lines", others));
}

/* The content of the file, which the caller frees; NULL: there is no file, or it cannot be read, which is logged. */
static char *
snapshot_loop_slurp(const struct snapshot_loop *s, size_t *len)
{
	int fd = openat(state_dir_fd(s->node->state), FILE_NAME,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *refused;
	char *text = NULL;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0) {
		if (errno != ENOENT)
			snapshot_loop_complain(s, 0, 0,
			    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		return NULL;
	}
	*len = 0;
	if ((refused = durable_refuse(fd)) != NULL) {
		snapshot_loop_complain(s, 0, 0, refused);
	} else if (fstat(fd, &st) != 0 || st.st_size > MEMBERS_FILE_MAX) {
		snapshot_loop_complain(s, 0, 0, "it is larger than any file that swimd writes");
	} else if ((text = malloc((size_t)st.st_size + 1)) == NULL) {
		snapshot_loop_complain(s, 0, 0, "out of memory");
	} else {
		while (*len < (size_t)st.st_size &&
		       ((n = read(fd, text + *len, (size_t)st.st_size - *len)) > 0 ||
			   (n < 0 && errno == EINTR)))
			*len += n > 0 ? (size_t)n : 0;
		if (n < 0)
			snapshot_loop_complain(s, 0, 0, strerror(errno));
	}
	close(fd);
	return text;
}

static void
snapshot_loop_take_up(struct snapshot_loop *s, swim_time now)
{
	struct state *state = s->node->state;
	struct snapshot_found found;
	size_t len = 0;
	char *text = snapshot_loop_slurp(s, &len);

	if (text == NULL)
		return;
	snapshot_take_up(&s->snapshot, text, len, state_is_foreign(state), now,
	    snapshot_loop_wall_ms(), &found);
	free(text);
	if (found.out_of_memory)
		snapshot_loop_complain(s, 0, 0, "out of memory");
	if (found.foreign) {
		state_set_aside(state, FILE_NAME, &found.whose);
		return;
	}
	if (found.bad_lines > 0)
		snapshot_loop_complain(s, found.first_bad, found.bad_lines - 1, found.why);
	log_at(LOG_LEVEL_INFO, "took up members of the earlier run",
	    log_uint("count", found.count));
}

/* The source of known members, which the hub owns; NULL: out of memory. */
static struct discovery_source *
snapshot_loop_source(const struct node *node)
{
	struct discovery_source *known = known_new();

	if (known != NULL)
		discovery_add_source(node->discovery, known);
	return known;
}

struct snapshot_loop *
snapshot_loop_new(struct node *node)
{
	struct snapshot_loop *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->node = node;
	snapshot_init(&s->snapshot, &(const struct snapshot_of){
					.swim = node->swim,
					.known = snapshot_loop_source(node),
					.self = *state_owner(node->state),
					.max_members = node->config.max_members,
					.timing = node->config.timing,
				    });
	s->timer = loop_timer_new(node->base, snapshot_loop_fired, s);
	s->writer = writer_new(node->base, FILE_NAME, TEMP_NAME, snapshot_loop_written, s);
	if (s->timer == NULL || s->writer == NULL || s->snapshot.of.known == NULL) {
		snapshot_loop_free(s);
		return NULL;
	}
	snapshot_loop_take_up(s, loop_now());
	snapshot_loop_arm(s);
	return s;
}

void
snapshot_loop_free(struct snapshot_loop *s)
{
	if (s == NULL)
		return;
	writer_free(s->writer);
	loop_timer_free(s->timer);
	snapshot_fini(&s->snapshot);
	free(s);
}

const char *
snapshot_loop_trouble(const struct snapshot_loop *s)
{
	return s->trouble[0] != '\0' ? s->trouble : NULL;
}

bool
snapshot_loop_owns(const struct snapshot_loop *s, pid_t child)
{
	return writer_owns(s->writer, child);
}

size_t
snapshot_loop_missing(const struct snapshot_loop *s)
{
	return snapshot_missing(&s->snapshot);
}
