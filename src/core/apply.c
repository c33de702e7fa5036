/* SPDX-License-Identifier: MIT */
/*
 * What an update from the wire means.  Higher incarnations win; at equal ones left over dead over suspect
 * over alive (SWIM 4.2, and wire format).  Only its owner makes a new incarnation of a member.
 */
#include <string.h>

#include "core/internal.h"

/* Up to here an answer may drive our incarnation at once. */
#define ANSWER_MAX (UINT64_C(1) << 63)

static void
ignored(struct swim *s, enum swim_ignore reason)
{
	s->stats.ignored[reason]++;
}

/*
 * Without the zone that another machine's configuration may have put in there.  `text` has room for all of
 * `address`; returns the length.
 */
static size_t
without_zone(struct wire_str address, char *text)
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
is_elsewhere(const struct swim *s, const struct swim_addr *addr)
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
	len = without_zone(address, text);
	if (swim_addr_parse(text, len, addr)) {
		if (swim_addr_is_wildcard(addr) || swim_addr_is_multicast(addr) ||
		    is_elsewhere(s, addr))
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
	uint64_t next = than == UINT64_MAX ? UINT64_MAX : than + 1;

	damping_acquit(s);
	if (next > s->self->incarnation) {
		members_transition(s, in, s->self, SWIM_ALIVE, next, false);
		outbox_event(s, in, SWIM_EVENT_INCARNATION, s->self);
	}
	gossip_queue(s, s->self);
}

/*
 * Does a member that we know, or the seed that we asked, say where our name lives?  The word of the member at that
 * address, and of any other of our name, does not count: anybody can claim a name for himself.
 */
static bool
is_witness(const struct swim *s, const struct input *in, const struct swim_addr *addr)
{
	struct wire_str by = {in->speaker.bytes, in->speaker.len};

	return (in->authority >= AUTHORITY_PROVEN ||
		   (in->answer.ours && in->authority >= AUTHORITY_MEMBER) || in->answer.of_seed) &&
	       !swim_addr_equal(&in->from, addr) && !probe_same_id(by, s->self);
}

/*
 * One of our name is said to live elsewhere: we ourselves before we moved, or another.  Only who asks there
 * can tell.
 */
