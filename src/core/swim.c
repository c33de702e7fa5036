/* SPDX-License-Identifier: MIT */
/* The core's beginning and end, the way of a datagram, and time. */
#include <assert.h>
#include <string.h>

#include "core/internal.h"
#include "wire/tags.h"

/* Bytes of an ack's extensions without names and tags, with room to spare. */
#define TRAILER_FIXED 64
/* How often we look for members to forget. */
#define REAP_INTERVAL swim_seconds(1)

void *
core_alloc(struct swim *s, size_t size)
{
	return s->config.allocator.resize(s->config.allocator.ctx, NULL, size);
}

void
core_release(struct swim *s, void *ptr)
{
	if (ptr != NULL)
		s->config.allocator.resize(s->config.allocator.ctx, ptr, 0);
}

uint64_t
core_seq(struct swim *s)
{
	if (s->config.random.draw != NULL)
		return s->config.random.draw(s->config.random.ctx);
	return rng_u64(&s->rng);
}

bool
core_grow(struct swim *s, void *array, size_t count, size_t *capacity, size_t element)
{
	size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
	void *old, *grown;

	if (count < *capacity)
		return true;
	memcpy(&old, array, sizeof(old)); /* `array` is a pointer to a pointer of any type */
	grown = s->config.allocator.resize(s->config.allocator.ctx, old, wanted * element);
	if (grown == NULL)
		return false;
	memcpy(array, &grown, sizeof(grown));
	*capacity = wanted;
	return true;
}

static bool
swim_usable(const struct swim_config *c)
{
	return c->name != NULL && c->name[0] != '\0' && strlen(c->name) <= SWIM_NAME_MAX &&
	       c->cluster != NULL && strlen(c->cluster) <= SWIM_CLUSTER_MAX &&
	       c->address.family != 0 && !swim_addr_is_wildcard(&c->address) &&
	       c->max_members > 0 && c->max_members < UINT32_MAX &&
	       c->max_datagram >= WIRE_DATAGRAM_MIN && c->max_datagram <= WIRE_DATAGRAM_MAX &&
	       c->timing.probe_interval.ns > 0 && c->timing.probe_timeout.ns > 0 &&
	       c->timing.gossip_interval.ns > 0 && c->allocator.resize != NULL;
}

