/* SPDX-License-Identifier: MIT */
/*
 * The failure detector (SWIM 3.1, 4.3).  In each period one member is pinged, in a shuffled round-robin order.  If the
 * member does not answer in time, `indirect_probes` others are asked to ping it.  If no ack has come by the end of the
 * period, the member is suspected.  The period is longer when we have reason to doubt ourselves (Lifeguard's local
 * health).
 */
#include <string.h>

#include "core/internal.h"

/* The weight of a new round trip is 1 / RTT_GAIN in the smoothed one, and 1 / RTT_VAR_GAIN in the deviation (RFC 6298). */
#define RTT_GAIN 8
#define RTT_VAR_GAIN 4
/* An indirect ack is awaited this many times as long as a direct one. */
#define INDIRECT_WAIT 3
/*
 * A member that we cannot send to is accused after this many failed probes in a row: most helpers may be unable to send
 * to it too.
 */
#define UNHEARD_MAX 8
/*
 * We probe twice as fast when others accuse HASTE_PER members, three times at twice as many, and HASTE_MAX times at most.
 */
#define HASTE_PER 2
#define HASTE_MAX 5
/* With a shorter wait, members on busy hosts would look dead. */
#define PATIENCE_LEAST swim_ms(20)
/* Helpers asked at once, at most. */
#define HELPERS_MAX 16
/* How long a base peer has time to refute a suspicion before it is challenged. */
#define RISEN_AFTER swim_seconds(5)
/* The first challenge is this much above the incarnation that we know. */
#define RISEN_BY 4
/*
 * The highest incarnation of a challenge: base peers can still be told of the next one, at which the base peer refutes it.
 */
#define RISEN_MOST (BASE_LADDER_MOST - 1)

/*
 * Have we heard this base peer, which we hold suspect or dead, RISEN_AFTER later or more?  Then it has refuted the
 * suspicion at an incarnation that we missed, and it ignores a suspicion at a lower one.  So probe_challenge() sends a
 * suspicion RISEN_BY above the incarnation that we know.  Each time that the base peer answers without refuting, the
 * next one is twice as far above.
 */
static bool
probe_has_risen(const struct member *m)
{
	return members_status(m) != SWIM_ALIVE && members_status(m) != SWIM_LEFT &&
	       base_is_peer(m) && m->incarnation < RISEN_MOST && !swim_time_is_never(m->heard) &&
	       swim_time_since(m->heard, m->since).ns >= RISEN_AFTER.ns;
}

static void
probe_challenge(struct swim *s, struct wire_writer *w, struct member *m)
{
	uint64_t above = (uint64_t)RISEN_BY << extra_of(m)->challenges;
	struct extra *x = extra_new(s, m);

	if (x != NULL)
		x->challenged = true;
	gossip_add_challenge(w, m,
	    above < RISEN_MOST - m->incarnation ? m->incarnation + above : RISEN_MOST);
}

void
probe_heard(const struct swim *s, const struct input *in, struct member *m)
{
	m->heard = s->now;
	/*
	 * Only an answer to a question of ours raises the next challenge, as other datagrams may have a forged source
	 * address.
	 */
	if (!in->answer.ours || !extra_of(m)->challenged)
		return;
	if ((uint64_t)RISEN_BY << m->extra->challenges < BASE_LADDER_MOST)
		m->extra->challenges++;
	m->extra->challenged = false;
}

