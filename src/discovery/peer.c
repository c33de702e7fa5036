/* SPDX-License-Identifier: MIT */
#include "discovery/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rule.h"
#include "base/utf8.h"
#include "net/zone.h"

/* Seconds to wait for the core's answer.  The core always answers; this guards against a fault of ours. */
#define PEER_GIVE_UP_S 60
/* A join fails when the core had no room for it so often, because an operator waits for the answer. */
#define PEER_PUT_OFFS_MAX 10
#define PEER_JITTER 0.25
/* While we know other members, a peer that was ourselves is asked this many times less often than a silent peer. */
#define PEER_SELF_SLOWER 10

void
peer_set_state(struct peer *peer, enum discovery_state state, swim_time now)
{
	if (peer->report.state != state)
		peer->report.since = now;
	peer->report.state = state;
	peer->give_up = SWIM_TIME_NEVER;
	if (state != DISCOVERY_CONTACTING) {
		free(peer->contacts);
		peer->contacts = NULL;
		peer->contact_count = 0;
	}
}

/* Log the outcome if it differs from the last one: a peer that is tried without end must not fill the log. */
static void
peer_tell(struct peer *peer, const char *message)
{
	const struct discovery_peer *report = &peer->report;
	bool well = report->state == DISCOVERY_JOINED || report->state == DISCOVERY_SELF;
	enum log_level level = well ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING;

	/* An operator gets the outcome as an answer.  Hints and members of a snapshot are not to fill the log. */
	if (peer->told == report->state || peer->join != NULL ||
	    (!well && (peer->hint || (peer->source != NULL && peer->source->ops->quiet))))
		level = LOG_LEVEL_DEBUG;
	peer->told = report->state;
	if (well)
		log_at(level, message, log_str("source", report->source),
		    log_str("address", report->address),
		    log_strn("member", report->member, report->member_len),
		    log_uint("attempts", report->attempts));
	else
		log_at(level, message, log_str("source", report->source),
		    log_str("address", report->address), log_str("reason", report->reason),
		    log_uint("attempts", report->attempts));
}

swim_duration
peer_jitter(const struct peer *peer, swim_duration delay)
{
	return retry_jitter(delay, PEER_JITTER, rng_unit(&peer->hub->rng));
}

/* The try failed, and report.reason says why. */
static void
peer_failed(struct peer *peer, enum discovery_state state, swim_time now)
{
	swim_duration delay;

	peer->failed++;
	peer->report.was_self = false;
	peer_set_state(peer, state, now);
	peer->report.next_try = SWIM_TIME_NEVER;
	if (peer->join == NULL && retry_delay(&peer->hub->policy, peer->failed, &delay))
		peer->report.next_try = swim_time_add(now, peer_jitter(peer, delay));
	peer_tell(peer,
	    state == DISCOVERY_UNRESOLVED ? "peer cannot be resolved" : "peer cannot be reached");
}

/* The core had no room to ask the peer: try again later, without counting a failure. */
static void
peer_put_off(struct peer *peer, swim_time now)
{
	snprintf(peer->report.reason, sizeof(peer->report.reason), "too many joins are under way");
	peer->put_offs++;
	if (peer->join != NULL && peer->put_offs >= PEER_PUT_OFFS_MAX) {
		peer_failed(peer, DISCOVERY_UNREACHABLE, now);
		return;
	}
	peer_set_state(peer, DISCOVERY_PENDING, now);
	peer->report.next_try =
	    swim_time_add(now, peer_jitter(peer, peer->hub->config.retry_first));
}

/*
 * The peer is ourselves.  That may change: a name gets the addresses of other machines, a floating address moves.  So
 * we ask the peer again: as often as a silent peer while we know no member, and seldom otherwise.  `others`: the name
 * has more addresses, at which nobody answers yet.
 */
static void
peer_is_self(struct peer *peer, bool others, swim_time now)
{
	struct discovery *hub = peer->hub;
	swim_duration delay = hub->config.retry_max;

	peer->report.reason[0] = '\0';
	peer->report.was_self = true;
	peer->failed++;
	if (!hub->callbacks.has_peers(hub->callbacks.ctx))
		(void)retry_delay(&hub->policy, peer->failed, &delay); /* always true */
	else if (!others)
		delay = swim_ns(PEER_SELF_SLOWER * hub->config.retry_max.ns);
	peer->report.next_try = SWIM_TIME_NEVER;
	if (peer->join == NULL && !peer->hint && (RULE(own_seed_asked_again) || others))
		peer->report.next_try = swim_time_add(now, peer_jitter(peer, delay));
	peer_set_state(peer, DISCOVERY_SELF, now);
	peer_tell(peer, "peer is ourselves");
}

