/* SPDX-License-Identifier: MIT */
/*
 * The failure detector (SWIM 3.1, 4.3): one member a period is pinged, in a shuffled round-robin order;
 * when it doesn't answer in time, k others are asked to ping it; when that brings no ack either by the end
 * of the period, it is suspected.  The period stretches when we have reason to doubt ourselves
 * (Lifeguard's local health).
 */
#include <string.h>

#include "core/internal.h"

/* Of the time that the asker of a ping-req waits, when we answer it with a nack (Lifeguard IV.A). */
#define NACK_AT 0.8
/* Weight of a new round trip in the smoothed one (RFC 6298). */
#define RTT_GAIN 8
/* A tick this late means that the whole process stood still, not that the others did. */
#define STALL_PERIODS 0.5

void
probe_health(struct swim *s, int change)
{
	int health = (int)s->health + change;

	s->health = health < 0 ? 0 : health > HEALTH_MAX ? HEALTH_MAX : (unsigned)health;
}

static swim_duration
stretched(const struct swim *s, swim_duration d)
{
	return swim_ns(d.ns * (int64_t)(s->health + 1));
}

/* A ping of any kind to a known member: what we hold against it comes first, so that it can refute. */
static void
send_ping(struct swim *s, struct member *to, uint64_t seq)
{
	struct wire_trailer trailer;
	struct wire_writer w;

	outbox_trailer(s, true, &trailer);
	if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return;
	wire_begin_ping(&w, seq);
	if (to->status != SWIM_ALIVE)
		gossip_add_member(s, &w, to);
	/* A base peer knows us by our word alone; anybody may until it has answered once. */
	if (!to->swimd || !to->proven)
		gossip_add_member(s, &w, s->self);
	gossip_fill(s, &w, to);
	outbox_end(s, &w, &trailer, 0, WIRE_PING, NULL, to);
}

static void
begin_probe(struct swim *s)
{
	struct probe *p = &s->probe;

	s->probe_at = swim_time_add(s->now, stretched(s, s->config.timing.probe_interval));
	if (s->live_count == 0)
		return;
	if (s->probe_next >= s->live_count) {
		for (size_t i = s->live_count - 1; i > 0; i--) {
			size_t j = (size_t)rng_below(&s->rng, i + 1);
			struct member *m = s->live[i];

			s->live[i] = s->live[j];
			s->live[j] = m;
			s->live[i]->live_index = i;
			s->live[j]->live_index = j;
		}
		s->probe_next = 0;
	}
	*p = (struct probe){
	    .target = s->live[s->probe_next++],
	    .seq = rng_u64(&s->rng),
	    .indirect_seq = rng_u64(&s->rng),
	    .sent = s->now,
	    .timeout = swim_time_add(s->now, stretched(s, s->config.timing.probe_timeout)),
	    .ends = s->probe_at,
	};
	s->stats.probes_sent++;
	send_ping(s, p->target, p->seq);
}

static bool
can_be_asked(const struct member *m)
{
	return m->status == SWIM_ALIVE;
}

static void
ask_others(struct swim *s)
{
	struct probe *p = &s->probe;
	struct wire_member_id target = {{p->target->name, p->target->name_len},
	    wire_str_of(p->target->address)};
	swim_duration left = swim_time_since(p->ends, s->now);
	struct member *helpers[16];
	size_t want = s->config.timing.indirect_probes;

	p->indirect = true;
	if (want > sizeof(helpers) / sizeof(helpers[0]))
		want = sizeof(helpers) / sizeof(helpers[0]);
	want = members_pick(s, want, p->target, can_be_asked, helpers);
	for (size_t i = 0; i < want; i++) {
		struct wire_trailer trailer;
		struct wire_writer w;

		outbox_trailer(s, true, &trailer);
		trailer.has_timeout = true;
		trailer.timeout_ms = left.ns > 0 ? (uint32_t)swim_duration_ms(left) : 0;
		if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
			break;
		wire_begin_ping_req(&w, p->indirect_seq, &target);
		/* The helper's ping tells the suspect only if the helper knows. */
		if (p->target->status != SWIM_ALIVE)
			gossip_add_member(s, &w, p->target);
		gossip_fill(s, &w, helpers[i]);
		outbox_end(s, &w, &trailer, 0, WIRE_PING_REQ, NULL, helpers[i]);
		p->asked++;
	}
}

