/* SPDX-License-Identifier: MIT */
/*
 * Updates from the wire: this file checks each update, makes a case of it for judge(), and carries out the action
 * that judge() gives.  Only a member itself makes a new incarnation of itself (SWIM 4.2); apply_moved() is the one
 * exception.
 */
#include <string.h>

#include "core/internal.h"

/*
 * An answer to a question of ours may raise an incarnation beyond the jump bound, but stays below this number: half
 * of all incarnations are left.
 */
#define ANSWER_MAX (UINT64_C(1) << 63)

/* An update, and what is found out about it. */
struct statement {
	const struct wire_update *u;
	char address[SWIM_HOSTPORT_MAX + 1]; /* the address of the update, in its canonical form */
	struct swim_addr addr; /* the same address as a number; family 0: a host name */
	/* the status that the update tells; a dead update of the subject itself tells a leave */
	enum swim_status told;
	/* what `told` counts as, given who says it (the first table of judge.c); set with the judgement */
	enum swim_status counts_as;
	bool from_subject; /* the speaker is the member that the update is about */
	bool page;         /* the update is an entry of a page, or of our table before a restart */
	/* a removal that counts: the member is to be forgotten once it is held dead here */
	bool removal;
	bool downgraded_leave; /* a leave is told, and it counts as a suspicion */
};

static void
apply_ignored(struct swim *s, enum swim_ignore reason)
{
	s->stats.ignored[reason]++;
}

/*
 * Copy `address` to `text` without its zone, which names an interface of another machine.  `text` has room for all of
 * `address`.  Returns the length.
 */
static size_t
apply_without_zone(struct wire_str address, char *text)
{
	const char *zone = memchr(address.bytes, '%', address.len), *end = NULL;
	size_t kept = address.len, rest = 0;

	if (zone != NULL)
		end = memchr(zone, ']', address.len - (size_t)(zone - address.bytes));
	if (end != NULL) {
		kept = (size_t)(zone - address.bytes);
		rest = address.len - (size_t)(end - address.bytes);
		memcpy(text + kept, end, rest);
	}
	memcpy(text, address.bytes, kept);
	text[kept + rest] = '\0';
	return kept + rest;
}

/* Is this a loopback address of another machine?  A datagram to it would reach this machine instead. */
static bool
apply_is_elsewhere(const struct swim *s, const struct swim_addr *addr)
{
	return swim_addr_is_loopback(addr) && !s->config.loopback &&
	       !swim_addr_is_loopback(&s->self->addr);
}

bool
apply_address(const struct swim *s, const struct input *in, struct wire_str address, char *text,
    struct swim_addr *addr)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port;
	size_t len;

	*addr = (struct swim_addr){0};
	if (address.len > SWIM_HOSTPORT_MAX)
		return false;
	len = apply_without_zone(address, text);
	if (swim_addr_parse(text, len, addr)) {
		if (swim_addr_is_wildcard(addr) || swim_addr_is_multicast(addr) ||
		    apply_is_elsewhere(s, addr))
			return false;
		swim_addr_format(addr, text);
		if (swim_addr_is_link_local(addr))
			addr->scope = in->zone;
		return true;
	}
	return swim_hostport_split(text, len, -1, false, host, &port) == SWIM_ADDR_OK;
}

void
apply_refute(struct swim *s, const struct input *in, uint64_t than)
{
	uint64_t next = than == UINT64_MAX || !RULE(refutation_rises) ? than : than + 1;

	damping_end_trial(s);
	if (next > s->self->incarnation && RULE(refutation)) {
		members_transition(s, in, s->self, LIFE_ALIVE,
		    RULE(incarnation_is_new) ? next : next - 1);
		outbox_event(s, in, SWIM_EVENT_INCARNATION, s->self);
	}
	gossip_queue(s, s->self);
}

/*
 * Is the speaker a witness: a routable member, a member that answers a question of ours, or the seed that we asked?
 * The member at the address in question and members of our own name are no witnesses, as anybody can claim a name for
 * itself.
 */
static bool
apply_is_witness(const struct swim *s, const struct input *in, const struct swim_addr *addr)
{
	struct wire_str by = {in->speaker.bytes, in->speaker.len};

	return (in->authority >= AUTHORITY_ROUTABLE ||
		   (in->answer.ours && in->authority >= AUTHORITY_MEMBER) || in->answer.of_seed) &&
	       !input_is_from(in, addr) && !probe_same_id(by, s->self);
}

/*
 * Our name is said to live at another address, which is a former address of ours or that of a namesake.  A question to
 * that address tells which of the two is true.
 */