static char *
swim_copy_text(struct swim *s, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = core_alloc(s, size);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

struct swim *
swim_new(const struct swim_config *config, uint64_t seed, swim_time now)
{
	char address[SWIM_ADDR_TEXT];
	struct input_room room;
	struct input *in;
	struct swim *s;

	if (!swim_usable(config))
		return NULL;
	s = config->allocator.resize(config->allocator.ctx, NULL, sizeof(*s));
	if (s == NULL)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->config = *config;
	s->config.name = NULL;
	s->config.cluster = NULL;
	if (!questions_init(s, &s->questions)) {
		core_release(s, s);
		return NULL;
	}
	s->now = s->began = now;
	doubt_init(s);
	rng_init(&s->rng, seed);
	rumour_init(&s->rumours);
	pool_init(&s->suspicions, sizeof(struct suspicion));
	s->gossip_at = s->check_at = s->path_next = s->report_at = SWIM_TIME_NEVER;
	s->unnamed_end = SWIM_TIME_NEVER;
	s->introduce_at = SWIM_TIME_NEVER;
	s->stats.path_smallest = config->max_datagram;
	s->gossiped = swim_time_add(now, swim_ns(-config->timing.gossip_interval.ns));
	s->sync_members.allowed = s->sync_strangers.allowed = now;
	s->reap_at = s->reconnect_at = now;
	/* Members that start together must not probe in step. */
	s->probe_at = swim_time_add(now,
	    swim_duration_scale(config->timing.probe_interval, rng_unit(&s->rng)));
	swim_addr_format_public(&config->address, address);
	in = input_own(s, &room);
	in->zone = config->address.scope;
	s->config.name = swim_copy_text(s, config->name);
	s->config.cluster = swim_copy_text(s, config->cluster);
	s->self = members_create(s, in,
	    &(struct wire_member_id){wire_str_of(config->name), wire_str_of(address)});
	if (s->config.name == NULL || s->config.cluster == NULL || s->self == NULL) {
		swim_free(s);
		return NULL;
	}
	s->self->peer = PEER_SWIMD;
	s->self->routable = true;
	s->self->told = TOLD_JOINED;
	members_transition(s, input_own(s, &room), s->self, LIFE_ALIVE, config->incarnation);
	gossip_queue(s, s->self);
	return s;
}

void
swim_free(struct swim *s)
{
	struct swim_allocator a;

	if (s == NULL)
		return;
	a = s->config.allocator;
	for (size_t i = 0; i < s->table.count; i++) {
		core_release(s, s->table.v[i]->address);
		core_release(s, s->table.v[i]->tags);
		extra_free(s, s->table.v[i]);
		core_release(s, s->table.v[i]);
	}
	for (size_t i = 0; i < SWIM_RELAYS; i++)
		core_release(s, s->relays[i].text);
	core_release(s, (void *)(uintptr_t)s->config.name);
	core_release(s, (void *)(uintptr_t)s->config.cluster);
	rumour_fini(s, &s->rumours);
	pool_fini(s, &s->suspicions);
	questions_fini(s, &s->questions);
	core_release(s, s->table.v);
	core_release(s, s->named.v);
	core_release(s, s->located.v);
	core_release(s, s->live);
	core_release(s, s->suspects);
	core_release(s, s->gone);
	core_release(s, s->out_bytes);
	core_release(s, s->outs);
	core_release(s, s->events);
	a.resize(a.ctx, s, 0);
}

/*
 * Answer a ping in our name from an address at which no namesake has answered, in no more bytes than the ping had
 * (`len`).  If an ack with our digest does not fit, send a nack, as an ack without the digest looks like a base
 * peer's.  False: the ack fits, and nothing was sent.
 */
static bool
swim_answer_small(struct swim *s, const struct input *in, size_t len)
{
	struct wire_member_id self = {{s->self->name, s->self->name_len},
	    wire_str_of(s->self->address)};
	struct wire_trailer trailer;
	struct wire_writer w;

	if (outbox_answer_trailer(s, &self, SIZE_MAX, &trailer) <= len)
		return false;
	trailer.has_digest = trailer.has_removals = false;
	self.address = wire_str_of("");
	if (!outbox_begin(s, &w, &trailer, len))
		return true;
	wire_begin_nack(&w, in->msg->seq, &self);
	outbox_end(s, &w, &trailer, 0, &in->from);
	return true;
}

/*
 * A sender without a name may be any of the gone members of its address.  Tell it the end of each of them, so that the
 * one that is back refutes its own.
 */
static void
swim_tell_of_gone(struct swim *s, const struct input *in, struct wire_writer *w,
    const struct member *sender)
{
	struct member *m;
	size_t i = 0;

	if (sender == NULL || sender == s->self || members_is_live(sender))
		return;
	while ((m = locate_each_at(s, &in->from, &i)) != NULL) {
		if (m != sender && m != s->self)
			gossip_add_fitting(s, w, m);
	}
}

/* Is the sender of the ping routable at the source address?  Otherwise it gets no more bytes than it sent. */
static bool
swim_is_routable_sender(const struct swim *s, const struct input *in, const struct member *sender)
{
	if (sender == NULL)
		return false;
	return sender == s->self ? claim_is_routable(s, in, &in->from)
				 : link_is_routable_at(sender, &in->from);
}

/*
 * The bytes to which the answer is padded, if the sender asks whether that size arrives: at most `most`, and never
 * more than the ping had.
 */
static size_t
swim_answer_padding(const struct swim *s, const struct input *in, size_t most)
{
	size_t pad_to = in->msg->trailer.has_answer_size ? in->msg->trailer.answer_size : 0;

	if (pad_to > in->len)
		pad_to = in->len;
	if (pad_to > s->config.max_datagram)
		pad_to = s->config.max_datagram;
	return pad_to < most ? pad_to : most;
}

/* Add the updates of an ack that has at most `budget` bytes. */
static void
swim_answer_updates(struct swim *s, const struct input *in, struct wire_writer *w,
    struct member *sender, size_t budget)
{
	size_t kept = s->config.max_datagram - budget;

	w->reserve += kept;
	/*
	 * A sender that misjudges us has missed our refutation, which may be no rumour any more.  Our own record goes
	 * first: an answer to a member that we hold dead may have no room for more, and its ping may be the last
	 * question before its verdict on us.
	 */
	if (RULE(ack_tells_us) && (sender == NULL || sender->peer != PEER_SWIMD ||
				      (RULE(misjudged_answers) && in->found->misjudged)))
		gossip_add_fitting(s, w, s->self);
	if (sender != NULL && sender != s->self &&
	    (extra_of(sender)->tell || members_status(sender) == SWIM_DEAD ||
		(members_status(sender) != SWIM_ALIVE && RULE(suspect_is_told)))) {
		gossip_add_fitting(s, w, sender);
		if (sender->extra != NULL)
			sender->extra->tell = false;
		extra_tidy(s, sender);
	}
	if (!input_names_sender(in))
		swim_tell_of_gone(s, in, w, sender);
	introduce_add_stale(s, in, w);
	gossip_fill(s, w, sender);
	gossip_remind(s, w, sender);
	w->reserve -= kept;
}

/* Answer a ping by an ack. */
static void
swim_receive_ping(struct swim *s, const struct input *in)
{
	char text[SWIM_ADDR_TEXT];
	/* A base peer accepts an ack only from the pair that it pinged: (our address, our address). */
	struct wire_member_id self =
	    base_pair(s->self, in->base ? WIRE_RECIPIENT_NEW_BASE : WIRE_RECIPIENT_SWIMD, text);
	enum wire_recipient recipient = WIRE_RECIPIENT_SWIMD;
	struct wire_trailer trailer;
	struct wire_writer w;
	/* The updates of the datagram may just have made the sender a member. */
	struct member *sender = members_find(s, in->speaker.bytes, in->speaker.len);
	size_t budget, limit, len_min;
	bool routable;

	if (!input_names_sender(in))
		sender = speaker_meet(s, in, sender);
	routable = swim_is_routable_sender(s, in, sender);
	budget = path_safe(s, sender);
	if (!routable && in->len - in->allowance->spent < budget)
		budget = in->len - in->allowance->spent;
	limit = routable ? SIZE_MAX : budget; /* of what has to be in the answer */
	/* Earlier versions of swimd leave out their name if it does not fit, and then look like base peers. */
	if (in->base)
		recipient = sender != NULL && base_is_peer(sender) ? base_recipient(s, sender)
								   : WIRE_RECIPIENT_UNKNOWN;
	if (base_is_recipient(recipient))
		len_min = base_answer_trailer(s, &self, limit, &trailer);
	else
		len_min = outbox_answer_trailer(s, &self, limit, &trailer);
	if (!routable && sender != NULL && sender == s->self &&
	    !input_is_from(in, &s->self->addr) && swim_answer_small(s, in, budget))
		return;
	if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return;
	w.recipient = recipient;
	wire_begin_ack(&w, in->msg->seq, &self);
	if (len_min < budget)
		swim_answer_updates(s, in, &w, sender, budget);
	outbox_end(s, &w, &trailer, swim_answer_padding(s, in, limit), &in->from);
}

/*
 * The credit: how many bytes the datagram may make us send besides the answer to it.  If the datagram is too short for
 * both the whole answer and a question to the sender, the answer is counted without its digest.
 */
static size_t
swim_credit_of(const struct swim *s, const struct input *in)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_member_id self = base_pair(s->self,
	    base_lacks_extensions(in->msg) ? WIRE_RECIPIENT_NEW_BASE : WIRE_RECIPIENT_SWIMD, text);
	struct wire_trailer trailer;
	size_t question, answer = 0;

	outbox_trailer_named(s, &trailer);
	question = WIRE_HEADER_SIZE + sizeof(uint16_t) + wire_trailer_size(&trailer);
	if (in->msg->type == WIRE_PING) {
		answer = outbox_answer_trailer(s, &self, SIZE_MAX, &trailer);
		if (in->len < answer + question)
			answer = outbox_answer_trailer(s, &self, 0, &trailer);
	} else if (in->msg->type == WIRE_PING_REQ) {
		answer = outbox_answer_trailer(s, &in->msg->member, 0, &trailer);
	}
	return in->len > answer ? in->len - answer : 0;
}

