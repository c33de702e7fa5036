/* SPDX-License-Identifier: MIT */
/* The address that others reach us at, as this machine's addresses come and go. */
#ifndef SWIMD_DAEMON_NETWORK_H
#define SWIMD_DAEMON_NETWORK_H

#include <net/if.h>

#include "daemon/follow.h"
#include "daemon/zones.h"
#include "net/loop.h"
#include "net/netwatch.h"

#define NETWORK_TROUBLE_MAX 160

struct node;
struct swim_addr;

struct network {
	struct netwatch *watch;
	struct loop_timer *timer; /* of the next look */
	swim_time looked, due;    /* due: when the timer fires */
	bool following;           /* the address is ours to choose */
	struct follow follow;
	struct zones zones;
	const char *origin;          /* where the address comes from while it is ours to choose */
	char device[IF_NAMESIZE];    /* the configured one as it is called now; "": none */
	char bind_zone[IF_NAMESIZE]; /* of a link-local address that is bound; "": none */
	bool was_local;              /* the advertised address was seen here once */
	bool there;                  /* all that is bound or advertised was, at the last look */
	int bind_errno;              /* why the device could not be bound to again, or 0 */
	swim_time again;             /* when that is tried next */
	int watch_errno;             /* why there is no watch, or 0 */
	char trouble[NETWORK_TROUBLE_MAX];
};

/*
 * Choose the address to begin with, once the socket is bound.  Returns 0, or the exit status that the fault is
 * worth with `fault` (FAULT_MAX bytes) set; that there is no address yet is none.
 */
int network_choose(struct node *, char *fault);
/* Follow the changes, once everything runs.  0, or as above. */
int network_start(struct node *, char *fault);
void network_fini(struct node *);

/* Say which other addresses this machine has, and why they were not chosen. */
void network_tell_passed(const struct node *);
/*
 * The members or the found peers changed, or (`seeds`) seeds were resolved: choose the address anew soon, unless these are
 * reached from the present one already.
 */
void network_peers_changed(struct node *, bool seeds);
/*
 * We are about to join through this address: where nobody knows us yet, advertise the address from which it is reached, so
 * that nobody hears of another one before.
 */
void network_before_join(struct node *, const struct swim_addr *);

/* Where the advertised address comes from, in a word. */
const char *network_origin(const struct node *);
/* A sentence when others can't reach us at it, or we would not notice; else NULL. */
const char *network_trouble(const struct node *);

#endif