static void
fail_probe(struct swim *s)
{
	struct probe *p = &s->probe;
	struct member *target = p->target;

	p->target = NULL;
	s->stats.probes_failed++;
	/* Helpers that didn't even say no point at our own connection (Lifeguard's nack rule). */
	if (p->asked == 0)
		probe_health(s, 1);
	else if (p->nacks < p->asked)
		probe_health(s, (int)(p->asked - p->nacks));
	apply_suspicion(s, target);
}

static void
succeed(struct swim *s)
{
	s->probe.target = NULL;
	s->stats.probed = true;
	s->stats.last_probe = s->now;
	probe_health(s, -1);
}

void
probe_forget(struct swim *s, const struct member *m)
{
	if (s->probe.target == m)
		s->probe.target = NULL;
}

/* The asker hears `type` about the target of its ping-req. */
static void
answer_asker(struct swim *s, struct relay *r, enum wire_type type)
{
	struct wire_member_id target = {{r->text, r->id_len},
	    {r->text + r->id_len, r->address_len}};
	const struct member *asker = members_at(s, &r->asker);
	struct wire_trailer trailer;
	struct wire_writer w;

	outbox_trailer(s, false, &trailer);
	if (outbox_begin(s, &w, &trailer, s->config.max_datagram)) {
		if (type == WIRE_ACK) {
			s->stats.relays_acked++;
			wire_begin_ack(&w, r->asker_seq, &target);
			if (asker != NULL && asker->proven)
				gossip_fill(s, &w, asker);
		} else {
			s->stats.relays_nacked++;
			wire_begin_nack(&w, r->asker_seq, &target);
		}
		outbox_end(s, &w, &trailer, 0, type, &r->asker, NULL);
	}
	core_release(s, r->text);
	*r = (struct relay){0};
}

void
probe_request(struct swim *s, const struct wire_message *msg, const struct swim_addr *from,
    size_t len)
{
	struct wire_str id = msg->member.id, address = msg->member.address;
	swim_duration wait = swim_ns(
	    s->config.timing.probe_interval.ns - s->config.timing.probe_timeout.ns);
	char address_text[SWIM_HOSTPORT_MAX + 1];
	struct member *target = members_find(s, id.bytes, id.len);
	struct relay *r = NULL;
	struct swim_addr addr;

	s->stats.relays++;
	for (size_t i = 0; i < SWIM_RELAYS && r == NULL; i++) {
		if (!s->relays[i].active)
			r = &s->relays[i];
	}
	if (r == NULL) {
		s->stats.relays_refused++;
		return;
	}
	*r = (struct relay){.asker = *from,
	    .asker_seq = msg->seq,
	    .id_len = id.len,
	    .address_len = address.len};
	r->text = core_alloc(s, (size_t)id.len + address.len + 1);
	if (r->text == NULL) {
		s->stats.relays_refused++;
		return;
	}
	memcpy(r->text, id.bytes, id.len);
	memcpy(r->text + id.len, address.bytes, address.len);
	if (target == s->self) {
		answer_asker(s, r, WIRE_ACK);
		return;
	}
	/*
	 * A stranger's target is pinged at its numeric address alone, with no gossip: a name would make us look
	 * up what strangers like, and gossip would make their small datagram a larger one of ours.
	 */
	if (!apply_address(address, address_text, &addr) || (target == NULL && addr.family == 0)) {
		s->stats.relays_refused++;
		answer_asker(s, r, WIRE_NACK);
		return;
	}
	if (msg->trailer.has_timeout && swim_ms(msg->trailer.timeout_ms).ns < 10 * wait.ns)
		wait = swim_ms(msg->trailer.timeout_ms);
	r->active = true;
	r->seq = rng_u64(&s->rng);
	r->deadline = swim_time_add(s->now, swim_duration_scale(wait, NACK_AT));
	if (target != NULL && strcmp(target->address, address_text) == 0) {
		send_ping(s, target, r->seq);
	} else {
		struct wire_trailer trailer;
		struct wire_writer w;

		outbox_trailer(s, true, &trailer);
		if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
			return;
		wire_begin_ping(&w, r->seq);
		if (wbuf_len(&w.buf) + wire_trailer_size(&trailer) < len)
			gossip_add_member(s, &w, s->self);
		outbox_end(s, &w, &trailer, 0, WIRE_PING, &addr, NULL);
	}
}

void
probe_ping(struct swim *s, struct member *m)
{
	send_ping(s, m, rng_u64(&s->rng));
}