void
probe_ping_at(struct swim *s, struct member *to, const struct swim_addr *addr, uint64_t seq)
{
	enum wire_recipient recipient = base_recipient(s, to);
	bool routable = link_is_routable_at(to, addr);
	char text[SWIM_ADDR_TEXT];
	struct wire_trailer trailer;
	struct wire_writer w;

	base_trailer(s, recipient, &trailer);
	if (!base_is_recipient(recipient)) {
		trailer.has_period = true;
		trailer.period = s->period;
		link_report_complain(s, to, text, &trailer);
	}
	if (routable && to->peer == PEER_SWIMD)
		link_report_add(s, &trailer);
	if (!outbox_begin(s, &w, &trailer, path_safe(s, to)))
		return;
	w.recipient = recipient;
	wire_begin_ping(&w, seq);
	if (probe_has_risen(to))
		probe_challenge(s, &w, to);
	if (members_status(to) == SWIM_DEAD ||
	    (members_status(to) != SWIM_ALIVE && RULE(suspect_is_told)))
		gossip_add_fitting(s, &w, to);
	/* A base peer learns our incarnation from this update only.  A member that has not answered yet may not know us. */
	if (!routable)
		gossip_add_untagged(s, &w, s->self);
	else if (to->peer != PEER_SWIMD)
		gossip_add_fitting(s, &w, s->self);
	/* Rumours go only to an address where the member has answered: the owner of another may have asked for nothing. */
	if (routable) {
		gossip_fill(s, &w, to);
		gossip_remind(s, &w, to);
	}
	/* If the member's address is a host name, outbox_end_to() sends to what the name stands for by now. */
	if (addr == link_address(to))
		outbox_end_to(s, &w, &trailer, base_room_for_answer(s, recipient, to), to);
	else
		outbox_end(s, &w, &trailer, base_room_for_answer(s, recipient, to), addr);
}

void
probe_ping(struct swim *s, struct member *to, uint64_t seq)
{
	const struct swim_addr *way = link_address(to), *second = link_second(s, to, way);

	if (!locate_is_reached(s, to))
		return;
	probe_ping_at(s, to, way, seq);
	/* A verdict needs silence at every address of the member; silence where it never answered proves nothing. */
	if (second != NULL && (members_status(to) == SWIM_SUSPECT || !link_is_routable(to)))
		probe_ping_at(s, to, second, seq);
}

/* The timeout of RFC 6298, section 2, up to `most`; `most` if nothing has been measured. */
static swim_duration
probe_estimate(const struct rtt *r, unsigned count, swim_duration most)
{
	swim_duration d = swim_ns(r->smoothed.ns + 4 * r->deviation.ns);

	return count == 0 || d.ns > most.ns || !RULE(learnt_timeouts) ? most : d;
}

/*
 * The wait is what the answers of m have been taking.  If m has not answered yet, it is what the answers of all members
 * have been taking; if m has answered fewer than RTT_FEW times, the longer of the two.  The wait is between a sixth and
 * the whole of probe_timeout, and not below PATIENCE_LEAST (but that is a quarter of a short probe_timeout at most).
 */
swim_duration
probe_patience(const struct swim *s, const struct member *m)
{
	swim_duration most = s->config.timing.probe_timeout;
	swim_duration d = probe_estimate(&m->rtt, m->rtt_count, most);
	swim_duration all = probe_estimate(&s->rtt, s->rtt_count, most);
	int64_t least = most.ns / 6;

	if (m->rtt_count < RTT_FEW && (m->rtt_count == 0 || all.ns > d.ns))
		d = all;
	if (least < PATIENCE_LEAST.ns)
		least = most.ns / 4 < PATIENCE_LEAST.ns ? most.ns / 4 : PATIENCE_LEAST.ns;
	if (d.ns < least)
		d.ns = least;
	return doubt_stretch(s, d);
}

void
probe_period_seen(struct swim *s, const struct input *in, uint32_t period)
{
	/* A stranger must not choose the period: the period decides who probes whom. */
	if (in->authority < AUTHORITY_MEMBER)
		return;
	/* Serial number arithmetic, as the counter may wrap. */
	if ((int32_t)(period - s->period_seen) > 0)
		s->period_seen = period;
}

/*
 * The member to probe by the ring.  Members that have the same view and the same period each probe another member, at
 * the same distance on the ring of name hashes.  So each member is probed by exactly one other in a period, and not by
 * a random number of others (none, in 37 % of periods).  NULL: the views differ, there are only two members, or the
 * member at this distance is not probed.
 */
