/* SPDX-License-Identifier: MIT */
/*
 * One core under a test's thumb: time passes when the test says so, peers are numbers with an address
 * each, datagrams go in as the test writes them and come out decoded.
 */
#ifndef SWIMD_TESTS_SWIM_FIXTURE_H
#define SWIMD_TESTS_SWIM_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"
#include "wire/wire.h"

#define FIXTURE_OUT_MAX 512
#define FIXTURE_EVENTS_MAX 512

/* A datagram that came out: its own copy, decoded. */
struct fixture_out {
	struct swim_addr to;
	char host[SWIM_HOSTPORT_MAX + 1];
	uint8_t *data;
	size_t len;
	struct wire_message message;
};

struct fixture {
	struct swim_config config;
	struct swim *swim;
	swim_time now;
	/* Memory: blocks handed out and not taken back; after `budget` further ones there is no more. */
	size_t blocks;
	size_t budget;
	bool starved;
	/* What came out since the last fixture_clear. */
	struct fixture_out out[FIXTURE_OUT_MAX];
	size_t out_count;
	struct swim_event events[FIXTURE_EVENTS_MAX];
	size_t event_count;
	struct fixture_id {
		char name[16], address[SWIM_ADDR_TEXT];
	} ids[64]; /* the text that updates point to; each in turn */
	size_t id_next;
};

/* Named "self" at 10.0.0.1:7946, profile lan, in the unnamed cluster; config may be changed before start. */
struct fixture *fixture_new(void);
/* False when the core could not be made. */
bool fixture_start(struct fixture *);
/* Fails the test if the core kept memory. */
void fixture_free(struct fixture *);

/* Peer n is named "pN" and lives at 10.0.1.N:7946.  Peer 0 bears our own name. */
struct swim_addr fixture_addr(unsigned peer);
const char *fixture_name(unsigned peer, char name[16]);

/* Take out all that the core has to say. */
void fixture_drain(struct fixture *);
void fixture_clear(struct fixture *);
/* Let time pass, ticking whenever the core wants it. */
void fixture_run(struct fixture *, swim_duration);
/* A datagram from this peer. */
enum wire_reject fixture_input(struct fixture *, unsigned from, const void *data, size_t len);

/* What peers say; updates may be NULL. `ours`: with the trailer of a swimd. */
struct fixture_says {
	bool ours;
	unsigned sender; /* with `ours`: whose name the trailer has */
	uint64_t digest;
	const struct wire_update *updates;
	size_t count;
	size_t pad_to;
};
/* What a base peer says that tells nothing. */
extern const struct fixture_says fixture_nothing;
/* A swimd that tells nothing; its digest is 0, our own, or that of another view. */
struct fixture_says fixture_swimd(unsigned sender);
struct fixture_says fixture_same_view(const struct fixture *, unsigned sender);
struct fixture_says fixture_other_view(unsigned sender);
/* One of these that tells these updates, which must last until it is sent. */
struct fixture_says fixture_telling(struct fixture_says, const struct wire_update *, size_t count);
/* Peer 0 is ourselves.  Good until 64 more are made. */
struct wire_update fixture_update(struct fixture *, unsigned about, enum swim_status,
    uint64_t incarnation);
void fixture_ping(struct fixture *, unsigned from, uint64_t seq, struct fixture_says);
/* A ping with this one update: of a swimd of digest 0, or of a base peer. */
void fixture_ping_with(struct fixture *, unsigned from, uint64_t seq, const struct wire_update *);
void fixture_base_ping_with(struct fixture *, unsigned from, uint64_t seq,
    const struct wire_update *);
void fixture_ack(struct fixture *, unsigned from, uint64_t seq, unsigned alive,
    struct fixture_says);
void fixture_nack(struct fixture *, unsigned from, uint64_t seq, unsigned target);
void fixture_ping_req(struct fixture *, unsigned from, uint64_t seq, unsigned target);
/* A base peer's ping-req; the target may be any pair.  Returns how long the datagram is. */
size_t fixture_base_ping_req(struct fixture *, unsigned from, uint64_t seq,
    const struct wire_member_id *target);
/*
 * This peer, a swimd of another view, asks for our page at this cursor, in a request of this length whose digests differ
 * from all of ours; the page, which the test fails without.
 */
const struct fixture_out *fixture_ask_page(struct fixture *, unsigned from, uint64_t seq,
    struct wire_cursor, size_t length);
/* This peer answers our request of this number with a page; `next` is where the following begins, NULL: it is the last. */
void fixture_page(struct fixture *, unsigned from, uint64_t seq, const struct wire_cursor *next,
    struct fixture_says);
/*
 * Any other datagram: the test has begun it in this writer.  It gets this trailer (NULL: none) and is padded to this
 * length (0: not at all), comes from this peer, or from this address, and must be accepted.  Returns its length.
 */
size_t fixture_finish(struct fixture *, unsigned from, struct wire_writer *,
    const struct wire_trailer *, size_t pad_to);
size_t fixture_finish_by(struct fixture *, const struct swim_addr *from, struct wire_writer *,
    const struct wire_trailer *, size_t pad_to);
/*
 * A ping that comes from there by an interface: of the swimd of this name, or (NULL) of a base peer.  It may tell of
 * one member (or NULL).
 */
void fixture_ping_by(struct fixture *, const struct swim_addr *from, uint32_t interface,
    const char *name, const struct wire_update *);
/* An ack that comes from there, of a swimd of this name. */
void fixture_ack_by(struct fixture *, const struct swim_addr *from, uint64_t seq, unsigned peer,
    uint64_t digest, const struct wire_update *);