bool
peer_is_seldom_asked(const struct peer *peer, swim_time now)
{
	/* No delay is as long as this but the long delay of peer_is_self. */
	swim_duration longest =
	    swim_duration_scale(peer->hub->config.retry_max, 1 + 2 * PEER_JITTER);

	return peer->report.state == DISCOVERY_SELF && peer->join == NULL && !peer->hint &&
	       swim_time_before(swim_time_add(now, longest), peer->report.next_try);
}

/* Why this address cannot be asked, or NULL. */
static const char *
peer_unusable(const struct discovery *hub, const struct swim_addr *address)
{
	if (swim_addr_is_wildcard(address) || swim_addr_is_multicast(address))
		return "it is a wildcard or multicast address, which no member has";
	if (hub->callbacks.reaches != NULL && !hub->callbacks.reaches(hub->callbacks.ctx, address))
		return address->family == 6
			   ? "it is an IPv6 address, and our socket is bound to IPv4"
			   : "it is an IPv4 address, and our socket is bound to IPv6";
	return NULL;
}

static size_t
peer_count(const struct peer *peer, enum peer_contact_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < peer->contact_count; i++)
		count += peer->contacts[i].state == state;
	return count;
}

/*
 * Ask one address.  The answer may come before `join` returns; then the contacts are freed.  False: the core has no
 * room.
 */
static bool
peer_ask(struct peer *peer, struct peer_contact *contact, swim_time now)
{
	struct discovery *hub = peer->hub;
	const struct swim_addr address = contact->address;
	const char *unusable = peer_unusable(hub, &address);
	bool asking, begun;

	if (unusable != NULL) {
		contact->state = PEER_CONTACT_UNUSABLE;
		snprintf(peer->report.reason, sizeof(peer->report.reason), "%s", unusable);
		peer->report.resolved = address;
		return true;
	}
	/* Another peer may be asking the same address. */
	asking = discovery_is_asking(hub, &address);
	contact->state = PEER_CONTACT_ASKED;
	peer->give_up = swim_time_add(now, swim_seconds(PEER_GIVE_UP_S));
	if (asking)
		return true;
	begun = hub->callbacks.join(hub->callbacks.ctx, &address);
	if (!begun)
		contact->state = PEER_CONTACT_WAITING;
	return begun;
}

/* Ask the next addresses.  The peer may have an outcome afterwards. */
static void
peer_ask_on(struct peer *peer, swim_time now)
{
	size_t asked = peer_count(peer, PEER_CONTACT_ASKED);

	for (size_t i = 0; i < peer->contact_count && asked < PEER_ASKED_MAX; i++) {
		if (peer->contacts[i].state != PEER_CONTACT_WAITING)
			continue;
		if (!peer_ask(peer, &peer->contacts[i], now))
			return;
		if (peer->report.state == DISCOVERY_CONTACTING &&
		    peer->contacts[i].state == PEER_CONTACT_ASKED)
			asked++;
	}
}

/* The outcome of an address that did not let us in; PENDING: the address does not count. */
static enum discovery_state
peer_outcome(const struct peer *peer, const struct peer_contact *contact)
{
	const struct discovery *hub = peer->hub;

	if (contact->state == PEER_CONTACT_NAMESAKE)
		return DISCOVERY_NAMESAKE;
	if (contact->state == PEER_CONTACT_FOREIGN)
		return DISCOVERY_OTHER_CLUSTER;
	if (contact->state != PEER_CONTACT_SILENT)
		return DISCOVERY_PENDING;
	if (hub->callbacks.is_member != NULL &&
	    hub->callbacks.is_member(hub->callbacks.ctx, "", 0, &contact->address))
		return DISCOVERY_HEARS_US_NOT;
	if (contact->error_number == ECONNREFUSED)
		return DISCOVERY_REFUSED;
	return contact->error_number != 0 ? DISCOVERY_UNREACHABLE : DISCOVERY_SILENT;
}