void
probe_reconnect(struct swim *s)
{
	const struct swim_timing *t = &s->config.timing;

	if (!swim_time_reached(s->now, s->reconnect_at))
		return;
	s->reconnect_at = swim_time_add(s->now, t->reconnect_interval);
	/* Any of the dead may be behind a partition that has healed.  Those that left meant it. */
	for (size_t tries = 0; tries < 16 && s->gone_count > 0; tries++) {
		struct member *m = s->gone[rng_below(&s->rng, s->gone_count)];

		if (m->status == SWIM_DEAD && !m->hidden) {
			probe_ping(s, m);
			return;
		}
	}
}

static bool
same_id(struct wire_str id, const struct member *m)
{
	return id.len == m->name_len && memcmp(id.bytes, m->name, id.len) == 0;
}

/* The target has answered directly, under this id. */
static void
direct_ack(struct swim *s, const struct wire_message *msg)
{
	struct member *target = s->probe.target;
	swim_duration rtt = swim_time_since(s->now, s->probe.sent);

	if (msg->member.id.len > 0 && !same_id(msg->member.id, target)) {
		/* Another member lives at that address now; of the target this says nothing. */
		if (!target->stand_in)
			return;
		succeed(s);
		join_learn(s, msg, &target->addr);
		return;
	}
	target->rtt = target->rtt.ns < 0
			  ? rtt
			  : swim_ns(target->rtt.ns + (rtt.ns - target->rtt.ns) / RTT_GAIN);
	target->proven = true;
	s->stats.probes_acked++;
	succeed(s);
	members_confirm(s, target);
}

void
probe_ack(struct swim *s, const struct wire_message *msg)
{
	struct probe *p = &s->probe;

	if (p->target != NULL && msg->seq == p->seq) {
		direct_ack(s, msg);
		return;
	}
	if (p->target != NULL && p->indirect && msg->seq == p->indirect_seq) {
		if (msg->member.id.len == 0 || same_id(msg->member.id, p->target)) {
			s->stats.probes_acked_indirectly++;
			succeed(s);
		}
		return;
	}
	for (size_t i = 0; i < SWIM_RELAYS; i++) {
		struct relay *r = &s->relays[i];

		if (r->active && r->seq == msg->seq) {
			bool same = msg->member.id.len == 0 ||
				    (msg->member.id.len == r->id_len &&
					memcmp(msg->member.id.bytes, r->text, r->id_len) == 0);

			/* Someone else at that address can't answer for the target. */
			if (same)
				answer_asker(s, r, WIRE_ACK);
			return;
		}
	}
}

void
probe_nack(struct swim *s, const struct wire_message *msg)
{
	struct probe *p = &s->probe;

	if (p->target == NULL || !p->indirect || msg->seq != p->indirect_seq)
		return;
	s->stats.nacks_received++;
	if (p->nacks < p->asked)
		p->nacks++;
}

void
probe_stalled(struct swim *s, swim_duration late)
{
	if (late.ns < swim_duration_scale(s->config.timing.probe_interval, STALL_PERIODS).ns)
		return;
	/* Acks that came meanwhile have been read already (the socket is drained first); the rest is void. */
	s->probe.target = NULL;
	s->probe_at = s->now;
	probe_health(s, 1);
	for (size_t i = 0; i < s->suspect_count; i++)
		s->suspects[i]->deadline = swim_time_add(s->suspects[i]->deadline, late);
}

void
probe_tick(struct swim *s)
{
	struct probe *p = &s->probe;

	for (size_t i = 0; i < SWIM_RELAYS; i++) {
		if (s->relays[i].active && swim_time_reached(s->now, s->relays[i].deadline))
			answer_asker(s, &s->relays[i], WIRE_NACK);
	}
	if (s->leaving)
		return;
	if (p->target != NULL && swim_time_reached(s->now, p->ends))
		fail_probe(s);
	else if (p->target != NULL && !p->indirect && swim_time_reached(s->now, p->timeout))
		ask_others(s);
	if (swim_time_reached(s->now, s->probe_at))
		begin_probe(s);
}

swim_time
probe_deadline(const struct swim *s)
{
	const struct probe *p = &s->probe;
	swim_time at = SWIM_TIME_NEVER;

	for (size_t i = 0; i < SWIM_RELAYS; i++) {
		if (s->relays[i].active)
			at = swim_time_min(at, s->relays[i].deadline);
	}
	if (s->leaving)
		return at;
	at = swim_time_min(at, s->probe_at);
	if (p->target != NULL)
		at = swim_time_min(at, p->indirect ? p->ends : p->timeout);
	return at;
}
