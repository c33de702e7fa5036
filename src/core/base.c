/* SPDX-License-Identifier: MIT */
/*
 * Base peers: members that know only the base wire format.  This file translates both ways: it tells by which id a
 * base peer is told of a member, and which member a base peer means by an id.
 *
 * To a base peer a member is the pair of an id and an address, and the sender of a datagram is the pair (source,
 * source).  A ping makes this pair a member, and an ack counts only if it names the pair that was pinged.  So in every
 * ack, ping-req and update to a base peer, a swimd peer is the pair (its address, its address).  What a base peer says
 * of such a pair is applied to the member at that address.  A base peer that has an id of its own keeps this id.  Only
 * swimd peers are told the names of swimd peers.
 *
 * A base peer refuses an update whose incarnation is more than 16 above the one that it knows, and it knows 0 for a
 * new pair.  So a base peer is told of a member with a higher incarnation by a ladder: updates with the same status at
 * 16, at 32 and so on, and at last at the incarnation itself.  Every rung has the member's status, so a base peer that
 * takes only some of the rungs believes nothing false.
 *
 * Datagrams for base peers have the cluster WIRE_BASE_CLUSTER, and every version of swimd drops them.  So a swimd peer
 * at the former address of a base peer does not list the addresses in them as members.  If it is not known which kind
 * of peer lives at an address, a plain ping goes there, which tells nothing of swimd peers.  A join has to tell who we
 * are, so it sends two pings with one sequence number, one for base peers and one for swimd peers, and takes the
 * answer to either.
 */
#include <string.h>

#include "core/internal.h"

/* A base peer accepts incarnations up to this far above the one that it knows. */
#define BASE_RUNG 16
/* How many rungs gossip sends of a member above BASE_LADDER_WHOLE.  introduce.c has told base peers the lower ones. */
#define BASE_RUNGS_LAST 3

bool
base_lacks_extensions(const struct wire_message *msg)
{
	return !msg->trailer.has_sender && !msg->trailer.has_digest && msg->type < WIRE_SYNC_REQ;
}

bool
base_answers(const struct swim *s, const struct input *in)
{
	return base_lacks_extensions(in->msg) && in->msg->type == WIRE_ACK &&
	       base_is_address(s, in, &in->msg->member);
}

bool
base_is_peer(const struct member *m)
{
	return m->peer == PEER_BASE || m->peer == PEER_SAID_BASE;
}

static bool
base_is_named_by_address(const struct member *m)
{
	size_t len = strlen(m->address);

	return m->name_len == len && memcmp(m->name, m->address, len) == 0;
}

enum wire_recipient
base_recipient(const struct swim *s, const struct member *m)
{
	/* Datagrams of base peers have no cluster entry, so only the unnamed cluster can have base peers. */
	if (s->config.cluster[0] != '\0')
		return WIRE_RECIPIENT_SWIMD;
	if (m == NULL)
		return WIRE_RECIPIENT_UNKNOWN;
	if (m->peer == PEER_SWIMD)
		return WIRE_RECIPIENT_SWIMD;
	if (m->peer == PEER_SAID_BASE || m->peer == PEER_UNSURE)
		return WIRE_RECIPIENT_UNKNOWN;
	/* A base peer that comes back may have forgotten all members. */
	if (m->peer == PEER_BASE)
		return swim_time_since(s->now, m->met).ns < BASE_NEW_FOR.ns ||
			       swim_time_since(s->now, m->alive_since).ns < BASE_NEW_FOR.ns
			   ? WIRE_RECIPIENT_NEW_BASE
			   : WIRE_RECIPIENT_BASE;
	/* Earlier versions of swimd do not tell which members are base peers.  The id of most base peers is their address. */
	return base_is_named_by_address(m) ? WIRE_RECIPIENT_UNKNOWN : WIRE_RECIPIENT_SWIMD;
}

