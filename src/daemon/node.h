/* SPDX-License-Identifier: MIT */
/*
 * The daemon itself: every floor below, wired together.  Inside the daemon only.
 *
 *	node.c     building it, running it, ending it; signals and timers
 *	receive.c  datagrams into the core
 *	flush.c    the one place where the floors meet: datagrams and events out of the core
 *	backend.c  what the control socket asks of the daemon; reloading
 *	snapshot.c members on disk, and what a start finds there
 *	trace.c    datagrams in the log
 *	address.c  numeric addresses of what is configured
 *	network.c  what to advertise, as addresses come and go
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
#include "daemon/snapshot.h"
#include "daemon/state.h"
#include "discovery/discovery.h"
#include "discovery/discovery_loop.h"
#include "net/loop.h"
#include "net/reaper.h"
#include "net/resolver.h"
#include "net/udp.h"

#define NODE_SIGNALS 4
/* Members whose host names are being looked up at once; for a further one the datagram is dropped. */
#define NODE_LOOKUPS_MAX 64
#define NODE_WORKS 2 /* of enum swim_work */

struct node;

struct node_lookup {
	struct node *node;
	struct resolver_request *request; /* NULL: free */
	char hostport[SWIM_HOSTPORT_MAX + 1];
};

/* Every 16th piece of work is timed: a clock costs about as much as decoding a ping. */
struct node_stopwatch {
	unsigned count;
	swim_time begin; /* NEVER: this one is not timed */
	struct histogram histogram;
};

/* Datagrams that lay in the socket when the timer fired: they are read before the timer takes effect. */
struct backlog {
	bool reading;
	size_t left;       /* datagrams at the most */
	swim_time until;   /* and no longer */
	swim_duration lag; /* of the timer */
};

struct node {
	const struct options *options;
	struct config config; /* as it runs */
	struct event_base *base;
	struct state *state;
	struct udp *udp;
	struct swim *swim;
	struct resolver *resolver;
	struct discovery_loop *discovery_loop;
	struct discovery *discovery;    /* its hub */
	struct discovery_source *heard; /* the discovery's: members of other clusters */
	swim_time heard_at;             /* another of these is looked at then, not before */
	struct control *control;
	struct snapshot *snapshot;
	struct loop_timer *timer;    /* at swim_deadline */
	struct loop_timer *watchdog; /* systemd's, or NULL */
	struct loop_timer *exit_timer;
	struct event *signals[NODE_SIGNALS];
	struct reaper *reaper;
	struct swim_addr bound, advertised;
	struct network network;
	char boot[33]; /* id of this run, hexadecimal */
	swim_time started;
	int64_t started_wall_ns;
	swim_duration watchdog_interval;

	bool state_told; /* that it is not kept */
	bool in_batch;   /* `now` is of the batch of datagrams under way */
	swim_time now;
	size_t unflushed; /* bytes of datagrams taken in since the last flush */
	bool flushing, flush_again, draining;
	struct backlog backlog;
	uint64_t unread_seen; /* datagrams dropped unread, at the last look */
	swim_time flood_told; /* not again before */
	bool status_stale;    /* what systemd shows is behind */
	swim_time status_at;  /* not before */

	bool leaving, left;
	swim_time exit_by; /* answers are waited for until then */
	int end_signal;    /* the second one, which ended it; or 0 */
	bool restarting;   /* to end without a leave */
	int end_status;    /* the exit status, where the end is no leave; or 0 */
	bool silent;       /* the name was lost: nothing is sent or taken in until the end */

	struct random_pool random; /* the core's sequence numbers */
	struct node_lookup lookups[NODE_LOOKUPS_MAX];
	swim_time lookups_full; /* when as many names may be looked up at once as ever */
	struct node_stopwatch stopwatches[NODE_WORKS];
	struct health_memory health;
	struct node_reach {
		swim_time at; /* of the next look */
		bool unreachable, shared;
	} reach;                         /* what was told of our address */
	struct own_tags tags;            /* as configured */
	struct own_tags_overlay overlay; /* set and unset at run time */
	struct reload_plan reload;       /* the last one; its answer points here */
};

/*
 * Build and bind everything.  Takes over *config, in any case.  Returns 0 with *out the caller's, or the
 * exit status that the fault is worth with `fault` (FAULT_MAX bytes) set, nothing being left behind.
 */
int node_new(const struct options *, struct config *config, struct node **out, char *fault);
/* Until it has left; returns the exit status, or minus the signal that ended it before. */
int node_run(struct node *);
void node_free(struct node *);

/*
 * The name belongs to another member: end with EX_TEMPFAIL, so that the service manager starts us again.  Where the name
 * was lost before, end after a pause, during which we send nothing and the control socket tells why.
 */
void node_lose_name(struct node *);
/* Begin a graceful leave, for this reason; harmless when it has begun. */
void node_leave(struct node *, const char *reason);
/* Log what the configuration says and may not mean. */
void node_tell_doubts(const struct node *);
/* The state directory was opened anew. */
void node_state_renewed(struct node *, swim_time now);

/* receive.c: what is to be done with what comes through the socket. */
void receive_fill(struct node *, struct udp_callbacks *out);
/*
 * Read what lay in the socket when the timer fired.  False: not all in this turn, and the timer is set to fire again
 * in the next.
 */
bool receive_backlog(struct node *, swim_time now);

/* flush.c: see to all that the core has to give. Call after anything that may have moved it. */
void flush_all(struct node *, swim_time now);
/* The same for what waited for the disk; ctx is the node. */
void flush_reserved(void *ctx);
/* Drop what waits for names. */
void flush_fini(struct node *);

/* backend.c */
void backend_fill(struct node *, struct control_backend *out);
/* Have the configured tags before anything is said.  0, or EX_CONFIG with `fault` set. */
int backend_start_tags(struct node *, char *fault);
/* Reload for SIGHUP: logs and tells what came of it. */
void backend_reload_by_signal(struct node *);
/* What systemd shows in a line. */
void backend_status(const struct node *, char *out, size_t size);

/* trace.c */
void trace_received(const struct swim_addr *from, const void *data, size_t len);
void trace_refused(const struct swim_addr *from, size_t len, enum wire_reject);
void trace_sent(const struct swim_datagram *);
void trace_event(const struct swim_event *);

#endif