/* The outcomes of failed tries: of several, the last of this list is reported, because it says most. */
static const enum discovery_state peer_outcomes[] = {DISCOVERY_SILENT, DISCOVERY_UNREACHABLE,
    DISCOVERY_REFUSED, DISCOVERY_HEARS_US_NOT, DISCOVERY_OTHER_CLUSTER, DISCOVERY_NAMESAKE};

static void
peer_explain_foreign(struct peer *peer, const char *at)
{
	char *reason = peer->report.reason;
	size_t size = sizeof(peer->report.reason);

	if (peer->foreign[0] != '\0')
		snprintf(reason, size, "%s belongs to the cluster '%s', which is not ours", at,
		    peer->foreign);
	else
		snprintf(reason, size,
		    "%s belongs to the cluster without a name, which is not ours", at);
}

static void
peer_explain(struct peer *peer, const struct peer_contact *contact, enum discovery_state outcome)
{
	char *reason = peer->report.reason, at[SWIM_ADDR_TEXT];
	size_t size = sizeof(peer->report.reason);
	size_t asked = peer_count(peer, PEER_CONTACT_SILENT) +
		       peer_count(peer, PEER_CONTACT_FOREIGN);

	zone_format(&contact->address, at);
	if (outcome == DISCOVERY_NAMESAKE)
		snprintf(reason, size,
		    "another member at %s bears our name: give one of the two another name", at);
	else if (outcome == DISCOVERY_OTHER_CLUSTER)
		peer_explain_foreign(peer, at);
	else if (outcome == DISCOVERY_HEARS_US_NOT)
		snprintf(reason, size,
		    "%s does not answer us, though others hear it: is there a firewall or a route between us?",
		    at);
	else if (outcome == DISCOVERY_REFUSED)
		snprintf(reason, size, "no swimd listens at %s: its machine refuses", at);
	else if (outcome == DISCOVERY_UNREACHABLE)
		snprintf(reason, size, "%s cannot be reached: %s", at,
		    strerror(contact->error_number));
	else if (asked == 1)
		snprintf(reason, size, "nobody answers at %s", at);
	else
		snprintf(reason, size,
		    "nobody answers at any of %zu addresses, of which %s is the first", asked, at);
}

/* No address that was asked lets us in: report the outcome that says most. */
static void
peer_all_failed(struct peer *peer, swim_time now)
{
	const struct peer_contact *told = NULL;
	enum discovery_state outcome = DISCOVERY_SILENT;

	for (size_t k = sizeof(peer_outcomes) / sizeof(peer_outcomes[0]);
	     k-- > 0 && told == NULL;) {
		outcome = peer_outcomes[k];
		for (size_t i = 0; i < peer->contact_count && told == NULL; i++) {
			if (peer_outcome(peer, &peer->contacts[i]) == outcome)
				told = &peer->contacts[i];
		}
	}
	/* `told` is not NULL, because the caller has counted a failed address. */
	peer->report.resolved = told->address;
	peer_explain(peer, told, outcome);
	peer_failed(peer, outcome, now);
}

/* Ask the addresses that have not been asked yet; if none is left, settle the outcome. */
static void
peer_conclude(struct peer *peer, swim_time now)
{
	size_t self, namesakes, failed;

	peer_ask_on(peer, now);
	if (peer->report.state != DISCOVERY_CONTACTING || peer_count(peer, PEER_CONTACT_ASKED) > 0)
		return;
	if (peer_count(peer, PEER_CONTACT_WAITING) > 0) {
		peer_put_off(peer, now);
		return;
	}
	peer->put_offs = 0;
	self = peer_count(peer, PEER_CONTACT_SELF);
	namesakes = peer_count(peer, PEER_CONTACT_NAMESAKE);
	failed = namesakes + peer_count(peer, PEER_CONTACT_SILENT) +
		 peer_count(peer, PEER_CONTACT_FOREIGN);
	/* A namesake is a fault that an operator must mend, so it is reported even if another address is our own. */
	if (self > 0 && namesakes == 0)
		peer_is_self(peer, failed > 0, now);
	else if (failed > 0)
		peer_all_failed(peer, now);
	else
		peer_failed(peer, DISCOVERY_UNREACHABLE, now);
}

