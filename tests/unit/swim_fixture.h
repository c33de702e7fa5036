/* SPDX-License-Identifier: MIT */
/*
 * One core, driven by a unit test: the test sets the time, writes the datagrams of the peers, and reads the decoded
 * datagrams and the events that the core gives out.
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

/* A datagram that the core sent: the fixture owns a copy of the bytes, and `message` is the copy, decoded. */
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
	/*
	 * Memory of the core: `blocks` counts the blocks that are allocated and not freed. `budget` is the number of
	 * further allocations that succeed; `starved` is true once an allocation was refused.
	 */
	size_t blocks;
	size_t budget;
	bool starved;
	/* The datagrams and events that the core gave out since the last fixture_clear. */
	struct fixture_out out[FIXTURE_OUT_MAX];
	size_t out_count;
	struct swim_event events[FIXTURE_EVENTS_MAX];
	size_t event_count;
	struct fixture_id {
		char name[16], address[SWIM_ADDR_TEXT];
	} ids[64]; /* the texts that updates point to, used in turn */
	size_t id_next;
};

/*
 * A core named "self" at 10.0.0.1:7946, with profile lan, in the unnamed cluster. A test may change `config` before it
 * calls fixture_start. The caller frees the result with fixture_free.
 */
struct fixture *fixture_new(void);
/* Returns false if swim_new gave no core: no memory, or an invalid configuration. */
bool fixture_start(struct fixture *);
/* Fails the test if the core did not free all its memory. */
void fixture_free(struct fixture *);

/* Peer n is named "pN" and lives at 10.0.1.N:7946. As a name, peer 0 is "self", the name of the core. */
struct swim_addr fixture_addr(unsigned peer);
const char *fixture_name(unsigned peer, char name[16]);

/* fixture_drain takes out all datagrams and events that the core has; fixture_clear drops those taken out before. */
void fixture_drain(struct fixture *);
void fixture_clear(struct fixture *);
/* Lets time pass, and calls swim_tick at each deadline of the core. */
void fixture_run(struct fixture *, swim_duration);
/* Passes a datagram from the address of this peer to the core. Returns why the core refused it, or WIRE_OK. */
enum wire_reject fixture_input(struct fixture *, unsigned from, const void *data, size_t len);

/* What the datagram of a peer says. */
struct fixture_says {
	bool swimd;                        /* a swimd peer sends the datagram: it has a trailer */
	unsigned sender;                   /* with `swimd`: the peer whose name the trailer has */
	uint64_t digest;                   /* with `swimd`: of the sender's view */
	const struct wire_update *updates; /* may be NULL if `count` is 0 */
	size_t count;
	size_t pad_to; /* bytes of the datagram; 0: no padding */
};
/* A base peer sends no update. */
extern const struct fixture_says fixture_nothing;
/* A swimd peer sends no update; its digest is 0, that of the core's view, or that of another view. */
struct fixture_says fixture_swimd(unsigned sender);
struct fixture_says fixture_same_view(const struct fixture *, unsigned sender);
struct fixture_says fixture_other_view(unsigned sender);
/* The same with these updates, which must live until the datagram is sent. */
struct fixture_says fixture_telling(struct fixture_says, const struct wire_update *, size_t count);
/* An update about this peer; peer 0 is the core itself. Its texts are valid until 64 more updates are made. */
struct wire_update fixture_update(struct fixture *, unsigned about, enum swim_status,
    uint64_t incarnation);
/* A ping of this peer. The core must accept this and all datagrams below. */
void fixture_ping(struct fixture *, unsigned from, uint64_t seq, struct fixture_says);
/* A ping with this one update, from a swimd peer with digest 0, or from a base peer. */
void fixture_ping_with(struct fixture *, unsigned from, uint64_t seq, const struct wire_update *);
void fixture_base_ping_with(struct fixture *, unsigned from, uint64_t seq,
    const struct wire_update *);
/* An ack of this peer that names peer `alive`. */
void fixture_ack(struct fixture *, unsigned from, uint64_t seq, unsigned alive,
    struct fixture_says);
