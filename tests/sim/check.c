/* SPDX-License-Identifier: MIT */
#include "sim/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sim/heap.h"

/* What one observer holds of one subject, according to the events of the observer. */
struct belief {
	bool present; /* the subject is known, and was not removed */
	bool joined;  /* a joined event was told in this life of the subject */
	bool seen;    /* check_view has met a report of the subject */
	bool untold;  /* the subject is dead, but the last event said that it left */
	bool broken;  /* the last event about its link said that the link failed */
	enum swim_status status;
	uint64_t incarnation;
};

struct observer {
	unsigned subject;       /* index of the observer itself among the subjects */
	bool full;              /* see check_full */
	struct belief *beliefs; /* by subject */
	size_t count;           /* of beliefs */
};

/* A name that any observer has told or reported. */
struct subject {
	char *name;
	size_t len;
	uint64_t hash;
	bool owned;       /* the name is that of an observer */
	bool foreign;     /* others than its owner may raise its incarnation */
	uint64_t highest; /* incarnation that its owner ever had */
};

struct check {
	struct observer *observers;
	unsigned observer_count;
	struct subject *subjects;
	unsigned subject_count;
	unsigned *table; /* hash table with open addressing: index of a subject, plus 1 */
	size_t table_size;
	bool all_foreign;
	check_breach *breach;
	void *ctx;
};

struct check *
check_new(unsigned observers, check_breach *breach, void *ctx)
{
	struct check *c = heap_zeroed(1, sizeof(*c));

	c->observers = heap_zeroed(observers, sizeof(*c->observers));
	c->observer_count = observers;
	c->table_size = 64;
	c->table = heap_zeroed(c->table_size, sizeof(*c->table));
	c->breach = breach;
	c->ctx = ctx;
	return c;
}

void
check_free(struct check *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->observer_count; i++)
		free(c->observers[i].beliefs);
	for (unsigned i = 0; i < c->subject_count; i++)
		free(c->subjects[i].name);
	free(c->observers);
	free(c->subjects);
	free(c->table);
	free(c);
}

static size_t
slot_of(const struct check *c, uint64_t hash, const char *name, size_t len)
{
	size_t i = (size_t)hash & (c->table_size - 1);

	while (c->table[i] != 0) {
		const struct subject *s = &c->subjects[c->table[i] - 1];

		if (s->hash == hash && s->len == len && memcmp(s->name, name, len) == 0)
			break;
		i = (i + 1) & (c->table_size - 1);
	}
	return i;
}

static void
grow_table(struct check *c)
{
	free(c->table);
	c->table_size *= 2;
	c->table = heap_zeroed(c->table_size, sizeof(*c->table));
	for (unsigned i = 0; i < c->subject_count; i++) {
		const struct subject *s = &c->subjects[i];

		c->table[slot_of(c, s->hash, s->name, s->len)] = i + 1;
	}
}

static unsigned
subject_of(struct check *c, const char *name, size_t len)
{
	uint64_t hash = hash64_end(hash64_bytes(HASH64_START, name, len));
	size_t slot = slot_of(c, hash, name, len);
	struct subject *s;

	if (c->table[slot] != 0)
		return c->table[slot] - 1;
	c->subjects = heap_resize(c->subjects, c->subject_count + 1, sizeof(*c->subjects));
	s = &c->subjects[c->subject_count];
	*s = (struct subject){.name = heap_zeroed(len + 1, 1), .len = len, .hash = hash};
	memcpy(s->name, name, len);
	c->table[slot] = ++c->subject_count;
	if (2 * c->subject_count > c->table_size)
		grow_table(c);
	return c->subject_count - 1;
}

static struct belief *
belief_of(struct check *c, unsigned observer, unsigned subject)
{
	struct observer *o = &c->observers[observer];

	if (subject >= o->count) {
		size_t count = subject + 16;

		o->beliefs = heap_resize(o->beliefs, count, sizeof(*o->beliefs));
		memset(o->beliefs + o->count, 0, (count - o->count) * sizeof(*o->beliefs));
		o->count = count;
	}
	return &o->beliefs[subject];
}

static void __attribute__((format(printf, 4, 5)))
breach(struct check *c, unsigned observer, unsigned subject, const char *format, ...)
{
	const char *own = c->subjects[c->observers[observer].subject].name;
	char what[256], text[900];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(text, sizeof(text), "%s about %s: %s", own, c->subjects[subject].name, what);
	c->breach(c->ctx, text);
}

void
check_foreign(struct check *c, const char *name)
{
	if (strcmp(name, "*") == 0) {
		c->all_foreign = true;
	} else {
		unsigned subject = subject_of(c, name, strlen(name));

		c->subjects[subject].foreign = true;
	}
}

