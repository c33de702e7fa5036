/* SPDX-License-Identifier: MIT */
/*
 * Reflection: within 140 s a stranger makes ten members send to a third party, the victim, no more bytes than the stranger
 * sent itself.  Each kind of stranger sends each type of message once to each member, and the output is a table.
 */
#include <stdio.h>
#include <string.h>

#include "sim/scenario.h"

#define SECONDS 140
#define VICTIMS_MAX 96
#define BARE_MOST 80 /* bytes of an ack and a ping, of some 30 bytes each */

enum stranger {
	FORGER,   /* sends from the victim's address */
	SILENT,   /* sends from its own address about the victim */
	ANSWERER, /* the same, and acks each ping, from its own or from the victim's address */
};
static const char *const strangers[] = {"forged source", "silent", "answers"};

enum matter {
	GHOST,    /* an unknown member lives at the victim's address */
	MOVE,     /* a known member has moved there */
	NAMESAKE, /* the receiver itself lives there */
};
static const char *const matters[] = {"ghost", "move", "namesake"};

static const enum wire_type types[] = {WIRE_PING, WIRE_PING_REQ, WIRE_ACK, WIRE_NACK,
    WIRE_AUTHENTICATED, WIRE_SYNC_REQ, WIRE_SYNC, WIRE_GOSSIP, WIRE_CLAIM};
#define TYPES (sizeof(types) / sizeof(types[0]))

struct attack {
	struct swim_addr own;            /* the stranger's address */
	bool answers;                    /* the stranger acks pings */
	uint64_t to_victim[VICTIMS_MAX]; /* bytes sent to each victim */
	unsigned datagrams;              /* sent to all victims */
	unsigned victim;                 /* index of the present victim */
};

static struct swim_addr
victim_addr(unsigned victim)
{
	return (struct swim_addr){.family = 4,
	    .port = 53,
	    .ip = {10, 99, (uint8_t)(1 + victim / 200), (uint8_t)(1 + victim % 200)}};
}