/* A base peer that goes by this name answers from the address of peer `at`; with one update (or NULL). */
void fixture_base_ack(struct fixture *, unsigned at, uint64_t seq, const char *name);
void fixture_base_ack_with(struct fixture *, unsigned at, uint64_t seq, const char *name,
    const struct wire_update *);
/* The same with any pair in the place of the name and the address. */
void fixture_base_ack_pair(struct fixture *, unsigned at, uint64_t seq,
    const struct wire_member_id *, const struct wire_update *);
/* What names this member as an accuser. */
uint64_t fixture_hash(const char *name);
/* A ping from this peer, a swimd, says so of another and names these as accusers; 0 is nobody. */
void fixture_accuse(struct fixture *, unsigned from, unsigned about, enum swim_status,
    unsigned first, unsigned second);
/* One update in a gossip from this peer, a swimd; that one is dead both of us have found. */
void fixture_gossip(struct fixture *, unsigned from, unsigned about, enum swim_status,
    uint64_t incarnation);
/* This peer is a member, alive at incarnation 0, and known to speak our extensions. */
void fixture_member(struct fixture *, unsigned peer);

/* Let time pass until the core pings this peer; the ping's sequence number. */
uint64_t fixture_wait_ping(struct fixture *, unsigned peer);
/* Likewise until it asks somebody to ping this peer; good until the next call that lets time pass. */
const struct fixture_out *fixture_wait_ping_req(struct fixture *, unsigned about);
/* Ask this peer to take us in, as a seed: the core pings it at once. */
void fixture_join(struct fixture *, unsigned peer);
/*
 * This peer answers under its own name the one ping that it has been sent since the last clear (the test fails when it
 * was sent none, or several): as `says` has it, or as a base peer of this name.
 */
void fixture_answer(struct fixture *, unsigned peer, struct fixture_says);
void fixture_base_answer(struct fixture *, unsigned peer, const char *name);
/*
 * Peers `first` to `last` (below `first`: nobody), swimds that hold our view, answer every ping that they have been sent;
 * how many those were.
 */
unsigned fixture_answer_all(struct fixture *, unsigned first, unsigned last);
/* Likewise a base peer of this name at the address of this peer. */
unsigned fixture_base_answer_all(struct fixture *, unsigned peer, const char *name);
/*
 * Let time pass in such steps; after each, these peers answer all pings as above, and what came out is cleared.  Ends
 * after `d`, or as soon as `done` (or NULL) holds, which is asked after each step; whether it held.
 */
bool fixture_answer_until(struct fixture *, unsigned first, unsigned last, swim_duration step,
    swim_duration d, bool (*done)(const struct fixture *));
/* A member that has answered a ping, and so may be sent more than it sends. */
void fixture_proven(struct fixture *, unsigned peer);
/* Peers 1 to `count` too, which took so long that all are waited for as long as probe_timeout says. */
void fixture_proven_slow(struct fixture *, unsigned count);

/* Started as fixture_new has it; the test fails when the core could not be made. */
struct fixture *fixture_started(void);
/* Started, with peers 1 to `peers` as members, or such as have answered too; nothing is left to be looked at. */
struct fixture *fixture_among(unsigned peers);
struct fixture *fixture_among_proven(unsigned peers);

/* The first datagram of this type to this peer, or to this address, since the last clear; NULL: none. */
const struct fixture_out *fixture_sent(const struct fixture *, enum wire_type, unsigned to);
const struct fixture_out *fixture_sent_by(const struct fixture *, enum wire_type,
    const struct swim_addr *to);
/*
 * The one datagram of this type to this peer (_by: to this address) since the last clear; never NULL: if there is none,
 * or more than one, the test fails and says what was sent instead.  fixture_expect_first: the first of one or more.
 */
#define fixture_expect(f, type, to)                                                                \
	fixture_expect_at((f), (type), fixture_addr(to), true, __FILE__, __LINE__)
#define fixture_expect_first(f, type, to)                                                          \
	fixture_expect_at((f), (type), fixture_addr(to), false, __FILE__, __LINE__)
#define fixture_expect_by(f, type, addr)                                                           \
	fixture_expect_at((f), (type), *(addr), true, __FILE__, __LINE__)
/* What these are made of; the message names this place in the test. */
const struct fixture_out *fixture_expect_at(const struct fixture *, enum wire_type,
    struct swim_addr to, bool only, const char *file, int line);
size_t fixture_sent_count(const struct fixture *, enum wire_type);
/* Whether this datagram is of this type, and went to this peer. */
bool fixture_went(const struct fixture_out *, enum wire_type, unsigned to);
/* How many datagrams of any type went there: a zone counts. */
size_t fixture_sent_to(const struct fixture *, const struct swim_addr *);
/* Whether that datagram says this of the peer, and at which incarnation. */
bool fixture_has(const struct fixture_out *, const char *name, enum swim_status,
    uint64_t *incarnation);
size_t fixture_told(const struct fixture *, enum swim_event_type, const char *name);

/* Does the core wait for an answer of this number, from this peer? */
bool fixture_awaits(const struct fixture *, unsigned peer, uint64_t seq);

/* The core's report; status DEAD at incarnation 0 with an empty name when it knows nothing. */
struct swim_report fixture_report(const struct fixture *, const char *name);
/* Is one of this name in the core's list of members? */
bool fixture_lists(const struct fixture *, const char *name);
struct swim_stats fixture_stats(const struct fixture *);

#endif
