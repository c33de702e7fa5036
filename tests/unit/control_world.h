/* SPDX-License-Identifier: MIT */
/*
 * A control server on real sockets with a real core behind it.  What lies between the two and the network
 * (UDP, resolver, discovery) is played: its answers are fields here.  Everything runs on one loop in one
 * thread: waiting for an answer turns the loop.
 */
#ifndef SWIMD_TESTS_CONTROL_WORLD_H
#define SWIMD_TESTS_CONTROL_WORLD_H

#include <event2/event.h>
#include <jansson.h>

#include "control/control.h"

#define WORLD_JOINS_MAX 4
#define WORLD_PEERS_MAX 8

struct discovery {
	struct discovery_peer peers[WORLD_PEERS_MAX]; /* what `discovery` shows */
	size_t count;
	enum swim_error refuse; /* what discovery_join returns */
	struct {
		discovery_join_done *done;
		void *ctx; /* NULL: free */
		size_t count;
		char first[SWIM_HOSTPORT_MAX + 1];
	} joins[WORLD_JOINS_MAX];
	unsigned started, cancelled;
};

struct udp {
	struct udp_stats stats;
};

struct resolver {
	struct resolver_stats stats;
};

struct world {
	struct event_base *base;
	struct swim *swim;
	struct udp udp;
	struct resolver resolver;
	struct discovery discovery;
	struct histogram decode_time, encode_time;
	struct control *control;
	struct control_health health;
	const char *boot;
	char directory[64], path[96], ro_path[96];
	unsigned flushes, leaves;
	unsigned told; /* updates that others told; whose turn it is to tell the next */
	bool leave_at_once;
	const char *reload_error; /* NULL: it succeeds */
	int tags_error;           /* 0: they are taken */
	unsigned retagged;
};

/* Both sockets in a fresh directory; output_limit 0 is the default.  Our name is "me". */
void world_start(struct world *, size_t output_limit);
void world_stop(struct world *);
/* One turn of the loop that does not wait. */
void world_turn(struct world *);
/* Turn it until nothing more happens in it for a while. */
void world_settle(struct world *);
/* Turn it until so many are connected. */
void world_wait_for_clients(struct world *, size_t count);
/* Another's word about a member, as a datagram; the core keeps its events until the next flush. */
void world_input(struct world *, const char *name, size_t name_len, enum swim_status,
    uint64_t incarnation);
/* The same, and the events go to the control server. */
void world_hear(struct world *, const char *name, size_t name_len, enum swim_status,
    uint64_t incarnation);
/* All joins under way end: their first address joined "there", the others not. */
void world_joined(struct world *);

/* Our end of a connection. */
struct peer {
	struct world *world;
	int fd;
	char *in;
	size_t len, cap;
	bool eof;
};

void peer_open(struct peer *, struct world *, const char *path);
void peer_close(struct peer *);
/* All of it, turning the loop where the socket is full. */
void peer_send(struct peer *, const char *bytes, size_t len);
void peer_say(struct peer *, const char *line);
/* Nothing more comes from us. */
void peer_half_close(struct peer *);
/* The next line, to be freed, turning the loop until there is one; NULL at the end. */
char *peer_line(struct peer *);
/* The same, decoded; fails the test where it is not JSON or there is none. */
json_t *peer_json(struct peer *);
/* Say a line and take what comes back. */
json_t *peer_ask(struct peer *, const char *line);
/* The same; checks that it is a result (an error with this data.code), and returns that to be decref'd. */
json_t *peer_result(struct peer *, const char *line);
json_t *peer_error(struct peer *, const char *line, const char *code);
/* Fails the test if anything but the end comes. */
void peer_expect_end(struct peer *);

/* The member of an object, which must be there. */
const json_t *member(const json_t *, const char *key);
const char *text(const json_t *, const char *key);
json_int_t number(const json_t *, const char *key);

#endif