const char *
swim_kind_name(enum swim_kind kind)
{
	switch (kind) {
	case SWIM_KIND_SWIMD:
		return "swimd";
	case SWIM_KIND_BASE:
		return "base";
	case SWIM_KIND_UNKNOWN:
		break;
	}
	return "unknown";
}

enum swim_kind
base_kind(const struct swim *s, const struct member *m)
{
	if (m == s->self || base_recipient(s, m) == WIRE_RECIPIENT_SWIMD)
		return SWIM_KIND_SWIMD;
	return base_is_peer(m) ? SWIM_KIND_BASE : SWIM_KIND_UNKNOWN;
}

bool
base_is_recipient(enum wire_recipient recipient)
{
	return recipient == WIRE_RECIPIENT_BASE || recipient == WIRE_RECIPIENT_NEW_BASE;
}

void
base_trailer(const struct swim *s, enum wire_recipient recipient, struct wire_trailer *out)
{
	if (base_is_recipient(recipient))
		*out = (struct wire_trailer){.has_cluster = true,
		    .cluster = wire_str_of(WIRE_BASE_CLUSTER)};
	else
		outbox_trailer_named(s, out);
}

size_t
base_answer_trailer(const struct swim *s, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out)
{
	size_t body = outbox_answer_body(of);

	base_trailer(s, WIRE_RECIPIENT_BASE, out);
	if (body + wire_trailer_size(out) > budget)
		*out = (struct wire_trailer){0};
	return body + wire_trailer_size(out);
}

size_t
base_room_for_answer(const struct swim *s, enum wire_recipient recipient, const struct member *m)
{
	switch (recipient) {
	case WIRE_RECIPIENT_SWIMD:
		return outbox_room_for(s, m);
	case WIRE_RECIPIENT_UNKNOWN:
		return outbox_room_for_kind(s, m->name_len, strlen(m->address));
	case WIRE_RECIPIENT_BASE:
	case WIRE_RECIPIENT_NEW_BASE:
		break;
	}
	return 0;
}

bool
base_hears_names(const struct wire_writer *w, const struct member *m)
{
	switch (w->recipient) {
	case WIRE_RECIPIENT_SWIMD:
		return true;
	case WIRE_RECIPIENT_UNKNOWN:
		return base_is_peer(m) || base_is_named_by_address(m);
	case WIRE_RECIPIENT_BASE:
	case WIRE_RECIPIENT_NEW_BASE:
		break;
	}
	return false;
}

struct wire_member_id
base_pair(const struct member *m, enum wire_recipient recipient, char text[SWIM_ADDR_TEXT])
{
	if (!base_is_recipient(recipient) || base_is_peer(m) || m->addr.family == 0 ||
	    !RULE(base_told_addresses))
		return (struct wire_member_id){{m->name, m->name_len}, wire_str_of(m->address)};
	swim_addr_format_public(&m->addr, text);
	return (struct wire_member_id){wire_str_of(text), wire_str_of(text)};
}

/* Is the id of this pair equal to its address?  `text` is the canonical form of the address. */
static bool
base_is_pair_of_address(const struct wire_member_id *pair, const char *text)
{
	return wire_str_equal(pair->id, text) || wire_str_same(pair->id, pair->address);
}

