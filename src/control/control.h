/* SPDX-License-Identifier: MIT */
/*
 * The control socket: JSON-RPC 2.0, one object a line, over a read-write and a read-only Unix socket
 * (swimd-control(7)).  Knows JSON so that nobody below has to.  What only the daemon knows comes
 * through struct control_backend.
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
struct control_call; /* a request whose answer comes later */

struct control_info {
	const char *cluster, *version, *profile, *boot; /* boot: id of this run of the daemon */
	long pid;
	int64_t started_wall_ns;
	swim_time started;
};

/* Rows of `reload`: keys that changed and took effect, and those that need a restart. */
struct control_reload {
	const char *const *applied;
	size_t applied_count;
	const char *const *needs_restart;
	size_t needs_restart_count;
};

#define CONTROL_REASONS_MAX 16
enum control_health_status { CONTROL_HEALTH_OK, CONTROL_HEALTH_DEGRADED, CONTROL_HEALTH_ISOLATED };
struct control_health {
	enum control_health_status status;
	char reasons[CONTROL_REASONS_MAX][240]; /* sentences */
	size_t reason_count;
	const char *discovery; /* "ok", or what is wrong, in a word or two */
	bool quorum; /* we see more than half of those alive that we know and that have not left */
};

/* Everything that control needs of the daemon.  All are called on the loop. */
struct control_backend {
	void *ctx;
	struct swim *swim;
	struct udp *udp;
	struct resolver *resolver;
	struct discovery *discovery;
	void (*info)(void *ctx, struct control_info *out);
	void (*health)(void *ctx, struct control_health *out);
	/* Longest and last lag of the loop's timer. */
	void (*loop_lag)(void *ctx, swim_duration *last, swim_duration *max);
	/* Histograms of decode and encode time; base/histogram.h. */
	const struct histogram *decode_time, *encode_time;
	/* Validate and apply the configuration anew.  False: nothing changed, and error (512 bytes) says why. */
	bool (*reload)(void *ctx, struct control_reload *out, char *error);
	/*
	 * Set tags of ours, and unset those whose value has NULL bytes; all or none.  Returns 0, or why not
	 * (CONTROL_TOO_LARGE, CONTROL_UNAVAILABLE, CONTROL_FAILED) with error (512 bytes) saying it.
	 */
	int (*tags)(void *ctx, const struct wire_tag *changes, size_t count, char *error);
	/* Begin a graceful leave; the daemon calls control_left once it is sent. */
	void (*leave)(void *ctx);
	/* Called after a method that may have left work to flush. */
	void (*flush)(void *ctx);
};

struct control_config {
	const char *socket;    /* read-write */
	const char *ro_socket; /* NULL or "": no read-only one */
	const char *group;     /* of the read-write one, where that group exists; "swimd" */
	/* From socket activation (sd_listen_fds); -1: bind ourselves. */
	int socket_fd, ro_socket_fd;
	size_t
	    output_limit; /* bytes a connection may have unsent before it is closed; 1 MiB for subscribers */
};

/*
 * Bind, listen and serve.  A stale socket that nobody answers on is taken over; one that another
 * process serves is an error.  On failure NULL, errno set, and error (512 bytes) has one sentence that
 * names the path.
 */
struct control *control_new(struct event_base *, const struct control_config *,
    const struct control_backend *, char *error);
/*
 * Answers the calls that are under way, sends what is pending as far as it goes without blocking, closes all, and
 * unlinks the sockets that it bound.
 */
void control_free(struct control *);

/* Hand on one event of the core: numbered, kept in the ring, encoded once, sent to its subscribers. */
void control_event(struct control *, const struct swim_event *);
/* An `error` event of the daemon's own: a stable word and a sentence. */
void control_error_event(struct control *, const char *code, const char *message);
/* This member leaves, whoever asked for that: joins that are under way are answered, and none begins any more. */
void control_leaving(struct control *);
/* The leave is sent: answer those who asked for it. */
void control_left(struct control *);
/* True when no answer is left to be written (the daemon may exit). */
bool control_idle(const struct control *);

/* Look whether the sockets have their files, and make again what is gone.  It is done every now and then anyway. */
void control_look(struct control *);
/* What is wrong with a socket's file (a sentence), or NULL. */
const char *control_trouble(const struct control *);

struct control_stats {
	uint64_t connections, refused, requests, errors, overflows, events;
	uint64_t accept_failures;   /* for want of descriptors or memory */
	int accept_errno;           /* of the last one */
	swim_time accept_failed_at; /* NEVER: none */
	size_t clients, subscribers;
	uint64_t last_seq;
};
void control_stats(const struct control *, struct control_stats *out);

#endif