static void
apply_contest(struct swim *s, const struct input *in, const char *address, uint64_t than)
{
	char text[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr addr;
	bool fresh, began;

	apply_ignored(s, SWIM_IGNORE_CONFLICT);
	if (!apply_address(s, in, wire_str_of(address), text, &addr) || addr.family == 0) {
		apply_refute(s, in, than);
		return;
	}
	/* If we are settled, we say at once where we live, as others look for us at the other address until then. */
	fresh = !inquiry_is_contested(s, &addr);
	began = inquiry_contest(s, in, &addr, than);
	if (apply_is_witness(s, in, &addr))
		inquiry_witness(s, in, &addr);
	if (fresh)
		claim_contradict(s, in, than, began);
}

/* Does the update tell other tags than those of `m`?  An update that leaves out tags does not. */
static bool
apply_tells_other_tags(const struct input *in, const struct member *m, const struct wire_update *u)
{
	if ((u->flags & WIRE_FLAG_PARTIAL) || (in->base && u->tags.len == 0))
		return false;
	return m->tags_len != u->tags.len ||
	       (u->tags.len > 0 && memcmp(m->tags, u->tags.bytes, u->tags.len) != 0);
}

/* Is the incarnation of the update above the known one by more than the speaker may raise it? */
static bool
apply_is_jump(const struct swim *s, const struct input *in, const struct member *m,
    const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool from_subject = st->from_subject && m != s->self;
	/*
	 * A base peer, and a stranger that speaks of another member, may raise an incarnation by BASE_JUMP_MOST only,
	 * unless the datagram answers a question of ours: base peers are told of no member above BASE_LADDER_MOST.
	 */
	bool small = !in->answer.ours &&
		     (in->base || (in->authority < AUTHORITY_MEMBER && !from_subject));
	uint64_t most = RULE(jump_bound) ? s->config.max_jump : UINT64_MAX - 1;

	if (small && most > BASE_JUMP_MOST)
		most = BASE_JUMP_MOST;
	return u->incarnation > m->incarnation && u->incarnation - m->incarnation > most;
}

/*
 * May the update go beyond the jump bound?  The first incarnation of an unknown member is not bounded, so a forged
 * datagram that came first may have set an incarnation that shuts out the true member.  A stranger that did not
 * receive our question cannot forge the answer to it.  So an answer to a question of ours may go beyond the bound, of
 * ourselves and of the member that answers.  ANSWER_MAX bounds what a lie in such an answer can do.
 */
static bool
apply_is_answer(const struct input *in, const struct wire_update *u)
{
	return in->answer.ours && u->incarnation < ANSWER_MAX;
}

void
apply_replace_unnamed(struct swim *s, const struct input *in, const struct member *real)
{
	char text[SWIM_ADDR_TEXT];
	struct member *m;

	if (real->addr.family == 0)
		return;
	swim_addr_format_public(&real->addr, text);
	m = members_find(s, text, strlen(text));
	if (m == NULL || m == real || m == s->self)
		return;
	/* The other member may have the same link-local address in another zone. */
	if (m->addr.scope != real->addr.scope && m->addr.scope != 0 && real->addr.scope != 0)
		return;
	/* A member that is gone stays: the address may have been its real name. */
	if (!members_is_alive_or_suspect(m))
		return;
	/*
	 * A member that has answered under this name stays too, unless the datagram with the new name comes from its
	 * address.
	 */
	if (m->routable && !m->unnamed && !input_is_from(in, &m->addr))
		return;
	if (members_is_announced(m))
		outbox_event(s, in, SWIM_EVENT_REMOVED, m);
	members_destroy(s, in, m);
}

/*
 * Does the update have an address for a name, while we know the member that lives at this address, perhaps ourselves,
 * by another name?  The sender lists an unnamed peer there, which is no other member to us.
 */
static bool
apply_is_named_here(const struct swim *s, const struct wire_update *u, const char *address,
    const struct swim_addr *addr)
{
	const struct member *m;

	if (addr->family == 0 || !wire_str_equal(u->member.id, address))
		return false;
	m = locate_at(s, addr);
	return m != NULL && members_is_alive_or_suspect(m);
}

/*
 * Does the update leave out tags of its subject?  A base peer passes on no tags, and the records of dead members, of
 * which a page makes suspicions, have none.
 */
static bool
apply_lacks_tags(const struct input *in, const struct wire_update *u)
{
	return (u->flags & WIRE_FLAG_PARTIAL) || (in->base && u->tags.len == 0) ||
	       !swim_status_is_live(u->status);
}

/* Store these tags.  True if they differ from the former tags. */
static bool
apply_store_tags(struct swim *s, struct member *m, struct wire_str tags)
{
	bool changed = m->tags_len != tags.len ||
		       (tags.len > 0 && memcmp(m->tags, tags.bytes, tags.len) != 0);

	if (!changed && !m->partial)
		return false;
	if (!members_set_tags(s, m, tags)) {
		apply_ignored(s, SWIM_IGNORE_NO_MEMORY);
		return false;
	}
	return changed;
}

/*
 * Take the tags of a new member or of a higher incarnation.  If the update lacks them, the digests will differ, and a
 * sync brings the tags.  True if the tags changed.
 */
static bool
apply_take_tags(struct swim *s, const struct input *in, struct member *m,
    const struct wire_update *u)
{
	if (!apply_lacks_tags(in, u))
		return apply_store_tags(s, m, u->tags);
	if (!m->partial)
		members_set_partial(s, m);
	return false;
}

/* Take the tags of the known incarnation of a partial member.  True if the tags changed. */
static bool
apply_complete_tags(struct swim *s, const struct input *in, struct member *m,
    const struct wire_update *u)
{
	return !apply_lacks_tags(in, u) && apply_store_tags(s, m, u->tags);
}

/* Take a swimd peer's word that m is a base peer, until m itself has answered or spoken to us. */
static void
apply_take_kind(struct member *m, const struct wire_update *u)
{
	if ((u->flags & WIRE_FLAG_BASE) && (m->peer == PEER_UNTOLD || m->peer == PEER_UNSURE))
		m->peer = PEER_SAID_BASE;
}

/* The member has been gone for `age` already: set its times back. */
static void
apply_backdate(struct member *m, swim_duration age)
{
	m->since = swim_time_add(m->since, swim_ns(-age.ns));
	m->deadline = swim_time_add(m->deadline, swim_ns(-age.ns));
}

/*
 * Does the update say that its subject has answered somebody?  A stranger's word on this does not count.  Earlier
 * versions of swimd do not tell it: the dead members on their pages count as having answered.
 */
static bool
apply_tells_answer(const struct input *in, const struct wire_update *u, bool page)
{
	const uint8_t either = WIRE_FLAG_ANSWERED | WIRE_FLAG_UNANSWERED;

	if (!in->answer.ours && in->authority < AUTHORITY_MEMBER)
		return false;
	return (u->flags & WIRE_FLAG_ANSWERED) ||
	       (page && !swim_status_is_live(u->status) && !(u->flags & either));
}

/* Is the speaker a member that does not know that the subject, a dead member, has answered somebody, while we know it? */
static bool
apply_lacks_answer(const struct input *in, const struct member *m, const struct wire_update *u,
    bool page)
{
	return !page && !swim_status_is_live(u->status) && (u->flags & WIRE_FLAG_UNANSWERED) &&
	       in->authority >= AUTHORITY_MEMBER && members_is_visible(m) &&
	       members_has_answered(m);
}

/*
 * Carry out a removal.  A removal on a page starts no rumour: members that lack the removal find it by the digests, as
 * we did.  A rumour would give the removal a new age, and the members together would never forget it.
 */
static void
apply_forget(struct swim *s, const struct input *in, struct member *m, const struct statement *st)
{
	uint64_t incarnation = st->u->incarnation;

	if ((members_is_removed(m) && incarnation == m->incarnation) ||
	    (st->page && st->u->age_s >= TOMBSTONE_HOLD.ns / 1000000000))
		return;
	/* Tell members that hold it alive of its death or leave before the removal. */
	if (members_is_alive_or_suspect(m))
		members_transition(s, in, m, members_visible_life(st->counts_as), incarnation);
	members_forget(s, in, m,
	    members_status(m) > st->counts_as ? members_status(m) : st->counts_as, incarnation);
	if (st->page) {
		gossip_drop(s, m);
		apply_backdate(m, swim_seconds(st->u->age_s));
	}
}

/*
 * A leave of m is heard, which counts as a suspicion only.  A member that leaves answers with its leave for a short time.
 * So ask m by a greeting, which is repeated, so that one lost datagram does not turn the leave into a failure.  If there is no
 * room for a greeting, send several pings at once.
 */
static void
apply_ask_leaver(struct swim *s, const struct input *in, struct member *m)
{
	unsigned pings = LOSS_QUESTIONS_LEAST;

	if (link_address(m)->family != 0 && locate_is_reached(s, m) &&
	    inquiry_start(s, in, link_address(m), INQUIRY_GREET))
		pings = 1;
	while (pings-- > 0)
		probe_ping(s, m, core_seq(s));
}

/* Move m to this address.  False: no memory. */
static bool
apply_move(struct swim *s, const struct input *in, struct member *m, const char *address)
{
	if (locate_move(s, in, m, address, strlen(address)))
		return true;
	apply_ignored(s, SWIM_IGNORE_NO_MEMORY);
	return false;
}

/*
 * The speaker tells its own end: does the datagram show who the speaker is?  It names its sender, or the subject's name is
 * the source address.
 */
static bool
apply_is_signed(const struct input *in, const struct wire_update *u)
{
	char text[SWIM_ADDR_TEXT];

	swim_addr_format_public(&in->from, text);
	return in->named || wire_str_equal(u->member.id, text);
}

/*
 * The end of a base peer is told from its address, by a sender that gives no name: the base peer itself, which
 * leaves, or another base peer that has started there and has heard of the end.  Ask at that address: a base peer that
 * has left does not answer.
 */
static void
apply_ask_base_leaver(struct swim *s, const struct input *in, const struct member *m,
    const struct statement *st)
{
	const struct wire_update *u = st->u;

	if (m != NULL && members_is_live(m) && m->peer != PEER_SWIMD &&
	    !apply_is_jump(s, in, m, st) && u->incarnation >= m->incarnation)
		inquiry_ask_leaver(s, in, m, &in->from, u->incarnation);
}

/* Carry out an action about ourselves. */
static void
apply_self(struct swim *s, const struct input *in, const struct statement *st,
    enum judge_action action)
{
	uint64_t than = st->u->incarnation;

	s->stats.refutations += action == ACTION_REFUTE_SUSPECT || action == ACTION_REFUTE_DEATH ||
				action == ACTION_REFUTE_HEARSAY;
	if (action == ACTION_REFUTE)
		apply_refute(s, in, than);
	else if (action == ACTION_CONTEST)
		apply_contest(s, in, st->address, than);
	else if (action == ACTION_REFUTE_SUSPECT)
		damping_suspected(s, in, than);
	else if (action == ACTION_REFUTE_DEATH && !RULE(self_refutes))
		members_transition(s, in, s->self, LIFE_DEAD, than);
	else if (action == ACTION_REFUTE_DEATH)
		damping_held_dead(s, in, than);
	else if (action == ACTION_REFUTE_HEARSAY)
		damping_hearsay(s, in, than);
	else if (action == ACTION_NOTE_DEATH)
		damping_was_dead(s, than);
}

/*
 * Is there room in the table for the unknown subject?  A dead member makes room for a live one, but no member makes room for a
 * dead one.  A guest takes the place of a member that has never answered.
 */
static bool
apply_has_room(struct swim *s, const struct input *in, const struct statement *st)
{
	if (!swim_status_is_live(st->counts_as))
		return s->table.count < s->config.max_members;
	return members_make_room(s, in) || (st->from_subject && guest_room(s, in, &st->addr));
}

/* List an unknown member, or remember it as a tombstone (`hidden`). */
static void
apply_list(struct swim *s, const struct input *in, const struct statement *st, bool hidden)
{
	const struct wire_update *u = st->u;
	struct wire_member_id id = {u->member.id, wire_str_of(st->address)};
	bool live = swim_status_is_live(st->counts_as);
	struct member *m;

	if (!apply_has_room(s, in, st)) {
		apply_ignored(s, SWIM_IGNORE_MEMBER_LIMIT);
		return;
	}
	if (st->counts_as == SWIM_SUSPECT && !suspicion_room(s)) {
		apply_ignored(s, SWIM_IGNORE_NO_MEMORY);
		return;
	}
	m = members_create(s, in, &id);
	if (m == NULL) {
		apply_ignored(s, SWIM_IGNORE_NO_MEMORY);
		return;
	}
	if (live) {
		apply_replace_unnamed(s, in, m);
		apply_take_tags(s, in, m, u);
	}
	/*
	 * A base peer may know a swimd peer by the swimd peer's name, from an earlier version of swimd: then m may be
	 * a swimd.
	 */
	if (in->base_peer)
		m->peer = in->base && !st->from_subject ? PEER_SAID_BASE : PEER_BASE;
	else if (in->base && !st->from_subject)
		m->peer = PEER_UNSURE;
	apply_take_kind(m, u);
	/* We asked the member at the address that it advertises, and this is its answer. */
	m->routable = live && st->from_subject && in->answer.ours &&
		      swim_addr_equal(&m->addr, &in->answer.asked);
	m->answered = apply_tells_answer(in, u, st->page) ? ANSWERED_SOMEBODY : ANSWERED_UNKNOWN;
	members_transition(s, in, m,
	    hidden ? members_hidden_life(st->counts_as) : members_visible_life(st->counts_as),
	    u->incarnation);
	if (hidden && (u->flags & WIRE_FLAG_FORGET))
		members_mark_removed(s, m);
	if (st->counts_as == SWIM_SUSPECT) {
		suspicion_add_accusers(s, in, m, u);
		suspect_confirm(s, m);
	}
	if (!live)
		apply_backdate(m, swim_seconds(st->page ? u->age_s : 0));
	/* Other members get the entries of pages by pages too; a rumour about each entry would flood them. */
	if (live && (!st->page || st->counts_as == SWIM_SUSPECT))
		gossip_queue(s, m);
}

/*
 * The update has the known incarnation and is no news.  A new accuser counts, and restarts the rumour; any other
 * update is one more hearing of our rumour.
 */
static void
apply_hear_again(struct swim *s, const struct input *in, struct member *m,
    const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool elsewhere = strcmp(st->address, m->address) != 0;

	if (swim_status_is_live(st->counts_as) && swim_status_is_live(members_status(m))) {
		/*
		 * An ack without updates tells the present address of its sender, but not the incarnation.  So a
		 * visitor that has answered by such an ack is listed at the incarnation that others told of it before
		 * (visitor.c).  If the visitor has moved since, the tags of that incarnation belong to its former
		 * address: an update with another address gives no tags.
		 */
		if (elsewhere)
			apply_ignored(s, SWIM_IGNORE_CONFLICT);
		else if (m->partial && apply_complete_tags(s, in, m, u) && members_is_announced(m))
			outbox_event(s, in, SWIM_EVENT_UPDATED, m);
	}
	if (st->counts_as != members_status(m) || st->page)
		return;
	if (st->counts_as == SWIM_SUSPECT && suspicion_add_accusers(s, in, m, u))
		gossip_queue(s, m);
	else
		gossip_heard(s, m);
}

/* The member knows less of itself than we do: the next answer to it tells it its record. */
static void
apply_answer_with_record(struct swim *s, struct member *m)
{
	struct extra *x = extra_new(s, m);

	if (x != NULL)
		x->tell = true;
}

/*
 * The update is no news.  Note what the speaker has missed: a speaker that suspects a dead or left member has missed
 * the verdict or the leave, and a speaker that tells the death of a left member has missed the leave.
 */
static void
apply_no_news(struct swim *s, const struct input *in, struct member *m, const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool equal = u->incarnation == m->incarnation, lower = !equal;
	bool gone = !swim_status_is_live(members_status(m));

	if (equal)
		apply_hear_again(s, in, m, st);
	if (members_is_visible(m) && equal &&
	    ((st->counts_as == SWIM_SUSPECT && gone) ||
		(st->counts_as == SWIM_DEAD && members_status(m) == SWIM_LEFT)))
		in->found->unaware_of = m;
	if (lower && (in->authority >= AUTHORITY_ROUTABLE || gone) &&
	    (st->counts_as != SWIM_ALIVE || gone))
		introduce_note_stale(in, m);
	if (st->counts_as == SWIM_SUSPECT && gone) {
		introduce_note_stale(in, m);
		introduce_end_again(s, in, m);
	}
	/*
	 * The member has started without its state, at a lower incarnation: it rises above the one that we know once
	 * it is told that one.
	 */
	if (st->from_subject && swim_status_is_live(st->counts_as) &&
	    (lower || gone || strcmp(st->address, m->address) != 0))
		apply_answer_with_record(s, m);
	if (st->removal && members_status(m) == SWIM_SUSPECT)
		suspicion_doom(m);
}

/* List a tombstone, as the page lists its member. */
static void
apply_reveal(struct swim *s, const struct input *in, struct member *m, const struct statement *st)
{
	const struct wire_update *u = st->u;
	enum swim_status status;
	bool moved = u->incarnation > m->incarnation && strcmp(st->address, m->address) != 0;

	if (moved && !apply_move(s, in, m, st->address))
		return;
	status = st->counts_as > members_status(m) ? st->counts_as : members_status(m);
	members_transition(s, in, m, members_visible_life(status), u->incarnation);
	apply_backdate(m, swim_seconds(u->age_s));
}

/* Carry out what a new suspicion brings with it: accusers, confirmation, questions. */
static void
apply_begin_suspicion(struct swim *s, const struct input *in, struct member *m,
    const struct statement *st)
{
	if (st->removal)
		suspicion_doom(m);
	suspicion_add_accusers(s, in, m, st->u);
	suspect_confirm(s, m);
	if (st->downgraded_leave)
		apply_ask_leaver(s, in, m);
}

/* Take the update over with this status. */
static void
apply_take(struct swim *s, const struct input *in, struct member *m, const struct statement *st,
    enum swim_status status)
{
	const struct wire_update *u = st->u;
	bool live = swim_status_is_live(status), retagged = false;
	bool was_alive = m->life == LIFE_ALIVE, was_there = m->routable && m->peer == PEER_SWIMD;
	bool risen = u->incarnation > m->incarnation;
	bool moved = risen && strcmp(st->address, m->address) != 0, known, hidden;
	struct swim_addr former = m->addr;

	if (status == SWIM_SUSPECT && !suspicion_room(s)) {
		apply_ignored(s, SWIM_IGNORE_NO_MEMORY);
		return;
	}
	members_keep_name(s, in, m);
	/* A member that comes back is told once, by `joined`, with its present address and tags: no `updated` follows. */
	known = m->told == TOLD_JOINED && members_is_visible(m) && m->life != LIFE_LEFT;
	if (moved && RULE(move_taken) && (live || RULE(move_of_dead)) &&
	    !apply_move(s, in, m, st->address))
		return;
	if (live && risen && RULE(tags_taken))
		retagged = apply_take_tags(s, in, m, u);
	hidden = !members_is_visible(m) && !live;
	members_transition(s, in, m,
	    hidden ? members_hidden_life(status) : members_visible_life(status),
	    status == SWIM_DEAD && !RULE(death_raises) ? m->incarnation : u->incarnation);
	if (was_alive && status == SWIM_ALIVE)
		m->alive_as = moved || retagged ? ALIVE_CHANGED : ALIVE_STILL;
	if (status == SWIM_DEAD)
		suspicion_keep_verdict(s, m, u);
	if (status == SWIM_SUSPECT)
		apply_begin_suspicion(s, in, m, st);
	if (moved && live) {
		apply_replace_unnamed(s, in, m);
		if (was_there)
			gossip_moved(s, m, &former);
	}
	if (((moved && live) || retagged) && known && members_is_announced(m) &&
	    members_is_visible(m))
		outbox_event(s, in, SWIM_EVENT_UPDATED, m);
	if (members_is_visible(m) && (!st->page || status != SWIM_ALIVE))
		gossip_queue(s, m);
}

static enum judge_known
apply_known_of(const struct swim *s, const struct member *m)
{
	if (m == NULL)
		return KNOWN_NOBODY;
	if (m == s->self)
		return KNOWN_SELF;
	switch (m->life) {
	case LIFE_NEW:
	case LIFE_ALIVE:
		break;
	case LIFE_SUSPECT:
		return KNOWN_SUSPECT;
	case LIFE_DEAD:
		return KNOWN_DEAD;
	case LIFE_LEFT:
		return KNOWN_LEFT;
	case LIFE_DEAD_HIDDEN:
		return KNOWN_TOMBSTONE_DEAD;
	case LIFE_LEFT_HIDDEN:
		return KNOWN_TOMBSTONE_LEFT;
	case LIFE_DEAD_REMOVED:
		return KNOWN_REMOVED_DEAD;
	case LIFE_LEFT_REMOVED:
		return KNOWN_REMOVED_LEFT;
	}
	return KNOWN_ALIVE;
}

static enum judge_said
apply_said_by(const struct statement *st)
{
	bool forget = st->u->flags & WIRE_FLAG_FORGET;

	switch (st->told) {
	case SWIM_ALIVE:
		return SAID_ALIVE;
	case SWIM_SUSPECT:
		return SAID_SUSPECT;
	case SWIM_DEAD:
		return forget ? SAID_REMOVED_DEAD : SAID_DEAD;
	case SWIM_LEFT:
		break;
	}
	return forget ? SAID_REMOVED_LEFT : SAID_LEFT;
}

static enum judge_relation
apply_relation_of(const struct swim *s, const struct input *in, const struct member *m,
    const struct statement *st)
{
	const struct wire_update *u = st->u;

	if (m == NULL)
		return RELATION_HIGHER;
	/* An answer to a question of ours may go beyond the bound, of the member that answers and of us. */
	if (apply_is_jump(s, in, m, st) &&
	    !((st->from_subject || m == s->self) && apply_is_answer(in, u)))
		return RELATION_JUMP;
	return u->incarnation > m->incarnation   ? RELATION_HIGHER
	       : u->incarnation < m->incarnation ? RELATION_LOWER
						 : RELATION_EQUAL;
}

static unsigned
apply_fact(bool is_so, enum judge_fact bit)
{
	return is_so ? (unsigned)bit : 0;
}

/*
 * Is the end of an unknown member so old that others are about to forget it?  If we learnt it now, the members would
 * tell it to each other for ever.
 */
static bool
apply_is_old(const struct swim *s, const struct input *in, const struct statement *st)
{
	swim_duration age = swim_seconds(st->page ? st->u->age_s : 0);
	bool answered = apply_tells_answer(in, st->u, st->page);

	if (st->page && !(st->u->flags & WIRE_FLAG_FORGET))
		return age.ns >= swim_retention(&s->config.timing, st->told, answered).ns;
	return age.ns >= TOMBSTONE_HOLD.ns;
}

static unsigned
apply_facts_of_unknown(const struct swim *s, const struct input *in, const struct statement *st)
{
	const struct wire_member_id *pair = &st->u->member;
	bool alias = !st->from_subject && base_is_alias(s, in, pair, &st->addr);
	const struct member *named = alias ? locate_at(s, &st->addr) : NULL;
	bool alive = named != NULL && (named == s->self || members_is_live(named));

	return apply_fact(apply_is_named_here(s, st->u, st->address, &st->addr), FACT_NAMED) |
	       apply_fact(!swim_status_is_live(st->told) && apply_is_old(s, in, st), FACT_OLD) |
	       /*
	        * Earlier versions of swimd list the address by which base peers call a swimd peer as a member of its
	        * own, and tell of it.
	        */
	       apply_fact(alias && alive, FACT_ALIAS) |
	       /*
	        * A base peer calls a swimd peer by the swimd peer's address, and only the swimd peer itself tells its
	        * name.
	        */
	       apply_fact(alias || (in->base && !st->from_subject && base_is_address(s, in, pair)),
		   FACT_WHOEVER);
}

static unsigned
apply_facts_of_member(const struct swim *s, const struct input *in, const struct member *m,
    const struct statement *st)
{
	const struct swim_addr *addr = &st->addr;
	bool dead = st->told == SWIM_DEAD, accused = dead || st->told == SWIM_SUSPECT;

	return apply_fact(strcmp(st->address, m->address) != 0, FACT_MOVED) |
	       apply_fact(addr->family != 0 && link_is_routable_at(m, addr), FACT_ROUTABLE) |
	       apply_fact(m->addr.family == 0 || input_is_from(in, &m->addr), FACT_HOME) |
	       apply_fact(dead && suspicion_confirms(s, m, st->u), FACT_CONFIRMED) |
	       apply_fact((accused || st->told == SWIM_LEFT) && suspicion_is_void(s, in, st->u),
		   FACT_VOID) |
	       apply_fact(dead && inquiry_is_leaver(s, &m->addr), FACT_ASKED_LEAVE) |
	       apply_fact(m->peer == PEER_SWIMD, FACT_SWIMD);
}

static struct judge_case
apply_case_of(const struct swim *s, const struct input *in, const struct member *m,
    const struct statement *st)
{
	struct judge_case c = {
	    .known = apply_known_of(s, m),
	    .said = apply_said_by(st),
	    .relation = apply_relation_of(s, in, m, st),
	    .authority = in->authority,
	    .facts = apply_fact(st->page, FACT_PAGE) | apply_fact(st->from_subject, FACT_SUBJECT) |
		     apply_fact(in->base, FACT_BASE) |
		     apply_fact(visitor_believes_update(s, in, st->from_subject), FACT_BELIEVED),
	};

	if (st->from_subject && !swim_status_is_live(st->told))
		c.facts |= apply_fact(apply_is_signed(in, st->u), FACT_SIGNED);
	if (m == s->self)
		c.facts |= apply_fact(s->leaving, FACT_LEAVING) |
			   apply_fact(strcmp(st->address, m->address) != 0, FACT_MOVED) |
			   apply_fact(apply_tells_other_tags(in, m, st->u), FACT_RETAGGED);
	else if (m == NULL)
		c.facts |= apply_facts_of_unknown(s, in, st);
	else
		c.facts |= apply_facts_of_member(s, in, m, st);
	return c;
}

/* Carry the action out.  `m` is NULL if no member of this name is known. */
static void
apply_commit(struct swim *s, const struct input *in, struct member *m, const struct statement *st,
    enum judge_action action)
{
	switch (action) {
	case ACTION_IGNORE:
		break;
	case ACTION_REFUSE_JUMP:
		apply_ignored(s, SWIM_IGNORE_JUMP);
		break;
	case ACTION_REFUSE_CONFLICT:
		apply_ignored(s, SWIM_IGNORE_CONFLICT);
		break;
	case ACTION_VISIT:
		visitor_hear(s, in, st->u, &st->addr, st->from_subject);
		break;
	case ACTION_ASK_LEAVE:
		apply_ask_base_leaver(s, in, m, st);
		break;
	case ACTION_LIST:
	case ACTION_REMEMBER:
		apply_list(s, in, st, action == ACTION_REMEMBER);
		break;
	case ACTION_REVEAL:
		apply_reveal(s, in, m, st);
		break;
	case ACTION_FORGET:
		apply_forget(s, in, m, st);
		break;
	case ACTION_HEAR:
		apply_no_news(s, in, m, st);
		break;
	case ACTION_ALIVE:
	case ACTION_SUSPECT:
	case ACTION_DEAD:
	case ACTION_LEFT:
		apply_take(s, in, m, st, (enum swim_status)(SWIM_ALIVE + (action - ACTION_ALIVE)));
		break;
	case ACTION_REFUTE:
	case ACTION_CONTEST:
	case ACTION_REFUTE_SUSPECT:
	case ACTION_REFUTE_DEATH:
	case ACTION_REFUTE_HEARSAY:
	case ACTION_NOTE_DEATH:
		apply_self(s, in, st, action);
		break;
	}
}

/* Note what an update about us shows of its sender, whatever the action was. */
static void
apply_note_view_of_us(struct swim *s, const struct input *in, const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool outdated = u->status != SWIM_ALIVE && u->incarnation < s->self->incarnation;

	if (outdated)
		introduce_note_stale(in, s->self);
	/*
	 * The speaker has missed our refutation, so a correction tells it; the sender of a page is told by sync.c.  If
	 * the speaker has missed a death as well, the correction tells the death: our own record goes with the ack to
	 * the speaker's next ping that misjudges us.
	 */
	if (outdated && !st->page && in->found->unaware_of == NULL)
		in->found->unaware_of = s->self;
}

/* Is this a removal that counts: from a member that is a swimd peer, at the known incarnation or above? */
static bool
apply_is_removal(const struct input *in, const struct member *m, const struct wire_update *u)
{
	return (u->flags & WIRE_FLAG_FORGET) && u->incarnation >= m->incarnation &&
	       in->authority >= AUTHORITY_MEMBER && !in->base;
}

/* Take what the update tells of m besides its status: the zone of its address, its kind, and that it has answered. */
static void
apply_note_member(struct swim *s, const struct input *in, struct member *m,
    const struct statement *st)
{
	if (strcmp(st->address, m->address) == 0)
		locate_told(s, in, m);
	if (in->authority >= AUTHORITY_MEMBER)
		apply_take_kind(m, st->u);
	if (apply_tells_answer(in, st->u, st->page))
		members_hear_answered(s, m, !st->page);
}

static void
apply_judge_and_commit(struct swim *s, const struct input *in, struct member *m,
    struct statement *st)
{
	struct judge_case c = apply_case_of(s, in, m, st);
	enum judge_said counts_as;
	enum judge_action action = judge(&c, &counts_as);

	/* A downgraded death or leave counts as a suspicion. */
	st->counts_as = counts_as == SAID_SUSPECT ? SWIM_SUSPECT : st->told;
	st->downgraded_leave = st->told == SWIM_LEFT && counts_as == SAID_SUSPECT;
	apply_commit(s, in, m, st, action);
}

static void
apply_statement(struct swim *s, const struct input *in, struct statement *st)
{
	const struct wire_update *u = st->u;
	struct member *m = members_find(s, u->member.id.bytes, u->member.id.len);
	bool ends = !swim_status_is_live(u->status) && st->from_subject;

	if (m == s->self) {
		in->found->misjudged |= u->status != SWIM_ALIVE;
		accused_note(s, in, u);
		apply_judge_and_commit(s, in, m, st);
		apply_note_view_of_us(s, in, st);
		return;
	}
	/* A member leaves by telling its own death.  judge.c asks for a name in the datagram (FACT_SIGNED). */
	if (ends && !(u->flags & WIRE_FLAG_FORGET))
		st->told = SWIM_LEFT;
	if (m == NULL) {
		apply_judge_and_commit(s, in, m, st);
		return;
	}
	st->removal = apply_is_removal(in, m, u);
	if (!ends || apply_is_signed(in, u))
		apply_note_member(s, in, m, st);
	apply_judge_and_commit(s, in, m, st);
	if (!ends || apply_is_signed(in, u))
		in->found->lacks_answer |= apply_lacks_answer(in, m, u, st->page);
}

/* Check the name and the address of the update, then judge it and carry out the action. */
static void
apply_update(struct swim *s, const struct input *in, struct statement *st)
{
	const struct wire_member_id *who = &st->u->member;

	st->told = st->u->status;
	if (who->id.len == 0 || who->id.len > SWIM_NAME_MAX)
		apply_ignored(s, SWIM_IGNORE_BAD_NAME);
	else if (!apply_address(s, in, who->address, st->address, &st->addr))
		apply_ignored(s, SWIM_IGNORE_BAD_ADDRESS);
	else
		apply_statement(s, in, st);
}

void
apply_own_word(struct swim *s, const struct input *in, const struct wire_update *u)
{
	struct statement st = {.u = u, .from_subject = true};

	apply_update(s, in, &st);
}

void
apply_restored(struct swim *s, const struct input *in, const struct wire_update *u)
{
	struct statement st = {.u = u, .page = true};

	apply_update(s, in, &st);
}

void
apply_left(struct swim *s, const struct input *in, struct member *m, uint64_t incarnation)
{
	if (m == NULL || m == s->self || !members_is_live(m) || m->peer == PEER_SWIMD ||
	    incarnation < m->incarnation)
		return;
	members_transition(s, in, m, RULE(base_leave) ? LIFE_LEFT : LIFE_DEAD, incarnation);
	gossip_queue(s, m);
}

/*
 * A base peer that has moved does not know the incarnation at which it was known at its former address.  So each swimd
 * peer that finds it at the new address tells that it lives there, at the next incarnation.  Several swimd peers that
 * find it tell the same.
 */
void
apply_moved(struct swim *s, const struct input *in, struct member *m, const struct swim_addr *to)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_update u = {
	    .member = {{m->name, m->name_len}, wire_str_of(swim_addr_format_public(to, text))},
	    .status = SWIM_ALIVE,
	    .flags = WIRE_FLAG_PARTIAL};
	struct input finding = *in;

	if (m->incarnation == UINT64_MAX)
		return;
	u.incarnation = m->incarnation + 1;
	finding.zone = to->scope;
	/* We have asked at the former address, so this update is our own finding and not the word of a base peer. */
	finding.base = false;
	apply_own_word(s, &finding, &u);
	if (swim_addr_equal(&m->addr, to)) {
		m->routable = true;
		if (m->peer == PEER_UNTOLD)
			m->peer = PEER_BASE;
		else if (m->peer == PEER_UNSURE)
			m->peer = PEER_SAID_BASE;
	}
}