/*
 * A datagram has our name, but comes from another address.  If no namesake has answered at that address, ignore the contents
 * of the datagram and return true.  The datagram then makes us send one datagram of at most its own size: a ping, or the
 * answer to its ping.  We answer a ping while our own is under way: if both sides only sent pings, neither would get an
 * answer.
 */
static bool
swim_hear_namesake(struct swim *s, const struct input *in)
{
	bool ping = in->msg->type == WIRE_PING, began;

	if (claim_is_routable(s, in, &in->from)) {
		/*
		 * If the member there has another name, there is nothing to refute, and each new incarnation costs a
		 * write to the disk.
		 */
		inquiry_contest(s, in, &in->from,
		    claim_is_by_namesake(s, &in->from) ? s->self->incarnation : 0);
		return false;
	}
	in->allowance->credit = in->len;
	began = !(ping && inquiry_asks(s, &in->from)) && inquiry_contest(s, in, &in->from, 0);
	if (ping && !began && RULE(namesake_is_answered))
		swim_receive_ping(s, in);
	/* Go on with an ack: its sender knows the sequence number of our ping, so the source address is not forged. */
	return in->msg->type != WIRE_ACK;
}

/*
 * What an answer to a question of each purpose means, and what silence means.  `answered` takes note of the answer and returns
 * for what the answer counts.  `unanswered` is called at the deadline that question_wait() has set; NULL: there is none.  Both
 * may close the row, and free or use again the object that the row is in.
 */
