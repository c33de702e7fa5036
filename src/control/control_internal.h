/* SPDX-License-Identifier: MIT */
/* The structs that the files of control share: the server, its connections, and the request that runs now. */
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

/* A connection with this many unsent bytes is not served until its client has read some of them. */
#define CONTROL_OUTPUT_PAUSE (256 * 1024)
/* Default of control_config.output_limit: bytes of unsent events of a subscriber. */
#define CONTROL_OUTPUT_LIMIT (1024 * 1024)
/*
 * The most unsent bytes of all connections together, the new answer included.  The limit is checked when an answer
 * takes its connection above CONTROL_OUTPUT_PAUSE.  A request on the read-write socket has a quarter more, which
 * clients of the read-only socket cannot use up.  Smaller answers always have room, and events have a limit for each
 * connection (control_config.output_limit).
 */
#define CONTROL_OUTPUT_TOTAL (64 * 1024 * 1024)
/* A client that has read no byte for this long is stuck: it is closed if an answer to another needs the memory. */
#define CONTROL_STUCK_SECONDS 5
/*
 * This many connections are served on the read-write socket even when CONTROL_CLIENTS_MAX is reached, so that clients
 * of the read-only socket cannot lock out the operator.
 */
#define CONTROL_CLIENTS_RESERVED 8
/* Refused connections that are kept open for a moment, so that the client can read why; more are closed at once. */
#define CONTROL_REFUSED_MAX 64
/* When no accept has failed for this long, the shortage of descriptors or memory is over. */
#define CONTROL_STARVED_SECONDS 60
/* The most addresses in one join. */
#define CONTROL_JOIN_MAX 64

struct client;
TAILQ_HEAD(client_list, client);

struct control_listener {
	struct control *control;
	struct socket_bound socket;
	struct event *acceptable; /* NULL: this socket is not configured */
	bool read_only;
	char trouble[SOCKET_ERROR_MAX]; /* why a missing file cannot be created again; "" */
};

struct control {
	struct event_base *base;
	struct control_backend backend;
	size_t output_limit;
	struct control_listener listeners[2]; /* the read-write and the read-only socket */
	bool accepting;                       /* false for RESUME_MS after a failed accept */
	bool starved;         /* an accept failed, the log says so, and the shortage is not over */
	struct event *resume; /* timer: accepts again, and ends `starved` */
	struct event *turn;   /* timer: serves the clients in `ready` */
	struct event *watch;  /* timer: checks that the sockets have their files */
	struct event *sweep; /* timer: finds clients that hung up while nothing is read from them */
	struct client_list clients;
	struct client_list ready; /* clients with something to do, served in this order */
	size_t refused;           /* the number of clients that are refused */
	size_t unsent;            /* bytes in `out` of all clients */
	size_t output_total;      /* CONTROL_OUTPUT_TOTAL; less in tests */
	struct ring ring;
	struct control_stats stats;
	int64_t wall_offset_ns; /* wall clock minus the loop's clock */
	bool leaving;           /* this member leaves: no join begins any more */
	bool left;              /* the leave has been sent */
};

enum control_call_kind { CALL_JOIN, CALL_LEAVE };

/* A request that is answered later.  Its client owns the call, and the client's later requests wait. */
struct control_call {
	struct client *client;
	enum control_call_kind kind;
	char *id; /* the request's id as JSON text; NULL: a notification, which gets no answer */
};

struct client {
	TAILQ_ENTRY(client) link;       /* control->clients */
	TAILQ_ENTRY(client) ready_link; /* control->ready */
	struct control *control;
	int fd;
	bool read_only;
	bool refused; /* too many were open: it gets an error and is closed */
	bool ready;   /* in control->ready */
	bool eof;     /* the client sends nothing more */
	bool gone;    /* the client reads nothing more either; its requests are still carried out */
	bool draining;         /* no more requests are served: send what is left, then close */
	bool shut;             /* our sending side is shut down */
	bool reading, writing; /* `readable` or `writable` is added to the loop */
	unsigned sweeps;       /* sweeps since `shut` */
	struct event *readable, *writable;

	char *in;                /* bytes received */
	size_t in_cap;           /* the size of `in` in bytes */
	size_t in_start, in_end; /* in[in_start] to in[in_end - 1] are not served yet */
	size_t in_scanned;       /* this many bytes from in_start on have no newline */

	struct evbuffer *out; /* bytes to be sent */
	swim_time moved;      /* the last time that `out` lost bytes, or ceased to be empty */
	uint64_t out_total;   /* bytes ever put into `out` */
	uint64_t answer_end;  /* out_total at the end of the last answer; later bytes are events */

	bool subscribed;
	uint32_t kinds;    /* the chosen kinds of events, as event_mask has them */
	uint64_t last_seq; /* of the last event put into `out`; at first, where to begin */
	/* The request that runs now subscribes: the events after last_seq follow its answer. */
	bool stream;

	/* The request that is answered later; the requests after it wait.  NULL: none. */
	struct control_call *call;
};

/* The request that runs now, for the handler of its method. */
struct request {
	struct control *control;
	struct client *client;
	const json_t *params;   /* an object that method_check has accepted; NULL: no parameters */
	struct emit *out;       /* the handler writes the result here: one value */
	const char *id;         /* JSON text; NULL: a notification */
	struct refusal refusal; /* set by a handler that returns METHOD_FAILED */
};

/* control.c */
/* Serve the clients in `ready` in the next turn of the loop. */
void control_schedule_turn(struct control *);
/* Call client_sweep for all clients within SWEEP_MS. */
void control_schedule_sweep(struct control *);
/* Flush, so that all events of the core are in the ring, and the ring agrees with the list of members. */
void control_flush(struct control *);
/*
 * Tells whether there is room for an answer of `size` bytes to this client.  To make room, it closes stuck clients,
 * and first the client that has read nothing for the longest time.  It never closes a client that reads.
 */
bool control_room(struct control *, const struct client *, size_t size);
/* Wall clock minus the loop's clock, in nanoseconds; measured again when it is wrong by more than WALL_DRIFT_MS. */
int64_t control_wall_offset(struct control *);
/* The core, whose members the answers and events show. */
static inline struct swim *
control_swim(const struct control *control)
{
	return control->backend.swim;
}

#endif
