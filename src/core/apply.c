/* SPDX-License-Identifier: MIT */
/*
 * What an update from the wire means.  Higher incarnations win; at equal ones left over dead over suspect
 * over alive (SWIM 4.2, and wire format).  Only its owner makes a new incarnation of a member.
 */
#include <string.h>

#include "core/internal.h"

/* Up to here an answer may drive our incarnation at once. */
#define ANSWER_MAX (UINT64_C(1) << 63)

/* An update as it was told. */
struct statement {
	const struct wire_update *u;
	char address[SWIM_HOSTPORT_MAX + 1]; /* of the update, in its canonical form */
	struct swim_addr addr;               /* the same as a number; family 0: it is a host name */
	enum swim_status
	    status; /* what the update counts as: an end that the subject tells of itself is a leave, for example */
	bool from_subject;     /* the speaker is the member that the update is about */
	bool page;             /* it is of a page of a view, or of our own former view */
	bool removal;          /* it may remove the member, if the member is held dead here */
	bool downgraded_leave; /* it tells a leave, and counts as a suspicion */
};

static void
apply_ignored(struct swim *s, enum swim_ignore reason)
{
	s->stats.ignored[reason]++;
}

/*
 * Without the zone that another machine's configuration may have put in there.  `text` has room for all of
 * `address`; returns the length.
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

/* Loopback is another place on each machine: told by others, it would make us send to ourselves what is meant for them. */
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

	damping_acquit(s);
	if (next > s->self->incarnation && RULE(refutation)) {
		members_transition(s, in, s->self, LIFE_ALIVE,
		    RULE(incarnation_is_new) ? next : next - 1);
		outbox_event(s, in, SWIM_EVENT_INCARNATION, s->self);
	}
	gossip_queue(s, s->self);
}

/*
 * Does a member that we know, or the seed that we asked, say where our name lives?  The word of the member at that
 * address, and of any other of our name, does not count: anybody can claim a name for himself.
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
 * One of our name is said to live elsewhere: we ourselves before we moved, or another.  Only who asks there
 * can tell.
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
	/* Who is settled here need not ask before it says so: until then the others look for it there. */
	fresh = !inquiry_is_contested(s, &addr);
	began = inquiry_contest(s, in, &addr, than);
	if (apply_is_witness(s, in, &addr))
		inquiry_witness(s, in, &addr);
	if (fresh)
		claim_contradict(s, in, than, began);
}

/* Told of tags that are not those of `m`?  Whoever does not know any is not. */
static bool
apply_tells_other_tags(const struct input *in, const struct member *m, const struct wire_update *u)
{
	if ((u->flags & WIRE_FLAG_PARTIAL) || (in->base && u->tags.len == 0))
		return false;
	return m->tags_len != u->tags.len ||
	       (u->tags.len > 0 && memcmp(m->tags, u->tags.bytes, u->tags.len) != 0);
}

/* Above what is known of it by more than the speaker may say. */
static bool
apply_is_jump(const struct swim *s, const struct input *in, const struct member *m,
    const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool from_subject = st->from_subject && m != s->self;
	/*
	 * A base peer, and a sender that is no member and speaks of another, raise an incarnation by small steps only, unless
	 * the datagram answers a question of ours: base peers are told nothing of a member above BASE_LADDER_MOST.
	 */
	bool small = !in->answer.ours &&
		     (in->base || (in->authority < AUTHORITY_MEMBER && !from_subject));
	uint64_t most = RULE(jump_bound) ? s->config.max_jump : UINT64_MAX - 1;

	if (small && most > BASE_JUMP_MOST)
		most = BASE_JUMP_MOST;
	return u->incarnation > m->incarnation && u->incarnation - m->incarnation > most;
}