void
peer_contact(struct peer *peer, const struct swim_addr *addresses, size_t count, swim_time now)
{
	struct peer_contact *contacts = calloc(count, sizeof(*contacts));

	peer_set_state(peer, DISCOVERY_CONTACTING, now);
	if (contacts == NULL) {
		peer_put_off(peer, now);
		return;
	}
	for (size_t i = 0; i < count; i++)
		contacts[i].address = addresses[i];
	free(peer->contacts);
	peer->contacts = contacts;
	peer->contact_count = count;
	peer->report.resolved = addresses[0];
	peer_conclude(peer, now);
}

void
peer_resolved(struct peer *peer, const struct discovery_found *found, swim_time now)
{
	peer->lookup = 0;
	if (found->count > 0) {
		peer_contact(peer, found->addresses, found->count, now);
		return;
	}
	snprintf(peer->report.reason, sizeof(peer->report.reason), "%s", found->text);
	peer_failed(peer, DISCOVERY_UNRESOLVED, now);
}

static void
peer_try(struct peer *peer, swim_time now)
{
	struct discovery *hub = peer->hub;

	peer->report.next_try = SWIM_TIME_NEVER;
	/* A try for which the core had no room goes on. */
	if (peer->put_offs == 0)
		peer->report.attempts++;
	peer_set_state(peer, DISCOVERY_RESOLVING, now);
	peer->lookup = ++hub->lookups;
	if (!hub->io.lookup(hub->io.ctx, peer->lookup, peer->hostport)) {
		peer->lookup = 0;
		snprintf(peer->report.reason, sizeof(peer->report.reason),
		    "too many names are being looked up");
		peer_failed(peer, DISCOVERY_UNRESOLVED, now);
	}
}

void
peer_run(struct peer *peer, swim_time now)
{
	size_t i;

	if (swim_time_reached(now, peer->give_up)) {
		for (i = 0; i < peer->contact_count; i++) {
			if (peer->contacts[i].state == PEER_CONTACT_ASKED)
				peer->contacts[i].state = PEER_CONTACT_SILENT;
		}
		peer_conclude(peer, now);
	} else if (!peer->hint && swim_time_reached(now, peer->report.next_try)) {
		peer_try(peer, now);
	}
}

swim_time
peer_deadline(const struct peer *peer)
{
	return peer->hint ? peer->give_up : swim_time_min(peer->give_up, peer->report.next_try);
}

static struct peer_contact *
peer_find_contact(struct peer *peer, const struct swim_addr *address)
{
	size_t i;

	for (i = 0; i < peer->contact_count; i++) {
		if (peer->contacts[i].state == PEER_CONTACT_ASKED &&
		    swim_addr_equal(&peer->contacts[i].address, address))
			return &peer->contacts[i];
	}
	return NULL;
}

void
peer_answered(struct peer *peer, const struct discovery_answer *answer, swim_time now)
{
	struct peer_contact *contact = peer_find_contact(peer, answer->address);
	size_t member_len = answer->member_len;

	if (contact == NULL)
		return;
	if (member_len >= sizeof(peer->report.member))
		member_len = sizeof(peer->report.member) - 1;
	if (member_len > 0)
		memcpy(peer->report.member, answer->member, member_len);
	peer->report.member[member_len] = '\0';
	peer->report.member_len = (uint16_t)member_len;
	peer->report.resolved = *answer->address;
	if (answer->who != DISCOVERY_WHO_OTHER) {
		/* If the name stands for all members, another address may still answer. */
		contact->state = answer->who == DISCOVERY_WHO_SELF ? PEER_CONTACT_SELF
								   : PEER_CONTACT_NAMESAKE;
		peer_conclude(peer, now);
		return;
	}
	peer->failed = 0;
	peer->put_offs = 0;
	peer->report.was_self = false;
	peer->report.reason[0] = '\0';
	peer->report.next_try = SWIM_TIME_NEVER;
	peer_set_state(peer, DISCOVERY_JOINED, now);
	peer_tell(peer, "peer answered");
}

void
peer_silent(struct peer *peer, const struct swim_addr *address, swim_time now)
{
	struct peer_contact *contact = peer_find_contact(peer, address);

	if (contact == NULL)
		return;
	contact->state = PEER_CONTACT_SILENT;
	peer_conclude(peer, now);
}