static struct member *
probe_coordinated(const struct swim *s)
{
	size_t n = members_cluster_size(s), rank = 0, seen = 0, shift, at;

	if (!s->same_view || n < 3 || !RULE(coordinated_probes))
		return NULL;
	for (size_t i = 0; s->table.v[i] != s->self; i++)
		rank += members_is_live(s->table.v[i]);
	/*
	 * The distance takes each value once in a round of n - 1 periods.  Base peers, and the dead that we still hold
	 * alive, do not probe by the ring.  With a fixed distance nobody would probe the members that follow them.
	 */
	shift = hash64_end(s->period / (n - 1)) % (n - 1) + s->period % (n - 1);
	at = (rank + 1 + shift % (n - 1)) % n;
	for (size_t i = 0; i < s->table.count; i++) {
		struct member *m = s->table.v[i];

		if (!members_is_live(m) && m != s->self)
			continue;
		if (seen++ == at)
			return members_awaits_name(m) ? NULL : m;
	}
	return NULL;
}

static void
probe_shuffle_round(struct swim *s)
{
	for (size_t i = s->live_count - 1; i > 0; i--) {
		size_t j = (size_t)rng_below(&s->rng, i + 1);
		struct member *m = s->live[i];

		s->live[i] = s->live[j];
		s->live[j] = m;
		s->live[i]->place = (uint32_t)i;
		s->live[j]->place = (uint32_t)j;
	}
	s->probe_next = 0;
}

/*
 * May this live member be probed?  suspect.c asks a suspect that has all its accusers.  An unnamed peer that has not
 * answered gets nothing but a greeting.
 */
static bool
probe_may_be_probed(const struct swim *s, const struct member *m)
{
	return suspicion_of(m)->accuser_count < WIRE_ACCUSERS_MAX && !members_awaits_name(m) &&
	       !introduce_is_spreading(s, m);
}

/* How many probes have begun since the last probe of this member. */
static uint32_t
probe_count_since(const struct swim *s, const struct member *m)
{
	return s->probe_number - m->probed;
}

/*
 * The member that has waited for longest, if no less than 2 n probes of n others; else NULL.  In the round-robin order
 * each member is probed at least once in 2 n - 1 probes (SWIM 4.3).  The ring and changes of the order must not delay a
 * probe more.
 */
static struct member *
probe_overdue(const struct swim *s)
{
	struct member *found = NULL;

	for (size_t i = 0; i < s->live_count; i++) {
		struct member *m = s->live[i];

		if (probe_may_be_probed(s, m) && probe_count_since(s, m) >= 2 * s->live_count &&
		    (found == NULL || probe_count_since(s, m) > probe_count_since(s, found)))
			found = m;
	}
	return found;
}

/* The next member of the shuffled round that may be probed.  NULL: none may. */
static struct member *
probe_next_of_round(struct swim *s)
{
	struct member *m;

	for (size_t tries = 0; tries <= s->live_count; tries++) {
		if (s->probe_next >= s->live_count)
			probe_shuffle_round(s);
		m = s->live[s->probe_next++];
		if (probe_may_be_probed(s, m) || !RULE(probe_order_skips))
			return m;
	}
	return NULL;
}

/*
 * How many times as fast as usual to probe.  Several members that others find silent too are the sign of an outage, in
 * which more members will be found dead.  Members that only we find silent are no such sign.
 */
static unsigned
probe_haste(const struct swim *s)
{
	size_t found = RULE(outage_haste) ? suspicion_outage(s) / HASTE_PER : 0;

	return found >= HASTE_MAX ? HASTE_MAX : (unsigned)found + 1;
}