static void
contest(struct swim *s, const struct input *in, const char *address, uint64_t than)
{
	char text[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr addr;
	bool fresh, began;

	ignored(s, SWIM_IGNORE_CONFLICT);
	if (!apply_address(s, in, wire_str_of(address), text, &addr) || addr.family == 0) {
		apply_refute(s, in, than);
		return;
	}
	/* Who is settled here need not ask before it says so: until then the others look for it there. */
	fresh = !join_is_contested(s, &addr);
	began = join_contest(s, in, &addr, than);
	if (is_witness(s, in, &addr))
		join_witness(s, in, &addr);
	if (fresh)
		claim_contradict(s, in, than, began);
}

/* Told of tags that are not those of `m`?  Whoever does not know any is not. */
static bool
tells_other_tags(const struct input *in, const struct member *m, const struct wire_update *u)
{
	if ((u->flags & WIRE_FLAG_PARTIAL) || (in->base && u->tags.len == 0))
		return false;
	return m->tags_len != u->tags.len ||
	       (u->tags.len > 0 && memcmp(m->tags, u->tags.bytes, u->tags.len) != 0);
}

/* Above what is known of it by more than the speaker may say. */
static bool
is_jump(const struct swim *s, const struct input *in, const struct member *m,
    const struct wire_update *u, bool from_subject)
{
	/*
	 * A base peer, and a sender that is no member and speaks of another, raise an incarnation by small steps only, unless
	 * the datagram answers a question of ours: base peers are told nothing of a member above BASE_LADDER_MOST.
	 */
	bool small = !in->answer.ours &&
		     (in->base || (in->authority < AUTHORITY_MEMBER && !from_subject));
	uint64_t most = s->config.max_jump;

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
is_answer(const struct input *in, const struct wire_update *u)
{
	return in->answer.ours && u->incarnation < ANSWER_MAX;
}

/* Someone speaks of us. */
static void
apply_self(struct swim *s, const struct input *in, const struct wire_update *u, const char *address)
{
	struct member *self = s->self;

	in->found->misjudged |= u->status != SWIM_ALIVE;
	accused_note(s, in, u);
	if (s->leaving)
		return;
	if (u->incarnation < self->incarnation) {
		if (u->status == SWIM_DEAD)
			damping_was_dead(s, u->incarnation);
		return;
	}
	if (is_jump(s, in, self, u, false) && !is_answer(in, u)) {
		ignored(s, SWIM_IGNORE_JUMP);
		return;
	}
	switch (u->status) {
	case SWIM_ALIVE:
		/*
		 * An incarnation above ours is one of an earlier run, whose number was lost: rise above it, or
		 * nobody will believe a word of ours.  So is ours itself, where it has other tags.
		 */
		if (strcmp(address, self->address) != 0)
			contest(s, in, address, u->incarnation);
		else if (u->incarnation > self->incarnation || tells_other_tags(in, self, u))
			apply_refute(s, in, u->incarnation);
		break;
	case SWIM_SUSPECT:
		s->stats.refutations++;
		damping_suspected(s, in, u->incarnation);
		break;
	case SWIM_DEAD:
		s->stats.refutations++;
		/*
		 * To all others a stranger's word is an accusation; if we took it for our death, it would keep us
		 * from refuting that.
		 */
		if (in->answer.ours || in->authority >= AUTHORITY_MEMBER)
			damping_condemned(s, in, u->incarnation);
		else
			damping_hearsay(s, in, u->incarnation);
		break;
	case SWIM_LEFT:
		/* Only we say that: an earlier run of ours, or somebody else.  Neither tells of a bad link. */
		s->stats.refutations++;
		damping_hearsay(s, in, u->incarnation);
		break;
	}
}

void
apply_replace_stand_in(struct swim *s, const struct input *in, const struct member *real)
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
	if (!swim_status_is_live(m->status) || m->hidden)
		return;
	/* One that has answered under this name stays too, unless the datagram with the new name comes from its address. */
	if (m->proven && !m->stand_in && !swim_addr_equal(&in->from, &m->addr))
		return;
	if (m->announced)
		outbox_event(s, in, SWIM_EVENT_REMOVED, m);
	members_destroy(s, in, m);
}

/* Another's stand-in for somebody whose name we know, us perhaps: it is nobody new. */
static bool
is_named_here(const struct swim *s, const struct wire_update *u, const char *address,
    const struct swim_addr *addr)
{
	const struct member *m;

	if (addr->family == 0 || !wire_str_equal(u->member.id, address))
		return false;
	m = locate_at(s, addr);
	return m != NULL && swim_status_is_live(m->status) && !m->hidden;
}

/*
 * The tags that come with an update of one alive or suspect.  A base peer passes on none, so its word leaves
 * us with those that we had, and with a view that a sync will find to differ.  True if they changed.
 */
static bool
take_tags(struct swim *s, const struct input *in, struct member *m, const struct wire_update *u,
    bool newer)
{
	/* Nor do the records of the dead, of which a sync makes suspicions. */
	bool partial = (u->flags & WIRE_FLAG_PARTIAL) || (in->base && u->tags.len == 0) ||
		       !swim_status_is_live(u->status);
	bool changed = m->tags_len != u->tags.len ||
		       (u->tags.len > 0 && memcmp(m->tags, u->tags.bytes, u->tags.len) != 0);

	if (partial) {
		if (newer && !m->partial)
			members_set_partial(s, m);
		return false;
	}
	if (!newer && !m->partial)
		return false;
	if (!changed && !m->partial)
		return false;
	if (!members_set_tags(s, m, u->tags, false)) {
		ignored(s, SWIM_IGNORE_NO_MEMORY);
		return false;
	}
	return changed;
}

/* A swimd says that m is a base peer.  Believe this until m itself has answered or spoken to us. */
static void
take_kind(struct member *m, const struct wire_update *u)
{
	if (!(u->flags & WIRE_FLAG_BASE) || m->swimd || m->base_peer)
		return;
	m->base_peer = m->unsure = true;
}

/* It has been gone for so long already. */
static void
backdate(struct member *m, swim_duration age)
{
	m->since = swim_time_add(m->since, swim_ns(-age.ns));
	m->deadline = swim_time_add(m->deadline, swim_ns(-age.ns));
}

/*
 * Does the update say that its member has answered somebody?  The word of who is no member does not count.
 * Earlier versions say nothing of it: the dead that their pages show are taken to have lived, as they always were.
 */
static bool
tells_answer(const struct input *in, const struct wire_update *u, bool sync)
{
	const uint8_t either = WIRE_FLAG_ANSWERED | WIRE_FLAG_UNANSWERED;

	if (!in->answer.ours && in->authority < AUTHORITY_MEMBER)
		return false;
	return (u->flags & WIRE_FLAG_ANSWERED) ||
	       (sync && !swim_status_is_live(u->status) && !(u->flags & either));
}

/* Does the sender, a member, know of nobody whom this member has answered, while we do? */
static bool
lacks_answer(const struct input *in, const struct member *m, const struct wire_update *u, bool sync)
{
	return !sync && !swim_status_is_live(u->status) && (u->flags & WIRE_FLAG_UNANSWERED) &&
	       in->authority >= AUTHORITY_MEMBER && !m->hidden && members_has_lived(m);
}

static void
apply_unknown(struct swim *s, const struct input *in, const struct wire_update *u,
    const char *address, const struct swim_addr *addr, enum swim_status status, bool from_subject,
    bool sync)
{
	bool live = swim_status_is_live(status), whoever;
	bool hidden = !live && (!sync || (u->flags & WIRE_FLAG_FORGET));
	bool answered = tells_answer(in, u, sync);
	swim_duration age = swim_seconds(sync ? u->age_s : 0);
	struct member *m;

	/* What others are about to forget is not worth learning: it would go round for ever. */
	if (!live && !hidden && age.ns >= swim_retention(&s->config.timing, status, answered).ns)
		return;
	if (hidden && age.ns >= TOMBSTONE_HOLD.ns)
		return;
	/* A base peer calls a swimd by its address, and only the swimd itself tells its name. */
	whoever = in->base && !from_subject && base_is_address(s, in, &u->member);
	/* Earlier versions of swimd take what base peers call a swimd for a member of its own, and tell of it. */
	if (!from_subject && base_is_alias(s, in, &u->member, addr)) {
		const struct member *named = locate_at(s, addr);

		if (named == s->self || named->live_index != NOT_LISTED) {
			ignored(s, SWIM_IGNORE_CONFLICT);
			return;
		}
		whoever = true;
	}
	/* Do not remember its death: we ask at its address before we take it up, so a late rumour does no harm. */
	if (!live && whoever)
		return;
	if (live && (whoever || !visitor_is_vouched(s, in, from_subject))) {
		visitor_hear(s, in, u, addr, from_subject);
		return;
	}
	/* Nobody who lives is forgotten for what is said, nor anybody dead for another's death. */
	if (live ? !members_make_room(s, in) && !(from_subject && guest_room(s, in, addr))
		 : s->table.count >= s->config.max_members) {
		ignored(s, SWIM_IGNORE_MEMBER_LIMIT);
		return;
	}
	m = members_create(s, in, &(struct wire_member_id){u->member.id, wire_str_of(address)});
	if (m == NULL) {
		ignored(s, SWIM_IGNORE_NO_MEMORY);
		return;
	}
	if (live) {
		apply_replace_stand_in(s, in, m);
		take_tags(s, in, m, u, true);
	}
	m->base_peer = in->base_peer;
	/* A base peer may know a swimd by its name, from an earlier version of swimd: so m may be a swimd. */
	m->unsure = in->base && !from_subject;
	take_kind(m, u);
	/* The member was asked at the address that it advertises, and this is its answer. */
	m->proven = live && from_subject && in->answer.ours &&
		    swim_addr_equal(&m->addr, &in->answer.asked);
	m->lived = answered;
	members_transition(s, in, m, status, u->incarnation, hidden);
	if (hidden && (u->flags & WIRE_FLAG_FORGET))
		members_mark_removed(s, m);
	if (status == SWIM_SUSPECT) {
		suspicion_take(s, in, m, u);
		confirm_start(s, m);
	}
	if (!live)
		backdate(m, age);
	/* What came by a sync reaches the others the same way; a rumour about each would flood them. */
	if (live && (!sync || status == SWIM_SUSPECT))
		gossip_queue(s, m);
}

/* True if the update was older than or the same as what is known, and has been dealt with. */
static bool
apply_stale(struct swim *s, const struct input *in, struct member *m, const struct wire_update *u,
    const char *address, enum swim_status status, bool from_subject, bool sync_entry)
{
	bool elsewhere = strcmp(address, m->address) != 0;

	if (u->incarnation > m->incarnation ||
	    (u->incarnation == m->incarnation && status > m->status))
		return false;
	if (u->incarnation == m->incarnation && swim_status_is_live(status) &&
	    swim_status_is_live(m->status)) {
		/*
		 * A member that is known by an ack alone is held at the incarnation that we were told before.  If it has moved
		 * meanwhile, the ack has its new address, and the tags of that incarnation belong to its former address.
		 */
		if (elsewhere)
			ignored(s, SWIM_IGNORE_CONFLICT);
		else if (m->partial && take_tags(s, in, m, u, false) && m->announced)
			outbox_event(s, in, SWIM_EVENT_UPDATED, m);
	}
	if (u->incarnation == m->incarnation && status == m->status && !sync_entry) {
		/* Another accuser is news; anything else that we knew is one teller more. */
		if (status == SWIM_SUSPECT && suspicion_take(s, in, m, u))
			gossip_queue(s, m);
		else
			gossip_heard(s, m);
	}
	/*
	 * A sender that suspects a member which we hold dead or left has missed the verdict or the leave.  A sender that
	 * tells of the death of a member which left has missed the leave.
	 */
	if (!m->hidden && u->incarnation == m->incarnation &&
	    ((status == SWIM_SUSPECT && !swim_status_is_live(m->status)) ||
		(status == SWIM_DEAD && m->status == SWIM_LEFT)))
		in->found->missed = m;
	if (u->incarnation < m->incarnation &&
	    (in->authority >= AUTHORITY_PROVEN || !swim_status_is_live(m->status)) &&
	    (status != SWIM_ALIVE || !swim_status_is_live(m->status)))
		introduce_note_stale(in, m);
	if (status == SWIM_SUSPECT && !swim_status_is_live(m->status)) {
		introduce_note_stale(in, m);
		introduce_end_again(s, in, m);
	}
	/* It begins anew below what we know of it: it can't rise above that unless it is told. */
	if (from_subject && swim_status_is_live(status) &&
	    (u->incarnation < m->incarnation || !swim_status_is_live(m->status) || elsewhere))
		m->tell = true;
	return true;
}

/*
 * The verdict on one that lives, to us, which nobody but its teller came to.  And whatever ends a member, but does
 * not come from where a member lives: in a leave's case perhaps from where it lived itself.  A base peer tells a leave as a
 * death.  So a death that a base peer tells is a suspicion to us, and whoever knows of a leave answers the suspicion with
 * the leave.
 */
static bool
is_doubted(const struct swim *s, const struct input *in, const struct member *m,
    const struct wire_update *u, enum swim_status status, bool from_subject)
{
	bool credible = in->base ? in->authority >= AUTHORITY_PROVEN
				 : in->authority >= AUTHORITY_MEMBER;

	if (m->hidden || m->status == SWIM_LEFT)
		return false;
	switch (status) {
	case SWIM_DEAD:
		return swim_status_is_live(m->status) &&
		       (!credible || in->base || !suspicion_proves(s, m, u));
	case SWIM_LEFT:
		/* Where its address is a host name that nobody has resolved, it may be anywhere. */
		return !credible && !(from_subject && (m->addr.family == 0 ||
							  swim_addr_equal(&m->addr, &in->from)));
	case SWIM_ALIVE:
	case SWIM_SUSPECT:
		break;
	}
	return false;
}

/*
 * A removal from a page of a sync needs no rumour: members that lack it find that out by the digests, as we did.  A
 * rumour would give the removal a new age, and the members together would never forget it.
 */
static void
apply_forget(struct swim *s, const struct input *in, struct member *m, const struct wire_update *u,
    enum swim_status status, bool sync)
{
	if ((m->hidden && m->forget && u->incarnation == m->incarnation) ||
	    (sync && u->age_s >= TOMBSTONE_HOLD.ns / 1000000000))
		return;
	/* Whoever still holds it alive is told of its end before it is told that it's gone. */
	if (swim_status_is_live(m->status) && !m->hidden)
		members_transition(s, in, m, status, u->incarnation, false);
	members_forget(s, in, m, m->status > status ? m->status : status, u->incarnation);
	if (sync) {
		gossip_drop(s, m);
		backdate(m, swim_seconds(u->age_s));
	}
}

/*
 * Who leaves says so to whoever asks, for a while.  One datagram that is lost must not make a failure of that: it is
 * asked again until it answers, or where too much is being asked already several times at once.
 */
static void
ask_whether_it_leaves(struct swim *s, const struct input *in, struct member *m)
{
	unsigned pings = LOSS_QUESTIONS_LEAST;

	if (link_way(m)->family != 0 && locate_is_reached(s, m) &&
	    join_start(s, in, link_way(m), JOIN_GREET))
		pings = 1;
	while (pings-- > 0)
		probe_ping(s, m, core_seq(s));
}

/* False without memory. */
static bool
move(struct swim *s, const struct input *in, struct member *m, const char *address)
{
	if (locate_move(s, in, m, address, strlen(address)))
		return true;
	ignored(s, SWIM_IGNORE_NO_MEMORY);
	return false;
}

/* True: the member first has to show that it lives there now. */
static bool
hear_of_move(struct swim *s, const struct input *in, const struct member *m,
    const struct wire_update *u, const char *address, bool from_subject)
{
	char text[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr addr;

	if (apply_address(s, in, wire_str_of(address), text, &addr) && addr.family != 0 &&
	    link_is_shown_at(m, &addr))
		return false;
	visitor_hear(s, in, u, &addr, from_subject);
	return true;
}

static void
apply_known(struct swim *s, const struct input *in, struct member *m, const struct wire_update *u,
    const char *address, enum swim_status status, bool from_subject, bool sync)
{
	/* No base peer can say so, and nobody who is no member. */
	bool forget = (u->flags & WIRE_FLAG_FORGET) && u->incarnation >= m->incarnation &&
		      in->authority >= AUTHORITY_MEMBER && !in->base;
	bool was_alive = m->status == SWIM_ALIVE && !m->hidden, retagged = false, known;
	bool moved = u->incarnation > m->incarnation && strcmp(address, m->address) != 0;
	bool doubted = is_doubted(s, in, m, u, status, from_subject);
	bool ask = doubted && status == SWIM_LEFT;
	bool was_there = m->proven && m->swimd;
	struct swim_addr former = m->addr;
	bool live = swim_status_is_live(status);

	/* Whoever had to rise beyond the bound says so itself, in an answer. */
	if (is_jump(s, in, m, u, from_subject) && !(from_subject && is_answer(in, u))) {
		ignored(s, SWIM_IGNORE_JUMP);
		return;
	}
	/*
	 * A base peer knows a swimd by its address only, so it cannot know that the swimd has moved.  A base peer that starts
	 * elsewhere takes over its former entry only once its former address has been asked in vain (join.c).
	 */
	if (moved && live && in->base && (from_subject ? m->live_index != NOT_LISTED : m->swimd)) {
		ignored(s, SWIM_IGNORE_CONFLICT);
		return;
	}
	if (moved && live && !visitor_is_vouched(s, in, from_subject) &&
	    hear_of_move(s, in, m, u, address, from_subject))
		return;
	/*
	 * Somebody may be removed where it is held dead by mistake, on the small side of a cut perhaps.  Whoever
	 * holds it alive forgets it with a verdict of its own, or never.
	 */
	if (forget && !doubted) {
		apply_forget(s, in, m, u, status, sync);
		return;
	}
	/*
	 * The rumour of a death may come before the view that has the dead in it: then there is a tombstone,
	 * which the view makes a member to be shown, but for one that is to be forgotten.
	 */
	if (sync && m->hidden && !m->forget && !swim_status_is_live(status) &&
	    !(u->flags & WIRE_FLAG_FORGET) && u->incarnation >= m->incarnation) {
		if (moved && !move(s, in, m, address))
			return;
		members_transition(s, in, m, status > m->status ? status : m->status,
		    u->incarnation, false);
		backdate(m, swim_seconds(u->age_s));
		return;
	}
	/* The member may be leaving: base peers call a leave a death, and the member's own silence will tell. */
	if (status == SWIM_DEAD && swim_status_is_live(m->status) && join_is_leaver(s, &m->addr))
		return;
	/* That is one accusation more, to us. */
	if (doubted && !swim_status_is_live(m->status))
		return;
	if (doubted)
		status = SWIM_SUSPECT;
	if (status == SWIM_SUSPECT && suspicion_is_void(s, in, u))
		return;
	if (apply_stale(s, in, m, u, address, status, from_subject, sync)) {
		m->doomed |= forget && m->status == SWIM_SUSPECT;
		return;
	}
	/*
	 * Two halves of a healed partition hold each other dead.  Taking over whole views would let the dead
	 * win on both sides; a suspicion gives each the time to refute (memberlist merges state this way too).
	 */
	if (sync && status == SWIM_DEAD && swim_status_is_live(m->status) && !m->hidden) {
		if (m->status == SWIM_SUSPECT && u->incarnation == m->incarnation)
			return;
		status = SWIM_SUSPECT;
	}
	live = swim_status_is_live(status);
	/*
	 * Where one that is gone lived in its last incarnation is where it is looked for, and what is told of it: its
	 * address at an incarnation is one for all.  A base peer may have kept another, and by accident so may a stranger.
	 */
	if (moved && !live && !from_subject &&
	    (in->base || !(in->authority >= AUTHORITY_MEMBER || in->answer.ours))) {
		ignored(s, SWIM_IGNORE_CONFLICT);
		return;
	}
	members_confirm(s, in, m);
	/* A member that comes back joins with its present address and tags, and is told once, as joined. */
	known = m->announced && !m->hidden && !m->unseen && m->status != SWIM_LEFT;
	if (moved && !move(s, in, m, address))
		return;
	if (live && u->incarnation > m->incarnation)
		retagged = take_tags(s, in, m, u, true);
	members_transition(s, in, m, status, u->incarnation, m->hidden && !live);
	m->stayed = was_alive && status == SWIM_ALIVE;
	m->changed = m->stayed && (moved || retagged);
	/* Who came to the verdict goes with it, to those who have not heard of the suspicion. */
	if (status == SWIM_DEAD && m->accuser_count < u->accuser_count) {
		m->accuser_count = u->accuser_count;
		memcpy(m->accusers, u->accusers, sizeof(m->accusers));
	}
	if (status == SWIM_SUSPECT) {
		m->doomed |= forget;
		suspicion_take(s, in, m, u);
		confirm_start(s, m);
		if (ask)
			ask_whether_it_leaves(s, in, m);
	}
	if (moved && live) {
		apply_replace_stand_in(s, in, m);
		if (was_there)
			gossip_moved(s, m, &former);
	}
	if (((moved && live) || retagged) && known && m->announced && !m->hidden)
		outbox_event(s, in, SWIM_EVENT_UPDATED, m);
	if (!m->hidden && (!sync || status != SWIM_ALIVE))
		gossip_queue(s, m);
}

/*
 * Is the end of a member told by the member itself?  The datagram has to name it; of a base peer that goes by its address
 * the address is the name.
 */
static bool
is_own_word(const struct input *in, const struct wire_update *u)
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
ask_whether_it_left(struct swim *s, const struct input *in, const struct member *m,
    const struct wire_update *u)
{
	if (m != NULL && m->live_index != NOT_LISTED && !m->swimd && !is_jump(s, in, m, u, true) &&
	    u->incarnation >= m->incarnation)
		join_ask_leaver(s, in, m, &in->from, u->incarnation);
}

void
apply_left(struct swim *s, const struct input *in, struct member *m, uint64_t incarnation)
{
	if (m == NULL || m == s->self || m->live_index == NOT_LISTED || m->swimd ||
	    incarnation < m->incarnation)
		return;
	members_transition(s, in, m, SWIM_LEFT, incarnation, false);
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
	apply_update(s, &finding, &u, true, false);
	if (swim_addr_equal(&m->addr, to))
		m->proven = m->base_peer = true;
}

void
apply_update(struct swim *s, const struct input *in, const struct wire_update *u, bool from_subject,
    bool sync)
{
	char address[SWIM_HOSTPORT_MAX + 1];
	enum swim_status status = u->status;
	struct swim_addr addr;
	struct member *m;

	if (u->member.id.len == 0 || u->member.id.len > SWIM_NAME_MAX) {
		ignored(s, SWIM_IGNORE_BAD_NAME);
		return;
	}
	if (!apply_address(s, in, u->member.address, address, &addr)) {
		ignored(s, SWIM_IGNORE_BAD_ADDRESS);
		return;
	}
	m = members_find(s, u->member.id.bytes, u->member.id.len);
	if (m == s->self) {
		apply_self(s, in, u, address);
		if (u->status != SWIM_ALIVE && u->incarnation < m->incarnation)
			introduce_note_stale(in, m);
		/*
		 * Our word since then has been lost on the way to whoever says so; of a page we tell apart.  A death
		 * goes before it: of us there is a word in every ping and ack.
		 */
		if (!sync && u->status != SWIM_ALIVE && u->incarnation < m->incarnation &&
		    in->found->missed == NULL)
			in->found->missed = m;
		return;
	}
	/* A graceful leave is a dead update about the sender that the sender itself sends. */
	if (!swim_status_is_live(status) && from_subject && !is_own_word(in, u)) {
		ask_whether_it_left(s, in, m, u);
		return;
	}
	if (status == SWIM_DEAD && from_subject && !(u->flags & WIRE_FLAG_FORGET))
		status = SWIM_LEFT;
	if (m == NULL && is_named_here(s, u, address, &addr))
		return;
	if (m != NULL && strcmp(address, m->address) == 0)
		locate_told(s, in, m);
	if (m != NULL && in->authority >= AUTHORITY_MEMBER)
		take_kind(m, u);
	if (m == NULL) {
		apply_unknown(s, in, u, address, &addr, status, from_subject, sync);
		return;
	}
	if (tells_answer(in, u, sync))
		members_hear_answered(s, m, !sync);
	apply_known(s, in, m, u, address, status, from_subject, sync);
	in->found->lacks_answer |= lacks_answer(in, m, u, sync);
}

/*
 * Whom the update of a base peer is about, as we name members.  If the swimd of that address is gone, an update that somebody
 * lives there may be about another member: a swimd that comes back says so itself.
 */
static struct wire_member_id
meant_by_base(const struct swim *s, const struct input *in, const struct wire_update *u)
{
	struct wire_member_id meant = base_meant(s, in, &u->member);
	const struct member *m = members_find(s, meant.id.bytes, meant.id.len);
	bool gone = m != NULL && m != s->self && m->live_index == NOT_LISTED;

	return gone && swim_status_is_live(u->status) ? u->member : meant;
}

void
apply_updates(struct swim *s, const struct input *in)
{
	struct wire_updates_iter iter = {0};
	struct quota_mark before;
	struct wire_update u;

	while (wire_updates_next(&in->msg->updates, &iter, &u)) {
		bool from_subject;

		if (in->base)
			u.member = meant_by_base(s, in, &u);
		from_subject = u.member.id.len == in->speaker.len && in->speaker.len > 0 &&
			       memcmp(u.member.id.bytes, in->speaker.bytes, in->speaker.len) == 0;

		/* Pages are answers, as many as we ask for. */
		if (!in->msg->updates.sync && !quota_allows(s, in, &u)) {
			ignored(s, SWIM_IGNORE_RATE);
			continue;
		}
		/* Nor can it be known whether those said it who are named. */
		if (in->authority < AUTHORITY_MEMBER)
			u.accuser_count = 0;
		before = quota_mark(s);
		apply_update(s, in, &u, from_subject, in->msg->updates.sync);
		if (!in->msg->updates.sync)
			quota_charge(s, in, &u, before);
	}
}