static const struct {
	struct answer (*answered)(struct swim *, const struct input *, struct question *);
	enum wire_type type; /* of the answer */
	void (*unanswered)(struct swim *, const struct input *, struct question *);
} handlers[QUESTION_PURPOSES] = {
    [QUESTION_PROBE] = {probe_answered, WIRE_ACK, probe_unanswered},
    [QUESTION_PROBE_SECOND] = {probe_answered, WIRE_ACK, NULL},
    [QUESTION_PROBE_OTHERS] = {probe_answered_to_others, WIRE_ACK, probe_unanswered_by_others},
    [QUESTION_LATE] = {link_late_answered, WIRE_ACK, NULL},
    [QUESTION_SUSPECT] = {suspect_answered, WIRE_ACK, suspect_unanswered},
    [QUESTION_SUSPECT_OTHERS] = {suspect_answered_to_others, WIRE_ACK, NULL},
    [QUESTION_TRIAL] = {damping_answered, WIRE_ACK, NULL},
    [QUESTION_LINK_CHECK] = {link_check_answered, WIRE_ACK, link_check_unanswered},
    [QUESTION_LINK_RETRY] = {link_retry_answered, WIRE_ACK, NULL},
    [QUESTION_RELAY] = {relay_answered, WIRE_ACK, relay_unanswered},
    [QUESTION_INQUIRY] = {inquiry_answered, WIRE_ACK, inquiry_unanswered},
    [QUESTION_VISITOR] = {visitor_answered, WIRE_ACK, NULL},
    [QUESTION_ROUTABLE] = {gossip_answered, WIRE_ACK, NULL},
    [QUESTION_PATH] = {path_answered, WIRE_ACK, path_unanswered},
    [QUESTION_INTRODUCTION] = {introduce_answered, WIRE_ACK, introduce_unanswered},
    [QUESTION_SYNC] = {sync_answered, WIRE_SYNC, sync_unanswered},
};