/* A nack and a ping-req of this peer, without a trailer, about peer `target`. */
void fixture_nack(struct fixture *, unsigned from, uint64_t seq, unsigned target);
void fixture_ping_req(struct fixture *, unsigned from, uint64_t seq, unsigned target);
/*
 * A ping-req of a base peer; the target may be any pair of id and address. Returns the size of the datagram in bytes.
 */
size_t fixture_base_ping_req(struct fixture *, unsigned from, uint64_t seq,
    const struct wire_member_id *target);
/*
 * This peer, a swimd peer with another view, asks the core for the page at this cursor; `length` is the size of the
 * request in bytes, and all digests of the request differ from those of the core. Returns the page; without a page the
 * test fails.
 */
const struct fixture_out *fixture_ask_page(struct fixture *, unsigned from, uint64_t seq,
    struct wire_cursor, size_t length);
/*
 * This peer answers our request of this number with a page. `next` is the cursor of the next page, NULL after the last.
 */
void fixture_page(struct fixture *, unsigned from, uint64_t seq, const struct wire_cursor *next,
    struct fixture_says);
/*
 * Finishes any other datagram, which the test has begun in this writer, and passes it to the core from this peer, or
 * from this address. `trailer` may be NULL, and `pad_to` 0 means no padding. The core must accept the datagram. Returns
 * the size of the datagram in bytes.
 */
size_t fixture_finish(struct fixture *, unsigned from, struct wire_writer *,
    const struct wire_trailer *, size_t pad_to);
size_t fixture_finish_by(struct fixture *, const struct swim_addr *from, struct wire_writer *,
    const struct wire_trailer *, size_t pad_to);
/*
 * A ping from this address, received on this network interface, from the swimd peer of this name, or (`name` NULL) from
 * a base peer. The update may be NULL.
 */
void fixture_ping_by(struct fixture *, const struct swim_addr *from, uint32_t interface,
    const char *name, const struct wire_update *);
/* An ack from this address, from the swimd peer `peer`. The update may be NULL. */
void fixture_ack_by(struct fixture *, const struct swim_addr *from, uint64_t seq, unsigned peer,
    uint64_t digest, const struct wire_update *);
/* A base peer with this name as its id sends an ack from the address of peer `at`, with one update (NULL: none). */
void fixture_base_ack(struct fixture *, unsigned at, uint64_t seq, const char *name);
void fixture_base_ack_with(struct fixture *, unsigned at, uint64_t seq, const char *name,
    const struct wire_update *);
/* The same with any pair of id and address. */
void fixture_base_ack_pair(struct fixture *, unsigned at, uint64_t seq,
    const struct wire_member_id *, const struct wire_update *);
/* The hash that names this member as an accuser. */
uint64_t fixture_hash(const char *name);
/* A ping from this swimd peer tells this status of another peer, with these two accusers; 0 stands for no accuser. */
void fixture_accuse(struct fixture *, unsigned from, unsigned about, enum swim_status,
    unsigned first, unsigned second);
/* A gossip datagram with one update from this swimd peer. A death names this peer and the core as accusers. */
void fixture_gossip(struct fixture *, unsigned from, unsigned about, enum swim_status,
    uint64_t incarnation);
/* Makes this peer a member, alive at incarnation 0, and known as a swimd peer. */
void fixture_member(struct fixture *, unsigned peer);

/* Lets time pass (10 s at most) until the core pings this peer. Returns the sequence number of the ping. */
uint64_t fixture_wait_ping(struct fixture *, unsigned peer);
/*
 * Lets time pass (10 s at most) until the core sends a ping-req about this peer. Returns the ping-req, which is valid
 * until the next call that lets time pass.
 */
const struct fixture_out *fixture_wait_ping_req(struct fixture *, unsigned about);
/* The core joins through this peer as a seed: the core pings the peer at once. */
void fixture_join(struct fixture *, unsigned peer);
/*
 * This peer answers the one ping that the core has sent to it since the last clear, under its own name and with `says`,
 * or as a base peer of this name. The test fails if there was no such ping, or more than one.
 */