static void
answer(struct world *w, struct attack *a, unsigned to, uint64_t seq)
{
	struct swim_addr victim = victim_addr(a->victim);
	char address[SWIM_ADDR_TEXT];
	struct wire_member_id who = {wire_str_of("evil"), {0}};
	struct wire_trailer trailer = {.has_digest = true, .digest = 1};
	struct wire_writer w1;
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	size_t len;

	who.address = wire_str_of(swim_addr_format(&a->own, address));
	wire_writer_init(&w1, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_ack(&w1, seq, &who);
	len = wire_finish(&w1, &trailer, 0);
	/* About every second ack seems to come from the victim. */
	world_inject(w, seq % 2 == 0 ? &a->own : &victim, to, data, len);
}

static void
stray(struct world *w, void *ctx, unsigned from, const struct swim_addr *to, const void *data,
    size_t len)
{
	struct attack *a = ctx;
	struct wire_message msg;

	for (unsigned v = 0; v <= a->victim; v++) {
		struct swim_addr victim = victim_addr(v);

		/* All ports of the victim count. */
		victim.port = to->port;
		if (swim_addr_equal(&victim, to)) {
			a->to_victim[v] += len;
			a->datagrams++;
		}
	}
	if (a->answers && swim_addr_equal(&a->own, to) && wire_decode(data, len, &msg) == WIRE_OK &&
	    msg.type == WIRE_PING)
		answer(w, a, from, msg.seq);
}

/* Write a datagram that tells of the victim.  Returns its length. */
static size_t
forge(uint8_t *data, enum wire_type type, const struct wire_update *u, const char *sender)
{
	struct wire_trailer trailer = {.has_sender = type != WIRE_AUTHENTICATED,
	    .sender = wire_str_of(sender),
	    .has_digest = true,
	    .digest = 1};
	uint32_t digests[WIRE_SYNC_BUCKETS] = {0};
	uint8_t inner[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, type == WIRE_AUTHENTICATED ? inner : data, WIRE_DATAGRAM_DEFAULT,
	    wire_trailer_size(&trailer));
	if (type == WIRE_PING || type == WIRE_AUTHENTICATED)
		wire_begin_ping(&w, 7);
	else if (type == WIRE_PING_REQ)
		wire_begin_ping_req(&w, 7, &u->member);
	else if (type == WIRE_ACK)
		wire_begin_ack(&w, 7, &u->member);
	else if (type == WIRE_NACK)
		wire_begin_nack(&w, 7, &u->member);
	else if (type == WIRE_SYNC_REQ)
		wire_begin_sync_req(&w, 7, (struct wire_cursor){0}, digests, WIRE_SYNC_BUCKETS);
	else if (type == WIRE_SYNC)
		wire_begin_sync(&w, 7);
	else if (type == WIRE_CLAIM)
		wire_put_claim(&w, 7, &u->member, UINT64_MAX >> 1);
	else
		wire_begin_gossip(&w, 7);
	if (type != WIRE_NACK && type != WIRE_CLAIM)
		wire_add_update(&w, u);
	len = wire_finish(&w, type == WIRE_AUTHENTICATED ? NULL : &trailer, 0);
	if (type != WIRE_AUTHENTICATED)
		return len;
	wire_writer_init(&w, data, WIRE_DATAGRAM_DEFAULT, 0);
	wire_put_authenticated(&w, 7, "", 0, &u->member, inner, len);
	return wire_finish(&w, NULL, 0);
}

/* Send a datagram of this type to each member.  Returns the bytes of all of them. */
static uint64_t
attack(struct sim *s, struct attack *a, enum stranger stranger, enum wire_type type,
    enum matter matter)
{
	struct swim_addr victim = victim_addr(a->victim);
	const struct swim_addr *from = stranger == FORGER ? &victim : &a->own;
	char address[SWIM_ADDR_TEXT], name[sizeof(s->world.nodes[0].name)];
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_update u = {.status = SWIM_ALIVE};
	uint64_t sent = 0;

	snprintf(name, sizeof(name), "ghost-%u", a->victim);
	u.member.address = wire_str_of(swim_addr_format(&victim, address));
	u.member.id = wire_str_of(matter == GHOST ? name : s->world.nodes[5].name);
	u.incarnation = matter == GHOST ? 0 : swim_incarnation(s->world.nodes[5].core) + 1;
	a->answers = stranger == ANSWERER;
	for (unsigned i = 0; i < s->world.count; i++) {
		size_t len;

		/* Node 5 itself is not told that it has moved: NAMESAKE is that case. */
		if (matter == MOVE && i == 5)
			continue;
		if (matter == NAMESAKE) {
			snprintf(name, sizeof(name), "%s", s->world.nodes[i].name);
			u.member.id = wire_str_of(name);
			u.incarnation = swim_incarnation(s->world.nodes[i].core);
		}
		len = forge(data, type, &u, stranger == ANSWERER ? "evil" : name);
		world_inject(&s->world, from, i, data, len);
		sent += len;
		sim_run(s, 0.1);
	}
	return sent;
}

/* Write a datagram in this name.  `way`: 0: the smallest ping, 1: a padded ping, 2: the smallest claim, 3: a padded claim. */
static size_t
in_name_of(uint8_t *data, unsigned way, const char *name, uint64_t seq)
{
	struct wire_trailer trailer = {.has_sender = way < 2, .sender = wire_str_of(name)};
	struct wire_member_id id = {wire_str_of(name),
	    wire_str_of(way == 2 ? "" : "10.0.0.1:7946")};
	struct wire_writer w;

	wire_writer_init(&w, data, WIRE_DATAGRAM_MAX, wire_trailer_size(&trailer));
	if (way < 2)
		wire_begin_ping(&w, seq);
	else
		wire_put_claim(&w, seq, &id, seq % 2 == 0 ? 1 : UINT64_MAX);
	return wire_finish(&w, &trailer, way % 2 == 0 ? 0 : 300);
}

/* Send datagrams in the receiver's own name, from `ports` ports of the victim in turn. */
static void
namesakes(struct sim *s, struct attack *a, unsigned way, unsigned ports)
{
	unsigned sent = 0, before = a->datagrams;
	uint64_t bytes = 0;

	for (unsigned k = 0; k < 300; k++) {
		unsigned to = k % s->world.count;
		struct swim_addr from = victim_addr(a->victim);
		uint8_t data[WIRE_DATAGRAM_MAX];
		size_t len = in_name_of(data, way, s->world.nodes[to].name, 1000 + k);

		from.port = (uint16_t)(1024 + k % ports);
		world_inject(&s->world, &from, to, data, len);
		bytes += len;
		sent++;
		sim_run(s, 0.02);
	}
	sim_run(s, SECONDS);
	printf(
	    "# forged source, own name, %s, %u ports: %llu bytes in %u sent, %llu in %u to the victim\n",
	    way < 2 ? "ping" : "claim", ports, (unsigned long long)bytes, sent,
	    (unsigned long long)a->to_victim[a->victim], a->datagrams - before);
	EXPECT(s, a->to_victim[a->victim] <= bytes);
	EXPECT(s, a->datagrams - before <= sent);
	a->victim++;
}

static void
reflection(struct sim *s)
{
	struct attack a = {.own = {.family = 4, .port = 9, .ip = {10, 98, 0, 1}}};
	uint64_t sent[VICTIMS_MAX];

	s->world.stray = stray;
	s->world.stray_ctx = &a;
	check_foreign(s->world.check, "evil");
	for (unsigned i = 0; i < s->world.count; i++)
		check_foreign(s->world.check, s->world.nodes[i].name);
	EXPECT(s, sim_form(s));
	sim_run(s, 10);
	for (unsigned k = 0; k < sizeof(strangers) / sizeof(strangers[0]); k++) {
		for (unsigned m = 0; m < sizeof(matters) / sizeof(matters[0]); m++) {
			for (size_t t = 0; t < TYPES; t++) {
				sent[a.victim] =
				    attack(s, &a, (enum stranger)k, types[t], (enum matter)m);
				sim_run(s, SECONDS);
				printf(
				    "# %-13s %-13s %-5s: %5llu bytes sent, %5llu to the victim\n",
				    strangers[k], wire_type_name(types[t]), matters[m],
				    (unsigned long long)sent[a.victim],
				    (unsigned long long)a.to_victim[a.victim]);
				a.victim++;
			}
		}
	}
	/* The smallest ping of a base peer has fewer bytes than any answer: the victim gets an ack and one ping at most. */
	for (unsigned i = 0; i < s->world.count; i++) {
		static const uint8_t bare[] = {1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0};
		struct swim_addr victim = victim_addr(a.victim);

		world_inject(&s->world, &victim, i, bare, sizeof(bare));
	}
	sim_run(s, SECONDS);
	printf("# forged source bare ping: %u bytes sent, %llu to the victim\n",
	    11 * s->world.count, (unsigned long long)a.to_victim[a.victim]);
	EXPECT(s, a.to_victim[a.victim] <= BARE_MOST * s->world.count);
	/* No victim gets more after its attack. */
	for (unsigned v = 0; v < a.victim; v++)
		EXPECT(s, a.to_victim[v] <= sent[v]);
	a.victim++;
	for (unsigned way = 0; way < 4; way++) {
		namesakes(s, &a, way, 300);
		namesakes(s, &a, way, 4);
	}
	EXPECT(s, sim_false_failures(s, (swim_time){0}) == 0);
	/* No member takes a forged datagram in its name for a namesake. */
	for (unsigned i = 0; i < s->world.count; i++)
		EXPECT(s, sim_told(s, (swim_time){0}, SWIM_EVENT_NAME_CONFLICT, i, ANY) == 0);
	s->world.stray = NULL;
}

#define FAKES 20

/* Send a gossip datagram of an unknown sender, about FAKES members at the victim's address.  Returns its length. */
static size_t
tell_of_many(struct sim *s, const struct attack *a, unsigned to)
{
	struct wire_trailer trailer = {.has_sender = true, .sender = wire_str_of("z")};
	struct swim_addr victim = victim_addr(0);
	uint8_t data[WIRE_DATAGRAM_DEFAULT];
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, data, sizeof(data), wire_trailer_size(&trailer));
	wire_begin_gossip(&w, 7);
	for (unsigned i = 0; i < FAKES; i++) {
		char name[16], address[SWIM_ADDR_TEXT];
		struct wire_update u = {.status = SWIM_ALIVE};

		snprintf(name, sizeof(name), "fake-%u", i);
		victim.port = (uint16_t)(2000 + i);
		u.member.id = wire_str_of(name);
		u.member.address = wire_str_of(swim_addr_format(&victim, address));
		wire_add_update(&w, &u);
	}
	len = wire_finish(&w, &trailer, 0);
	world_inject(&s->world, &a->own, to, data, len);
	return len;
}

