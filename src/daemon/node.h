/* SPDX-License-Identifier: MIT */
/*
 * The node: the running daemon, which connects all floors below.  Only files of the daemon include this header.
 *
 *	node.c     starts, runs and ends the node; signals and timers
 *	receive.c  passes datagrams of the socket to the core
 *	flush.c    sends the core's datagrams and passes its events on
 *	backend.c  answers the control server; reloads the configuration
 *	snapshot.c decides which members are saved, and what those of an earlier run are used for
 *	snapshot_loop.c reads and writes the file of the members
 *	trace.c    logs datagrams and events
 *	address.c  resolves configured addresses
 *	network.c  follows the addresses of the machine
 */
#ifndef SWIMD_DAEMON_NODE_H
#define SWIMD_DAEMON_NODE_H

#include <event2/event.h>

#include "base/histogram.h"
#include "control/control.h"
#include "core/swim.h"
#include "daemon/config.h"
#include "daemon/fault.h"
#include "daemon/health.h"
#include "daemon/network.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/own_tags.h"
#include "daemon/random.h"
#include "daemon/reload.h"
#include "daemon/snapshot_loop.h"
#include "daemon/state.h"
#include "discovery/discovery.h"
#include "discovery/discovery_loop.h"
#include "net/loop.h"
#include "net/reaper.h"
#include "net/resolver.h"
#include "net/udp.h"

#define NODE_SIGNALS 4      /* that the node handles */
#define NODE_LOOKUPS_MAX 64 /* lookups of members' host names that run at once */
#define NODE_WORKS 2        /* values of enum swim_work */

struct node;

/* A lookup of a member's host name. */
struct node_lookup {
	struct node *node;
	struct resolver_request *request; /* NULL: this slot is free */
	char hostport[SWIM_HOSTPORT_MAX + 1];
};

/* Measures how long a kind of work takes.  One piece in 16 is timed: reading the clock costs as much as decoding a ping. */
struct node_stopwatch {
	unsigned count;             /* pieces of work so far */
	swim_time begin;            /* of the piece that is timed now; NEVER: none */
	struct histogram histogram; /* durations */
};

/* The progress of receive_backlog. */
struct backlog {
	bool reading;      /* it has begun and is not done */
	size_t left;       /* datagrams that may still be read */
	swim_time until;   /* the end, even if datagrams are left */
	swim_duration lag; /* how late the timer fired */
};

struct node {
	const struct options *options;
	struct config config; /* in use */
	struct event_base *base;
	struct state *state;
	struct udp *udp;
	struct swim *swim;
	struct resolver *resolver;
	struct discovery_loop *discovery_loop;
	struct discovery *discovery;    /* the hub of discovery_loop */
	struct discovery_source *heard; /* of members of other clusters; the hub owns the source */
	struct control *control;
	struct snapshot_loop *snapshot;
	struct loop_timer *timer;      /* fires at swim_deadline */
	struct loop_timer *watchdog;   /* for systemd; NULL: systemd wants none */
	struct loop_timer *exit_timer; /* ends the daemon after a leave */
	struct event *signals[NODE_SIGNALS];
	struct reaper *reaper;
	struct swim_addr bound, advertised;
	struct network network;
	char boot[33];           /* id of this run: 32 hexadecimal digits */
	swim_time started;       /* monotonic time of the start */
	int64_t started_wall_ns; /* wall time of the start, nanoseconds since the epoch */
	swim_duration watchdog_interval;

	bool state_told;  /* trouble of the state directory was reported, and its end was not */
	bool in_batch;    /* `now` is the time of the current batch of datagrams */
	swim_time now;    /* of the current or last batch */
	size_t unflushed; /* bytes of datagrams passed to the core since the last flush */
	bool flushing;    /* flush_all is running */
	bool flush_again; /* the running flush_all makes another round */
	bool draining;    /* receive_backlog is reading the socket */
	struct backlog backlog;
	uint64_t unread_seen; /* datagrams dropped unread, as of the last look at the socket */
	swim_time flood_told; /* earliest time of the next log line about a flood */
	bool status_stale;    /* the status line that systemd shows is out of date */
	swim_time status_at;  /* earliest time of the next status line */