void fixture_answer(struct fixture *, unsigned peer, struct fixture_says);
void fixture_base_answer(struct fixture *, unsigned peer, const char *name);
/*
 * Peers `first` to `last` (none if `last` is below `first`), swimd peers with the view of the core, answer every ping
 * that the core has sent to them. Returns the number of answers.
 */
unsigned fixture_answer_all(struct fixture *, unsigned first, unsigned last);
/* The same for a base peer of this name at the address of this peer. */
unsigned fixture_base_answer_all(struct fixture *, unsigned peer, const char *name);
/*
 * Lets time pass in steps. After each step these peers answer all pings as above, all output is cleared, and `done`
 * (may be NULL) is called. Ends after `d`, or once `done` returns true. Returns whether `done` returned true.
 */
bool fixture_answer_until(struct fixture *, unsigned first, unsigned last, swim_duration step,
    swim_duration d, bool (*done)(const struct fixture *));
/* Makes this peer a routable member: the peer answers a ping, so the core may send to it more bytes than it sent. */
void fixture_routable(struct fixture *, unsigned peer);
/* The same for peers 1 to `count`; their answers take so long that the patience for each of them is probe_timeout. */
void fixture_routable_slow(struct fixture *, unsigned count);

/* fixture_new and fixture_start; the test fails if the core could not be created. */
struct fixture *fixture_started(void);
/* Started, with peers 1 to `peers` as members, or as routable members; the output is cleared. */
struct fixture *fixture_among(unsigned peers);
struct fixture *fixture_among_routable(unsigned peers);

/* The first datagram of this type to this peer, or to this address, since the last clear; NULL if there is none. */
const struct fixture_out *fixture_sent(const struct fixture *, enum wire_type, unsigned to);
const struct fixture_out *fixture_sent_by(const struct fixture *, enum wire_type,
    const struct swim_addr *to);
/*
 * The one datagram of this type to this peer (_by: to this address) since the last clear; never NULL. If there is no
 * such datagram, or more than one, the test fails and prints all datagrams that were sent. fixture_expect_first gives
 * the first of one or more.
 */
#define fixture_expect(f, type, to)                                                                \
	fixture_expect_at((f), (type), fixture_addr(to), true, __FILE__, __LINE__)
#define fixture_expect_first(f, type, to)                                                          \
	fixture_expect_at((f), (type), fixture_addr(to), false, __FILE__, __LINE__)
#define fixture_expect_by(f, type, addr)                                                           \
	fixture_expect_at((f), (type), *(addr), true, __FILE__, __LINE__)
/* The function behind these macros; the message of a failure names this file and line. */
const struct fixture_out *fixture_expect_at(const struct fixture *, enum wire_type,
    struct swim_addr to, bool only, const char *file, int line);
/* The number of datagrams of this type since the last clear. */
size_t fixture_sent_count(const struct fixture *, enum wire_type);
/* Whether this datagram has this type and was sent to this peer. */
bool fixture_went(const struct fixture_out *, enum wire_type, unsigned to);
/* The number of datagrams of any type to this address; the zone is compared too. */
size_t fixture_sent_to(const struct fixture *, const struct swim_addr *);
/*
 * Whether the datagram (may be NULL) has an update about this name with this status; `incarnation` (may be NULL) gets
 * the incarnation of the update.
 */
bool fixture_has(const struct fixture_out *, const char *name, enum swim_status,
    uint64_t *incarnation);
/* The number of events of this type about this name (NULL: about any member) since the last clear. */
size_t fixture_event_count(const struct fixture *, enum swim_event_type, const char *name);

/* Whether swim_awaits expects an ack with this number from the address of this peer. */
bool fixture_awaits(const struct fixture *, unsigned peer, uint64_t seq);

/* The core's report of this member; if the name is not listed, an empty name with status DEAD at incarnation 0. */
struct swim_report fixture_report(const struct fixture *, const char *name);
/* Whether the core lists a member of this name. */
bool fixture_lists(const struct fixture *, const char *name);
struct swim_stats fixture_stats(const struct fixture *);

#endif