void
check_end(struct check *c, const char *name, uint64_t incarnation)
{
	unsigned subject = subject_of(c, name, strlen(name));

	c->subjects[subject].foreign |= incarnation > c->subjects[subject].highest;
}

bool
check_is_owned(const struct check *c, const char *name, size_t len)
{
	uint64_t hash = hash64_end(hash64_bytes(HASH64_START, name, len));
	size_t slot = slot_of(c, hash, name, len);
	const struct subject *s = c->table[slot] ? &c->subjects[c->table[slot] - 1] : NULL;

	return s != NULL && s->owned && !s->foreign && !c->all_foreign;
}

void
check_life(struct check *c, unsigned observer, const char *name, uint64_t incarnation,
    bool kept_state)
{
	struct observer *o = &c->observers[observer];
	struct subject *s;

	o->subject = subject_of(c, name, strlen(name));
	if (o->count > 0)
		memset(o->beliefs, 0, o->count * sizeof(*o->beliefs));
	s = &c->subjects[o->subject];
	if (kept_state && s->owned && incarnation <= s->highest)
		breach(c, observer, o->subject,
		    "starts at incarnation %llu with its state kept, but was at %llu before",
		    (unsigned long long)incarnation, (unsigned long long)s->highest);
	s->owned = true;
	if (incarnation > s->highest)
		s->highest = incarnation;
	*belief_of(c, observer, o->subject) = (struct belief){.present = true,
	    .joined = true,
	    .status = SWIM_ALIVE,
	    .incarnation = incarnation};
}

/* The pair (incarnation, status) must not go down while the observer remembers the subject. */
static void
advance(struct check *c, unsigned observer, unsigned subject, struct belief *b,
    enum swim_status status, uint64_t incarnation)
{
	struct subject *s = &c->subjects[subject];

	if (b->present &&
	    (incarnation < b->incarnation || (incarnation == b->incarnation && status < b->status)))
		breach(c, observer, subject, "from %s@%llu back to %s@%llu",
		    swim_status_name(b->status), (unsigned long long)b->incarnation,
		    swim_status_name(status), (unsigned long long)incarnation);
	if (s->owned && !s->foreign && !c->all_foreign && incarnation > s->highest)
		breach(c, observer, subject,
		    "held at incarnation %llu, which its owner never had (highest: %llu)",
		    (unsigned long long)incarnation, (unsigned long long)s->highest);
	b->status = status;
	b->incarnation = incarnation;
}

const char *
check_event_name(enum swim_event_type type)
{
	switch (type) {
	case SWIM_EVENT_JOINED:
		return "joined";
	case SWIM_EVENT_SUSPECTED:
		return "suspected";
	case SWIM_EVENT_FAILED:
		return "failed";
	case SWIM_EVENT_RECOVERED:
		return "recovered";
	case SWIM_EVENT_LEFT:
		return "left";
	case SWIM_EVENT_REMOVED:
		return "removed";
	case SWIM_EVENT_UPDATED:
		return "updated";
	case SWIM_EVENT_INCARNATION:
		return "incarnation";
	case SWIM_EVENT_LINK_FAILED:
		return "link failed";
	case SWIM_EVENT_LINK_RECOVERED:
		return "link recovered";
	case SWIM_EVENT_NAME_CONFLICT:
		return "name conflict";
	case SWIM_EVENT_NAME_LOST:
		return "name lost";
	case SWIM_EVENT_SEED_ANSWERED:
		return "seed answered";
	case SWIM_EVENT_SEED_SILENT:
		return "seed silent";
	case SWIM_EVENT_SEED_FOREIGN:
		return "seed foreign";
	}
	return "?";
}

/* The own incarnation of an observer must rise with each event about it. */
static void
own_event(struct check *c, unsigned observer, unsigned subject, const struct swim_event *e)
{
	struct belief *b = belief_of(c, observer, subject);
	struct subject *s = &c->subjects[subject];

	if (subject != c->observers[observer].subject) {
		breach(c, observer, subject, "an incarnation event about another");
		return;
	}
	if (e->member.incarnation <= b->incarnation)
		breach(c, observer, subject, "own incarnation does not rise: from %llu to %llu",
		    (unsigned long long)b->incarnation, (unsigned long long)e->member.incarnation);
	b->incarnation = e->member.incarnation;
	if (b->incarnation > s->highest)
		s->highest = b->incarnation;
}