/*
 * Find the question that the datagram answers, and call its handler.  This comes before the updates of the datagram,
 * which may put another member in the place of the asked one.
 */
static enum question_purpose
swim_receive_answer(struct swim *s, struct input *in)
{
	struct question *q = question_find(s, in->msg->seq);
	/* The handler may close the row. */
	enum question_purpose purpose = q != NULL ? q->purpose : QUESTION_CLOSED;

	if (q == NULL || handlers[purpose].type != in->msg->type)
		return QUESTION_CLOSED;
	in->answer = handlers[purpose].answered(s, in, q);
	input_raise(in);
	return purpose;
}

static void
swim_receive_ack(struct swim *s, struct input *in, const struct member *speaker)
{
	enum question_purpose purpose = swim_receive_answer(s, in);
	bool relayed = purpose == QUESTION_PROBE_OTHERS || purpose == QUESTION_SUSPECT_OTHERS;

	speaker_note_answer(s, in);
	if (in->answer.ours && speaker != s->self && (speaker != NULL || in->answer.of_seed))
		claim_note_company(s, in);
	if (in->answer.ours && !relayed && speaker != s->self) {
		speaker_set_answerer(s, in);
		link_answered(s, in);
	}
	apply_updates(s, in);
	if (purpose == QUESTION_ROUTABLE && in->answer.ours)
		gossip_welcome(s, in);
	if (!RULE(ack_is_last))
		swim_receive_ping(s, in);
}

/* Apply the updates of the datagram, and answer it if it is a question. */
static void
swim_receive_message(struct swim *s, struct input *in, const struct member *speaker)
{
	switch (in->msg->type) {
	case WIRE_PING:
		if (speaker == s->self)
			inquiry_came_back(s, in, in->msg->seq);
		apply_updates(s, in);
		speaker_add_member(s, in);
		swim_receive_ping(s, in);
		break;
	case WIRE_PING_REQ:
		apply_updates(s, in);
		speaker_add_member(s, in);
		if (!input_names_sender(in))
			speaker_meet(s, in, NULL);
		relay_request(s, in);
		break;
	case WIRE_ACK:
		swim_receive_ack(s, in, speaker);
		break;
	case WIRE_NACK:
		probe_nack(s, in);
		inquiry_nack(s, in);
		break;
	case WIRE_GOSSIP:
		apply_updates(s, in);
		break;
	case WIRE_SYNC_REQ:
		apply_updates(s, in);
		sync_answer(s, in);
		break;
	case WIRE_SYNC:
		swim_receive_answer(s, in);
		if (in->answer.ours)
			sync_page(s, in);
		break;
	case WIRE_CLAIM:
		claim_receive(s, in);
		break;
	case WIRE_OTHER_CLUSTER: /* from a member of our own cluster it means nothing */
	case WIRE_AUTHENTICATED: /* opened by swim_input_by() */
		break;
	}
}

/* Send corrections: tell the sender what it evidently does not know.  Comes after the answer, which may have told it. */
static void
swim_receive_tell_missed(struct swim *s, const struct input *in)
{
	const struct findings *found = in->found;

	if (found->unaware_of != NULL &&
	    (found->unaware_of != s->self || in->msg->type != WIRE_PING))
		gossip_tell(s, in, found->unaware_of);
	if (found->lacks_answer && RULE(answer_is_told))
		gossip_tell_answered(s, in);
	introduce_answer_stale(s, in);
}