/*
 * Others may have believed a datagram that came before our first: they take any incarnation of whom they
 * don't know yet, and then nothing below it.  So an answer to a question of ours, which nobody can forge who
 * didn't get it, is believed beyond the bound of us, and of whoever answers.  One who lies in it leaves half
 * of all incarnations to rise on.
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
	/* Another may have this link-local address in another zone. */
	if (m->addr.scope != real->addr.scope && m->addr.scope != 0 && real->addr.scope != 0)
		return;
	/* One that is remembered dead stays: it may have been somebody's real name. */
	if (!members_is_living(m))
		return;
	/* One that has answered under this name stays too, unless the datagram with the new name comes from its address. */
	if (m->routable && !m->unnamed && !input_is_from(in, &m->addr))
		return;
	if (members_is_announced(m))
		outbox_event(s, in, SWIM_EVENT_REMOVED, m);
	members_destroy(s, in, m);
}

/* Another's stand-in for somebody whose name we know, us perhaps: it is nobody new. */
static bool
apply_is_named_here(const struct swim *s, const struct wire_update *u, const char *address,
    const struct swim_addr *addr)
{
	const struct member *m;

	if (addr->family == 0 || !wire_str_equal(u->member.id, address))
		return false;
	m = locate_at(s, addr);
	return m != NULL && members_is_living(m);
}

/*
 * Does the update leave out the tags of its member, or some of them?  A base peer passes on none, and the records of the dead,
 * of which a page makes suspicions, have none.
 */
static bool
apply_lacks_tags(const struct input *in, const struct wire_update *u)
{
	return (u->flags & WIRE_FLAG_PARTIAL) || (in->base && u->tags.len == 0) ||
	       !swim_status_is_live(u->status);
}

/* Keep these tags.  True if they are others than before. */
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

/* The tags of a new member or of a higher incarnation.  If the update lacks them, comparing views will find a difference. */
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

/* The tags of the known incarnation, of a member of whose tags some are not known.  True if they changed. */
static bool
apply_complete_tags(struct swim *s, const struct input *in, struct member *m,
    const struct wire_update *u)
{
	return !apply_lacks_tags(in, u) && apply_store_tags(s, m, u->tags);
}

/* A swimd says that m is a base peer.  Believe this until m itself has answered or spoken to us. */
static void
apply_take_kind(struct member *m, const struct wire_update *u)
{
	if ((u->flags & WIRE_FLAG_BASE) && (m->peer == PEER_UNTOLD || m->peer == PEER_UNSURE))
		m->peer = PEER_SAID_BASE;
}

/* It has been gone for so long already. */
static void
apply_backdate(struct member *m, swim_duration age)
{
	m->since = swim_time_add(m->since, swim_ns(-age.ns));
	m->deadline = swim_time_add(m->deadline, swim_ns(-age.ns));
}

/*
 * Does the update say that its member has answered somebody?  The word of who is no member does not count.
 * Earlier versions say nothing of it: the dead that their pages show are taken to have lived, as they always were.
 */
static bool
apply_tells_answer(const struct input *in, const struct wire_update *u, bool sync)
{
	const uint8_t either = WIRE_FLAG_ANSWERED | WIRE_FLAG_UNANSWERED;

	if (!in->answer.ours && in->authority < AUTHORITY_MEMBER)
		return false;
	return (u->flags & WIRE_FLAG_ANSWERED) ||
	       (sync && !swim_status_is_live(u->status) && !(u->flags & either));
}

/* Does the sender, a member, know of nobody whom this member has answered, while we do? */
static bool
apply_lacks_answer(const struct input *in, const struct member *m, const struct wire_update *u,
    bool sync)
{
	return !sync && !swim_status_is_live(u->status) && (u->flags & WIRE_FLAG_UNANSWERED) &&
	       in->authority >= AUTHORITY_MEMBER && members_is_visible(m) &&
	       members_has_answered(m);
}

/*
 * A removal from a page of a sync needs no rumour: members that lack it find that out by the digests, as we did.  A
 * rumour would give the removal a new age, and the members together would never forget it.
 */
static void
apply_forget(struct swim *s, const struct input *in, struct member *m, const struct statement *st)
{
	uint64_t incarnation = st->u->incarnation;

	if ((members_is_removed(m) && incarnation == m->incarnation) ||
	    (st->page && st->u->age_s >= TOMBSTONE_HOLD.ns / 1000000000))
		return;
	/* Whoever still holds it alive is told of its end before it is told that it's gone. */
	if (members_is_living(m))
		members_transition(s, in, m, members_visible_life(st->status), incarnation);
	members_forget(s, in, m, members_status(m) > st->status ? members_status(m) : st->status,
	    incarnation);
	if (st->page) {
		gossip_drop(s, m);
		apply_backdate(m, swim_seconds(st->u->age_s));
	}
}