static void
probe_begin(struct swim *s)
{
	struct probe *p = &s->probe;
	struct member *target;
	swim_duration wait, whole, interval;
	swim_time timeout, ends;

	/* Stretched by half as much as the patience, so that a member that lost all others finds that out in time. */
	interval = doubt_stretch_period(s, s->config.timing.probe_interval);
	s->probe_at = swim_time_add(s->now, interval);
	s->period++;
	if ((int32_t)(s->period_seen - s->period) > 0)
		s->period = s->period_seen;
	if (s->live_count == 0)
		return;
	s->probe_number++;
	target = probe_overdue(s);
	if (target == NULL)
		target = probe_coordinated(s);
	if (target == NULL)
		target = probe_next_of_round(s);
	if (target == NULL)
		return;
	target->probed = s->probe_number;
	wait = probe_patience(s, target);
	whole = swim_duration_scale(wait, 1 + INDIRECT_WAIT);
	/* Haste does not cut a probe short. */
	interval.ns /= probe_haste(s);
	s->probe_at = swim_time_min(s->probe_at,
	    swim_time_add(s->now, whole.ns > interval.ns ? whole : interval));
	probe_end(s);
	question_fini(&p->direct);
	question_fini(&p->elsewhere);
	question_fini(&p->others);
	*p = (struct probe){.target = target, .first = *link_address(target)};
	question_open(s, &p->direct, QUESTION_PROBE, core_seq(s));
	question_open(s, &p->elsewhere, QUESTION_PROBE_SECOND, core_seq(s));
	question_open(s, &p->others, QUESTION_PROBE_OTHERS, core_seq(s));
	timeout = swim_time_min(swim_time_add(s->now, wait), s->probe_at);
	/* The way through a helper has two more legs than the direct one. */
	ends = swim_time_min(swim_time_add(s->now, whole), s->probe_at);
	s->stats.probes_sent++;
	if (!RULE(probe_is_sent_once))
		probe_ping(s, target, p->direct.seq);
	if (locate_is_reached(s, target)) {
		probe_ping_at(s, target, link_address(target), question_try(s, &p->direct));
		link_retry(s, target);
	} else {
		/* There is no answer to wait for. */
		timeout = s->now;
		ends = s->probe_at;
	}
	question_wait(s, &p->direct, timeout);
	question_wait(s, &p->others, ends);
}

swim_duration
probe_others_wait(const struct swim *s)
{
	const struct swim_timing *t = &s->config.timing;
	swim_duration rest = swim_ns(t->probe_interval.ns - t->probe_timeout.ns);

	return rest.ns > t->probe_timeout.ns ? rest : t->probe_timeout;
}

/*
 * Gives the helpers at least INDIRECT_WAIT times as long as the target had, or probe_timeout if that is shorter.  If
 * the direct ping took most of the period, or the timer was late, the period lasts longer.  Without helpers one lost
 * datagram would be a suspicion.
 */
static void
probe_make_time(struct swim *s)
{
	struct probe *p = &s->probe;
	swim_duration least =
	    swim_duration_scale(swim_time_since(p->direct.deadline, p->direct.sent), INDIRECT_WAIT);
	swim_time until;

	if (least.ns > s->config.timing.probe_timeout.ns)
		least = s->config.timing.probe_timeout;
	until = swim_time_add(s->now, least);
	if (swim_time_before(p->others.deadline, until))
		question_wait(s, &p->others, until);
	if (swim_time_before(s->probe_at, p->others.deadline))
		s->probe_at = p->others.deadline;
}

/* Can this member help: ping another for us, and be understood? */
static bool
probe_can_be_asked(const struct swim *s, const struct member *m)
{
	return members_status(m) == SWIM_ALIVE && m->link != SWIM_PATH_RELAYED &&
	       locate_is_reached(s, m) && base_recipient(s, m) != WIRE_RECIPIENT_UNKNOWN;
}

/*
 * Can this member help, and tell the target from another member at its address?  A base peer takes any answer to its
 * ping for the target's answer, or may itself be the other member.
 */
static bool
probe_can_tell_apart(const struct swim *s, const struct member *m)
{
	return probe_can_be_asked(s, m) && !base_is_peer(m);
}

/*
 * If a helper is a base peer, lets the probe last until the helper's nack comes.  A base peer is told no timeout and
 * learns none: it sends its nack after a configured time, and a probe that waits only as long as answers have been
 * taking would end before.
 */
static void
probe_wait_for_base_peers(struct swim *s, struct member *const helpers[], size_t count)
{
	struct probe *p = &s->probe;
	swim_time until = swim_time_min(
	    swim_time_add(s->now, doubt_stretch(s, probe_others_wait(s))), s->probe_at);

	for (size_t i = 0; i < count; i++) {
		if (base_is_peer(helpers[i]) && swim_time_before(p->others.deadline, until))
			question_wait(s, &p->others, until);
	}
}

/*
 * Picks `indirect_probes` helpers at random.  If only others reach the target, the last helper that reached the target
 * is picked too.
 */