/*
 * The member that an update of a base peer is about, as we name members.  If the swimd peer of that address is gone,
 * an update that a member lives there may be about another member: a swimd peer that comes back tells that itself.
 */
static struct wire_member_id
apply_meant_by_base(const struct swim *s, const struct input *in, const struct wire_update *u)
{
	struct wire_member_id meant = base_meant(s, in, &u->member);
	const struct member *m = members_find(s, meant.id.bytes, meant.id.len);
	bool gone = m != NULL && m != s->self && !members_is_live(m);

	return gone && swim_status_is_live(u->status) ? u->member : meant;
}

void
apply_updates(struct swim *s, const struct input *in)
{
	struct wire_updates_iter iter = {0};
	struct quota_mark before;
	struct wire_update u;

	while (wire_updates_next(&in->msg->updates, &iter, &u)) {
		struct statement st = {.u = &u, .page = in->msg->updates.sync};

		if (in->base)
			u.member = apply_meant_by_base(s, in, &u);
		st.from_subject = in->speaker.len > 0 && wire_str_same(u.member.id, in->speaker);
		/* Pages have no quota, as we have asked for them. */
		if (!st.page && !quota_allows(s, in, &u)) {
			apply_ignored(s, SWIM_IGNORE_RATE);
			continue;
		}
		/* A stranger may name any member as an accuser. */
		if (in->authority < AUTHORITY_MEMBER)
			u.accuser_count = 0;
		before = quota_mark(s);
		apply_update(s, in, &st);
		if (!st.page)
			quota_charge(s, in, &u, before);
	}
}
