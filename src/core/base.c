/* SPDX-License-Identifier: MIT */
/*
 * Base peers, which know the base wire format alone: what we call the members when we speak to a base peer, and whom a
 * base peer means.
 *
 * To a base peer a member is the pair of an id and an address, and whoever sends a datagram is the pair (source, source).
 * It makes that pair by itself from a ping, and takes an ack only from the pair that it pinged.  So to a base peer every
 * swimd is the pair (its address, its address), in acks, in ping-reqs and in updates, and what a base peer says of such a
 * pair is said of whoever lives there.  A base peer that has an id of its own keeps it.  The names of swimds are told to
 * swimds alone.
 *
 * A base peer refuses an update whose incarnation is more than 16 above what it knows, which is 0 for a pair that is new
 * to it.  So a member whose incarnation is higher is told by a ladder: the same status at 16, at 32 and so on, and at
 * last at the incarnation itself.  The status is the same on each rung, so that whatever a base peer makes of a rung is
 * true of the member.
 *
 * What is written for base peers is in the cluster WIRE_BASE_CLUSTER, so that a swimd that lives where a base peer is thought
 * to live, whatever its version, does not take the addresses of swimds for members.  An address of which it is not known
 * who lives there is asked by a plain ping that tells nothing of swimds.  Only where we join by an address do we say who we
 * are at once: there are two pings of one sequence number then, one that base peers alone read and one that swimds alone
 * read, and the answer to either is taken.
 */
#include <string.h>

#include "core/internal.h"

#define BASE_RUNG 16 /* a base peer takes an incarnation that is so far above what it knows */
/* Above it an update has its last rungs only: base peers have been told the incarnations below. */
#define BASE_RUNGS_LAST 3

bool
base_speaks(const struct wire_message *msg)
{
	return !msg->trailer.has_sender && !msg->trailer.has_digest && msg->type < WIRE_SYNC_REQ;
}

bool
base_answers(const struct swim *s, const struct wire_message *msg)
{
	return base_speaks(msg) && msg->type == WIRE_ACK && base_is_address(s, &msg->member);
}

/* One that speaks no extension, or of which a swimd says so. */
bool
base_is_peer(const struct member *m)
{
	return m->base_peer && !m->swimd;
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
	/* A base peer gives no cluster, so that none hears it but those of the cluster without a name. */
	if (s->config.cluster[0] != '\0')
		return WIRE_RECIPIENT_SWIMD;
	if (m == NULL)
		return WIRE_RECIPIENT_UNKNOWN;
	if (m->swimd)
		return WIRE_RECIPIENT_SWIMD;
	if (m->unsure)
		return WIRE_RECIPIENT_UNKNOWN;
	/* A base peer that comes back may have forgotten everybody. */
	if (m->base_peer)
		return swim_time_since(s->now, m->met).ns < BASE_NEW_FOR.ns ||
			       swim_time_since(s->now, m->alive).ns < BASE_NEW_FOR.ns
			   ? WIRE_RECIPIENT_NEW_BASE
			   : WIRE_RECIPIENT_BASE;
	/* A swimd of an earlier version does not tell which members are base peers; most of these go by their address. */
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
		outbox_trailer(s, true, out);
}

size_t
base_answer_trailer(const struct swim *s, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out)
{
	size_t body = WIRE_HEADER_SIZE + 3 * sizeof(uint16_t) + of->id.len + of->address.len;

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
	if (!base_is_recipient(recipient) || base_is_peer(m) || m->addr.family == 0)
		return (struct wire_member_id){{m->name, m->name_len}, wire_str_of(m->address)};
	swim_addr_format_public(&m->addr, text);
	return (struct wire_member_id){wire_str_of(text), wire_str_of(text)};
}

/* Is the id of this pair its address?  `text` is the canonical form of the address. */
static bool
base_is_pair_of_address(const struct wire_member_id *pair, const char *text)
{
	return wire_str_equal(pair->id, text) ||
	       (pair->id.len == pair->address.len &&
		   memcmp(pair->id.bytes, pair->address.bytes, pair->id.len) == 0);
}