/* A member that has just started with a seed believes only members that have answered its pings. */
static void
arriving_word(struct sim *s)
{
	struct attack a = {.own = {.family = 4, .port = 9, .ip = {10, 98, 0, 1}}};
	uint64_t sent = 0;

	s->world.stray = stray;
	s->world.stray_ctx = &a;
	EXPECT(s, sim_form(s));
	sim_run(s, 40);
	for (unsigned k = 0; k < 40; k++) {
		sent += tell_of_many(s, &a, 1);
		sent += tell_of_many(s, &a, 0);
		if (k == 2)
			sim_restart(s, 1, true);
		sim_run(s, 0.5);
	}
	for (unsigned i = 0; i < s->world.count; i++)
		EXPECT(s, swim_member_count(s->world.nodes[i].core) == s->world.count);
	sim_run(s, 60);
	printf("# %llu bytes sent, %llu to the victim\n", (unsigned long long)sent,
	    (unsigned long long)a.to_victim[0]);
	EXPECT(s, a.to_victim[0] <= sent);
	EXPECT(s, sim_converged(s));
	s->world.stray = NULL;
}

const struct scenario scenarios_reflect[] = {
    {"reflection", 10, reflection, LIGHT,
	"members send a third party no more bytes than a stranger sends, for each message and stranger"},
    {"arriving-word", 8, arriving_word, LIGHT,
	"a member that has just started lists no member of which only a stranger tells"},
    {0},
};