/* Take the entries of the datagram's trailer. */
static void
swim_receive_trailer(struct swim *s, const struct input *in)
{
	const struct wire_message *msg = in->msg;

	introduce_heard(s, in);
	link_heard(s, in);
	link_report_take(s, in);
	if (msg->type == WIRE_PING)
		link_report_complaint(s, in);
	if (msg->trailer.has_period)
		probe_period_seen(s, in, msg->trailer.period);
	if (msg->trailer.has_digest)
		sync_compare(s, in);
	if (msg->type == WIRE_ACK && in->answer.ours)
		speaker_drop_alias(s, in, &in->from);
}

/*
 * Handle a valid datagram of our cluster.  The order matters: the speaker is found by the translated message; a namesake is
 * handled before its updates are taken; the updates fill in->found; and the trailer is taken last, when the updates may have
 * made its sender a member.
 */
static void
swim_receive(struct swim *s, struct input *in)
{
	bool named = input_names_sender(in);
	const struct member *speaker;
	struct base_heard heard;

	in->allowance->credit = swim_credit_of(s, in);
	in->msg = base_hear(s, in, &heard);
	/* A namesake; or we ourselves, by another of our addresses. */
	speaker = speaker_identify(s, in);
	if (speaker == s->self && named && in->msg->type != WIRE_CLAIM &&
	    !input_is_from(in, &s->self->addr) && !inquiry_is_ours(s, in->msg->seq) &&
	    swim_hear_namesake(s, in))
		return;
	if (speaker != NULL && speaker != s->self && named)
		speaker_ask(s, in, speaker);
	speaker_check_kind(s, in);
	swim_receive_message(s, in, speaker);
	swim_receive_tell_missed(s, in);
	swim_receive_trailer(s, in);
}

static enum wire_reject
swim_decode(struct swim *s, const void *data, size_t len, struct wire_message *msg)
{
	enum wire_reject reject;

	if (s->config.hooks.begin != NULL)
		s->config.hooks.begin(s->config.hooks.ctx, SWIM_WORK_DECODE);
	reject = wire_decode(data, len, msg);
	if (s->config.hooks.end != NULL)
		s->config.hooks.end(s->config.hooks.ctx, SWIM_WORK_DECODE);
	return reject;
}

enum wire_reject
swim_input(struct swim *s, swim_time now, const struct swim_addr *from, const void *data,
    size_t len)
{
	return swim_input_by(s, now, from, from->scope, data, len);
}

/* Is the datagram for swimd peers of our cluster? */
static enum wire_reject
swim_check_cluster(const struct swim *s, const struct wire_trailer *t)
{
	const char *ours = s->config.cluster;

	if (t->has_cluster && wire_str_equal(t->cluster, WIRE_BASE_CLUSTER))
		return RULE(base_cluster_apart) ? WIRE_REJECT_FOR_BASE_PEERS : WIRE_OK;
	if (t->has_cluster ? !wire_str_equal(t->cluster, ours) : ours[0] != '\0')
		return RULE(clusters_apart) ? WIRE_REJECT_OTHER_CLUSTER : WIRE_OK;
	return WIRE_OK;
}

/* Count a datagram that is handled, and note when the last one came. */
static void
swim_count_received(struct swim *s, enum wire_type type, size_t len)
{
	int slot = wire_type_slot((unsigned)type);

	assert(slot >= 0);
	s->stats.received[slot]++;
	s->stats.received_bytes += len;
	doubt_heard(s);
}