/*
 * Who leaves says so to whoever asks, for a while.  One datagram that is lost must not make a failure of that: it is
 * asked again until it answers, or where too much is being asked already several times at once.
 */
static void
apply_ask_whether_it_leaves(struct swim *s, const struct input *in, struct member *m)
{
	unsigned pings = LOSS_QUESTIONS_LEAST;

	if (link_way(m)->family != 0 && locate_is_reached(s, m) &&
	    inquiry_start(s, in, link_way(m), INQUIRY_GREET))
		pings = 1;
	while (pings-- > 0)
		probe_ping(s, m, core_seq(s));
}

/* False without memory. */
static bool
apply_move(struct swim *s, const struct input *in, struct member *m, const char *address)
{
	if (locate_move(s, in, m, address, strlen(address)))
		return true;
	apply_ignored(s, SWIM_IGNORE_NO_MEMORY);
	return false;
}

/*
 * Is the end of a member told by the member itself?  The datagram has to name it; of a base peer that goes by its address
 * the address is the name.
 */
static bool
apply_is_own_word(const struct input *in, const struct wire_update *u)
{
	char text[SWIM_ADDR_TEXT];

	swim_addr_format_public(&in->from, text);
	return in->named || wire_str_equal(u->member.id, text);
}

/*
 * The end of a base peer is told from its address, by a sender that gives no name: the base peer itself, which leaves, or
 * another that has started there and heard of the end.  A question to that address tells: who has left is silent.
 */
static void
apply_ask_whether_it_left(struct swim *s, const struct input *in, const struct member *m,
    const struct statement *st)
{
	const struct wire_update *u = st->u;

	if (m != NULL && members_is_live(m) && m->peer != PEER_SWIMD &&
	    !apply_is_jump(s, in, m, st) && u->incarnation >= m->incarnation)
		inquiry_ask_leaver(s, in, m, &in->from, u->incarnation);
}

/* Someone speaks of us.  What is said of our own end makes us refute it. */
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
		damping_condemned(s, in, than);
	else if (action == ACTION_REFUTE_HEARSAY)
		damping_hearsay(s, in, than);
	else if (action == ACTION_NOTE_DEATH)
		damping_was_dead(s, than);
}

