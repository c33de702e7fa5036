/* SPDX-License-Identifier: MIT */
/* Judges the health of this member.  All facts are passed in, so that a test needs no daemon. */
#ifndef SWIMD_DAEMON_HEALTH_H
#define SWIMD_DAEMON_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/time.h"
#include "control/control.h"
#include "core/swim.h"

/* How long a single incident is reported. */
#define HEALTH_MEMORY_SECONDS 60
/* How long a name conflict is reported; while a conflict lasts, the core reports it once a minute. */
#define HEALTH_CONFLICT_SECONDS 120
/* Unanswered exchanges of views before they are reported: one may fail when datagrams are lost or a member ends. */
#define HEALTH_SYNCS_UNANSWERED 2
/*
 * Delays of probe_timeout or more, within HEALTH_MEMORY_SECONDS, before they are reported.  While the loop is late, this
 * member answers nobody.  After a delay of probe_timeout the prober asks other members for help, and they may still get an
 * answer in time.  A single delay of probe_interval is reported, since it lasts as long as a whole probe.
 */
#define HEALTH_LAGS 3

/* Incidents that the daemon remembers for its health.  An instant of NEVER: there was no such incident. */
struct health_memory {
	uint64_t drops_seen;  /* datagrams that the kernel has dropped since the start */
	uint64_t drops;       /* those of the current series of drops */
	swim_time dropped_at; /* the last drop */
	const struct swim_timing *timing; /* that the core uses */
	swim_duration lag;                /* the longest recent delay of probe_interval or more */
	swim_time lagged_at;              /* when `lag` was */
	/* The last delays of probe_timeout or more, a ring; the earliest is at lag_next. */
	swim_time lags[HEALTH_LAGS];
	size_t lag_next;
	char namesake[SWIM_ADDR_TEXT]; /* address of another member with the name of this one */
	swim_time conflict_at;         /* the last report of `namesake` */
	uint64_t unread;               /* datagrams dropped unread in the current series */
	char flooder[SWIM_ADDR_TEXT];  /* source address of the last of them */
	swim_time flooded_at;          /* the last datagram dropped unread */
	bool quorum;                   /* after the last change of the members */
	size_t forgotten;              /* dead members forgotten while there was no quorum */
};
/* The caller keeps `timing`, which may change, until the memory is no longer used. */
void health_memory_init(struct health_memory *, const struct swim_timing *timing);
/*
 * Notes the number of datagrams that the kernel has dropped since the start, and how late the loop's timer was.  Returns
 * the number of new drops.
 */
uint64_t health_note(struct health_memory *, swim_time now, uint64_t kernel_drops,
    swim_duration lag);
/* Notes that `more` datagrams were dropped unread because too many arrived, the last of them from the address `from`. */
void health_note_flood(struct health_memory *, swim_time now, uint64_t more, const char *from);
/* Notes that another member, at this address, has the name of this one. */
void health_note_conflict(struct health_memory *, swim_time now, const char *address);

/*
 * These two functions note that a dead member was forgotten, and that a member joined.  A member that is forgotten while
 * there is no quorum still counts against a quorum, since it may be this member that is cut off.  The forgotten member
 * counts until another member has joined for it, or until there is a quorum.
 */
void health_note_forgotten(struct health_memory *);
void health_note_joined(struct health_memory *);
/* Call after these two.  `alive` members (this one included) are alive, `lost` members are suspect or dead. */
void health_note_members(struct health_memory *, size_t alive, size_t lost);

/* The facts of one judgement.  Each `trouble` is a sentence, or NULL: nothing is wrong there. */
struct health_input {
	swim_time now;
	bool leaving;
	bool transport_healthy;
	enum swim_error transport_error; /* the last one */
	int transport_errno;             /* of transport_error, or 0 */
	const char *address_trouble;     /* of the address that is bound or advertised */
	const char *socket_trouble;      /* of the file of a control socket */
	const char *state_trouble;       /* of the state file */
	const char *snapshot_trouble;    /* of the file of members */
	size_t alive, suspect, dead;     /* members, this one not counted */
	size_t members;                  /* of any status, this one included */
	size_t max_members;
	size_t missing; /* members alive before the restart; 0 while another member is alive */
	size_t seeds;   /* configured, and not this member itself */
	size_t seeds_joined;
	char seed_reason[160];         /* why one of the seeds is not joined, or "" */
	int accept_errno;              /* why a control connection could not be accepted */
	swim_time accept_failed_at;    /* the last such failure; NEVER: none */
	const char *discovery_trouble; /* of a source of discovery */
	uint64_t syncs_unanswered; /* exchanges of views with members whose views still differ */
	const char *sync_silent;   /* name of the last member that did not answer, or NULL */
	size_t sync_silent_len;    /* bytes */
	const struct swim_accused *accused; /* suspicions of this member by healthy ones, or NULL */
	const struct swim_reach *reach;     /* trouble of addresses and links, or NULL */
	const char *advertised;             /* the advertised address; needed with `reach` */
	unsigned port;                      /* the bound UDP port; needed with `reach` */
	const struct health_memory *memory;
};
/* Tells whether enough other members cannot reach this one at its advertised address. */
bool health_is_unreachable(const struct swim_reach *);
/* Adds to *out only what is wrong with the advertised address; needs reach, advertised and port alone. */
void health_judge_address(const struct health_input *, struct control_health *out);
/* Fills *out. */
void health_judge(const struct health_input *, struct control_health *out);

#endif