enum wire_reject
swim_input_by(struct swim *s, swim_time now, const struct swim_addr *from, uint32_t interface,
    const void *data, size_t len)
{
	struct wire_message outer, inner;
	const struct wire_message *msg = &outer;
	struct wire_member_id claimed = {0};
	enum wire_reject reject = swim_decode(s, data, len, &outer);
	struct input_room room;
	struct input *in;

	s->now = now;
	/* The envelope was decoded with its inner message.  Its token is not checked, as there are no keys. */
	if (reject == WIRE_OK && outer.type == WIRE_AUTHENTICATED) {
		reject = wire_decode(outer.inner, outer.inner_len, &inner);
		msg = &inner;
		claimed = outer.member;
	}
	if (reject == WIRE_OK)
		reject = swim_check_cluster(s, &msg->trailer);
	if (reject != WIRE_OK) {
		s->stats.rejected[reject]++;
		if (reject == WIRE_REJECT_OTHER_CLUSTER && !s->left)
			foreign_heard(s, msg, from, len);
		return reject;
	}
	if (msg->trailer.has_sender)
		claimed = (struct wire_member_id){.id = msg->trailer.sender};
	swim_count_received(s, outer.type, len);
	in = input_of_datagram(&room, msg, from, interface, len);
	in->claimed = claimed;
	if (!s->left)
		swim_receive(s, in);
	return WIRE_OK;
}

/* Handle the questions whose deadline has passed without an answer, the earliest first. */
static void
swim_give_up_unanswered(struct swim *s, const struct input *in)
{
	struct question *q;

	while ((q = question_take_due(s)) != NULL)
		handlers[q->purpose].unanswered(s, in, q);
}

/* Forget the gone members whose time is over. */
static void
swim_reap(struct swim *s, const struct input *in)
{
	if (!swim_time_reached(s->now, s->reap_at))
		return;
	s->reap_at = swim_time_add(s->now, REAP_INTERVAL);
	for (size_t i = s->gone_count; i-- > 0;) {
		struct member *m = s->gone[i];

		if (!swim_time_reached(s->now, m->deadline))
			continue;
		if (members_is_visible(m) && members_is_announced(m))
			outbox_event(s, in, SWIM_EVENT_REMOVED, m);
		members_destroy(s, in, m);
	}
}

void
swim_tick(struct swim *s, swim_time now)
{
	swim_time due = swim_deadline(s);
	struct input_room room;
	struct input *in = input_own(s, &room);

	s->now = now;
	if (s->left)
		return;
	if (!swim_time_is_never(due))
		probe_check_stall(s, swim_time_since(now, due));
	swim_give_up_unanswered(s, in);
	if (!s->leaving) {
		probe_tick(s);
		link_report_tick(s);
	}
	speaker_tick(s, in);
	sync_tick(s, in);
	if (!s->leaving) {
		path_tick(s);
		damping_tick(s, in);
		if (s->status_count[SWIM_DEAD] > 0)
			probe_reconnect(s);
		if (s->gone_count > 0)
			swim_reap(s, in);
	}
	introduce_tick(s);
	gossip_tick(s);
}

swim_time
swim_deadline(const struct swim *s)
{
	swim_time at = s->gossip_at;

	if (s->left)
		return SWIM_TIME_NEVER;
	at = swim_time_min(at, question_deadline(s));
	at = swim_time_min(at, sync_deadline(s));
	at = swim_time_min(at, speaker_deadline(s));
	if (s->leaving)
		return at;
	at = swim_time_min(at, probe_deadline(s));
	at = swim_time_min(at, path_deadline(s));
	at = swim_time_min(at, introduce_deadline(s));
	at = swim_time_min(at, link_report_deadline(s));
	at = swim_time_min(at, damping_deadline(s));
	if (s->status_count[SWIM_DEAD] > 0)
		at = swim_time_min(at, s->reconnect_at);
	if (s->gone_count > 0)
		at = swim_time_min(at, s->reap_at);
	return at;
}

bool
swim_has_left(const struct swim *s)
{
	return s->left;
}