static size_t
probe_pick_helpers(struct swim *s, const struct member *target, struct member *out[HELPERS_MAX])
{
	bool (*can_help)(const struct swim *, const struct member *) =
	    locate_is_shared(s, target) ? probe_can_tell_apart : probe_can_be_asked;
	size_t want = RULE(indirect_probes) ? s->config.timing.indirect_probes : 0, n;
	uint64_t last = extra_of(target)->helper;
	struct member *m;

	if (want > HELPERS_MAX)
		want = HELPERS_MAX;
	n = members_pick(s, want, target, can_help, out);
	if (link_path(s, target) != SWIM_PATH_RELAYED || last == 0 || want == 0)
		return n;
	for (size_t i = 0; i < s->live_count; i++) {
		m = s->live[i];
		if (m->hash != last || !can_help(s, m))
			continue;
		for (size_t j = 0; j < n; j++) {
			if (out[j] == m)
				return n;
		}
		out[n < want ? n++ : 0] = m;
		break;
	}
	return n;
}

static void
probe_send_ping_req(struct swim *s, struct member *helper, struct member *target, uint64_t seq,
    swim_duration wait)
{
	enum wire_recipient recipient = base_recipient(s, helper);
	char text[SWIM_ADDR_TEXT];
	struct wire_member_id id = base_pair(target, recipient, text);
	struct wire_trailer trailer;
	struct wire_writer w;

	base_trailer(s, recipient, &trailer);
	if (!base_is_recipient(recipient)) {
		trailer.has_timeout = true;
		trailer.timeout_ms = wait.ns > 0 ? (uint32_t)swim_duration_ms(wait) : 0;
	}
	if (!outbox_begin(s, &w, &trailer, path_safe(s, helper)))
		return;
	w.recipient = recipient;
	wire_begin_ping_req(&w, seq, &id);
	/* The helper's ping tells the target of the suspicion only if the helper knows of the suspicion. */
	if (members_status(target) != SWIM_ALIVE && RULE(suspect_is_told))
		gossip_add_fitting(s, &w, target);
	if (link_is_routable(helper))
		gossip_fill(s, &w, helper);
	outbox_end_to(s, &w, &trailer, 0, helper);
}

void
probe_ask_others(struct swim *s, struct member *target, uint64_t seq, swim_duration wait)
{
	struct member *helpers[HELPERS_MAX];
	size_t count = probe_pick_helpers(s, target, helpers);

	for (size_t i = 0; i < count; i++)
		probe_send_ping_req(s, helpers[i], target, seq, wait);
}

/* Asks the target of this period at another address too; NULL: there is none. */
static void
probe_ask_second(struct swim *s, const struct swim_addr *addr)
{
	struct probe *p = &s->probe;

	if (addr == NULL)
		return;
	p->second = *addr;
	probe_ping_at(s, p->target, addr, question_try(s, &p->elsewhere));
}

static void
probe_ask_helpers(struct swim *s)
{
	struct probe *p = &s->probe;
	struct member *helpers[HELPERS_MAX];
	size_t count = probe_pick_helpers(s, p->target, helpers);
	uint64_t seq = question_try(s, &p->others);

	p->asked = (unsigned)count;
	if (locate_is_reached(s, p->target))
		probe_ask_second(s, link_second(s, p->target, &p->first));
	if (count > 0)
		probe_make_time(s);
	probe_wait_for_base_peers(s, helpers, count);
	for (size_t i = 0; i < count; i++) {
		probe_send_ping_req(s, helpers[i], p->target, seq,
		    swim_time_since(p->others.deadline, s->now));
	}
}

void
probe_end(struct swim *s)
{
	question_close(s, &s->probe.direct);
	question_close(s, &s->probe.elsewhere);
	question_close(s, &s->probe.others);
}

/* Counts a failed probe of a member that we cannot reach ourselves.  True: UNHEARD_MAX in a row, enough for a suspicion. */
static bool
probe_count_unheard(struct swim *s, struct member *m)
{
	struct extra *x = extra_new(s, m);

	if (x == NULL)
		return false;
	x->helper = 0;
	if (++x->unheard < UNHEARD_MAX)
		return false;
	x->unheard = 0;
	extra_tidy(s, m);
	return true;
}

