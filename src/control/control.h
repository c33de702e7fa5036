/* SPDX-License-Identifier: MIT */
/*
 * The control server: it answers JSON-RPC 2.0 requests, one object a line, on a read-write and a read-only Unix
 * socket (swimd-control(7)).  The floors below give plain reports, and this floor makes JSON of them.  The
 * server asks the daemon through struct control_backend.
 */
#ifndef SWIMD_CONTROL_CONTROL_H
#define SWIMD_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>

#include "base/histogram.h"
#include "base/time.h"
#include "core/swim.h"
#include "discovery/discovery.h"
#include "net/resolver.h"
#include "net/udp.h"
#include "wire/tags.h"

struct control;
struct control_call; /* a request that is answered later */

/* The strings belong to the daemon. */
struct control_info {
	const char *cluster, *version, *profile;
	const char *boot; /* the id of this run of the daemon */
	long pid;
	int64_t started_wall_ns; /* since the epoch */
	swim_time started;       /* the same instant by the clock of the loop */
};

/* The result of `reload`.  The lists belong to the daemon, and are valid until its next reload. */
struct control_reload {
	const char *const *applied; /* the changed keys that are in effect now */
	size_t applied_count;
	const char *const *needs_restart; /* the changed keys that take effect after a restart */
	size_t needs_restart_count;
};

#define CONTROL_REASONS_MAX 16
enum control_health_status { CONTROL_HEALTH_OK, CONTROL_HEALTH_DEGRADED, CONTROL_HEALTH_ISOLATED };
struct control_health {
	enum control_health_status status;
	char reasons[CONTROL_REASONS_MAX][240]; /* sentences */
	size_t reason_count;
	const char *discovery; /* "ok", or a text that says what is wrong; belongs to the daemon */
	bool quorum; /* more than half of the known members that have not left are alive */
};

/* What the control server uses of the daemon.  The server calls all functions on the loop, with ctx. */
struct control_backend {
	void *ctx;
	struct swim *swim;
	struct udp *udp;
	struct resolver *resolver;
	struct discovery *discovery;
	void (*info)(void *ctx, struct control_info *out);
	void (*health)(void *ctx, struct control_health *out);
	/* How late the timer of the loop fired the last time, and how late it ever fired. */
	void (*loop_lag)(void *ctx, swim_duration *last, swim_duration *max);
	const struct histogram *decode_time, *encode_time; /* of one message */
	/* Load, check and apply the configuration.  False: nothing changed, and error (512 bytes) has the reason. */
	bool (*reload)(void *ctx, struct control_reload *out, char *error);
	/*
	 * Set tags of this member, and unset the tags whose value.bytes is NULL.  Returns 0, or
	 * CONTROL_TOO_LARGE, CONTROL_UNAVAILABLE or CONTROL_FAILED: then no tag changed, and error (512 bytes)
	 * has the reason.
	 */
	int (*tags)(void *ctx, const struct wire_tag *changes, size_t count, char *error);
	/* Begin a graceful leave; the daemon calls control_left when the leave has been sent. */
	void (*leave)(void *ctx);
	/* Send the datagrams of the core, and pass its events to control_event. */
	void (*flush)(void *ctx);
};

struct control_config {
	const char *socket;    /* path of the read-write socket; NULL or "": none */
	const char *ro_socket; /* path of the read-only socket; NULL or "": none */
	const char *group;     /* of the read-write socket, if a group of this name exists */
	/* Listening sockets of the service manager (sd_listen_fds); -1: bind the path. */
	int socket_fd, ro_socket_fd;
	/* A subscriber with more bytes of unsent events is closed; 0: CONTROL_OUTPUT_LIMIT. */
	size_t output_limit;
};

/*
 * Bind the sockets (see socket_bind) and serve them on the loop.  The backend is copied; what it points to must
 * outlive the server.  On failure NULL, errno is set, and error (512 bytes) has one sentence that names the path.
 */
struct control *control_new(struct event_base *, const struct control_config *,
    const struct control_backend *, char *error);
/*
 * Answers the calls that are under way with an error, sends as much as the connections take without blocking, closes
 * them, and unlinks the sockets that the server bound.
 */
void control_free(struct control *);

/* Give an event of the core the next sequence number, keep it in the ring, and send it to its subscribers. */
void control_event(struct control *, const struct swim_event *);
/* The same for an `error` event of the daemon: `code` is a stable word, `message` a sentence. */
void control_error_event(struct control *, const char *code, const char *message);
/* This member begins to leave: refuse the joins that are under way, and all later ones. */
void control_leaving(struct control *);
/* The leave has been sent: answer all `leave` requests. */
void control_left(struct control *);
/* True when all answers have been written and no `leave` waits for its answer, so that the daemon may exit. */
bool control_idle(const struct control *);

/* Check that the sockets have their files, and create missing ones again.  The server also checks every 2 s. */
void control_look(struct control *);
/* A sentence that says what is wrong with the file of a socket, valid until the next check; or NULL. */
const char *control_trouble(const struct control *);

struct control_stats {
	uint64_t connections;     /* accepted, the refused ones included */
	uint64_t refused;         /* connections refused because too many were open */
	uint64_t requests;        /* lines that are not blank */
	uint64_t errors;          /* errors answered, and notifications that failed */
	uint64_t overflows;       /* connections closed because they did not read */
	uint64_t events;          /* since the start */
	uint64_t accept_failures; /* no connection was accepted: descriptors or memory were short */
	int accept_errno;         /* of the last failure */
	swim_time accept_failed_at; /* the last failure; NEVER: none */
	size_t clients;             /* connections that are served now */
	size_t subscribers;         /* connections that are subscribed now */
	uint64_t last_seq;          /* of the last event; 0: none yet */
};
void control_stats(const struct control *, struct control_stats *out);

#endif
