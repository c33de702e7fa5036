/* SPDX-License-Identifier: MIT */
/*
 * A control server on real sockets with a real core, for tests.  UDP, resolver, discovery and daemon are fakes, whose
 * answers are the fields below.  Everything runs on one loop in one thread: a function that waits turns the loop.
 */
#ifndef SWIMD_TESTS_CONTROL_WORLD_H
#define SWIMD_TESTS_CONTROL_WORLD_H

#include <event2/event.h>
#include <jansson.h>

#include "control/control.h"

#define WORLD_JOINS_MAX 4
#define WORLD_PEERS_MAX 8

struct discovery {
	struct discovery_peer peers[WORLD_PEERS_MAX]; /* shown by `discovery` */
	size_t count;                                 /* of peers */
	enum swim_error refuse; /* returned by discovery_join, unless it is SWIM_OK */
	struct {
		discovery_join_done *done;
		void *ctx;                         /* NULL: this entry is free */
		size_t count;                      /* of addresses */
		char first[SWIM_HOSTPORT_MAX + 1]; /* the first address */
	} joins[WORLD_JOINS_MAX];                  /* under way */
	unsigned started, cancelled;               /* joins so far */
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
	struct control_health health; /* returned by the backend */
	const char *boot;             /* boot id */
	char directory[64];           /* of both sockets */
	char path[96], ro_path[96];   /* of the read-write and the read-only socket */
	unsigned flushes, leaves;     /* calls of the backend's functions */
	unsigned told;                /* updates that members have sent; chooses the next sender */
	bool leave_at_once;       /* a leave has been sent when the backend's function returns */
	const char *reload_error; /* a reload fails with this error; NULL: it succeeds */
	int tags_error;           /* a change of tags fails with this code; 0: it succeeds */
	unsigned retagged;        /* successful changes of tags */
};

/* Start a server with both sockets in a new directory, for the member "me".  output_limit 0: the default. */
void world_start(struct world *, size_t output_limit);
/* Stop the server, and check that it has removed its files. */
void world_stop(struct world *);
/* Turn the loop once without waiting. */
void world_turn(struct world *);
/* Turn the loop often enough that all pending work is done. */
void world_settle(struct world *);
/* Turn the loop until the server serves `count` clients. */
void world_wait_for_clients(struct world *, size_t count);
/*
 * Give the core an update about a member, in a datagram of another member.  The events of the update stay in the
 * core until a flush.
 */
void world_input(struct world *, const char *name, size_t name_len, enum swim_status,
    uint64_t incarnation);
/* The same, and flush: the control server gets the events. */
void world_hear(struct world *, const char *name, size_t name_len, enum swim_status,
    uint64_t incarnation);
/* End all joins under way: at the first address of each, the member "there" answered, and nobody at the others. */
void world_joined(struct world *);

/* The client's end of a connection. */
struct caller {
	struct world *world;
	int fd;
	char *in;   /* received and not taken yet */
	size_t len; /* bytes in `in` */
	size_t cap; /* bytes allocated for `in` */
	bool eof;   /* the server has closed its side */
};

void caller_open(struct caller *, struct world *, const char *path);
void caller_close(struct caller *);
/* Send all bytes; turn the loop while the socket is full. */
void caller_send(struct caller *, const char *bytes, size_t len);
/* Send a line, given without its newline. */
void caller_say(struct caller *, const char *line);
/* Close the sending side. */
void caller_half_close(struct caller *);
/*
 * Turn the loop until a line comes.  Returns the line without its newline, to be freed; NULL: the connection has
 * ended.
 */
char *caller_line(struct caller *);
/* The next line, decoded, to be decref'd.  Fails the test if there is no line or if it is not JSON. */
json_t *caller_json(struct caller *);
/* Send a line, and return the next line as caller_json does. */
json_t *caller_ask(struct caller *, const char *line);
/* Send a line, check that the answer is a result, and return the result, to be decref'd. */
json_t *caller_result(struct caller *, const char *line);
/* Send a line, check that the answer is an error with this data.code, and return the error, to be decref'd. */
json_t *caller_error(struct caller *, const char *line, const char *code);
/* Fail the test unless the connection ends without another line. */
void caller_expect_end(struct caller *);

/*
 * The value of a key of an object, as JSON, string or integer.  Fails the test if the key is missing or has
 * another type.
 */
const json_t *field(const json_t *, const char *key);
const char *text(const json_t *, const char *key);
json_int_t number(const json_t *, const char *key);

#endif