enum swim_remove_result
swim_remove(struct swim *s, swim_time now, const char *name, size_t name_len)
{
	struct member *m = members_find(s, name, name_len);
	struct input_room room;

	s->now = now;
	if (m == NULL || !members_is_visible(m))
		return SWIM_REMOVE_NOT_FOUND;
	/* We may have left ourselves, and still have to tell it. */
	if (m == s->self || (members_status(m) != SWIM_DEAD && members_status(m) != SWIM_LEFT))
		return SWIM_REMOVE_NOT_DEAD;
	members_forget(s, input_own(s, &room), m, members_status(m), m->incarnation);
	return SWIM_REMOVE_OK;
}

void
swim_set_timing(struct swim *s, swim_time now, const struct swim_timing *timing)
{
	s->now = now;
	s->config.timing = *timing;
	/* The probe interval that was begun under the old settings ends now; other deadlines that are set stay. */
	probe_end(s);
	s->probe_at =
	    swim_time_add(now, swim_duration_scale(timing->probe_interval, rng_unit(&s->rng)));
	s->reconnect_at = now;
}

size_t
swim_tags_room(const struct swim *s)
{
	size_t update = WIRE_UPDATE_FIXED + s->self->name_len + strlen(s->self->address);
	/* The longest message with our tags is an ack: our name and address, then our update, then the whole trailer. */
	size_t rest = WIRE_HEADER_SIZE + 2 * update + s->self->name_len +
		      strlen(s->config.cluster) + TRAILER_FIXED;

	if (rest >= s->config.max_datagram)
		return 0;
	rest = s->config.max_datagram - rest;
	return rest < WIRE_TAGS_MAX ? rest : WIRE_TAGS_MAX;
}

bool
swim_set_tags(struct swim *s, swim_time now, const void *tags, size_t len)
{
	struct wire_str str = {tags, (uint16_t)len};
	struct input_room room;

	s->now = now;
	if (len > swim_tags_room(s) || !wire_tags_valid(tags, len) || s->leaving)
		return false;
	if (len == s->self->tags_len && (len == 0 || memcmp(tags, s->self->tags, len) == 0))
		return true;
	if (!members_set_tags(s, s->self, str))
		return false;
	/* An incarnation that nobody has heard of yet may begin with these tags. */
	if (!RULE(new_tags_raise))
		gossip_queue(s, s->self);
	else if (s->stats.sent_bytes > 0)
		apply_refute(s, input_own(s, &room), s->self->incarnation);
	return true;
}

void
swim_restore(struct swim *s, swim_time now, const struct swim_report *r, swim_duration age)
{
	struct wire_update u = {
	    .member = {{r->name, r->name_len}, wire_str_of(r->address)},
	    .status = r->status,
	    .flags = r->answered ? WIRE_FLAG_ANSWERED : WIRE_FLAG_UNANSWERED,
	    .incarnation = r->incarnation,
	    .age_s = age.ns > 0 ? (uint32_t)(age.ns / 1000000000) : 0,
	};
	struct input_room room;
	struct input *in = input_own(s, &room);
	struct member *m;

	s->now = now;
	in->zone = r->zone;
	if (!swim_status_is_live(r->status)) {
		apply_restored(s, in, &u);
		/*
		 * The member may have answered us before our restart; after a crash of all members no other member
		 * knows that.
		 */
		m = members_find(s, r->name, r->name_len);
		if (m != NULL && m != s->self)
			m->was_routable = m->was_routable || r->answered;
	}
}

void
swim_set_address(struct swim *s, swim_time now, const struct swim_addr *addr)
{
	char text[SWIM_ADDR_TEXT];
	struct input_room room;
	struct input *in = input_own(s, &room);

	s->now = now;
	if (s->leaving || swim_addr_equal(addr, &s->self->addr))
		return;
	swim_addr_format_public(addr, text);
	in->zone = addr->scope;
	if (locate_move(s, in, s->self, text, strlen(text)))
		apply_refute(s, in, s->self->incarnation);
	else
		s->stats.ignored[SWIM_IGNORE_NO_MEMORY]++;
}