bool
base_is_address(const struct swim *s, const struct wire_member_id *pair)
{
	char text[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr addr;

	return apply_address(s, pair->address, text, &addr) && addr.family != 0 &&
	       base_is_pair_of_address(pair, text);
}

bool
base_is_alias(const struct swim *s, const struct wire_member_id *pair, const struct swim_addr *addr)
{
	const struct member *m = addr->family == 0 ? NULL : locate_at(s, addr);

	return m != NULL && base_kind(s, m) == SWIM_KIND_SWIMD && !base_is_named_by_address(m) &&
	       base_is_address(s, pair);
}

bool
base_may_be_alias(const struct member *m)
{
	return base_is_named_by_address(m) && !m->swimd && !m->proven &&
	       (!m->base_peer || m->unsure) && !m->stand_in;
}

struct wire_member_id
base_meant(const struct swim *s, const struct wire_member_id *pair)
{
	char text[SWIM_HOSTPORT_MAX + 1];
	const struct member *m;
	struct swim_addr addr;

	if (!apply_address(s, pair->address, text, &addr) || addr.family == 0 ||
	    !base_is_pair_of_address(pair, text))
		return *pair;
	m = swim_addr_equal(&addr, &s->self->addr) ? s->self : locate_at(s, &addr);
	/* The pair (address, address) of a base peer that has an id is another member to base peers, and none to us. */
	if (m == NULL || base_is_peer(m))
		return *pair;
	if (m != s->self && m->live_index == NOT_LISTED &&
	    members_find(s, pair->id.bytes, pair->id.len) != NULL)
		return *pair;
	return (struct wire_member_id){{m->name, m->name_len}, wire_str_of(m->address)};
}

const struct wire_message *
base_hear(const struct swim *s, const struct wire_message *msg, struct base_heard *heard)
{
	struct wire_member_id meant;
	const struct member *m;

	/* The answer to a ping-req has the pair that was asked for, so that one is left as it is. */
	if (!base_speaks(msg) || (msg->type != WIRE_ACK && msg->type != WIRE_NACK))
		return msg;
	meant = base_meant(s, &msg->member);
	m = members_find(s, meant.id.bytes, meant.id.len);
	/* Where a swimd lived that is gone, the answer is by a base peer. */
	if (meant.id.bytes == msg->member.id.bytes || m == NULL ||
	    (m != s->self && m->live_index == NOT_LISTED))
		return msg;
	heard->message = *msg;
	/* The member may be destroyed before the datagram has been dealt with. */
	memcpy(heard->id, meant.id.bytes, meant.id.len);
	memcpy(heard->address, meant.address.bytes, meant.address.len);
	heard->message.member =
	    (struct wire_member_id){{heard->id, meant.id.len}, {heard->address, meant.address.len}};
	return &heard->message;
}

/*
 * Another lives at the address of this one that is gone: to a base peer both are the same pair, but for base peers with
 * ids of their own.  Of several base peers that are gone any may come back, and has to be told.
 */
static bool
base_is_succeeded(const struct swim *s, const struct member *m)
{
	const struct member *other = locate_at(s, &m->addr);

	if (m == s->self || m->live_index != NOT_LISTED || other == m || other == NULL)
		return false;
	if (!base_is_peer(m))
		return true;
	return base_is_named_by_address(m) && (other == s->self || other->live_index != NOT_LISTED);
}

/* Has a base peer that we have known for long not heard of this member yet? */
static bool
base_is_news(const struct swim *s, const struct member *m)
{
	return swim_time_since(s->now, m->met).ns < BASE_NEW_FOR.ns ||
	       (m->status == SWIM_ALIVE && swim_time_since(s->now, m->since).ns < BASE_NEW_FOR.ns);
}

bool
base_can_tell(const struct swim *s, const struct member *m)
{
	return (base_is_peer(m) || m->addr.family != 0) && !base_is_succeeded(s, m) &&
	       m->incarnation <= BASE_LADDER_MOST;
}

/* The first incarnation that a base peer is told, which knows all up to `known`. */
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
	struct wire_update u = {.member = base_pair(m, w->recipient, text), .status = m->status};

	do {
		u.incarnation = base_rung(*known, m->incarnation);
		if (!wire_add_update(w, &u))
			return false;
		*known = u.incarnation;
	} while (u.incarnation < m->incarnation);
	return true;
}

/* How many updates lead from `known` up to this incarnation? */
static uint64_t
base_rungs(uint64_t known, uint64_t incarnation)
{
	return incarnation > known ? (incarnation - 1) / BASE_RUNG - known / BASE_RUNG + 1 : 1;
}

/* All of the ladder above `known`, or nothing. */
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
	    .status = s->self->status,
	    .incarnation = base_rung(0, s->self->incarnation)};

	if (s->self->incarnation <= BASE_LADDER_WHOLE)
		return base_add_whole(w, s->self, 0);
	/* The beginning of a ladder makes us a member; its end has to follow once we know who answers. */
	return wire_add_update(w, &u);
}

bool
base_withholds(const struct swim *s, enum wire_recipient recipient, const struct member *m)
{
	switch (recipient) {
	case WIRE_RECIPIENT_SWIMD:
		return false;
	case WIRE_RECIPIENT_UNKNOWN:
		/* A base peer knows swimds by other names, and a swimd knows them by no others. */
		return !base_is_peer(m) && !base_is_named_by_address(m);
	case WIRE_RECIPIENT_BASE:
	case WIRE_RECIPIENT_NEW_BASE:
		break;
	}
	if (!base_can_tell(s, m))
		return true;
	/* Whoever does not know the incarnations below is told all of them by introduce.c. */
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