	bool leaving;      /* a leave has begun */
	bool left;         /* the leave has been sent */
	swim_time exit_by; /* latest time of the exit; until then unsent answers delay it */
	int end_signal;    /* the second signal, which ended an unfinished leave; or 0 */
	bool restarting;   /* the daemon ends without a leave */
	int end_status;    /* exit status of an end without a leave, or 0 */
	bool silent;       /* the name was lost: the daemon neither sends nor takes in datagrams */

	struct random_pool random; /* for sequence numbers of the core */
	struct node_lookup lookups[NODE_LOOKUPS_MAX];
	swim_time lookups_full; /* when a whole burst of lookups is allowed again */
	struct node_stopwatch stopwatches[NODE_WORKS];
	struct health_memory health;
	/* What has been reported about the advertised address. */
	struct node_reach {
		swim_time at;     /* the next look */
		bool unreachable; /* others cannot reach this member there */
		bool shared;      /* another member advertises the same address */
	} reach;
	struct own_tags tags;            /* configured */
	struct own_tags_overlay overlay; /* set and unset at run time */
	struct reload_plan reload;       /* of the last reload; struct control_reload points here */
};

/*
 * Starts everything that has to run, and binds the sockets.  Takes over *config in any case.  Returns 0 with *out, which
 * the caller frees, or an exit status (sysexits.h) with the error text in `fault` (FAULT_MAX bytes).
 */
int node_new(const struct options *, struct config *config, struct node **out, char *fault);
/* Runs the daemon until it ends.  Returns the exit status, or minus the number of the signal that ended a leave. */
int node_run(struct node *);
void node_free(struct node *);

/*
 * Call when the name belongs to another member: ends the daemon with EX_TEMPFAIL, so that the service manager starts it
 * again.  If the name was lost before, the end comes after a pause, in which the daemon sends nothing and the control socket
 * tells why.
 */
void node_lose_name(struct node *);
/* Begins a graceful leave and logs the reason.  Does nothing if a leave has begun. */
void node_leave(struct node *, const char *reason);
/* Logs the sentences of config_doubt. */
void node_tell_doubts(const struct node *);
/* Call when the state directory was opened again: logs it and writes everything into the directory. */
void node_state_renewed(struct node *, swim_time now);

/* receive.c: fills in the callbacks for received datagrams. */
void receive_fill(struct node *, struct udp_callbacks *out);
/*
 * Reads the datagrams that were in the socket when the timer fired.  False: some are left for the next turn of the loop, for
 * which the timer is set.
 */
bool receive_backlog(struct node *, swim_time now);

/* flush.c: sends the core's datagrams, passes on its events and sets the timer.  Call after each call into the core. */
void flush_all(struct node *, swim_time now);
/* Flushes after a reservation of incarnations is on the disk; `ctx` is the node. */
void flush_reserved(void *ctx);
/* Cancels the lookups of host names. */
void flush_fini(struct node *);

/* backend.c: fills in the callbacks of the control server. */
void backend_fill(struct node *, struct control_backend *out);
/* Sets the configured tags; call before the first flush.  Returns 0, or EX_CONFIG with `fault` (FAULT_MAX bytes) set. */
int backend_start_tags(struct node *, char *fault);
/* Reloads the configuration for SIGHUP; reports the outcome in the log and, if it failed, as an event. */
void backend_reload_by_signal(struct node *);
/* Writes the status line that systemd shows into `out`. */
void backend_status(const struct node *, char *out, size_t size);

/* trace.c: log lines about datagrams and events. */
void trace_received(const struct swim_addr *from, const void *data, size_t len);
void trace_refused(const struct swim_addr *from, size_t len, enum wire_reject);
void trace_sent(const struct swim_datagram *);
void trace_event(const struct swim_event *);

#endif
