/* SPDX-License-Identifier: MIT */
/* What the files of control share: the server, its connections, a request under way. */
#ifndef SWIMD_CONTROL_CONTROL_INTERNAL_H
#define SWIMD_CONTROL_CONTROL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>
#include <sys/queue.h>

#include "control/control.h"
#include "control/emit.h"
#include "control/refusal.h"
#include "control/protocol.h"
#include "control/ring.h"
#include "control/socket.h"

/* Above so many unsent bytes a connection's requests wait until some have been read. */
#define CONTROL_OUTPUT_PAUSE (256 * 1024)
/* Default of control_config.output_limit: bytes of unsent events. */
#define CONTROL_OUTPUT_LIMIT (1024 * 1024)
/*
 * Bytes that may wait in all connections together when an answer is added that takes a connection above
 * CONTROL_OUTPUT_PAUSE; a quarter more where the read-write socket asks, which anybody who may only use the
 * other one cannot take away.  What is below CONTROL_OUTPUT_PAUSE a connection, and events, which have a bound
 * a connection of their own, are always taken.
 */
#define CONTROL_OUTPUT_TOTAL (64 * 1024 * 1024)
/* Who has taken no byte for so long is not reading, and is closed where its memory is wanted. */
#define CONTROL_DEAF_SECONDS 5
/*
 * So many are served on the read-write socket in any case: all of CONTROL_CLIENTS_MAX may be taken by those who
 * may only use the other one, and whoever runs the daemon is not to be shut out by them.
 */
#define CONTROL_CLIENTS_RESERVED 8
/* Refused connections that are held for a moment, so that they can read why. */
#define CONTROL_REFUSED_MAX 64
/* For so long after the last one a connection that could not be accepted is no matter of the past. */
#define CONTROL_STARVED_SECONDS 60
/* Most addresses of one join. */
#define CONTROL_JOIN_MAX 64

struct client;
TAILQ_HEAD(client_list, client);

struct control_listener {
	struct control *control;
	struct socket_bound socket;
	struct event *acceptable; /* NULL: there is no such socket */
	bool read_only;
	char trouble[SOCKET_ERROR_MAX]; /* its file is gone and cannot be made again; "" */
};

struct control {
	struct event_base *base;
	struct control_backend backend;
	size_t output_limit;
	struct control_listener listeners[2]; /* read-write, read-only */
	bool accepting;                       /* false while there are no file descriptors left */
	bool starved;         /* not long ago there were none left: it is in the log */
	struct event *resume; /* then accepts again; and later looks whether that was all */
	struct event *turn;   /* does the work of `ready` */
	struct event *watch;  /* looks whether the sockets have their files */
	struct event *sweep;  /* looks after connections that nothing is read from */
	struct client_list clients;
	struct client_list ready; /* those with something to do, first come first served */
	size_t refused;           /* of clients, those above the limit */
	size_t unsent;            /* bytes in all clients' out */
	size_t output_total;      /* CONTROL_OUTPUT_TOTAL; tests do with less */
	struct ring ring;
	struct control_stats stats;
	int64_t wall_offset_ns; /* from the loop's clock to the wall's */
	bool leaving, left;
};

enum control_call_kind { CALL_JOIN, CALL_LEAVE };

/* A request whose answer comes later. */
struct control_call {
	struct client *client;
	enum control_call_kind kind;
	char *id; /* JSON text; NULL: a notification, which gets no answer */
};

struct client {
	TAILQ_ENTRY(client) link;       /* control->clients */
	TAILQ_ENTRY(client) ready_link; /* control->ready */
	struct control *control;
	int fd;
	bool read_only;
	bool refused;          /* one above the limit */
	bool ready;            /* is in control->ready */
	bool eof;              /* the other side sends nothing more */
	bool gone;             /* nor does it read; what it asked is still carried out */
	bool draining;         /* no more requests: what is left is sent, then it is closed */
	bool shut;             /* our sending side is closed */
	bool reading, writing; /* the events are added */
	unsigned sweeps;       /* since shut */
	struct event *readable, *writable;

	char *in; /* unread requests: in + in_start to in + in_end */
	size_t in_cap, in_start, in_end;
	size_t in_scanned; /* bytes from in_start without a newline */

	struct evbuffer *out;
	swim_time moved;     /* when some of it was sent, or the first was put into it */
	uint64_t out_total;  /* bytes ever put into out */
	uint64_t answer_end; /* where the last answer ends: what stands behind it is events */

	bool subscribed;
	uint32_t kinds;    /* event_mask */
	uint64_t last_seq; /* last event put into out, or where the subscription began */
	bool
	    stream; /* subscribed by the request that runs now: events from last_seq on are to follow it */

	struct control_call *call; /* the request that is waited for; later ones wait too */
};

struct request {
	struct control *control;
	struct client *client;
	const json_t
	    *params;      /* an object, checked against the method's table; NULL: none were given */
	struct emit *out; /* takes the result: one value */
	const char *id;   /* JSON text; NULL: a notification */
	struct refusal refusal;
};

/* control.c */
void control_schedule_turn(struct control *);
void control_schedule_sweep(struct control *);
/* Flush, so that the core's events are all in the ring and the ring is at one with the members. */
void control_flush(struct control *);
/*
 * Is there room for an answer of so many bytes to this client?  Closes connections that do not read, those
 * first that have taken nothing for the longest time, as far as that is needed; one that reads never is.
 */
bool control_room(struct control *, const struct client *, size_t);
/* The offset from the loop's clock to the wall's, measured anew when it is off. */
int64_t control_wall_offset(struct control *);
/* The members as events and answers show them: swim. */
static inline struct swim *
control_swim(const struct control *control)
{
	return control->backend.swim;
}

#endif