bool
base_is_address(const struct swim *s, const struct input *in, const struct wire_member_id *pair)
{
	char text[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr addr;

	return apply_address(s, in, pair->address, text, &addr) && addr.family != 0 &&
	       base_is_pair_of_address(pair, text);
}

bool
base_is_alias(const struct swim *s, const struct input *in, const struct wire_member_id *pair,
    const struct swim_addr *addr)
{
	const struct member *m = addr->family == 0 ? NULL : locate_at(s, addr);

	return m != NULL && base_kind(s, m) == SWIM_KIND_SWIMD && !base_is_named_by_address(m) &&
	       base_is_address(s, in, pair);
}

bool
base_may_be_alias(const struct member *m)
{
	return base_is_named_by_address(m) && m->peer != PEER_SWIMD && m->peer != PEER_BASE &&
	       !m->routable && !m->unnamed;
}

/*
 * The member that lives at this address, ourselves included; else a gone one; NULL: none.  The address has two live
 * members while a crash is not noticed yet and another member has started there.  The member that answers there is
 * then probably the one that is alive and not suspect, or of several the one that we met last.
 */
static const struct member *
base_owner(const struct swim *s, const struct swim_addr *addr)
{
	const struct member *owner = locate_at(s, addr), *m;
	size_t i = 0;

	if (swim_addr_equal(addr, &s->self->addr))
		return s->self;
	while ((m = locate_each_at(s, addr, &i)) != NULL) {
		if (!members_is_live(m) || !members_is_live(owner))
			continue;
		if (members_status(m) < members_status(owner) ||
		    (members_status(m) == members_status(owner) &&
			swim_time_before(owner->met, m->met)))
			owner = m;
	}
	return owner;
}

struct wire_member_id
base_meant(const struct swim *s, const struct input *in, const struct wire_member_id *pair)
{
	char text[SWIM_HOSTPORT_MAX + 1];
	const struct member *m;
	struct swim_addr addr;

	if (!apply_address(s, in, pair->address, text, &addr) || addr.family == 0 ||
	    !base_is_pair_of_address(pair, text))
		return *pair;
	m = base_owner(s, &addr);
	/* Base peers list a base peer that has an id of its own under its address too.  We list it under its id only. */
	if (m == NULL || base_is_peer(m) || !RULE(base_means_addresses))
		return *pair;
	if (m != s->self && !members_is_live(m) &&
	    members_find(s, pair->id.bytes, pair->id.len) != NULL)
		return *pair;
	return (struct wire_member_id){{m->name, m->name_len}, wire_str_of(m->address)};
}

const struct wire_message *
base_hear(const struct swim *s, const struct input *in, struct base_heard *heard)
{
	struct wire_member_id meant;
	const struct member *m;

	/*
	 * Updates and ping-reqs are translated where they are handled, as the answer to a ping-req has to name the
	 * same pair.
	 */
	if (!base_lacks_extensions(in->msg) ||
	    (in->msg->type != WIRE_ACK && in->msg->type != WIRE_NACK))
		return in->msg;
	meant = base_meant(s, in, &in->msg->member);
	m = members_find(s, meant.id.bytes, meant.id.len);
	/* If the swimd peer at that address is gone, the answer may be that of a base peer which has started there. */
	if (meant.id.bytes == in->msg->member.id.bytes || m == NULL ||
	    (m != s->self && !members_is_live(m)))
		return in->msg;
	heard->message = *in->msg;
	/* The name and the address are copied, as the member may be destroyed while the datagram is handled. */
	memcpy(heard->id, meant.id.bytes, meant.id.len);
	memcpy(heard->address, meant.address.bytes, meant.address.len);
	heard->message.member =
	    (struct wire_member_id){{heard->id, meant.id.len}, {heard->address, meant.address.len}};
	return &heard->message;
}

/*
 * m is gone: does another member have the same pair by base_pair()?  Then an update about m would tell the end of the
 * other member.  A base peer with an id of its own has a pair of its own.  If all members of the address are gone, each
 * base peer among them may come back, and has to hear of its death.
 */
static bool
base_is_succeeded(const struct swim *s, const struct member *m)
{
	const struct member *other = locate_at(s, &m->addr);

	if (m == s->self || members_is_live(m) || other == m || other == NULL)
		return false;
	if (!base_is_peer(m))
		return true;
	return base_is_named_by_address(m) && (other == s->self || members_is_live(other));
}

/* Is m so new, or alive for so short a time, that base peers may not have heard of it yet? */
static bool
base_is_news(const struct swim *s, const struct member *m)
{
	return swim_time_since(s->now, m->met).ns < BASE_NEW_FOR.ns ||
	       (members_status(m) == SWIM_ALIVE &&
		   swim_time_since(s->now, m->since).ns < BASE_NEW_FOR.ns);
}

bool
base_can_tell(const struct swim *s, const struct member *m)
{
	return (base_is_peer(m) || m->addr.family != 0) && !base_is_succeeded(s, m) &&
	       m->incarnation <= BASE_LADDER_MOST;
}

/* The next rung above the incarnation `known`, at most `incarnation`. */
static uint64_t
base_rung(uint64_t known, uint64_t incarnation)
{
	uint64_t next = known - known % BASE_RUNG + BASE_RUNG;

	return incarnation < next ? incarnation : next;
}

bool
base_add_ladder(struct wire_writer *w, const struct member *m, uint64_t *known)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_update u = {.member = base_pair(m, w->recipient, text),
	    .status = members_status(m)};

	do {
		u.incarnation = RULE(base_ladder) ? base_rung(*known, m->incarnation)
						  : m->incarnation;
		if (!wire_add_update(w, &u))
			return false;
		*known = u.incarnation;
	} while (u.incarnation < m->incarnation);
	return true;
}