static void
probe_fail(struct swim *s, const struct input *in)
{
	struct probe *p = &s->probe;
	struct member *target = p->target;

	probe_end(s);
	s->stats.probes_failed++;
	if (!locate_is_reached(s, target) || link_may_have_lapsed(s, target)) {
		/* That no helper reached the target says little.  Members that can reach the target will accuse it. */
		if (probe_count_unheard(s, target))
			suspicion_found_silent(s, in, target);
		return;
	}
	/*
	 * If a helper sends not even a nack, our own connection may be at fault (Lifeguard IV.A).  The health
	 * multiplier rises by one, however many helpers are silent, and not at all in haste: in an outage of half a
	 * cluster the silent helpers are dead like the target, and we must not probe more slowly for that.
	 */
	if ((p->asked == 0 || p->nacks < p->asked) && probe_haste(s) == 1)
		doubt_worsen(s);
	if (!doubt_excuses_failure(s) && RULE(silence_suspects))
		suspicion_found_silent(s, in, target);
}

static void
probe_succeed(struct swim *s)
{
	probe_end(s);
	s->stats.probed = true;
	s->stats.last_probe = s->now;
	doubt_probe_answered(s);
}

void
probe_forget(struct swim *s, struct member *m)
{
	if (question_is_open(&s->probe.direct) && s->probe.target == m)
		probe_end(s);
	link_stop(s, m);
	path_forget(s, m);
	sync_forget(s, m);
}

#define RECONNECT_DRAWS 16 /* random members to try before the list is walked */
#define RECONNECTS_MOST 10 /* pings to a dead member that has never answered us */

/*
 * May we ask this member whether it is back?  A member that left meant to leave.  A member that has never answered us
 * may not exist, and a forged record must not make us ping an address for as long as the dead are remembered.  If the
 * member does exist, the members that it has answered go on asking it.
 */
static bool
probe_may_reconnect(const struct swim *s, const struct member *m)
{
	return RULE(reconnects) && m->life == LIFE_DEAD &&
	       (m->was_routable || m->reconnects < RECONNECTS_MOST) && locate_is_reached(s, m);
}

void
probe_reconnect(struct swim *s)
{
	const struct swim_timing *t = &s->config.timing;
	size_t at = 0;

	if (!swim_time_reached(s->now, s->reconnect_at))
		return;
	s->reconnect_at = swim_time_add(s->now, t->reconnect_interval);
	/* Any of the dead may be alive behind a partition that has healed. */
	for (size_t tries = 0; s->gone_count > 0 && tries < RECONNECT_DRAWS + s->gone_count;
	     tries++) {
		struct member *m;

		/*
		 * If many members left or were removed, all random draws may miss a dead one: then take the next dead one.
		 */
		at = tries < RECONNECT_DRAWS ? (size_t)rng_below(&s->rng, s->gone_count)
					     : (at + 1) % s->gone_count;
		m = s->gone[at];
		if (probe_may_reconnect(s, m)) {
			if (!m->was_routable)
				m->reconnects++;
			probe_ping(s, m, core_seq(s));
			return;
		}
	}
}

bool
probe_same_id(struct wire_str id, const struct member *m)
{
	return wire_str_same(id, (struct wire_str){m->name, m->name_len});
}

/* Adds a measurement to r (RFC 6298, section 2).  *count is the number of measurements, up to RTT_FEW. */
static void
probe_average(struct rtt *r, uint8_t *count, swim_duration sample)
{
	int64_t error = sample.ns - r->smoothed.ns;

	if (*count < RTT_FEW)
		++*count;
	if (*count == 1) {
		*r = (struct rtt){sample, swim_ns(sample.ns / 2)};
		return;
	}
	r->deviation.ns += ((error < 0 ? -error : error) - r->deviation.ns) / RTT_VAR_GAIN;
	r->smoothed.ns += error / RTT_GAIN;
}

/*
 * Answers to other pings than probes are measured too.  Otherwise a young cluster would wait the whole of probe_timeout
 * for a member that dies before its first probe.
 */