/* What is wrong with an event of this type about a subject of which `b` is believed; NULL: nothing. */
static const char *
event_fault(enum swim_event_type type, const struct belief *b, bool full)
{
	bool live = b->present && b->joined;

	switch (type) {
	case SWIM_EVENT_JOINED:
		return live && b->status != SWIM_LEFT ? "it joined already" : NULL;
	case SWIM_EVENT_SUSPECTED:
		if (!live || b->status == SWIM_LEFT)
			return "it never joined";
		return b->status == SWIM_SUSPECT ? "it was suspected already" : NULL;
	case SWIM_EVENT_FAILED:
		if (!live || b->status == SWIM_LEFT)
			return "it never joined";
		return b->status == SWIM_DEAD ? "it failed already" : NULL;
	case SWIM_EVENT_RECOVERED:
		if (!live)
			return "it never joined";
		return b->status == SWIM_SUSPECT || b->status == SWIM_DEAD
			   ? NULL
			   : "it was neither suspect nor dead";
	case SWIM_EVENT_LEFT:
		if (!live)
			return "it never joined";
		return b->status == SWIM_LEFT ? "it left already" : NULL;
	case SWIM_EVENT_REMOVED:
		if (!live)
			return "it never joined";
		return full || b->status == SWIM_DEAD || b->status == SWIM_LEFT
			   ? NULL
			   : "it is neither dead nor left";
	case SWIM_EVENT_UPDATED:
		return live ? NULL : "it never joined";
	case SWIM_EVENT_LINK_FAILED:
		if (!live || !swim_status_is_live(b->status))
			return "it is neither alive nor suspect";
		return b->broken ? "its link had failed already" : NULL;
	case SWIM_EVENT_LINK_RECOVERED:
		return live && b->broken ? NULL : "its link had not failed";
	case SWIM_EVENT_INCARNATION:
	case SWIM_EVENT_NAME_CONFLICT:
	case SWIM_EVENT_NAME_LOST:
	case SWIM_EVENT_SEED_ANSWERED:
	case SWIM_EVENT_SEED_SILENT:
	case SWIM_EVENT_SEED_FOREIGN:
		return NULL;
	}
	return "an event of an unknown type";
}

/* The status of a member after an event of this type.  False: the event does not change the status. */
static bool
event_status(enum swim_event_type type, enum swim_status *out)
{
	switch (type) {
	case SWIM_EVENT_JOINED:
	case SWIM_EVENT_RECOVERED:
		*out = SWIM_ALIVE;
		return true;
	case SWIM_EVENT_SUSPECTED:
		*out = SWIM_SUSPECT;
		return true;
	case SWIM_EVENT_FAILED:
		*out = SWIM_DEAD;
		return true;
	case SWIM_EVENT_LEFT:
		*out = SWIM_LEFT;
		return true;
	case SWIM_EVENT_REMOVED:
	case SWIM_EVENT_UPDATED:
	case SWIM_EVENT_INCARNATION:
	case SWIM_EVENT_LINK_FAILED:
	case SWIM_EVENT_LINK_RECOVERED:
	case SWIM_EVENT_NAME_CONFLICT:
	case SWIM_EVENT_NAME_LOST:
	case SWIM_EVENT_SEED_ANSWERED:
	case SWIM_EVENT_SEED_SILENT:
	case SWIM_EVENT_SEED_FOREIGN:
		return false;
	}
	return false;
}

void
check_full(struct check *c, unsigned observer, bool full)
{
	c->observers[observer].full = full;
}

void
check_event(struct check *c, unsigned observer, const struct swim_event *e)
{
	enum swim_status status = e->member.status;
	struct belief *b, told;
	const char *fault;
	unsigned subject;

	/* These events are about addresses, not about members. */
	if (e->type == SWIM_EVENT_SEED_ANSWERED || e->type == SWIM_EVENT_SEED_SILENT ||
	    e->type == SWIM_EVENT_SEED_FOREIGN || e->type == SWIM_EVENT_NAME_CONFLICT ||
	    e->type == SWIM_EVENT_NAME_LOST)
		return;
	subject = subject_of(c, e->member.name, e->member.name_len);
	if (e->type == SWIM_EVENT_INCARNATION) {
		own_event(c, observer, subject, e);
		return;
	}
	if (subject == c->observers[observer].subject && e->type != SWIM_EVENT_UPDATED &&
	    e->type != SWIM_EVENT_LEFT)
		breach(c, observer, subject, "a %s event about itself", check_event_name(e->type));
	b = belief_of(c, observer, subject);
	told = *b;
	if (b->untold)
		told.status = SWIM_LEFT;
	b->untold = false;
	fault = event_fault(e->type, &told, c->observers[observer].full);
	if (fault != NULL)
		breach(c, observer, subject, "%s, but %s", check_event_name(e->type), fault);
	/* A joined or recovered event may report a suspect: then the suspected event follows. */
	if (event_status(e->type, &status) && status != e->member.status &&
	    !(status == SWIM_ALIVE && e->member.status == SWIM_SUSPECT))
		breach(c, observer, subject, "%s, but its report says %s",
		    check_event_name(e->type), swim_status_name(e->member.status));
	if (e->type == SWIM_EVENT_REMOVED) {
		*b = (struct belief){0};
		return;
	}
	if (e->type == SWIM_EVENT_UPDATED && b->present && status != b->status)
		breach(c, observer, subject, "updated changes its status from %s to %s",
		    swim_status_name(b->status), swim_status_name(status));
	advance(c, observer, subject, b, status, e->member.incarnation);
	b->present = true;
	if (e->type == SWIM_EVENT_JOINED)
		b->joined = true;
	/* The end of a member is the end of its broken link too. */
	b->broken = swim_status_is_live(status) &&
		    (e->type == SWIM_EVENT_LINK_FAILED ||
			(b->broken && e->type != SWIM_EVENT_LINK_RECOVERED &&
			    e->type != SWIM_EVENT_JOINED));
}