/* How many rungs lead from the incarnation `known` up to `incarnation`?  At least 1. */
static uint64_t
base_rungs(uint64_t known, uint64_t incarnation)
{
	return incarnation > known ? (incarnation - 1) / BASE_RUNG - known / BASE_RUNG + 1 : 1;
}

/* Add all rungs of m above the incarnation `known`, or none.  False: they do not fit. */
static bool
base_add_whole(struct wire_writer *w, const struct member *m, uint64_t known)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_member_id pair = base_pair(m, w->recipient, text);
	size_t size = WIRE_UPDATE_FIXED + (size_t)pair.id.len + pair.address.len;

	if (base_rungs(known, m->incarnation) * size + w->reserve > wbuf_left(&w->buf))
		return false;
	return base_add_ladder(w, m, &known);
}

bool
base_add_self(const struct swim *s, struct wire_writer *w)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_update u = {.member = base_pair(s->self, w->recipient, text),
	    .status = members_status(s->self),
	    .incarnation = base_rung(0, s->self->incarnation)};

	if (s->self->incarnation <= BASE_LADDER_WHOLE)
		return base_add_whole(w, s->self, 0);
	/* The first rung makes us a member.  The other rungs follow once an answer shows that a base peer lives there. */
	return wire_add_update(w, &u);
}

bool
base_withholds(const struct swim *s, enum wire_recipient recipient, const struct member *m)
{
	switch (recipient) {
	case WIRE_RECIPIENT_SWIMD:
		return false;
	case WIRE_RECIPIENT_UNKNOWN:
		/*
		 * A base peer has to be told the address of a swimd peer and a swimd peer its name: only a member
		 * whose name is its address can be told to both.
		 */
		return !base_is_peer(m) && !base_is_named_by_address(m);
	case WIRE_RECIPIENT_BASE:
	case WIRE_RECIPIENT_NEW_BASE:
		break;
	}
	if (!base_can_tell(s, m))
		return true;
	/*
	 * Gossip sends only the last rungs.  introduce.c sends the whole ladder to a base peer that lacks the lower
	 * ones.
	 */
	return m->incarnation > BASE_LADDER_WHOLE &&
	       (recipient == WIRE_RECIPIENT_NEW_BASE || base_is_news(s, m));
}

bool
base_add(const struct swim *s, struct wire_writer *w, const struct member *m)
{
	if (base_withholds(s, w->recipient, m))
		return true;
	if (m->incarnation <= BASE_LADDER_WHOLE)
		return base_add_whole(w, m, 0);
	return base_add_whole(w, m, m->incarnation - BASE_RUNGS_LAST * BASE_RUNG);
}