void
probe_measure(struct swim *s, struct member *m, swim_time sent)
{
	swim_duration rtt = swim_time_since(s->now, sent);

	/* An answer that is read now may have waited in the socket, so its round trip is no measure of the path. */
	if (doubt_is_late(s))
		return;
	probe_average(&s->rtt, &s->rtt_count, rtt);
	if (m != NULL)
		probe_average(&m->rtt, &m->rtt_count, rtt);
}

/* The target is an unnamed peer, and a base peer has answered from its address under this id. */
static struct answer
probe_learn_unnamed(struct swim *s, const struct input *in, const struct swim_addr *asked)
{
	struct answer answer = {.as_itself = true};
	struct input known = input_answering(in, answer);

	probe_succeed(s);
	inquiry_learn(s, &known, asked);
	answer.ours = true;
	return answer;
}

struct answer
probe_answered(struct swim *s, const struct input *in, struct question *q)
{
	struct probe *p = &s->probe;
	struct member *target = p->target;
	struct swim_addr asked = q == &p->direct ? p->first : p->second;

	if (in->msg->member.id.len > 0 && !probe_same_id(in->msg->member.id, target)) {
		/* Another member lives at that address now.  Its answer says nothing about the target. */
		return target->unnamed ? probe_learn_unnamed(s, in, &asked)
				       : (struct answer){.ours = true};
	}
	probe_measure(s, target, p->direct.sent);
	doubt_question_answered(s);
	link_answered_at(s, target, &asked);
	s->stats.probes_acked++;
	probe_succeed(s);
	members_keep_name(s, in, target);
	return (struct answer){.ours = true, .asked = asked};
}

bool
probe_is_indirect(const struct swim *s, uint64_t seq)
{
	const struct question *q = question_find(s, seq);

	return q != NULL &&
	       (q->purpose == QUESTION_PROBE_OTHERS || q->purpose == QUESTION_SUSPECT_OTHERS);
}

void
probe_helped(struct swim *s, const struct input *in, struct member *m)
{
	struct extra *x = extra_new(s, m);

	members_note_answered(m);
	if (x == NULL)
		return;
	x->unheard = 0;
	x->helper = members_hash(in->speaker.bytes, in->speaker.len);
}

struct answer
probe_answered_to_others(struct swim *s, const struct input *in, struct question *q)
{
	struct probe *p = question_owner(q, struct probe, others);

	if (in->msg->member.id.len > 0 && !probe_same_id(in->msg->member.id, p->target))
		return (struct answer){.ours = true};
	probe_helped(s, in, p->target);
	s->stats.probes_acked_indirectly++;
	if (locate_is_reached(s, p->target)) {
		/* A question lost on a broken link does not count as loss, as other links may lose none. */
		if (p->target->link != SWIM_PATH_RELAYED)
			doubt_question_lost(s);
		link_answered_others(s, in, p->target, &p->direct);
	}
	link_try(s, in, p->target);
	probe_succeed(s);
	return (struct answer){.ours = true};
}

void
probe_nack(struct swim *s, const struct input *in)
{
	struct probe *p = &s->probe;

	if (!question_is(s, in->msg->seq, QUESTION_PROBE_OTHERS))
		return;
	s->stats.nacks_received++;
	if (p->nacks < p->asked)
		p->nacks++;
}

void
probe_check_stall(struct swim *s, swim_duration late)
{
	if (!doubt_is_stall(s, late))
		return;
	/*
	 * Acks that came meanwhile have been read already, as the socket is read before the timer.  The open probe is void.
	 */
	probe_end(s);
	s->probe_at = s->now;
	doubt_stood_still(s);
	link_stalled(s);
	suspect_stalled(s, late);
	damping_stalled(s, late);
}

void
probe_unanswered(struct swim *s, const struct input *in, struct question *q)
{
	(void)in, (void)q; /* nothing is told, and there is one probe at a time */
	probe_ask_helpers(s);
}

void
probe_unanswered_by_others(struct swim *s, const struct input *in, struct question *q)
{
	(void)q; /* there is one probe at a time */
	probe_fail(s, in);
}

void
probe_tick(struct swim *s)
{
	if (swim_time_reached(s->now, s->probe_at))
		probe_begin(s);
}

swim_time
probe_deadline(const struct swim *s)
{
	return s->probe_at;
}