static bool
is_unnamed_peer(const struct swim_report *r)
{
	return r->kind == SWIM_KIND_BASE && r->name_len == strlen(r->address) &&
	       memcmp(r->name, r->address, r->name_len) == 0;
}

void
check_report(struct check *c, unsigned observer, const struct swim_report *r)
{
	unsigned subject = subject_of(c, r->name, r->name_len);
	struct belief *b = belief_of(c, observer, subject);

	if (b->seen)
		breach(c, observer, subject, "reported twice");
	b->seen = true;
	if (!b->joined &&
	    (is_unnamed_peer(r) || r->status == SWIM_DEAD || r->status == SWIM_LEFT)) {
		/*
		 * Listed without an event: an unnamed peer, and a member that was dead or had left before the
		 * observer learnt of it.
		 */
	} else if (!b->present) {
		breach(c, observer, subject, "reported as %s, but no event told of it",
		    swim_status_name(r->status));
	} else if (b->status == SWIM_LEFT && r->status == SWIM_DEAD) {
		/* A later life than the one that left has ended, and no event had told of its beginning. */
		b->untold = true;
	} else if (b->status != r->status) {
		breach(c, observer, subject, "reported as %s, but the last event left it %s",
		    swim_status_name(r->status), swim_status_name(b->status));
	}
	/* The incarnation may rise without an event. */
	advance(c, observer, subject, b, r->status, r->incarnation);
	b->present = true;
}

void
check_own(struct check *c, unsigned observer, const struct swim_report *self, bool leaving)
{
	unsigned subject = subject_of(c, self->name, self->name_len);
	struct belief *b = belief_of(c, observer, subject);

	if (!self->local || subject != c->observers[observer].subject)
		breach(c, observer, subject, "the report about itself is about another member");
	if (self->status != (leaving ? SWIM_LEFT : SWIM_ALIVE))
		breach(c, observer, subject, "holds itself %s", swim_status_name(self->status));
	if (self->incarnation != b->incarnation)
		breach(c, observer, subject,
		    "own incarnation is %llu, but the last event said %llu",
		    (unsigned long long)self->incarnation, (unsigned long long)b->incarnation);
	/* An observer that leaves need not tell an event of that; its own report says that it left. */
	b->status = self->status;
}

static int
compare_names(const struct swim_report *a, const struct swim_report *b)
{
	size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = memcmp(a->name, b->name, n);

	return order ? order : (int)a->name_len - (int)b->name_len;
}

void
check_view(struct check *c, unsigned observer, const struct swim *core, size_t max_members)
{
	struct observer *o = &c->observers[observer];
	size_t count = swim_member_count(core);
	struct swim_report report[2];

	if (count > max_members)
		breach(c, observer, o->subject, "%zu members, above the limit of %zu", count,
		    max_members);
	for (size_t i = 0; i < count; i++) {
		struct swim_report *now = &report[i & 1], *last = &report[~i & 1];

		swim_member_at(core, i, now);
		if (i > 0 && compare_names(last, now) >= 0)
			breach(c, observer, subject_of(c, now->name, now->name_len),
			    "reported out of the order of names");
		check_report(c, observer, now);
		if (now->local != (subject_of(c, now->name, now->name_len) == o->subject))
			breach(c, observer, subject_of(c, now->name, now->name_len),
			    "reported as local, or not, by mistake");
	}
	for (unsigned i = 0; i < o->count; i++) {
		if (o->beliefs[i].present && !o->beliefs[i].seen) {
			if (o->beliefs[i].joined)
				breach(c, observer, i,
				    "no longer reported, but no event told that it was removed");
			o->beliefs[i].present = false;
		}
		o->beliefs[i].seen = false;
	}
}

void
check_datagram(struct check *c, unsigned observer, size_t len, size_t max_datagram)
{
	unsigned own = c->observers[observer].subject;

	if (len == 0 || len > max_datagram)
		breach(c, observer, own, "sends a datagram of %zu bytes, max_datagram is %zu", len,
		    max_datagram);
}