/* Make a member, or a tombstone, of somebody who was not known. */
static void
apply_list(struct swim *s, const struct input *in, const struct statement *st, bool hidden)
{
	const struct wire_update *u = st->u;
	struct wire_member_id id = {u->member.id, wire_str_of(st->address)};
	bool live = swim_status_is_live(st->status);
	struct member *m;

	/* Nobody who lives is forgotten for what is said, nor anybody dead for another's death. */
	if (live ? !members_make_room(s, in) && !(st->from_subject && guest_room(s, in, &st->addr))
		 : s->table.count >= s->config.max_members) {
		apply_ignored(s, SWIM_IGNORE_MEMBER_LIMIT);
		return;
	}
	if (st->status == SWIM_SUSPECT && !suspicion_room(s)) {
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
	/* A base peer may know a swimd by its name, from an earlier version of swimd: so m may be a swimd. */
	if (in->base_peer)
		m->peer = in->base && !st->from_subject ? PEER_SAID_BASE : PEER_BASE;
	else if (in->base && !st->from_subject)
		m->peer = PEER_UNSURE;
	apply_take_kind(m, u);
	/* The member was asked at the address that it advertises, and this is its answer. */
	m->routable = live && st->from_subject && in->answer.ours &&
		      swim_addr_equal(&m->addr, &in->answer.asked);
	m->answered = apply_tells_answer(in, u, st->page) ? ANSWERED_SOMEBODY : ANSWERED_UNKNOWN;
	members_transition(s, in, m,
	    hidden ? members_hidden_life(st->status) : members_visible_life(st->status),
	    u->incarnation);
	if (hidden && (u->flags & WIRE_FLAG_FORGET))
		members_mark_removed(s, m);
	if (st->status == SWIM_SUSPECT) {
		suspicion_take(s, in, m, u);
		confirm_start(s, m);
	}
	if (!live)
		apply_backdate(m, swim_seconds(st->page ? u->age_s : 0));
	/* What came by a page reaches the others the same way; a rumour about each member would flood them. */
	if (live && (!st->page || st->status == SWIM_SUSPECT))
		gossip_queue(s, m);
}

/* At the same incarnation another accuser is news, and anything else that we knew is one more that tells it. */
static void
apply_hear_again(struct swim *s, const struct input *in, struct member *m,
    const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool elsewhere = strcmp(st->address, m->address) != 0;

	if (swim_status_is_live(st->status) && swim_status_is_live(members_status(m))) {
		/*
		 * A member that is known by an ack alone is held at the incarnation that we were told before.  If it has moved
		 * meanwhile, the ack has its new address, and the tags of that incarnation belong to its former address.
		 */
		if (elsewhere)
			apply_ignored(s, SWIM_IGNORE_CONFLICT);
		else if (m->partial && apply_complete_tags(s, in, m, u) && members_is_announced(m))
			outbox_event(s, in, SWIM_EVENT_UPDATED, m);
	}
	if (st->status != members_status(m) || st->page)
		return;
	if (st->status == SWIM_SUSPECT && suspicion_take(s, in, m, u))
		gossip_queue(s, m);
	else
		gossip_heard(s, m);
}

/* The member knows less of itself than we do: tell it in the next answer. */
static void
apply_tell_it(struct swim *s, struct member *m)
{
	struct extra *x = extra_new(s, m);

	if (x != NULL)
		x->tell = true;
}

/*
 * The update is older than what is known, or the same.  Note what its sender has missed: a sender that suspects a member which
 * we hold dead or left has missed the verdict or the leave, and a sender that tells of the death of a member which left has
 * missed the leave.
 */
static void
apply_heard(struct swim *s, const struct input *in, struct member *m, const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool equal = u->incarnation == m->incarnation, lower = !equal;
	bool gone = !swim_status_is_live(members_status(m));

	if (equal)
		apply_hear_again(s, in, m, st);
	if (members_is_visible(m) && equal &&
	    ((st->status == SWIM_SUSPECT && gone) ||
		(st->status == SWIM_DEAD && members_status(m) == SWIM_LEFT)))
		in->found->unaware_of = m;
	if (lower && (in->authority >= AUTHORITY_ROUTABLE || gone) &&
	    (st->status != SWIM_ALIVE || gone))
		introduce_note_stale(in, m);
	if (st->status == SWIM_SUSPECT && gone) {
		introduce_note_stale(in, m);
		introduce_end_again(s, in, m);
	}
	/* It begins anew below what we know of it: it can't rise above that unless it is told. */
	if (st->from_subject && swim_status_is_live(st->status) &&
	    (lower || gone || strcmp(st->address, m->address) != 0))
		apply_tell_it(s, m);
	if (st->removal && members_status(m) == SWIM_SUSPECT)
		suspicion_doom(m);
}

/* Show a tombstone, as a page of a view has it. */
static void
apply_reveal(struct swim *s, const struct input *in, struct member *m, const struct statement *st)
{
	const struct wire_update *u = st->u;
	enum swim_status status;
	bool moved = u->incarnation > m->incarnation && strcmp(st->address, m->address) != 0;

	if (moved && !apply_move(s, in, m, st->address))
		return;
	status = st->status > members_status(m) ? st->status : members_status(m);
	members_transition(s, in, m, members_visible_life(status), u->incarnation);
	apply_backdate(m, swim_seconds(u->age_s));
}

/* What follows once a member has been taken over as suspect. */
static void
apply_begin_suspicion(struct swim *s, const struct input *in, struct member *m,
    const struct statement *st)
{
	if (st->removal)
		suspicion_doom(m);
	suspicion_take(s, in, m, st->u);
	confirm_start(s, m);
	if (st->downgraded_leave)
		apply_ask_whether_it_leaves(s, in, m);
}

/* Take the update over with the status that it counts as. */
static void
apply_take(struct swim *s, const struct input *in, struct member *m, const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool live = swim_status_is_live(st->status), retagged = false;
	bool was_alive = m->life == LIFE_ALIVE, was_there = m->routable && m->peer == PEER_SWIMD;
	bool risen = u->incarnation > m->incarnation;
	bool moved = risen && strcmp(st->address, m->address) != 0, known, hidden;
	struct swim_addr former = m->addr;

	if (st->status == SWIM_SUSPECT && !suspicion_room(s)) {
		apply_ignored(s, SWIM_IGNORE_NO_MEMORY);
		return;
	}
	members_keep_name(s, in, m);
	/* A member that comes back joins with its present address and tags, and is told once, as joined. */
	known = m->told == TOLD_JOINED && members_is_visible(m) && m->life != LIFE_LEFT;
	if (moved && RULE(move_taken) && (live || RULE(move_of_dead)) &&
	    !apply_move(s, in, m, st->address))
		return;
	if (live && risen && RULE(tags_taken))
		retagged = apply_take_tags(s, in, m, u);
	hidden = !members_is_visible(m) && !live;
	members_transition(s, in, m,
	    hidden ? members_hidden_life(st->status) : members_visible_life(st->status),
	    st->status == SWIM_DEAD && !RULE(death_raises) ? m->incarnation : u->incarnation);
	if (was_alive && st->status == SWIM_ALIVE)
		m->alive_as = moved || retagged ? ALIVE_CHANGED : ALIVE_STILL;
	if (st->status == SWIM_DEAD)
		suspicion_keep_verdict(s, m, u);
	if (st->status == SWIM_SUSPECT)
		apply_begin_suspicion(s, in, m, st);
	if (moved && live) {
		apply_replace_unnamed(s, in, m);
		if (was_there)
			gossip_moved(s, m, &former);
	}
	if (((moved && live) || retagged) && known && members_is_announced(m) &&
	    members_is_visible(m))
		outbox_event(s, in, SWIM_EVENT_UPDATED, m);
	if (members_is_visible(m) && (!st->page || st->status != SWIM_ALIVE))
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

	switch (st->status) {
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
	/* Whoever had to rise beyond the bound says so itself, in an answer; and of us an answer may say so. */
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

/* Is the end of an unknown member so old that others are about to forget it?  Learnt now, the end would be told for ever. */
static bool
apply_is_old(const struct swim *s, const struct input *in, const struct statement *st)
{
	swim_duration age = swim_seconds(st->page ? st->u->age_s : 0);
	bool answered = apply_tells_answer(in, st->u, st->page);

	if (st->page && !(st->u->flags & WIRE_FLAG_FORGET))
		return age.ns >= swim_retention(&s->config.timing, st->status, answered).ns;
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
	       apply_fact(!swim_status_is_live(st->status) && apply_is_old(s, in, st), FACT_OLD) |
	       /* Earlier versions of swimd take what base peers call a swimd for a member of its own, and tell of it. */
	       apply_fact(alias && alive, FACT_ALIAS) |
	       /* A base peer calls a swimd by its address, and only the swimd itself tells its name. */
	       apply_fact(alias || (in->base && !st->from_subject && base_is_address(s, in, pair)),
		   FACT_WHOEVER);
}

static unsigned
apply_facts_of_member(const struct swim *s, const struct input *in, const struct member *m,
    const struct statement *st)
{
	const struct swim_addr *addr = &st->addr;
	bool dead = st->status == SWIM_DEAD, accused = dead || st->status == SWIM_SUSPECT;

	return apply_fact(strcmp(st->address, m->address) != 0, FACT_MOVED) |
	       apply_fact(addr->family != 0 && link_is_routable_at(m, addr), FACT_ROUTABLE) |
	       apply_fact(m->addr.family == 0 || input_is_from(in, &m->addr), FACT_HOME) |
	       apply_fact(dead && suspicion_confirms(s, m, st->u), FACT_CONFIRMED) |
	       apply_fact((accused || st->status == SWIM_LEFT) && suspicion_is_void(s, in, st->u),
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

	if (st->from_subject && !swim_status_is_live(st->status))
		c.facts |= apply_fact(apply_is_own_word(in, st->u), FACT_SIGNED);
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

/* Carry out what has been judged.  `m` may be NULL: nobody of this name is known. */
static void
apply_commit(struct swim *s, const struct input *in, struct member *m, struct statement *st,
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
		apply_ask_whether_it_left(s, in, m, st);
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
		apply_heard(s, in, m, st);
		break;
	case ACTION_ALIVE:
	case ACTION_SUSPECT:
	case ACTION_DEAD:
	case ACTION_LEFT:
		st->status = (enum swim_status)(SWIM_ALIVE + (action - ACTION_ALIVE));
		apply_take(s, in, m, st);
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

/* What an update of us shows of its sender, whatever else comes of it. */
static void
apply_note_view_of_us(struct swim *s, const struct input *in, const struct statement *st)
{
	const struct wire_update *u = st->u;
	bool outdated = u->status != SWIM_ALIVE && u->incarnation < s->self->incarnation;

	if (outdated)
		introduce_note_stale(in, s->self);
	/*
	 * Our word since then has been lost on the way to whoever says so; of a page we tell apart.  A death goes before it: of
	 * us there is a word in every ping and ack.
	 */
	if (outdated && !st->page && in->found->unaware_of == NULL)
		in->found->unaware_of = s->self;
}

/* Might this removal be carried out?  A member is to say so that is no base peer, of this incarnation or of a later one. */
static bool
apply_is_removal(const struct input *in, const struct member *m, const struct wire_update *u)
{
	return (u->flags & WIRE_FLAG_FORGET) && u->incarnation >= m->incarnation &&
	       in->authority >= AUTHORITY_MEMBER && !in->base;
}

/* What an update tells of a member besides its status. */
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

/* Judge the statement, and carry the judgement out. */
static void
apply_judge_and_commit(struct swim *s, const struct input *in, struct member *m,
    struct statement *st)
{
	struct judge_case c = apply_case_of(s, in, m, st);
	enum judge_said counts_as;
	enum judge_action action = judge(&c, &counts_as);

	/* An end that is downgraded is a suspicion from here on. */
	if (counts_as == SAID_SUSPECT) {
		st->downgraded_leave = st->status == SWIM_LEFT;
		st->status = SWIM_SUSPECT;
	}
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
	/* A graceful leave is a dead update about the sender that the sender itself sends. */
	if (ends && !(u->flags & WIRE_FLAG_FORGET))
		st->status = SWIM_LEFT;
	if (m == NULL) {
		apply_judge_and_commit(s, in, m, st);
		return;
	}
	st->removal = apply_is_removal(in, m, u);
	if (!ends || apply_is_own_word(in, u))
		apply_note_member(s, in, m, st);
	apply_judge_and_commit(s, in, m, st);
	if (!ends || apply_is_own_word(in, u))
		in->found->lacks_answer |= apply_lacks_answer(in, m, u, st->page);
}

/* Check the name and the address of the update, and apply it. */
static void
apply_update(struct swim *s, const struct input *in, struct statement *st)
{
	const struct wire_member_id *who = &st->u->member;

	st->status = st->u->status;
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
 * A base peer that has moved does not know the incarnation at which we knew it at its former address.  So each swimd that finds
 * it at the new address tells that it lives there, at the next incarnation; several swimds that do so say the same.
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
	/* We have asked the member at its former address, so this update is our own finding and not the word of a base peer. */
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
 * Whom the update of a base peer is about, as we name members.  If the swimd of that address is gone, an update that somebody
 * lives there may be about another member: a swimd that comes back says so itself.
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
		/* Pages are answers, as many as we ask for. */
		if (!st.page && !quota_allows(s, in, &u)) {
			apply_ignored(s, SWIM_IGNORE_RATE);
			continue;
		}
		/* A sender that is no member may name any member as an accuser. */
		if (in->authority < AUTHORITY_MEMBER)
			u.accuser_count = 0;
		before = quota_mark(s);
		apply_update(s, in, &st);
		if (!st.page)
			quota_charge(s, in, &u, before);
	}
}