void
peer_foreign(struct peer *peer, const struct swim_addr *address, const char *cluster,
    size_t cluster_len, swim_time now)
{
	struct peer_contact *contact = peer_find_contact(peer, address);

	if (contact == NULL)
		return;
	contact->state = PEER_CONTACT_FOREIGN;
	utf8_escape(cluster, cluster_len, false, peer->foreign, sizeof(peer->foreign));
	peer_conclude(peer, now);
}

void
peer_refused(struct peer *peer, const struct swim_addr *address, int error_number)
{
	struct peer_contact *contact = peer_find_contact(peer, address);

	/* Anybody may have sent the error, so it decides nothing: only the core says whether we are let in. */
	if (contact != NULL)
		contact->error_number = error_number;
}

bool
peer_has_failed(const struct peer *peer)
{
	switch (peer->report.state) {
	case DISCOVERY_UNREACHABLE:
	case DISCOVERY_SILENT:
	case DISCOVERY_REFUSED:
	case DISCOVERY_HEARS_US_NOT:
	case DISCOVERY_UNRESOLVED:
		return true;
	case DISCOVERY_OTHER_CLUSTER:
	case DISCOVERY_NAMESAKE:
		return peer->offered != peer->report.state;
	case DISCOVERY_PENDING:
	case DISCOVERY_RESOLVING:
	case DISCOVERY_CONTACTING:
	case DISCOVERY_JOINED:
	case DISCOVERY_SELF:
	case DISCOVERY_MEMBER:
	case DISCOVERY_RATE_LIMITED:
	case DISCOVERY_MALFORMED:
		return false;
	}
	__builtin_unreachable();
}

void
peer_again(struct peer *peer, swim_time at)
{
	peer->report.next_try = at;
}

bool
peer_settled(const struct peer *peer)
{
	switch (peer->report.state) {
	case DISCOVERY_JOINED:
	case DISCOVERY_SELF:
	case DISCOVERY_UNREACHABLE:
	case DISCOVERY_SILENT:
	case DISCOVERY_REFUSED:
	case DISCOVERY_HEARS_US_NOT:
	case DISCOVERY_UNRESOLVED:
	case DISCOVERY_MEMBER:
	case DISCOVERY_OTHER_CLUSTER:
	case DISCOVERY_NAMESAKE:
	case DISCOVERY_MALFORMED:
		return true;
	case DISCOVERY_PENDING:
	case DISCOVERY_RESOLVING:
	case DISCOVERY_CONTACTING:
	case DISCOVERY_RATE_LIMITED:
		return false;
	}
	__builtin_unreachable();
}

struct peer *
peer_new(struct discovery *hub, const struct discovery_source *source, const char *address,
    swim_time now, enum swim_error *error)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	struct peer *peer;
	uint16_t port = 0;
	size_t len = strlen(address);
	bool service = swim_service_name(address) != NULL;

	*error = SWIM_ERROR_INVALID_ADDRESS;
	if (!service && swim_hostport_split(address, len, SWIM_DEFAULT_PORT, false, host, &port) !=
			    SWIM_ADDR_OK)
		return NULL;
	*error = SWIM_ERROR_RESOLUTION_FAILED;
	peer = calloc(1, sizeof(*peer));
	if (peer == NULL)
		return NULL;
	if (service) {
		memcpy(peer->hostport, address, len + 1);
	} else if (snprintf(peer->hostport, sizeof(peer->hostport),
		       strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
		       (unsigned)port) >= (int)sizeof(peer->hostport)) {
		*error = SWIM_ERROR_INVALID_ADDRESS;
		free(peer);
		return NULL;
	}
	*error = SWIM_OK;
	peer->hub = hub;
	peer->source = source;
	peer->give_up = SWIM_TIME_NEVER;
	peer->told = DISCOVERY_PENDING;
	snprintf(peer->report.source, sizeof(peer->report.source), "%s",
	    source != NULL ? source->ops->name : "join");
	memcpy(peer->report.address, address, len + 1);
	peer->report.state = DISCOVERY_PENDING;
	peer->report.found = peer->report.since = now;
	peer->report.next_try = now;
	return peer;
}

void
peer_free(struct peer *peer)
{
	if (peer->lookup != 0)
		peer->hub->io.cancel(peer->hub->io.ctx, peer->lookup);
	free(peer->contacts);
	free(peer);
}
