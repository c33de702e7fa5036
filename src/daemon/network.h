/* SPDX-License-Identifier: MIT */
/* Keeps the bound and the advertised address right while addresses and interfaces of this machine come and go. */
#ifndef SWIMD_DAEMON_NETWORK_H
#define SWIMD_DAEMON_NETWORK_H

#include <net/if.h>

#include "daemon/follow.h"
#include "daemon/zones.h"
#include "net/loop.h"
#include "net/netwatch.h"

#define NETWORK_TROUBLE_MAX 160 /* bytes of the sentence of network_trouble */

struct node;
struct swim_addr;

struct network {
	struct netwatch *watch;
	struct loop_timer *timer; /* fires at the next look */
	swim_time looked;         /* the last look */
	swim_time due;            /* when `timer` fires */
	bool following;           /* swimd chooses the advertised address, by `follow` */
	struct follow follow;
	struct zones zones;
	const char *origin;          /* if `following`: why the address was chosen (static) */
	char device[IF_NAMESIZE];    /* current name of the configured device; "": none */
	char bind_zone[IF_NAMESIZE]; /* interface of a bound link-local address; "": none */
	bool was_local;              /* the machine has had the configured advertised address */
	bool there;                  /* the last look found no address missing */
	int bind_errno;              /* why the last attempt to bind to the device failed, or 0 */
	swim_time again;             /* the next attempt to bind to the device; NEVER: none */
	int watch_errno;             /* why `watch` is NULL, or 0 */
	char trouble[NETWORK_TROUBLE_MAX]; /* for network_trouble; "": none */
};

/*
 * Chooses the first advertised address, after the socket is bound.  Returns 0, or an exit status (sysexits.h) with the
 * error text in `fault` (FAULT_MAX bytes).  It is no error if the machine has no address yet.
 */
int network_choose(struct node *, char *fault);
/* Starts to follow changes, after all other parts have started.  Returns as network_choose. */
int network_start(struct node *, char *fault);
void network_fini(struct node *);

/* Logs the other addresses of this machine and why they were not chosen. */
void network_tell_passed(const struct node *);
/*
 * Call when members or found peers have changed, or (`seeds`) when seeds were resolved.  The address is chosen again soon,
 * unless members (or seeds) are reached from the current one already.
 */
void network_peers_changed(struct node *, bool seeds);
/*
 * Call before a join through the address.  If no other member knows this one yet, this member advertises the address from
 * which the peer is reached, so that the cluster never hears of a wrong address.
 */
void network_before_join(struct node *, const struct swim_addr *);

/* Why this address is advertised, one word (static): "configuration", "bind", or struct route_choice's `origin`. */
const char *network_origin(const struct node *);
/* Why others cannot reach the bound or advertised address, or why changes go unnoticed; NULL: nothing is wrong. */
const char *network_trouble(const struct node *);

#endif
